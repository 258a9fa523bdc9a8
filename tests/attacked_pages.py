"""Every kind of page that shows a review, made of attacks."""

import evaluation_results
import pandas as pd
import pytest
from browser import ATTACKS
from evaluation_results import VARIANTS, examples, report_page

from pipeline.evaluation.examples import Example
from pipeline.evaluation.reading import Reading
from pipeline.evaluation.review_html import render_page, render_readings

CLASSES = tuple(attack for attack in ATTACKS if attack.isprintable())  # a control character in one is refused


def attacked_report() -> str:
    """The page on a corpus, with an attack as every word, class and name."""
    records = {name: examples(name, ATTACKS, len(ATTACKS), 0) for name in VARIANTS}
    for own in records.values():
        for place, record in enumerate(own):
            label, predicted = place % len(CLASSES), (place + 1) % len(CLASSES)
            record.update(name=ATTACKS[place], label=label, predicted=predicted)
    words, lexicon = evaluation_results.top_words(), evaluation_results.lexicon("attention")
    words = words[words["scope"] == "all"]
    words = pd.concat([words, *(words.assign(scope=name, pushes_to=name) for name in CLASSES)], ignore_index=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation_results, "top_words", lambda: words.assign(word=(ATTACKS * 99)[: len(words)]))
        patch.setattr(evaluation_results, "lexicon", lambda _: lexicon.assign(word=ATTACKS[: len(lexicon)]))
        return report_page(examples_by_variant=records, classes=CLASSES)


def attacked_examples() -> str:
    """Reviews as one model reads them, each an attack in its name and in its words."""
    (record, *_) = examples("attention", ATTACKS)
    return render_page(ATTACKS[4], [Example(**record | {"name": name, "confidence": 0.5}) for name in ATTACKS], ATTACKS)


def attacked_reading() -> str:
    """What `attention explain --html` writes of the attacks as a text."""
    weights = [1 / len(ATTACKS)] * len(ATTACKS)
    return render_readings(ATTACKS[4], [Reading(name, ATTACKS[0], 0.5, ATTACKS, weights, [0]) for name in ATTACKS])
