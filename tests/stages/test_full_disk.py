"""No room while a stage writes: one line that names the file, nothing is half-written, the next run works."""

import hashlib
import io
import re
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from one_stage import TENSORS, TRAIN, files, run, small_demo
from ruamel.yaml import YAML

from chaos.stores import small_disk
from pipeline.data import imdb

LINE = r"^error: {}: File too large: make room, then `dvc repro` again\n\Z"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with params.yaml, and a corpus as tensors under made/."""
    folder = tmp_path_factory.mktemp("disk")
    vectors = b"word 1.0 2.0\n" * 9000
    (folder / "downloads").mkdir()
    with zipfile.ZipFile(folder / "downloads/glove.6B.50d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("glove.6B.50d.txt", vectors)
    small_demo(folder, {"epochs": 2})
    yaml = YAML()
    params = yaml.load(folder / "params.yaml")
    params["sources"]["imdb"]["sha256"] = as_many_reviews_as_imdb(folder / "downloads/aclImdb_v1.tar.gz")
    params["sources"]["glove"]["members"][50]["sha256"] = hashlib.sha256(vectors).hexdigest()
    yaml.dump(params, folder / "params.yaml")
    once = Path(shutil.copytree(folder, tmp_path_factory.mktemp("once") / "copy"))
    done = run(once, f"{TRAIN} lstm_attention")  # what it compiles is kept beside the code, in files that need room too
    assert done.returncode == 0, done.stderr
    return folder


def as_many_reviews_as_imdb(archive: Path) -> str:
    """Writes them, a few letters each; their digest."""
    texts = {
        f"{split}/{label}/{number}_9.txt": f"{label} {number}".encode()
        for split in imdb.SPLITS
        for label in imdb.LABELS
        for number in range(imdb.REVIEWS_PER_CLASS)
    }
    lists = {
        f"{split}/urls_{label}.txt": b"http://www.imdb.com/title/tt0000001/\n" * imdb.REVIEWS_PER_CLASS
        for split in imdb.SPLITS
        for label in imdb.LABELS
    }
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for name, content in (texts | lists).items():
            member = tarfile.TarInfo(f"aclImdb/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return imdb.digest(texts)


@pytest.mark.parametrize(
    ("stage", "kilobytes", "named"),
    [
        ("imdb --downloads downloads --out made/imdb.parquet", 32, "made/imdb.parquet"),
        ("glove --downloads downloads --out made/glove.txt", 32, "made/glove.txt"),
        ("demo --reviews made/again.parquet --vectors made/again.txt", 16, "made/again.parquet"),
        ("demo --reviews made/again.parquet --vectors made/again.txt", 32, "made/again.txt"),
        (f"{TENSORS}/again --coverage made/again.json", 32, "made/tensors/again"),
        (f"{TRAIN} lstm_attention", 32, r"states/\w+/seed-0.safetensors"),  # in a process of its own
    ],
    ids=["imdb", "glove", "a table", "lines", "tensors", "lstm_attention"],
)
def test_no_room_for_an_output_is_one_line_and_the_next_run_is_as_any_other(
    corpus: Path, tmp_path: Path, stage: str, kilobytes: int, named: str
) -> None:
    folder = Path(shutil.copytree(corpus, tmp_path / "copy"))
    failed = run(folder, stage, kilobytes)
    assert failed.returncode == 1
    assert re.search(LINE.format(named), failed.stderr, flags=re.MULTILINE)
    assert "Traceback" not in failed.stderr
    left = files(folder / "made")
    done = run(folder, stage)
    assert done.returncode == 0, done.stderr
    assert left.items() < files(folder / "made").items(), "what was left is whole"
    assert not [path for path in folder.rglob("*") if ".part" in path.name or path.name.startswith(".again")]


def test_no_room_for_weights_or_an_evaluation_is_one_line(corpus: Path, tmp_path: Path) -> None:
    """An evaluation is written file by file: DVC takes away what is left of it before it runs the stage again."""
    folder = Path(shutil.copytree(corpus, tmp_path / "copy"))
    failed = run(folder, f"{TRAIN} tfidf", 32)
    assert re.search(LINE.format("made/models/seed-0.safetensors"), failed.stderr, flags=re.MULTILINE)
    assert not files(folder / "made/models")
    assert run(folder, f"{TRAIN} tfidf").returncode == 0
    stage = "evaluate --corpus demo --variant tfidf --tensors made/tensors --models made/models --out made/tested"
    failed = run(folder, f"{stage} --metrics m.json --explanation e.json", 8)
    assert failed.stderr == "error: made/tested: File too large: make room, then `dvc repro` again\n"
    assert not (folder / "m.json").exists()


def test_a_disk_of_its_own_that_is_full_is_named_too(corpus: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(corpus, tmp_path / "copy"))
    try:
        with small_disk(folder / "disk", megabytes=1):
            room = 20_000  # bytes, that are left
            (folder / "disk/other").write_bytes(bytes(2**20 - room))
            stage = f"{TRAIN} attention_trainable".replace("made/models", "disk/models")
            failed = run(folder, stage)
            assert "error: disk/models/seed-0.safetensors: No space left on device: make room" in failed.stderr
            assert not files(folder / "disk/models")
            (folder / "disk/other").unlink()
            done = run(folder, stage)
            assert done.returncode == 0, done.stderr
    except PermissionError:
        pytest.skip("only root may make a disk")
