"""How widely attention is spread: its entropy in nats, divided by ln(length), and its exponential.

N reviews. Weights are flat, aligned with `Reviews.tokens`; review i owns offsets[i] to offsets[i + 1].
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

LENGTH_EDGES = (0, 50, 100, 200, 400, 800)  # bins of tokens: 1-50, 51-100, ..., more than 800
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def attention_entropy(weights: npt.NDArray[np.floating], offsets: npt.NDArray[np.int64]) -> Floats:
    """entropy_N = -sum of w ln w over each review's tokens, in nats, with 0 ln 0 = 0.

    Between 0 (one word has it all) and ln(length) (uniform), to the bit: what rounding of the weights puts outside is
    moved to the bound. Unknown words count as any other token.
    """
    weights = weights.astype(np.float64)
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    entropy_N = 0.0 - np.add.reduceat(weights * logs, offsets[:-1])
    return np.clip(entropy_N, 0.0, np.log(np.diff(offsets)))


def entropy_columns(weights: npt.NDArray[np.floating] | None, offsets: npt.NDArray[np.int64]) -> dict[str, Floats]:
    """The spread of each review's attention in the three ways to read it; all NaN for a model without attention.

    Returns:
        entropy_nats; entropy_normalised, divided by ln(length): 0 to 1, and NaN for a review of one token, where it
        is zero by zero; perplexity, e^entropy: the number of tokens that uniform attention of this entropy looks at.
    """
    lengths_N = np.diff(offsets)
    entropy_N = np.full(len(lengths_N), np.nan) if weights is None else attention_entropy(weights, offsets)
    normalised_N = np.full(len(lengths_N), np.nan)
    np.divide(entropy_N, np.log(lengths_N), out=normalised_N, where=lengths_N > 1)
    return {"entropy_nats": entropy_N, "entropy_normalised": normalised_N, "perplexity": np.exp(entropy_N)}


def summarise_entropy(predictions: "pd.DataFrame", classes: Sequence[str]) -> "pd.DataFrame":
    """The spread of attention over all reviews, by true class, by length, and by right or wrong answer.

    Args:
        predictions: a row per seed and review, with the columns seed, label, length, predicted and those of
            `entropy_columns`.
        classes: name of each label.

    Returns:
        a row per group that has reviews: group ("all", "class", "length" or "answer"), value, reviews,
        entropy_nats_{mean,std,p05,p25,p50,p75,p95}, entropy_normalised_mean, perplexity_mean. Each number is taken
        within a seed and then averaged over the seeds that have such reviews, so `reviews` need not be whole where
        answers differ. No rows for a model without attention.
    """
    import pandas as pd

    attended = predictions[predictions["entropy_nats"].notna()]
    answers = np.where(attended["label"] == attended["predicted"], "right", "wrong")
    edges = [*LENGTH_EDGES, np.inf]
    groups = {
        "all": pd.Categorical(np.full(len(attended), "all")),
        "class": pd.Categorical(np.asarray(classes)[attended["label"]], list(classes)),
        "length": pd.cut(attended["length"].to_numpy(), edges, labels=_length_names()),
        "answer": pd.Categorical(answers, ["right", "wrong"]),
    }
    tables = []
    for group, values in groups.items():
        by_value_and_seed = attended.assign(group=group, value=values).groupby(
            ["group", "value", "seed"], observed=True
        )
        nats = by_value_and_seed["entropy_nats"]
        columns = {"reviews": nats.size(), "entropy_nats_mean": nats.mean(), "entropy_nats_std": nats.std(ddof=0)}
        columns |= {f"entropy_nats_{name}": nats.quantile(level) for name, level in QUANTILES.items()}
        columns["entropy_normalised_mean"] = by_value_and_seed["entropy_normalised"].mean()
        columns["perplexity_mean"] = by_value_and_seed["perplexity"].mean()
        by_seed = pd.DataFrame(columns)
        tables.append(by_seed.groupby(["group", "value"], observed=True).mean().reset_index().astype({"value": str}))
    return pd.concat(tables, ignore_index=True)


def _length_names() -> list[str]:
    inner = [f"{low + 1}-{high} tokens" for low, high in pairwise(LENGTH_EDGES)]
    return [*inner, f"more than {LENGTH_EDGES[-1]} tokens"]
