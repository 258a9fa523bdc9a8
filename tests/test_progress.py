import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import printed

from pipeline import progress
from pipeline.progress import Done, Progress, counted, results_of
from pipeline.training.progress import TrainingProgress

ROOT = Path(__file__).parents[1]


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    monkeypatch.setattr("pipeline.training.progress.time", found)
    return found


def test_a_log_hears_of_a_long_step_at_intervals(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    def slow() -> Iterator[int]:
        for number in range(1000):
            clock.now += 0.125
            yield number

    assert sum(counted(slow(), "tokenising", 1000, "reviews")) == 499_500
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "tokenising  40 of 1,000 reviews  4 %  8 reviews/s  2:00 left"
    assert lines[-1] == "tokenising  1,000 of 1,000 reviews  100 %  8 reviews/s  0:00 left"
    assert len(lines) == 7


def test_a_short_step_says_nothing_in_a_log(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in counted(range(3), "tokenising", 3, "reviews"):
        clock.now += 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("done", "total", "seconds", "text"),
    [
        (0, 10, 0, "0 of 10 MB  0 %"),
        (2.5, 84.1, 5, "2.5 of 84 MB  3 %  0.5 MB/s  2:43 left"),
        (3_000_000, 40_000_000, 10, "3.0 M of 40.0 M MB  8 %  300,000 MB/s  2:03 left"),
        (1, 4000, 1, "1 of 4,000 MB  0 %  1 MB/s  1:06:39 left"),
        (7, 0, 2, "7 MB  3.5 MB/s"),
        (12, 10, 4, "12 of 10 MB  120 %  3 MB/s  0:00 left"),
    ],
)
def test_numbers_are_short_and_times_read_as_on_a_clock(
    clock: Clock, done: float, total: float, seconds: float, text: str
) -> None:
    task = Progress().task("download", total, "MB")
    task.reach(0)
    clock.now = seconds
    task.reach(done)
    assert task.text == text


def test_a_slow_start_is_soon_forgotten(clock: Clock) -> None:
    task = Progress().task("imdb attention seed 0", 1000, "tokens")
    texts = {}
    for second in range(50, 81):  # as many to compile
        clock.now = second
        task.advance(10 if second < 70 else 5)
        texts[second] = task.text
    assert texts[50] == "10 of 1,000 tokens  1 %", "nobody knows how fast it will be"
    assert texts[51] == "20 of 1,000 tokens  2 %  10 tokens/s  1:38 left"
    assert texts[80].endswith("5 tokens/s  2:29 left")


def test_what_was_there_before_is_no_part_of_the_rate(clock: Clock) -> None:
    task = Progress().task("download", 100, "MB", done=90)
    task.advance(0)
    clock.now = 5
    task.advance(5)
    assert task.text == "95 of 100 MB  95 %  1 MB/s  0:05 left"


def test_a_training_says_each_epoch_and_what_is_between(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingProgress("imdb best", (7,), epochs=2, tokens=1000) as shown:
        shown(7, {"tokens": 0, "loss": 0.7, "accuracy": 0.5})
        clock.now = 10
        shown(7, {"tokens": 500, "loss": 0.5, "accuracy": 0.75})
        clock.now = 20
        record = {"validation_loss": 0.4, "validation_accuracy": 0.8, "tokens_per_second": 50_000.0, "seconds": 18.0}
        shown(7, {"epoch": 1, **record})
        clock.now = 30
        shown(7, {"tokens": 500, "loss": 0.5, "accuracy": 0.75})
        clock.now = 41
        shown(7, {"tokens": 250, "loss": 0.5, "accuracy": 0.75})
    assert capsys.readouterr().err.splitlines() == [
        "imdb best seed 7  epoch 1  loss 0.500  accuracy 0.750  500 of 2,000 tokens  25 %  50 tokens/s  0:30 left",
        "imdb best seed 7  epoch 1  loss 0.4000  accuracy 0.8000  50k tokens/s",
        "imdb best seed 7  epoch 2  loss 0.500  accuracy 0.750  1,750 of 2,000 tokens  88 %  23 tokens/s  0:11 left",
    ]


def test_epochs_of_an_interrupted_training_are_no_part_of_the_rate(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with TrainingProgress("imdb best", (7,), epochs=4, tokens=1000) as shown:
        clock.now = 1
        record = {"validation_loss": 0.4, "validation_accuracy": 0.8, "tokens_per_second": 50_000.0, "seconds": 18.0}
        shown(7, {"epoch": 1, **record})
        shown(7, {"epoch": 2, **record})
        clock.now = 11
        shown(7, {"tokens": 100, "loss": 0.5, "accuracy": 0.75})
        clock.now = 31
        shown(7, {"tokens": 300, "loss": 0.5, "accuracy": 0.75})
    assert capsys.readouterr().err.splitlines()[-1].endswith("2,400 of 4,000 tokens  60 %  15 tokens/s  1:47 left")


def test_a_seed_that_waits_for_a_core_is_no_part_of_its_rate(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingProgress("imdb best", (7, 8), epochs=2, tokens=1000) as shown:
        clock.now = 1000
        shown(8, {"began": "imdb best"})
        shown(8, {"tokens": 0, "loss": 0.7, "accuracy": 0.5})
        clock.now = 1025
        shown(8, {"tokens": 500, "loss": 0.5, "accuracy": 0.75})
    assert capsys.readouterr().err.splitlines()[-1].endswith("500 of 2,000 tokens  25 %  20 tokens/s  1:15 left")


def test_processes_report_steps_and_results(clock: Clock) -> None:
    task, found = Progress().task("answers", 5, "reviews"), {}
    on_report = results_of(task, found.__setitem__)
    for seed, report in ((0, Done(2)), (1, Done()), (1, "one"), (0, Done(2)), (0, "nought")):
        on_report(seed, report)
    assert found == {0: "nought", 1: "one"}
    assert task.done == task.total


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    script = "from pipeline.progress import counted\nfor _ in counted(range(3), 'reading [/b].zip', 3, 'reviews'): pass"
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-c", script]
    seen = printed(lambda terminal: subprocess.Popen(command, cwd=ROOT, env=environment, stderr=terminal))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert "reading [/b].zip" in shown, "the name of a file is no markup"
    assert re.search(r"[123] of 3 reviews  \d+ %", shown)
    assert seen.rstrip().endswith(b"\x1b[2K"), "the bar is still there"
