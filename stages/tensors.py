"""Reviews and word vectors of one corpus -> vocabulary tensors, and how much of the text they cover."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import naming, replacing
from pipeline.data.own_reviews import classes_of
from pipeline.data.prepare import build_tensors
from pipeline.formats import results_json
from pipeline.params import load_params
from stages import cli


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    reviews: Annotated[Path, typer.Option(help="Table of reviews to read.")],
    vectors: Annotated[Path, typer.Option(help="Word vectors to read, in GloVe's text format.")],
    out: Annotated[Path, typer.Option(help="Folder of tensors to write.")],
    coverage: Annotated[Path, typer.Option(help="JSON of coverage to write.")],
) -> None:
    """Tokenise, split off validation movies, choose the vocabulary from training texts, encode.

    Example: python -m stages.tensors --corpus demo --reviews data/demo/reviews.parquet
    --vectors data/demo/vectors.txt --out data/tensors/demo --coverage results/demo/coverage.json
    """
    entry = load_params("params.yaml").corpus(corpus)
    elsewhere = {"reviews", "vectors", "top_words_min_count", "training"}  # fields that other stages read
    settings = entry.model_dump(exclude=elsewhere)
    with naming(out):
        covered = build_tensors(reviews, vectors, out, classes=classes_of(reviews), **settings)
    with replacing(coverage) as part:
        part.write_text(results_json(covered), encoding="utf-8")
    typer.echo(
        f"{corpus}: {covered['train_tokens']:,.0f} training tokens, {covered['train_tokens_known']:.2%} of them and "
        f"{covered['train_types_known']:.2%} of {covered['train_types']:,.0f} types have a vector"
    )


if __name__ == "__main__":
    cli.run(main)
