"""The explanations of a variant as files: tables for programs, figures for people."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.data.tables import write_parquet
from pipeline.evaluation.plot_style import png
from pipeline.explanation.explain import Explanation
from pipeline.explanation.explanation_figures import erasure_curves, lexicon, permutation
from pipeline.explanation.summary import means
from pipeline.formats import results_json


def write_explanations(found: Mapping[int, Explanation], classes: Sequence[str], title: str, folder: Path) -> None:
    """Writes reviews.parquet, words.parquet, curves.csv, kinds.csv, by_seed.json and the figures.

    Args:
        found: by seed.
        classes: name of each label.
        title: of the figures, such as "attention on imdb".
        folder: is made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        name: pd.concat([getattr(one, name) for one in found.values()], ignore_index=True)
        for name in ("reviews", "words", "curves", "kinds")
    }
    for name in ("reviews", "words"):
        write_parquet(tables[name], folder / f"{name}.parquet")
    for name in ("curves", "kinds"):
        tables[name].to_csv(folder / f"{name}.csv", index=False, float_format="%.6g", lineterminator="\n")
    by_seed = {seed: means(one) for seed, one in found.items()}
    (folder / "by_seed.json").write_text(results_json(by_seed, indent=1), encoding="utf-8")
    figures = {
        "erasure": erasure_curves(tables["curves"], title),
        "permutation": permutation(tables["reviews"], title),
    }
    first = next(iter(found.values())).words
    if "logit" in first:
        figures["lexicon"] = lexicon(first, classes, title)
    for name, figure in figures.items():
        (folder / f"{name}.png").write_bytes(png(figure))
