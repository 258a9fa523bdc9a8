"""The figures that hold all variants of a corpus side by side, by file name."""

from typing import TYPE_CHECKING

from pipeline.evaluation import comparison_figures
from pipeline.evaluation.frontier_figure import entropy_frontier
from pipeline.evaluation.results import Comparison, Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def corpus_figures(corpus: str, compared: Comparison, results: Results) -> dict[str, "Figure"]:
    """Draws accuracy, entropy, accuracy against entropy and against time, entropy weights, and faithfulness.

    Args:
        corpus: its name, for the titles.
        compared: its variants side by side.
        results: of every variant.
    """
    frame = compared.frame
    by_seed = {name: [one["accuracy"] for one in seeds.values()] for name, seeds in results.by_seed.items()}
    entropies = {name: rows["entropy_normalised"].to_numpy() for name, rows in results.predictions.items()}
    drawn = {
        "accuracy": comparison_figures.accuracy_by_variant(frame, by_seed, f"Accuracy on {corpus}"),
        "entropy": comparison_figures.entropy_by_variant(frame, entropies, f"Attention entropy on {corpus}"),
        "accuracy_entropy": comparison_figures.accuracy_against_entropy(frame, f"Accuracy against focus on {corpus}"),
        "entropy_weight": comparison_figures.entropy_effect(compared.effects, f"Entropy weights on {corpus}"),
        "entropy_frontier": entropy_frontier(compared.frontier, f"Entropy weights on {corpus}, from spread to focused"),
        "faithfulness": comparison_figures.faithfulness_by_variant(
            compared.reasons, frame, f"Does the answer need the attended words? {corpus}"
        ),
        "exchange": comparison_figures.exchange(compared.exchanged, f"Each other's weights on {corpus}"),
        "accuracy_time": comparison_figures.accuracy_against_time(frame, f"Accuracy against cost on {corpus}"),
    }
    return drawn
