"""What is wrong with params.yaml, in words for the person who wrote it."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

LIST, MAPPING = "Input should be a list", "Input should be entries of the form `name: value`"
WORDS = {  # where Pydantic speaks of Python
    "tuple_type": LIST,
    "dict_type": MAPPING,
    "model_type": MAPPING,
    "model_attributes_type": MAPPING,
    "too_short": "Input should have at least 1 item",
    "union_tag_not_found": "Field required",
}


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
    problems = error.errors(include_url=False)
    misspelt = {
        (*problem["loc"][:-1], near)
        for problem in problems
        if problem["type"] == "extra_forbidden" and (near := _nearest(model, problem["loc"]))
    }
    for problem in problems:
        loc = problem["loc"]
        if problem["type"] == "missing" and loc in misspelt:
            continue  # the line that has its misspelling says it
        if problem["type"] == "too_short" and any(
            other["loc"][: len(loc)] == loc != other["loc"] for other in problems
        ):
            continue  # what stands in it is wrong, and Pydantic counts the rest
        value, message = problem["input"], WORDS.get(problem["type"], problem["msg"]).removeprefix("Value error, ")
        where = list(_path(content, (*prefix, *loc), missing=problem["type"] == "missing"))
        if problem["type"].startswith("union_tag"):  # the value is the whole part, and what is wrong its kind
            where.append("family" if "family" in problem["ctx"]["discriminator"] else "kind")
            value = problem["ctx"].get("tag")
            if value is not None:
                message = f"Input should be one of {problem['ctx']['expected_tags']}"
        elif problem["type"] == "extra_forbidden":
            near = _nearest(model, loc)
            known = ", ".join(_fields(model, loc))
            message = f"there is no such key{f', did you mean {near}' if near else ''}? Known: {known}"
        shown = "" if message == "Field required" else f" = {value!r:.80}"
        lines.append(f"{path}: {'.'.join(where) or 'the file'}{shown}: {message}")
    return "\n".join(lines)


def _path(content: Any, loc: Sequence[int | str], *, missing: bool) -> Iterator[str]:
    """The keys as they stand in the file: Pydantic puts the kind of a part between them, and marks a bad key."""
    for place, part in enumerate(loc):
        inside = part in content if isinstance(content, Mapping) else isinstance(part, int) and part < len(content)
        if inside:
            content = content[part]
        if inside or (missing and place == len(loc) - 1) or loc[place + 1 :] == ("[key]",):
            yield _spelt(part)


def _spelt(part: int | str) -> str:
    return str(part) if str(part).isprintable() and part != "" else repr(part)


def _nearest(model: type[BaseModel], loc: Sequence[int | str]) -> str | None:
    near = difflib.get_close_matches(str(loc[-1]), [name for name in _fields(model, loc) if name != loc[-1]], n=1)
    return near[0] if near else None


def _fields(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The names that may stand where the last of `loc` stands."""
    models = [model]
    for part in loc[:-1]:
        fields = [one.model_fields[str(part)] for one in models if part in one.model_fields]
        inside = [found for field in fields for found in _models(field.annotation)]
        models = inside or _of_kind(models, part)  # else it is an entry's own name, or the kind of a part
    return list(dict.fromkeys(name for one in models for name in one.model_fields))


def _of_kind(models: list[type[BaseModel]], kind: int | str) -> list[type[BaseModel]]:
    """Those of that kind or family; all of them, if it is none."""
    fields = [(one, one.model_fields.get("kind") or one.model_fields.get("family")) for one in models]
    return [one for one, field in fields if field and kind in get_args(field.annotation)] or models


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
