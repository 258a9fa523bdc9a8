"""Every command on a page of the docs exists with its options, and every key that one names is in params.yaml."""

import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import dropwhile, groupby
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(\$ |[A-Z_]+=\S+ )*(attention|make|python3?|torchrun|dvc) |&& (attention|dvc) ")
SPAN = re.compile(r"`([^`]+)`")
ASKED = {
    "explain": "stages.explain",
    "check": "stages.check_params",
    "experiments": "stages.experiments",
}  # by `attention`
PARAMS = YAML(typ="safe", pure=True).load(ROOT / "params.yaml")
STAGES = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]


def spans(page: Path) -> list[str]:
    return [" ".join(span.split()) for span in SPAN.findall(BLOCK.sub("", page.read_text("utf-8")))]


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command, without variables before it."""
    blocks = [code for language, code in BLOCK.findall(page.read_text("utf-8")) if language == "console"]
    lines = [line for code in blocks for line in code.replace("\\\n", " ").splitlines()]
    for line in (*lines, *spans(page)):
        if COMMAND.search(line):
            words = shlex.shlex(line, posix=True, punctuation_chars=True)  # && and | are words of their own
            words.whitespace_split = True
            for is_between, part in groupby(words, key=lambda word: word in ("&&", "|", ";", "<")):
                command = list(dropwhile(lambda word: word == "$" or re.match(r"[A-Z_]+=", word), part))
                if not is_between and command[1:] and COMMAND.match(command[0] + " "):
                    yield command


@cache
def options(module: str) -> set[str]:
    """What a program of the project takes."""
    app = typer.Typer()
    app.command()(importlib.import_module(module).main)
    return {name for param in typer.main.get_command(app).params for name in param.opts} | {"--help"}


def unknown(words: list[str]) -> str | None:
    """What a command names that there is not."""
    name, *rest = words
    if name == "make":
        targets = set(re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[1].split())
        return next((word for word in rest if "=" not in word and word not in targets), None)
    if name == "dvc":
        stages = [word.split("@")[0] for word in rest if re.match(r"\w+@[\w<-]", word)]
        keys = re.findall(r"-S (\S+?)=", " ".join(rest))
        dead = [key for key in keys if not is_key(key) or any(overrides(word, key) for word in rest)]
        return next((word for word in (*dead, *stages) if word not in STAGES), None)
    if name == "attention":
        module, rest = ASKED.get(rest[0], ""), rest[1:]
    elif "-m" in rest:
        at = rest.index("-m") + 1
        module, rest = rest[at], rest[at + 1 :]
    else:
        return None
    if not module:
        return name
    if module.split(".")[0] in ("stages", "benchmarks", "chaos"):
        path = ROOT.joinpath(*module.split("."))
        if not (path.with_suffix(".py").exists() or (path / "__main__.py").exists()):
            return module
    if module.startswith("stages.") and module != "stages.app":
        return next((word for word in rest if word.startswith("--") and word not in options(module)), None)
    return None


def is_key(name: str) -> bool:
    place: Any = PARAMS
    for key in name.split("."):
        if not isinstance(place, dict) or key not in place:
            return False
        place = place[key]
    return True


def overrides(target: str, key: str) -> bool:
    """Whether the corpus that DVC is asked for has a word of its own on a setting of the training."""
    field = re.search(r"(?:^|^variants\.\w+\.)training\.(\w+)$", key)
    own = PARAMS["corpora"].get(re.split(r"[@-]", f"{target}@")[1], {"training": {}})["training"]
    return bool(field) and field[1] in own


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_commands_and_keys_that_exist(page: Path) -> None:
    assert [(words, missing) for words in commands(page) if (missing := unknown(words))] == []
    keys = [re.split(r"[:= ]", span)[0] for span in spans(page) if re.match(rf"({'|'.join(PARAMS)})\.[\w.]+", span)]
    assert [key for key in keys if not is_key(key)] == []


def test_the_commands_are_found() -> None:
    found = [words for page in PAGES for words in commands(page)]
    assert {words[0] for words in found} == {"attention", "make", "python", "python3", "torchrun", "dvc"}
    assert len(found) > 80


@pytest.mark.parametrize(
    "command",
    [
        *("make tests", "attention ask", "attention explain --varient best", "python -m stages.publich"),
        *("dvc repro comparison@demo", "dvc exp run -S training.epoch=1"),
        "dvc exp run -S training.epochs=1 compare@demo",
        "dvc exp run -S variants.mean.training.epochs=1 train@demo-mean",
        "torchrun --nproc-per-node 2 -m stages.train --outs x",
    ],
)
def test_what_there_is_not_is_seen(command: str) -> None:
    assert unknown(command.split())
