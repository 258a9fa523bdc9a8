"""What identifies a run, and the names of what it logs."""

from pipeline.tracking.epoch import epoch_metrics
from pipeline.tracking.palette import choose
from pipeline.tracking.run import fingerprint, flatten


def test_a_fingerprint_depends_on_values_and_not_on_their_order() -> None:
    assert fingerprint({"a": 1, "b": 2}, "data") == fingerprint({"b": 2, "a": 1}, "data")
    assert fingerprint({"a": 1}, "data", 0) != fingerprint({"a": 1}, "data", 1)


def test_nested_params_become_dotted() -> None:
    assert flatten({"a": {"b": {"c": 1}, "d": None}, "e": [1]}) == {"a.b.c": "1", "a.d": "None", "e": "[1]"}


def test_an_epoch_record_becomes_metrics() -> None:
    record = {"epoch": 2, "train_loss": 0.5, "validation_accuracy": 1, "entropy_p05": 0.1, "entropy_histogram": [1, 2]}
    assert epoch_metrics(record) == {"train/loss": 0.5, "validation/accuracy": 1.0, "attention/entropy_p05": 0.1}


def test_colours_are_kept_and_differ() -> None:
    tags: dict[str, str] = {}
    for number in range(20):
        key, colour = choose(f"variant {number}", tags)
        tags[key] = colour
    assert len(set(tags.values())) == 20
    assert choose("variant 7", tags)[1] == tags["pipeline.colour.variant 7"]
