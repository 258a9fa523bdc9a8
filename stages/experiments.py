"""DVC's experiments side by side, for one variant: what was changed, and what came of it."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.params import Params
from stages import cli

WIDE = 200  # characters of a line that goes to a file
MEASURES = {
    "accuracy_mean": "accuracy",
    "accuracy_low": "from",
    "accuracy_high": "to",
    "entropy_nats_mean": "entropy (nats)",
    "entropy_normalised_mean": "of the most",
}


def main(
    variant: Annotated[str, typer.Argument(help="A variant that was tested.")],
    corpus: Annotated[str, typer.Option(help="On this corpus.")] = "demo",
    results: Annotated[Path, typer.Option(help="Folder of the corpora's results.")] = Path("./results"),
) -> None:
    """Show the experiments of this commit side by side: how the variant does, and every param that is not the same.

    Of a thousand columns of `dvc exp show` these are the ones that one asks about; it has the others.

    Examples:
        attention experiments attention_entropy

        attention experiments best --corpus imdb
    """
    file = results / corpus / "variants" / f"{variant}.json"
    if not file.is_file():
        tested = sorted(path.stem for path in file.parent.glob("*.json"))
        others = sorted(path.parent.name for path in results.glob("*/variants"))
        known = f"there are {', '.join(tested)}" if tested else f"results are of {', '.join(others) or 'no corpus yet'}"
        raise ValueError(f"{variant!r} was not tested on {corpus!r}: {known}")
    from dvc.api import exp_show
    from dvc.exceptions import DvcException

    try:
        rows = exp_show()
    except DvcException as error:  # a project without Git has no experiments
        raise ValueError(f"DVC shows no experiments: {error}") from None
    params = (name for name in rows[0] if name.partition(".")[0] in Params.model_fields)
    changed = [name for name in params if len({repr(row.get(name)) for row in rows}) > 1]
    measures = {f"{file}:{name}": head for name, head in MEASURES.items()}
    shown = {name: head for name, head in measures.items() if any(row.get(name) is not None for row in rows)}
    table = Table(*("experiment", *shown.values(), *changed), box=None, pad_edge=False)
    for row in rows:
        table.add_row(row["Experiment"] or row["rev"], *(_short(row.get(name)) for name in (*shown, *changed)))
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
    if not changed:
        typer.echo("They have the same params: `dvc exp run -S 'KEY=VALUE' evaluate@demo-attention` tries others.")


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value in (None, "!") else str(value)  # DVC has ! for what a commit lacks


if __name__ == "__main__":
    cli.run(main)
