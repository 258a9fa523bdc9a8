"""One URL to one file: streamed, resumed after an interruption, with progress, in place only when complete."""

from pathlib import Path

import filelock
import requests

from pipeline.data.answer import answer, chunks
from pipeline.data.atomic import naming
from pipeline.progress import Progress

ATTEMPTS = 20  # connections at most, each of which got further than the one before
LARGEST = 4 << 30  # bytes; twice the largest archive of GloVe: a server that never ends shall not fill the disk
MB = 1e6  # bytes


def download(url: str, target: Path) -> None:
    """Downloads `url` to `target`, going on from `target`.part where an earlier attempt left one.

    A connection that breaks is taken up again as long as each attempt gets further than the one before. A partial file
    is continued only if the server confirms (If-Range, RFC 9110 section 13.1.5) that its file is still the same one;
    otherwise, and where the server ignores ranges, the download starts over.

    Raises:
        requests.RequestException: the source cannot serve the file; its partial file stays, to be continued.
        BlockingIOError: another process is downloading this file.
        OSError: the disk is full, say; the partial file stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.part")
    try:
        with filelock.FileLock(f"{partial}.lock", timeout=0):
            for attempt in range(ATTEMPTS):
                before = _size(partial)
                try:
                    _continue(url, partial)
                    break
                except requests.ConnectionError:
                    if _size(partial) <= before or attempt == ATTEMPTS - 1:
                        raise
            partial.replace(target)
            _tag(partial).unlink(missing_ok=True)
    except filelock.Timeout:
        raise BlockingIOError(f"another process is downloading {target}: wait until it is done, or end it") from None


def _continue(url: str, partial: Path) -> None:
    tag = _tag(partial).read_text() if _tag(partial).exists() else ""
    start = _size(partial) if tag else 0
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": tag}
    with answer(url, headers) as response, naming(partial):
        resumed = start > 0 and response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        useless = start > 0 and (response.status_code == 416 or (response.status_code == 206 and not resumed))
        if not useless:
            response.raise_for_status()
            if not resumed:
                start = 0
                partial.unlink(missing_ok=True)  # before the tag: it never stands beside another version's bytes
                _tag(partial).write_text(_validator(response))
            _append(response, partial, start)
    if useless:  # the partial file is longer than the file, or the server sends another part than asked for
        partial.unlink()
        _continue(url, partial)


def _append(response: requests.Response, partial: Path, start: int) -> None:
    left = response.raw.length_remaining  # None if the server does not say
    total = 0 if left is None else start + left
    with partial.open("ab") as file, Progress() as progress:
        task = progress.task(partial.stem, total / MB, "MB", start / MB)
        for chunk in chunks(response):
            if max(total, file.tell() + len(chunk)) > LARGEST:
                file.truncate(0)
                raise requests.RequestException(f"more than {LARGEST:,} bytes: no wanted file is so large")
            file.write(chunk)
            task.advance(len(chunk) / MB)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tag(partial: Path) -> Path:
    """Beside a partial file: which version of the file its bytes belong to."""
    return partial.with_name(f"{partial.name}.tag")


def _validator(response: requests.Response) -> str:
    """What names this version of the file in If-Range: a strong ETag or a date; empty if the server gives neither."""
    etag = response.headers.get("ETag", "W/")
    return response.headers.get("Last-Modified", "") if etag.startswith("W/") else etag
