"""The peer: the models of the exercise as a notebook in plain PyTorch would have them.

Random batches padded to their longest review, a DataLoader with a collate function, packed sequences for the recurrent
layers, Adam. The arithmetic is that of pipeline/models: with the same weights it gives the same logits. It leaves out
what a notebook would: dropout of the same units in a whole review, and a moving average of the weights.
"""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

from pipeline.data.reviews import Reviews
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.encoders import RecurrentEncoder
from pipeline.models.functional import masked_sparsemax

Padded = tuple[Tensor, Tensor, Tensor]


class NotebookModel(nn.Module):
    """One class with a branch for each part.

    Args:
        model: whose weights it starts from.
        dropout: on word vectors and on the context vector.
        word_dropout: share of tokens read as unknown, while training.
    """

    def __init__(self, model: AttentionClassifier, dropout: float, word_dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(
            model.embedding.weight.detach().clone(), freeze=not model.embedding.weight.requires_grad, padding_idx=0
        )
        self.rnn = _recurrent(model)
        self.to(model.classifier.weight.device)
        query = copy.deepcopy(model.query)
        self.text_query = getattr(query, "transform", None)
        self.shared_query = getattr(query, "query", None)
        self.key, self.value, self.classifier = map(copy.deepcopy, (model.key, model.value, model.classifier))
        self.heads, self.is_sparse = model.heads, model.normaliser is masked_sparsemax
        self.dropout = nn.Dropout(dropout)
        self.word_dropout = word_dropout

    def forward(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of a padded batch, and the mean of the heads' weights."""
        mask = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
        if self.training and self.word_dropout:
            tokens = tokens.masked_fill(torch.rand(tokens.shape, device=tokens.device) < self.word_dropout, 1)
        states = self.dropout(self.embedding(tokens))
        if self.rnn is not None:
            packed = pack_padded_sequence(states, lengths.cpu(), batch_first=True, enforce_sorted=False)
            states, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        keys, values, contexts = self.key(states), self.value(states), []
        mean_weights = torch.zeros(mask.shape, device=mask.device)
        heads = [torch.zeros(mask.shape, device=mask.device)]
        if self.text_query is not None:
            mean = (states * mask[:, :, None]).sum(1) / lengths[:, None]
            heads = [(keys * query[:, None]).sum(-1) for query in self.text_query(mean).chunk(self.heads, dim=1)]
        elif self.shared_query is not None:
            heads = [keys @ query for query in self.shared_query.chunk(self.heads)]
        for scores in heads:
            scores = scores.masked_fill(~mask, float("-inf"))
            weights = sparsemax(scores) if self.is_sparse else scores.softmax(-1)
            mean_weights = mean_weights + weights / len(heads)
            contexts.append((weights[:, :, None] * values).sum(1))
        return self.classifier(self.dropout(torch.cat(contexts, 1))), mean_weights


def sparsemax(scores: Tensor) -> Tensor:
    """As the paper has it, by a sort (Martins & Astudillo 2016, algorithm 1)."""
    falling = scores.sort(dim=-1, descending=True).values
    sums = falling.cumsum(-1)
    places = torch.arange(1, scores.shape[-1] + 1, device=scores.device)
    size = (1 + places * falling > sums).sum(-1, keepdim=True)
    return (scores - (sums.gather(-1, size - 1) - 1) / size).clamp_min(0)


def _recurrent(model: AttentionClassifier) -> nn.Module | None:
    """The same layers as one of torch's, or none."""
    if not isinstance(model.encoder, RecurrentEncoder):
        return None
    ahead, behind = model.encoder.forwards, model.encoder.backwards
    first: Any = ahead[0]
    rnn: nn.Module = (nn.LSTM if isinstance(first, nn.LSTM) else nn.GRU)(
        first.input_size, first.hidden_size, len(ahead), batch_first=True, bidirectional=bool(behind)
    )
    for cells, suffix in ((ahead, ""), (behind, "_reverse")):
        for layer, cell in enumerate(cells):
            for name, parameter in cell.named_parameters():
                getattr(rnn, name.replace("_l0", f"_l{layer}") + suffix).data.copy_(parameter.data)
    return rnn


def batches(reviews: Reviews, batch_size: int, *, shuffle: bool) -> DataLoader[Padded]:
    """Random batches, each padded to its longest review."""
    pairs = [
        (torch.from_numpy(reviews[index].astype("int64")), int(reviews.labels[index])) for index in range(len(reviews))
    ]

    def collate(batch: list[tuple[Tensor, int]]) -> Padded:
        tokens = pad_sequence([tokens for tokens, _ in batch], batch_first=True)
        return tokens, torch.tensor([len(tokens) for tokens, _ in batch]), torch.tensor([label for _, label in batch])

    return DataLoader(pairs, batch_size=batch_size, shuffle=shuffle, collate_fn=collate)  # type: ignore[arg-type]


class NotebookFit:
    """Adam with gradient clipping and the entropy term of exercise 5, a step at a time."""

    def __init__(
        self, model: NotebookModel, learning_rate: float, gradient_clip: float, entropy_weight: float = 0.0
    ) -> None:
        self.model = model
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=learning_rate)
        self.gradient_clip = gradient_clip
        self.entropy_weight = entropy_weight

    def step(self, batch: Padded) -> int:
        """One update; returns the batch's real tokens."""
        tokens, lengths, labels = (part.to(self.model.classifier.weight.device) for part in batch)
        self.optimizer.zero_grad()
        logits, weights = self.model(tokens, lengths)
        loss = nn.functional.cross_entropy(logits, labels)
        if self.entropy_weight:
            loss = loss - self.entropy_weight * (weights * (weights + 1e-12).log()).sum(1).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.gradient_clip)
        self.optimizer.step()
        return int(batch[1].sum())


def infer(model: NotebookModel, loader: DataLoader[Padded], count: int) -> Iterator[tuple[int, Tensor]]:
    """Real tokens and logits of the first batches."""
    model.eval()
    with torch.no_grad():
        for place, (tokens, lengths, _) in enumerate(loader):
            if place == count:
                break
            device = model.classifier.weight.device
            yield int(lengths.sum()), model(tokens.to(device), lengths.to(device))[0]
