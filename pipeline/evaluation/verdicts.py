"""What the numbers say to each question of the exercise, in words made from the numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.null_names import variant_and_kind
from pipeline.evaluation.significance import holm

QUESTIONS = {
    "query": "2. A learned query: does attention beat equal weights?",
    "null": "2. The same variant with weights that are never learned: does learning them help?",
    "key": "2. Additive attention, a query over keys: better than over the states?",
    "normaliser": "2. Sparsemax, under which many words get nothing at all: better than softmax?",
    "heads": "2. Several heads, each with a query of its own: better than one?",
    "text": "3. A query from the text: better than one for all texts?",
    "value": "3. A value transform: better than the state itself?",
    "encoder": "4. A recurrent layer under the attention: worth it?",
    "entropy_weight": "5. An entropy term in the loss: what does it do to accuracy?",
    "embeddings": "Beyond: word vectors that learn too",
    "tfidf": "Beyond: TF-IDF with logistic regression, what one would pick instead",
}
QUERIES = {
    ("none", "global"): "query",
    ("none", "text"): "query",
    ("none", "own"): "query",
    ("random", "global"): "query",
    ("global", "text"): "text",
}
NOTE = (
    "Points of accuracy on the test reviews, with the {percent:g}% interval of a bootstrap over reviews and seeds, "
    "Student's because the seeds are few. A difference counts as clear if it survives Holm's correction for all the "
    "pairs below. Each variant has training settings of its own. A name with /uniform is the same variant trained with "
    "equal weights, under its settings; where a variant of its own is that model, such as the mean, it stands there, "
    "under settings that suit it. A name with /random is the variant trained under a query that is drawn by chance and "
    "never learned, without a key. "
    "The model beside TF-IDF is the best on these same reviews, which flatters it."
)
NONE: dict[str, Any] = {"kind": "none"}
IDENTITY: dict[str, Any] = {"kind": "identity"}
PARTS = {
    **{"encoder": NONE, "query": NONE, "key": IDENTITY, "value": IDENTITY},
    **{"normaliser": "softmax", "heads": 1, "embeddings": "frozen", "entropy_weight": 0.0},
}


@dataclass(frozen=True)
class Contrast:
    """Two variants that differ in one part; their training settings may differ, each has its own best.

    Attributes:
        question: a key of ``QUESTIONS``.
        variant: the one with more of it.
        parent: the one with less.
    """

    question: str
    variant: str
    parent: str


def contrasts(variants: Mapping[str, Mapping[str, Any]]) -> Iterator[Contrast]:
    """Every two variants that differ in a single part, the plainer one as the parent, question by question.

    Args:
        variants: the entries of params.yaml as plain dicts, by name, in the order in which answers are wanted.
    """
    parts = {name: _parts(entry) for name, entry in variants.items() if entry.get("family") != "tfidf"}
    found = []
    for variant, own in parts.items():
        for parent, others in parts.items():
            differing = [part for part in PARTS if own[part] != others[part]]
            if len(differing) == 1 and (question := _question(differing[0], own, others)):
                found.append(Contrast(question, variant, parent))
    yield from sorted(found, key=lambda contrast: list(QUESTIONS).index(contrast.question))


def verdicts(
    variants: Mapping[str, Mapping[str, Any]], pairs: pd.DataFrame, *, confidence: float
) -> dict[str, list[str]]:
    """Sentences by question; a question that no two variants ask is left out.

    Only the pairs that a question asks for are compared, so Holm's correction is made for their number.

    Args:
        variants: the entries of params.yaml as plain dicts, by name.
        pairs: from ``significance``.
        confidence: of the claims.
    """
    answers: dict[str, list[str]] = {}
    for contrast, row, clear in _answered(variants, pairs, confidence):
        answers.setdefault(QUESTIONS[contrast.question], []).append(_sentence(row, clear=clear))
    return {question: answers[question] for question in QUESTIONS.values() if question in answers}


def clear_pairs(
    variants: Mapping[str, Mapping[str, Any]], pairs: pd.DataFrame, *, confidence: float
) -> set[tuple[str, str]]:
    """The variant and its parent of every difference that the verdicts call clear; the arguments are theirs."""
    answered = _answered(variants, pairs, confidence)
    return {(contrast.variant, contrast.parent) for contrast, _, clear in answered if clear}


def equal_models(variants: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The variant that another one is under equal weights, by the other's name: without a query, else of its parts.

    Key, normaliser and heads make no difference there: the classifier reads the same mean, once or several times.

    Args:
        variants: the entries of params.yaml as plain dicts, by name.
    """
    parts = {name: _parts(entry) for name, entry in variants.items() if entry.get("family") != "tfidf"}

    def rest(name: str) -> tuple[Any, ...]:
        return tuple(parts[name][part] for part in ("encoder", "value", "embeddings"))

    plain = [name for name, own in parts.items() if own["query"] == NONE and not own["entropy_weight"]]
    found = {name: [other for other in plain if rest(other) == rest(name)] for name in parts if name not in plain}
    return {name: others[0] for name, others in found.items() if others}


def _answered(
    variants: Mapping[str, Mapping[str, Any]], pairs: pd.DataFrame, confidence: float
) -> list[tuple[Contrast, dict[str, Any], bool]]:
    """Every contrast, its row of `pairs`, and whether the difference survives the correction."""
    asked = list(contrasts(variants))
    attending = [name for name, entry in variants.items() if entry.get("family") != "tfidf"]
    accuracy = dict(zip(pairs["variant"], pairs["accuracy"], strict=True))
    accuracy |= dict(zip(pairs["other"], pairs["accuracy_other"], strict=True))
    best = max((name for name in attending if name in accuracy), key=accuracy.__getitem__, default="")
    plain, known = equal_models(variants), {(one.variant, one.parent) for one in asked}
    for null in pairs["other"]:
        variant, kind = variant_and_kind(null)
        other = plain.get(variant, null) if kind == "uniform" else null
        if kind and (variant, other) not in known:
            asked.append(Contrast("null", variant, other))
    asked += [Contrast("tfidf", best, name) for name in variants if best and name not in attending]
    rows = [_pair(pairs, contrast.variant, contrast.parent) for contrast in asked]
    p_holm = holm(np.array([row["p"] for row in rows]))
    return [(one, row, bool(p < 1 - confidence)) for one, row, p in zip(asked, rows, p_holm, strict=True)]


def to_markdown(answers: Mapping[str, Sequence[str]], note: str) -> str:
    """The verdicts as a page: a heading and a list per question.

    Args:
        answers: from ``verdicts``.
        note: on how to read them.
    """
    lines = ["# Verdicts", "", note]
    for question, sentences in answers.items():
        lines += ["", f"## {question}", "", *(f"- {sentence}" for sentence in sentences)]
    return "\n".join(lines) + "\n"


def _parts(entry: Mapping[str, Any]) -> dict[str, Any]:
    own = {part: entry.get(part, default) for part, default in PARTS.items() if part != "entropy_weight"}
    return own | {"entropy_weight": float(entry.get("training", {}).get("entropy_weight", 0.0))}


def _question(part: str, own: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    """What the pair asks, or nothing if the first is not the one with more."""
    if part == "query":
        return QUERIES.get((others[part]["kind"], own[part]["kind"]), "")
    is_own = isinstance(own[part], Mapping) and own[part]["kind"] == "own"
    return part if others[part] == PARTS[part] and not is_own else ""


def _pair(pairs: pd.DataFrame, variant: str, other: str) -> dict[str, Any]:
    """The row of two variants, turned so that the difference is that of the first."""
    (row,) = pairs[pairs["variant"].isin([variant, other]) & pairs["other"].isin([variant, other])].to_dict("records")
    found = {str(key): value for key, value in row.items()}
    if found["variant"] == variant:
        return found
    ends = {"difference_low": -found["difference_high"], "difference_high": -found["difference_low"]}
    return found | ends | {"variant": variant, "other": other, "difference": -found["difference"]}


def _sentence(row: Mapping[str, Any], *, clear: bool) -> str:
    points, low, high = (100 * row[f"difference{end}"] for end in ("", "_low", "_high"))
    if not clear:
        difference = f"{points:+.1f} points [{low:+.1f}, {high:+.1f}]"
        return f"{row['variant']} against {row['other']}: no clear difference, {difference}"
    if points > 0:
        return f"{row['variant']} beats {row['other']} by {points:.1f} points [{low:.1f}, {high:.1f}]"
    return f"{row['variant']} loses to {row['other']} by {-points:.1f} points [{-high:.1f}, {-low:.1f}]"
