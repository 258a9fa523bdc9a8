"""How long a training took: clock values, kept apart from results that are the same in every run."""

from typing import Any

CLOCKS = ("seconds", "tokens_per_second")


def timing(histories: dict[int, list[dict[str, Any]]]) -> dict[str, Any]:
    """Seconds of processor time by seed and in all, epochs by seed, tokens per second, and both clocks by epoch.

    Seeds train side by side, each process on one thread, so the sum is work and not waiting.

    Args:
        histories: the epoch records of each seed, as `train_variant` reports them.
    """
    seconds = {seed: sum(record["seconds"] for record in records) for seed, records in histories.items()}
    tokens = sum(
        record["seconds"] * record["tokens_per_second"] for records in histories.values() for record in records
    )
    return {
        "train_seconds": round(sum(seconds.values()), 3),
        "tokens_per_second": round(tokens / sum(seconds.values())),
        "seconds": {str(seed): round(seconds[seed], 3) for seed in sorted(seconds)},
        "epochs": {str(seed): len(histories[seed]) for seed in sorted(histories)},
        "by_epoch": {
            str(seed): [{name: round(record[name], 3) for name in CLOCKS} for record in histories[seed]]
            for seed in sorted(histories)
        },
    }
