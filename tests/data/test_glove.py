import hashlib
import zipfile
from pathlib import Path

import pytest

from pipeline.data import glove

VECTORS = "".join(f"word{number} {number / 7:.5f} -0.25\n" for number in range(500)).encode()
SHA256 = hashlib.sha256(VECTORS).hexdigest()


def pack(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
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


def test_a_member_that_unpacks_without_end_is_refused(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glove, "LARGEST", 2_000_000)
    archive = pack(tmp_path / "bomb.zip", {"glove.6B.50d.txt": bytes(50_000_000)})
    assert archive.stat().st_size < 60_000
    with pytest.raises(ValueError, match=r"glove\.6B\.50d\.txt unpacks to more than 2,000,000 bytes"):
        glove.extract(archive, out, 50, SHA256, "")
    assert nothing_written(out)


@pytest.mark.parametrize("folder", ["../..", "absolute"])
def test_where_a_member_says_it_belongs_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Up from here, and up from the output, is still in the test's folder: all that could be written is seen."""
    here = tmp_path / "a/b/c"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    place = tmp_path / "elsewhere" if folder == "absolute" else folder
    archive = pack(here / "glove.zip", {f"{place}/glove.6B.50d.txt": VECTORS})
    glove.extract(archive, out := here / "out/vectors.txt", 50, SHA256, "")
    assert {path for path in tmp_path.rglob("*") if not path.is_dir()} == {archive, out}
    assert not (tmp_path / "elsewhere").exists()


def test_a_link_is_the_text_that_it_is(tmp_path: Path, out: Path) -> None:
    link = zipfile.ZipInfo("glove.6B.50d.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(ValueError, match=f"is {hashlib.sha256(b'/etc/passwd').hexdigest()}, not"):
        glove.extract(tmp_path / "link.zip", out, 50, SHA256, "")
    assert nothing_written(out)


def test_of_many_members_a_few_are_named(tmp_path: Path, out: Path) -> None:
    archive = pack(tmp_path / "many.zip", {f"{number}-{'x' * 999}": b"" for number in range(99)})
    with pytest.raises(ValueError, match=r"no member glove\.6B\.50d\.txt, only 0-x{58}, 1-.*, 4-x{58}, \.\.\.$"):
        glove.extract(archive, out, 50, SHA256, "")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_is_refused(tmp_path: Path, out: Path, method: int) -> None:
    archive = pack(tmp_path / "other.zip", {"glove.6B.50d.txt": VECTORS}, method)
    with pytest.raises(ValueError, match=r"glove\.6B\.50d\.txt is not deflated"):
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


@pytest.mark.parametrize("right_one_is", ["first", "last"])
def test_of_two_members_of_one_name_the_last_counts(tmp_path: Path, out: Path, right_one_is: str) -> None:
    name, contents = "glove.6B.50d.txt", [VECTORS, b"other"]
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as file:
        first, last = contents if right_one_is == "first" else reversed(contents)
        file.writestr(name, first)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr(name, last)
    if right_one_is == "last":
        glove.extract(tmp_path / "twice.zip", out, 50, SHA256, "")
        assert out.read_bytes() == VECTORS
    else:
        with pytest.raises(ValueError, match="sha256"):
            glove.extract(tmp_path / "twice.zip", out, 50, SHA256, "")
        assert nothing_written(out)
