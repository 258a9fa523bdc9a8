"""A copy of the project with a small demo corpus and five variants, run once through DVC for all tests of the room."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
VARIANTS = ("mean", "attention", "attention_entropy", "lstm_attention", "tfidf")


@dataclass
class Project:
    """A checkout somewhere else, and how to run commands in it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, **options
        )
        assert done.returncode == 0 or not check, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    def restore(self) -> None:
        """Everything as it was committed, what DVC removed before a stage that failed included."""
        self.run("git", "checkout", "-q", "--", ".")
        self.run("dvc", "checkout", "-q", "compare@demo", "--with-deps")

    def edit(self, **changes: Any) -> None:
        """Sets keys of params.yaml, "__" between the levels."""
        path = self.root / "params.yaml"
        yaml = YAML()
        content = yaml.load(path)
        for key, value in changes.items():
            *parents, last = key.split("__")
            place = content
            for parent in parents:
                place = place[parent]
            place[last] = value
        yaml.dump(content, path)


def make_project(root: Path) -> Project:
    root.mkdir()
    for folder in ("pipeline", "stages"):
        shutil.copytree(ROOT / folder, root / folder)  # with what is compiled already
    shutil.copytree(ROOT / ".dvc/plots", root / ".dvc/plots")
    for name in ("config", ".gitignore"):
        shutil.copy(ROOT / ".dvc" / name, root / ".dvc" / name)
    for name in ("dvc.yaml", "params.yaml", ".dvcignore"):
        shutil.copy(ROOT / name, root / name)
    shutil.copy(ROOT / ".gitignore", root / ".gitignore")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "MLFLOW_"))}
    environment |= {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "DVC_NO_ANALYTICS": "1",
    }
    project = Project(root, environment)
    project.run("git", "init", "-q")
    project.run("git", "config", "user.email", "test@example.org")
    project.run("git", "config", "user.name", "test")
    yaml = YAML()
    variants = yaml.load(root / "params.yaml")["variants"]
    project.edit(
        seeds=[0, 1],
        sources__demo__train_reviews=320,
        sources__demo__test_reviews=160,
        corpora__demo__training={"epochs": 2, "batch_size": 32},
        corpora__demo__top_words_min_count=2,
        evaluation__examples=6,
        evaluation__mistakes=3,
        explanation={"reviews": 12, "permutations": 10, "exchanged": 40},
        nulls={"corpora": ["demo"], "variants": ["attention"], "kinds": ["uniform", "random"]},
        frontier={"corpora": ["demo"], "variants": ["attention"], "entropy_weights": [-0.5, 0.5]},
        variants={name: variants[name] for name in VARIANTS},
        published={
            "demo": {
                **{"paper": "A paper", "corpus": "demo", "numbers": {"accuracy": 0.9, "tau_gradient": 0.4}},
                "variant": {"query": {"kind": "global"}, "key": {"kind": "tanh", "size": 8}},
            }
        },
    )
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "a small demo")
    return project


def run_small_project(root: Path) -> Project:
    """Makes it, and runs the whole pipeline with DVC."""
    made = make_project(root)
    done = made.run(sys.executable, "-m", "stages.warm", "--", "dvc", "repro", "compare@demo", "published")
    made.run("git", "add", "-A")
    made.run("git", "commit", "-qm", "results")
    (root.parent / "repro.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    return made


def wait(done: Callable[[], bool], seconds: float = 300, every: float = 1) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(every)
