"""DVC's files outlive a kill: it rewrites them in place, and ended on the way would leave what it refuses to read.

Every stage copies dvc.lock as it starts, when DVC waits and the file is whole. A process that outlives DVC, as MLflow's
recorder outlives a stage, puts the copy back if DVC has left less; if that was killed too, what is called next without
DVC does. What DVC could not write down it finds in its cache, or the stage runs again.

The other file, DVC's list of who reads and writes what, is needed while a DVC runs, so half a list is removed, or one
of processes that are gone: by that process, or by the next stage that is called without DVC.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from pipeline.dvc_process import dvc_of

LOCK = Path("dvc.lock")
SCRATCH = Path(".dvc/tmp")
USERS = SCRATCH / "rwlock"
POLL_EVERY = 0.1  # seconds


def guard() -> None:
    """Copies dvc.lock, and sees that something waits for the end of the DVC that runs this stage, if one does."""
    dvc = dvc_of(os.getpid()) if "DVC_STAGE" in os.environ else None  # the check before a `dvc repro` is no stage of it
    if dvc is None:
        _remove_useless_users()
        _put_back()
    if dvc is None or not LOCK.exists() or not SCRATCH.is_dir():
        return
    with (SCRATCH / f"{LOCK}.{dvc.pid}").open("a+b") as copy:
        try:
            fcntl.flock(copy, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # it waits already, since an earlier stage
            pass
        else:
            subprocess.Popen(
                [sys.executable, "-P", "-m", "pipeline.lockfile", str(dvc.pid), copy.name],
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[copy.fileno()],  # the lock is held as long as one of the two has it open
                start_new_session=True,
            )
        shutil.copy2(LOCK, copy.name)


def is_whole(path: Path, before: Path | None = None) -> bool:
    """Whether DVC wrote this dvc.lock to its end: a part of it may be YAML that DVC would read, and forget the rest.

    Args:
        path: to look at.
        before: the same file as it was: no stage of it has gone.
    """
    now, earlier = entries(path), entries(before) if before else None
    return now is not None and (earlier or {}).keys() <= now.keys()


def entries(path: Path = LOCK) -> dict[str, Any] | None:
    """What dvc.lock says of each stage; None where it is not there or cut off, as in the moment when DVC writes it."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from voluptuous import Invalid

    try:
        lock = COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(text) or {})
    except (YAMLError, Invalid):
        return None
    return dict(lock.get("stages", {})) if text.endswith("\n") else None


def _wait(dvc: int, copy: Path) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(dvc)
        # A zombie has ended. Its parent may note that only when all have let go of its output, this process too.
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(POLL_EVERY)
    ended = time.time_ns()
    with contextlib.suppress(FileNotFoundError):  # a workspace of `dvc exp run --temp` is gone with its DVC
        _remove_useless_users()
        if _is_cut_off(copy, ended):
            from dvc.lock import make_lock

            with make_lock(str(SCRATCH / "lock"), wait=True):  # another DVC may be writing it right now
                if _is_cut_off(copy, ended) and is_whole(copy):
                    copy.replace(LOCK)
                    print("dvc.lock was cut off and is now as it was before the last stage.", file=sys.stderr)
    copy.unlink(missing_ok=True)


def _is_cut_off(copy: Path, ended: int) -> bool:
    """Whether DVC left less than there was; what was written after its end is another's, such as Git's."""
    return LOCK.stat().st_mtime_ns <= ended and not is_whole(LOCK, copy)


def _put_back() -> None:
    """Does what could not be done by a process that was killed with its DVC."""
    for path in SCRATCH.glob(f"{LOCK}.[0-9]*"):
        with contextlib.suppress(OSError), path.open("r+b") as copy:
            fcntl.flock(copy, fcntl.LOCK_EX | fcntl.LOCK_NB)  # else its DVC is at work, or something waits for its end
            from dvc.lock import make_lock

            with make_lock(str(SCRATCH / "lock"), wait=True):  # another DVC may be writing it right now
                if LOCK.exists() and not is_whole(LOCK) and not _is_in_conflict() and is_whole(path):
                    path.replace(LOCK)
                    print(
                        f"{LOCK} was cut off, and is now as it was before the last stage.", file=sys.stderr, flush=True
                    )
            path.unlink(missing_ok=True)


def _is_in_conflict() -> bool:
    """Whether Git has left two versions in it: it is whole, and a person's to mend."""
    return b"\n<<<<<<< " in b"\n" + LOCK.read_bytes()


def _remove_useless_users() -> None:
    if _is_useful(USERS):
        return
    from dvc.lock import make_lock

    with make_lock(f"{USERS}.lock", wait=True):  # another DVC may be writing it right now
        if not _is_useful(USERS):
            USERS.unlink()
            print(f"{USERS} was cut off, or of a DVC that is gone, and is removed.", file=sys.stderr, flush=True)


def _is_useful(path: Path) -> bool:
    """Whether DVC would read it, and rightly believe it; it does without a file that is not there.

    DVC looks whether a process of that number runs. The number may have gone to another since.
    """
    try:
        written, text = path.stat().st_mtime, path.read_text("utf-8")
        json.loads(text)
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    users = {int(user) for user in re.findall(r'"pid": (\d+)', text)}
    return not users or any(_began_before(user, written) for user in users)


def _began_before(process: int, time: float) -> bool:
    try:
        found = psutil.Process(process)
        return (
            found.create_time() < time and found.status() != psutil.STATUS_ZOMBIE
        )  # an orphan may long wait for its end
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    _wait(int(sys.argv[1]), Path(sys.argv[2]))
