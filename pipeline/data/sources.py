"""Where a file can be had, in which order, and what to do when it cannot be had at all."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from pipeline.data.download import download
from pipeline.printable import printable, without_credentials

MIRROR = "ATTENTION_DATA_MIRROR"  # a folder or a URL prefix that holds the files under their names; tried first
REASON = 300  # characters of what went wrong with one copy

Content = TypeVar("Content")


def fetch(urls: Sequence[str], folder: Path, read: Callable[[Path], Content], *, mirrored_in: str = "") -> Content:
    """Reads the first copy of a file that proves to be the right one.

    Tried in this order: the mirror if it is a folder (read in place, never copied), `folder` (an earlier download, or
    put there by hand), the mirror if it is a URL prefix, then `urls`, which are downloaded into `folder`. Relative
    folders count from the project's root, also where DVC runs an experiment in a copy of it.

    Args:
        urls: best first; the last part of each is the name that the file has on a mirror and in `folder`.
        folder: where downloads are kept.
        read: takes the file and returns what the caller wants from it. It raises ValueError if the content is not what
            it must be; that copy is then refused, deleted if it has just been downloaded, and the next one is tried.
        mirrored_in: the folder of a mirror that holds the files.

    Raises:
        ValueError: no copy serves; the message names each one tried, why it failed, and what can be done.
    """
    names = list(dict.fromkeys(_name(url) for url in urls))
    mirror = os.environ.get(MIRROR, "")
    root = Path(os.environ.get("DVC_ROOT", ""))
    folder = root / folder
    files, addresses = [folder / name for name in names], list(urls)
    if "://" in mirror:
        addresses = ["/".join(filter(None, [mirror.rstrip("/"), mirrored_in, name])) for name in names] + addresses
    elif mirror:
        files = [root / mirror / mirrored_in / name for name in names] + files

    failures: list[str] = []

    def failed(place: str | Path, reason: str) -> None:
        said, place = printable(without_credentials(reason))[:REASON], without_credentials(str(place))
        failures.append(f"  {place}: {said}")
        print(f"{place}: {said}", file=sys.stderr, flush=True)

    for file in files:
        if not file.is_file():
            failures.append(f"  {file}: not there")
            continue
        try:
            return read(file)
        except ValueError as error:
            failed(file, f"refused: {error}")
    for address in addresses:
        file = folder / _name(address)
        print(f"downloading {without_credentials(address)}", file=sys.stderr, flush=True)
        try:
            download(address, file)
        except requests.RequestException as error:
            failed(address, _reason(error))
            continue
        try:
            return read(file)
        except ValueError as error:
            file.unlink()
            failed(address, f"refused: {error}")
    wanted = " or ".join(names)
    raise ValueError(
        f"no usable copy of {wanted}. Tried:\n" + "\n".join(failures) + "\n"
        f"What helps: set {MIRROR} to a folder or a URL prefix that has {wanted}; or put the file into {folder}; "
        "or run the demo, which needs no data from elsewhere: make demo"
    )


def _name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words: requests wraps a refused connection four times."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = inner
    return str(error) or type(error).__name__
