"""A text of one's own, as trained models read it: for people, not for the pipeline."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.data.atomic import replacing
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.outdated import outdated
from pipeline.evaluation.predict import trained_seeds
from pipeline.evaluation.reading import print_readings, read_text
from pipeline.evaluation.review_html import render_readings
from pipeline.evaluation.trained import chosen_models, trained_variants
from pipeline.lockfile import LOCK
from pipeline.printable import printable
from stages import cli

OTHER_TENSORS = "trained on other tensors than there are now"
DEFAULT = ("best", "attention")  # of those that are trained, the first of these, else the first of all


def main(
    text: Annotated[
        list[str] | None, typer.Argument(help="The text. Left out, it is read from --file or from standard input.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(help='A trained variant; several times for several, "all" for all.')
    ] = None,
    corpus: Annotated[str, typer.Option(help="A trained corpus; left out, imdb, or what else there is.")] = "",
    seed: Annotated[int | None, typer.Option(help="Of the model; left out, the best on validation reviews.")] = None,
    file: Annotated[Path | None, typer.Option(help="File to read the text from.")] = None,
    html: Annotated[Path | None, typer.Option(help="Page to write as well.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List what is trained, and read nothing.")] = False,
    models: Annotated[Path, typer.Option(help="Folder of the corpora's models.")] = Path("./models"),
    tensors: Annotated[Path, typer.Option(help="Folder of the corpora's tensors.")] = Path("./data/tensors"),
) -> None:
    """Show what trained models say of a text, and the words coloured by attention.

    Examples:
        attention explain "the plot is dull but the cast is superb"

        attention explain --variant attention --variant tfidf --file review.txt --html review.html

        attention explain --variant all --corpus demo < review.txt

        attention explain --list
    """
    trained = {path.name: trained_variants(path) for path in sorted(models.glob("*")) if trained_variants(path)}
    if not trained:
        elsewhere = "" if Path("params.yaml").exists() else "; is this the project's root folder?"
        raise ValueError(f"{models} holds no trained model: run `make demo` or `dvc repro` first{elsewhere}")
    name = corpus or next((one for one in ("imdb", *trained) if one in trained and one != "demo"), "demo")
    if name not in trained:
        raise ValueError(f"no model is trained on the corpus {name!r}: there are {', '.join(trained)}")
    if listed:
        _list(models, tensors, {name: trained[name]} if corpus else trained)
        return
    wanted = variant or [next((one for one in DEFAULT if one in trained[name]), trained[name][0])]
    wanted = trained[name] if "all" in wanted else wanted
    asked = chosen_models(models / name, wanted, seed)
    old = outdated(LOCK, models, tensors)
    if refused := {one.variant: old[name, one.variant] for one in asked if (name, one.variant) in old}:
        again = f"`dvc repro {' '.join(refused.values())}` trains anew"
        raise ValueError(f"{name} {', '.join(refused)}: {OTHER_TENSORS}: {again}")
    data = read_tensors(tensors / name)
    readings = list(read_text(_text(" ".join(text or ()), file), asked, data))
    console = Console(highlight=False)
    print_readings(readings, console)
    missing = sorted({printable(readings[0].tokens[place]) for place in readings[0].unknown})
    if missing:
        said = f"Not in the vocabulary, and read as one and the same word: {', '.join(missing)}"
        console.print(said, markup=False, soft_wrap=not console.is_terminal)
    if html:
        with replacing(html) as part:
            part.write_text(render_readings(f"A text as models of {name} read it", readings), encoding="utf-8")
        console.print(f"Page: {html}", markup=False)


def _list(models: Path, tensors: Path, trained: Mapping[str, Sequence[str]]) -> None:
    old = outdated(LOCK, models, tensors)
    for corpus, variants in trained.items():
        for variant in variants:
            seeds = trained_seeds(models / corpus / variant)
            said = f"{'seeds' if len(seeds) > 1 else 'seed'} {', '.join(map(str, seeds))}"
            typer.echo(f"{corpus}  {variant}  {said}{f'  {OTHER_TENSORS}' if (corpus, variant) in old else ''}")


def _text(text: str, file: Path | None) -> str:
    if text and file is not None:
        raise ValueError("give the text or --file, not both")
    if file is not None:
        if not file.is_file():
            raise ValueError(f"--file {file} is no file")
        given = file.read_bytes()
    elif text:
        given = text.encode("utf-8", errors="surrogateescape")  # an argument that is no UTF-8 comes as lone surrogates
    elif sys.stdin.isatty():
        raise ValueError("there is no text: give it in quotes, as --file, or through a pipe")
    else:
        given = sys.stdin.buffer.read()
    return given.decode("utf-8", errors="replace")


if __name__ == "__main__":
    cli.run(main)
