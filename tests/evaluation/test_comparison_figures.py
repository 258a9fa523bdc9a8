import io

import numpy as np
import pandas as pd
import pytest
from evaluation_results import VARIANTS, metrics, predictions, timing
from PIL import Image

from pipeline.evaluation import comparison_figures
from pipeline.evaluation.comparison import compare
from pipeline.evaluation.entropy_effect import entropy_effects, entropy_pairs
from pipeline.evaluation.plot_style import panels, png
from pipeline.evaluation.significance import significance


@pytest.fixture
def frame() -> pd.DataFrame:
    return compare([metrics(name) for name in VARIANTS], [timing()] * len(VARIANTS), VARIANTS)


def test_accuracy_is_sorted_with_a_dot_per_seed_and_tfidf_as_a_line(frame: pd.DataFrame) -> None:
    by_seed = {name: [0.8, 0.81, 0.82] for name in VARIANTS}
    figure = comparison_figures.accuracy_by_variant(frame, by_seed, "accuracy")
    [axes] = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert (names[0], names[-1]) == ("mean", "best")
    assert sum(line.get_marker() == "." for line in axes.lines) == len(VARIANTS)
    assert any(np.allclose(line.get_xdata(), 0.9) and line.get_linestyle() == "--" for line in axes.lines)
    assert Image.open(io.BytesIO(png(figure))).width > 1000


def test_entropy_leaves_out_what_has_no_attention(frame: pd.DataFrame) -> None:
    entropies = {name: np.array([0.4, 0.6, np.nan]) for name in VARIANTS} | {"tfidf": np.array([np.nan, np.nan])}
    figure = comparison_figures.entropy_by_variant(frame, entropies, "entropy")
    assert "tfidf" not in [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(figure.axes[0].get_yticklabels()) == len(VARIANTS) - 1
    assert png(figure)


def test_scatters_name_every_point(frame: pd.DataFrame) -> None:
    focus = comparison_figures.accuracy_against_entropy(frame, "focus")
    assert {text.get_text() for text in focus.axes[0].texts} == set(VARIANTS) - {"tfidf"}
    time = comparison_figures.accuracy_against_time(frame, "time")
    assert {text.get_text() for text in time.axes[0].texts} == set(VARIANTS)
    assert time.axes[0].get_xscale() == "log"
    assert png(focus)
    assert png(time)


def test_the_line_of_tfidf_is_in_the_legend_where_there_is_one(frame: pd.DataFrame) -> None:
    def named(table: pd.DataFrame) -> list[str]:
        figure = comparison_figures.accuracy_against_entropy(table, "focus")
        return [text.get_text() for text in figure.legends[0].get_texts()]

    assert named(frame).count("TF-IDF") == 1
    assert "TF-IDF" not in named(frame[frame["variant"] != "tfidf"])


def test_two_points_side_by_side_have_their_names_on_their_own_sides() -> None:
    figure, [axes] = panels("close", [("", "")], (7.2, 4.8))
    axes.plot([0, 1], [0, 1], ".")
    comparison_figures._name_points(axes, ["left", "right"], np.array([[0.5, 0.5], [0.51, 0.505]]))
    assert [(text.get_text(), text.get_ha()) for text in axes.texts] == [("left", "right"), ("right", "left")]
    assert png(figure)


def test_the_exchange_of_weights_says_what_its_colours_are() -> None:
    table = pd.DataFrame({"model": ["a", "a", "b", "b"], "donor": ["a", "b"] * 2, "accuracy": [0.9, 0.6, 0.7, 0.8]})
    figure = comparison_figures.exchange(table, "exchange")
    assert [text.get_text() for text in figure.axes[0].texts] == ["90", "60", "70", "80"]
    assert figure.axes[1].get_ylabel() == "accuracy (%)"
    assert png(figure)


def test_an_entropy_weight_is_a_hollow_mark(frame: pd.DataFrame) -> None:
    figure = comparison_figures.accuracy_against_entropy(frame, "focus")
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sum(mark.get_markerfacecolor() != mark.get_markeredgecolor() for mark in marks) == 1
    assert "with entropy weight" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_entropy_effect_has_a_row_per_pair() -> None:
    tables = {
        name: predictions([[True, False, True]], nats) for name, nats in (("attention", 3.0), ("attention_entropy", 2))
    }
    pairs = significance(tables, resamples=100, confidence=0.95)
    effects = entropy_effects(entropy_pairs(VARIANTS), tables, pairs, (), resamples=100, confidence=0.95)
    figure = comparison_figures.entropy_effect(effects, "effect")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["attention\nweight 0.01"]
    assert png(figure)
