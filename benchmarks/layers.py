"""A recurrent layer by itself, forwards and backwards over one batch: ours, and torch's."""

import time
from collections.abc import Callable

import torch
from torch import nn

from pipeline.models.recurrent import GRU, LSTM

REVIEWS, TOKENS, SIZE, UNITS = 64, 272, 50, 64  # as on IMDB; 272 is its mean
LAYERS: dict[str, tuple[type[LSTM | GRU], type[nn.LSTM | nn.GRU]]] = {
    "an LSTM layer": (LSTM, nn.LSTM),
    "a GRU layer": (GRU, nn.GRU),
}


def sides(name: str, seconds: float) -> tuple[Callable[[], float], Callable[[], float], float]:
    """Tokens per second of ours and of torch's layer, and the operations of a token in their matrix products."""
    own, torchs = LAYERS[name]
    ours, theirs = own(SIZE, UNITS), torchs(SIZE, UNITS, batch_first=True)
    inputs_BTE, given_BTH = torch.randn(REVIEWS, TOKENS, SIZE), torch.randn(REVIEWS, TOKENS, UNITS)

    def rate(layer: nn.Module) -> float:
        tokens, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < seconds:
            layer(inputs_BTE)[0].backward(given_BTH)
            tokens += REVIEWS * TOKENS
        return tokens / spent

    gates = ours.weight_hh_l0.shape[0]
    forward = 2 * gates * (SIZE + UNITS)
    for layer in (ours, theirs):  # compiled, and its memory asked for
        layer(inputs_BTE)[0].backward(given_BTH)
    return lambda: rate(ours), lambda: rate(theirs), 2 * forward + 2 * gates * UNITS
