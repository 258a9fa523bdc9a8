"""Where attention stands between random words and the best known: by hand, and resampled."""

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.way import FALLS, ceiling, percentiles, resampled_ways, way


def falls(attention: float, random: float, *rankings: float) -> pd.DataFrame:
    return pd.DataFrame([dict(zip(FALLS, (attention, random, *rankings), strict=True))])


@pytest.mark.parametrize(
    ("rankings", "expected"),
    [
        ((0.5, 0.1, 0.2), 0.25),
        ((0.1, 0.3, 0.2), 0.5),
        ((0.1, 0.05, float("nan")), None),
        ((float("nan"),) * 3, None),
    ],
    ids=["leave-one-out is best", "gradients are", "no ranking beats random words", "no ranking"],
)
def test_the_best_ranking_is_the_ceiling(rankings: tuple[float, ...], expected: float | None) -> None:
    one = falls(0.2, 0.1, *rankings)
    assert ceiling(one)[0] == pytest.approx(pd.Series(rankings).max(), nan_ok=True)
    assert way(one)[0] == pytest.approx(float("nan") if expected is None else expected, nan_ok=True)


def asked(rng: np.random.Generator, attention: float, seeds: int = 3, reviews: int = 60) -> pd.DataFrame:
    """Falls that spread by 0.1 around 0.1 at random, `attention`, and 0.5 under the best ranking."""
    rows = pd.DataFrame({"seed": np.repeat(range(seeds), reviews), "row": np.tile(np.arange(reviews) * 7, seeds)})
    middle = dict(zip(FALLS, (attention, 0.1, 0.5, 0.4, 0.3), strict=True))
    return rows.assign(**{name: rng.normal(value, 0.1, len(rows)) for name, value in middle.items()})


def test_the_resampled_ways_spread_as_other_samples_would() -> None:
    """A slow twin: reviews and seeds drawn anew, instead of resampled."""
    rng = np.random.default_rng(0)
    drawn = [way(asked(rng, 0.3)[list(FALLS)].mean().to_frame().T)[0] for _ in range(300)]
    found = resampled_ways({"one": asked(rng, 0.3)}, resamples=2000)["one"]
    assert found.mean() == pytest.approx(0.5, abs=0.06)
    assert np.std(drawn) < found.std() < 2.2 * np.std(drawn), "seeds count, and there are three of them"


def test_reviews_are_drawn_for_all_variants_alike() -> None:
    rng = np.random.default_rng(1)
    one = asked(rng, 0.3, seeds=1)
    ways = resampled_ways({"one": one, "same": one.sample(frac=1, random_state=0)}, resamples=500)
    np.testing.assert_array_equal(ways["one"], ways["same"])


def test_what_is_undefined_is_left_out() -> None:
    rng = np.random.default_rng(2)
    table = asked(rng, 0.3)
    table.loc[table["row"] == 0, FALLS[0]] = np.nan
    assert np.isfinite(resampled_ways({"one": table}, resamples=50)["one"]).all()
    nothing = resampled_ways({"even": table.assign(**{FALLS[0]: np.nan})}, resamples=50)["even"]
    assert np.isnan(nothing).all()
    assert np.isnan(percentiles(nothing, 0.95)).all()
    assert resampled_ways({}, resamples=50) == {}
