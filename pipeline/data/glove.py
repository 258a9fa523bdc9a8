"""GloVe 6B word vectors (Pennington et al. 2014), taken out of whichever zip archive holds them."""

import errno
import hashlib
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from isal import isal_zlib

from pipeline.data.atomic import replacing
from pipeline.progress import Progress

CHUNK = 1 << 20  # bytes
MB = 1e6  # bytes
LARGEST = 2 << 30  # bytes of a member; of 300 dimensions, the most there are, it has half of it
NAMED = 5  # members in an error


def extract(archive: Path, out: Path, dimensions: int, sha256: str, archive_sha256: str) -> None:
    """Writes the vectors of one length to `out`, as they are: a line per word, "word v1 .. vE".

    Args:
        archive: a zip with the member glove.6B.<dimensions>d.txt, or vec.txt as d2l's archives of one member call it.
        out: appears only when verified.
        dimensions: length of a vector.
        sha256: of the member; if empty, the whole archive is verified instead.
        archive_sha256: of the archive; looked at only where there is no `sha256`.

    Raises:
        ValueError: the archive is damaged, has no such member, or has other content.
    """
    if not sha256:
        content = hashlib.sha256()
        with archive.open("rb") as file, Progress() as progress:
            task = progress.task(f"verifying {archive.name}", archive.stat().st_size / MB, "MB")
            while chunk := file.read(CHUNK):
                content.update(chunk)
                task.advance(len(chunk) / MB)
        _compare("the archive", content.hexdigest(), archive_sha256)
    try:
        with zipfile.ZipFile(archive) as zip_file, replacing(out) as part, part.open("wb") as target:
            member = _member(zip_file, dimensions)
            method = zip_file.getinfo(member).compress_type
            if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{member} is not deflated: of other compressions a megabyte can unpack to gigabytes")
            content = hashlib.sha256()
            with zip_file.open(member) as source, Progress() as progress:
                if method == zipfile.ZIP_DEFLATED:  # as zlib does, in a third of the time
                    source._decompressor = isal_zlib.decompressobj(-zlib.MAX_WBITS)  # type: ignore[attr-defined]
                task = progress.task(f"unpacking {archive.name}", zip_file.getinfo(member).file_size / MB, "MB")
                while chunk := source.read(CHUNK):
                    if target.tell() + len(chunk) > LARGEST:
                        raise ValueError(f"{member} unpacks to more than {LARGEST:,} bytes")
                    content.update(chunk)
                    target.write(chunk)
                    task.advance(len(chunk) / MB)
            if sha256:
                _compare(member, content.hexdigest(), sha256)
    except (zipfile.BadZipFile, zlib.error, isal_zlib.error, EOFError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: damage that points outside the archive
            raise
        raise ValueError(f"a damaged or incomplete zip archive: {error}") from None


def _member(zip_file: zipfile.ZipFile, dimensions: int) -> str:
    wanted = f"glove.6B.{dimensions}d.txt"
    for name in zip_file.namelist():
        if PurePosixPath(name).name in (wanted, "vec.txt"):
            return name
    names = [f"{name:.60}" for name in zip_file.namelist()[:NAMED]]
    raise ValueError(f"it has no member {wanted}, only {', '.join(names)}{', ...' * (len(zip_file.filelist) > NAMED)}")


def _compare(what: str, actual: str, expected: str) -> None:
    if actual != expected:
        raise ValueError(f"the sha256 of {what} is {actual}, not {expected}")
