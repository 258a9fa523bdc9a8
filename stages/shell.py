#!/usr/bin/env -S python3 -IS
"""The shell in which DVC runs a stage, or make DVC, while `stages.warm` is there to fork it.

Any other command goes to /bin/sh. It imports nothing of the project, or it would take the time that it saves.
"""

import json
import os
import re
import signal
import socket
import sys

FORKED = re.compile(r"(?:python -m (?=stages\.))?(stages\.\w+|dvc)((?: [\w@.,:/+=-]+)*)", re.ASCII)


def main(arguments: list[str]) -> None:
    """Does what `sh -c COMMAND WORD...` does where the command ends in "$@".

    Args:
        arguments: -c, a command, and words that are added to it.
    """
    _, command, *words = arguments
    if found := FORKED.fullmatch(" ".join([command, *words])):
        try:
            with socket.socket(socket.AF_UNIX) as warm:
                warm.connect(os.environ["ATTENTION_WARM"])
                _run(warm, found[1], found[2].split())
        except (KeyError, ConnectionError, FileNotFoundError):  # it is not there
            pass
    os.execv("/bin/sh", ["sh", "-c", f'{command} "$@"' if words else command, "sh", *words])


def _run(warm: socket.socket, name: str, arguments: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the stage hears of it too, and says how it ended
    asked = {"name": name, "arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}
    message = json.dumps(asked | {"shell": os.getpid()}).encode() + b"\n"
    sent = socket.send_fds(warm, [message], [0, 1, 2])
    warm.sendall(message[sent:])
    try:
        ended = warm.recv(1)
    except ConnectionError:
        ended = b""
    sys.exit(ended[0] if ended else f"error: {name} was ended from outside")


if __name__ == "__main__":
    main(sys.argv[1:])
