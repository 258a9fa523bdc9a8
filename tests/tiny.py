"""A corpus and a family of variants small enough to compute by hand and to train in a blink."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from pipeline.data.reviews import Reviews, pack
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.variants import build_model
from pipeline.params_variants import AttentionVariant
from pipeline.seeding import seed_everything

VOCABULARY, EMBEDDING = 12, 4
GLOBAL, TEXT = {"kind": "global"}, {"kind": "text"}
LSTM = {"kind": "lstm", "hidden": 3}
BOTH_WAYS = {**LSTM, "bidirectional": True}

VARIANTS = {
    "mean": {},
    "attention": {"query": GLOBAL},
    "attention_random": {"query": {"kind": "random", "scale": 2.0}},
    "attention_text_query": {"query": TEXT},
    "attention_text_query_mlp": {"query": {"kind": "text", "hidden": [5]}},
    "attention_additive": {"query": GLOBAL, "key": {"kind": "tanh", "size": 5}},
    "attention_sparsemax": {"query": GLOBAL, "normaliser": "sparsemax"},
    "attention_multihead": {"query": GLOBAL, "heads": 3},
    "attention_value": {"query": GLOBAL, "value": {"kind": "mlp", "hidden": 6}},
    "attention_linear_value": {"query": GLOBAL, "value": {"kind": "linear", "size": 3}},
    "attention_text_query_value": {"query": TEXT, "value": {"kind": "mlp", "hidden": 6}},
    "lstm_text_query_additive": {
        "encoder": {**LSTM, "bidirectional": True},
        "query": TEXT,
        "key": {"kind": "tanh", "size": 5},
    },
    "attention_multihead_sparsemax_value": {
        **{"query": GLOBAL, "key": {"kind": "tanh", "size": 5}, "normaliser": "sparsemax", "heads": 2},
        "value": {"kind": "mlp", "hidden": 6},
    },
    "lstm_multihead_text_query": {"encoder": LSTM, "query": TEXT, "heads": 2},
    "lstm_attention": {"encoder": LSTM, "query": GLOBAL},
    "lstm_mean": {"encoder": LSTM},
    "gru_attention": {"encoder": {"kind": "gru", "hidden": 3}, "query": GLOBAL},
    "bidirectional": {"encoder": {"kind": "gru", "hidden": 3, "layers": 2, "bidirectional": True}, "query": TEXT},
    "attention_trainable": {"query": GLOBAL, "embeddings": "trainable"},
}
RECURRENT = {name for name, entry in VARIANTS.items() if "encoder" in entry}
SPARSE = {name for name, entry in VARIANTS.items() if "normaliser" in entry}


def embeddings() -> torch.Tensor:
    """(12, 4), padding zero."""
    table = torch.from_numpy(np.random.default_rng(0).normal(size=(VOCABULARY, EMBEDDING))).float()
    table[0] = 0
    return table


def model(name: str, seed: int = 0, **dropouts: Any) -> AttentionClassifier:
    """A variant of the table, its queries away from zero so that attention is not uniform."""
    seed_everything(seed)
    built = build_model(AttentionVariant.model_validate(VARIANTS[name]), embeddings(), classes=2, **dropouts)
    query = getattr(built.query, "query", None)
    if query is not None:
        torch.nn.init.normal_(query)
    return built


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Four reviews: of seven, three, one and two tokens."""
    tokens_BT = torch.tensor(
        [[2, 3, 4, 5, 6, 7, 8], [9, 1, 2, 0, 0, 0, 0], [11, 0, 0, 0, 0, 0, 0], [3, 3, 0, 0, 0, 0, 0]]
    )
    return tokens_BT, torch.tensor([7, 3, 1, 2])


def reviews(count: int, seed: int = 0) -> Reviews:
    """Random reviews of 1 to 9 tokens; the label says whether word 2 or word 3 stands in it more often."""
    rng = np.random.default_rng(seed)
    encoded = [rng.integers(1, VOCABULARY, size=rng.integers(1, 10)).astype(np.int32) for _ in range(count)]
    labels = [int((tokens == 2).sum() > (tokens == 3).sum()) for tokens in encoded]
    return pack(encoded, labels, range(count))


def alone(model: AttentionClassifier, tokens: Sequence[int]) -> npt.NDArray[np.float64]:
    """Probabilities of one text, alone in its batch."""
    row = torch.from_numpy(np.array(tokens))[None]
    with torch.inference_mode():
        return model(row, torch.tensor([row.shape[1]])).logits_BC[0].double().softmax(dim=0).numpy()


def by_review(reviews: Reviews, flat: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """A number per token of all reviews, review by review."""
    return np.split(flat, reviews.offsets[1:-1])
