"""A server's answer to one request: one that hangs, crawls or never ends stops nobody for longer than a minute."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError as TransportError

CHUNK = 1 << 16  # bytes; what a reset connection can lose at most
TIMEOUTS = (10, 30)  # seconds to connect, and to wait for the next byte
PATIENCE = 60.0  # seconds that an answer may take to begin, and LEAST bytes of it to come
LEAST = 1 << 16  # bytes; about 1 kB a second: what is slower does not arrive within the day
REDIRECTS = 10


@contextmanager
def answer(url: str, headers: Mapping[str, str]) -> Iterator[requests.Response]:
    """Asks for a file and follows redirects; only the head has been read, and of a redirect no more than its head.

    The time-outs of a socket are for one byte: a server that sends a byte every few seconds never meets them. So the
    head is waited for in another thread, which is left behind when patience is at an end.

    Raises:
        requests.RequestException: there is no answer.
    """
    found: SimpleQueue[requests.Response | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found.put(_asked(url, headers))
        except Exception as error:
            found.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        response = found.get(timeout=PATIENCE)
    except Empty:
        raise requests.Timeout(url) from None
    if isinstance(response, Exception):
        raise response
    with response:
        yield response


class _Session(requests.Session):
    """Stops at every redirect: requests reads and unpacks the whole body of one, however large, before it goes on."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _asked(url: str, headers: Mapping[str, str]) -> requests.Response:
    with _Session() as session:
        for _ in range(REDIRECTS + 1):
            try:
                response = session.get(url, headers=headers, stream=True, timeout=TIMEOUTS)
            except TransportError as error:  # requests lets pass what urllib3 says of an address such as http://a..b
                raise requests.exceptions.InvalidURL(str(error)) from None
            if not response.is_redirect:
                return response
            response.close()
            try:
                url = urljoin(url, response.headers["Location"])
            except ValueError as error:
                raise requests.exceptions.InvalidURL(f"redirected to no address: {error}") from None
    raise requests.TooManyRedirects(f"more than {REDIRECTS} redirects")


def chunks(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes.

    Raises:
        requests.ConnectionError: the connection broke, or the body is shorter than was said.
        requests.RequestException: it is too slow to be waited for.
    """
    came = 0
    ended, slow = threading.Event(), threading.Event()

    def watch() -> None:
        before = 0
        while not ended.wait(PATIENCE):
            if came - before < LEAST:
                slow.set()
                with suppress(Exception):  # it has ended in this very moment
                    response.raw.shutdown()
                return
            before = came

    threading.Thread(target=watch, daemon=True).start()
    try:
        # Not iter_content: some servers label a .gz as gzip-encoded, and it would be unpacked on the way. read1 gives
        # what is there, while others wait for a whole chunk.
        while chunk := response.raw.read1(CHUNK, decode_content=False):
            yield chunk
            came += len(chunk)
    except TransportError:
        if not slow.is_set():
            raise requests.ConnectionError(f"the connection broke after {came:,} bytes") from None
    finally:
        ended.set()
    if slow.is_set():
        raise requests.RequestException(f"too slow: less than {LEAST:,} bytes in {PATIENCE:.0f} s")
