import pytest

from pipeline.evaluation import families
from pipeline.params_variants import AttentionVariant


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, families.UNIFORM),
        ({"query": {"kind": "global"}}, families.GLOBAL),
        ({"query": {"kind": "text", "hidden": [64]}}, families.TEXT),
        ({"query": {"kind": "bahdanau"}}, families.OTHER),
        ({"encoder": {"kind": "gru", "hidden": 8}, "query": {"kind": "global"}}, families.RECURRENT),
        ({"encoder": {"kind": "lstm", "hidden": 8}, "embeddings": "trainable"}, families.TRAINED),
        ({"family": "tfidf", "ngrams": 2}, families.TFIDF),
    ],
)
def test_the_family_is_told_from_the_entry(entry: dict[str, object], expected: str) -> None:
    assert families.family(entry) == expected


def test_an_entry_with_its_defaults_written_out_is_of_the_same_family() -> None:
    entry = {"query": {"kind": "global"}}
    assert families.family(AttentionVariant.model_validate(entry).model_dump()) == families.family(entry)


def test_every_family_has_a_colour_of_its_own() -> None:
    assert len(set(families.COLOURS.values())) == len(families.COLOURS)
