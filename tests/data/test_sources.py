import random
import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.data import answer
from pipeline.data.sources import MIRROR, fetch

CONTENT = random.Random(0).randbytes(300_000)
FLIPPED = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]


def read(file: Path) -> bytes:
    """What a data set's reader does: gives the content, or refuses it."""
    if (content := file.read_bytes()) != CONTENT:
        raise ValueError("another digest")
    return content


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MIRROR, raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


def asked(server: Any) -> list[str]:
    return [path for path, _, _ in server.requests]


def test_sources_are_tried_in_order_until_one_serves(server: Any, refusing: str, folder: Path) -> None:
    urls = [
        f"{refusing}/file.bin",
        server.url("missing/file.bin"),
        server.serve("flipped/file.bin", FLIPPED),
        server.serve("truncated/file.bin", CONTENT[:-1]),
        server.serve("good/file.bin", CONTENT),
        server.serve("unneeded/file.bin", CONTENT),
    ]
    assert fetch(urls, folder, read) == CONTENT
    assert asked(server) == ["missing/file.bin", "flipped/file.bin", "truncated/file.bin", "good/file.bin"]
    assert (folder / "file.bin").read_bytes() == CONTENT


def test_whatever_is_wrong_with_a_source_the_next_one_is_asked(
    server: Any, folder: Path, expired: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(answer, "PATIENCE", 0.3)
    faulty: dict[str, dict[str, Any]] = {
        "too slow": {"crawls": "body"},
        "no answer in time": {"crawls": "head"},
        "the connection broke after": {"claims": len(CONTENT) + 5},
        "refused: another digest": {"claims": len(CONTENT) - 5},
        "more than 10 redirects": {"location": "file.bin"},
        "500 \ufffd[2Jlook here": {"reason": "\x1b[2Jlook here"},  # no terminal obeys it
    }
    urls = [server.serve(f"{place}/file.bin", CONTENT, **faults) for place, faults in enumerate(faulty.values())]
    assert fetch([f"{expired}/file.bin", *urls, server.serve("good/file.bin", CONTENT)], folder, read) == CONTENT
    said = [line.partition("/file.bin: ")[2] for line in capsys.readouterr().err.splitlines() if "bin: " in line]
    said = [line for line in said if line]  # without the progress
    for line, expected in zip(said, ["certificate has expired", *faulty], strict=True):
        assert expected in line
    assert [path.name for path in folder.iterdir() if path.suffix != ".lock"] == ["file.bin"]


def test_the_error_names_everything_tried_and_what_helps(server: Any, refusing: str, folder: Path) -> None:
    urls = [
        f"{refusing}/small.zip",
        server.url("missing/small.zip"),
        server.serve("flipped/large.zip", FLIPPED),
        "ftp://127.0.0.1/large.zip",
    ]
    with pytest.raises(ValueError, match=r"no usable copy of small\.zip or large\.zip") as caught:
        fetch(urls, folder, read)
    message = str(caught.value)
    assert f"{folder / 'small.zip'}: not there" in message
    assert re.search(re.escape(urls[0]) + r": \[Errno \d+\] Connection refused", message)
    assert f"{urls[1]}: 404 Not Found" in message
    assert f"{urls[2]}: refused: another digest" in message
    assert f"{urls[3]}: No connection adapters" in message
    assert all(advice in message for advice in (f"set {MIRROR}", f"put the file into {folder}", "make demo"))
    assert not list(folder.glob("*.zip"))


def test_a_download_is_used_again(server: Any, folder: Path) -> None:
    url = server.serve("file.bin", CONTENT)
    assert fetch([url], folder, read) == fetch([url], folder, read) == CONTENT
    assert asked(server) == ["file.bin"]


def test_a_file_put_in_place_needs_no_network(refusing: str, folder: Path) -> None:
    folder.mkdir()
    (folder / "large.zip").write_bytes(CONTENT)
    assert fetch([f"{refusing}/small.zip", f"{refusing}/large.zip?download=true"], folder, read) == CONTENT


def test_a_bad_file_in_place_is_replaced(server: Any, folder: Path) -> None:
    folder.mkdir()
    (folder / "file.bin").write_bytes(FLIPPED)
    assert fetch([server.serve("file.bin", CONTENT)], folder, read) == CONTENT
    assert (folder / "file.bin").read_bytes() == CONTENT


def test_a_mirror_folder_is_read_in_place(
    server: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "file.bin").write_bytes(CONTENT)
    monkeypatch.setenv(MIRROR, str(mirror))
    assert fetch([server.serve("file.bin", CONTENT)], folder, lambda file: file) == mirror / "file.bin"
    assert server.requests == []
    assert not folder.exists()


def test_a_bad_mirror_folder_is_left_as_it_is(
    server: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file.bin").write_bytes(FLIPPED)
    monkeypatch.setenv(MIRROR, str(tmp_path))
    assert fetch([server.serve("file.bin", CONTENT)], folder, read) == CONTENT
    assert (tmp_path / "file.bin").read_bytes() == FLIPPED


def test_a_relative_mirror_counts_from_the_root_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "file.bin").write_bytes(CONTENT)
    (tmp_path / "project").mkdir()
    monkeypatch.setenv(MIRROR, "../mirror")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "project"))  # a stage may run in a copy elsewhere
    assert fetch(["http://unneeded/file.bin"], tmp_path / "downloads", read) == CONTENT


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_mirror_url_is_tried_before_the_sources(
    server: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, slash: str
) -> None:
    monkeypatch.setenv(MIRROR, server.url("mirror") + slash)
    server.serve("mirror/large.zip", CONTENT)
    urls = [server.serve("small.zip", CONTENT), server.serve("large.zip", CONTENT)]
    assert fetch(urls, folder, read) == CONTENT
    assert asked(server) == ["mirror/small.zip", "mirror/large.zip"]


def test_a_full_disk_is_not_taken_for_a_bad_source(server: Any, folder: Path) -> None:
    def full(file: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fetch([server.serve("file.bin", CONTENT)], folder, full)
    assert (folder / "file.bin").read_bytes() == CONTENT


def test_an_experiment_in_a_copy_of_the_project_uses_its_downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "project" / "downloads" / "file.bin"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(CONTENT)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "project"))
    monkeypatch.delenv(MIRROR, raising=False)
    assert fetch(["http://unneeded/file.bin"], Path("downloads"), read) == CONTENT
