"""The one place that sets random state."""

import torch


def seed_everything(seed: int, epoch: int = 0, rank: int = 0) -> torch.Generator:
    """Sets torch's random state from a seed and an epoch, and refuses operations that are not deterministic.

    Every epoch starts from a state of its own, so a fit that was interrupted needs no random state to go on.

    Args:
        seed: of the run.
        epoch: 0 for the model's initial weights, then counted from 1.
        rank: of a process among those that train one model: each draws dropout of its own.

    Returns:
        a generator for the order of the batches, in the same state each time, and in every process.
    """
    torch.set_deterministic_debug_mode(
        "error"
    )  # use_deterministic_algorithms does the same, after two seconds of imports
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # none is ever read
    mixed = (seed * 1_000_003 + epoch) % 2**63
    torch.manual_seed((mixed + rank * 7_368_787) % 2**63)
    return torch.Generator().manual_seed(mixed)
