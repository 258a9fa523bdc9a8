"""The whole pipeline, run by DVC on a small demo corpus; what it wrote is read back."""

import json
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_project import VARIANTS, Project

from pipeline.data.tensors import read_table, read_tensors
from pipeline.formats import read_results_json

pytestmark = pytest.mark.filterwarnings("ignore::Warning:mlflow", "ignore::Warning:alembic", "ignore::ResourceWarning")


def test_the_comparison_has_a_row_per_variant_in_order(project: Project) -> None:
    frame = pd.read_csv(project.root / "results/demo/comparison.csv")
    assert tuple(frame["variant"]) == VARIANTS
    needed = "variant seeds accuracy_mean accuracy_std accuracy_low accuracy_high entropy_nats_mean "
    needed += "entropy_normalised_mean parameters train_seconds"
    assert set(needed.split()) <= set(frame.columns)
    assert (frame["accuracy_low"] <= frame["accuracy_mean"]).all()
    assert (frame["accuracy_mean"] <= frame["accuracy_high"]).all()
    by_name = frame.set_index("variant")
    assert by_name.loc["mean", "entropy_normalised_mean"] == pytest.approx(1, abs=1e-4)
    assert by_name.loc["tfidf", "seeds"] == 1
    assert math.isnan(by_name.loc["tfidf", "entropy_nats_mean"])
    assert "no attention" in (project.root / "results/demo/comparison.md").read_text("utf-8")


def test_accuracy_is_that_of_the_predictions(project: Project) -> None:
    for name in VARIANTS:
        rows = pd.read_parquet(project.root / f"evaluation/demo/{name}/predictions.parquet")
        metrics = json.loads((project.root / f"results/demo/variants/{name}.json").read_text("utf-8"))
        right = rows["label"] == rows["predicted"]
        assert metrics["accuracy_mean"] == pytest.approx(right.mean(), abs=1e-6)
        assert len(rows) == 160 * metrics["seeds"]
        assert ((rows["probability"] > 0.5) == (rows["predicted"] == 1)).all()


def test_every_variant_left_its_tables_figures_and_pages(project: Project) -> None:
    for name in VARIANTS:
        folder = project.root / "evaluation/demo" / name
        files = {path.name for path in folder.iterdir()}
        assert {"predictions.parquet", "entropy.csv", "top_words.csv", "examples.json", "examples.html"} <= files
        assert "reliability.png" in files
        assert ("entropy_histogram.png" in files) == (name != "tfidf")
        examples = read_results_json(folder / "examples.json")
        assert [example["kind"] for example in examples].count("fixed") == 6
        for example in examples:
            if name != "tfidf":
                assert sum(example["weights"]) == pytest.approx(1, abs=1e-3)
                assert len(example["weights"]) == len(example["tokens"])
    words = pd.read_csv(project.root / "evaluation/demo/attention/top_words.csv")
    assert set(words["ranking"]) == {"mean", "mass", "lift"}
    assert (words.query("ranking == 'mean' and scope == 'all'")["count"] >= 2).all()
    fixed = [
        [example["id"] for example in read_results_json(path) if example["kind"] == "fixed"]
        for path in sorted((project.root / "evaluation/demo").glob("*/examples.json"))
    ]
    assert all(ids == fixed[0] for ids in fixed)


def test_attention_is_explained_and_what_has_none_is_left_out(project: Project) -> None:
    table = pd.read_csv(project.root / "results/demo/faithfulness.csv").set_index("variant")
    assert list(table.index) == ["attention", "attention_entropy", "lstm_attention"]
    metrics = pd.read_csv(project.root / "results/demo/comparison.csv").set_index("variant")
    np.testing.assert_allclose(table["accuracy_own"], metrics.loc[table.index, "accuracy_mean"], atol=1e-6)
    assert (table["comprehensiveness_attention_low"] <= table["comprehensiveness_attention_high"]).all()
    assert (table["adversary_change"] <= 0.05).all()
    assert table["evidence_average_precision"].between(0, 1).all()
    rows = pd.read_parquet(project.root / "evaluation/demo/attention/explanation/reviews.parquet")
    assert len(rows) == 24
    assert rows.groupby("seed")["row"].apply(tuple).nunique() == 1, "every seed is asked about the same reviews"
    measures = json.loads((project.root / "results/demo/explanation/attention.json").read_text("utf-8"))["measures"]
    assert measures["tau_gradient"]["mean"] == pytest.approx(rows["tau_gradient"].mean(), abs=1e-3)
    mean = json.loads((project.root / "results/demo/explanation/mean.json").read_text("utf-8"))["measures"]
    assert mean["comprehensiveness_attention"] == {"mean": None, "low": None, "high": None, "undefined": 1.0}
    assert mean["comprehensiveness_gradient"]["undefined"] < 1
    assert json.loads((project.root / "results/demo/explanation/tfidf.json").read_text("utf-8"))["measures"] == {}
    files = {path.name for path in (project.root / "evaluation/demo/attention/explanation").iterdir()}
    assert {"words.parquet", "curves.csv", "kinds.csv", "erasure.png", "permutation.png", "lexicon.png"} <= files


def test_a_variant_stands_beside_its_null_models_and_so_does_its_twin_with_an_entropy_weight(
    project: Project, runs: dict[str, Any]
) -> None:
    table = pd.read_csv(project.root / "results/demo/faithfulness.csv").set_index("variant")
    pairs = pd.read_csv(project.root / "results/demo/significance.csv").set_index(["variant", "other"])
    for kind in ("uniform", "random"):
        rows = pd.read_parquet(project.root / f"evaluation/demo/attention.{kind}.parquet")
        assert len(rows) == 2 * 160
        accuracy = (rows["label"] == rows["predicted"]).mean()
        column = table[f"accuracy_trained_{kind}"]
        shown = accuracy if kind == "random" else pairs.loc[("mean", "attention"), "accuracy"]  # it is that model
        assert column["attention"] == column["attention_entropy"] == pytest.approx(shown, abs=1e-6)
        assert math.isnan(column["lstm_attention"])
        assert pairs.loc[("attention", f"attention/{kind}"), "accuracy_other"] == pytest.approx(accuracy, abs=1e-6)
        own = rows[rows["seed"] == 1]
        logged = runs["all"]["attention seed 1"].data.metrics[f"null/trained_{kind}"]
        assert logged == pytest.approx((own["label"] == own["predicted"]).mean())
    verdicts = (project.root / "results/demo/verdicts.md").read_text("utf-8")
    assert "attention/random" in verdicts
    assert "attention/uniform" not in verdicts, "attention beside the mean is a question of its own"


def test_every_variant_read_the_same_reviews_with_the_weights_of_every_other(project: Project) -> None:
    table = pd.read_csv(project.root / "results/demo/explanation/exchange.csv").pivot(index="model", columns="donor")[
        "accuracy"
    ]
    names = [name for name in VARIANTS if name != "tfidf"]
    assert set(table.index) == set(table.columns) == set(names)
    assert table.notna().all(axis=None)
    assert np.allclose((table * 40 * 2) % 1, 0, atol=1e-3), "40 reviews, two seeds"


def test_the_frontier_has_the_variant_itself_its_twin_with_a_weight_and_every_point_of_the_sweep(
    project: Project,
) -> None:
    table = pd.read_csv(project.root / "results/demo/entropy_frontier.csv")
    swept = table[table["variant"] == "attention"].reset_index()
    assert list(swept["entropy_weight"]) == [-0.5, 0, 0.02, 0.5]
    own = pd.read_csv(project.root / "results/demo/comparison.csv").set_index("variant")
    for name, row in (("attention", 1), ("attention_entropy", 2)):
        assert swept["accuracy_mean"][row] == pytest.approx(own.loc[name, "accuracy_mean"], abs=1e-5)
        assert swept["entropy_nats_mean"][row] == pytest.approx(own.loc[name, "entropy_nats_mean"], abs=1e-4)
    assert swept["entropy_nats_mean"].is_monotonic_decreasing, "a larger weight focuses more"
    assert (project.root / "results/demo/entropy_frontier.png").exists()
    verdicts = (project.root / "results/demo/verdicts.md").read_text("utf-8")
    assert "attention: from weight -0.5 to +0.5 the entropy goes from" in verdicts


def test_every_point_of_the_sweep_is_a_run_of_its_own(runs: Any, project: Project) -> None:
    found = {name: run for name, run in runs["all"].items() if run.data.tags["pipeline.role"] == "sweep"}
    assert set(found) == {f"attention {weight} seed {seed}" for weight in ("-0.5", "+0.5") for seed in (0, 1)}
    for name, run in found.items():
        weight = run.data.params["training.entropy_weight"]
        point = json.loads(
            (project.root / f"results/demo/explanation/frontier/attention/{weight}.json").read_text("utf-8")
        )
        assert run.data.metrics["test/accuracy"] == point["by_seed"][run.data.params["seed"]]["accuracy"], name
        assert run.data.tags["pipeline.current"] == "yes"
        own = point["explanation_by_seed"][run.data.params["seed"]]
        assert {key: run.data.metrics[key] for key in own} == own
    mean = point["measures"]["comprehensiveness_random"]["mean"]
    values = [one["explanation/comprehensiveness_random"] for one in point["explanation_by_seed"].values()]
    assert sum(values) / len(values) == pytest.approx(mean, abs=1e-5)


def test_a_published_row_stands_beside_ours_in_a_table_and_in_a_run(runs: Any, project: Project) -> None:
    found = json.loads((project.root / "results/published/demo.json").read_text("utf-8"))
    sizes = json.loads((project.root / "results/demo/coverage.json").read_text("utf-8"))
    assert found["reviews"] == {split: sizes[f"{split}_reviews"] for split in ("train", "validation", "test")}
    table = pd.read_csv(project.root / "results/published.csv").set_index("measure")
    assert list(table.index) == ["accuracy", "tau_gradient"]
    assert table.loc["accuracy", "difference"] == pytest.approx(found["ours"]["accuracy"]["mean"] - 0.9, abs=1e-6)
    assert "| demo | accuracy | 0.900 |" in (project.root / "results/published.md").read_text("utf-8")
    run = runs["all"]["demo"]
    assert run.data.tags["pipeline.role"] == "replica"
    assert run.data.metrics["published/accuracy"] == 0.9
    assert run.data.metrics["test/accuracy"] == found["ours"]["accuracy"]["mean"]


def test_verdicts_are_made_from_the_numbers(project: Project) -> None:
    verdicts = (project.root / "results/demo/verdicts.md").read_text("utf-8")
    pairs = pd.read_csv(project.root / "results/demo/significance.csv").set_index(["variant", "other"])
    points = 100 * pairs.loc[("mean", "attention"), "difference"]
    assert re.search(rf"- attention (beats|loses to) mean by {abs(points):.1f} points|no clear difference", verdicts)
    assert "## 6. May the weights be read as reasons?" in verdicts
    assert len(pairs) == 10 + 2
    page = (project.root / "reports/demo.html").read_text("utf-8")
    assert "attention" in page.split('id="verdicts"')[1].split("<dd>")[1].split("</dd>")[0]


def test_histories_hold_the_histogram_of_every_epoch_and_no_clock(project: Project) -> None:
    for seed in (0, 1):
        history = read_results_json(project.root / f"models/demo/attention/seed-{seed}.json")
        assert [record["epoch"] for record in history] == [1, 2]
        validation = len(read_tensors(project.root / "data/tensors/demo").splits["validation"])
        assert all(sum(record["entropy_histogram"]) == validation for record in history)
        assert not {"seconds", "tokens_per_second"} & set(history[0])
    timing = json.loads((project.root / "results/demo/timing/attention.json").read_text("utf-8"))
    assert timing["epochs"] == {"0": 2, "1": 2}
    assert timing["train_seconds"] > 0


def test_tensors_are_what_the_texts_say(project: Project) -> None:
    folder = project.root / "data/tensors/demo"
    tensors = read_tensors(folder)
    table = read_table(folder, ["split", "movie", "text", "label"])
    movies = {split: set(table["movie"].iloc[reviews.rows]) for split, reviews in tensors.splits.items()}
    assert not movies["train"] & movies["validation"]
    assert not movies["train"] & movies["test"]
    for split, reviews in tensors.splits.items():
        assert (table["label"].iloc[reviews.rows] == np.asarray(reviews.labels)).all()
        assert set(table["split"].iloc[reviews.rows]) == {"test" if split == "test" else "train"}
        words = [tensors.vocabulary.words[row] for row in reviews[0]]
        text = table["text"].iloc[reviews.rows[0]].split()
        assert [word for word, own in zip(words, text, strict=True) if word not in ("<unk>", own)] == []
    coverage = json.loads((project.root / "results/demo/coverage.json").read_text("utf-8"))
    assert coverage["train_tokens"] == len(tensors.splits["train"].tokens)
    assert isinstance(tensors.splits["test"].tokens.base, np.memmap)
    assert not [path for path in folder.rglob("*") if path.suffix in {".pkl", ".pt", ".pickle"}]


@pytest.fixture(scope="module")
def runs(project: Project) -> dict[str, Any]:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("demo")
    return {"client": client, "all": {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}}


def test_mlflow_has_one_finished_run_per_variant_and_seed_and_one_comparison(runs: dict[str, Any]) -> None:
    names = {f"{name} seed {seed}" for name in VARIANTS for seed in (0, 1)} - {"tfidf seed 1"}
    others = {name for name, run in runs["all"].items() if run.data.tags["pipeline.role"] in ("sweep", "replica")}
    assert set(runs["all"]) - others == names | {"comparison"}
    assert {run.info.status for run in runs["all"].values()} == {"FINISHED"}


def test_a_run_says_what_it_was_and_how_it_went(project: Project, runs: dict[str, Any]) -> None:
    run, client = runs["all"]["attention seed 1"], runs["client"]
    by_seed = json.loads((project.root / "evaluation/demo/attention/by_seed.json").read_text("utf-8"))
    assert run.data.metrics["test/accuracy"] == pytest.approx(by_seed["1"]["accuracy"], abs=1e-6)
    assert run.data.params["variant"] == "attention"
    assert run.data.params["query"] == "global"
    assert run.data.params["training.epochs"] == "2"
    assert run.data.tags["dvc.stage"].endswith("demo-attention")
    assert len(run.data.tags["git.commit"]) == 40
    history = read_results_json(project.root / "models/demo/attention/seed-1.json")
    logged = client.get_metric_history(run.info.run_id, "attention/entropy_mean")
    assert [(one.step, one.value) for one in logged] == [(e["epoch"], e["entropy_mean"]) for e in history]
    assert run.data.metrics["null/accuracy_own"] == pytest.approx(by_seed["1"]["accuracy"], abs=1e-6)
    assert "explanation/comprehensiveness_attention" in run.data.metrics
    speed = client.get_metric_history(run.info.run_id, "train/tokens_per_second")
    assert [one.step for one in speed] == [1, 2]
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"top_words.json", "entropy_histogram.png", "examples.html", "top_words.csv"} <= files
    assert [one.dataset.name for one in run.inputs.dataset_inputs] == ["demo"]


def test_every_run_has_the_same_params(runs: dict[str, Any]) -> None:
    variants = [run for name, run in runs["all"].items() if name not in ("comparison", "demo")]
    assert len({frozenset(run.data.params) for run in variants}) == 1


def test_histograms_are_on_the_first_seed_and_a_model_on_every_one(runs: dict[str, Any]) -> None:
    run, client = runs["all"]["lstm_attention seed 0"], runs["client"]
    pictures = [file.path for file in client.list_artifacts(run.info.run_id, "images") if file.path.endswith(".png")]
    assert len(pictures) == 2
    models = {name: [one.model_id for one in run.outputs.model_outputs] for name, run in runs["all"].items()}
    trained = {name for name, run in runs["all"].items() if run.data.tags["pipeline.role"] == "variant"}
    assert {name for name, ids in models.items() if len(ids) == 1} == trained
    comparison = {file.path for file in client.list_artifacts(runs["all"]["comparison"].info.run_id)}
    assert {"demo.html", "comparison.csv", "accuracy.png", "comparison.json"} <= comparison


def test_the_seed_that_validation_likes_best_is_registered_as_such(project: Project, runs: dict[str, Any]) -> None:
    for name in VARIANTS:
        found = runs["client"].search_model_versions(f"name = 'demo-{name}'")
        histories = [
            (max(one["validation_accuracy"] for one in read_results_json(path)), path.stem)
            for path in sorted((project.root / "models/demo" / name).glob("seed-*.json"))
        ]
        assert len(found) == len(histories)
        accuracy = max(histories)[0]
        first = next(seed for value, seed in histories if value == accuracy)
        best = runs["client"].get_model_version_by_alias(f"demo-{name}", "best")
        assert best.run_id == runs["all"][f"{name} {first.replace('-', ' ')}"].info.run_id
        assert best.tags["validation_accuracy"] == f"{accuracy:.4f}"


@pytest.mark.parametrize("name", ["attention", "lstm_attention", "tfidf"])
def test_a_logged_model_answers_as_the_pipeline_did(project: Project, runs: dict[str, Any], name: str) -> None:
    model = runs["client"].get_logged_model(runs["all"][f"{name} seed 0"].outputs.model_outputs[0].model_id)
    code = (
        "import sys, mlflow, pandas as pd\n"
        "table = pd.read_parquet(sys.argv[2]); table = table[table['split'] == 'test']\n"
        "print(mlflow.pyfunc.load_model(sys.argv[1]).predict(table[['text']]).to_json(double_precision=15))\n"
    )
    reviews = str(project.root / "data/demo/reviews.parquet")
    done = project.run("python", "-W", "ignore", "-c", code, model.artifact_location, reviews)
    answers = pd.DataFrame(json.loads(done.stdout.splitlines()[-1]))
    rows = pd.read_parquet(project.root / f"evaluation/demo/{name}/predictions.parquet").query("seed == 0")
    rows = rows.sort_values("row")
    assert len(answers) == len(rows) == 160
    assert list(answers["label"]) == ["positive" if label else "negative" for label in rows["predicted"]]
    of_answer = rows["probability"].where(rows["predicted"] == 1, 1 - rows["probability"])
    np.testing.assert_allclose(answers["probability"], of_answer, atol=1e-6)


def test_the_log_shows_progress_coverage_the_table_and_where_to_look(project: Project) -> None:
    log = (project.root.parent / "repro.log").read_text("utf-8")
    assert re.search(r"demo: [\d,]+ training tokens, \d+\.\d+% of them and", log)
    assert re.search(r"demo lstm_attention seed 1  epoch 2  loss \d\.\d+  accuracy \d\.\d+  entropy", log)
    assert "reports/demo.html" in log
    assert "Made results/published.csv and results/published.md\n" in log
    assert "viewStateShareKey" in log


def test_nothing_to_do_when_nothing_changed(project: Project) -> None:
    done = project.run("dvc", "repro", "compare@demo")
    assert "Running stage" not in done.stdout
    assert project.run("git", "status", "--porcelain").stdout == ""


def test_an_edit_reruns_its_variant_and_the_comparison_alone(project: Project) -> None:
    project.edit(variants__attention_entropy={"query": {"kind": "global"}, "training": {"entropy_weight": 0.5}})
    done = project.run("dvc", "repro", "compare@demo").stdout
    project.restore()
    rerun = set(re.findall(r"Running stage '([^']+)'", done))
    assert rerun == {
        "code",
        "train@demo-attention_entropy",
        "evaluate@demo-attention_entropy",
        "exchange@demo",
        "compare@demo",
    }


def test_a_seed_that_was_not_trained_is_named_before_anything_is_published(project: Project) -> None:
    project.edit(seeds=[0, 1, 7])
    done = project.run("dvc", "repro", "--single-item", "--force", "compare@demo", check=False)
    project.restore()
    assert "error: demo mean was not trained with seed 7: `dvc repro` does that\n" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_in_params_is_found_before_anything_is_removed(project: Project) -> None:
    project.edit(training__epochs="eight")
    done = project.run("dvc", "repro", "compare@demo", check=False)
    assert done.returncode
    assert "params.yaml: training.epochs = 'eight'" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert (project.root / "models/demo/mean/seed-0.safetensors").exists()
    assert (project.root / "results/demo/comparison.md").exists()
    project.restore()
