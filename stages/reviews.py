"""Reads a table of texts and labels of one's own, and writes it as reviews with a test split."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data import own_reviews
from pipeline.data.atomic import replacing
from pipeline.data.tables import write_parquet
from pipeline.params import load_params
from pipeline.printable import printable
from stages import cli


def main(
    source: Annotated[str, typer.Option(help="A name under sources.reviews in params.yaml.")],
    out: Annotated[Path, typer.Option(help="Table of reviews to write.")],
) -> None:
    """Read a table of texts and labels, check every row of it, and draw the test split if it has none.

    Example: python -m stages.reviews --source mine --out data/mine/reviews.parquet
    """
    entry = load_params("params.yaml").own_reviews(source)
    settings = entry.model_dump(exclude={"path", "classes"})
    classes = {str(label): name for label, name in entry.classes.items()}
    table = own_reviews.read(Path(entry.path), classes=classes, **settings)
    with replacing(out) as part:
        write_parquet(table, part)
    names = own_reviews.classes_of(out)
    tests = table.column("split").to_pylist().count("test")
    said = f"{len(names)} classes: {', '.join(map(printable, names))}"
    typer.echo(f"{out}: {len(table):,} reviews, {tests:,} of them to test on; {said}")


if __name__ == "__main__":
    cli.run(main)
