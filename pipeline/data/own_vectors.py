"""A file of word vectors of one's own, in GloVe's or word2vec's text format -> GloVe's, with every line verified."""

import gzip
import math
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from isal import igzip, isal_zlib

from pipeline.data.atomic import replacing
from pipeline.data.embeddings import LONGEST

DIGITS = 9  # of a number in the first line: more words, or longer vectors, no file has
OVERFLOW = 2.0**128 - 2.0**103  # the least number that is infinite as a float32
GZIP = b"\x1f\x8b"  # the first bytes of every such file
LARGEST = 16 << 30  # bytes of a packed file, unpacked: three million words of 300 numbers have two thirds of it
CHUNK = 1 << 20  # bytes


def rewrite(path: Path, out: Path) -> tuple[int, int]:
    """Writes a line per word, "word v1 .. vE", in the order of the file.

    A first line of two whole numbers is word2vec's: how many words, and E. Else E is that of the first line. A word
    with white space in it is left out, since no token has any.

    Args:
        path: text, plain or gzip.
        out: appears only when the whole file is right.

    Returns:
        how many words, and E.

    Raises:
        ValueError: the first line that is wrong, and why.
    """
    words = lines = 0
    promised = dimensions = None
    with replacing(out) as part, part.open("wb") as target:
        for number, line in enumerate(_lines(path), start=1):
            fields = (line.removeprefix(BOM_UTF8) if number == 1 else line).split()
            if number == 1 and len(fields) == 2 and all(field.isdigit() for field in fields):
                if max(map(len, fields)) > DIGITS:
                    raise ValueError(f"{path}, line 1: its numbers have more than {DIGITS} digits")
                promised, dimensions = map(int, fields)
                continue
            if not fields:
                continue
            dimensions = dimensions or len(fields) - 1
            lines += 1
            values = fields[-dimensions:] if dimensions else []
            word = fields[: len(fields) - len(values)]
            if not word or not values or not _fit_float32(values) or any(map(_is_number, word[1:])):
                start = line[:40].decode("utf-8", "replace").strip()
                raise ValueError(
                    f"{path}, line {number}: a word and {dimensions or 'some'} finite numbers (float32) are needed, as "
                    f"in the first line, but it has {len(fields)} fields, {start!r} ..; text formats are read, no "
                    "binary ones"
                )
            if len(word) == 1:
                target.write(b" ".join(fields) + b"\n")
                words += 1
        if not words or not dimensions:
            raise ValueError(f"{path} holds no word vectors")
        if promised not in (None, lines):
            raise ValueError(f"{path}: {promised:,} words are promised in its first line, but it has {lines:,}")
    return words, dimensions


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as plain:
        packed = plain.read(len(GZIP)) == GZIP
        plain.seek(0)
        try:
            if packed:
                _demand_size(path)
            lines = igzip.IGzipFile(fileobj=plain) if packed else plain
            for number, line in enumerate(iter(partial(lines.readline, LONGEST), b""), start=1):
                if len(line) == LONGEST:
                    raise ValueError(f"{path}, line {number}: {LONGEST:,} bytes or more: this is no file of vectors")
                yield line
        except (EOFError, gzip.BadGzipFile, isal_zlib.error) as error:
            raise ValueError(f"{path}: a damaged or incomplete .gz file: {error}") from None


def _demand_size(path: Path) -> None:
    """A pass that keeps nothing: a few megabytes can be endless lines, each of them right, and fill the disk."""
    with igzip.open(path) as packed:
        while packed.read(CHUNK):
            if packed.tell() > LARGEST:
                raise ValueError(f"{path}: it unpacks to more than {LARGEST:,} bytes: no file of vectors is so large")


def _fit_float32(values: list[bytes]) -> bool:
    try:
        return math.hypot(*map(float, values)) < OVERFLOW  # no value is larger, and NaN is not less
    except ValueError:
        return False


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
