import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.split import split_by_movie


@given(st.lists(st.integers(0, 30), min_size=2, max_size=200), st.floats(0.05, 0.9), st.integers(0, 5))
@settings(deadline=None)
def test_no_movie_stands_on_both_sides(numbers: list[int], fraction: float, seed: int) -> None:
    movies = np.array([f"tt{number}" for number in numbers])
    if len(set(numbers)) < 2:
        with pytest.raises(ValueError, match="at least two movies"):
            split_by_movie(movies, fraction, seed)
        return
    drawn = split_by_movie(movies, fraction, seed)
    assert not set(movies[drawn]) & set(movies[~drawn])
    assert drawn.any()
    assert not drawn.all()


def test_the_fraction_is_met_to_within_a_movie_and_the_seed_decides_which() -> None:
    movies = np.repeat([f"tt{number}" for number in range(400)], 7)
    drawn = split_by_movie(movies, 0.1, seed=0)
    assert 0.1 <= drawn.mean() <= 0.1 + 7 / len(movies)
    assert (split_by_movie(movies, 0.1, seed=0) == drawn).all()
    assert (split_by_movie(movies, 0.1, seed=1) != drawn).any()
