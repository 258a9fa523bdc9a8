import hashlib
import zipfile
from pathlib import Path

import pytest

from pipeline.data import glove

VECTORS = "".join(f"word{number} {number / 7:.5f} -0.25\n" for number in range(500)).encode()
SHA256 = hashlib.sha256(VECTORS).hexdigest()


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return pack(tmp_path / "glove.zip", {"glove.6B.50d.txt": VECTORS, "glove.6B.100d.txt": b"other"})


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "vectors.txt"


def nothing_written(out: Path) -> bool:
    return not out.parent.exists() or not list(out.parent.iterdir())


def test_the_wanted_member_is_written_as_it_is(archive: Path, out: Path) -> None:
    glove.extract(archive, out, 50, SHA256, "")
    assert out.read_bytes() == VECTORS
    assert list(out.parent.iterdir()) == [out]


def test_the_archive_of_one_member_by_d2l(tmp_path: Path, out: Path) -> None:
    archive = pack(tmp_path / "one.zip", {"__MACOSX/glove.6B.50d/._vec.txt": b"", "glove.6B.50d/vec.txt": VECTORS})
    glove.extract(archive, out, 50, SHA256, "")
    assert out.read_bytes() == VECTORS


def test_a_member_with_other_content_is_refused(archive: Path, out: Path) -> None:
    with pytest.raises(ValueError, match=r"sha256 of glove\.6B\.100d\.txt is .*, not " + SHA256):
        glove.extract(archive, out, 100, SHA256, "")
    assert nothing_written(out)


def test_an_earlier_output_survives_a_refusal(archive: Path, out: Path) -> None:
    glove.extract(archive, out, 50, SHA256, "")
    with pytest.raises(ValueError, match="sha256"):
        glove.extract(archive, out, 100, SHA256, "")
    assert out.read_bytes() == VECTORS


def test_without_a_member_digest_the_archive_is_verified(archive: Path, out: Path) -> None:
    with pytest.raises(ValueError, match=r"sha256 of the archive is .*, not 00"):
        glove.extract(archive, out, 50, "", "00")
    assert nothing_written(out)
    glove.extract(archive, out, 50, "", hashlib.sha256(archive.read_bytes()).hexdigest())
    assert out.read_bytes() == VECTORS


def test_a_missing_member_is_named(archive: Path, out: Path) -> None:
    with pytest.raises(ValueError, match=r"no member glove\.6B\.300d\.txt, only glove\.6B\.50d\.txt, glove\.6B\.100d"):
        glove.extract(archive, out, 300, SHA256, "")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_archive_is_refused(archive: Path, out: Path, share: float) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match="damaged or incomplete zip"):
        glove.extract(archive, out, 50, SHA256, "")
    assert nothing_written(out)


def test_no_flipped_bit_gets_through(archive: Path, out: Path) -> None:
    content = archive.read_bytes()
    for position in range(0, len(content), 5):
        archive.write_bytes(content[:position] + bytes([content[position] ^ 0x11]) + content[position + 1 :])
        try:
            glove.extract(archive, out, 50, SHA256, "")
        except ValueError:
            assert nothing_written(out)
        else:  # a time stamp or the other member
            assert out.read_bytes() == VECTORS
            out.unlink()
