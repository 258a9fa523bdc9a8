"""The figures in the sentences of README.md are those of the results of the variants that they name."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results/imdb"
SHARES = {
    "comparison": ("accuracy_mean",),
    "faithfulness": ("accuracy_own", "accuracy_trained_uniform", "accuracy_trained_random"),
    "counterfactual": ("accuracy_edited_held_out", "accuracy_edited_trained_on"),
    "entropy_frontier": ("accuracy_mean", "accuracy_uniform"),
}
INTERVAL = re.compile(r"\[([+-]?[\d.]+), ([+-]?[\d.]+)\]")


def passages() -> list[str]:
    """Sentences between the first result and the last: paragraphs, points of lists, rows that answer a question."""
    text = (ROOT / "README.md").read_text("utf-8")
    text = text[text.index("## Results on IMDB") : text.index("### Published numbers")]
    blocks = re.split(r"\n\n|\n(?=- )|\n(?=\| )", text)
    return [block for block in blocks if not block.startswith("| ") or re.match(r"\| (\d\. |beyond)", block)]


def percentages() -> Iterator[tuple[str, str]]:
    """A variant, and a share that the results hold of it, in percent."""
    for name, columns in SHARES.items():
        for _, row in pd.read_csv(RESULTS / f"{name}.csv").iterrows():
            for column in columns:
                yield str(row["variant"]), f"{100 * row[column]:.1f}"


HELD = list(percentages())
VARIANTS = {variant for variant, _ in HELD}
FIGURES = [passage for passage in passages() if re.search(r"\b\d\d\.\d\b", passage)]


def named(passage: str) -> set[str]:
    """The variants of a passage; all of them where it names none."""
    names = re.findall(r"`([\w*]+)`", passage)
    return {variant for variant in VARIANTS for name in names if fnmatch(variant, name)} or VARIANTS


def either_way(low: str, high: str, decimals: int) -> set[tuple[float, float]]:
    """An interval in both directions: "loses by 2.1 [1.3, 2.9]" is -2.1 [-2.9, -1.3]."""
    one, other = round(float(low), decimals), round(float(high), decimals)
    return {(one, other), (-other, -one)}


def test_the_passages_are_found() -> None:
    assert len(FIGURES) == 7
    assert len(INTERVAL.findall("".join(passages()))) == 16


@pytest.mark.parametrize("passage", FIGURES, ids=lambda passage: passage[:30])
def test_an_accuracy_is_one_of_the_variants_that_are_named(passage: str) -> None:
    held = {figure for variant, figure in HELD if variant in named(passage)}
    quoted = re.findall(
        r"(?<![\d.\[])(\d\d\.\d)(?= %| and| against|[,;) ])(?! points)(?!\])", INTERVAL.sub("", passage)
    )
    assert [figure for figure in quoted if figure not in held] == []


def test_an_interval_is_one_of_the_verdicts() -> None:
    sources = (RESULTS / "verdicts.md").read_text("utf-8") + (RESULTS / "entropy_effects.csv").read_text("utf-8")
    held = {way for found in INTERVAL.findall(sources) for decimals in (0, 1) for way in either_way(*found, decimals)}
    quoted = [found for passage in passages() for found in INTERVAL.findall(passage)]
    assert [found for found in quoted if not either_way(*found, 1) & held] == []
