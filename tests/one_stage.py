"""Stages one by one, without DVC, in a folder that has params.yaml and a small demo corpus as tensors under made/."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
TENSORS = "tensors --corpus demo --reviews made/reviews.parquet --vectors made/vectors.txt --out made/tensors"
TRAIN = "train --corpus demo --tensors made/tensors --states states --clock made/clock.json --out made/models --variant"


def run(folder: Path, stage: str, kilobytes: int | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """A stage in that folder, which can write no larger file than that, with further environment variables."""
    name, *words = stage.split()
    limit = "" if kilobytes is None else f"ulimit -f {2 * kilobytes};"
    hidden = ("ATTENTION_", "DVC_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    return subprocess.run(
        ["sh", "-c", f'{limit} exec "$@"', "sh", sys.executable, "-m", f"stages.{name}", *words],
        env=environment | {"PYTHONPATH": str(ROOT)} | settings,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def small_demo(folder: Path, training: Mapping[str, Any]) -> None:
    """Fills the folder; the demo is trained like that."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["seeds"] = [0]
    params["sources"]["demo"] |= {"train_reviews": 320, "test_reviews": 160}
    params["corpora"]["demo"]["training"] = {"batch_size": 32, **training}
    yaml.dump(params, folder / "params.yaml")
    for stage in (
        "demo --reviews made/reviews.parquet --vectors made/vectors.txt",
        f"{TENSORS} --coverage made/c.json",
    ):
        done = run(folder, stage)
        assert done.returncode == 0, done.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
