"""What training makes small: cross entropy, plus the entropy of the attention (exercise 5)."""

from torch import Tensor
from torch.nn import functional as F

from pipeline.models.classifier import Attended
from pipeline.models.functional import attention_entropy, padding_mask


def objective(attended: Attended, labels_B: Tensor, lengths_B: Tensor, entropy_weight: float) -> tuple[Tensor, Tensor]:
    """Mean over the batch of cross entropy + entropy_weight * H(weights), both in nats, and of the cross entropy alone.

    Args:
        attended: a model's logits_BC and weights_BT.
        labels_B: classes.
        lengths_B: real tokens of each review.
        entropy_weight: > 0 focuses the attention, < 0 spreads it, 0 leaves plain cross entropy.
    """
    cross_entropy = F.cross_entropy(attended.logits_BC, labels_B)
    if entropy_weight == 0:
        return cross_entropy, cross_entropy
    mask_BT = padding_mask(lengths_B, attended.weights_BT.shape[1])
    entropy = attention_entropy(attended.weights_BT, mask_BT).mean()
    return cross_entropy + entropy_weight * entropy, cross_entropy
