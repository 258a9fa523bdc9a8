"""Published numbers and ours under the same protocol, side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.tensors import Tensors
from pipeline.evaluation.metrics import classification_metrics
from pipeline.evaluation.predict import Predictions

# How far two trainings of the same model may lie apart. Accuracy: a repetition of this table by others had a standard
# deviation of 0.014 over seeds. Rank correlations: another set of vectors and another sample of reviews.
TOLERANCE = {"accuracy": 0.02, "roc_auc": 0.02, "tau_gradient": 0.15, "tau_leave_one_out": 0.15}
NAMES = {
    **{"accuracy": "accuracy", "roc_auc": "ROC AUC"},
    **{"tau_gradient": "tau of attention with gradient x input", "tau_leave_one_out": "tau with leave-one-out"},
}


def replica(predictions: Mapping[int, Predictions], summary: Mapping[str, Any], corpus: Tensors) -> dict[str, Any]:
    """Our numbers for one row, in the measures of the tables.

    Args:
        predictions: of the test split, by seed.
        summary: of the explanations of the same models, from `summarise`.
        corpus: what they were trained on.

    Returns:
        seeds; reviews of each split; ours: by measure, the mean and the standard deviation over seeds of accuracy and
        ROC AUC, and the mean of each rank correlation over a sample of test reviews (None if undefined in all).
    """
    labels_N = np.asarray(corpus.splits["test"].labels)
    scores = [classification_metrics(labels_N, one.logits_NC) for one in predictions.values()]
    ours: dict[str, Any] = {}
    for name in ("accuracy", "roc_auc"):
        values = [one[name] for one in scores]
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        ours[name] = {"mean": round(float(np.mean(values)), 6), "std": round(deviation, 6)}
    for name in ("tau_gradient", "tau_leave_one_out"):
        ours[name] = {"mean": summary["measures"][name]["mean"]}
    return {
        "seeds": len(predictions),
        "reviews": {split: len(reviews) for split, reviews in corpus.splits.items()},
        "ours": ours,
    }


def beside(published: Mapping[str, Mapping[str, Any]], replicas: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """A row per published number.

    Args:
        published: the entries of params.yaml as plain dicts, by row.
        replicas: from `replica`, by row.

    Returns:
        row, paper, corpus, measure, published, ours, ours_std (over seeds; NaN where it is not known), difference,
        tolerance, within.
    """
    rows = []
    for name, entry in published.items():
        for measure, number in entry["numbers"].items():
            ours = replicas[name]["ours"][measure]
            mean = float("nan") if ours["mean"] is None else ours["mean"]
            difference = round(mean - number, 6)
            rows.append(
                {
                    **{"row": name, "paper": entry["paper"], "corpus": entry["corpus"], "measure": measure},
                    **{"published": number, "ours": mean, "ours_std": ours.get("std", float("nan"))},
                    **{"difference": difference, "tolerance": TOLERANCE[measure]},
                    "within": abs(difference) <= TOLERANCE[measure],
                }
            )
    columns = "row paper corpus measure published ours ours_std difference tolerance within"
    return pd.DataFrame(rows, columns=columns.split())


def to_markdown(table: pd.DataFrame) -> str:
    """A page with a table per paper and corpus: numbers of two protocols never stand in one.

    Args:
        table: from `beside`.
    """
    lines = ["# Published numbers, made again", ""]
    if table.empty:
        lines += ["params.yaml names no row of a published table.", ""]
    for (paper, corpus), rows in table.groupby(["paper", "corpus"], sort=False):
        lines += [f"## {paper}, as corpus {corpus}", ""]
        lines += ["| model | measure | published | ours | difference | tolerance | |", "|" + "---|" * 7]
        for row in rows.to_dict("records"):
            spread = "" if np.isnan(row["ours_std"]) else f" ± {row['ours_std']:.3f}"
            ours = "undefined" if np.isnan(row["ours"]) else f"{row['ours']:.3f}{spread}"
            cells = [row["row"], NAMES[row["measure"]], f"{row['published']:.3f}", ours, f"{row['difference']:+.3f}"]
            lines.append(f"| {' | '.join(cells)} | {row['tolerance']:g} | {'within' if row['within'] else 'outside'} |")
        lines.append("")
    return "\n".join(lines)
