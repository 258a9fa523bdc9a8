"""Results as the evaluation of a few variants would leave them, made up, for the tests of the comparison."""

from typing import Any

import numpy as np
import pandas as pd

GLOBAL = {"query": {"kind": "global"}}
VARIANTS: dict[str, dict[str, Any]] = {
    "mean": {},
    "attention": GLOBAL,
    "attention_entropy": {**GLOBAL, "training": {"entropy_weight": 0.01}},
    "best": {**GLOBAL, "embeddings": "trainable"},
    "tfidf": {"family": "tfidf", "ngrams": 2},
}
ACCURACIES = dict(zip(VARIANTS, (0.75, 0.82, 0.82, 0.91, 0.90), strict=True))
ENTROPIES = dict(zip(VARIANTS, (1.0, 0.7, 0.5, 0.6, None), strict=True))


def metrics(variant: str, seeds: int = 3) -> dict[str, Any]:
    """What `evaluate` measures."""
    accuracy, entropy = ACCURACIES[variant], ENTROPIES[variant]
    return {
        "variant": variant,
        "seeds": seeds,
        "parameters": 1234,
        "accuracy_mean": accuracy,
        "accuracy_std": 0.002 if seeds > 1 else 0.0,
        "accuracy_low": accuracy - 0.004,
        "accuracy_high": accuracy + 0.004,
        "f1_mean": accuracy,
        "roc_auc_mean": 0.95,
        "log_loss_mean": 0.3,
        "calibration_error_mean": 0.01,
        "entropy_nats_mean": None if entropy is None else 5 * entropy,
        "entropy_normalised_mean": entropy,
        "perplexity_mean": None if entropy is None else 20.0,
    }


def timing() -> dict[str, Any]:
    """What `train` measures."""
    return {"train_seconds": 90.0, "epochs": {"0": 5, "1": 7, "2": 6}, "tokens_per_second": 1e6}


def predictions(right: list[list[bool]], nats: float) -> pd.DataFrame:
    """A long table: right[seed][review], all of one entropy."""
    return pd.concat(
        pd.DataFrame(
            {
                "seed": seed,
                "row": np.arange(len(answers)),
                "label": 1,
                "predicted": np.asarray(answers, dtype=int),
                "entropy_nats": nats,
            }
        )
        for seed, answers in enumerate(right)
    )


def top_words() -> pd.DataFrame:
    """Rankings with words that mean something to HTML, TeX or a format string."""
    words = ["worst", "<b>bold</b>", "$5", "{0}%", "\u4eba"]
    table = pd.DataFrame({"word": words, "rank": range(1, 6), "mean_weight": np.linspace(0.05, 0.01, 5)})
    table = table.assign(mass=10.0, lift=3.0, count=50, reviews=40, push=0.3)
    table["pushes_to"] = ["negative", "positive", "negative", "positive", "negative"]
    scopes = ("all", "positive", "negative")
    return pd.concat(
        [table.assign(ranking=ranking, scope=scope) for ranking in ("mean", "mass", "lift") for scope in scopes],
        ignore_index=True,
    )


def lexicon(variant: str) -> pd.DataFrame:
    """A word of praise, one of blame, and others that mean something to HTML."""
    words = ["the", "superb", "dull", "<b>bold</b>", "film"]
    sign = 1 if variant == "attention" else -1
    logits, polarities = [-2.0, 3.0, 2.5, 0.0, -1.0], [0.1, 4.0 * sign, -3.0 * sign, 0.5, 0.0]
    return pd.DataFrame({"word": words, "count": [900, 80, 70, 60, 500], "logit": logits, "polarity": polarities})


def examples(variant: str, tokens: list[str], fixed: int = 3, mistakes: int = 1) -> list[dict[str, Any]]:
    """Reviews as one variant reads them: those drawn for all, and some mistakes of each."""
    generator = np.random.default_rng(list(VARIANTS).index(variant))
    kinds = {i: "fixed" for i in range(fixed)}
    for place, name in enumerate(VARIANTS, start=1):
        kinds |= {1000 * place + i: "mistake" if name == variant else "other" for i in range(mistakes)}
    records = []
    for i, kind in kinds.items():
        weights = generator.dirichlet(np.full(len(tokens), 0.3)).round(6).tolist()
        probability = float(generator.random())
        records.append(
            {
                **{"id": i, "name": f"test/pos/{i}_9.txt", "kind": kind, "label": 1},
                **{"length": len(tokens), "seed": 0, "probability": probability, "predicted": int(probability > 0.5)},
                **{"tokens": tokens, "weights": None if variant == "tfidf" else weights, "unknown": [0]},
            }
        )
    return records


def reasons(names: list[str]) -> pd.DataFrame:
    """As from `faithfulness`: the first variant a quarter of the way to the ceiling, the next ones further."""
    rows = []
    for place, name in enumerate(names):
        accuracies = {"accuracy_own": 0.9, "accuracy_uniform": 0.6 + 0.1 * place, "accuracy_permuted": 0.7}
        accuracies |= {"accuracy_trained_uniform": 0.8, "accuracy_trained_random": float("nan")}
        falls = {"random": 0.1, "attention": 0.2 + 0.1 * place, "leave_one_out": 0.5}
        others = {
            "tau_gradient": 0.5,
            "tau_ceiling": 0.8,
            "adversary_divergence": 0.6,
            "seed_divergence": 0.07,
            "exchange_lost": 0.05,
        }
        fallen = {f"comprehensiveness_{ranking}": fall for ranking, fall in falls.items()}
        fallen |= {"comprehensiveness_gradient": 0.4, "comprehensiveness_integrated": 0.3, "ceiling": 0.5}
        fallen |= {"way": (falls["attention"] - 0.1) / 0.4, "way_low": 0.1, "way_high": 0.9}
        rows.append({"variant": name, **accuracies, **fallen, **others})
    return pd.DataFrame(rows)


def edits(names: list[str]) -> pd.DataFrame:
    """As from `counterfactual_table`: each variant follows more edits than the one before it; tfidf has no lift."""
    rows = [
        {
            **{"variant": name, "accuracy_edited": 0.5 + 0.1 * place, "consistency": 0.4 + 0.1 * place},
            **{"pairs": 100, "held_out": 40, "consistency_low": 0.3, "consistency_high": 0.9},
            **{"accuracy_edited_held_out": 0.6 + 0.1 * place, "accuracy_edited_trained_on": 0.4 + 0.1 * place},
            **{"accuracy_edited_held_out_low": 0.5 + 0.1 * place, "accuracy_edited_held_out_high": 0.7 + 0.1 * place},
            **{"accuracy_edited_low": 0.49 + 0.1 * place, "accuracy_edited_high": 0.51 + 0.1 * place},
            **{"lift": 1.0 + place, "lift_low": 0.5 + place, "lift_high": 1.5 + place},
        }
        for place, name in enumerate(names)
    ]
    table = pd.DataFrame(rows)
    table.loc[table["variant"] == "tfidf", ["lift", "lift_low", "lift_high"]] = float("nan")
    return table


def report_page(
    tokens: list[str] | None = None,
    *,
    fixed: int = 3,
    mistakes: int = 1,
    figures: dict[str, Any] | None = None,
    examples_by_variant: dict[str, list[dict[str, Any]]] | None = None,
    empty: bool = False,
    classes: tuple[str, ...] = ("negative", "positive"),
) -> str:
    """A whole report; a figure given as None is drawn."""
    from pipeline.evaluation.comparison import compare
    from pipeline.evaluation.comparison_figures import accuracy_against_entropy
    from pipeline.evaluation.entropy_effect import entropy_effects, entropy_pairs
    from pipeline.evaluation.report import report
    from pipeline.evaluation.significance import significance

    frame = compare([metrics(name) for name in VARIANTS], [timing()] * len(VARIANTS), VARIANTS)
    if empty:
        return report("demo", frame, pd.DataFrame(), {}, {}, {}, {})
    tables = {
        name: predictions([[True, False, True]], nats) for name, nats in (("attention", 3), ("attention_entropy", 2))
    }
    pairs = significance(tables, resamples=100, confidence=0.95)
    effects = entropy_effects(entropy_pairs(VARIANTS), tables, pairs, (), resamples=100, confidence=0.95)
    words = tokens or ["this", "film", "was", "n't", "bad", ",", "it", "was", "<b>", "superb", "</b>", "!"]
    return report(
        "demo",
        frame,
        effects,
        {
            name: figure or accuracy_against_entropy(frame, name)
            for name, figure in (figures or {"Accuracy of each variant": None}).items()
        },
        {name: pd.DataFrame() if name == "tfidf" else top_words() for name in VARIANTS},
        examples_by_variant or {name: examples(name, words, fixed, mistakes) for name in VARIANTS},
        {"seeds": 3},
        classes=classes,
        verdicts={"1. Who wins?": ["best beats <b>mean</b> by 16.0 points [15.0, 17.0]"]},
        verdicts_note="Points of accuracy.",
        lexicons={name: lexicon(name) for name in ("attention", "attention_entropy")},
        reasons=reasons(["attention", "attention_entropy"]),
        edits=edits(list(VARIANTS)),
    )
