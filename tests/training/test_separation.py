"""On the demo corpus each variant beats the one before it, by what it can see and the other cannot."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from pipeline.data import demo
from pipeline.data.prepare import build_tensors
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.predict import predict
from pipeline.explanation.evidence import evidence_mask, evidence_scores
from pipeline.params import load_params
from pipeline.processes import run_seeds
from pipeline.training.variant import train_variant

ROOT = Path(__file__).parents[2]
VARIANTS = ("mean", "attention", "attention_text_query", "lstm_attention")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Means by kind of review, a column per variant: right answers, and how well attention finds the evidence."""
    folder = tmp_path_factory.mktemp("separation")
    params = load_params(ROOT / "params.yaml")
    source = params.sources.demo
    table, vectors = demo.generate(source.seed, source.train_reviews, source.test_reviews)
    demo.write_vectors(vectors, folder / "vectors.txt")
    settings = params.corpus("demo").model_dump(exclude={"reviews", "vectors", "top_words_min_count", "training"})
    demo.write_reviews(table, folder / "reviews.parquet")
    build_tensors(folder / "reviews.parquet", folder / "vectors.txt", folder / "tensors", **settings)
    data = read_tensors(folder / "tensors")
    test = data.splits["test"]
    kinds = table["kind"].to_numpy()[test.rows]
    evidence = evidence_mask(test, table["roles"].to_numpy(), demo.EVIDENCE)
    found: dict[str, dict[str, pd.Series]] = {"right": {}, "average_precision": {}, "mass": {}}
    for name in VARIANTS:
        out = folder / name
        out.mkdir()
        work = partial(
            train_variant,
            title="separation",
            variant=params.variant(name),
            training=params.training_of("demo", name),
            tensors=folder / "tensors",
            out=out,
            states=folder / "states" / name,
        )
        run_seeds(work, [0], lambda seed, report: None, preload="pipeline.training.fit")
        predictions = predict(out / "seed-0.safetensors", data.embeddings, test)
        assert predictions.weights is not None
        scores = evidence_scores(test, predictions.weights.astype(float), evidence)
        for measure, values in {"right": predictions.predicted_N == test.labels, **scores}.items():
            if measure in found:
                found[measure][name] = pd.Series(values).groupby(kinds).mean()
    return {measure: pd.DataFrame(columns) for measure, columns in found.items()}


@pytest.fixture(scope="module")
def right(measured: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return measured["right"]


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


def test_attention_finds_the_evidence_where_the_mean_cannot(measured: dict[str, pd.DataFrame]) -> None:
    precision, mass = measured["average_precision"], measured["mass"]
    assert (precision.loc[["plain", "filler"], "attention"] > 0.8).all()
    assert (precision["mean"] < 0.4).all()
    assert (mass.loc[["plain", "filler"], "attention"] > 2 * mass.loc[["plain", "filler"], "mean"]).all()


def test_only_a_query_from_the_text_looks_at_the_words_of_the_genre(measured: dict[str, pd.DataFrame]) -> None:
    precision = measured["average_precision"].loc["genre"]
    assert precision["attention_text_query"] > precision["attention"] + 0.1
