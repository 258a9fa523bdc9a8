"""TF-IDF with logistic regression: the strong model without attention that every variant is held against.

It reads the same tokens as the others, as n-grams of vocabulary rows. scikit-learn does the work; this file only
spells reviews for it and keeps the result in arrays instead of a pickle.
"""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save

from pipeline import formats

Rows = npt.NDArray[np.int32]


class TfidfClassifier:
    """n-grams -> sublinear TF-IDF -> logistic regression (Wang & Manning 2012 give its like as a baseline).

    Args:
        ngrams: longest n-gram, in words.
        min_count: reviews that an n-gram must stand in.
        regularisation: C of scikit-learn.
    """

    def __init__(self, *, ngrams: int, min_count: int, regularisation: float) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self.vectorizer = TfidfVectorizer(
            analyzer=_Ngrams(ngrams), min_df=min_count, sublinear_tf=True, dtype=np.float32
        )
        self.regression = LogisticRegression(C=regularisation, max_iter=1000)
        self.ngrams = ngrams

    @property
    def parameters(self) -> int:
        """Numbers that the regression learned."""
        return int(self.regression.coef_.size + self.regression.intercept_.size)

    def fit(self, reviews: Iterable[Rows], labels: npt.NDArray[np.int64]) -> None:
        """Learns the n-grams, their weights, and the regression; deterministic.

        Raises:
            ValueError: no n-gram stands in `min_count` reviews.
        """
        try:
            frequencies = self.vectorizer.fit_transform(reviews)
        except ValueError:
            raise ValueError(
                f"no n-gram stands in {self.vectorizer.min_df} of the {len(labels)} training reviews: lower min_count"
            ) from None
        self.regression.fit(frequencies, labels)

    def logits(self, reviews: Iterable[Rows]) -> npt.NDArray[np.float64]:
        """logits_NC whose softmax is the regression's probability; of two classes the first has 0."""
        decisions = self.regression.decision_function(self.vectorizer.transform(reviews)).astype(np.float64)
        return decisions if decisions.ndim > 1 else np.stack([np.zeros_like(decisions), decisions], axis=1)

    def evaluate(self, reviews: Iterable[Rows], labels: npt.NDArray[np.int64]) -> tuple[float, float]:
        """Cross entropy in nats and accuracy."""
        from scipy.special import log_softmax

        logits_NC = self.logits(reviews)
        loss = -log_softmax(logits_NC, axis=1)[np.arange(len(labels)), labels].mean()
        return float(loss), float((logits_NC.argmax(axis=1) == labels).mean())

    def save(self, path: Path) -> None:
        """Writes arrays only: n-grams as rows of the vocabulary padded with -1, their idf, and the regression."""
        names = sorted(self.vectorizer.vocabulary_, key=self.vectorizer.vocabulary_.__getitem__)
        grams = np.full((len(names), self.ngrams), -1, dtype=np.int32)
        for row, name in enumerate(names):
            parts = name.split()
            grams[row, : len(parts)] = parts
        arrays = {
            "grams": grams,
            "idf": self.vectorizer.idf_,
            "coefficients": np.ascontiguousarray(self.regression.coef_),  # safetensors takes the memory as it lies
            "intercept": self.regression.intercept_,
            "classes": self.regression.classes_,
        }
        path.write_bytes(save(arrays, metadata={f"{formats.TFIDF}-{formats.FORMATS[formats.TFIDF]}": ""}))

    @classmethod
    def load(cls, path: Path) -> "TfidfClassifier":
        """The model that `save` wrote."""
        arrays = load_file(path)
        grams = arrays["grams"]
        model = cls(ngrams=grams.shape[1], min_count=1, regularisation=1.0)
        names = (" ".join(str(part) for part in gram if part >= 0) for gram in grams.tolist())
        model.vectorizer.vocabulary_ = {name: row for row, name in enumerate(names)}
        model.vectorizer.idf_ = arrays["idf"]
        model.regression.coef_ = arrays["coefficients"]
        model.regression.intercept_ = arrays["intercept"]
        model.regression.classes_ = arrays["classes"]
        return model


class _Ngrams:
    """A review's rows -> its n-grams, spelt as numbers with single spaces."""

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def __call__(self, review: Rows) -> Iterable[str]:
        words = [str(row) for row in review.tolist()]
        return chain(words, *(map(" ".join, zip(*(words[k:] for k in range(n)))) for n in range(2, self.longest + 1)))  # noqa: B905
