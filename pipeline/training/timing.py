"""How long a training took: clock values, kept apart from results that are the same in every run."""

from typing import Any


def timing(histories: dict[int, list[dict[str, Any]]]) -> dict[str, Any]:
    """Seconds of processor time by seed and in all, epochs by seed, and tokens per second.

    Seeds train side by side, each on one thread, so the sum is work and not waiting.

    Args:
        histories: the epoch records of each seed, as `train_variant` reports them.
    """
    seconds = {seed: sum(record["seconds"] for record in history) for seed, history in histories.items()}
    tokens = sum(record["seconds"] * record["tokens_per_second"] for history in histories.values() for record in history)
    return {
        "train_seconds": round(sum(seconds.values()), 3),
        "tokens_per_second": round(tokens / sum(seconds.values())),
        "seconds_by_seed": {str(seed): round(value, 3) for seed, value in seconds.items()},
        "epochs_by_seed": {str(seed): len(history) for seed, history in histories.items()},
    }
