"""Training reviews -> training and validation, whole movies at a time.

Reviews of one film share names and plot words. Drawn at random, a validation review often has seen siblings in
training, and trainable embeddings then read about two points too high on IMDB.
"""

from typing import Any

import numpy as np
import numpy.typing as npt


def split_by_movie(movies: npt.NDArray[Any], fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """Marks the reviews of randomly drawn movies until the fraction is reached.

    Args:
        movies: (N,) the movie of each review, as its name or as its place among all names in code-point order.
        fraction: of the reviews, between 0 and 1.
        seed: of the order in which movies are drawn.

    Returns:
        (N,) bool, True = validation.

    Raises:
        ValueError: fewer than two movies.
    """
    names, which, sizes = np.unique(movies, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise ValueError(
            f"a validation split needs reviews of at least two movies: {len(movies)} training reviews of "
            f"{len(names)} are left"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    before = np.cumsum(sizes[order]) - sizes[order]
    drawn = order[before < fraction * len(movies)][: len(names) - 1]
    return np.isin(which, drawn)
