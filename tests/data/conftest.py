"""A real web server on this machine, with the faults that real ones have."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


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
    claims: int | None = None  # a Content-Length that is not true
    crawls: str = ""  # from here on a byte every 10 ms: "head", "body", or "chunk", the size of a chunk of the body
    endless: bool = False  # the content again and again
    location: str = ""  # redirects there; the body is sent all the same
    reason: str | None = None  # of the status
    headers: dict[str, str] = field(default_factory=dict)  # further ones


class FileServer(ThreadingHTTPServer):
    """Serves `files` by path and remembers each request as (path, Range header, status)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str | None, int]] = []
        self.closing = False

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
        if served.location:
            status = 302
        if served.crawls == "head":
            self.crawl(b"HTTP/1.1 200 OK\r\nX-Filler: ")
            return
        self.send_response(status if served.reason is None else 500, served.reason)
        if served.location:
            self.send_header("Location", served.location)
        validators = {"ETag": served.etag} if served.etag else {}
        for name, value in (served.headers | validators).items():
            self.send_header(name, value)
        if status == 206:
            last = len(served.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{last + 1}")
        elif status == 416:
            self.send_header("Content-Range", f"bytes */{len(served.content)}")
        if served.crawls == "chunk":
            self.send_header("Transfer-Encoding", "chunked")
        elif served.length:
            self.send_header("Content-Length", str(len(body) if served.claims is None else served.claims))
        with contextlib.suppress(ConnectionError):
            self.end_headers()
            if served.crawls:
                self.crawl(b"")
                return
            while served.endless:
                self.wfile.write(body)
            if not served.cuts:
                self.wfile.write(body)
                return
            self.wfile.write(body[: served.cuts.pop(0)])
            if served.reset:
                time.sleep(0.05)  # what was sent shall have arrived
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

    def crawl(self, start: bytes) -> None:
        """A byte at a time, until nobody listens."""
        with contextlib.suppress(ConnectionError):
            self.wfile.write(start)
            while not self.server.closing:
                self.wfile.write(b"0")
                time.sleep(0.01)

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def running(server: FileServer) -> Iterator[FileServer]:
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing = True
        server.shutdown()
        thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """No proxy stands between it and the tests."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running(FileServer()) as server:
        yield server


@pytest.fixture
def expired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server whose certificate is trusted here, and was valid until yesterday."""
    certificate = expired_certificate(tmp_path / "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = FileServer()
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients that leave
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server):
        yield server.url("").rstrip("/").replace("http:", "https:")


def expired_certificate(path: Path) -> Path:
    """Its key and itself, made here, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=2))
        .not_valid_after(today - datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(key.private_bytes(*plain) + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> str:
    """A URL prefix where nothing listens."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FileServer() as closed:
        return closed.url("").rstrip("/")
