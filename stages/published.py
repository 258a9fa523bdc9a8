"""Numbers of the literature and ours, side by side."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import replacing
from pipeline.evaluation.published import beside, to_markdown
from pipeline.params import load_params
from stages import cli


def main(
    rows: Annotated[Path, typer.Option(help="Folder of our numbers, one JSON per row.")],
    table: Annotated[Path, typer.Option(help="CSV to write.")],
    page: Annotated[Path, typer.Option(help="The same in Markdown.")],
) -> None:
    """Compare every number under published in params.yaml with ours.

    Example: python -m stages.published --rows results/published --table results/published.csv
    --page results/published.md
    """
    params = load_params("params.yaml")
    published = {name: row.model_dump() for name, row in params.published.items()}
    found = beside(published, {name: json.loads((rows / f"{name}.json").read_text("utf-8")) for name in published})
    text = to_markdown(found)
    with replacing(table) as part:
        found.to_csv(part, index=False)
    with replacing(page) as part:
        part.write_text(text, encoding="utf-8")
    typer.echo(text)


if __name__ == "__main__":
    cli.run(main)
