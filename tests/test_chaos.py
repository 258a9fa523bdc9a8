"""The table of `make chaos`: a trial renews its own rows and no others, and fails where one did not hold."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from ruamel.yaml import YAML
from small_project import ROOT, Project

from chaos import __main__ as table
from chaos import earlier, fuzzed, hostile, killed, outages
from chaos.__main__ import BEGIN, END, line, renewed
from chaos.kills import WAITED_FOR, Kill, rows
from chaos.lacking import missing
from chaos.outputs import CLOCKS
from chaos.processes import HOWS
from chaos.row import Row


def test_a_trial_takes_the_place_of_its_rows_and_no_others() -> None:
    page = f"# Trust\n\n{BEGIN}\n{END}\n\nMore.\n"
    for name, held in (("killed", "all"), ("outages", "most"), ("killed", "29 of 30")):
        page = renewed(page, name, [line(name, Row("SIGKILL", 30, held))])
    rows = [row for row in page.splitlines() if row.startswith("|")]
    assert rows[2:] == ["| killed | SIGKILL | 30 | 29 of 30 |", "| outages | SIGKILL | 30 | most |"]
    assert page.startswith("# Trust\n")
    assert page.endswith("\nMore.\n")


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold"):
        renewed("# Trust\n", "killed", [])


@pytest.mark.parametrize("failed", [False, True])
def test_a_trial_that_did_not_hold_ends_with_1_after_all_have_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failed: bool
) -> None:
    page = tmp_path / "trust.md"
    page.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    rows = {
        "one": Row("a kill", 1, "other bits" if failed else "the same bits", failed),
        "two": Row("more", 2000, "all"),
    }
    trials = {name: SimpleNamespace(__doc__=name, main=lambda row=row: [row]) for name, row in rows.items()}
    monkeypatch.setattr(table, "PAGE", page)
    monkeypatch.setattr(table, "trials", lambda: trials)
    app = typer.Typer()
    app.command()(table.main)
    assert app([], standalone_mode=False) == (1 if failed else None)
    assert "| two | more | 2,000 | all |\n" in page.read_text("utf-8")
    assert ("did not hold: one: a kill: other bits\n" in capsys.readouterr().err) == failed


def test_a_trial_that_breaks_keeps_its_rows_and_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "trust.md"
    before = line("one", Row("a kill", 30, "the same bits"))
    page.write_text(f"{BEGIN}\n{table.HEAD}{before}{END}\n", encoding="utf-8")

    def breaks() -> list[Row]:
        raise RuntimeError("dvc repro failed")

    trials = {
        "one": SimpleNamespace(__doc__="one", main=breaks),
        "two": SimpleNamespace(__doc__="two", main=lambda: [Row("more", 2000, "all")]),
    }
    monkeypatch.setattr(table, "PAGE", page)
    monkeypatch.setattr(table, "trials", lambda: trials)
    with pytest.raises(typer.Exit) as ended:
        table.main()
    assert ended.value.exit_code == 1
    assert page.read_text("utf-8") == f"{BEGIN}\n{table.HEAD}{before}| two | more | 2,000 | all |\n{END}\n"
    assert "did not hold: one: dvc repro failed\n" in capsys.readouterr().err


def test_ctrl_c_ends_all_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped() -> list[Row]:
        raise KeyboardInterrupt

    monkeypatch.setattr(table, "trials", lambda: {"one": SimpleNamespace(__doc__="one", main=stopped)})
    with pytest.raises(KeyboardInterrupt):
        table.main()


@pytest.mark.parametrize(("cases", "failed"), [(0, True), (199_999, True), (200_000, False)])
def test_too_few_generated_cases_have_failed(cases: int, failed: bool) -> None:
    row = fuzzed._all(cases)
    assert row.failed == failed
    assert (row.held == "none failed") != failed


RUNS = (*(f"{name} seed {seed}" for name in ("mean", "attention", "attention +0.5") for seed in (0, 1)), "comparison")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """What MLflow has of two variants, a sweep and a comparison, and the histories beside it."""
    file = tmp_path / "mlflow.db"
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE runs (run_uuid, name, status)")
        made.execute("CREATE TABLE metrics (run_uuid, key, step)")
        made.execute("CREATE TABLE tags (run_uuid, key)")
        made.execute("CREATE TABLE model_versions (name, run_id)")
        made.execute("CREATE TABLE logged_models (source_run_id, lifecycle_stage)")
        for name in RUNS:
            made.execute("INSERT INTO runs VALUES (?, ?, 'FINISHED')", (name, name))
            made.execute("INSERT INTO tags VALUES (?, 'results.digest')", (name,))
            if name != "comparison" and "+" not in name:
                points = [("train/loss", 1), ("train/loss", 2), ("test/accuracy", 0)]
                made.executemany("INSERT INTO metrics VALUES (?, ?, ?)", [(name, *point) for point in points])
                made.execute("INSERT INTO model_versions VALUES ('model', ?)", (name,))
                made.execute("INSERT INTO logged_models VALUES (?, 'active')", (name,))
                made.execute("INSERT INTO logged_models VALUES (?, 'deleted')", (name,))
                variant, _, seed = name.partition(" ")
                path = tmp_path / f"models/demo/{variant}/{seed.replace(' ', '-')}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps([{}, {}]), encoding="utf-8")
    return file


def changed(file: Path, change: str) -> list[str]:
    with sqlite3.connect(file) as store:
        store.execute(change)
    return list(missing(file, Project(file.parent), (0, 1)))


def test_a_whole_store_lacks_nothing(store: Path) -> None:
    assert changed(store, "DELETE FROM runs WHERE 0") == []


@pytest.mark.parametrize("name", ["mean seed 0", "attention +0.5 seed 1", "comparison"])
def test_a_run_that_is_missing_or_there_twice_is_found(store: Path, name: str) -> None:
    twice = f"INSERT INTO runs VALUES ('comparison', '{name}', 'FINISHED')"
    assert changed(store, twice) == [f"{name} is there 2 times"]
    assert changed(store, f"DELETE FROM runs WHERE name = '{name}'") == [f"{name} is there 0 times"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("INSERT INTO model_versions VALUES ('model', 'mean seed 0')", "mean seed 0 has 1 models, 2 versions"),
        ("DELETE FROM model_versions WHERE run_id = 'mean seed 1'", "mean seed 1 has 1 models, 0 versions"),
        ("INSERT INTO logged_models VALUES ('mean seed 1', 'active')", "mean seed 1 has 2 models, 1 versions"),
        ("INSERT INTO metrics VALUES ('mean seed 0', 'train/loss', 2)", "mean seed 0 has 3 points of 2 epochs"),
        ("UPDATE runs SET status = 'RUNNING' WHERE name = 'comparison'", "comparison is RUNNING"),
    ],
)
def test_what_a_run_lacks_or_has_twice_is_found(store: Path, change: str, found: str) -> None:
    assert changed(store, change) == [found]


@pytest.mark.filterwarnings("ignore:The ..noload:DeprecationWarning")  # of MLflow's own
@pytest.mark.parametrize(
    "change", ["DELETE FROM runs", "DELETE FROM metrics WHERE step = 2", "UPDATE params SET value = 'mean'"]
)
def test_a_run_of_an_earlier_release_that_lost_something_is_found(tmp_path: Path, change: str) -> None:
    earlier.older(file := tmp_path / "mlflow.db")
    assert earlier.is_whole(file)
    with sqlite3.connect(file) as store:
        store.execute(change)
    assert not earlier.is_whole(file)


NAMED = "warning: away.\n  This adds what the store lacks: dvc repro --single-item --force"


@pytest.mark.parametrize(
    ("said", "allowed", "found"),
    [
        ("", (0, 1), []),
        (f"{NAMED} compare@demo", (1,), []),
        ("", (1,), ["0 warnings"]),
        ("warning: away.", (1,), ["the next step was not named"]),
        (f"{NAMED} compare@imdb", (1,), ["the next step was compare@imdb"]),
        (f"{NAMED} compare@demo\n" * 2, (1,), ["2 warnings"]),
    ],
    ids=["nothing", "as it should", "not said", "no command", "another command", "twice"],
)
def test_a_warning_must_name_the_command_that_helps(said: str, allowed: tuple[int, ...], found: list[str]) -> None:
    assert list(outages._misled(said, allowed)) == found


@pytest.fixture
def undisturbed(tmp_path: Path) -> Project:
    """What a run leaves: a model, a table with durations in it, durations, and a run in MLflow."""
    project = Project(tmp_path / "undisturbed")
    for name in ("models/demo/seed-0.json", "results/demo/comparison.csv", f"{CLOCKS}/mean.json"):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("whole", encoding="utf-8")
    with sqlite3.connect(project.root / "mlflow.db") as made:
        made.execute("CREATE TABLE runs (run_uuid, name, status)")
        made.execute("CREATE TABLE metrics (run_uuid, key, step, value)")
        made.execute("INSERT INTO runs VALUES ('a', 'mean seed 0', 'FINISHED')")
        points = [("validation/loss", 1, 0.7), ("validation/loss", 2, 0.6), ("train/seconds", 1, 3.0)]
        made.executemany("INSERT INTO metrics VALUES ('a', ?, ?, ?)", points)
    return project


MEASURES = "MLflow: mean seed 0 measures"
RUNNING = ["MLflow: mean seed 0 FINISHED", "MLflow: mean seed 0 RUNNING"]


@pytest.mark.parametrize(
    ("file", "change", "found"),
    [
        ("", "", []),
        ("results/demo/comparison.csv", "", []),
        (f"{CLOCKS}/mean.json", "UPDATE metrics SET value = 4 WHERE key = 'train/seconds'", []),
        ("models/demo/seed-0.json", "", ["models/demo/seed-0.json"]),
        ("", "UPDATE runs SET status = 'RUNNING'", RUNNING),
        ("", "DELETE FROM metrics WHERE key = 'validation/loss' AND step = 2", [MEASURES]),
        ("", "INSERT INTO metrics VALUES ('a', 'validation/loss', 2, 0.6)", [MEASURES]),
        ("", "UPDATE metrics SET value = 0.5 WHERE key = 'validation/loss' AND step = 2", [MEASURES]),
    ],
    ids=["same", "durations compared", "durations", "model", "RUNNING", "epoch lost", "epoch doubled", "other value"],
)
def test_what_the_second_comparison_would_mend_is_found_before_it(
    undisturbed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, change: str, found: list[str]
) -> None:
    project = Project(tmp_path / "project")
    shutil.copytree(undisturbed.root, project.root)
    if file:
        (project.root / file).write_text("other", encoding="utf-8")
    with sqlite3.connect(project.root / "mlflow.db") as store:
        store.execute(change)

    def mend(*_: object) -> None:
        shutil.copytree(undisturbed.root, project.root, dirs_exist_ok=True)

    monkeypatch.setattr(killed, "_finish", mend)
    assert killed._differences(project, undisturbed, killed._results(undisturbed), tmp_path / "log") == found


def test_what_a_second_comparison_does_not_mend_is_found_too(
    undisturbed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "project")
    shutil.copytree(undisturbed.root, project.root)
    monkeypatch.setattr(
        killed, "_finish", lambda *_: (project.root / "results/demo/comparison.csv").write_text("other", "utf-8")
    )
    wanted = killed._results(undisturbed)
    assert killed._differences(project, undisturbed, wanted, tmp_path / "log") == ["results/demo/comparison.csv"]


def test_what_is_compared_late_is_what_compare_makes_and_nothing_else() -> None:
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    for name, stage in stages.items():
        made = stage.get("do", stage)
        outs = [out for kind in ("outs", "metrics", "plots") for out in made.get(kind, [])]
        paths = [
            re.sub(r"\$\{[^}]*(item|key|corpus)\}", "demo", out if isinstance(out, str) else next(iter(out)))
            for out in outs
        ]
        assert {bool(killed.COMPARED.match(path)) for path in paths} == {name == "compare"}, name


def kill(stage: str, same: bool = True, kept: int = 1, remedy: str = "") -> Kill:
    how = HOWS[WAITED_FOR.index(stage) % len(HOWS)]
    return Kill(how, stage, "", True, ["dvc.lock"], {"an epoch"}, kept=kept, remedy=remedy, same=same)


@pytest.mark.parametrize(
    ("done", "failed"),
    [
        ([kill(stage) for stage in WAITED_FOR], []),
        ([kill(stage) for stage in WAITED_FOR if stage != "tensors"], ["never hit: tensors"]),
        ([kill(stage, same=stage != "imdb") for stage in WAITED_FOR], ["bits: 1", "bits: 5", "bits: 5"]),
        ([kill(stage, remedy="git x" * (stage == "imdb")) for stage in WAITED_FOR], ["5 at once, 1 after `git x`"]),
        ([kill(stage) for stage in WAITED_FOR if HOWS[WAITED_FOR.index(stage) % 3] != "all"], ["bits: 0", "never hit"]),
        ([kill(stage, kept=stage != "imdb") for stage in WAITED_FOR], ["went on from the last epoch: 5"]),
    ],
    ids=[
        "all held",
        "a stage was never hit",
        "other bits",
        "a hand was needed",
        "a way was never tried",
        "an epoch was made anew",
    ],
)
def test_kills_that_lost_something_or_missed_a_stage_have_failed(done: list[Kill], failed: list[str]) -> None:
    held = [row.held for row in rows(done, 298) if row.failed]
    assert len(held) == len(failed)
    assert all(words in row for words, row in zip(failed, held, strict=True))


def test_the_stages_that_the_docs_say_were_hit_are_there() -> None:
    (hit,) = re.findall(r"of these, hit: ([^|]+) \|", (ROOT / "docs/trust.md").read_text("utf-8"))
    stages = {name.split()[0] for name in hit.split(", ")} - {"dvc", "code"}
    commands = (ROOT / "dvc.yaml").read_text("utf-8")
    assert set(WAITED_FOR) <= stages
    assert [stage for stage in stages if f"-m stages.{stage} " not in commands] == []


@pytest.mark.parametrize(
    ("seen", "pages", "failed"),
    [(True, (3, 0), False), (False, (0, 3), True), (True, (2, 1), True), (False, (3, 0), True), (True, (0, 0), True)],
    ids=["all held", "no browser", "an attack ran", "a browser that sees nothing run", "no page"],
)
def test_hostile_pages_are_proven_in_a_browser_or_fail(
    monkeypatch: pytest.MonkeyPatch, seen: bool, pages: tuple[int, int], failed: bool
) -> None:
    monkeypatch.setattr(hostile, "_counted", dict.fromkeys(hostile.PAGES.values(), pages).__getitem__)
    row = hostile._pages(seen, "pages of MLflow")
    assert row.failed == failed
    assert (row.held == "none ran") != failed


def test_a_case_that_is_skipped_or_fails_is_not_counted_as_held(tmp_path: Path) -> None:
    tests = "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('no')\ndef test_c(): assert 0\n"
    (tmp_path / "test_it.py").write_text(tests, encoding="utf-8")
    assert hostile._counted(str(tmp_path / "test_it.py")) == (1, 2)
    with pytest.raises(RuntimeError, match=r"pytest ended with 4: .*test_gone\.py"):
        hostile._counted(str(tmp_path / "test_it.py"), str(tmp_path / "test_gone.py"))


def test_without_a_browser_the_tests_say_what_they_did_not_prove() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", hostile.PAGES["kinds of page"]]
    environment = os.environ | {"PATH": "/nowhere"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert re.search(r"SKIPPED \[3\] .*needs chromium and chromedriver: .* is not proven", done.stdout)
