"""What is wrong with params.yaml, in words for the person who wrote it."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def explain(error: ValidationError, path: str | Path, content: object, model: type[BaseModel], *prefix: str) -> str:
    """A line for each thing wrong: the key's path, its value, and what is allowed.

    Args:
        error: of the validation.
        path: the file's, as the line shall name it.
        content: of the whole file.
        model: what was validated.
        prefix: where in the file that stands.
    """
    lines = []
    for problem in error.errors(include_url=False):
        where = [part for part in problem["loc"] if part != "[key]"]  # Pydantic's mark of a key that may not be one
        key = ".".join(_path(content, (*prefix, *where))) or "the file"
        value = "" if problem["type"] == "missing" else f" = {problem['input']!r:.80}"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            *parents, last = problem["loc"]
            known = _fields(model, parents)
            near = difflib.get_close_matches(str(last), known, n=1)
            message = f"there is no such key{f', did you mean {near[0]}' if near else ''}? Known: {', '.join(known)}"
        lines.append(f"{path}: {key}{value}: {message}")
    return "\n".join(lines)


def _path(content: object, loc: Sequence[int | str]) -> Iterator[str]:
    """The keys as they stand in the file: Pydantic puts the kind of a part between them."""
    for part in loc[:-1]:
        if isinstance(content, Mapping) and part in content:
            content = content[part]
            yield str(part)
    yield from map(str, loc[-1:])


def _fields(model: type[BaseModel], loc: list[int | str]) -> list[str]:
    """The names that may stand there, whatever the kind of the part."""
    models = [model]
    for part in loc:
        fields = [one.model_fields[str(part)] for one in models if part in one.model_fields]
        inside = [found for field in fields for found in _models(field.annotation)]
        models = inside or models  # an entry's own name, or the kind of a part, is no level of its own
    return list(dict.fromkeys(name for one in models for name in one.model_fields))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
