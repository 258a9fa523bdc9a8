from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.data.reviews import SPLITS, pack, writing_reviews
from pipeline.data.tensors import CLASSES, writing_tensors
from pipeline.data.vocabulary import Vocabulary
from pipeline.explanation.counterfactual import counterfactual_rows, counterfactual_table
from pipeline.models.checkpoint import save_classifier
from pipeline.models.tfidf import TfidfClassifier
from pipeline.models.variants import build_model, load_state
from pipeline.params_variants import AttentionVariant

PAIRS = pd.DataFrame(
    {
        "pair": [4, 7, 9],
        "label": [0, 1, 0],
        "text": ["A 'bad'<br />film", "a good film", "a bad bad film"],
        "edited_label": [1, 0, 1],
        "edited_text": ["a good film", "a film", "a bad good film"],
    }
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return example(tmp_path_factory.mktemp("pairs"), CLASSES)


def example(folder: Path, classes: tuple[str, ...]) -> pd.DataFrame:
    """Attention that looks at "good" and "bad" alone, equal weights, and n-grams, on a corpus of four words."""
    vocabulary = Vocabulary(["a", "film", "good", "bad"])
    embeddings = np.zeros((6, 2), np.float32)
    embeddings[4], embeddings[5] = (5, 1), (5, -1)
    reviews = pack([np.array([4, 2], np.int32), np.array([5, 3], np.int32)], [1, 0], range(2))
    texts = pd.DataFrame({"text": ["a good a", "a bad film"]})  # the second is the first pair's original, cleaned
    with writing_tensors(folder / "tensors", "glove", classes) as made:
        vocabulary.write(made / "words.txt")
        np.save(made / "embeddings.npy", embeddings)
        np.save(made / "counts.npy", np.ones(6, np.int64))
        texts.to_parquet(made / "reviews.parquet", index=False)
        for split in SPLITS:
            with writing_reviews(made / split, reviews.lengths, reviews.labels, reviews.rows) as append:
                append(reviews.tokens)
    classifier = {"classifier.weight": torch.tensor([[0.0, -1.0], [0.0, 1.0]]), "classifier.bias": torch.zeros(2)}
    states = {"attention": {**classifier, "query.query": torch.tensor([2.0, 0.0])}, "mean": classifier}
    checkpoints = {}
    for name, state in states.items():
        variant = AttentionVariant.model_validate({"query": {"kind": "global"}} if name == "attention" else {})
        model = build_model(variant, torch.from_numpy(embeddings), classes=2)
        load_state(model, state)
        save_classifier(model, variant, folder / f"{name}.safetensors")
        checkpoints[name] = {0: folder / f"{name}.safetensors", 3: folder / f"{name}.safetensors"}
    tfidf = TfidfClassifier(ngrams=1, min_count=1, regularisation=1.0)
    tfidf.fit(reviews, reviews.labels)
    tfidf.save(folder / "tfidf.safetensors")
    checkpoints["tfidf"] = {0: folder / "tfidf.safetensors"}
    return counterfactual_rows(checkpoints, PAIRS, folder / "tensors")


def test_classes_are_known_by_their_names(rows: pd.DataFrame, tmp_path: Path) -> None:
    """A corpus of one's own may number them the other way round: what was right is then wrong, and no error."""
    turned = example(tmp_path, ("positive", "negative"))
    assert list(turned["right_edited"]) == [not right for right in rows["right_edited"]]
    assert list(turned["right_original"]) == [not right for right in rows["right_original"]]


def test_other_classes_than_those_of_the_edits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="classes of tensors are bad, good, and those of the edits negative and pos"):
        example(tmp_path, ("bad", "good"))


def test_answers_and_attention_on_each_pair(rows: pd.DataFrame) -> None:
    assert rows.groupby("variant")["seed"].unique().map(list).to_dict() == {
        "attention": [0, 3],
        "mean": [0, 3],
        "tfidf": [0],
    }
    own = rows.query("variant == 'attention' and seed == 3").set_index("pair")
    assert own["right_original"].tolist() == [True, True, True]
    assert own["held_out"].tolist() == [False, True, True]
    assert own["right_edited"].tolist()[:2] == [True, True], "nothing is left to say good: a tie goes to negative"
    assert own.loc[0, "mass"] == pytest.approx(1, abs=1e-3)
    assert own.loc[0, "lift"] == pytest.approx(3, abs=1e-2)
    assert np.isnan(own.loc[1, "lift"]), "the edit put no word in"
    assert own.loc[2, "mass"] == pytest.approx(0.5, abs=1e-3)
    assert rows.query("variant == 'mean'")["lift"].dropna().to_numpy() == pytest.approx(1, abs=1e-5)
    assert rows.query("variant == 'tfidf'")["mass"].isna().all()


def test_the_table_has_a_row_per_variant_with_intervals(rows: pd.DataFrame) -> None:
    table = counterfactual_table(rows, ["mean", "attention", "tfidf"], resamples=200, confidence=0.9)
    assert table["variant"].tolist() == ["mean", "attention", "tfidf"]
    assert table["seeds"].tolist() == [2, 2, 1]
    own = table.set_index("variant").loc["attention"]
    assert (own["pairs"], own["held_out"]) == (3, 2)
    assert own["consistency"] == rows.query("variant == 'attention' and pair > 0")["right_edited"].mean()
    assert own["consistency_low"] <= own["consistency"] <= own["consistency_high"]
    attention = rows[rows["variant"] == "attention"]
    assert own["accuracy_edited_held_out"] == attention.query("pair > 0")["right_edited"].mean()
    assert own["accuracy_edited_trained_on"] == attention.query("pair == 0")["right_edited"].mean()
    everywhere = counterfactual_table(rows.assign(held_out=False), ["mean"], resamples=200, confidence=0.9).iloc[0]
    assert everywhere["held_out"] == 0
    assert np.isnan(everywhere[["accuracy_original", "consistency", "consistency_low"]].astype(float)).all()
    assert own["lift_low"] <= own["lift"] <= own["lift_high"]
    assert own["undefined"] == pytest.approx(1 / 3)
    assert table.set_index("variant").loc["tfidf", ["mass", "lift", "lift_low"]].isna().all()
