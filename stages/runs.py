"""The MLflow run of one variant, corpus and seed, described alike for the stage that trains and the one that tests."""

from collections.abc import Mapping
from dataclasses import replace

from pipeline.data.tensors import Tensors
from pipeline.params import Params, Published
from pipeline.params_sources import Strict
from pipeline.params_variants import AttentionVariant
from pipeline.tracking.run import COMPARISON, REPLICA, SWEEP, VARIANT, Run, fingerprint


def variant_run(params: Params, corpus: str, variant: str, seed: int, data: Tensors) -> Run:
    """What the run is called, what it is compared by, and the fingerprint of all that decides its result.

    Args:
        params: all of params.yaml.
        corpus: a name under corpora.
        variant: a name under variants.
        seed: one of seeds.
        data: the corpus.
    """
    entry, training = params.variant(variant), params.training_of(corpus, variant)
    parts = dict.fromkeys(("encoder", "query", "key", "normaliser", "heads", "value", "embeddings"), "none")
    if isinstance(entry, AttentionVariant):
        parts = {
            "encoder": _spell(entry.encoder),
            "query": _spell(entry.query),
            "key": _spell(entry.key),
            "normaliser": _spell(entry.normaliser),
            "heads": str(entry.heads),
            "value": _spell(entry.value),
            "embeddings": entry.embeddings,
        }
    return Run(
        experiment=corpus,
        name=f"{variant} seed {seed}",
        role=VARIANT,
        fingerprint=fingerprint(
            entry.model_dump(), training.model_dump(), params.compute.model_dump(exclude={"devices"}), seed, data.digest
        ),
        params={
            "variant": variant,
            "corpus": corpus,
            "seed": seed,
            "family": entry.family,
            **parts,
            "tokenizer": data.tokenizer,
            "training": training.model_dump(),
            "compute": params.compute.model_dump(),
        },
        tags={
            **{"variant": variant, "corpus": corpus, "seed": str(seed), "data.digest": data.digest},
            "dvc.stage": f"train@{corpus}-{variant}",  # whichever stage writes the run
        },
    )


def sweep_run(params: Params, corpus: str, variant: str, weight: float, seed: int, data: Tensors) -> Run:
    """The run of a variant under another entropy weight, with the params of the variant but for that weight.

    Args:
        params: all of params.yaml.
        corpus: a name under corpora.
        variant: a name under variants.
        weight: loss per nat of entropy.
        seed: one of seeds.
        data: the corpus.
    """
    own = variant_run(params, corpus, variant, seed, data)
    training = params.training_of(corpus, variant).model_copy(update={"entropy_weight": weight})
    return replace(
        own,
        name=f"{variant} {weight:+g} seed {seed}",
        role=SWEEP,
        fingerprint=fingerprint(own.fingerprint, weight),
        params={**own.params, "training": training.model_dump()},
        tags={**own.tags, "entropy_weight": f"{weight:g}", "dvc.stage": f"sweep@{corpus}-{variant}-{weight}"},
    )


def replica_run(row: str, entry: Published, found: Mapping[str, object]) -> Run:
    """The run of a row of a published table, in the experiment of the corpus that keeps its paper's protocol.

    Args:
        row: a name under published.
        entry: what stands there.
        found: our numbers: others make another run.
    """
    return Run(
        experiment=entry.corpus,
        name=row,
        role=REPLICA,
        fingerprint=fingerprint(entry.model_dump(), found),
        params={"variant": row, "corpus": entry.corpus, "paper": entry.paper, **entry.variant.model_dump()},
        tags={"variant": row, "corpus": entry.corpus, "dvc.stage": f"replicate@{row}"},
    )


def comparison_run(params: Params, corpus: str, metrics: Mapping[str, Mapping[str, object]]) -> Run:
    """The run that holds all variants of a corpus side by side.

    Args:
        params: all of params.yaml.
        corpus: a name under corpora.
        metrics: of each variant: other numbers make another run.
    """
    return Run(
        experiment=corpus,
        name="comparison",
        role=COMPARISON,
        fingerprint=fingerprint(params.evaluation.model_dump(), metrics),
        params={"variant": "comparison", "corpus": corpus},
        tags={"corpus": corpus},
    )


def _spell(part: str | Strict) -> str:
    """{"kind": "lstm", "hidden": 64} -> "lstm hidden=64"; the digest of one's own code stands in the fingerprint."""
    if isinstance(part, str):
        return part
    kind, *rest = part.model_dump(exclude={"sha256"}).items()
    return " ".join([str(kind[1]), *(f"{key}={value}" for key, value in rest)])
