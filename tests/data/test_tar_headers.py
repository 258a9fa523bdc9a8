import tarfile

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.tar_headers import Header

FORMATS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
TYPES = st.sampled_from([tarfile.REGTYPE, *tarfile.SUPPORTED_TYPES, tarfile.XHDTYPE, tarfile.XGLTYPE, b"Z"])
BYTES = st.sampled_from(b"\0 0778/\x80\xff") | st.integers(0, 255)


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """One that tar writes, some of its bytes changed, with a checksum that is right for it, or was."""
    info = tarfile.TarInfo(draw(st.text("aclImdb/0é\0", max_size=30)))
    info.type = draw(st.just(tarfile.REGTYPE) | TYPES)
    info.size = draw(st.integers(0, 1 << 30))
    info.linkname, info.uname = draw(st.sampled_from(["", "link/é"])), draw(st.sampled_from(["", "root"]))
    header = bytearray(info.tobuf(draw(FORMATS)))
    changed = draw(st.dictionaries(st.sampled_from([0, *range(99, 157), *range(329, 347), 511]), BYTES))
    for place, byte in changed.items():
        header[place] = byte
    if draw(st.booleans()):
        values = [byte - 256 * (byte > 127) for byte in header] if draw(st.booleans()) else list(header)
        header[148:156] = b"%06o\0 " % max(sum(values) - sum(values[148:156]) + 256, 0)
    return bytes(header)


def found(kind: type[tarfile.TarInfo], header: bytes) -> object:
    try:
        info = kind.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        return type(error), str(error)
    return info.name, info.size, info.type, info.chksum, info.sparse, info.pax_headers, info.offset


@given(headers() | st.binary(max_size=9) | st.just(bytes(512)))
@settings(deadline=None, max_examples=2000)
def test_a_header_damaged_or_not_is_what_tarfile_reads(header: bytes) -> None:
    assert found(Header, header) == found(tarfile.TarInfo, header)


def test_the_short_way_is_taken_for_plain_files_alone() -> None:
    """It leaves out whom a file belongs to."""
    info = tarfile.TarInfo("aclImdb/train/pos/0_9.txt")
    info.uid = 7
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT):
        assert Header.frombuf(info.tobuf(form), "utf-8", "strict").uid == 0
        info.type = tarfile.SYMTYPE
        assert Header.frombuf(info.tobuf(form), "utf-8", "strict").uid == 7
        info.type = tarfile.REGTYPE
