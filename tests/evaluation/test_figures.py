import io
from typing import Any

import numpy as np
import pytest
from evaluation_results import top_words
from matplotlib.figure import Figure
from PIL import Image

from pipeline.evaluation import figures
from pipeline.evaluation.plot_style import NEGATIVE, POSITIVE, png


def history(epochs: int) -> list[dict[str, Any]]:
    return [
        {
            "epoch": epoch,
            "train_loss": 1 / epoch,
            "validation_loss": 1.1 / epoch,
            "validation_accuracy": 0.8 - 0.01 * abs(epoch - 2),
            "entropy_normalised_mean": 1 / epoch,
            "entropy_histogram": [0] * 39 + [10],
        }
        for epoch in range(1, epochs + 1)
    ]


def drawn(figure: Figure) -> Image.Image:
    return Image.open(io.BytesIO(png(figure)))


def test_entropy_histogram_shows_right_and_wrong_answers_apart() -> None:
    normalised = np.array([0.2, 0.4, np.nan, 0.6])
    right = np.array([True, False, True, False])
    figure = figures.entropy_histogram(5 * normalised, normalised, right, "a model")
    nats, shares, words = figure.axes
    assert words.get_xlim()[1] == pytest.approx(np.exp(3), rel=0.1)
    assert nats.get_legend_handles_labels()[1] == ["right answers", "wrong answers"]
    assert shares.get_xlim() == (0, 1)
    assert "median 2.00" in [text.get_text() for text in nats.texts]
    assert drawn(figure).width > 1000


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_entropy_histogram_of_uniform_attention_and_of_one_word(value: float) -> None:
    same = np.full(5, value)
    assert drawn(figures.entropy_histogram(same, same, np.ones(5, dtype=bool), "all right")).width > 1000


def test_entropy_by_epoch_counts_seeds_up_to_their_last_epoch() -> None:
    figure = figures.entropy_by_epoch([history(4), history(2)], "a model")
    [image] = figure.axes[0].images
    shares = np.asarray(image.get_array())
    assert shares.shape == (40, 4)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [1, 1 / 2, 1 / 3, 1 / 4])
    assert drawn(figure).width > 800


def test_learning_curves_mark_the_kept_epoch() -> None:
    figure = figures.learning_curves([history(4), history(3)], "a model")
    accuracy = figure.axes[1]
    dots = [line for line in accuracy.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [2, 2]
    assert drawn(figure).width > 1000


def test_learning_curves_of_a_model_fitted_in_one_go() -> None:
    record = {"epoch": 1, "validation_loss": 0.3, "validation_accuracy": 0.9}
    assert drawn(figures.learning_curves([[record]], "tfidf")).width > 1000


def test_reliability_is_accuracy_over_confidence() -> None:
    confidence = np.array([0.55, 0.56, 0.95, 0.97])
    figure = figures.reliability(np.array([True, False, True, True]), confidence, "a model")
    [dots] = [c for c in figure.axes[0].collections if len(c.get_offsets()) == 2 and c.get_sizes().size == 2]
    np.testing.assert_allclose(dots.get_offsets(), [[0.555, 0.5], [0.96, 1.0]])
    assert drawn(figure).width > 500


def test_top_words_are_written_as_they_are_and_coloured_by_class() -> None:
    words = top_words().query("ranking == 'mean' and scope == 'all'")
    figure = figures.top_words(words, ("negative", "positive"), "50 % of $5 and $6")
    weights = figure.axes[0]
    assert [label.get_text() for label in weights.get_yticklabels()] == list(words["word"])
    assert not any(label.get_parse_math() for label in weights.get_yticklabels())
    colours = [bar.get_facecolor() for bar in weights.patches]
    assert colours[0] == colours[2] != colours[1]
    assert drawn(figure).width > 1000


@pytest.mark.parametrize(("to", "colour"), [("positive", POSITIVE), ("negative", NEGATIVE)])
def test_a_class_keeps_its_colour_when_it_is_alone(to: str, colour: str) -> None:
    from matplotlib.colors import to_rgba

    words = top_words().query("ranking == 'mean' and scope == 'all'").assign(pushes_to=to)
    assert figures.top_words(words, ("negative", "positive"), "one class").axes[0].patches[
        0
    ].get_facecolor() == to_rgba(colour)


def test_eight_classes_have_their_names_as_they_are_written_on_top_words_and_confusion() -> None:
    classes = [f"${place}_x" for place in range(8)]
    words = top_words().query("ranking == 'mean' and scope == 'all'")
    words = words.assign(pushes_to=[classes[place % 8] for place in range(len(words))])
    legend = figures.top_words(words, classes, "eight").legends[0]
    assert {text.get_text() for text in legend.get_texts()} == {f"pushes to {name}" for name in words["pushes_to"]}
    figure = figures.confusion(np.arange(8), np.arange(8), classes, "eight")
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == classes
    assert drawn(figure).width > 1000


def test_confusion_shows_shares_of_the_true_class() -> None:
    labels, predicted = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 0])
    [axes] = (figure := figures.confusion(labels, predicted, ["negative", "positive"], "a model")).axes
    assert [text.get_text() for text in axes.texts] == ["75.0%", "25.0%", "50.0%", "50.0%"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["negative", "positive"]
    assert drawn(figure).width > 400
