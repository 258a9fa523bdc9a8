"""Models that were trained on other tensors than there are now: words would have other places in the vocabulary."""

from pathlib import Path

from pipeline import lockfile


def outdated(lock: Path, models: Path, tensors: Path) -> dict[tuple[str, str], str]:
    """Corpus and variant of every training that read other tensors, each with the stage that trains it anew.

    DVC writes down the digest of what a stage read and of what it made. What it does not know is not judged: models
    that came from elsewhere, or all of them while it is writing.

    Args:
        lock: dvc.lock.
        models: folder of the corpora's models, as dvc.lock has it.
        tensors: folder of the corpora's tensors, as dvc.lock has it.
    """
    found, stages = {}, lockfile.entries(lock) or {}
    now = {Path(out["path"]): out.get("md5") for stage in stages.values() for out in stage.get("outs", ())}
    for name, stage in stages.items():
        read = {Path(dep["path"]): dep.get("md5") for dep in stage.get("deps", ())}
        for path in (Path(out["path"]) for out in stage.get("outs", ())):
            data = tensors / path.parent.name
            if path.parents[1:2] == (models,) and {data} <= read.keys() & now.keys() and read[data] != now[data]:
                found[path.parent.name, path.name] = name
    return found
