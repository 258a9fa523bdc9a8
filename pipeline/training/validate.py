"""A model on the validation split: loss, accuracy, and how its attention is spread."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from pipeline.data.batching import evaluation_batches
from pipeline.data.reviews import Reviews
from pipeline.models.functional import attention_entropy, padding_mask
from pipeline.models.inference import infer

HISTOGRAM_BINS = 40  # of normalised entropy, over [0, 1]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BATCH_SIZE = 64


def validate(model: nn.Module, reviews: Reviews) -> dict[str, Any]:
    """Sums over all reviews, then divides once.

    Entropies are in nats; the normalised entropy is divided by ln(length), and reviews of one token, where that is
    zero by zero, are left out of it.

    Returns:
        validation_loss, validation_accuracy, entropy_mean, entropy_p05 ... entropy_p95, entropy_normalised_mean, and
        entropy_histogram: reviews per bin of normalised entropy.
    """
    loss, correct, entropies, lengths = 0.0, 0, [], []
    device = next(model.parameters()).device
    batches = (batch.to(device) for batch in evaluation_batches(reviews, BATCH_SIZE))
    for batch, (logits_BC, weights_BT) in infer(model, batches):
        loss += F.cross_entropy(logits_BC, batch.labels_B, reduction="sum").item()
        correct += int((logits_BC.argmax(dim=1) == batch.labels_B).sum())
        entropies.append(attention_entropy(weights_BT, padding_mask(batch.lengths_B, weights_BT.shape[1])))
        lengths.append(batch.lengths_B)
    entropy_N, length_N = torch.cat(entropies).cpu().double(), torch.cat(lengths).cpu()  # CUDA's histc varies
    normalised_N = (entropy_N[length_N > 1] / length_N[length_N > 1].log()).clamp(0, 1)
    quantiles = torch.quantile(entropy_N, torch.tensor(QUANTILES, dtype=torch.float64)).tolist()
    return {
        "validation_loss": loss / len(reviews),
        "validation_accuracy": correct / len(reviews),
        "entropy_mean": entropy_N.mean().item(),
        **{f"entropy_p{100 * level:02.0f}": value for level, value in zip(QUANTILES, quantiles, strict=True)},
        "entropy_normalised_mean": normalised_N.mean().item() if len(normalised_N) else 0.0,
        "entropy_histogram": torch.histc(normalised_N, HISTOGRAM_BINS, 0.0, 1.0).int().tolist(),
    }
