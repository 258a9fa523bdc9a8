"""The Large Movie Review Dataset v1.0 (Maas et al. 2011), read straight from its archive."""

import gzip
import hashlib
import io
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from isal import igzip, isal_zlib

from pipeline.data.plain_tar import UnusualError, wanted_files
from pipeline.progress import Progress

if TYPE_CHECKING:
    import pandas

MB = 1e6  # bytes
SPLITS = ("test", "train")
LABELS = {"neg": 0, "pos": 1}
REVIEWS_PER_CLASS = 12_500  # in each split
LARGEST = 1 << 30  # bytes of the archive, unpacked; without the features it has a fifth of it
LARGEST_HEADER = 1 << 16  # bytes of a long name or other properties: as Python's objects they take 16 times as much
LARGEST_MEMBER = 1 << 22  # bytes; a list of movies has less than a fifth of it, a review a three-hundredth

BUFFER = 1 << 17  # bytes that are unpacked at a time

_WANTED = re.compile(rb"aclImdb/((?:train|test)/(?:(?:neg|pos)/\d+_\d+|urls_(?:neg|pos))\.txt)")
_EXTENSIONS = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)
_MOVIE = re.compile(rb"/title/(tt\d+)/")


def read(archive: Path, sha256: str, reviews_per_class: int = REVIEWS_PER_CLASS) -> "pandas.DataFrame":
    """The labelled reviews of aclImdb_v1.tar.gz or any repack of it, verified.

    The archive is streamed once and nothing is unpacked on disk. Everything but the labelled reviews and the lists of
    movies is passed over: the unlabelled reviews, features, links, any other path.

    Args:
        archive: the .tar.gz.
        sha256: what `digest` gives for the right reviews.
        reviews_per_class: how many there must be of each class in each split.

    Returns:
        A row per review in path order: split ("train" or "test"), label (int8; 1 = positive), name
        ("train/pos/0_9.txt"), movie ("tt0453418": line i, from 0, of urls_pos.txt belongs to the file i_9.txt), text.

    Raises:
        ValueError: the archive is damaged, incomplete, or holds other reviews.
    """
    import pyarrow

    members = _members(archive)
    lists = {name: members.pop(name).splitlines() for name in list(members) if "/urls_" in name}
    texts = members
    counts = Counter(name.rpartition("/")[0] for name in texts)
    if any(counts[f"{split}/{label}"] != reviews_per_class for split in SPLITS for label in LABELS):
        found = ", ".join(f"{counts[f'{split}/{label}']:,} in {split}/{label}" for split in SPLITS for label in LABELS)
        raise ValueError(f"{reviews_per_class:,} reviews expected of each class in each split, but there are {found}")
    if (actual := digest(texts)) != sha256:
        raise ValueError(f"the sha256 of its reviews is {actual}, not {sha256}")

    rows = []
    for name in sorted(texts):
        split, label, file = name.split("/")
        movie = _movie(lists.get(f"{split}/urls_{label}.txt", []), name, line=int(file.partition("_")[0]))
        try:
            rows.append((split, LABELS[label], name, movie, texts[name].decode()))
        except UnicodeDecodeError as error:
            raise ValueError(f"{name} is not UTF-8: {error.reason} at byte {error.start}") from None
    columns = dict(zip(("split", "label", "name", "movie", "text"), zip(*rows, strict=True), strict=True))
    reviews: pandas.DataFrame = pyarrow.table(columns).to_pandas()  # in a fifth of the time that pandas takes for rows
    return reviews.astype({"label": "int8"})


def digest(texts: dict[str, bytes]) -> str:
    """The sha256 that identifies the content, whatever archive it came in.

    Over every review, in the order of the names as plain strings: its name ("test/neg/0_2.txt") in UTF-8, a zero byte,
    the file's bytes, a zero byte. The lists of movies are not part of it.
    """
    content = hashlib.sha256()
    for name in sorted(texts):
        content.update(name.encode() + b"\0" + texts[name] + b"\0")
    return content.hexdigest()


class _Limited(igzip.IGzipFile):  # type: ignore[misc]  # it has no types
    """Refuses to give more than LARGEST bytes: a small archive can unpack to a thousand times its size."""

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes."""
        found: bytes = super().read(size)
        if self.tell() > LARGEST:
            raise ValueError(f"it unpacks to more than {LARGEST:,} bytes")
        return found


class _Member(tarfile.TarInfo):
    """Refuses what extends a header if it is large: tarfile reads and unfolds all of it before it says what it is."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """The header in a block of the archive."""
        found = super().frombuf(buf, encoding, errors)
        if found.type in _EXTENSIONS and found.size > LARGEST_HEADER:
            raise tarfile.ReadError(f"a header of {found.size:,} bytes")
        return found


def _members(archive: Path) -> dict[str, bytes]:
    """The wanted members, by path within aclImdb. Of two of one path the last counts, as where tar unpacks them."""
    try:
        try:
            return _read(archive, partial(wanted_files, wanted=_WANTED, largest=LARGEST_MEMBER))
        except UnusualError:
            return _read(archive, _any_files)
    except (tarfile.TarError, gzip.BadGzipFile, isal_zlib.error, EOFError, RecursionError) as error:
        raise ValueError(f"a damaged or incomplete .tar.gz archive: {error}") from None


def _read(archive: Path, files: Callable[[BinaryIO], Iterator[tuple[str, bytes]]]) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    with (
        Progress() as progress,
        archive.open("rb") as file,
        io.BufferedReader(_Limited(fileobj=file), BUFFER) as stream,
    ):
        task = progress.task(f"reading {archive.name}", archive.stat().st_size / MB, "MB")
        for name, content in files(stream):
            members[name] = content
            task.reach(file.tell() / MB)
        while stream.read(BUFFER):  # to the very end, where gzip compares its checksum
            pass
    return members


def _any_files(stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as tar:
        for member in tar:
            tar.members.clear()  # type: ignore[attr-defined] # else every header that is passed over stays in memory
            wanted = _WANTED.fullmatch(member.name.encode(errors="replace"))
            if not wanted or not member.isreg() or member.issparse():  # a sparse file is as large as it says
                continue
            name = wanted[1].decode()
            if member.size > LARGEST_MEMBER:
                raise ValueError(f"{name} has {member.size:,} bytes, more than {LARGEST_MEMBER:,}")
            if text := tar.extractfile(member):
                yield name, text.read()


def _movie(urls: list[bytes], name: str, line: int) -> str:
    if line >= len(urls) or not (match := _MOVIE.search(urls[line])):
        raise ValueError(f"no movie for {name}: its urls file has none in line {line} (from 0)")
    return match[1].decode()
