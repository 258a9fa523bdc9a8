"""A text that is no review of the corpus, as a trained model reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.table import Table
from rich.text import Text

from pipeline.data.reviews import pack
from pipeline.data.tensors import Tensors
from pipeline.data.tokenizer import make_tokenizer
from pipeline.data.vocabulary import UNK
from pipeline.evaluation.entropy import entropy_columns
from pipeline.evaluation.predict import predict
from pipeline.evaluation.review_html import spaces_before
from pipeline.evaluation.trained import Trained
from pipeline.printable import printable

BARELY = 0.1  # of the largest weight of a text: what is less stays as the terminal has it
TOP = 10  # words named where there is no colour
ENOUGH = 40  # columns of a terminal for a reading beside others
HEAT, PAPER = (255, 157, 0), (255, 248, 235)  # of the largest weight of a text, and of a share of nothing


@dataclass(frozen=True)
class Reading:
    """What one model says of one text, and where it looked.

    Attributes:
        model: which one, such as "imdb best, seed 0".
        answer: the class.
        probability: of the answer.
        tokens: the words, in lower case.
        weights: attention on each token, or None for a model without attention.
        unknown: places of the tokens that the vocabulary lacks.
    """

    model: str
    answer: str
    probability: float
    tokens: list[str]
    weights: list[float] | None
    unknown: list[int]

    @property
    def facts(self) -> str:
        """Answer, entropy and unknown words as one line."""
        facts = [f"{printable(self.answer)} ({self.probability:.1%})"]
        if self.weights is None:
            facts.append("no attention")
        else:
            columns = entropy_columns(np.asarray(self.weights), np.array([0, len(self.tokens)]))
            nats, _, words = (float(column[0]) for column in columns.values())
            facts.append(f"entropy {nats:.2f} nats, as if spread over {words:.1f} of {len(self.tokens)} words")
        return ", ".join(facts)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.paragraphs(colour=bool(console.color_system))

    def paragraphs(self, *, colour: bool) -> Iterator[Text]:
        """The facts, and the words with their weights as background; without colour, the most attended as numbers.

        Args:
            colour: whether there is any.

        Returns:
            two paragraphs, or three.
        """
        text = Text()
        weights = self.weights or []
        uneven = bool(weights) and max(weights) > min(weights)
        shares = np.array(weights) / max(weights) if uneven else np.zeros(len(self.tokens))
        unknown = frozenset(self.unknown)
        for place, (space, token) in enumerate(zip(spaces_before(self.tokens), self.tokens, strict=True)):
            text.append(" " * space)
            text.append(printable(token), _style(float(shares[place]), unknown=place in unknown))
        yield Text(f"{self.model}: {self.facts}", style="bold")
        yield text
        if uneven and not colour:
            order = np.argsort(-shares, kind="stable")[:TOP]
            words = (f'"{printable(self.tokens[place])}" {weights[place]:.3f}' for place in order)
            yield Text(f"most attended: {', '.join(words)}", style="dim")


def _style(share: float, *, unknown: bool) -> Style:
    style = Style(underline=True) if unknown else Style()
    if share < BARELY:
        return style
    mixed = (round(paper + share * (heat - paper)) for heat, paper in zip(HEAT, PAPER, strict=True))
    return style + Style(color="black", bgcolor=f"rgb({','.join(map(str, mixed))})")


def print_readings(readings: Sequence[Reading], console: Console) -> None:
    """Prints readings side by side in a terminal that is wide enough, word beside word; else one below the other.

    Args:
        readings: from `read_text`.
        console: to print to. A file or a pipe has no width: there each paragraph is one line.
    """
    in_a_row = min(len(readings), console.width // ENOUGH) if console.is_terminal else 1
    if in_a_row < 2:
        for reading in readings:
            console.print(reading, soft_wrap=not console.is_terminal)
            console.print()
        return
    for start in range(0, len(readings), in_a_row):
        row = Table.grid(padding=(0, 2))
        for _ in range(in_a_row):
            row.add_column(width=console.width // in_a_row - 2, overflow="fold")
        columns = [one.paragraphs(colour=bool(console.color_system)) for one in readings[start : start + in_a_row]]
        for beside in zip_longest(*columns):
            row.add_row(*beside)
        console.print(row)
        console.print()


def read_text(text: str, models: Sequence[Trained], corpus: Tensors) -> Iterator[Reading]:
    """The text as each model reads it.

    Args:
        text: as written.
        models: to ask, in this order.
        corpus: what they were trained on.

    Raises:
        ValueError: the text has no word.
    """
    tokens = make_tokenizer(corpus.tokenizer)(text)
    if not tokens:
        raise ValueError("there is no word in the text")
    encoded = corpus.vocabulary.encode(tokens)
    for model in models:
        found = predict(model.checkpoint, corpus.embeddings, pack([encoded], labels=[0], rows=[0]))
        answer = int(found.predicted_N[0])
        yield Reading(
            model=str(model),
            answer=corpus.classes[answer],
            probability=float(found.probabilities_NC[0, answer]),
            tokens=tokens,
            weights=None if found.weights is None else [float(weight) for weight in found.weights],
            unknown=np.flatnonzero(encoded == UNK).tolist(),
        )
