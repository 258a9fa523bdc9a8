"""Colours that tell variants apart in MLflow, whose own choice by hash collides."""

from collections.abc import Mapping

_TAG = "pipeline.colour."
_COLOURS = (
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"),
    *("#aec7e8", "#ffbb78", "#98df8a", "#ff9896", "#c5b0d5", "#c49c94", "#f7b6d2", "#c7c7c7", "#dbdb8d", "#9edae5"),
)


def choose(variant: str, tags: Mapping[str, str]) -> tuple[str, str]:
    """The experiment tag that holds a variant's colour, and the colour: the one it has, else the next one free.

    Beyond twenty variants colours repeat.
    """
    taken = [key for key in tags if key.startswith(_TAG)]
    key = f"{_TAG}{variant}"
    return key, tags.get(key, _COLOURS[len(taken) % len(_COLOURS)])
