"""One trained model, asked everything: is its attention needed, faithful, unique, and on which words does it lie?"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.data.reviews import Reviews
from pipeline.data.tensors import Tensors, read_table, read_tensors
from pipeline.evaluation.predict import Predictions
from pipeline.processes import Report, run_seeds
from pipeline.progress import Done, Progress, results_of

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.models.classifier import AttentionClassifier

SMALL = 500_000  # tokens for all seeds: read in the time that it takes to start processes
STEPS = 13  # that are counted: the test split, each ranking made and erased, permutations, the adversary
SAMPLE_SEED = 0  # of the draw of reviews: the same for every variant and seed
LONGEST = 5_000  # tokens of a review that is asked about: what compares all pairs of them takes the square


@dataclass(frozen=True)
class Explanation:
    """What is known of the attention of one seed.

    Attributes:
        predictions: of the whole test split, as `predict` makes them.
        reviews: a row per review of the sample and a column per measure; NaN where a measure is undefined.
        curves: a row per ranking and share of tokens: mean comprehensiveness and sufficiency.
        accuracy: on the whole test split, under the model's own weights and under each replacement.
        kinds: attention by kind of word, over the whole test split.
        words: a row per word of the vocabulary that stands in the test split.
    """

    predictions: Predictions
    reviews: "pd.DataFrame"
    curves: "pd.DataFrame"
    accuracy: dict[str, float]
    kinds: "pd.DataFrame"
    words: "pd.DataFrame"


def explain_seeds(
    title: str,
    checkpoints: Mapping[int, Path],
    tensors: Path,
    *,
    reviews: int,
    permutations: int,
    evidence: frozenset[str] = frozenset(),
) -> dict[int, Explanation]:
    """Explains the model of every seed, side by side.

    Args:
        title: for progress, such as "imdb attention".
        checkpoints: by seed.
        tensors: folder of the corpus that they were trained on.
        reviews: size of the sample of test reviews.
        permutations: of the weights of each.
        evidence: the roles of tokens that are evidence, for a corpus whose table has roles.
    """
    found: dict[int, Explanation] = {}
    work = functools.partial(
        _explain_seed,
        checkpoints=dict(checkpoints),
        tensors=tensors,
        reviews=reviews,
        permutations=permutations,
        evidence=evidence,
    )
    small = len(checkpoints) * len(read_tensors(tensors).splits["test"].tokens) < SMALL
    with Progress() as progress:
        task = progress.task(f"{title}  questioning the attention", STEPS * len(checkpoints), "steps")
        on_report = results_of(task, found.__setitem__)
        run_seeds(work, list(checkpoints), on_report, preload="pipeline.models.checkpoint", in_turn=small)
    return _beside_each_other({seed: found[seed] for seed in checkpoints}, read_tensors(tensors).splits["test"])


def _beside_each_other(found: dict[int, Explanation], test: Reviews) -> dict[int, Explanation]:
    """Adds to the measures of each seed how far its weights lie from those of the others."""
    from pipeline.explanation.between_seeds import between_seeds
    from pipeline.explanation.opened import chosen

    asked_N = np.isin(test.rows, next(iter(found.values())).reviews["row"])
    inside = np.repeat(asked_N, test.lengths)
    weights = {seed: np.asarray(one.predictions.weights, np.float64)[inside] for seed, one in found.items()}
    apart = between_seeds(weights, chosen(test, np.flatnonzero(asked_N)))
    return {seed: replace(one, reviews=one.reviews.assign(seed_divergence=apart[seed])) for seed, one in found.items()}


def _explain_seed(
    seed: int,
    report: Report,
    *,
    checkpoints: Mapping[int, Path],
    tensors: Path,
    evidence: frozenset[str],
    **settings: int,
) -> None:
    corpus = read_tensors(tensors)
    known = evidence_of(corpus, tensors, evidence)
    report(explain(checkpoints[seed], corpus, seed=seed, evidence=known, report=report, **settings))


def evidence_of(corpus: Tensors, tensors: Path, roles: frozenset[str]) -> npt.NDArray[np.bool_] | None:
    """(all tokens of the test split,) which of them are evidence; None for a corpus that does not know."""
    from pyarrow.parquet import read_schema

    from pipeline.explanation.evidence import evidence_mask

    if "roles" not in read_schema(tensors / "reviews.parquet").names:
        return None
    return evidence_mask(corpus.splits["test"], read_table(tensors, ["roles"])["roles"].to_numpy(), roles)


def explain(
    checkpoint: Path,
    corpus: Tensors,
    *,
    reviews: int,
    permutations: int,
    seed: int,
    evidence: npt.NDArray[np.bool_] | None = None,
    report: Report = lambda done: None,
) -> Explanation:
    """Explains one model.

    Args:
        checkpoint: of the model.
        corpus: what it was trained on.
        reviews: size of the sample of test reviews.
        permutations: of the weights of each.
        seed: of everything random.
        evidence: from `evidence_of`.
        report: called with `Done`, `STEPS` times.
    """
    import torch

    from pipeline.explanation.evidence import evidence_scores
    from pipeline.explanation.lexicon import kinds_of, mass_by_kind
    from pipeline.explanation.measures import measures
    from pipeline.explanation.null_models import replaced
    from pipeline.explanation.opened import chosen
    from pipeline.models.checkpoint import load_classifier
    from pipeline.models.variants import trained_parameters

    embeddings_VE = torch.from_numpy(np.array(corpus.embeddings))
    model = load_classifier(checkpoint, embeddings_VE)
    test = corpus.splits["test"]
    answers, own = replaced(model, test, seed=seed)
    report(Done())
    weights = own.astype(np.float64)
    asked_N = np.flatnonzero(test.lengths <= max(LONGEST, test.lengths.min()))
    index_N = asked_N[sample_of(len(asked_N), reviews)]
    sample = chosen(test, index_N)
    frame, curves = measures(model, sample, permutations=permutations, seed=seed, report=report)
    if evidence is not None:
        asked = np.repeat(np.isin(np.arange(len(test)), index_N), test.lengths)
        scores = evidence_scores(sample, weights[asked], evidence[asked])
        frame = frame.assign(**{f"evidence_{name}": values for name, values in scores.items()})
    return Explanation(
        predictions=Predictions(answers["own"], own, trained_parameters(model)),
        reviews=frame.assign(seed=seed),
        curves=curves.assign(seed=seed),
        accuracy={name: float((found.argmax(axis=1) == test.labels).mean()) for name, found in answers.items()},
        kinds=mass_by_kind(test, weights, kinds_of(corpus.vocabulary.words)).assign(seed=seed),
        words=_words(model, corpus, weights).assign(seed=seed),
    )


def sample_of(count: int, size: int) -> npt.NDArray[np.int64]:
    """The places of a sample, the same for every variant and seed, in order; all of them if there are no more."""
    return np.sort(np.random.default_rng(SAMPLE_SEED).choice(count, min(size, count), replace=False))


def _words(model: "AttentionClassifier", corpus: Tensors, weights: npt.NDArray[np.float64]) -> "pd.DataFrame":
    import pandas as pd

    from pipeline.explanation.lexicon import closed_form, is_closed, word_lifts

    test, words = corpus.splits["test"], corpus.vocabulary.words
    mean_V, deviation_V = word_lifts(test, weights, len(words))
    columns: dict[str, Any] = {
        "word": words,
        "count": corpus.counts,
        "test_count": np.bincount(test.tokens, minlength=len(words)),
        "log_lift_mean": mean_V,
        "log_lift_std": deviation_V,
    }
    if is_closed(model):
        columns["logit"], columns["polarity"] = closed_form(model)
    return pd.DataFrame(columns).iloc[1:]
