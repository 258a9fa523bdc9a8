"""The messages that a stage sends to its recorder. Everything in them is picklable and cheap to build."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.tracking.run import Run


@dataclass(frozen=True)
class Open:
    """Open run number ``number``: continue its twin that is unfinished (or ``over``) if there is one, else make it."""

    number: int
    run: Run
    time_ms: int
    over: bool


@dataclass(frozen=True)
class Publish:
    """Open run number ``number`` to add results to it, finished or not; make it if there is none.

    A run that holds results of this digest already is left alone: what follows for it is dropped. A run that is made
    is given the duration of the training.
    """

    number: int
    run: Run
    digest: str
    time_ms: int
    seconds: float


@dataclass(frozen=True)
class Metrics:
    """Values at an epoch (never logged twice), or of the whole run when ``step`` is None (the last one counts)."""

    number: int
    values: Mapping[str, float]
    step: int | None
    time_ms: int


@dataclass(frozen=True)
class Histogram:
    """The spread of attention after an epoch (never drawn twice)."""

    number: int
    counts: Sequence[int]
    step: int


@dataclass(frozen=True)
class Artifact:
    """A file or a folder, read when the recorder comes to it."""

    number: int
    path: str
    folder: str


@dataclass(frozen=True)
class Table:
    """Columns of equal length, shown and compared as a table."""

    number: int
    columns: Mapping[str, Sequence[object]]
    file: str


@dataclass(frozen=True)
class Dataset:
    """What the run has read."""

    number: int
    name: str
    digest: str
    source: str
    context: str
    profile: Mapping[str, object]


@dataclass(frozen=True)
class TextModel:
    """The classifier that ``run`` has trained, with all it needs to go from text to label: logged and registered once.

    It is a version of the registered model ``name``, whose alias ``best`` goes to it if it is the best of its seeds.
    """

    run: Run
    name: str
    best: bool
    validation_accuracy: float
    artifacts: Mapping[str, str]
    tokenizer: str
    classes: Sequence[str]


@dataclass(frozen=True)
class Retire:
    """Runs of this role in the experiment that this stage has not named are of other settings than today's."""

    experiment: str
    role: str


@dataclass(frozen=True)
class PrintLinks:
    """Print where the saved views of an experiment are."""

    experiment: str


@dataclass(frozen=True)
class Finish:
    """This run is complete, though the stage goes on."""

    number: int


@dataclass(frozen=True)
class Goodbye:
    """The stage is over; runs still open end with ``status``. No goodbye before the pipe closes means KILLED."""

    status: str


OfARun = Metrics | Histogram | Artifact | Table | Dataset | Finish
Command = Open | Publish | OfARun | TextModel | Retire | PrintLinks | Goodbye
