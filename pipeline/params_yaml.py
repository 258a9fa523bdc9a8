"""A file of YAML -> plain values, or one line that says what is wrong and where.

The file is read as YAML 1.2, as DVC reads it, so that ``1e-3`` is a number for both.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLWarning
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

MERGE = "tag:yaml.org,2002:merge"  # of the key <<
LARGEST = 100_000  # values; a file that says little can mean millions, by anchors of anchors
DEEPEST = 50  # levels; an anchor inside itself has no end


def read_yaml(path: str | Path) -> Any:
    """What stands in the file.

    Raises:
        ValueError: it is not there or not YAML, a key stands twice, a value cannot be read, or there is no end to it.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"{path} is not here: run this from the project's root folder") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    try:
        yaml = YAML(typ="safe")  # not pure: what DVC refuses must be refused here too
        root = yaml.compose(text)
        for number, (key, node) in enumerate(_nodes(root, ()) if root else ()):
            if number == LARGEST:
                raise ValueError(f"{path} means more than {LARGEST:,} values: anchors of anchors do that")
            try:
                _leaf(yaml, node) if _is_leaf(node) else _no_key_twice(yaml, node)
            except ValueError as error:
                where = f"{path}, line {node.start_mark.line + 1}: {'.'.join(key) or 'the file'}"
                raise ValueError(" ".join(f"{where}: {error}".split())) from None
        return yaml.constructor.construct_document(root) if root else None
    except RecursionError:
        raise ValueError(f"{path} has more than {DEEPEST} levels: it cannot be read") from None
    except MarkedYAMLError as error:
        raise ValueError(f"{path} is not YAML: {_where(_in_words(text) or error)}") from None
    except YAMLError as error:
        raise ValueError(f"{path} is not YAML: {' '.join(str(error).split())}") from None


def _is_leaf(node: Node) -> bool:
    return not isinstance(node, MappingNode | SequenceNode)


def _nodes(node: Node, key: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every value with its path, those behind anchors again wherever they stand."""
    if len(key) > DEEPEST:
        raise RecursionError
    yield key, node
    if isinstance(node, MappingNode):
        for name, value in node.value:
            yield from _nodes(value, (*key, str(name.value)))
    elif isinstance(node, SequenceNode):
        for place, value in enumerate(node.value):
            yield from _nodes(value, (*key, str(place)))


def _leaf(yaml: YAML, node: Node) -> Any:
    """A single value."""
    try:
        return yaml.constructor.construct_object(node)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, YAMLError) as error:
        kind, reason = str(node.tag).rpartition(":")[2], getattr(error, "problem", None) or error
        raise ValueError(f"{node.value!r:.40} is no {kind}: {reason}") from None


def _no_key_twice(yaml: YAML, node: Node) -> None:
    """Of two entries of one name, one would be lost."""
    lines: dict[Any, int] = {}
    for name, _ in node.value if isinstance(node, MappingNode) else ():
        if not _is_leaf(name):
            raise ValueError("a key should be a word")
        word = name.value if name.tag == MERGE else _leaf(yaml, name)
        line = name.start_mark.line + 1
        if word in lines:
            raise ValueError(f"the key {word} stands twice, in line {lines[word]} and in line {line}")
        lines[word] = line


def _in_words(text: str) -> MarkedYAMLError | None:
    """What the parser in Python says, if it refuses the text too: more than the compiled one does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", YAMLWarning)  # it warns of what the other refuses, such as an anchor twice
            YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        return error
    return None


def _where(error: MarkedYAMLError) -> str:
    """Its line, what is wrong there, and in the middle of what; ruamel spreads it over six lines."""
    mark = error.problem_mark or error.context_mark
    words = f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}" if mark else str(error.problem)
    if "'\\t'" in words:
        words += " (a tab: indent with spaces)"
    if error.context and error.context_mark:
        words += f", {error.context} that begins in line {error.context_mark.line + 1}"
    return words
