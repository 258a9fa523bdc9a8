"""Reviews as HTML, the words coloured by the attention on them. No script, all style inline, every text escaped."""

from collections.abc import Collection, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from pipeline.evaluation.entropy import entropy_columns
from pipeline.evaluation.examples import Example, attended_words

if TYPE_CHECKING:
    from pipeline.evaluation.reading import Reading

TOP_WORDS = 10
FULL = 8  # times the uniform weight: what has full colour, unless a word of the review has more
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'"  # its own style alone
FAINT = 0.005  # a share of full colour below this is not seen, and not written

REVIEW_CSS = """
:root {
  color-scheme: light dark;
  --ink: #1c1c1e; --paper: #fff; --soft: #6b6b70; --line: #d9d9de; --heat: #ff9d00; --wrong: #b00020;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ea; --paper: #17181c; --soft: #a0a0a8; --line: #3a3b42; --heat: #b85a00; --wrong: #ff8a80; }
}
.review { line-height: 1.75; overflow-wrap: anywhere; }
.review span {
  background: color-mix(in srgb, var(--heat) calc(var(--w, 0) * 85%), transparent);
  border-radius: .2em; padding: .1em 0;
}
.review .unknown { text-decoration: underline dotted var(--soft); text-underline-offset: .25em; }
.no-attention { color: var(--soft); font-style: italic; }
"""

_PAGE_CSS = """
body { color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid var(--line); margin-top: 2rem; }
h3 { margin-bottom: 0; }
.facts, .legend { color: var(--soft); }
.wrong { color: var(--wrong); font-weight: 600; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .875rem; }
th, td { text-align: right; padding: .1rem .75rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
"""

_READINGS_CSS = """
body:has(article + article) { max-width: 96rem; }
.readings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 2rem; }
"""

_NO_SPACE_BEFORE = frozenset(".,;:!?)]}%") | {"...", "n't", "'s", "'m", "'d", "'ll", "'re", "'ve"}
_NO_SPACE_AFTER = frozenset("([{$#")
_NO_SPACE_AROUND = frozenset("-/")


def render_review(
    tokens: Sequence[str], weights: Sequence[float] | None, unknown: Collection[int] = frozenset()
) -> str:
    """One review as a paragraph; its page must hold `REVIEW_CSS`.

    A word's colour is its weight over the largest weight of this review, or over `FULL` times the uniform weight if
    that is more, so uniform attention stays pale. Pointing at a word tells its weight, and that over the uniform one.

    Args:
        tokens: words as written.
        weights: attention on each, or None for a model without attention: then a line says so.
        unknown: places of words that the vocabulary lacks: they get a dotted line.
    """
    spaces = (" " if space else "" for space in spaces_before(tokens))
    if weights is None:
        text = "".join(space + escape(token) for space, token in zip(spaces, tokens, strict=True))
        return f'<p class="no-attention">This model has no attention.</p>\n<p class="review">{text}</p>\n'
    full, missing = max(max(weights), FULL / len(tokens)), frozenset(unknown)
    parts = []
    for place, (space, token, weight) in enumerate(zip(spaces, tokens, weights, strict=True)):
        share = weight / full
        style = f' style="--w:{share:.2f}"' if share >= FAINT else ""
        mark, note = (' class="unknown"', ", not in the vocabulary") if place in missing else ("", "")
        title = f"{weight:.4g}, {weight * len(tokens):.3g} x uniform{note}"
        parts.append(f'{space}<span{mark}{style} title="{title}">{escape(token)}</span>')
    return f'<p class="review">{"".join(parts)}</p>\n'


def render_page(title: str, examples: Sequence[Example], classes: Sequence[str]) -> str:
    """A whole page of examples: answer, truth, entropy, the coloured text and the most attended words of each.

    Args:
        title: of the page.
        examples: in the order to be shown.
        classes: name of each label.
    """
    sections = []
    for kind, heading in (("fixed", "The same reviews for every model"), ("mistake", "The surest mistakes")):
        articles = [_article(example, classes) for example in examples if example.kind == kind]
        if articles:
            sections.append(f"<section>\n<h2>{heading}</h2>\n{''.join(articles)}</section>\n")
    return _page(title, "".join(sections))


def render_readings(title: str, readings: "Sequence[Reading]") -> str:
    """A page of one text as several models read it, side by side where the window is wide enough.

    Args:
        title: of the page.
        readings: from `read_text`.
    """
    articles = [
        f'<article>\n<h3>{escape(one.model)}</h3>\n<p class="facts">{escape(one.facts)}</p>\n'
        f"{render_review(one.tokens, one.weights, one.unknown)}</article>\n"
        for one in readings
    ]
    return _page(title, f'<div class="readings">\n{"".join(articles)}</div>\n', _READINGS_CSS)


def _page(title: str, body: str, css: str = "") -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{REVIEW_CSS}{_PAGE_CSS}{css}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n"
        f'<p class="legend">Colour: a word\'s weight; full colour is the heaviest word of the review, or {FULL} times '
        "the uniform weight if that is more, so uniform attention stays pale. Point at a word for its weight. "
        "Dotted: a word that the vocabulary lacks.</p>\n"
        f"{body}</body>\n</html>\n"
    )


def _article(example: Example, classes: Sequence[str]) -> str:
    rows = "".join(
        f"<tr><td>{escape(word)}</td><td>{times}</td><td>{weight:.4f}</td></tr>\n"
        for word, times, weight in attended_words(example, TOP_WORDS)
    )
    header = "<tr><th>most attended words</th><th>times</th><th>attention</th></tr>\n"
    return (
        f"<article>\n<h3>{escape(example.name)}</h3>\n"
        f'<p class="facts">{_facts(example, classes)}, seed {example.seed}</p>\n'
        f"{render_review(example.tokens, example.weights, example.unknown)}"
        f"{f'<table>{header}{rows}</table>' if rows else ''}\n</article>\n"
    )


def _facts(example: Example, classes: Sequence[str]) -> str:
    """Answer, truth, length and entropy of one review as one line of HTML."""
    verdict = "right" if example.predicted == example.label else '<span class="wrong">wrong</span>'
    facts = [
        f"predicted {escape(classes[example.predicted])} ({example.confidence:.1%}), {verdict}",
        f"in truth {escape(classes[example.label])}",
        f"{example.length} token{'s' * (example.length != 1)}",
    ]
    if example.weights is not None:
        columns = entropy_columns(np.asarray(example.weights), np.array([0, example.length]))
        nats, share, words = (float(column[0]) for column in columns.values())
        of_uniform = f", {share:.0%} of uniform attention's" if example.length > 1 else ""
        facts.append(f"entropy {nats:.2f} nats{of_uniform}: as if spread over {words:.1f} words")
    return " · ".join(facts)


def spaces_before(tokens: Sequence[str]) -> list[bool]:
    """Whether a space stands before each token, near enough to how the text was written to read well."""
    spaces, inside_quotes, glued = [], False, True  # glued: nothing comes between the last token and this one
    for token in tokens:
        closing = token == '"' and inside_quotes
        spaces.append(not (glued or closing or token in _NO_SPACE_BEFORE or token in _NO_SPACE_AROUND))
        inside_quotes ^= token == '"'
        opening = token == '"' and inside_quotes
        glued = opening or token in _NO_SPACE_AFTER or token in _NO_SPACE_AROUND
    return spaces
