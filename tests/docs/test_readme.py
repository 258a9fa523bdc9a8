"""The numbers of README.md are those of the committed results."""

from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "README.md").read_text("utf-8").splitlines()


def rows_of(page: str) -> list[str]:
    return [line for line in (ROOT / page).read_text("utf-8").splitlines() if line.startswith("| ")]


def percent(share: float) -> str:
    return f"{100 * share:.1f}" if pd.notna(share) else ""


def reasons() -> list[str]:
    """The rows of the table under "Does the attention mean anything?"."""
    lines = []
    for _, row in pd.read_csv(ROOT / "results/imdb/faithfulness.csv").iterrows():
        floor, own, ceiling = row["comprehensiveness_random"], row["comprehensiveness_attention"], row["ceiling"]
        cells = [
            row["variant"],
            *(percent(row[f"accuracy_{kind}"]) for kind in ("own", "trained_uniform", "trained_random")),
            *(percent(row[f"accuracy_{kind}"]) for kind in ("uniform", "permuted")),
            percent(-row["exchange_lost"]),
            f"{floor:.2f} < **{own:.2f}** < {ceiling:.2f}",
            f"{100 * row['way']:.0f} % [{100 * row['way_low']:.0f}, {100 * row['way_high']:.0f}]",
            f"{row['tau_gradient']:.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def test_the_table_of_results_is_that_of_the_comparison() -> None:
    rows = rows_of("results/imdb/comparison.md")
    assert len(rows) > 15
    assert not [row for row in rows if row not in LINES]


def test_the_table_of_reasons_is_that_of_the_faithfulness() -> None:
    rows = reasons()
    assert len(rows) > 10
    assert not [row for row in rows if row not in LINES]


def test_the_table_of_published_numbers_is_that_of_the_replicas() -> None:
    rows = rows_of("results/published.md")
    assert len(rows) > 10
    assert not [row for row in rows if row not in LINES]
