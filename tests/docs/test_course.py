"""What the pages of the course quote is what stands in the source, in the results and in params.yaml."""

import ast
import re
import textwrap
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs/course").glob("*.md"))
FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```\n', re.DOTALL | re.MULTILINE)
QUOTE = re.compile(r"^> (.*)$", re.MULTILINE)
ROW = re.compile(r"^\|(.*)\|$", re.MULTILINE)
MATHS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)

pytestmark = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def cells(line: str) -> list[str]:
    return [cell.strip(" *") for cell in line.split("|")]


def rows_of(text: str) -> list[dict[str, str]]:
    """The tables of variants in a text, row by row, by the heads of their columns."""
    found: list[dict[str, str]] = []
    heads: list[str] = []
    for line in map(cells, ROW.findall(text)):
        if line[0] == "variant":
            heads = line
        elif heads and not line[0].startswith("--"):
            found.append(dict(zip(heads, line, strict=True)))
    return found


def computes(code: str) -> bool:
    """Whether the lines are whole statements, one of them more than the head of a class and words about it."""
    nodes = ast.walk(ast.parse(textwrap.dedent(code)))
    return any(isinstance(node, ast.Return | ast.Assign | ast.AnnAssign | ast.Call) for node in nodes)


def test_code_that_is_quoted_stands_in_the_file_that_is_named(page: Path) -> None:
    quoted = [(title, code) for _, title, code in FENCE.findall(page.read_text("utf-8")) if title]
    assert {Path(title).suffix for title, _ in quoted} >= ({".py"} if page.stem == "meaning" else {".py", ".yaml"})
    for title, code in quoted:
        assert code in (ROOT / title).read_text("utf-8"), f"{page.name} quotes what {title} no longer says"
        if title.endswith(".py"):
            assert computes(code), f"{page.name} quotes lines of {title} that do nothing"


def test_numbers_of_a_table_are_those_of_the_comparison(page: Path) -> None:
    ours = {row["variant"]: row for row in rows_of((ROOT / "results/imdb/comparison.md").read_text("utf-8"))}
    shown = rows_of(page.read_text("utf-8"))
    assert len(shown) >= 3 or page.stem == "meaning"
    for row in shown:
        assert row.items() <= ours[row["variant"]].items()


def test_sentences_that_are_quoted_are_verdicts(page: Path) -> None:
    verdicts = (ROOT / "results/imdb/verdicts.md").read_text("utf-8").splitlines()
    quoted = QUOTE.findall(page.read_text("utf-8"))
    assert quoted
    assert not [line for line in quoted if line not in verdicts]


def test_no_result_stands_in_the_prose_where_no_test_would_find_it(page: Path) -> None:
    text = page.read_text("utf-8")
    for known in (FENCE, QUOTE, ROW, MATHS):
        text = known.sub("", text)
    assert not re.findall(r"\d+\.\d+.*", text)


def test_commands_name_keys_variants_and_stages_that_exist(page: Path) -> None:
    params = YAML(typ="safe", pure=True).load(ROOT / "params.yaml")
    commands = "".join(code for language, _, code in FENCE.findall(page.read_text("utf-8")) if language == "console")
    assert commands
    for key in re.findall(r"-S '([^=]+)=", commands):
        *parents, last = key.split(".")
        place = params
        for parent in parents:
            place = place[parent]
        assert last in place
    for variant in re.findall(r"--variant (\w+)|@demo-(\w+)", commands):
        assert "".join(variant) in params["variants"]
    for command in re.findall(r"^\w+", commands, flags=re.MULTILINE):
        assert command in ("attention", "dvc", "git")
