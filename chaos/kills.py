"""Kills of a pipeline, and what is told of them."""

from collections import Counter
from dataclasses import dataclass

from chaos.row import Row

WAITED_FOR = ("imdb", "tensors", "train", "evaluate", "exchange", "compare")  # the first kills, a stage each


@dataclass
class Kill:
    """One kill, and what became of it.

    Attributes:
        how: one of HOWS.
        stage: what ran at that moment.
        file: what was being written, if the kill waited for that.
        warm: whether the stages were forks, as under make.
        half: what it left half-written.
        epochs: lines of epochs that the last training had printed.
        kept: how many of them the next run printed again, digit for digit, its speed too: it had not to make them anew.
        remedy: what the user had to do before the next run started.
        same: whether the results are those of the undisturbed run in the end.
    """

    how: str
    stage: str
    file: str
    warm: bool
    half: list[str]
    epochs: set[str]
    kept: int | None = None
    remedy: str = ""
    same: bool = False


def missed(kills: list[Kill]) -> list[str]:
    """The stages that no kill has hit yet, of those that each must."""
    return [stage for stage in WAITED_FOR if stage not in {kill.stage for kill in kills}]


def rows(kills: list[Kill], results: int) -> list[Row]:
    """What was tried, how often, and what held.

    Args:
        kills: all of them.
        results: how many are compared.
    """
    halves = [kill for kill in kills if kill.half]
    forked = [kill for kill in kills if kill.warm]
    trained = [kill for kill in kills if kill.epochs and kill.kept is not None]
    stages = Counter(kill.stage for kill in kills).most_common()
    refused = Counter(kill.remedy for kill in kills if kill.remedy)
    hows = {
        "SIGKILL": "SIGKILL of DVC and its stage",
        "SIGINT": "Ctrl-C",
        "all": "SIGKILL of all processes at once, the one that writes to MLflow too",
    }
    told = []
    for how, words in hows.items():
        ours = [kill for kill in kills if kill.how == how]
        same = sum(kill.same for kill in ours)
        held = f"after the next `dvc repro` that was let through all {results} results are the same bits: {same}"
        told.append(Row(words, len(ours), held, failed=same < len(ours) or not ours))
    kept = sum(kill.kept == len(kill.epochs) for kill in trained)
    never = missed(kills)
    again = "".join(f", {times} after `{remedy}`" for remedy, times in refused.items())
    again += f"; never hit: {', '.join(never)}" if never else ""
    told += [
        Row(
            f"of these, hit: {', '.join(f'{stage} {times}' for stage, times in stages)}",
            len(kills),
            f"the next `dvc repro` started: {len(kills) - sum(refused.values())} at once{again}",
            failed=bool(never or refused),
        ),
        _same("of these, with stages that `make` forks", forked),
        _same("of these, that left half a file or folder, such as a download, tensors, `dvc.lock`", halves),
        Row(
            "of these, in a training after its first epoch",
            len(trained),
            f"went on from the last epoch: {kept}",
            failed=kept < len(trained) or not trained,
        ),
    ]
    return told


def _same(what: str, kills: list[Kill]) -> Row:
    same = sum(kill.same for kill in kills)
    return Row(what, len(kills), f"the same bits: {same}", failed=same < len(kills) or not kills)
