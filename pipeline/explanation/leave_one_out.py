"""How much each token speaks for the answer, by deleting it; flat arrays as in `importance`."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.data.reviews import Reviews
from pipeline.explanation.opened import Flat, is_bag, opened, places, pulls
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.encoders import RecurrentEncoder

ROWS = 64  # texts at once, each without another token
EXACT, NOISY = 12, 6  # decimals that are more than rounding, in float64 and in float32: equal effects are ties


def leave_one_out(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """p_c(x) - p_c(x without the token), the token deleted; NaN for a review of one token."""
    return _left_out_of_a_bag(model, reviews) if is_bag(model) else _left_out_one_by_one(model, reviews)


def _left_out_of_a_bag(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """All at once: what is before a token and what is after it, added up without it."""
    found = np.full(len(reviews.tokens), np.nan)
    bias_C = model.classifier.bias.detach().double()
    for batch in opened(model, reviews):
        weights_BT1 = batch.weights_BT.double()[:, :, None]
        parts_BTC = torch.cat([weights_BT1 * pulls(model, batch).double(), weights_BT1], dim=2)
        rest_BTC = _before(parts_BTC) + _before(parts_BTC.flip(1)).flip(1)
        # The last row is the whole text, added up as the others are: an effect of nothing is then no effect.
        sums_BTC = torch.cat([rest_BTC, parts_BTC.sum(dim=1, keepdim=True)], dim=1)
        probabilities_BTC = (sums_BTC[:, :, :-1] / sums_BTC[:, :, -1:] + bias_C).softmax(dim=2)
        whole_BC = probabilities_BTC[:, -1]
        answer_B11 = whole_BC.argmax(dim=1)[:, None, None]
        of_answer_BT = probabilities_BTC.gather(2, answer_B11.expand(-1, probabilities_BTC.shape[1], 1))[:, :, 0]
        lost_BT = (of_answer_BT[:, -1:] - of_answer_BT[:, :-1]).round(decimals=EXACT)
        mask_BT = (batch.mask_BT & (batch.lengths_B > 1)[:, None]).numpy()
        found[places(reviews, batch.index_B, mask_BT)] = lost_BT.numpy()[mask_BT]
    return found


def _before(parts_BTC: Tensor) -> Tensor:
    """The sum of what stands before each place, added up and never taken away: a difference would lose small parts."""
    return torch.cat([torch.zeros_like(parts_BTC[:, :1]), parts_BTC[:, :-1].cumsum(dim=1)], dim=1)


def _left_out_one_by_one(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """Each review as batches of its own: a row for every token, without that token."""
    found = np.full(len(reviews.tokens), np.nan)
    model.eval()
    with torch.inference_mode():
        for index in range(len(reviews)):
            vectors_TE = model.embedding(torch.from_numpy(np.array(reviews[index])))
            length = len(vectors_TE)
            if length == 1:
                continue
            whole_C = _answers(model, model.encoder(vectors_TE[None], torch.tensor([length])))[0]
            answer = int(whole_C.argmax())
            left_C = [_answers(model, states)[:, answer] for states in without_each(model.encoder, vectors_TE)]
            lost_T = (whole_C[answer] - torch.cat(left_C)).round(decimals=NOISY)
            found[reviews.offsets[index] : reviews.offsets[index + 1]] = lost_T.numpy()
    return found


def _answers(model: AttentionClassifier, states_BTD: Tensor) -> Tensor:
    """probabilities_BC of texts of one length."""
    weights_BHT = model.attend(states_BTD, torch.full((len(states_BTD),), states_BTD.shape[1]))
    return model.classify(weights_BHT, model.value(states_BTD)).double().softmax(dim=1)


def without_each(encoder: nn.Module, vectors_TE: Tensor) -> Iterator[Tensor]:
    """The states of a text without one of its tokens, for each in turn, some at a time: (R, T - 1, D), T > 1.

    A single recurrent layer reads what stands before the first missing token once for all rows, and so does a
    backward one what stands after the last: half of the work.
    """
    length = len(vectors_TE)
    parts = torch.arange(length).split(ROWS)
    if type(encoder) is RecurrentEncoder and len(encoder.forwards) == 1:
        sizes = [len(part) for part in parts]
        directions = [_Reading(encoder.forwards[0], vectors_TE, sizes)]
        if encoder.backwards:
            directions.append(_Reading(encoder.backwards[0], vectors_TE.flip(0), sizes[::-1]))
        for place in range(len(parts)):
            states = [directions[0].without(place)]
            states += [one.without(len(parts) - 1 - place).flip(0, 1) for one in directions[1:]]
            yield torch.cat(states, dim=2)
        return
    others = torch.arange(length - 1)
    for part in parts:
        rows_RS = others + (others >= part[:, None])
        yield encoder(vectors_TE[rows_RS], torch.full((len(part),), length - 1))


class _Reading:
    """A recurrent layer over a text, and what it remembered at the start of each part.

    Args:
        layer: one of pipeline/models/recurrent.py.
        vectors_TE: in the order in which it reads.
        sizes: of the parts that the text is cut into.
    """

    def __init__(self, layer: nn.Module, vectors_TE: Tensor, sizes: list[int]) -> None:
        self.layer = layer
        self.vectors_TE = vectors_TE
        self.parts = torch.arange(len(vectors_TE)).split(sizes)
        self.memories: list[Tensor | None] = [None]
        states = []
        for part in self.parts:
            own, memory = layer(vectors_TE[part][None], self.memories[-1])
            states.append(own[0])
            self.memories.append(memory)
        self.states_TH = torch.cat(states)

    def without(self, place: int) -> Tensor:
        """(R, T - 1, H): the states of the text without each token of that part."""
        left_out_R, start = self.parts[place], int(self.parts[place][0])
        before = self.states_TH[:start].expand(len(left_out_R), -1, -1)
        others = torch.arange(start, len(self.vectors_TE) - 1)
        if not len(others):
            return before
        rows = others + (others >= left_out_R[:, None])
        memory_S1H = self.memories[place]
        memory_SRH = None if memory_S1H is None else memory_S1H.expand(-1, len(left_out_R), -1)
        after, _ = self.layer(self.vectors_TE[rows], memory_SRH)
        return torch.cat([before, after], dim=1)
