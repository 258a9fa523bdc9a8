import io
import random
from pathlib import Path
from typing import Any

import filelock
import pytest
import requests

from pipeline import progress
from pipeline.data import answer as module
from pipeline.data import download as downloading
from pipeline.data.download import download

CONTENT = random.Random(0).randbytes(400_000)
OTHER = random.Random(1).randbytes(300_000)
HALF = 200_000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "file.bin"


def interrupted(server: Any, target: Path, **faults: Any) -> str:
    """Leaves the first half of CONTENT behind, as a process killed half-way does; gives the URL."""
    url: str = server.serve("file.bin", CONTENT, cuts=[HALF, 0], **faults)
    with pytest.raises(requests.ConnectionError, match="broke"):
        download(url, target)
    server.requests.clear()
    return url


def part(target: Path) -> Path:
    return target.with_name("file.bin.part")


def test_a_whole_file_arrives_in_place(server: Any, target: Path) -> None:
    download(server.serve("file.bin", CONTENT), target)
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.glob("*.part*")] in ([], ["file.bin.part.lock"])


def test_a_broken_connection_is_taken_up_again(server: Any, target: Path) -> None:
    download(server.serve("file.bin", CONTENT, cuts=[HALF]), target)
    assert target.read_bytes() == CONTENT
    assert server.requests == [("file.bin", None, 200), ("file.bin", f"bytes={HALF}-", 206)]


def test_a_reset_connection_is_taken_up_again(server: Any, target: Path) -> None:
    download(server.serve("file.bin", CONTENT, cuts=[HALF], reset=True), target)
    assert target.read_bytes() == CONTENT
    assert [status for _, _, status in server.requests] == [200, 206]


def test_a_partial_file_is_kept_and_continued_by_the_next_process(server: Any, target: Path) -> None:
    url = interrupted(server, target)
    assert not target.exists()
    assert part(target).read_bytes() == CONTENT[:HALF]
    download(url, target)
    assert target.read_bytes() == CONTENT
    assert server.requests == [("file.bin", f"bytes={HALF}-", 206)]


def test_a_file_that_has_changed_is_downloaded_anew(server: Any, target: Path) -> None:
    url = interrupted(server, target)
    server.serve("file.bin", OTHER, etag='"two"')
    download(url, target)
    assert target.read_bytes() == OTHER


def test_a_partial_file_of_one_server_is_not_continued_by_another(server: Any, target: Path) -> None:
    interrupted(server, target)
    download(server.serve("mirror/file.bin", OTHER, etag='"elsewhere"'), target)
    assert target.read_bytes() == OTHER


def test_a_server_without_ranges_starts_over(server: Any, target: Path) -> None:
    download(server.serve("file.bin", CONTENT, ranges=False, cuts=[HALF]), target)
    assert target.read_bytes() == CONTENT
    assert [status for _, _, status in server.requests] == [200, 200]


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_nothing_is_continued_when_the_version_is_unknown(server: Any, target: Path, etag: str | None) -> None:
    download(server.serve("file.bin", CONTENT, etag=etag, cuts=[HALF]), target)
    assert target.read_bytes() == CONTENT
    assert [wanted for _, wanted, _ in server.requests] == [None, None]


def test_a_date_will_do_where_there_is_no_etag(server: Any, target: Path) -> None:
    date = "Thu, 01 Jan 2015 00:00:00 GMT"
    download(server.serve("file.bin", CONTENT, etag=None, headers={"Last-Modified": date}, cuts=[HALF]), target)
    assert [wanted for _, wanted, _ in server.requests] == [None, f"bytes={HALF}-"]


def test_another_range_than_asked_for_is_not_appended(server: Any, target: Path) -> None:
    download(server.serve("file.bin", CONTENT, wrong_range=True, cuts=[HALF]), target)
    assert target.read_bytes() == CONTENT
    assert [status for _, _, status in server.requests] == [200, 206, 200]


def test_a_partial_file_that_is_too_long_is_dropped(server: Any, target: Path) -> None:
    url = interrupted(server, target)
    part(target).write_bytes(CONTENT + b"more")
    server.serve("file.bin", CONTENT)
    download(url, target)
    assert target.read_bytes() == CONTENT
    assert [status for _, _, status in server.requests] == [416, 200]


def test_a_server_that_always_breaks_is_given_up(server: Any, target: Path) -> None:
    url = server.serve("file.bin", CONTENT, ranges=False, cuts=[HALF] * 9)
    with pytest.raises(requests.ConnectionError, match=f"broke after {HALF:,} bytes"):
        download(url, target)
    assert len(server.requests) == 2
    assert not target.exists()


def test_an_archive_labelled_as_gzip_encoded_stays_packed(server: Any, target: Path) -> None:
    download(server.serve("file.bin", CONTENT, headers={"Content-Encoding": "x-gzip"}), target)
    assert target.read_bytes() == CONTENT


def test_a_page_not_found_writes_nothing(server: Any, target: Path) -> None:
    with pytest.raises(requests.HTTPError, match="404"):
        download(server.url("file.bin"), target)
    assert not target.exists()
    assert not part(target).exists()


def test_a_silent_server_is_left(server: Any, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUTS", (1, 0.1))
    with pytest.raises(requests.Timeout):
        download(server.serve("file.bin", CONTENT, delay=0.3), target)
    assert not target.exists()


@pytest.mark.parametrize(
    ("crawls", "message"), [("head", "file.bin"), ("body", "too slow"), ("chunk", "too slow")], ids=str
)
def test_a_server_that_crawls_is_left(
    server: Any, target: Path, monkeypatch: pytest.MonkeyPatch, crawls: str, message: str
) -> None:
    """Each byte comes in time; all of them would take until tomorrow."""
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with pytest.raises(requests.RequestException, match=message):
        download(server.serve("file.bin", CONTENT, crawls=crawls), target)
    assert not target.exists()
    assert len(server.requests) == 1


def test_what_crawled_is_continued_by_the_next_process(
    server: Any, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    content = b"0" * 300_000
    with pytest.raises(requests.RequestException, match="too slow"):
        download(server.serve("file.bin", content, crawls="body"), target)
    download(server.serve("file.bin", content), target)
    assert target.read_bytes() == content
    assert [status for _, _, status in server.requests] == [200, 206]


@pytest.mark.parametrize("faults", [{"endless": True, "length": False}, {"claims": 10**12}, {"claims": 2**70}], ids=str)
def test_a_file_without_end_does_not_fill_the_disk(
    server: Any, target: Path, monkeypatch: pytest.MonkeyPatch, faults: dict[str, Any]
) -> None:
    monkeypatch.setattr(downloading, "LARGEST", 500_000)
    with pytest.raises(requests.RequestException, match="more than 500,000 bytes"):
        download(server.serve("file.bin", CONTENT, **faults), target)
    assert not target.exists()
    assert part(target).stat().st_size == 0


def test_a_server_that_breaks_after_every_byte_is_given_up(server: Any, target: Path) -> None:
    with pytest.raises(requests.ConnectionError, match="broke after 1 bytes"):
        download(server.serve("file.bin", CONTENT, cuts=[1] * 999), target)
    assert len(server.requests) == downloading.ATTEMPTS


def test_a_redirect_is_followed_and_its_body_left_alone(server: Any, target: Path) -> None:
    there = server.serve("there/file.bin", CONTENT)
    download(server.serve("file.bin", b"0" * 100_000, location=there, endless=True, length=False), target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("/file.bin", "more than 10 redirects"),
        ("http://[", "redirected to no address"),
        ("http://a..b/", "Failed to parse"),
        (f"http://{'a' * 64}.org/", "Failed to parse|label"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_given_up(server: Any, target: Path, location: str, message: str) -> None:
    with pytest.raises(requests.RequestException, match=message):
        download(server.serve("file.bin", CONTENT, location=location), target)
    assert not part(target).exists()


def test_a_length_that_is_too_long_is_a_broken_connection(server: Any, target: Path) -> None:
    with pytest.raises(requests.ConnectionError, match="broke after 400,000 bytes"):
        download(server.serve("file.bin", CONTENT, claims=len(CONTENT) + 5), target)
    assert not target.exists()


def test_two_processes_do_not_write_one_file(server: Any, target: Path) -> None:
    target.parent.mkdir()
    url = server.serve("file.bin", CONTENT)
    with (
        filelock.FileLock(f"{part(target)}.lock"),
        pytest.raises(BlockingIOError, match="another process is downloading"),
    ):
        download(url, target)
    assert server.requests == []


def test_a_log_hears_how_far_a_long_download_is(
    server: Any, target: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "FIRST", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    download(server.serve("file.bin", CONTENT * 2), target)
    lines = capsys.readouterr().err.splitlines()
    size = len(CONTENT) * 2 / 1e6
    assert lines[0].startswith("file.bin  ")
    assert lines[-1].startswith(f"file.bin  {size:.2g} of {size:.2g} MB  100 %  ")
    assert lines[-1].endswith(" MB/s  0:00 left")


def test_a_terminal_gets_a_bar(server: Any, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "REDRAWN", 0.0)
    download(server.serve("file.bin", CONTENT), target)
    assert "0.4 of 0.4 MB" in terminal.getvalue()


def test_a_length_that_is_not_told_is_no_hindrance(server: Any, target: Path) -> None:
    download(server.serve("file.bin", CONTENT, length=False), target)
    assert target.read_bytes() == CONTENT
