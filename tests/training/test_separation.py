"""On the demo corpus each variant beats the one before it, by what it can see and the other cannot."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from pipeline.data import demo
from pipeline.data.prepare import build_tensors
from pipeline.data.tensors import read_tensors, write_tensors
from pipeline.evaluation.predict import predict
from pipeline.params import load_params
from pipeline.processes import run_seeds
from pipeline.training.variant import train_variant

ROOT = Path(__file__).parents[2]
VARIANTS = ("mean", "attention", "attention_text_query", "lstm_attention")


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Share of right answers by kind of review, a column per variant."""
    folder = tmp_path_factory.mktemp("separation")
    params = load_params(ROOT / "params.yaml")
    source = params.sources.demo
    table, vectors = demo.generate(source.seed, source.train_reviews, source.test_reviews)
    demo.write_vectors(vectors, folder / "vectors.txt")
    settings = params.corpus("demo").model_dump(exclude={"reviews", "vectors", "top_words_min_count", "training"})
    tensors, _ = build_tensors(table, folder / "vectors.txt", **settings)
    write_tensors(tensors, table, folder / "tensors")
    data = read_tensors(folder / "tensors")
    test = data.splits["test"]
    shares = {}
    for name in VARIANTS:
        out = folder / name
        out.mkdir()
        work = partial(
            train_variant,
            variant=params.variant(name),
            training=params.training_of("demo", name),
            tensors=folder / "tensors",
            out=out,
            states=folder / "states" / name,
        )
        run_seeds(work, [0], lambda seed, report: None, preload="pipeline.training.fit")
        answers = predict(out / "seed-0.safetensors", data.embeddings, test).predicted_N
        shares[name] = pd.Series(answers == test.labels).groupby(table["kind"].to_numpy()[test.rows]).mean()
    return pd.DataFrame(shares)


def test_each_step_of_machinery_is_worth_points(right: pd.DataFrame) -> None:
    total = right.mean()
    for weaker, stronger in pairwise(VARIANTS):
        assert total[weaker] + 0.05 < total[stronger], f"{weaker} {total[weaker]}, {stronger} {total[stronger]}"


def test_plain_words_are_for_every_model(right: pd.DataFrame) -> None:
    assert (right.loc["plain"] > 0.97).all()


def test_filler_drowns_the_mean_and_not_attention(right: pd.DataFrame) -> None:
    assert right.loc["filler", "mean"] < 0.75
    assert (right.loc["filler", list(VARIANTS[1:])] > 0.95).all()


def test_only_a_query_from_the_text_knows_the_genre(right: pd.DataFrame) -> None:
    assert (right.loc["genre", ["mean", "attention"]] < 0.6).all()
    assert right.loc["genre", "attention_text_query"] > 0.9


def test_only_a_recurrent_encoder_reads_negation(right: pd.DataFrame) -> None:
    bags = right.loc["negation", ["mean", "attention", "attention_text_query"]]
    assert bags.tolist() == [0.5] * 3
    assert right.loc["negation", "lstm_attention"] > 0.95
