"""What is trained of a corpus, and which seed speaks for a variant."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.evaluation.predict import has_attention, trained_seeds
from pipeline.formats import read_results_json


class Trained(NamedTuple):
    """A model on disk."""

    corpus: str
    variant: str
    seed: int
    checkpoint: Path

    def __str__(self) -> str:
        return f"{self.corpus} {self.variant}, seed {self.seed}"


def trained_variants(models: Path) -> list[str]:
    """The variants of a corpus that have a trained seed.

    Args:
        models: the corpus's folder.
    """
    return sorted({path.parent.name for path in models.glob("*/seed-*.safetensors")})


def chosen_models(models: Path, variants: Iterable[str], seed: int | None) -> list[Trained]:
    """The model of each variant, once.

    Args:
        models: the corpus's folder.
        variants: names.
        seed: which of its seeds; None = the one that is `best` in MLflow's registry. A model without chance in it
            has one seed, and answers with that.

    Raises:
        ValueError: one of them is not trained.
    """
    trained, found = trained_variants(models), []
    for variant in dict.fromkeys(variants):
        if variant not in trained:
            raise ValueError(f"{variant!r} is not trained in {models}: there are {', '.join(trained) or 'none'}")
        seeds = trained_seeds(models / variant)
        if seed is not None and seed not in seeds and any(map(has_attention, seeds.values())):
            raise ValueError(f"{variant} has no seed {seed}: it has {', '.join(map(str, seeds))}")
        own = seed if seed in seeds else best_seed(_accuracies(seeds))
        found.append(Trained(models.name, variant, own, seeds[own]))
    return found


def _accuracies(seeds: Mapping[int, Path]) -> dict[int, float]:
    histories = {seed: read_results_json(path.with_suffix(".json")) for seed, path in seeds.items()}
    return {seed: validation_accuracy(history) for seed, history in histories.items()}


def validation_accuracy(history: Sequence[Mapping[str, Any]]) -> float:
    """That of the kept epoch, which is the best.

    Args:
        history: records of the epochs of a seed.
    """
    return max(float(epoch["validation_accuracy"]) for epoch in history)


def best_seed(accuracies: Mapping[int, float]) -> int:
    """The seed that validation likes best, of equals the first. Test reviews never choose: their numbers stay honest.

    Args:
        accuracies: on the validation reviews, by seed.
    """
    return max(sorted(accuracies), key=accuracies.__getitem__)
