"""Models that were trained on other tensors than there are now: words would have other places in the vocabulary."""

from pathlib import Path


def outdated(lock: Path, models: Path, tensors: Path) -> dict[str, str]:
    """The variants of a corpus whose training read other tensors, each with the stage that trains it anew.

    DVC writes down the digest of what a stage read and of what it made. What it does not know is not judged: models
    that came from elsewhere, or all of them while it is writing.

    Args:
        lock: dvc.lock.
        models: the corpus's folder, spelt as in dvc.lock.
        tensors: the corpus's folder, spelt so too.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        stages = YAML(typ="safe").load(lock.read_text("utf-8"))["stages"]
        made = {Path(out["path"]): out["md5"] for stage in stages.values() for out in stage.get("outs", [])}
        read = {
            name: {Path(dep["path"]): dep["md5"] for dep in stage.get("deps", [])} for name, stage in stages.items()
        }
    except (OSError, ValueError, YAMLError, TypeError, AttributeError, KeyError):
        return {}
    now = made.get(tensors)
    trainings = {
        Path(out["path"]).name: name
        for name, stage in stages.items()
        for out in stage.get("outs", [])
        if Path(out["path"]).parent == models
    }
    return {variant: name for variant, name in trainings.items() if read[name].get(tensors, now) != now}
