"""Which keys of params.yaml each stage reads: the other half of what can make DVC run it again, beside its code.

DVC could follow keys of a YAML file by itself, but it parses the whole file once for each of more than a hundred
stages. A file for each key would make dvc.lock half as long again, and DVC reads and writes all of it for each stage.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from pipeline.data.atomic import replacing
from pipeline.params import Params

TOKENS = (
    *("tokenizer", "min_count", "max_size", "max_tokens"),
    *("validation_fraction", "validation_seed", "test_fraction"),
)
TRAINING = ("seeds", "training", "compute")
INTERVALS = ("evaluation.bootstrap", "evaluation.confidence")
QUESTIONS = ("explanation.reviews", "explanation.permutations")


def keys_read(params: Params) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each stage by the name that DVC gives it, and its keys; the stages of a sweep over weights share theirs."""
    yield "imdb", ("sources.imdb",)
    yield "glove", ("sources.glove",)
    yield "pairs", ("sources.counterfactual",)
    yield "demo", ("sources.demo",)
    yield from ((f"reviews@{name}", (f"sources.reviews.{name}",)) for name in params.sources.reviews)
    yield from ((f"vectors@{name}", (f"sources.vectors.{name}",)) for name in params.sources.vectors)
    for corpus in params.corpora:
        yield f"tensors@{corpus}", tuple(f"corpora.{corpus}.{key}" for key in TOKENS)
    for corpus in params.benchmark:
        own = f"corpora.{corpus}.training"
        for variant in params.variants:
            yield f"train@{corpus}-{variant}", (*TRAINING, own, f"variants.{variant}")
            top = f"corpora.{corpus}.top_words_min_count"
            yield f"evaluate@{corpus}-{variant}", ("evaluation", *QUESTIONS, top)
        yield f"exchange@{corpus}", ("seeds", "explanation.exchanged", "variants")
        yield f"compare@{corpus}", (*TRAINING, "evaluation", "frontier", "nulls", own, "variants")
    for corpus in params.sources.counterfactual.corpora:
        yield f"counterfactual@{corpus}", ("seeds", *INTERVALS, "variants")
    for corpus in params.nulls.corpora:
        for variant in params.nulls.variants:
            yield f"nulls@{corpus}-{variant}", (*TRAINING, f"corpora.{corpus}.training", f"variants.{variant}")
    for corpus in params.frontier.corpora:
        for variant in params.frontier.variants:
            keys = (*TRAINING, *INTERVALS, *QUESTIONS, f"corpora.{corpus}.training", f"variants.{variant}")
            yield f"sweep@{corpus}-{variant}", keys
    for row, model in params.published.items():
        keys = (*TRAINING, *INTERVALS, *QUESTIONS, f"corpora.{model.corpus}.training", f"published.{row}")
        yield f"replicate@{row}", keys
    yield "published", ("published",)


def write(params: Params, out: Path) -> None:
    """Writes a JSON for each stage, with the values of its keys, and removes those of stages that are no more.

    Args:
        params: all of params.yaml.
        out: folder of the files; each is named like its stage.
    """
    content = params.model_dump(mode="json")
    files = {out / f"{stage}.json": keys for stage, keys in keys_read(params)}
    for old in set(out.rglob("*.json")) - set(files):
        old.unlink()
    for path, keys in files.items():
        with replacing(path) as part:
            part.write_text(json.dumps({key: _value(content, key) for key in keys}, indent=1) + "\n", "utf-8")


def _value(content: object, key: str) -> object:
    for name in key.split("."):
        assert isinstance(content, dict)
        content = content[name]
    return content
