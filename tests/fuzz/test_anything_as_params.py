"""Any content of params.yaml -> params that every stage can use, or lines that name what is wrong."""

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fuzz.counting import holds_for, refusal
from hypothesis import strategies as st

from pipeline.params import checked
from pipeline.params_yaml import read_yaml

CONTENT = read_yaml(Path(__file__).parents[2] / "params.yaml")
PATH = Path(tempfile.mkdtemp()) / "params.yaml"
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.integers()
    | st.floats()
    | st.sampled_from(["imdb", "demo", "global", "text", "lstm", "tfidf", "mean", "cosine", "none", "1e-3", "a/b", ""])
    | st.text(max_size=8)
    | st.dates()
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LEAVES, inner, max_size=3), max_leaves=6
)
TOKENS = [
    "a",
    "b",
    "- ",
    ": ",
    ":",
    "\n",
    "\n  ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&a",
    "*a",
    "<<",
    "!!int ",
    "!x ",
    "|",
    ">",
]
MORE = ["?", "'", '"', "#", "%YAML 1.1\n---\n", "---\n", "...", "\t", "0x", "1e3", ".nan", "~", "2001-99-01", "!!bool "]
YAMLISH = st.lists(st.sampled_from(TOKENS + MORE))


def paths(content: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for name in content if isinstance(content, dict) else range(len(content)) if isinstance(content, list) else ():
        yield (*above, name)
        yield from paths(content[name], (*above, name))


PATHS = st.sampled_from(list(paths(CONTENT)))


@st.composite
def edits(draw: st.DrawFn) -> Any:
    """The project's file with up to three values replaced, added or left out."""
    content = copy.deepcopy(CONTENT)
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(PATHS)
        place = content
        for part in above:
            try:
                place = place[part]
            except (KeyError, IndexError, TypeError):  # an edit before took it away
                break
        if not isinstance(place, dict):
            continue
        match draw(st.sampled_from(["replace", "add", "remove"])):
            case "replace":
                place[last] = draw(VALUES)
            case "add":
                place[draw(LEAVES)] = draw(VALUES)
            case _:
                place.pop(last, None)
    return content


def named(words: str, name: str) -> None:
    """Every line says in which file, and no value is shown at its full length."""
    assert all(line.startswith(name) and len(line) < 800 for line in words.splitlines())


@holds_for(content=edits(), corpus=st.sampled_from(["imdb", "demo"]))
def test_an_edit_is_usable_by_every_stage_or_named(content: Any, corpus: str) -> None:
    if words := refusal(lambda: checked(content, "params.yaml")):
        named(words, "params.yaml: ")
        return
    params = checked(content, "params.yaml")
    json.dumps(params.model_dump(mode="json"), allow_nan=False)
    for variant in params.variants:
        assert params.seeds_of(variant)
        assert corpus not in params.corpora or params.training_of(corpus, variant).epochs >= 1


@holds_for(content=VALUES)
def test_a_file_of_anything_else_is_refused(content: Any) -> None:
    words = refusal(lambda: checked(content, "params.yaml"))
    assert words
    named(words, "params.yaml: ")


@holds_for(text=YAMLISH.map("".join) | st.text(max_size=30))
def test_any_text_is_values_or_one_line_with_the_place(text: str) -> None:
    PATH.write_bytes(text.encode(errors="surrogatepass"))
    words = refusal(lambda: read_yaml(PATH))
    named(words, str(PATH))
    assert len(words.splitlines()) <= 1
