"""One self-contained page on a corpus: what won, the tables, the figures, and reviews as several variants read them.

The page asks the network for nothing and runs no script but its own: its policy names that script by digest.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from pipeline.evaluation.comparison import headline
from pipeline.evaluation.plot_style import svg
from pipeline.evaluation.report_tables import reasons_table, variants_table
from pipeline.evaluation.top_words import RANKINGS

LARGEST = 4_900_000  # bytes of a page: reviews have what tables, words and figures leave
FRAME = 300_000  # bytes set aside for tables, style and script
LEXICON = 8000  # words of the vocabulary, the most frequent ones
WORD_COLUMNS = ("word", "count", "reviews", "pushes_to")
WORD_NUMBERS = ("mean_weight", "lift", "mass", "push")  # with four digits
SIDES = 2  # variants side by side at first

_PAGE = Path(__file__).with_name("page")
_RANKING_NAMES = {"mean": "mean weight", "mass": "total mass", "lift": "lift over uniform"}


def report(
    corpus: str,
    frame: pd.DataFrame,
    effects: pd.DataFrame,
    figures: Mapping[str, Figure | bytes],
    top_words: Mapping[str, pd.DataFrame],
    examples: Mapping[str, Sequence[Mapping[str, Any]]],
    meta: Mapping[str, object],
    *,
    classes: Sequence[str] = ("negative", "positive"),
    verdicts: Mapping[str, Sequence[str]] | None = None,
    verdicts_note: str = "",
    lexicons: Mapping[str, pd.DataFrame] | None = None,
    reasons: pd.DataFrame | None = None,
    edits: pd.DataFrame | None = None,
) -> str:
    """The page as HTML.

    Args:
        corpus: its name.
        frame: from ``compare``.
        effects: from ``entropy_effects``; its sentences are shown.
        figures: by what each shows: a matplotlib figure, drawn in the page's colours, or a PNG.
        top_words: rankings of attended words by variant; one without attention has none.
        examples: the same reviews as each variant reads them, see `shared_examples`. Where they outgrow the page,
            those that were drawn stay, then those that most variants have wrong.
        meta: facts about the run, shown under the headline.
        classes: name of each label.
        verdicts: sentences by question, from ``verdicts``.
        verdicts_note: on how to read them.
        lexicons: by variant, word, count, logit and polarity, of the same words; the most frequent are shown.
        reasons: from ``faithfulness``.
        edits: from ``counterfactual_table``; without it its columns are left out.

    Raises:
        ValueError: two variants read the same review as different words.
    """
    words = {name: _rankings(table) for name, table in top_words.items() if len(table)}
    known = {"classes": classes, "words": words, "lexicon": _lexicon(lexicons or {})}
    images = [{"name": name, "image": _image(figure, name)} for name, figure in figures.items()]
    taken = FRAME + len(_json(known).encode()) + sum(len(one["image"].encode()) for one in images)
    reviews = _merged(examples, classes)
    shown = list(_fitting(reviews, LARGEST - taken))
    script = "".join((_PAGE / name).read_text(encoding="utf-8") for name in ("report.js", "lexicon.js"))
    environment = Environment(loader=FileSystemLoader(_PAGE), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("report.html").render(
        corpus=corpus,
        headline=headline(frame),
        meta=meta,
        verdicts=verdicts or {},
        verdicts_note=verdicts_note,
        variants=variants_table(frame, classes),
        reasons=None if reasons is None or reasons.empty else reasons_table(frame, reasons, edits),
        figures=images,
        effects=list(effects["sentence"]) if len(effects) else [],
        word_variants=list(words),
        lexicon_variants=list(lexicons or {}),
        rankings=list(RANKINGS),
        ranking_names=_RANKING_NAMES,
        classes=classes,
        scopes=["all", *classes],
        example_variants=list(examples) if shown else [],
        first_shown=_first_shown(frame, examples),
        examples_note=f"{len(shown)} of {len(reviews)} reviews fit this page." if len(shown) < len(reviews) else "",
        data=_json({**known, "reviews": shown}),
        style=Markup((_PAGE / "report.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _json(value: object) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _rankings(table: pd.DataFrame) -> dict[str, dict[str, dict[str, list[Any]]]]:
    """Columns by ranking and scope, in the order of ranks."""
    found: dict[str, dict[str, dict[str, list[Any]]]] = {}
    for (ranking, scope), rows in table.sort_values("rank", kind="stable").groupby(["ranking", "scope"], sort=False):
        columns = {name: rows[name].tolist() for name in WORD_COLUMNS}
        found.setdefault(str(ranking), {})[str(scope)] = columns | {
            name: [float(f"{value:.4g}") for value in rows[name]] for name in WORD_NUMBERS
        }
    return found


def _lexicon(lexicons: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """The most frequent words once, and each variant's two numbers for them."""
    if not lexicons:
        return {}
    shown = {name: table.nlargest(LEXICON, "count", keep="first") for name, table in lexicons.items()}
    first = next(iter(shown.values()))
    if any(list(table["word"]) != list(first["word"]) for table in shown.values()):
        raise ValueError("variants have lexicons of different words: run `dvc repro` for all of them")
    numbers = {
        name: {"logits": table["logit"].round(3).tolist(), "polarities": table["polarity"].round(3).tolist()}
        for name, table in shown.items()
    }
    return {"words": list(first["word"]), "counts": first["count"].tolist(), "variants": numbers}


def _image(figure: Figure | bytes, name: str) -> Markup:
    label = html.escape(name)
    if isinstance(figure, bytes):
        return Markup(f'<img alt="{label}" src="data:image/png;base64,{base64.b64encode(figure).decode()}">')
    return Markup(svg(figure, name).replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1))


def _first_shown(frame: pd.DataFrame, examples: Mapping[str, object]) -> list[str]:
    """The most accurate variants with attention that attend to more than the mean does."""
    focused = frame[frame["variant"].isin(list(examples)) & (frame["entropy_normalised_mean"] < 0.999)]
    return list(focused.sort_values("accuracy_mean", ascending=False)["variant"][:SIDES]) or list(examples)[:SIDES]


def _merged(examples: Mapping[str, Sequence[Mapping[str, Any]]], classes: Sequence[str]) -> list[dict[str, Any]]:
    """Each review once, with every variant's answer: those drawn for all first, then the mistakes of many, of few."""
    merged: dict[int, dict[str, Any]] = {}
    for variant, records in examples.items():
        for record in records:
            review = merged.setdefault(
                record["id"],
                {
                    **{key: record[key] for key in ("id", "name", "kind", "tokens")},
                    **{"label": classes[record["label"]], "unknown": record.get("unknown", [])},
                    **{"mistakes": [], "answers": {}},
                },
            )
            if review["tokens"] != record["tokens"]:
                raise ValueError(f"variants read {record['name']} as different words: run `dvc repro` for all of them")
            if record["kind"] == "mistake":
                review["mistakes"].append(variant)
            review["kind"] = "fixed" if "fixed" in (review["kind"], record["kind"]) else "mistake"
            review["answers"][variant] = _answer(record, classes)
    assert all(len(review["answers"]) == len(examples) for review in merged.values()), "some have not read them all"
    return sorted(merged.values(), key=lambda review: (review["kind"] != "fixed", -len(review["mistakes"])))


def _answer(record: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    answer = {"predicted": classes[record["predicted"]], "probability": round(record["probability"], 4)}
    if record["weights"] is None:
        return answer
    heaviest = max(record["weights"])
    shares = np.asarray(record["weights"]) / (heaviest or 1.0)
    packed = base64.b64encode(np.rint(255 * shares).astype(np.uint8).tobytes()).decode()
    return {**answer, "heaviest": round(heaviest, 6), "weights": packed}


def _fitting(reviews: Sequence[dict[str, Any]], left: int) -> Iterator[dict[str, Any]]:
    for review in reviews:
        if (size := len(json.dumps(review, ensure_ascii=False).encode())) <= left:
            left -= size
            yield review
