"""What dvc.lock says of models and tensors, and what it does not say."""

from pathlib import Path

import pytest

from pipeline.evaluation.outdated import outdated

NEW, OLD = "a" * 32, "b" * 32
LOCK = f"""schema: '2.0'
stages:
  tensors@imdb:
    cmd: tensors
    outs: [{{path: data/tensors/imdb, md5: {NEW}.dir}}]
  train@imdb-mean:
    cmd: train
    deps: [{{path: data/tensors/imdb, md5: {NEW}.dir}}]
    outs: [{{path: models/imdb/mean, md5: {NEW}.dir}}]
  train@imdb-best:
    cmd: train
    deps: [{{path: data/tensors/imdb, md5: {OLD}.dir}}]
    outs: [{{path: models/imdb/best, md5: {NEW}.dir}}, {{path: results/imdb/timing/best.json, md5: {NEW}}}]
"""


@pytest.mark.parametrize(
    ("text", "models", "found"),
    [
        (LOCK, "models", {("imdb", "best"): "train@imdb-best"}),
        (LOCK, "elsewhere", {}),
        (LOCK.replace("outs: [{path: data/tensors/imdb", "outs: [{path: data/tensors/demo"), "models", {}),
        (LOCK[:80], "models", {}),
        ("", "models", {}),
    ],
)
def test_what_was_trained_on_other_tensors_is_named_and_what_is_unknown_is_not(
    tmp_path: Path, text: str, models: str, found: dict[tuple[str, str], str]
) -> None:
    (tmp_path / "dvc.lock").write_text(text, encoding="utf-8")
    assert outdated(tmp_path / "dvc.lock", Path(models), Path("data/tensors")) == found


def test_without_a_lock_nothing_is_judged(tmp_path: Path) -> None:
    assert outdated(tmp_path / "dvc.lock", Path("models"), Path("data/tensors")) == {}
