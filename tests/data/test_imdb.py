import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from pipeline.data import imdb

TEXTS = {
    f"{split}/{label}/{number}_{rating}.txt": f"{split} {label} {number}: <br />caf\u00e9\x85 &amp;\n".encode()
    for split in ("train", "test")
    for label, rating in (("pos", 9), ("neg", 2))
    for number in (0, 1, 10, 2)  # not in path order: 10 stands before 2
}
URLS = {
    f"{split}/urls_{label}.txt": "".join(
        f"http://www.imdb.com/title/tt{base + line:07}/usercomments\n" for line in range(11)
    ).encode()
    for base, (split, label) in enumerate([("train", "pos"), ("train", "neg"), ("test", "pos"), ("test", "neg")])
}
DIGEST = imdb.digest(TEXTS)


def pack(path: Path, members: dict[str, bytes], *odd: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in odd:
            tar.addfile(member)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def under_root(members: dict[str, bytes]) -> dict[str, bytes]:
    return {f"aclImdb/{name}": content for name, content in members.items()}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return pack(tmp_path / "aclImdb_v1.tar.gz", under_root(TEXTS | URLS))


def test_the_digest_is_what_its_docstring_says() -> None:
    texts = {"train/pos/0_9.txt": b"b", "test/neg/0_2.txt": b"a"}
    assert imdb.digest(texts) == hashlib.sha256(b"test/neg/0_2.txt\0a\0train/pos/0_9.txt\0b\0").hexdigest()


def test_reviews_in_path_order_with_their_movies(archive: Path) -> None:
    reviews = imdb.read(archive, DIGEST, reviews_per_class=4)
    assert list(reviews.columns) == ["split", "label", "name", "movie", "text"]
    assert list(reviews["name"]) == sorted(TEXTS)
    assert reviews["label"].dtype == "int8"
    assert list(reviews.iloc[1]) == ["test", 0, "test/neg/10_2.txt", "tt0000013", TEXTS["test/neg/10_2.txt"].decode()]
    assert list(reviews.iloc[-1][["split", "label", "movie"]]) == ["train", 1, "tt0000002"]


def test_anything_else_in_the_archive_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "a/b/c"  # up from here is still in the test's folder: all that could be written is seen
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    link = tarfile.TarInfo("aclImdb/train/pos/77_9.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard = tarfile.TarInfo("aclImdb/train/pos/78_9.txt")
    hard.type, hard.linkname = tarfile.LNKTYPE, "aclImdb/train/pos/0_9.txt"
    folder = tarfile.TarInfo("aclImdb/train/pos/79_9.txt")
    folder.type = tarfile.DIRTYPE
    others = dict.fromkeys(
        [
            "aclImdb/README",
            "aclImdb/train/unsup/0_0.txt",
            "aclImdb/train/urls_unsup.txt",
            "aclImdb/train/pos/0_9.txt.bak",
            "aclImdb/train/pos/x/0_9.txt",
            "aclImdb/../train/pos/3_9.txt",
            "/aclImdb/train/pos/3_9.txt",
            "../../aclImdb/train/pos/3_9.txt",
            f"{tmp_path}/elsewhere/aclImdb/train/pos/3_9.txt",
            "train/pos/3_9.txt",
            "aclImdb/train/pos/\u0663_9.txt",
        ],
        b"odd",
    )
    archive = pack(here / "odd.tar.gz", others | under_root(TEXTS | URLS), link, hard, folder)
    assert len(imdb.read(archive, DIGEST, reviews_per_class=4)) == len(TEXTS)
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == [archive]
    assert not (tmp_path / "elsewhere").exists()


def test_a_sparse_file_is_passed_over(tmp_path: Path) -> None:
    """Nothing in the archive, and a terabyte of zeros for the one who reads it."""
    sparse = tarfile.TarInfo("aclImdb/train/pos/77_9.txt")
    sparse.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(10**12)}
    archive = pack(tmp_path / "sparse.tar.gz", under_root(TEXTS | URLS), sparse)
    assert len(imdb.read(archive, DIGEST, reviews_per_class=4)) == len(TEXTS)


def test_a_member_that_unpacks_to_megabytes_is_refused(tmp_path: Path) -> None:
    archive = pack(tmp_path / "bomb.tar.gz", under_root(TEXTS | {"train/pos/0_9.txt": bytes(5_000_000)}))
    assert archive.stat().st_size < 20_000
    with pytest.raises(ValueError, match=r"train/pos/0_9\.txt has 5,000,000 bytes, more than 4,194,304"):
        imdb.read(archive, DIGEST, reviews_per_class=4)


@pytest.mark.parametrize("name", ["aclImdb/train/unsup/0_0.txt", "bomb"])
def test_an_archive_that_unpacks_without_end_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imdb, "LARGEST", 2_000_000)
    archive = pack(tmp_path / "bomb.tar.gz", {name: bytes(3_000_000)} | under_root(TEXTS | URLS))
    with pytest.raises(ValueError, match="it unpacks to more than 2,000,000 bytes"):
        imdb.read(archive, DIGEST, reviews_per_class=4)


def test_headers_within_headers_without_end_are_damage(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 5
    nested = header.tobuf(tarfile.GNU_FORMAT) + b"name\0".ljust(512, b"\0")
    (tmp_path / "nested.tar.gz").write_bytes(gzip.compress(nested * 3000))
    with pytest.raises(ValueError, match=r"damaged or incomplete \.tar\.gz archive: maximum recursion"):
        imdb.read(tmp_path / "nested.tar.gz", DIGEST)


@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_header_that_would_unfold_to_megabytes_is_refused(tmp_path: Path, kind: int) -> None:
    long = tarfile.TarInfo("aclImdb/train/pos/" + "x" * 70_000 + ".txt")
    (tmp_path / "long.tar.gz").write_bytes(gzip.compress(long.tobuf(kind) + bytes(1024)))
    with pytest.raises(ValueError, match=r"damaged or incomplete \.tar\.gz archive: a header of 70,\d\d\d bytes"):
        imdb.read(tmp_path / "long.tar.gz", DIGEST)


def test_of_a_review_that_stands_twice_the_last_counts(tmp_path: Path) -> None:
    twice = tarfile.TarInfo("aclImdb/train/pos/0_9.txt")
    archive = pack(tmp_path / "twice.tar.gz", under_root(TEXTS | URLS), twice)  # this one is empty and comes first
    assert imdb.read(archive, DIGEST, reviews_per_class=4)["text"].str.len().min() > 0


def test_a_review_that_is_no_text_is_named(tmp_path: Path) -> None:
    texts = TEXTS | {"test/pos/1_9.txt": b"caf\xe9"}
    archive = pack(tmp_path / "latin.tar.gz", under_root(texts | URLS))
    with pytest.raises(ValueError, match=r"test/pos/1_9\.txt is not UTF-8: unexpected end of data at byte 3"):
        imdb.read(archive, imdb.digest(texts), reviews_per_class=4)


def test_a_changed_review_is_refused(tmp_path: Path) -> None:
    changed = TEXTS | {"test/neg/0_2.txt": b"other"}
    archive = pack(tmp_path / "changed.tar.gz", under_root(changed | URLS))
    with pytest.raises(ValueError, match=f"sha256 of its reviews is {imdb.digest(changed)}, not {DIGEST}"):
        imdb.read(archive, DIGEST, reviews_per_class=4)


def test_a_missing_review_is_refused_with_the_counts(tmp_path: Path) -> None:
    fewer = {name: text for name, text in TEXTS.items() if name != "train/neg/2_2.txt"}
    archive = pack(tmp_path / "fewer.tar.gz", under_root(fewer | URLS))
    with pytest.raises(
        ValueError, match=r"4 reviews expected.*4 in test/neg, 4 in test/pos, 3 in train/neg, 4 in train/pos"
    ):
        imdb.read(archive, DIGEST, reviews_per_class=4)


def test_the_real_data_set_has_12500_of_each(archive: Path) -> None:
    with pytest.raises(ValueError, match="12,500 reviews expected of each class in each split"):
        imdb.read(archive, DIGEST)


@pytest.mark.parametrize("urls", [{}, {"test/urls_neg.txt": b"http://www.imdb.com/title/tt0000001/\n"}])
def test_a_review_without_a_movie_is_refused(tmp_path: Path, urls: dict[str, bytes]) -> None:
    archive = pack(tmp_path / "urls.tar.gz", under_root(TEXTS | urls))
    with pytest.raises(ValueError, match="no movie for test/neg/"):
        imdb.read(archive, DIGEST, reviews_per_class=4)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_archive_is_refused(archive: Path, share: float) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"damaged or incomplete \.tar\.gz"):
        imdb.read(archive, DIGEST, reviews_per_class=4)


def test_no_flipped_bit_gets_through(archive: Path) -> None:
    content = archive.read_bytes()
    right = imdb.read(archive, DIGEST, reviews_per_class=4)
    refused = 0
    for position in range(0, len(content), 7):
        archive.write_bytes(content[:position] + bytes([content[position] ^ 0x10]) + content[position + 1 :])
        try:
            assert imdb.read(archive, DIGEST, reviews_per_class=4).equals(right)  # the archive's own time and name
        except ValueError:
            refused += 1
    assert refused > len(content) // 7 * 0.9


def test_a_page_instead_of_an_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.tar.gz").write_text("<html>moved</html>")
    with pytest.raises(ValueError, match=r"damaged or incomplete \.tar\.gz.*Not a gzipped file"):
        imdb.read(tmp_path / "page.tar.gz", DIGEST)
