import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch

from pipeline.data.reviews import pack
from pipeline.models.variants import trained_state
from pipeline.training import fit as fit_module
from pipeline.training.fit import fit
from pipeline.training.objective import objective
from pipeline.training.resume import read_state

GOLDEN = Path(__file__).with_name("golden_losses.json")
SETTINGS: dict[str, Any] = {
    "epochs": 5,
    "patience": 5,
    "batch_size": 16,
    "learning_rate": 0.05,
    "epsilon": 1e-8,
    "schedule": "cosine",
    "weight_decay": 0.01,
    "gradient_clip": 1.0,
    "averaging": 0.0,
    "entropy_weight": 0.0,
}


def train(name: str, state: Path, seed: int = 0, **changes: Any) -> tuple[torch.nn.Module, list[dict[str, Any]]]:
    model = tiny.model(name, seed=seed, dropout=0.1, word_dropout=0.1)
    settings = {**SETTINGS, **changes}
    return model, fit(model, tiny.reviews(96), tiny.reviews(48, seed=1), seed=seed, resume_from=state, **settings)


def without_clock(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if k not in {"seconds", "tokens_per_second"}} for record in history]


@pytest.mark.parametrize("name", tiny.VARIANTS)
def test_the_losses_are_the_golden_ones(name: str, tmp_path: Path) -> None:
    """A refactor must not move them; a change that means to updates the file and says why."""
    _, history = train(name, tmp_path / "state", averaging=0.5, entropy_weight=0.05)
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]
    assert [record["train_loss"] for record in history] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["attention_trainable", "lstm_attention"])
@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_a_fit_that_was_killed_ends_with_the_same_bits(
    name: str, averaging: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, history = train(name, tmp_path / "whole", averaging=averaging)
    written = fit_module.write_state

    def killed_after_the_third_epoch(path: Path, state: dict[str, Any]) -> None:
        written(path, state)
        if len(state["history"]) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(fit_module, "write_state", killed_after_the_third_epoch)
    with pytest.raises(KeyboardInterrupt):
        train(name, tmp_path / "killed", averaging=averaging)
    monkeypatch.undo()
    resumed, again = train(name, tmp_path / "killed", averaging=averaging)
    assert without_clock(again) == without_clock(history)
    for key, tensor in trained_state(whole).items():
        assert torch.equal(tensor, trained_state(resumed)[key]), key


def test_a_finished_fit_that_is_called_again_trains_no_further(tmp_path: Path) -> None:
    _, history = train("attention", tmp_path / "state")
    _, again = train("attention", tmp_path / "state")
    assert again == history


@pytest.mark.parametrize("name", ["mean", "attention_random"])
def test_contexts_that_are_read_once_train_to_the_same_bits(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained(folder: str) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:
        model = tiny.model(name)
        data = tiny.reviews(96), tiny.reviews(48, seed=1)
        history = fit(model, *data, seed=0, resume_from=tmp_path / folder, **{**SETTINGS, "averaging": 0.5})
        return trained_state(model), without_clock(history)

    assert fit_module.known_contexts(tiny.model(name), tiny.reviews(96), entropy_weight=0.0) is not None
    once = trained("once")
    monkeypatch.setattr(fit_module, "known_contexts", lambda *args, **settings: None)
    each_step = trained("each step")
    assert once[1] == each_step[1]
    assert all(torch.equal(tensor, each_step[0][key]) for key, tensor in once[0].items())


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("attention", {}),
        ("lstm_mean", {}),
        ("attention_linear_value", {}),
        ("mean", {"dropout": 0.1}),
        ("mean", {"word_dropout": 0.1}),
        ("mean", {"entropy_weight": 0.1}),
    ],
)
def test_what_a_step_changes_or_draws_is_read_in_every_step(name: str, changes: dict[str, float]) -> None:
    settings = {"entropy_weight": 0.0, **changes}
    weight = settings.pop("entropy_weight")
    model = tiny.model(name, **settings)
    assert fit_module.known_contexts(model, tiny.reviews(8), entropy_weight=weight) is None


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    one, _ = train("attention", tmp_path / "0", seed=0)
    other, _ = train("attention", tmp_path / "1", seed=1)
    assert not torch.equal(one.classifier.weight, other.classifier.weight)


@pytest.mark.parametrize("name", ["attention_value", "attention_text_query_value", "lstm_attention"])
def test_eight_reviews_can_be_overfitted(name: str, tmp_path: Path) -> None:
    eight = tiny.reviews(8, seed=2)
    model = tiny.model(name)
    settings = {**SETTINGS, "epochs": 150, "patience": 150, "learning_rate": 0.1, "weight_decay": 0.0}
    history = fit(model, eight, eight, seed=0, resume_from=tmp_path / "state", **settings)
    assert max(record["validation_accuracy"] for record in history) == 1.0


def test_it_stops_when_the_accuracy_no_longer_rises_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    model, history = train("attention", tmp_path / "state", epochs=60, patience=2, schedule="constant")
    accuracies = [record["validation_accuracy"] for record in history]
    assert len(history) == accuracies.index(max(accuracies)) + 1 + 2
    kept = fit_module.validate(model, tiny.reviews(48, seed=1))
    assert kept["validation_accuracy"] == max(accuracies)


def test_the_cosine_falls_to_zero_and_the_constant_does_not(tmp_path: Path) -> None:
    _, cosine = train("mean", tmp_path / "cosine")
    _, constant = train("mean", tmp_path / "constant", schedule="constant")
    assert cosine[0]["learning_rate"] == 0.05
    assert cosine[-1]["learning_rate"] < 0.01
    assert {record["learning_rate"] for record in constant} == {0.05}


def test_a_large_epsilon_holds_a_rare_word_back(tmp_path: Path) -> None:
    """A word of one review in eight moves further than its gradient says, unless epsilon is large."""
    reviews = pack([np.array([2, 3] * 8 + [word], np.int32) for word in (4, *[5] * 7)], [1, *[0] * 7], range(8))

    def ratio(epsilon: float) -> float:
        model = tiny.model("attention_trainable")
        before = model.embedding.weight.detach().clone()
        fit(model, reviews, reviews, seed=0, resume_from=tmp_path / str(epsilon), **{**SETTINGS, "epsilon": epsilon})
        moved = (model.embedding.weight.detach() - before).norm(dim=1)
        return float(moved[4] / moved[2])

    assert ratio(1.0) < 0.75 * ratio(1e-8)


def test_a_loss_that_is_no_number_stops_with_the_cause(tmp_path: Path) -> None:
    model = tiny.model("attention_trainable")
    torch.nn.init.constant_(model.classifier.weight, float("inf"))
    with pytest.raises(FloatingPointError, match=r"the loss became (nan|inf): lower training.learning_rate"):
        fit(model, tiny.reviews(8), tiny.reviews(8), seed=0, resume_from=tmp_path / "state", **SETTINGS)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("lost", ["forward", "backward"])
def test_a_number_that_is_lost_later_leaves_the_weights_of_the_epoch_before(tmp_path: Path, lost: str) -> None:
    """A weight that overflows in the third epoch: in what the model says, or only in the gradient."""
    _, history = train("attention_trainable", tmp_path / "whole", epochs=2, schedule="constant")
    model = tiny.model("attention_trainable", dropout=0.1, word_dropout=0.1)
    steps = 0

    def break_it(step: object) -> None:
        nonlocal steps
        steps += 1
        if steps == 14 and lost == "forward":  # of six steps an epoch
            model.classifier.weight.data.fill_(float("nan"))
        elif steps == 14:
            model.classifier.weight.register_hook(lambda gradient: gradient * float("inf"))

    settings = {**SETTINGS, "schedule": "constant"}
    state = tmp_path / "state"
    name = "the loss" if lost == "forward" else "the gradient's norm"
    message = (
        f"^epoch 3, step 3: {name} became (nan|inf): lower training.learning_rate .* after epoch 2 are kept in .*state$"
    )
    with pytest.raises(FloatingPointError, match=message):
        fit(model, tiny.reviews(96), tiny.reviews(48, seed=1), seed=0, resume_from=state, on_step=break_it, **settings)
    kept = read_state(state)
    assert kept is not None
    assert without_clock(kept["history"]) == without_clock(history)
    assert all(torch.isfinite(weight).all() for weight in [*kept["best"].values(), *kept["fit"]["weights"].values()])


def test_a_number_that_the_last_step_lost_is_found_before_it_is_kept(tmp_path: Path) -> None:
    model = tiny.model("attention_trainable")
    last = 6  # steps of the first epoch

    def break_it(step: object) -> None:
        nonlocal last
        last -= 1
        if last == 0:
            model.classifier.weight.data.fill_(float("nan"))

    with pytest.raises(FloatingPointError, match=r"^epoch 1, after the last step: the validation loss.*no epoch was"):
        fit(
            model,
            tiny.reviews(96),
            tiny.reviews(48),
            seed=0,
            resume_from=tmp_path / "state",
            on_step=break_it,
            **SETTINGS,
        )
    assert not (tmp_path / "state").exists()


def test_the_entropy_weight_adds_its_share_of_the_entropy() -> None:
    tokens_BT, lengths_B = tiny.batch()
    labels_B = torch.tensor([0, 1, 1, 0])
    attended = tiny.model("attention")(tokens_BT, lengths_B)
    plain = torch.nn.functional.cross_entropy(attended.logits_BC, labels_B)
    assert all(torch.equal(one, plain) for one in objective(attended, labels_B, lengths_B, 0.0))
    uniform = tiny.model("mean")(tokens_BT, lengths_B)
    expected = torch.tensor([7.0, 3.0, 1.0, 2.0]).log().mean().item()
    whole, cross_entropy = objective(uniform, labels_B, lengths_B, 0.5)
    assert torch.equal(cross_entropy, objective(uniform, labels_B, lengths_B, 0.0)[0])
    assert (whole - cross_entropy).item() == pytest.approx(0.5 * expected, rel=1e-4)


def test_the_training_loss_is_the_cross_entropy_as_in_validation(tmp_path: Path) -> None:
    """Steps too small to change a weight: then the weight of the entropy changes nothing that is recorded."""
    settings = {"learning_rate": 1e-30, "weight_decay": 0.0, "epochs": 1}
    losses = [
        train("attention", tmp_path / str(weight), entropy_weight=weight, **settings)[1][0]["train_loss"]
        for weight in (0.0, 1.0, -1.0)
    ]
    assert losses[0] == losses[1] == losses[2] > 0.5


def test_what_is_read_once_for_all_epochs_costs_the_first_one_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(step=1.0)
    monkeypatch.setattr(fit_module.time, "process_time", lambda: next(clock))
    _, history = train("mean", tmp_path / "state", epochs=2, averaging=0.0)
    assert [record["seconds"] for record in history] == [2.0, 1.0]


def test_a_positive_weight_focuses_and_a_negative_one_spreads(tmp_path: Path) -> None:
    entropies = [
        train("attention", tmp_path / str(weight), entropy_weight=weight, epochs=8)[1][-1]["entropy_mean"]
        for weight in (1.0, 0.0, -1.0)
    ]
    assert entropies == sorted(entropies)
    assert entropies[0] < entropies[1] - 0.05 < entropies[2] - 0.1
