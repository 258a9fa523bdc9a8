"""A small archive in the layout of IMDB, and a server that takes its time over it."""

import io
import re
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from pipeline.data import imdb

CHUNKS = 100


def pack() -> tuple[bytes, str]:
    """The archive, with as many reviews as IMDB has, of a few words each; and the digest of its reviews."""
    texts = {
        f"{split}/{label}/{number}_{rating}.txt": f"{split} {label} {number}".encode()
        for split in imdb.SPLITS
        for label, rating in (("pos", 9), ("neg", 2))
        for number in range(imdb.REVIEWS_PER_CLASS)
    }
    movies = b"".join(b"http://www.imdb.com/title/tt%07d/\n" % (line // 10) for line in range(imdb.REVIEWS_PER_CLASS))
    lists = {f"{split}/urls_{label}.txt": movies for split in imdb.SPLITS for label in ("pos", "neg")}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for name, content in (texts | lists).items():
            info = tarfile.TarInfo(f"aclImdb/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue(), imdb.digest(texts)


@contextmanager
def served(content: bytes, seconds: float) -> Iterator[str]:
    """The address of a file that takes that long to come, the rest of it as much less; ranges are answered."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(wanted[1]) if wanted else 0
            self.send_response(206 if wanted else 200)
            self.send_header("ETag", '"small"')
            self.send_header("Content-Length", str(len(content) - start))
            if wanted:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            size = len(content) // CHUNKS + 1
            with suppress(ConnectionError):
                for begin in range(start, len(content), size):
                    self.wfile.write(content[begin : begin + size])
                    time.sleep(seconds / CHUNKS)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{Path('aclImdb_v1.tar.gz')}"
        server.shutdown()
