"""Reviews that nobody would write, from a CSV of one's own to the report: real stages, numbers, and texts as texts."""

import csv
import html
import json
import math
from pathlib import Path
from unittest.mock import MagicMock

import pandas as pd
import pytest
from hostile_texts import HOSTILE
from ruamel.yaml import YAML

from pipeline.data.tokenizer import make_tokenizer
from pipeline.formats import read_results_json
from pipeline.source import ROOT
from stages import compare, evaluate, exchange, reviews, tensors, train

VARIANTS = ("mean", "attention")
LEFT_OUT = ("empty", "white space")  # refused: test_own_reviews.py
TEXTS = {name: text for name, text in HOSTILE.items() if name not in LEFT_OUT}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the stages make of a table with every text in it twice: to train on, and to test on."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [(split, place % 2, text) for split in ("train", "test") for place, text in enumerate(TEXTS.values())]
    with (folder / "reviews.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("split", "label", "text"), *rows])
    (folder / "vectors.txt").write_text("good 1 0\nbad 0 1\n= 1 1\n<pad> 5 5\n", encoding="utf-8")
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params |= {
        "seeds": [0],
        "benchmark": ["imdb", "mine"],
        "variants": {name: params["variants"][name] for name in VARIANTS},
    }
    params["sources"]["reviews"] = {"mine": {"path": "reviews.csv", "split": "split"}}
    corpus = {"reviews": "mine", "vectors": "glove", "tokenizer": "glove", "validation_fraction": 0.5}
    params["corpora"]["mine"] = {**corpus, "top_words_min_count": 1}
    params["training"] |= {"epochs": 2, "batch_size": 4}
    params["evaluation"]["bootstrap"] = 100
    params["explanation"] = {"reviews": 40, "permutations": 5, "exchanged": 40}
    params["nulls"]["variants"] = params["frontier"]["variants"] = ["attention"]
    yaml.dump(params, folder / "params.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for stage in (train, compare):  # what MLflow shows of hostile texts: test_ui_browser.py
            patch.setattr(stage, "Tracker", MagicMock())
        reviews.main("mine", Path("reviews.parquet"))
        tensors.main("mine", Path("reviews.parquet"), Path("vectors.txt"), Path("tensors"), Path("coverage.json"))
        for name in VARIANTS:
            train.main("mine", name, Path("tensors"), Path("states"), Path("models", name), Path(f"timing/{name}.json"))
            evaluate.main(
                *("mine", name, Path("tensors"), Path("models", name), Path("evaluation", name)),
                *(Path(f"results/{kind}/{name}.json") for kind in ("variants", "explanation")),
            )
        Path("timing").rename("results/timing")
        exchange.main("mine", Path("tensors"), Path("models"), Path("results/explanation/exchange.csv"))
        compare.main("mine", *map(Path, ("tensors", "models", "evaluation", "results", "report.html")))
    return folder


def test_every_number_is_one(made: Path) -> None:
    table = pd.read_csv(made / "results/comparison.csv")
    assert list(table["variant"]) == list(VARIANTS)
    assert table["accuracy_mean"].between(0, 1).all()
    for name in VARIANTS:
        metrics = json.loads((made / f"results/variants/{name}.json").read_text("utf-8"))
        assert all(math.isfinite(value) for value in metrics.values() if isinstance(value, float))
        predictions = pd.read_parquet(made / f"evaluation/{name}/predictions.parquet")
        assert len(predictions) == len(TEXTS)
        assert predictions["probability"].between(0, 1).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_texts_are_shown_as_texts(made: Path, variant: str) -> None:
    examples = read_results_json(made / f"evaluation/{variant}/examples.json")
    names = list(TEXTS)
    page = (made / f"evaluation/{variant}/examples.html").read_text("utf-8")
    report = (made / "report.html").read_text("utf-8")
    shown = set()
    for example in examples:
        name = names[int(example["name"].removeprefix("row ")) - 1 - len(names)]
        shown.add(name)
        tokens = make_tokenizer("glove")(TEXTS[name]) or ["<unk>"]
        assert example["tokens"] == tokens[: len(example["tokens"])]
    assert {"a script", "a formula", "nul", "right to left", "control"} <= shown
    assert html.escape("<script>") in page or "&lt;" in page
    for text in (page, report):
        assert "<img src=x" not in text
        assert "alert('good')</script>" not in text
