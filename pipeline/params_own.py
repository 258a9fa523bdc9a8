"""A class of one's own that an entry of params.yaml names, as its file in pipeline/mechanisms has it.

The file is read and not run: what it imports, torch first of all, would take seconds.
"""

import ast
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.source import ROOT, closure, direct_imports

FOLDER = ROOT / "pipeline/mechanisms"
MODELS = ROOT / "pipeline/models"  # in the list of code of every stage that makes a model: stages/code.py


def existing(name: str) -> str:
    """The name, if there is such a class.

    Args:
        name: file.Class.

    Raises:
        ValueError: it is no such name, or what is wrong with the file.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("Input should be file.Class: gated.GatedQuery is that class in pipeline/mechanisms/gated.py")
    path, wanted = _place(name)
    if not path.is_file():
        there = sorted(one.name for one in FOLDER.glob("[a-z]*.py"))
        raise ValueError(f"pipeline/mechanisms has no file {path.name}; it has {', '.join(there) or 'none'}")
    try:
        classes = _classes(path)
        strange = [found for own in _own(path) for found in direct_imports(own) if found.parent not in (FOLDER, MODELS)]
    except (SyntaxError, ValueError) as error:  # of a null byte
        raise ValueError(f"{path.name}, or what it imports, is not Python: {' '.join(str(error).split())}") from None
    if wanted not in classes:
        raise ValueError(
            f"pipeline/mechanisms/{path.name} has no class {wanted}; it has {', '.join(classes) or 'none'}"
        )
    if strange:
        raise ValueError(
            f"it imports {strange[0].relative_to(ROOT)}, a change of which would train nothing again; "
            "of this project it may import pipeline/models and pipeline/mechanisms"
        )
    return name


def digest(name: str) -> str:
    """The sha256 of the code behind a name: its file, and what that imports of its folder.

    Args:
        name: file.Class, existing.
    """
    files = (hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(_own(_place(name)[0])))
    return hashlib.sha256(" ".join(files).encode()).hexdigest()


def check_arguments(name: str, arguments: Iterable[str]) -> None:
    """Refuses a misspelt argument, as far as the file shows what the constructor takes.

    Args:
        name: file.Class, existing.
        arguments: by name.

    Raises:
        ValueError: the constructor has none of that name.
    """
    path, wanted = _place(name)
    for part in _classes(path)[wanted].body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__" and not part.args.kwarg:
            known = [one.arg for one in (*part.args.args[1:], *part.args.kwonlyargs)]
            for strange in set(arguments) - set(known):
                raise ValueError(f"{wanted} has no argument {strange!r}; it has {', '.join(known) or 'none'}")


def _place(name: str) -> tuple[Path, str]:
    """Its file, and the name of the class in it."""
    file, _, wanted = name.partition(".")
    return FOLDER / f"{file}.py", wanted


def _classes(path: Path) -> dict[str, ast.ClassDef]:
    body = ast.parse(path.read_bytes()).body
    return {part.name: part for part in body if isinstance(part, ast.ClassDef)}


def _own(path: Path) -> list[Path]:
    """The files that no list of code has."""
    return [one for one in closure(path) if one.parent == FOLDER]
