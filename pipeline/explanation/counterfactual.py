"""Models on reviews and their minimal edits to the opposite label: do the answer and the attention follow the edit?"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.data.pairs import content_key, edited_tokens
from pipeline.data.reviews import Reviews, pack
from pipeline.data.tensors import CLASSES, read_table, read_tensors
from pipeline.data.tokenizer import make_tokenizer
from pipeline.data.vocabulary import Vocabulary
from pipeline.evaluation.predict import predict
from pipeline.processes import Report, run_seeds
from pipeline.progress import Progress

if TYPE_CHECKING:
    import pandas as pd


def counterfactual_rows(
    checkpoints: Mapping[str, Mapping[int, Path]], pairs: "pd.DataFrame", tensors: Path
) -> "pd.DataFrame":
    """Every variant and seed on every pair.

    Args:
        checkpoints: by variant and seed.
        pairs: from `read_pairs`.
        tensors: folder of the corpus that the models were trained on.

    Returns:
        a row per variant, seed and pair: held_out, whether no training text is the original, by content;
        right_original, right_edited; mass, the attention on the edited words of the
        edit, and lift, that mass divided by their share of its tokens: 1 for uniform weights, NaN where the edit only
        took words away, and both NaN for a model without attention.

    Raises:
        ValueError: the corpus has other classes than the pairs, negative and positive.
    """
    import pandas as pd

    data = read_tensors(tensors)
    if set(data.classes) != set(CLASSES):
        raise ValueError(
            f"the classes of {tensors.name} are {', '.join(data.classes)}, and those of the edits "
            f"{' and '.join(CLASSES)}: take it out of sources.counterfactual.corpora"
        )
    places = np.array([data.classes.index(name) for name in CLASSES])
    trained_on = read_table(tensors, ["text"])["text"].iloc[data.splits["train"].rows].map(content_key)
    held_out = dict(zip(range(len(pairs)), ~pairs["text"].map(content_key).isin(set(trained_on)), strict=True))
    tokenize = make_tokenizer(data.tokenizer)
    before, after = ([tokenize(text) for text in pairs[column]] for column in ("text", "edited_text"))
    changed = np.concatenate([edited_tokens(*both) for both in zip(before, after, strict=True)])
    original = _encoded(data.vocabulary, before, places[pairs["label"]])
    edited = _encoded(data.vocabulary, after, places[pairs["edited_label"]])
    found: list[pd.DataFrame] = []
    seeds = sorted({seed for own in checkpoints.values() for seed in own})
    work = functools.partial(
        _seed_rows,
        checkpoints={variant: dict(own) for variant, own in checkpoints.items()},
        original=original,
        edited=edited,
        changed=changed,
        tensors=tensors,
    )
    with Progress() as progress:
        task = progress.task("reading the edits", sum(map(len, checkpoints.values())), "models")

        def on_report(seed: int, rows: "pd.DataFrame") -> None:
            found.append(rows.assign(seed=seed))
            task.advance()

        run_seeds(work, seeds, on_report, preload="pipeline.models.checkpoint")
    rows = pd.concat(found, ignore_index=True).sort_values(["variant", "seed", "pair"], ignore_index=True)
    return rows.assign(held_out=rows["pair"].map(held_out))


def _seed_rows(
    seed: int,
    report: Report,
    *,
    checkpoints: Mapping[str, Mapping[int, Path]],
    original: Reviews,
    edited: Reviews,
    changed: npt.NDArray[np.bool_],
    tensors: Path,
) -> None:
    import pandas as pd

    embeddings = read_tensors(tensors).embeddings
    starts = edited.offsets[:-1]
    share_N = np.add.reduceat(changed.astype(float), starts) / edited.lengths
    for variant, own in checkpoints.items():
        if seed not in own:
            continue
        before, after = (predict(own[seed], embeddings, reviews) for reviews in (original, edited))
        mass_N = np.full(len(edited), np.nan)
        if after.weights is not None:
            mass_N = np.where(share_N > 0, np.add.reduceat(after.weights * changed, starts), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            lift_N = mass_N / share_N
        report(
            pd.DataFrame(
                {
                    "variant": variant,
                    "pair": original.rows,
                    "right_original": before.predicted_N == original.labels,
                    "right_edited": after.predicted_N == edited.labels,
                    "mass": mass_N,
                    "lift": lift_N,
                }
            )
        )


def _encoded(vocabulary: Vocabulary, texts: list[list[str]], labels: Any) -> Reviews:
    return pack([vocabulary.encode(tokens) for tokens in texts], labels, range(len(texts)))


def counterfactual_table(
    rows: "pd.DataFrame", variants: list[str], *, resamples: int, confidence: float
) -> "pd.DataFrame":
    """A row per variant: means over seeds and pairs, and the interval of a bootstrap over pairs.

    Args:
        rows: from `counterfactual_rows`.
        variants: in the order wanted.
        resamples: of the bootstrap.
        confidence: of the intervals.

    Returns:
        variant, seeds, pairs; accuracy_edited, its _low and _high; held_out, the pairs whose original stands in no
        training text, and of those alone accuracy_edited_held_out, accuracy_original and consistency, both right, with
        _low and _high (NaN where there is none); accuracy_edited_trained_on, of the others, which had been learned
        under the opposite label but for a few words; mass and lift of the attention on the edited words, the
        lift's _low and _high, and undefined, the share of pairs whose edit put no word in.
    """
    import pandas as pd

    from pipeline.explanation.summary import interval_of_mean

    def interval(values: "pd.Series") -> tuple[float, float]:
        return interval_of_mean(values.dropna().to_numpy(), resamples, confidence)

    table = []
    for variant in variants:
        own = rows[rows["variant"] == variant].assign(both=lambda one: one["right_original"] & one["right_edited"])
        by_pair = own.groupby("pair")[["right_edited", "mass", "lift"]].mean()
        held_out = own[own["held_out"]].groupby("pair")[["right_original", "right_edited", "both"]].mean()
        both_low, both_high = interval(held_out["both"])
        held_out_low, held_out_high = interval(held_out["right_edited"])
        edited_low, edited_high = interval(by_pair["right_edited"])
        lift_low, lift_high = interval(by_pair["lift"])
        table.append(
            {
                "variant": variant,
                **{"seeds": own["seed"].nunique(), "pairs": len(by_pair)},
                "accuracy_edited": by_pair["right_edited"].mean(),
                **{"accuracy_edited_low": edited_low, "accuracy_edited_high": edited_high},
                "accuracy_edited_trained_on": own.loc[~own["held_out"], "right_edited"].mean(),
                "accuracy_edited_held_out": held_out["right_edited"].mean(),
                **{"accuracy_edited_held_out_low": held_out_low, "accuracy_edited_held_out_high": held_out_high},
                **{"held_out": len(held_out), "accuracy_original": held_out["right_original"].mean()},
                "consistency": held_out["both"].mean(),
                **{"consistency_low": both_low, "consistency_high": both_high},
                **{"mass": by_pair["mass"].mean(), "lift": by_pair["lift"].mean()},
                **{"lift_low": lift_low, "lift_high": lift_high},
                "undefined": by_pair["lift"].isna().mean(),
            }
        )
    return pd.DataFrame(table)
