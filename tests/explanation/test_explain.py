from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline import progress
from pipeline.data.reviews import SPLITS, pack, writing_reviews
from pipeline.data.tensors import read_tensors, writing_tensors
from pipeline.data.vocabulary import Vocabulary
from pipeline.evaluation.predict import predict_seeds
from pipeline.explanation.exchange import exchange
from pipeline.explanation.explain import explain_seeds
from pipeline.models.checkpoint import save_classifier
from pipeline.models.variants import build_model
from pipeline.params_variants import AttentionVariant


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[int, Path], Path]:
    """Two seeds of a model over four reviews, and a log that hears of every step."""
    monkeypatch.setattr(progress, "FIRST", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    generator = np.random.default_rng(0)
    embeddings = generator.normal(size=(6, 3)).astype(np.float32)
    reviews = pack(
        [generator.integers(2, 6, size=length, dtype=np.int32) for length in (4, 5, 6, 9)], [1, 0] * 2, range(4)
    )
    with writing_tensors(tmp_path / "tensors", "glove") as made:
        Vocabulary(["a", "film", "good", "bad"]).write(made / "words.txt")
        np.save(made / "embeddings.npy", embeddings)
        np.save(made / "counts.npy", np.ones(6, np.int64))
        pd.DataFrame({"text": ["a good film"] * 4}).to_parquet(made / "reviews.parquet", index=False)
        for split in SPLITS:
            with writing_reviews(made / split, reviews.lengths, reviews.labels, reviews.rows) as append:
                append(reviews.tokens)
    torch.manual_seed(0)
    variant = AttentionVariant.model_validate({"query": {"kind": "text"}, "encoder": {"kind": "gru", "hidden": 2}})
    model = build_model(variant, torch.from_numpy(embeddings), classes=2)
    save_classifier(model, variant, tmp_path / "seed.safetensors")
    return dict.fromkeys((0, 3), tmp_path / "seed.safetensors"), tmp_path / "tensors"


def test_a_variant_may_be_called_as_a_replacement_is(project: tuple[dict[int, Path], Path], tmp_path: Path) -> None:
    checkpoints, tensors = project
    torch.manual_seed(1)
    variant = AttentionVariant.model_validate({"query": {"kind": "global"}})
    other = build_model(variant, torch.from_numpy(np.array(read_tensors(tensors).embeddings)), classes=2)
    with torch.no_grad():
        other.classifier.weight.mul_(50)
    save_classifier(other, variant, tmp_path / "other.safetensors")
    both = checkpoints, dict.fromkeys((0, 3), tmp_path / "other.safetensors")
    found = [exchange(dict(zip(names, both, strict=True)), tensors, reviews=3) for names in ("ab", ("own", "uniform"))]
    assert list(found[0]["accuracy"]) == list(found[1]["accuracy"])


def test_every_step_is_counted_and_the_last_one_is_the_whole(
    project: tuple[dict[int, Path], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints, tensors = project

    def last_line() -> str:
        return capsys.readouterr().err.splitlines()[-1]

    found = explain_seeds("a b", checkpoints, tensors, reviews=3, permutations=2)
    assert sorted(found) == [0, 3]
    assert [list(one.reviews["seed_divergence"]) for one in found.values()] == [[0.0] * 3] * 2, "it is one model twice"
    assert last_line().startswith("a b  questioning the attention  26 of 26 steps  100 %")
    assert sorted(predict_seeds("a b", checkpoints, tensors, "test")) == [0, 3]
    assert last_line().startswith("a b  answers on the test split  8 of 8 reviews  100 %")
    assert len(exchange({"one": checkpoints, "two": checkpoints}, tensors, reviews=3)) == 4
    assert last_line().startswith(f"{tensors.name}  exchanging weights  8 of 8 readings of the sample  100 %")
