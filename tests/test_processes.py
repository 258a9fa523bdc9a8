import functools
import os
import platform
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.processes import Report, in_processes, run_seeds


def count(seed: int, report: Report, *, to: int) -> None:
    import torch

    for number in range(to):
        report((number, torch.get_num_threads()))


HOLES = """
import time, psutil, torch
from pipeline.processes import keep_freed_memory
keep_freed_memory(every=0.05)
kept = [torch.ones(2 ** 20) for _ in range(200)]  # 4 MiB each
del kept[::2]
before = psutil.Process().memory_info().rss
for _ in range(100):
    time.sleep(0.05)
    given_back = before - psutil.Process().memory_info().rss
    if given_back > 300 * 2 ** 20:
        break
print(given_back / 2 ** 20, bool(all((tensor == 1).all() for tensor in kept)))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="tells glibc alone")
def test_holes_between_what_is_kept_are_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    given_back, whole = done.stdout.split()
    assert float(given_back) > 300  # MiB of the 400
    assert whole == "True"


def fail(seed: int, report: Report) -> None:
    report(seed)
    if seed == 1:
        raise ValueError(f"seed {seed} is no good")
    time.sleep(60)


def die(seed: int, report: Report) -> None:
    report(seed)
    os.kill(os.getpid(), signal.SIGKILL)


def sleepless(seed: int, report: Report) -> None:
    report(os.getpid())


def sleep(seed: int, report: Report) -> None:
    report(os.getpid())
    time.sleep(60)


def overlap(seed: int, report: Report) -> None:
    report("begins")
    time.sleep(0.1)
    report("ends")


@pytest.mark.parametrize(("cores", "at_once"), [("1", 1), ("2", 2), ("", 4)])
def test_no_more_seeds_are_under_way_than_a_stage_may_take_cores(
    cores: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTENTION_CORES", cores)
    under_way, most, ended = set[int](), 0, []

    def hear(seed: int, report: str) -> None:
        nonlocal most
        (under_way.add if report == "begins" else under_way.remove)(seed)
        most = max(most, len(under_way))
        ended.extend([seed] if report == "ends" else [])

    run_seeds(overlap, [5, 3, 7, 1], hear, preload="torch")
    assert sorted(ended) == [1, 3, 5, 7]
    assert most <= at_once
    assert at_once > 1 or ended == [5, 3, 7, 1]


@pytest.mark.parametrize("cores", ["0", "two", "-1", "1.5"])
def test_what_is_no_number_of_cores_is_refused(cores: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTENTION_CORES", cores)
    with pytest.raises(ValueError, match=f"ATTENTION_CORES = '{cores}': allowed is a number of cores, from 1"):
        run_seeds(overlap, [1], lambda seed, report: None, preload="torch")


def flush(seed: int, report: Report) -> None:
    import torch

    report((torch.tensor([1e-30]) * 1e-10).item())


@pytest.mark.parametrize("in_turn", [False, True])
def test_numbers_that_lost_their_places_are_zero_while_a_seed_trains_and_then_no_more(in_turn: bool) -> None:
    heard: list[float] = []
    run_seeds(flush, [1], lambda seed, report: heard.append(report), preload="torch", in_turn=in_turn)
    assert heard == [0.0]
    flush(1, heard.append)
    assert heard[1] > 0


def test_reports_of_a_seed_arrive_in_order_from_one_thread() -> None:
    heard: dict[int, list[int]] = {}
    run_seeds(
        functools.partial(count, to=5),
        [3, 7],
        lambda seed, report: heard.setdefault(seed, []).append(report),
        preload="torch",
    )
    assert heard == {seed: [(number, 1) for number in range(5)] for seed in (3, 7)}


def allocate(seed: int, report: Report) -> None:
    import torch

    size = 8 * 2**20  # numbers: 32 MiB, which glibc would ask the kernel for each time
    torch.ones(size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(size)
    report(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries of C decide for themselves")
def test_freed_memory_is_used_again() -> None:
    faults: list[int] = []
    run_seeds(allocate, [0], lambda seed, report: faults.append(report), preload="torch")
    once = 32 * 2**20 / resource.getpagesize()
    assert faults[0] < 10 * once, "every one of the twenty came as new pages"


def test_small_work_goes_in_turn_in_this_process() -> None:
    heard: list[tuple[int, int]] = []
    run_seeds(sleepless, [3, 7], lambda seed, pid: heard.append((seed, pid)), preload="torch", in_turn=True)
    assert heard == [(3, os.getpid()), (7, os.getpid())]


def test_the_first_error_ends_the_other_seeds() -> None:
    started = time.monotonic()
    with pytest.raises(ValueError, match="seed 1 is no good") as caught:
        run_seeds(fail, [0, 1, 2], lambda seed, report: None, preload="torch")
    assert time.monotonic() - started < 30
    assert "in fail" in caught.value.__notes__[0], "the line that raised it stood in another process"


def test_a_process_that_dies_is_named() -> None:
    with pytest.raises(ChildProcessError, match="exit code -9: is there enough memory"):
        run_seeds(die, [0], lambda seed, report: None, preload="torch")


def die_while_speaking(seed: int, report: Report) -> None:
    report("begins")
    if seed == 0:
        time.sleep(60)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
    report("x" * 2**24)  # more than a pipe holds, and who reads is busy


def test_a_process_that_dies_in_the_middle_of_a_report_is_named() -> None:
    with pytest.raises(ChildProcessError, match="exit code -9: is there enough memory"):
        run_seeds(die_while_speaking, [0, 1], lambda seed, report: time.sleep(1), preload="torch")


def shown(number: int) -> None:
    os.write(1, b"%d\n" % os.getpid())
    time.sleep(60)


@pytest.mark.parametrize(
    "call",
    [
        "run_seeds(sleep, [0, 1], lambda seed, pid: print(pid, flush=True), preload='torch')",
        "list(in_processes(shown, range(4), preload='math'))",
    ],
    ids=["seeds", "items"],
)
def test_no_process_outlives_its_parent(tmp_path: Path, call: str) -> None:
    script = (
        "import sys; sys.path[:0] = [{root!r}, {here!r}]\n"
        "from test_processes import shown, sleep\n"
        "from pipeline.processes import in_processes, run_seeds\n"
        "if __name__ == '__main__':\n"
        "    {call}\n"
    )
    here = Path(__file__).parent
    path = tmp_path / "parent.py"
    path.write_text(script.format(root=str(here.parent), here=str(here), call=call), encoding="utf-8")
    parent = psutil.Popen([sys.executable, str(path)], stdout=-1, text=True)
    children = [int(parent.stdout.readline()) for _ in range(2)]
    assert all(psutil.pid_exists(pid) for pid in children)
    parent.kill()
    parent.communicate()
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in children if psutil.pid_exists(pid)], timeout=20)
    assert not alive


def square(number: int) -> tuple[int, int]:
    time.sleep(0.02 * (number % 3))  # later items end before earlier ones
    return number**2, os.getpid()


def refuse(number: int) -> int:
    if number == 3:
        raise ValueError("3 is no good")
    return number


def perish(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_items_are_worked_on_elsewhere_and_come_back_in_order() -> None:
    found = list(in_processes(square, range(20), preload="math"))
    assert [number for number, _ in found] == [number**2 for number in range(20)]
    assert os.getpid() not in {pid for _, pid in found}


def test_items_are_taken_as_there_is_room_for_them() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = in_processes(square, endless(), preload="math")
    assert [next(results)[0] for _ in range(5)] == [1, 4, 9, 16, 25]
    assert taken <= 5 + 2 * len(os.sched_getaffinity(0))
    results.close()


def test_an_item_alone_is_worked_on_here() -> None:
    assert list(in_processes(square, [7], preload="math")) == [(49, os.getpid())]
    assert list(in_processes(square, [], preload="math")) == []


def test_the_error_of_an_item_comes_after_the_results_before_it() -> None:
    results = in_processes(refuse, range(10), preload="math")
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="3 is no good"):
        next(results)


def test_a_worker_that_is_killed_is_one_clear_error() -> None:
    with pytest.raises(ChildProcessError, match="a working process was killed: is there enough memory"):
        list(in_processes(perish, range(10), preload="math"))
    assert list(in_processes(square, [1, 2], preload="math"))[1][0] == 4, "the next work is not hurt by it"
