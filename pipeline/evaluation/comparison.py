"""All variants of a corpus in one table, for a file, for a README and for a terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.evaluation.entropy_effect import entropy_pairs
from pipeline.evaluation.families import family

if TYPE_CHECKING:
    from rich.console import Console

METRICS = (
    *("seeds", "accuracy_mean", "accuracy_std", "accuracy_low", "accuracy_high"),
    *("f1_mean", "roc_auc_mean", "log_loss_mean", "calibration_error_mean"),
    *("entropy_nats_mean", "entropy_normalised_mean", "perplexity_mean", "parameters"),
)
NO_ATTENTION = "no attention"


def compare(
    metrics: Sequence[Mapping[str, Any]], timing: Sequence[Mapping[str, Any]], variants: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """One row per variant, in the order of ``variants``.

    Args:
        metrics: what evaluation measured, one per variant, in any order.
        timing: what training measured, in the same order as ``metrics``.
        variants: the entries of params.yaml as plain dicts, by name.

    Returns:
        variant; family; parent, the variant it adds an entropy weight to, or None; the ``METRICS``, where entropies
        (nats) are NaN for a model without attention; train_seconds, epochs and tokens_per_second over all seeds.

    Raises:
        ValueError: ``metrics`` are not those of ``variants``.
    """
    measured = {entry["variant"]: (entry, times) for entry, times in zip(metrics, timing, strict=True)}
    if measured.keys() != variants.keys():
        differing = ", ".join(sorted(measured.keys() ^ variants.keys()))
        raise ValueError(f"params.yaml and the results do not name the same variants ({differing}): run `dvc repro`")
    parents = {pair.variant: pair.parent for pair in entropy_pairs(variants)}
    rows = []
    for name, entry in variants.items():
        values, times = measured[name]
        rows.append(
            {
                **{"variant": name, "family": family(entry), "parent": parents.get(name)},
                **{key: values.get(key) for key in METRICS},
                **{"train_seconds": times["train_seconds"], "epochs": sum(times["epochs"].values())},
                "tokens_per_second": times["tokens_per_second"],
            }
        )
    undefined = [
        "entropy_nats_mean",
        "entropy_normalised_mean",
        "perplexity_mean",
        "roc_auc_mean",
    ]  # where all are None
    return pd.DataFrame(rows).astype(dict.fromkeys(undefined, "float64"))


def headline(frame: pd.DataFrame) -> str:
    """One sentence that names the most accurate variant, its interval, and the one after it."""
    best, *others = (row for _, row in frame.sort_values("accuracy_mean", ascending=False, kind="stable").iterrows())
    sentence = f"Most accurate: {best['variant']}, right on {percent(best['accuracy_mean'])} of the test reviews"
    then = f"; then {others[0]['variant']}, {percent(others[0]['accuracy_mean'])}" if others else ""
    return f"{sentence} {interval(best)}{then}."


def to_markdown(frame: pd.DataFrame, confidence: float = 0.95) -> str:
    """The table for a README, the most accurate variant in bold."""
    header, rows = _cells(frame, confidence)
    best = _best(frame)
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    lines += [[f"**{cell}**" if cell else "" for cell in row] if i == best else row for i, row in enumerate(rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def print_comparison(frame: pd.DataFrame, confidence: float = 0.95, console: "Console | None" = None) -> None:
    """The columns that fit a terminal of 80, the most accurate variant in green."""
    from rich.console import Console
    from rich.table import Table

    header, rows = _cells(frame, confidence)
    shown = [i for i, name in enumerate(header) if name not in ("words looked at", "parameters", "of maximum")]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i in shown:
        table.add_column(header[i].replace(" ", "\n"), justify="right" if i else "left", no_wrap=True)
    for place, row in enumerate(rows):
        cells = (row[i].replace(NO_ATTENTION, "none") for i in shown)
        table.add_row(*cells, style="bold green" if place == _best(frame) else None)
    (console or Console()).print(table)


def percent(fraction: float) -> str:
    """A fraction with one decimal of a percent, such as 91.2 %."""
    return f"{100 * fraction:.1f} %"


def interval(row: Mapping[str, Any] | pd.Series) -> str:
    """The interval of an accuracy in percent, such as [90.8, 91.6]."""
    return f"[{100 * row['accuracy_low']:.1f}, {100 * row['accuracy_high']:.1f}]"


def duration(seconds: float) -> str:
    """Seconds in the unit that reads best, such as 0.3 s, 42 s, 3.5 min or 2 h."""
    size, unit = next((size, unit) for size, unit in ((3600, "h"), (60, "min"), (0, "s")) if seconds >= 1.6 * size)
    amount = seconds / (size or 1)
    return f"{amount:.0f} {unit}" if amount >= 10 else f"{amount:.2g} {unit}"


def _best(frame: pd.DataFrame) -> int:
    return int(frame["accuracy_mean"].to_numpy().argmax())


def _cells(frame: pd.DataFrame, confidence: float) -> tuple[list[str], list[list[str]]]:
    header = ["variant", "accuracy (%)", f"{100 * confidence:g}% interval"]
    header += ["entropy (nats)", "of maximum", "words looked at", "parameters", "training"]
    return header, [_row(row) for _, row in frame.iterrows()]


def _row(row: pd.Series) -> list[str]:
    spread = f" ± {100 * row['accuracy_std']:.1f}" if row["seeds"] > 1 else ""
    attention = [NO_ATTENTION, "", ""]
    if pd.notna(row["entropy_nats_mean"]):
        attention = [f"{row['entropy_nats_mean']:.2f}", f"{100 * row['entropy_normalised_mean']:.0f} %"]
        attention.append(f"{row['perplexity_mean']:.1f}")
    accuracy = f"{100 * row['accuracy_mean']:.1f}{spread}"
    cost = [f"{row['parameters']:,}", duration(row["train_seconds"])]
    return [row["variant"], accuracy, interval(row), *attention, *cost]
