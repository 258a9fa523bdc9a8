"""A real web server on this machine, with the faults that real ones have."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest


@dataclass
class Served:
    """One file as the server gives it."""

    content: bytes
    etag: str | None = '"one"'
    ranges: bool = True  # False: the Range header is ignored
    wrong_range: bool = False  # answers a range with the bytes from 0
    cuts: list[int] = field(default_factory=list)  # bytes after which the connection is dropped, one for each request
    reset: bool = False  # a cut is a reset (RST) instead of an orderly end
    length: bool = True  # False: no Content-Length
    delay: float = 0  # seconds before it answers
    headers: dict[str, str] = field(default_factory=dict)  # further ones


class FileServer(ThreadingHTTPServer):
    """Serves `files` by path and remembers each request as (path, Range header, status)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str | None, int]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def serve(self, path: str, content: bytes, **faults: Any) -> str:
        """From now on serves `content` there, with the faults that `Served` knows; gives the URL."""
        self.files[path] = Served(content, **faults)
        return self.url(path)


class Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        path, wanted = self.path.lstrip("/"), self.headers.get("Range")
        served = self.server.files.get(path)
        if served is None:
            self.server.requests.append((path, wanted, 404))
            self.send_error(404)
            return
        start, status = 0, 200
        if (
            wanted
            and served.ranges
            and self.headers.get("If-Range") in (served.etag, served.headers.get("Last-Modified"))
        ):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            status = 206 if start < len(served.content) else 416
            if served.wrong_range:
                start = 0
        self.server.requests.append((path, wanted, status))
        time.sleep(served.delay)
        body = served.content[start:] if status != 416 else b""
        self.send_response(status)
        validators = {"ETag": served.etag} if served.etag else {}
        for name, value in (served.headers | validators).items():
            self.send_header(name, value)
        if status == 206:
            last = len(served.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{last + 1}")
        elif status == 416:
            self.send_header("Content-Range", f"bytes */{len(served.content)}")
        if served.length:
            self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(ConnectionError):
            self.end_headers()
            if not served.cuts:
                self.wfile.write(body)
                return
            self.wfile.write(body[: served.cuts.pop(0)])
            if served.reset:
                time.sleep(0.05)  # what was sent shall have arrived
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """No proxy stands between it and the tests."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FileServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> str:
    """A URL prefix where nothing listens."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FileServer() as closed:
        return closed.url("").rstrip("/")
