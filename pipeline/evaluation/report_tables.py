"""The report's tables of variants: cells with their text, and the value that a column is sorted by."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.evaluation.comparison import NO_ATTENTION, duration, interval
from pipeline.evaluation.families import COLOURS
from pipeline.evaluation.way import ATTENTION, FLOOR

VARIANT = "name in params.yaml"


@dataclass(frozen=True)
class Table:
    """Heads and rows of a table whose first column is the variant.

    Attributes:
        columns: name, title and whether its cells are text.
        rows: colour of the variant's family, whether it is the best, and cells of text, value ("" where there is
            none) and whether it is text.
    """

    columns: list[dict[str, Any]]
    rows: list[dict[str, Any]]


def variants_table(frame: pd.DataFrame, classes: Sequence[str]) -> Table:
    """How well each variant answers, how it attends, and what it costs.

    Args:
        frame: from `compare`.
        classes: name of each label.
    """
    of_one = classes[1] if len(classes) == 2 else "one class, mean over the classes"
    heads = {
        "variant": VARIANT,
        "family": "kind of model",
        "accuracy (%)": "share of test reviews that are right, mean and standard deviation over seeds",
        "interval": "over test reviews and seeds; sorted by its lower end",
        "entropy (nats)": "of the attention, mean over reviews",
        "of maximum": "entropy divided by the logarithm of the length",
        "words looked at": "e to the entropy, mean over reviews",
        "parameters": "that are learned",
        "training": "time of all seeds",
        "F1": f"of {of_one}",
        "ROC AUC": f"chance that a review of a class gets higher odds of it than another review: of {of_one}",
        "log loss": "nats per review",
        "calibration error": "mean gap between confidence and accuracy",
    }
    best = int(frame["accuracy_mean"].to_numpy().argmax())
    rows = [
        {"colour": COLOURS[row["family"]], "best": place == best, "cells": list(_variant(row))}
        for place, (_, row) in enumerate(frame.iterrows())
    ]
    return _table(heads, rows)


def reasons_table(frame: pd.DataFrame, reasons: pd.DataFrame, edits: pd.DataFrame | None = None) -> Table:
    """What each variant's attention is worth as a reason.

    Args:
        frame: from `compare`.
        reasons: from `faithfulness`.
        edits: from `counterfactual_table`, if the corpus has pairs.
    """
    heads = {
        "variant": VARIANT,
        "own weights (%)": "accuracy on the test reviews",
        "trained equal": "accuracy of the same variant trained with equal weights, or the variant that is that model",
        "trained random": "accuracy of the same variant trained under a query that is drawn and never learned",
        "equal": "accuracy with equal weights in the place of its own, at inference",
        "permuted": "accuracy with its weights shuffled within each review",
        "another's": "points of accuracy that the weights of another variant cost, median over the others",
        "fall": "of the probability without the most attended words: comprehensiveness",
        "random": "fall without words at random: the floor",
        "best known": "fall under the best of leave-one-out, gradient x input and integrated gradients: the ceiling",
        "of the way": "where attention stands between floor and ceiling, with its interval",
        "tau": "Kendall's rank correlation of the weights with gradient x input",
        "two rankings": "the same of gradient x input and leave-one-out, which both know the model",
        "same answer": "Jensen-Shannon divergence in nats, at most 0.69, of other weights that give the same answer",
        "between seeds": "the same divergence, of the weights of two trainings of the variant",
    }
    if edits is not None:
        heads |= {
            "edits right (%)": "accuracy on minimal edits to the opposite label of reviews held out of training",
            "trained on (%)": "the same on edits of reviews that were trained on, under the opposite label",
            "pairs right (%)": "both the review and its edit, of those held out of training",
            "lift on edits": "attention on the edited words, times what equal weights would give",
        }
    families = dict(zip(frame["variant"], frame["family"], strict=True))
    rows = []
    for _, row in reasons.iterrows():
        cells = list(_reason(row))
        if edits is not None:
            ((_, edit),) = edits[edits["variant"] == row["variant"]].iterrows()
            cells += list(_edit(edit))
        rows.append({"colour": COLOURS[families[row["variant"]]], "best": False, "cells": cells})
    return _table(heads, rows)


def _table(heads: dict[str, str], rows: list[dict[str, Any]]) -> Table:
    """A table without the columns that no row has anything in: a corpus may have no null models."""
    filled = [any(row["cells"][place]["value"] != "" for row in rows) for place in range(len(heads))]
    columns = [{"name": name, "title": title, "text": name in ("variant", "family")} for name, title in heads.items()]
    kept = [{**row, "cells": list(itertools.compress(row["cells"], filled))} for row in rows]
    return Table(list(itertools.compress(columns, filled)), kept)


def _variant(row: pd.Series) -> Iterator[dict[str, Any]]:
    for key in ("variant", "family"):
        yield _text(row[key])
    spread = f" ± {100 * row['accuracy_std']:.1f}" if row["seeds"] > 1 else ""
    yield _cell(row["accuracy_mean"], f"{100 * row['accuracy_mean']:.1f}{spread}")
    yield _cell(row["accuracy_low"], interval(row))
    yield _cell(row["entropy_nats_mean"], f"{row['entropy_nats_mean']:.2f}", NO_ATTENTION)
    yield _cell(row["entropy_normalised_mean"], f"{100 * row['entropy_normalised_mean']:.0f} %")
    yield _cell(row["perplexity_mean"], f"{row['perplexity_mean']:.1f}")
    yield _cell(row["parameters"], f"{row['parameters']:,}")
    yield _cell(row["train_seconds"], duration(row["train_seconds"]))
    for key in ("f1_mean", "roc_auc_mean", "log_loss_mean", "calibration_error_mean"):
        yield _cell(row[key], f"{row[key]:.3f}")


def _reason(row: pd.Series) -> Iterator[dict[str, Any]]:
    yield _text(row["variant"])
    for name in ("own", "trained_uniform", "trained_random", "uniform", "permuted"):
        yield _cell(row[f"accuracy_{name}"], f"{100 * row[f'accuracy_{name}']:.1f}")
    yield _cell(-row["exchange_lost"], f"{-100 * row['exchange_lost']:+.1f}")
    for name in (ATTENTION, FLOOR, "ceiling"):
        yield _cell(row[name], f"{row[name]:.3f}")
    yield _cell(row["way"], f"{100 * row['way']:.0f} % [{100 * row['way_low']:.0f}, {100 * row['way_high']:.0f}]")
    for key in ("tau_gradient", "tau_ceiling", "adversary_divergence", "seed_divergence"):
        value = row.get(key, float("nan"))  # results of an earlier version have no divergence between seeds
        yield _cell(value, f"{value:.2f}")


def _edit(row: pd.Series) -> Iterator[dict[str, Any]]:
    for key in ("accuracy_edited_held_out", "accuracy_edited_trained_on", "consistency"):
        value = row.get(key, float("nan"))
        yield _cell(value, f"{100 * value:.1f}")
    yield _cell(row["lift"], f"{row['lift']:.2f}")


def _text(value: str) -> dict[str, Any]:
    return {"text": value, "value": value, "is_text": True}


def _cell(value: float, text: str, missing: str = "") -> dict[str, Any]:
    present = bool(pd.notna(value))
    return {"text": text if present else missing, "value": float(value) if present else "", "is_text": False}
