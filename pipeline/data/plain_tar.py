"""The files of a tar archive, read three times as fast as by `tarfile`, where nothing in it is unusual."""

import re
from collections.abc import Iterator
from typing import BinaryIO
from zlib import adler32

BLOCK = 512  # bytes
CHUNK = 1 << 20  # bytes that are passed over at a time
END = bytes(BLOCK)

_NUMBER = rb"[0-7]{7}\0"
_PLAIN = re.compile(
    _NUMBER * 3  # mode, user, group
    + rb"([0-7]{11})\0[0-7]{11}\0([0-7]{6})\0 ([05])"  # size, time, checksum, and the type: a file or a folder
    + rb".{172}(?:[0-7]{7}\0|\0{8}){2}\0",  # names of users, a device, and no first part of the name
    re.DOTALL,
)
_FILE, _FOLDER = b"0", b"5"
_SPACES = 8 * ord(" ")  # stand for the checksum while it is computed


class UnusualError(Exception):
    """Only `tarfile` knows what to make of it."""


def wanted_files(stream: BinaryIO, wanted: re.Pattern[bytes], largest: int) -> Iterator[tuple[str, bytes]]:
    """The first group of the name, and the content, of each file whose whole name is wanted.

    Raises:
        UnusualError: there is something else than plain files and folders, or damage, or a wanted file of more than
            `largest` bytes.
    """
    while (header := stream.read(BLOCK)) != END:
        plain = _PLAIN.match(header, 100)
        if len(header) != BLOCK or not plain or _sum(header) != int(plain[2], 8):
            raise UnusualError
        size, kind = int(plain[1], 8), plain[3]
        padded = -(-size // BLOCK) * BLOCK
        found = wanted.fullmatch(header[:100].partition(b"\0")[0])
        if kind == _FOLDER and size:
            raise UnusualError
        if found and kind == _FILE:
            content = stream.read(padded) if size <= largest else b""
            if len(content) != padded:
                raise UnusualError
            yield found[1].decode(), content[:size]
        else:
            for start in range(0, padded, CHUNK):
                stream.read(min(CHUNK, padded - start))


def _sum(header: bytes) -> int:
    """Its checksum, ten times as fast as `sum`: half of an Adler-32 is one more, modulo what 256 bytes do not reach."""
    halves = (adler32(header[:256]) & 0xFFFF) + (adler32(header[256:]) & 0xFFFF) - 2
    return halves - sum(header[148:156]) + _SPACES
