"""Who may import whom, which room alone knows MLflow, and what a stage's start does not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.source import ROOT, direct_imports

MAY_IMPORT = {
    "explanation": {"explanation", "evaluation", "models", "data", "processes", "progress", "adam", "formats"},
    "evaluation": {"evaluation", "models", "data", "lockfile", "processes", "progress", "printable", "formats"},
    "training": {
        "training",
        "models",
        "data",
        "lockfile",
        "params",
        "params_variants",
        "seeding",
        "adam",
        "processes",
        "progress",
        "formats",
    },
    "models": {"models", "params_variants", "formats"},
    "mechanisms": {"mechanisms", "models"},
    "data": {"data", "processes", "progress", "printable", "formats"},
    "tracking": {"tracking", "dvc_process", "progress", "printable", "source"},
    "params": {"params_sources", "params_variants", "params_errors", "params_yaml"},
    "params_variants": {"params_sources", "params_own"},
    "params_own": {"source"},
    "params_sources": set(),
    "params_errors": set(),
    "params_yaml": set(),
    "seeding": set(),
    "formats": set(),
    "adam": set(),
    "processes": set(),
    "lockfile": {"dvc_process"},
    "dvc_process": set(),
    "progress": set(),
    "printable": set(),
    "source": set(),
}
# MLflow stores this script as the model and runs it to load one: it is the other end of the room.
STORED_SCRIPT = ROOT / "pipeline/tracking/text_model.py"
FILES = sorted(file for folder in ("pipeline", "stages") for file in (ROOT / folder).rglob("*.py"))


def room(file: Path) -> str:
    return file.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")


def identify(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("file", [file for file in FILES if identify(file).startswith("pipeline/")], ids=identify)
def test_rooms_import_in_one_direction(file: Path) -> None:
    if file == STORED_SCRIPT or file.name == "__init__.py":
        return
    imported = {identify(found) for found in direct_imports(file)}
    assert not {path for path in imported if path.startswith("stages/")}
    assert {room(ROOT / path) for path in imported} <= MAY_IMPORT[room(file)]


def test_models_know_params_in_the_files_that_build_and_store_them_alone() -> None:
    users = {
        identify(file)
        for file in (ROOT / "pipeline/models").glob("*.py")
        if ROOT / "pipeline/params_variants.py" in direct_imports(file)
    }
    assert users == {"pipeline/models/variants.py", "pipeline/models/checkpoint.py"}


def test_stages_do_not_import_each_other() -> None:
    names = ("cli", "params_read", "publishing", "runs", "shell", "trial")
    shared = {ROOT / f"stages/{name}.py" for name in names}
    commands = {ROOT / "stages/app.py", ROOT / "stages/repro.py"}
    for file in set((ROOT / "stages").glob("*.py")) - commands:
        others = {found for found in direct_imports(file) if found.parent == ROOT / "stages"}
        assert others <= shared, identify(file)


@pytest.mark.parametrize("file", FILES, ids=identify)
def test_mlflow_is_imported_in_its_room_alone(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    uses = any(module.split(".")[0] == "mlflow" for module in modules)
    assert not uses or file.parent == ROOT / "pipeline/tracking"


@pytest.mark.parametrize("file", FILES, ids=identify)
def test_files_can_be_read_in_one_sitting(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 320


@pytest.mark.parametrize("file", [file for file in FILES if file.name == "__init__.py"], ids=identify)
def test_a_package_holds_a_docstring_and_nothing_else(file: Path) -> None:
    (only,) = ast.parse(file.read_text(encoding="utf-8")).body
    assert isinstance(only, ast.Expr)
    assert isinstance(only.value, ast.Constant)


@pytest.mark.parametrize(
    ("stage", "heavy"),
    [
        ("imdb", {"torch", "mlflow", "pandas"}),
        ("glove", {"torch", "mlflow", "pandas"}),
        ("demo", {"torch", "mlflow", "sklearn", "matplotlib"}),
        ("tensors", {"torch", "mlflow", "pandas", "sklearn", "matplotlib"}),
        ("reviews", {"torch", "mlflow", "sklearn", "matplotlib"}),
        ("vectors", {"torch", "mlflow", "pandas", "sklearn", "matplotlib"}),
        ("train", {"torch", "mlflow", "pandas", "sklearn", "matplotlib"}),
        ("evaluate", {"torch", "mlflow", "sklearn"}),
        ("compare", {"torch", "mlflow", "sklearn"}),
    ],
)
def test_a_stage_starts_without_what_it_does_not_need(stage: str, heavy: set[str]) -> None:
    code = f"import sys, stages.{stage}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not heavy & set(done.stdout.split())
