"""Work side by side: all seeds of a variant, each in a process of its own on one thread, or many items on all cores.

One thread per seed makes a result independent of the machine's number of cores, and keeps every core busy: the models
are small, and two threads on one of them gain next to nothing. The processes fork from a server that imported torch
once. When the parent dies, whatever the way, they end with it.

Where whole stages go side by side, ATTENTION_CORES says how many cores each of them may take; no result depends on it.
"""

import contextlib
import ctypes
import functools
import itertools
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Report = Callable[[Any], None]
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h
GIVE_BACK_EVERY = 5.0  # seconds: an LSTM trains 2 % slower for it, in a seventh of the memory


@dataclass(frozen=True)
class Event:
    """Something a seed's process says: a report, or that it ended, with the error if there was one."""

    seed: int
    report: Any = None
    ended: bool = False
    error: Exception | None = None


def run_seeds(
    work: Callable[[int, Report], None],
    seeds: Sequence[int],
    on_report: Callable[[int, Any], None],
    preload: str,
    *,
    in_turn: bool = False,
) -> None:
    """Calls work(seed, report) for each seed side by side, and on_report(seed, ...) here for whatever they report.

    Args:
        work: a function that pickles: of a module, or a partial of one.
        seeds: one process each.
        on_report: called in this process, in the order in which reports arrive.
        preload: a module to import once, before the processes fork.
        in_turn: no processes, one seed after the other in this one: for work that takes less time than to start them.

    Raises:
        Exception: the first that a seed raised; the other seeds are ended.
        ChildProcessError: a process died without a word.
    """
    if in_turn:
        import torch

        compute_on_one_thread()
        try:
            for seed in seeds:
                work(seed, functools.partial(on_report, seed))
        finally:
            torch.set_flush_denormal(False)  # what else this process computes is not the seeds'
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    waiting, running = deque(seeds), dict[connection.Connection, Any]()
    try:
        while waiting or running:
            while waiting and len(running) < (allowed_cores() or len(seeds)):
                reader, writer = context.Pipe(duplex=False)
                process = context.Process(target=_run, args=(work, waiting.popleft(), writer), daemon=True)
                process.start()
                running[reader] = process
                writer.close()  # the process has the only other end: where it dies, nothing more comes
            ready = connection.wait(running)
            for reader in [one for one in running if one in ready]:
                event = _next(reader, running[reader])
                if event.error:
                    raise event.error
                if event.ended:
                    reader.close()
                    running.pop(reader).join()
                else:
                    on_report(event.seed, event.report)
    finally:
        for reader, process in running.items():
            process.kill()
            process.join()
            reader.close()


def in_processes(work: Callable[[Item], Result], items: Iterable[Item], preload: str) -> Iterator[Result]:
    """Yields work(item) for each item, in their order, made side by side on all cores.

    No more than two items a core are under way at a time, so that memory does not grow with their number. An item that
    is the only one is worked on in this process: that takes less time than to start another.

    Args:
        work: a function that pickles: of a module, or a partial of one.
        items: taken one by one, as there is room.
        preload: a module to import once, before the processes fork.

    Raises:
        Exception: the first, in the order of the items, that `work` raised.
        ChildProcessError: a process died without a word.
    """
    remaining = iter(items)
    first = list(itertools.islice(remaining, 2))
    if len(first) < 2:
        yield from map(work, first)
        return
    remaining = itertools.chain(first, remaining)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    workers = _cores()
    with ProcessPoolExecutor(workers, context, initializer=_obey_parent) as pool:
        try:
            under_way = deque(pool.submit(work, item) for item in itertools.islice(remaining, 2 * workers))
            while under_way:
                yield under_way.popleft().result()
                under_way.extend(pool.submit(work, item) for item in itertools.islice(remaining, 1))
        except BrokenProcessPool:
            raise ChildProcessError("a working process was killed: is there enough memory?") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """Those that this process may run on."""
    return allowed_cores() or (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )


def allowed_cores() -> int | None:
    """ATTENTION_CORES, if it is set.

    Raises:
        ValueError: it is no number of cores.
    """
    if not (given := os.environ.get("ATTENTION_CORES")):
        return None
    if not (given.isdecimal() and int(given)):
        raise ValueError(f"ATTENTION_CORES = {given!r}: allowed is a number of cores, from 1")
    return int(given)


def _next(reader: connection.Connection, process: Any) -> Event:
    """What the process says next, unless it died before the end of it."""
    try:
        event: Event = reader.recv()
    except (EOFError, OSError):  # between two messages, or in the middle of one
        process.join()
        raise ChildProcessError(
            f"a training process ended with exit code {process.exitcode}: is there enough memory?"
        ) from None
    return event


def _run(work: Callable[[int, Report], None], seed: int, events: connection.Connection) -> None:
    compute_on_one_thread()
    _obey_parent()
    try:
        work(seed, lambda report: events.send(Event(seed, report)))
    except Exception as error:
        error.add_note("".join(traceback.format_tb(error.__traceback__)))  # a traceback does not pickle
        events.send(Event(seed, error=error))
    else:
        events.send(Event(seed, ended=True))


def compute_on_one_thread() -> None:
    """One thread, freed memory kept, and numbers below 1e-38 are zero.

    Such numbers have less than their 24 bits, and a processor takes a hundred times as long for one: where attention
    has found its few words, they are what the gradients of all others are.
    """
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()


@functools.cache  # the thread that gives back is one
def keep_freed_memory(every: float = GIVE_BACK_EVERY) -> None:
    """Tells glibc to use freed memory again instead of giving it back: a quarter of the time of a step of an LSTM.

    Otherwise it asks the kernel for each large tensor, and the kernel fills every page of it with zeros. But no two
    batches have the same size, so the holes between tensors add up, to 7 GiB in the training of an LSTM that needs one.
    They are given back every few seconds. Other libraries of C are left as they are.

    Args:
        every: seconds between two times that holes are given back.
    """
    with contextlib.suppress(AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        libc.mallopt(M_MMAP_MAX, 0)
        threading.Thread(target=_give_back, args=(libc.malloc_trim, every), daemon=True).start()


def _give_back(malloc_trim: Callable[[int], int], every: float) -> None:
    while True:
        time.sleep(every)
        malloc_trim(0)


def _obey_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal interrupts the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
