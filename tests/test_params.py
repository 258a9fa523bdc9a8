"""params.yaml is read as DVC reads it, and whatever is wrong in it is one clear error."""

from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import ParseError, load_yaml
from ruamel.yaml import YAML

from pipeline.params import load_params

ROOT = Path(__file__).parents[1]


def changed(tmp_path: Path, key: str, value: Any, *, delete: bool = False) -> Path:
    """params.yaml with one key set or deleted."""
    yaml = YAML(typ="safe")
    content = yaml.load(ROOT / "params.yaml")
    *parents, last = key.split(".")
    place = content
    for parent in parents:
        place = place[parent]
    if delete:
        del place[last]
    else:
        place[last] = value
    path = tmp_path / "params.yaml"
    yaml.dump(content, path)
    return path


def test_the_projects_own_file_is_right() -> None:
    params = load_params(ROOT / "params.yaml")
    assert {"imdb", "demo"} <= set(params.corpora)
    assert {"mean", "attention", "lstm_attention", "best", "tfidf"} <= set(params.variants)
    assert params.training_of("demo", "attention_entropy").entropy_weight > 0
    assert params.seeds_of("tfidf") == params.seeds[:1]


def test_a_corpus_overrides_a_variant_and_a_variant_the_default(tmp_path: Path) -> None:
    params = load_params(changed(tmp_path, "variants.mean.training", {"epochs": 3, "batch_size": 7}))
    assert (params.training_of("imdb", "mean").epochs, params.training_of("imdb", "mean").batch_size) == (3, 7)
    assert params.training_of("demo", "mean").epochs == params.corpora["demo"].training["epochs"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("seeds", [], "seeds = .*at least 1 item"),
        ("seeds", [0, 0], "seeds = .*a seed stands twice"),
        ("seeds", [-1], "seeds.0 = -1.*greater than or equal to 0"),
        ("seeds", 3, "seeds = 3.*valid tuple"),
        ("frontier.entropy_weights", [0.1, 0.1], "frontier.entropy_weights = .*stands twice"),
        ("frontier.entropy_weights", [0.1, 0], "frontier.entropy_weights = .*0 is the variant as it is"),
        ("frontier.entropy_weights", [], "frontier.entropy_weights = .*at least 1 item"),
        ("frontier.entropy_weights", [11], "frontier.entropy_weights.0 = 11.*less than or equal to 10"),
        ("frontier.corpora", ["imbd"], "corpora has no entry 'imbd'; it has "),
        ("frontier.variants", ["atention"], "frontier.variants = .*variants has no entry 'atention'; it has "),
        ("frontier.variants", ["mean"], "frontier.variants = 'mean': it learns no attention"),
        ("nulls.corpora", ["imbd"], "nulls.corpora = 'imbd': corpora has no entry 'imbd'; it has "),
        ("nulls.variants", ["atention"], "nulls.variants = .*variants has no entry 'atention'; it has "),
        ("nulls.variants", ["mean"], "nulls.variants = 'mean': it learns no attention"),
        ("nulls.variants", ["best", "best"], "nulls.variants = .*stands twice"),
        ("nulls.kinds", ["equal"], "nulls.kinds.0 = 'equal'.*'uniform' or 'random'"),
        ("nulls.kinds", [], "nulls.kinds = .*at least 1 item"),
        ("frontier.variants", ["tfidf"], "frontier.variants = 'tfidf': it learns no attention"),
        ("training.epochs", 0, "training.epochs = 0.*greater than or equal to 1"),
        ("training.epochs", 2.5, "training.epochs = 2.5.*valid integer"),
        ("training.epochs", "ten", "training.epochs = 'ten'.*valid integer"),
        ("training.learning_rate", -1, "training.learning_rate = -1.*greater than 0"),
        ("training.dropout", 1.0, "training.dropout = 1.0.*less than 1"),
        ("training.schedule", "linear", "training.schedule = 'linear'.*'constant' or 'cosine'"),
        ("training.learning_rat", 0.1, "training.learning_rat = 0.1.*did you mean learning_rate"),
        ("sources.glove.dimensions", 60, "sources.glove.dimensions = 60.*50, 100, 200 or 300"),
        ("sources.demo.train_reviews", 100, "sources.demo.train_reviews = 100.*multiple of 16"),
        ("corpora.imdb.reviews", "glove", "corpora.imdb.reviews = 'glove': sources has no reviews .*has imdb, demo$"),
        ("corpora.imdb.vectors", "imdb", "corpora.imdb.vectors = 'imdb': sources has no vectors .*has glove, demo$"),
        ("corpora.imdb.tokenizer", "spacy", "tokenizer = 'spacy'.*'glove', 'whitespace' or 'unicode'"),
        ("sources.reviews.mine", {"path": ""}, "sources.reviews.mine.path = ''.*at least 1 character"),
        ("sources.reviews.mine", {"path": "a.csv", "test_share": 1.0}, "mine.test_share = 1.0.*less than 1"),
        ("sources.reviews.mine", {"path": "a.csv", "separator": ", "}, "mine.separator = ', '.*at most 1 character"),
        ("sources.reviews.mine", {"path": "a.csv", "classes": {0: ""}}, "mine.classes.0 = ''.*at least 1 character"),
        ("sources.reviews.mine", {"path": "a.csv", "txt": "t"}, "mine.txt = 't'.*did you mean text"),
        ("sources.reviews.My-Table", {"path": "a.csv"}, "My-Table.*should match pattern"),
        ("sources.reviews.imdb", {"path": "a.csv"}, "sources.reviews = .*the name imdb is taken"),
        ("sources.vectors.params", {"path": "a.txt"}, "sources.vectors = .*the name params is taken"),
        ("corpora.imdb.training", {"epoch": 3}, "corpora.imdb.training.epoch = 3.*did you mean epochs"),
        ("corpora.imdb.validation_fraction", 1.5, "validation_fraction = 1.5.*less than 1"),
        ("corpora.imdb.max_tokens", -1, "corpora.imdb.max_tokens = -1.*greater than or equal to 0"),
        ("corpora.imdb.test_fraction", 0, "corpora.imdb.test_fraction = 0.*greater than 0"),
        ("benchmark", ["imdb", "imbd"], "benchmark = .*corpora has no entry 'imbd'; it has "),
        ("benchmark", ["imdb", "imdb"], "benchmark = .*a corpus stands twice"),
        ("benchmark", [], "benchmark = .*at least 1 item"),
        ("published", {}, "published = .*at least 1 item"),
        (
            "published.bilstm_dot.corpus",
            "short",
            "published.bilstm_dot.corpus = .*corpora has no entry 'short'; it has ",
        ),
        ("published.bilstm_dot.numbers", {"f1": 0.9}, "published.bilstm_dot.numbers.f1 = 'f1'.*'accuracy', 'roc_auc'"),
        ("published.bilstm_dot.variant.training", {"epochs": 0}, "published.bilstm_dot.variant.training.epochs = 0"),
        ("variants.mean.key", {"kind": "tanh", "size": 8}, "a key without a query is never read"),
        ("variants.mean.normaliser", "sparsemax", "a normaliser without a query is never read"),
        ("variants.mean.heads", 4, "a number of heads without a query is never read"),
        ("variants.attention.normaliser", "entmax", "normaliser = 'entmax'.*'softmax' or 'sparsemax'"),
        ("variants.attention.heads", 0, r"variants\.attention.*heads = 0.*greater than or equal to 1"),
        ("variants.attention.key", {"kind": "tanh"}, r"variants\.attention.*key.*size.*required"),
        ("variants.mean.training", {"epochs": -3}, "variants.mean.training.epochs = -3.*greater than or equal to 1"),
        (
            "variants.mean.query",
            {"kind": "globl"},
            r"variants\.mean\.query = .*'globl'.*'none', 'global', 'random'",
        ),
        ("variants.mean.query", {"kind": "text", "hidden": [0]}, "variants.mean.*hidden.0 = 0"),
        ("variants.attention.query", {"kind": "global", "size": 3}, r"variants\.attention\.query\.size.*Known: kind"),
        ("variants.mean.encoder", {"kind": "lstm"}, "variants.mean.*encoder.*hidden.*required"),
        ("variants.mean.embedings", "frozen", r"variants\.mean\.embedings = 'frozen'.*did you mean embeddings"),
        ("variants.tfidf.ngrams", 9, "variants.tfidf.*ngrams = 9.*less than or equal to 3"),
        ("variants.tfidf.family", "svm", "variants.tfidf"),
        ("variants.my variant", {}, "variants.my variant.*should match pattern"),
        ("variants.a/b", {}, "variants.a/b.*should match pattern"),
        ("variants", {}, "variants = {}.*at least 1 item"),
        ("evaluation.confidence", 95, "evaluation.confidence = 95.*less than 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_value_and_what_is_allowed(
    tmp_path: Path, key: str, value: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        load_params(changed(tmp_path, key, value))


@pytest.mark.parametrize("key", ["seeds", "training.epochs", "corpora.imdb.tokenizer", "sources.imdb.sha256"])
def test_what_is_missing_is_named(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match=f"{key}: Field required"):
        load_params(changed(tmp_path, key, None, delete=True))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file.*valid dictionary"),
        ("- 1\n", "the file.*valid dictionary"),
        ("a: [1\n", "is not YAML"),
        ("a: 1\na: 2\n", "is not YAML(.|\n)*duplicate key"),
        ("a:\n\t- 1\n", "is not YAML"),
    ],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load_params(path)


def test_a_file_that_is_not_there_says_where_to_stand(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not here: run this from the project's root folder"):
        load_params(tmp_path / "params.yaml")


def test_1e_3_is_a_number_as_it_is_for_dvc(tmp_path: Path) -> None:
    path = changed(tmp_path, "training.learning_rate", 0.01)
    path.write_text(path.read_text(encoding="utf-8").replace("learning_rate: 0.01", "learning_rate: 1e-3"), "utf-8")
    assert load_params(path).training.learning_rate == 0.001


def test_dvc_parses_compiled_and_reads_the_same_numbers(tmp_path: Path) -> None:
    assert YAML(typ="safe").Parser.__module__ != "ruamel.yaml.parser", "dvc.lock takes five times as long in Python"
    path = tmp_path / "scalars.yaml"
    path.write_text("[1e-3, 1E5, .5, 1., yes, on, true, 010, 0o10, 0x1F, 1_000, ~, .inf, '1e-3', 1e]", "utf-8")
    for file in (path, ROOT / "params.yaml", ROOT / "dvc.yaml"):
        assert repr(load_yaml(str(file))) == repr(YAML(typ="safe", pure=True).load(file))


def test_what_dvc_cannot_parse_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("seeds: [0]\nurls: [http://example.org/a]\n", "utf-8")
    with pytest.raises(ParseError, match="structure is corrupted"):
        load_yaml(str(path))
    with pytest.raises(ValueError, match=r"(?s)params.yaml is not YAML: .*unexpected ':'.*line 2, column 12"):
        load_params(path)
