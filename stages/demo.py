"""Generates the demo corpus and its word vectors: no network, the same bits for the same params."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data import demo
from pipeline.params import load_params
from stages import cli


def main(
    reviews: Annotated[Path, typer.Option(help="parquet file to write")],
    vectors: Annotated[Path, typer.Option(help="GloVe text file to write")],
) -> None:
    """Generate the demo corpus and its word vectors: no network, the same bits for the same params.

    Example: python -m stages.demo --reviews data/demo/reviews.parquet --vectors data/demo/vectors.txt
    """
    source = load_params("params.yaml").sources.demo
    frame, word_vectors = demo.generate(source.seed, source.train_reviews, source.test_reviews)
    demo.write_reviews(frame, reviews)
    demo.write_vectors(word_vectors, vectors)
    typer.echo(f"{reviews}: {len(frame):,} reviews; {vectors}: {len(word_vectors):,} words")


if __name__ == "__main__":
    cli.run(main)
