"""MLflow stores that fail: servers that are away, broken, silent or slow, a disk that is full, files locked or old."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.request import urlopen


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Server:
    """An MLflow server in a process of its own, which can be killed and started again over the same files.

    Args:
        folder: for its SQLite file, artifacts and log.
        port: where it listens.
        environment: of its process.
    """

    def __init__(self, folder: Path, port: int, environment: dict[str, str]) -> None:
        self._folder, self._port, self._environment = folder, port, environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(self._port)]
        command += ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "./artifacts"]
        environment = self._environment | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self._folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            with suppress(OSError), urlopen(f"http://127.0.0.1:{self._port}/health") as answer:
                if answer.status == 200:
                    return
            time.sleep(0.5)
        raise RuntimeError("the MLflow server does not answer")

    def kill(self) -> None:
        """Ends it and its workers at once."""
        if self._process:
            os.killpg(self._process.pid, 9)
            self._process.wait(30)
            self._process = None


@contextmanager
def answering(port: int, status: int) -> Iterator[None]:
    """A server that answers every request with this status; with 0 it takes requests and never answers."""
    over = Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if not status:
                over.wait()
                return
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PATCH = answer

        def log_message(self, *args: object) -> None:
            pass

    ThreadingHTTPServer.allow_reuse_address = True
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        Thread(target=server.serve_forever, daemon=True).start()
        yield
        over.set()
        server.shutdown()


class SlowWay:
    """Hands what comes at one port to another, a while after it came.

    Args:
        port: where it listens.
        target: where it hands it on.
        seconds: of delay for whatever a client sends.
    """

    def __init__(self, port: int, target: int, seconds: float) -> None:
        self.seconds = seconds
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", port))
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Nothing listens there any more."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, is_request: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                time.sleep(self.seconds if is_request else 0)
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of that size there.

    Raises:
        PermissionError: only root may make one.
    """
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True)
    if made.returncode:
        raise PermissionError(made.stderr.decode().strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Writes a file until the disk is full."""
    path = folder / "full"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return path


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program that holds a SQLite file for itself."""
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    connection.close()
