"""What one MLflow run is called, and what makes it the same run when a stage comes back to it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

VARIANT = "variant"
COMPARISON = "comparison"
SWEEP = "sweep"
REPLICA = "replica"
CURRENT = "pipeline.current"  # tag of the runs that params.yaml as it is would make; "no" on those of other settings


@dataclass(frozen=True)
class Run:
    """One MLflow run.

    Attributes:
        experiment: Name of the experiment: the corpus.
        name: What the runs table shows, such as ``"lstm_attention seed 0"``.
        role: ``VARIANT`` for one trained model, ``COMPARISON`` for the summary of them all, ``SWEEP`` for
            a variant trained again under another entropy weight, ``REPLICA`` for a row of a published table.
        fingerprint: Digest of everything that decides the result. A run is found again by it and by its role.
        params: Nested parameters, logged flat with dots. Give every variant the same keys, ``variant`` among them:
            the saved view groups by it.
        tags: What else to search by: variant, corpus, seed, data digest.
    """

    experiment: str
    name: str
    role: str
    fingerprint: str
    params: Mapping[str, object] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def fingerprint(*parts: object) -> str:
    """Digest of JSON-like parts (resolved params, data digest, seed), the same for equal values in any key order."""
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def flatten(params: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Nested params as MLflow wants them: ``{"a": {"b": 1}}`` becomes ``{"a.b": "1"}``."""
    flat: dict[str, str] = {}
    for key, value in params.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
