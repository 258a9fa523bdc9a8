"""What is read of a tar archive is what `tarfile` reads of it, or nothing."""

import io
import re
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.plain_tar import UnusualError, wanted_files

WANTED, LARGEST = re.compile(rb"a/(\w+)"), 1000
FORMATS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
TYPES = st.sampled_from([tarfile.REGTYPE, *tarfile.SUPPORTED_TYPES, tarfile.XHDTYPE, tarfile.XGLTYPE, b"Z"])
BYTES = st.sampled_from(b"\0 0578/\x80\xff") | st.integers(0, 255)


@st.composite
def members(draw: st.DrawFn, odd: bool = True) -> bytes:
    """A file with its header, as tar writes them, or some bytes changed, with a checksum that is right or was."""
    info = tarfile.TarInfo("a/" + draw(st.text("ab/é", max_size=3)))
    info.size, info.mode = draw(st.sampled_from([0, 1, 512, 700, LARGEST])), 0o644
    if draw(st.booleans()):
        info.type, info.size = tarfile.DIRTYPE, 0
    content = draw(st.binary(min_size=1, max_size=1)) * -(-info.size // 512) * 512
    if odd and draw(st.booleans()):
        info.type = draw(TYPES)
        info.linkname, info.uname = draw(st.sampled_from(["", "link/é"])), draw(st.sampled_from(["", "root"]))
    header = bytearray(info.tobuf(draw(FORMATS)))
    if odd and draw(st.booleans()):
        places = st.sampled_from([0, *range(99, 157), *range(329, 347), 511])
        for place, byte in draw(st.dictionaries(places, BYTES, max_size=5)).items():
            header[place] = byte
        if draw(st.booleans()):
            values = [byte - 256 * (byte > 127) for byte in header] if draw(st.booleans()) else list(header)
            header[148:156] = b"%06o\0 " % max(sum(values) - sum(values[148:156]) + 256, 0)
    return bytes(header) + content


def by_tarfile(archive: bytes) -> list[tuple[str, bytes]]:
    found = []
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|") as tar:
        for member in tar:
            wanted = WANTED.fullmatch(member.name.encode(errors="replace"))
            if wanted and member.isreg() and not member.issparse() and (file := tar.extractfile(member)):
                found.append((wanted[1].decode(), file.read()))
    return found


def read(archive: bytes, largest: int = LARGEST) -> list[tuple[str, bytes]]:
    return list(wanted_files(io.BytesIO(archive), WANTED, largest))


@given(st.lists(members(), max_size=3).map(b"".join), st.sampled_from([b"", bytes(100), bytes(512), bytes(10240)]))
@settings(deadline=None, max_examples=2000)
def test_an_archive_damaged_or_not_is_what_tarfile_reads_or_left_to_it(files: bytes, end: bytes) -> None:
    try:
        found = read(files + end)
    except UnusualError:
        return
    assert found == by_tarfile(files + end)


@given(st.lists(members(odd=False), max_size=3).map(b"".join))
@settings(deadline=None)
def test_plain_files_and_folders_are_read(files: bytes) -> None:
    assert read(files + bytes(1024)) == by_tarfile(files + bytes(1024))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.AREGTYPE, tarfile.FIFOTYPE])
def test_anything_else_is_left_to_tarfile(kind: bytes) -> None:
    info = tarfile.TarInfo("a/b")
    assert read(info.tobuf() + bytes(512)) == [("b", b"")]
    info.type = kind
    with pytest.raises(UnusualError):
        read(info.tobuf() + bytes(512))


def test_a_wanted_file_that_is_large_is_not_read() -> None:
    info = tarfile.TarInfo("a/b")
    info.size = 600
    archive = info.tobuf() + b"x" * 1024 + bytes(512)
    assert read(archive, largest=600) == [("b", b"x" * 600)]
    with pytest.raises(UnusualError):
        read(archive, largest=599)
    info.name = "another"
    assert read(info.tobuf() + b"x" * 1024 + bytes(512), largest=599) == []
