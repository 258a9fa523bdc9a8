"""params.yaml is checked before any stage of the pipeline starts, so that a mistake in it costs nothing.

It is also taken apart, a file for each key: a stage depends on the files of the keys that it reads. DVC could follow
keys of a YAML file by itself, but it parses the whole file once for each of more than a hundred stages, seconds in all.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.data.atomic import replacing
from pipeline.params import load_params
from stages import cli

DEPTH = 3  # of the longest key that a stage depends on, such as corpora.imdb.training


def keys(content: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key down to DEPTH, as a path, with what stands under it."""
    for name, value in content.items():
        path = (*above, str(name))
        yield path, value
        if isinstance(value, dict) and len(path) < DEPTH:
            yield from keys(value, path)


def main(
    file: Annotated[Path, typer.Argument(help="The file to check.")] = Path("params.yaml"),
    out: Annotated[Path | None, typer.Option(help="Folder to write a JSON for each key to.")] = None,
) -> None:
    """Check params.yaml: every name, type, range and combination in it.

    Examples:
        attention check

        python -m stages.check_params params.yaml --out data/params
    """
    params = load_params(file)
    for section in ("reviews", "vectors"):
        for name, own in getattr(params.sources, section).items():
            if not Path(own.path).is_file() and not Path(f"{own.path}.dvc").is_file():
                raise ValueError(
                    f"{file}: sources.{section}.{name}.path = {own.path!r}: there is no such file; "
                    "paths count from the project's root folder"
                )
    if out:
        texts = {
            out.joinpath(*path).with_suffix(".json"): json.dumps(value, indent=1) + "\n"
            for path, value in keys(params.model_dump(mode="json"))
        }
        for old in set(out.rglob("*.json")) - set(texts):
            old.unlink()
        for path, text in texts.items():
            with replacing(path) as part:
                part.write_text(text, encoding="utf-8")
    typer.echo(f"{file}: {len(params.variants)} variants, {len(params.corpora)} corpora, {len(params.seeds)} seeds")


if __name__ == "__main__":
    cli.run(main)
