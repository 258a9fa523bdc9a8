"""`attention explain` on the models of the small project."""

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest
from in_process import in_process
from small_project import Project

from pipeline.data.tensors import read_tensors
from pipeline.evaluation.reading import read_text
from pipeline.evaluation.trained import chosen_models
from stages import cli
from stages import explain as stage

COMMAND = Path(sys.executable).with_name("attention")


def explain(project: Project, *words: str, given: str = "") -> tuple[int, str, str]:
    return in_process(project.root, lambda: cli.run(stage.main), *words, given=given)


def test_a_reading_is_what_the_evaluation_says_of_the_same_review(project: Project) -> None:
    import pandas as pd

    data = read_tensors(project.root / "data/tensors/demo")
    table = pd.read_parquet(project.root / "data/tensors/demo/reviews.parquet", columns=["text"])
    predictions = pd.read_parquet(project.root / "evaluation/demo/attention/predictions.parquet").query("seed == 1")
    row = predictions.iloc[5]
    models = chosen_models(project.root / "models/demo", ["attention"], seed=1)
    (reading,) = read_text(table["text"].iloc[int(row["row"])], models, data)
    assert reading.answer == data.classes[int(row["predicted"])]
    positive = reading.probability if reading.answer == data.classes[1] else 1 - reading.probability
    assert positive == pytest.approx(row["probability"], abs=1e-6)
    assert np.sum(reading.weights) == pytest.approx(1, abs=1e-6)


def test_several_models_read_one_text_and_a_page_shows_it(project: Project, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = ["a <b>zzyzx</b> film", "--variant", "attention", "--variant", "tfidf", "--html", str(page)]
    code, out, _ = explain(project, *words)
    assert code == 0
    assert out.index("demo attention, seed ") < out.index("demo tfidf, seed 0: ")
    assert "no attention" in out
    assert "zzyzx" in out.split("Not in the vocabulary")[1]
    assert "&lt;" in page.read_text("utf-8")
    assert "<b>" not in page.read_text("utf-8")
    heads = re.findall(r"<h3>(.*)</h3>", page.read_text("utf-8"))
    assert heads == re.findall(r"^(demo \w+, seed \d): ", out, flags=re.MULTILINE)


def test_a_model_without_chance_answers_with_the_seed_that_it_has(project: Project) -> None:
    code, out, _ = explain(project, "a film", "--variant", "attention", "--variant", "tfidf", "--seed", "1")
    assert code == 0
    assert re.findall(r"^demo (\w+), seed (\d)", out, flags=re.MULTILINE) == [("attention", "1"), ("tfidf", "0")]


def test_elsewhere_it_asks_whether_this_is_the_project(tmp_path: Path) -> None:
    code, _, err = in_process(tmp_path, lambda: cli.run(stage.main), "a film")
    assert code == 1
    assert err.endswith("run `make demo` or `dvc repro` first; is this the project's root folder?\n")


def test_all_is_all_whatever_else_is_named(project: Project) -> None:
    _, out, _ = explain(project, "a film", "--variant", "attention", "--variant", "all")
    named = re.findall(r"^demo (\w+), seed \d: \w+ \(", out, flags=re.MULTILINE)
    assert named == ["attention", "attention_entropy", "lstm_attention", "mean", "tfidf"]


def test_the_command_runs_as_a_module_too(project: Project) -> None:
    done = project.run(sys.executable, "-m", "stages.app", "explain", "a film")
    assert done.stdout == explain(project, "a film")[1]
    assert done.stdout.startswith("demo attention, seed ")


def on_a_terminal(project: Project, *command: str, columns: int) -> str:
    """What a command shows on a terminal of its own, codes of colour and all."""
    ours = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_")
    kept = {name: value for name, value in project.environment.items() if not name.startswith(ours)}
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, columns))
    environment = kept | {"TERM": "xterm", "COLORTERM": "truecolor"}
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    with (
        subprocess.Popen(command, cwd=project.root, env=environment, **streams) as process,
        open(screen, "rb", 0) as read,
    ):
        os.close(terminal)
        shown = bytearray()
        try:
            while part := read.read(1024):
                shown += part
        except OSError:  # how Linux says that the last writer is gone
            pass
    assert process.returncode == 0, shown
    return shown.decode()


@pytest.mark.skipif(not COMMAND.exists(), reason="needs the installed command: its start on a terminal is not tested")
def test_the_installed_command_colours_words_and_sets_readings_side_by_side(project: Project) -> None:
    words = ("explain", "superb and dull", "--variant", "attention", "--variant", "tfidf")
    shown = on_a_terminal(project, str(COMMAND), *words, columns=100)
    coloured = re.findall(r"\x1b\[[\d;]*48;2;[\d;]*m(\w+)", shown)
    assert coloured, shown
    assert set(coloured) <= {"superb", "and", "dull"}
    lines = re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines()
    assert re.match(r"demo attention, seed \d: \w+ \(.* demo tfidf, seed 0: \w+ \(", lines[0])
    assert [line.split() for line in lines if line.startswith("superb")] == [["superb", "and", "dull"] * 2]


def test_the_first_example_of_the_help_has_no_word_that_the_demo_lacks(project: Project) -> None:
    (text,) = re.findall(r'attention explain "(.*)"', str(stage.main.__doc__))
    assert "Not in the vocabulary" not in explain(project, text)[1]


def test_the_text_comes_through_a_pipe_or_from_a_file(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a film", encoding="utf-8")
    piped = project.run(sys.executable, "-m", "stages.explain", input="a film")
    said, words = explain(project, "--file", str(path)), explain(project, "a", "film")
    assert said == words == (0, piped.stdout, piped.stderr)
    assert piped.stdout.startswith("demo attention, seed "), "the default"


def test_bytes_that_no_terminal_should_get_are_shown_as_such(project: Project, tmp_path: Path) -> None:
    hostile = b"\x1b[2J\x9b2J\x07 caf\xe9 \xe2\x80\xaefilm"  # clear the screen twice, ring, Latin 1, right to left
    page = tmp_path / "page.html"
    _, out, _ = explain(project, os.fsdecode(hostile), "--html", str(page))
    assert "caf \N{REPLACEMENT CHARACTER}" in out
    assert all(line.isprintable() for line in out.split("\n"))
    assert "film" in page.read_text("utf-8")


def test_what_is_trained_is_listed(project: Project) -> None:
    code, out, _ = explain(project, "--list")
    assert code == 0
    assert out.splitlines() == [
        "demo  attention  seeds 0, 1",
        "demo  attention_entropy  seeds 0, 1",
        "demo  lstm_attention  seeds 0, 1",
        "demo  mean  seeds 0, 1",
        "demo  tfidf  seed 0",
    ]


@pytest.mark.filterwarnings("ignore::Warning:mlflow", "ignore::Warning:alembic", "ignore::ResourceWarning")
def test_the_seed_that_answers_is_the_one_that_the_registry_calls_best(project: Project) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    _, out, _ = explain(project, "a film", "--variant", "all")
    for variant, seed in re.findall(r"^demo (\w+), seed (\d): ", out, flags=re.MULTILINE):
        version = client.get_model_version_by_alias(f"demo-{variant}", "best")
        assert version.tags["run"] == f"{variant} seed {seed}"


def test_models_of_other_tensors_than_there_are_now_do_not_answer(project: Project) -> None:
    project.edit(corpora__demo__tokenizer="whitespace")
    project.run("dvc", "repro", "train@demo-tfidf")
    refused = explain(project, "a film", "--variant", "mean", "--variant", "attention")
    trained_anew, listed = explain(project, "a film", "--variant", "tfidf"), explain(project, "--list")[1]
    project.restore()
    other = "trained on other tensors than there are now"
    again = "`dvc repro train@demo-mean train@demo-attention` trains anew"
    assert refused == (1, "", f"error: demo mean, attention: {other}: {again}\n")
    assert trained_anew[0] == 0
    assert listed.splitlines()[-2:] == [f"demo  mean  seeds 0, 1  {other}", "demo  tfidf  seed 0"]
    assert explain(project, "a film", "--variant", "mean")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["a film", "--variant", "best"],
            "'best' is not trained in models/demo: there are attention, attention_entropy,",
        ),
        (["a film", "--corpus", "imdb"], "no model is trained on the corpus 'imdb': there are demo"),
        (["a film", "--seed", "9"], "attention has no seed 9: it has 0, 1"),
        (["a film", "--models", "nowhere"], "nowhere holds no trained model: run `make demo` or `dvc repro` first\n"),
        (["--file", "nowhere.txt"], "--file nowhere.txt is no file"),
        (["--file", "models"], "--file models is no file"),
        (["a film", "--file", "params.yaml"], "give the text or --file, not both"),
        ([" "], "there is no word in the text"),
    ],
)
def test_what_cannot_be_is_one_line(project: Project, words: list[str], message: str) -> None:
    code, out, err = explain(project, *words)
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1
