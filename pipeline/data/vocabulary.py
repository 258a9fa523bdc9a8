"""Which words a model knows, and the row of each: 0 is padding, 1 every other word."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

PAD, UNK = 0, 1
PAD_WORD, UNK_WORD = "<pad>", "<unk>"


class Vocabulary:
    """Words by row and rows by word.

    Args:
        words: all words but padding and unknown, the most frequent first.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words: tuple[str, ...] = (PAD_WORD, UNK_WORD, *words)
        self._rows = {word: row for row, word in enumerate(self.words[2:], start=2)}
        assert len(self._rows) == len(self.words) - 2, "a word stands twice"

    def __len__(self) -> int:
        """Rows, padding and unknown included."""
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        """Whether the word has a row of its own; `<pad>` and `<unk>` in a text are no such words."""
        return word in self._rows

    def encode(self, tokens: Sequence[str]) -> npt.NDArray[np.int32]:
        """The row of each token; a text of no token becomes one unknown word, so that attention is defined."""
        if not tokens:
            return np.array([UNK], dtype=np.int32)
        rows = self._rows
        return np.fromiter((rows.get(token, UNK) for token in tokens), dtype=np.int32, count=len(tokens))

    def write(self, path: Path) -> None:
        """One word a line, in row order. Tokens hold no white space, so a line break never stands in one."""
        path.write_text("\n".join(self.words) + "\n", encoding="utf-8", newline="\n")

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """The vocabulary that `write` wrote."""
        first, second, *words = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        assert (first, second) == (PAD_WORD, UNK_WORD), f"{path} is no vocabulary"
        return cls(words)


def choose_words(counts: Mapping[str, int], known: Collection[str], min_count: int, max_size: int) -> list[str]:
    """The words that get a row: frequent and with a vector, the most frequent first, ties in code-point order."""
    chosen = [word for word, count in counts.items() if count >= min_count and word in known]
    chosen.sort(key=lambda word: (-counts[word], word))
    return chosen[:max_size]
