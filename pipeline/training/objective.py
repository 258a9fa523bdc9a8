"""What training makes small: cross entropy, plus the entropy of the attention (exercise 5)."""

from torch import Tensor
from torch.nn import functional as F

from pipeline.models.classifier import Attended
from pipeline.models.functional import attention_entropy, padding_mask


def objective(attended: Attended, labels_B: Tensor, lengths_B: Tensor, entropy_weight: float) -> Tensor:
    """Mean over the batch of cross entropy + entropy_weight * H(weights), both in nats.

    Args:
        attended: a model's logits_BC and weights_BT.
        labels_B: classes.
        lengths_B: real tokens of each review.
        entropy_weight: > 0 focuses the attention, < 0 spreads it, 0 leaves plain cross entropy.
    """
    loss = F.cross_entropy(attended.logits_BC, labels_B)
    if entropy_weight == 0:
        return loss
    mask_BT = padding_mask(lengths_B, attended.weights_BT.shape[1])
    return loss + entropy_weight * attention_entropy(attended.weights_BT, mask_BT).mean()
