"""params.yaml is read as DVC reads it, and whatever is wrong in it is one clear error."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import ParseError, load_yaml
from ruamel.yaml import YAML

from pipeline import params_own, source
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


@pytest.mark.parametrize("accelerator", ["cuda", "auto"])
def test_gpus_may_be_asked_for_where_there_are_none(accelerator: str, tmp_path: Path) -> None:
    asked = {"accelerator": accelerator, "precision": "bfloat16", "devices": 4}
    assert load_params(changed(tmp_path, "compute", asked)).compute.model_dump() == asked


def test_a_corpus_may_go_without_null_models_sweep_and_edits(tmp_path: Path) -> None:
    """As the README says it: imdb is taken out of all four lists."""
    content = YAML(typ="safe").load(ROOT / "params.yaml")
    content["benchmark"].remove("imdb")
    for section in (content["nulls"], content["frontier"], content["sources"]["counterfactual"]):
        section["corpora"].remove("imdb")
    YAML(typ="safe").dump(content, tmp_path / "params.yaml")
    params = load_params(tmp_path / "params.yaml")
    assert (params.nulls_of("demo"), params.swept("demo")) == ((), ((), ()))
    stages = subprocess.run(
        ["dvc", "stage", "list", "--name-only"], cwd=_project(tmp_path), capture_output=True, text=True, check=True
    ).stdout.split()
    assert "compare@demo" in stages
    assert [stage for stage in stages if re.search("@imdb(-|$)", stage)] == ["tensors@imdb"]


def _project(folder: Path) -> Path:
    shutil.copyfile(ROOT / "dvc.yaml", folder / "dvc.yaml")
    subprocess.run(["dvc", "init", "--no-scm", "--quiet"], cwd=folder, check=True)
    return folder


def test_a_corpus_overrides_a_variant_and_a_variant_the_default(tmp_path: Path) -> None:
    params = load_params(changed(tmp_path, "variants.mean.training", {"epochs": 3, "batch_size": 7}))
    assert (params.training_of("imdb", "mean").epochs, params.training_of("imdb", "mean").batch_size) == (3, 7)
    assert params.training_of("demo", "mean").epochs == params.corpora["demo"].training["epochs"]


CHANGES: list[tuple[str, Any, str]] = [  # of one key
    ("seeds", [], "seeds = .*at least 1 item"),
    ("seeds", [0, 0], "seeds = .*: 0 stands twice"),
    ("seeds", [-1], "seeds.0 = -1.*greater than or equal to 0"),
    ("seeds", 3, "seeds = 3.*should be a list"),
    ("frontier.entropy_weights", [0.1, 0.1], "frontier.entropy_weights = .*stands twice"),
    ("frontier.entropy_weights", [0.1, 0], "frontier.entropy_weights = .*0 is the variant as it is"),
    ("frontier.entropy_weights", [], "frontier.entropy_weights = .*at least 1 item"),
    ("frontier.entropy_weights", [11], "frontier.entropy_weights.0 = 11.*less than or equal to 10"),
    ("frontier.corpora", ["imbd"], "corpora has no entry 'imbd'; it has "),
    ("frontier.corpora", ["imdb_short"], "frontier.corpora = .*benchmark has no entry 'imdb_short'; it has imdb"),
    (
        "sources.counterfactual.corpora",
        ["imdb_short"],
        "benchmark has no entry 'imdb_short'; it has imdb",
    ),
    ("nulls.corpora", ["imdb_short"], "nulls.corpora = 'imdb_short': benchmark has no entry 'imdb_short'; it has"),
    ("frontier.variants", ["attention_entropy"], "'attention_entropy': it has an entropy weight of its own, 0.02"),
    ("training.entropy_weight", 0.02, "training.entropy_weight = 0.02: it would be every variant's"),
    ("corpora.demo.training", {"entropy_weight": 0.1}, "corpora.demo.training.entropy_weight = 0.1: it would be"),
    ("frontier.variants", ["atention"], "frontier.variants = .*variants has no entry 'atention'; it has "),
    ("frontier.variants", ["mean"], "frontier.variants = 'mean': it learns no attention"),
    ("nulls.corpora", ["imbd"], "nulls.corpora = 'imbd': corpora has no entry 'imbd'; it has "),
    ("nulls.variants", ["atention"], "nulls.variants = .*variants has no entry 'atention'; it has "),
    ("nulls.variants", ["mean"], "nulls.variants = 'mean': it learns no attention"),
    ("nulls.variants", ["best", "best"], "nulls.variants = .*: 'best' stands twice"),
    ("nulls.kinds", ["equal"], "nulls.kinds.0 = 'equal'.*'uniform' or 'random'"),
    ("nulls.kinds", [], "nulls.kinds = .*at least 1 item"),
    ("variants.nan", {"query": {"kind": "global"}}, "variants.nan.*should be a name, and not null or nan"),
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
    (
        "sources.reviews.mine",
        {"path": "a.csv", "classes": {True: "good"}},
        """: the label true should be a text or a whole number: write "true", in quotes$""",
    ),
    ("sources.reviews.mine", {"path": "a.csv", "classes": {4.5: "a"}}, """the label 4.5 .*: write "4.5", in quotes$"""),
    ("sources.reviews.mine", {"path": "a.csv", "classes": {1: "a", "1": "b"}}, "the label 1 stands twice, once in"),
    ("sources.reviews.mine", {"path": "a.csv", "txt": "t"}, "mine.txt = 't'.*did you mean text"),
    ("sources.reviews.My-Table", {"path": "a.csv"}, "My-Table.*should be a name"),
    ("sources.reviews.imdb", {"path": "a.csv"}, "sources.reviews = .*the name imdb is taken"),
    ("sources.vectors.params", {"path": "a.txt"}, "sources.vectors = .*the name params is taken"),
    ("corpora.imdb.training", {"epoch": 3}, "corpora.imdb.training.epoch = 3.*did you mean epochs"),
    ("corpora.imdb.validation_fraction", 1.5, "validation_fraction = 1.5.*less than 1"),
    ("corpora.imdb.max_tokens", -1, "corpora.imdb.max_tokens = -1.*greater than or equal to 0"),
    ("corpora.imdb.test_fraction", 0, "corpora.imdb.test_fraction = 0.*greater than 0"),
    ("benchmark", ["imdb", "imbd"], "benchmark = .*corpora has no entry 'imbd'; it has "),
    ("benchmark", ["imdb", "imdb"], "benchmark = .*: 'imdb' stands twice"),
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
        r"variants\.mean\.query\.kind = 'globl': Input should be one of 'none', 'global', 'random'",
    ),
    ("variants.mean.query", {"kind": "text", "hidden": [0]}, "variants.mean.*hidden.0 = 0"),
    ("variants.attention.query", {"kind": "global", "size": 3}, r"variants\.attention\.query\.size.*Known: kind"),
    ("variants.mean.encoder", {"kind": "lstm"}, "variants.mean.*encoder.*hidden.*required"),
    ("variants.mean.embedings", "frozen", r"variants\.mean\.embedings = 'frozen'.*did you mean embeddings"),
    ("variants.tfidf.ngrams", 9, "variants.tfidf.*ngrams = 9.*less than or equal to 3"),
    ("variants.tfidf.family", "svm", "variants.tfidf"),
    ("variants", {}, "variants = {}.*at least 1 item"),
    ("compute.accelerator", "gpu", "compute.accelerator = 'gpu'.*'cpu', 'cuda' or 'auto'"),
    ("compute.precision", "float16", "compute.precision = 'float16'.*'float32' or 'bfloat16'"),
    ("compute.precision", "bfloat16", "compute = .*precision bfloat16 is for GPUs: accelerator cpu computes in"),
    ("compute.devices", 0, "compute.devices = 0.*greater than or equal to 1"),
    ("compute.devices", 2, "compute = .*devices are GPUs: under accelerator cpu there is 1"),
    ("evaluation.confidence", 95, "evaluation.confidence = 95.*less than 1"),
]


@pytest.mark.parametrize(("key", "value", "message"), CHANGES)
def test_what_is_wrong_is_named_with_its_value_and_what_is_allowed(
    tmp_path: Path, key: str, value: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        load_params(changed(tmp_path, key, value))


@pytest.mark.parametrize("key", ["seeds", "training.epochs", "corpora.imdb.tokenizer", "sources.imdb.sha256"])
def test_what_is_missing_is_named(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match=f"{key}: Field required"):
        load_params(changed(tmp_path, key, None, delete=True))


GONE = object()
LIST, ENTRY, TEXT = (
    f"Input should be {what}" for what in ("a list", "entries of the form `name: value`", "a valid string")
)
SHAPES: list[tuple[str, Any, str]] = [  # that DVC too reads, to lay out the stages, and stumbles over
    *(("benchmark", value, LIST) for value in ("imdb", None, 3, {"imdb": 1}, GONE)),
    *(("variants", value, ENTRY) for value in (None, "mean", ["mean"], GONE)),
    *(("nulls", value, ENTRY) for value in (None, "imdb", GONE)),
    *((f"nulls.{name}", value, LIST) for name in ("corpora", "variants", "kinds") for value in ("imdb", None, GONE)),
    *((f"frontier.{name}", value, LIST) for name in ("corpora", "variants") for value in ("imdb", None, GONE)),
    *(("frontier.entropy_weights", value, LIST) for value in (0.1, None, GONE)),
    *(("corpora", value, ENTRY) for value in (None, "imdb", ["imdb"], GONE)),
    *(("corpora.demo", value, ENTRY) for value in (None, "demo")),
    *((f"corpora.demo.{name}", value, TEXT) for name in ("reviews", "vectors") for value in (None, [], GONE)),
    *(("published", value, ENTRY) for value in (None, "average_dot", ["average_dot"], GONE)),
    *(("published.average_dot", value, ENTRY) for value in (None, "imdb")),
    *(("published.average_dot.corpus", value, TEXT) for value in (None, GONE)),
    *(("sources", value, ENTRY) for value in (None, GONE)),
    *((f"sources.{name}", value, ENTRY) for name in ("reviews", "vectors") for value in ("mine", ["mine"])),
]


@pytest.mark.parametrize(("key", "value", "allowed"), SHAPES)
def test_a_shape_that_no_stage_could_be_laid_out_from_is_one_line_with_its_key_its_value_and_what_is_allowed(
    tmp_path: Path, key: str, value: Any, allowed: str
) -> None:
    path = changed(tmp_path, key, value, delete=value is GONE)
    with pytest.raises(ValueError, match=r"params\.yaml") as caught:
        load_params(path)
    wrong = f"{key}: Field required" if value is GONE else f"{key} = {value!r}: {allowed}"
    assert str(caught.value) == f"{path}: {wrong}"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
LEARNING_RATE, SEEDS = "learning_rate: 0.01\n  epsilon", "\nseeds: [0, 1, 2]"
NAME = "Input should be a name: small letters, digits and _, the first a letter"
EDITS = [  # of the text of the file: what a person or a program may make of it, and what they are told
    ("", "", "", "params.yaml: the file = None: Input should be entries of the form `name: value`"),
    ("", "", "- 1\n", "params.yaml: the file = [1]: Input should be entries of the form"),
    ("", "", "hello\n", "params.yaml: the file = 'hello': Input should be entries of the form"),
    ("", "", b"\x00", "params.yaml is not YAML: unacceptable character #x0000"),
    ("", "", b"seeds: \xe9", "params.yaml is not UTF-8 (byte 7): save it as UTF-8"),
    ("", "", "seeds: [0]".encode("utf-16"), "params.yaml is not UTF-8 (byte 0)"),
    ("", "", "a: 1\n---\nb: 2\n", "params.yaml is not YAML: line 2, column 1: but found another document"),
    ("", "", "a: [1\n", "params.yaml is not YAML: line 2, column 1: "),
    ("", "", "a: &b [*b]\n", "params.yaml has more than 50 levels"),
    ("", "", "a: " + "[" * 60 + "]" * 60, "params.yaml has more than 50 levels"),
    ("", "", BOMB, "params.yaml means more than 100,000 values: anchors of anchors do that"),
    ("", "", "? [a]\n: 1\n", "params.yaml, line 1: the file: a key should be a word"),
    ("  epochs: 8", "\tepochs: 8", None, "column 1: found character '\\t' that cannot start any token (a tab: indent"),
    ("  patience: 4", "   patience: 4", None, "column 12: mapping values are not allowed here"),
    (
        "  patience: 4",
        "  patience 4",
        None,
        "could not find expected ':', while scanning a simple key that begins in line",
    ),
    ("tokenizer: glove", 'tokenizer: "glove', None, "while scanning a quoted scalar that begins in line "),
    (SEEDS, "\nseeds: *other", None, "params.yaml is not YAML: line 3, column 8: found undefined alias 'other'"),
    (SEEDS, "\nseeds: !!python/name:os.system", None, "could not determine a constructor for the tag"),
    (SEEDS, "\nseeds: [0]\nseeds: [1]", None, "the file: the key seeds stands twice, in line 3 and in line 4"),
    (SEEDS, "\nseeds: [" + "9" * 5000 + "]", None, "is no int: Exceeds the limit"),
    (
        SEEDS,
        "\nseeds: [99999999999999999999]",
        None,
        "seeds.0 = 99999999999999999999: Input should be less than 2147483",
    ),
    ("", "", "a: &x 1\nb: &x 2\nc: *x\n", "params.yaml is not YAML: line 2, column 4: second occurrence"),
    (SEEDS, "\nseeds: 3", None, "params.yaml: seeds = 3: Input should be a list"),
    (SEEDS, "\nseeds:", None, "params.yaml: seeds = None: Input should be a list"),
    (SEEDS, "\nseeds: '012'", None, "params.yaml: seeds = '012': Input should be a list"),
    (SEEDS, "\nseeds: [true]", None, "params.yaml: seeds.0 = True: Input should be a valid integer"),
    (SEEDS, "\nseeds: [0.0]", None, "params.yaml: seeds.0 = 0.0: Input should be a valid integer"),
    (SEEDS, "\nseeds: [1, 0x1]", None, "params.yaml: seeds = [1, 1]: 1 stands twice"),
    (
        SEEDS,
        "\nseed: [0]",
        None,
        "params.yaml: seed = [0]: there is no such key, did you mean seeds? Known: seeds, sour",
    ),
    (LEARNING_RATE, "learning_rate: '1e-3'\n  epsilon", None, "learning_rate = '1e-3': Input should be a valid number"),
    (LEARNING_RATE, "learning_rate: 0,01\n  epsilon", None, "learning_rate = '0,01': Input should be a valid number"),
    (LEARNING_RATE, "learning_rate: yes\n  epsilon", None, "learning_rate = 'yes': Input should be a valid number"),
    (LEARNING_RATE, "learning_rate:\n  epsilon", None, "learning_rate = None: Input should be a valid number"),
    (LEARNING_RATE, "learning_rate: .nan\n  epsilon", None, "learning_rate = nan: Input should be a finite number"),
    (LEARNING_RATE, "learning_rate: .inf\n  epsilon", None, "learning_rate = inf: Input should be a finite number"),
    (
        LEARNING_RATE,
        "learning_rate: 2001-13-45\n  epsilon",
        None,
        "'2001-13-45' is no timestamp: month must be",
    ),
    (
        LEARNING_RATE,
        "learning_rat: 0.01\n  epsilon",
        None,
        "training.learning_rat = 0.01: there is no such key, did you",
    ),
    (
        "gradient_clip: 1.0",
        "gradient_clip: .inf",
        None,
        "training.gradient_clip = inf: Input should be a finite number",
    ),
    ("epochs: 8", "epochs: 8.0", None, "training.epochs = 8.0: Input should be a valid integer"),
    ("epochs: 8", "epochs: 1:30", None, "training.epochs = '1:30': Input should be a valid integer"),
    (
        "regularisation: 10.0",
        "regularisation: .inf",
        None,
        "variants.tfidf.regularisation = inf: Input should be a fin",
    ),
    ("test_fraction: 1.0", "test_fraction: 50%", None, "test_fraction = '50%': Input should be a valid number"),
    ("  imdb_short:", "  imdb short:", None, f"corpora.imdb short = 'imdb short': {NAME}"),
    ("\n  mean:", "\n  mean/2:", None, f"variants.mean/2 = 'mean/2': {NAME}"),
    ("\n  mean:", "\n  mean two:", None, f"variants.mean two = 'mean two': {NAME}"),
    ("\n  mean:", "\n  Mean:", None, f"variants.Mean = 'Mean': {NAME}"),
    ("\n  mean:", "\n  méan:", None, f"variants.méan = 'méan': {NAME}"),
    ("\n  mean:", "\n  '':", None, f"variants.'' = '': {NAME}"),
    ("\n  mean:", '\n  "mean\\n":', None, f"variants.'mean\\n' = 'mean\\n': {NAME}"),
    ("\n  mean:", "\n  12:", None, "variants.12 = 12: Input should be a valid string"),
    ("\n  mean:", "\n  ~:", None, "variants.None = None: Input should be a valid string"),
    (
        "\n  mean_value:",
        "\n  mean:",
        None,
        "variants: the key mean stands twice, in line ",
    ),
    ("mean:\n    training: {learning_rate: 0.03}", "mean:", None, "variants.mean = None: Input should be entries"),
    ("mean:\n    training: {learning_rate: 0.03}", "mean: [a]", None, "variants.mean = ['a']: Input should be entries"),
    (
        "training: {learning_rate: 0.03}",
        "training: 0.03",
        None,
        "variants.mean.training = 0.03: Input should be entries",
    ),
    (
        "training: {learning_rate: 0.03}",
        "training: {1: 2}",
        None,
        "variants.mean.training.1 = 1: Input should be a valid s",
    ),
    (
        "query: {kind: global}",
        "quary: {kind: global}",
        None,
        "variants.attention.quary = {'kind': 'global'}: there is no",
    ),
    (
        "query: {kind: global}",
        "query: {kind: nearest}",
        None,
        "variants.attention.query.kind = 'nearest': Input should be",
    ),
    ("query: {kind: global}", "query: {}", None, "variants.attention.query.kind: Field required"),
    ("query: {kind: global}", "query: global", None, "variants.attention.query = 'global': Input should be entries of"),
    ("family: tfidf", "family: bert", None, "tfidf.family = 'bert': Input should be one of 'attention', 'tfidf'"),
    ("family: tfidf", "family: tfidf\n    training: {}", None, "? Known: family, ngrams, min_count, regularisation"),
    (
        "\nbenchmark: [imdb, demo]",
        "\nbenchmark: [[imdb]]",
        None,
        "benchmark.0 = ['imdb']: Input should be a valid string",
    ),
    (
        "accuracy: 0.8659",
        "accuracy: 86.59",
        None,
        "average_dot.numbers.accuracy = 86.59: Input should be less than or eq",
    ),
    ("sha256: 5d8a20cd", "sha256: 5d8a", None, "sources.imdb.sha256 = '5d8a9a11cce7096d"),
    ("https://ai.", "ftp://ai.", None, "Input should be a URL, http:// or https://"),
    (
        "    dimensions: 50",
        "    dimensions: '50'",
        None,
        "glove.dimensions = '50': Input should be 50, 100, 200 or 300",
    ),
    ("      50:\n", "      '50':\n", None, "sources.glove.members.50 = '50': Input should be a valid integer"),
    (
        "tokenizer: glove",
        "tokenizer: ${x}",
        None,
        "corpora.imdb.tokenizer = '${x}': Input should be 'glove', 'whitespa",
    ),
    (
        "tokenizer: glove",
        r'tokenizer: "a\e[31m\n"',
        None,
        r"tokenizer = 'a\x1b[31m\n': Input should be 'glove', 'whit",
    ),
]


@pytest.mark.parametrize(("old", "new", "whole", "message"), EDITS)
def test_an_edit_that_is_wrong_is_one_line_that_says_where_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, whole: str | bytes | None, message: str
) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert old in text
    content = text.replace(old, new, 1) if whole is None else whole
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        load_params("params.yaml")
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith("params.yaml")


@pytest.mark.parametrize("command", ["check_params", "demo --reviews reviews.parquet --vectors vectors.txt"])
def test_anchors_of_anchors_are_an_error_within_ten_seconds_and_a_gigabyte(tmp_path: Path, command: str) -> None:
    (tmp_path / "params.yaml").write_text(BOMB, "utf-8")
    limited = f"ulimit -t 10 -v {2**20}; exec {sys.executable} -m stages.{command}"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}  # a thread reserves memory
    done = subprocess.run(["bash", "-c", limited], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: params.yaml means more than 100,000 values: anchors of anchors do that\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("# Everything", "\ufeff# Everything"),
        ("query: {kind: global}\n  attention_add", "query: &q {kind: global}\n  other: {query: *q}\n  attention_add"),
        (
            "query: {kind: global}\n  attention_add",
            "query: &q {kind: global}\n  other: {query: {<<: *q}}\n  attention_add",
        ),
    ],
    ids=["windows", "byte order mark", "an anchor", "a merge"],
)
def test_what_is_right_in_another_spelling_is_read(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_text(encoding="utf-8").replace(old, new).encode())
    params = load_params(path)
    own = load_params(ROOT / "params.yaml")
    assert params.variants.pop("other", None) in (None, own.variants["attention"])
    assert params == own


def test_the_file_is_checked_without_what_trains() -> None:
    code = "import sys, stages.check_params; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "pandas", "mlflow", "dvc", "matplotlib"} & set(done.stdout.split())


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
    with pytest.raises(ValueError, match=r"(?s)params.yaml is not YAML: .*line 2, column 12.*unexpected ':'"):
        load_params(path)


OWN = {"kind": "own", "name": "mine.Query"}
GOOD = "import torch\n\n\nclass Query(torch.nn.Module):\n    def __init__(self, size, outputs, *, scale): ...\n"


def with_own(root: Path, monkeypatch: pytest.MonkeyPatch, text: str, entry: Any) -> Path:
    """params.yaml, in a project of its own, with a variant of one's own whose file holds the text."""
    folder = root / "pipeline/mechanisms"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_bytes(text.encode())
    (root / "pipeline/formats.py").write_bytes(b"")
    monkeypatch.setattr(source, "ROOT", root)
    monkeypatch.setattr(params_own, "ROOT", root)
    monkeypatch.setattr(params_own, "FOLDER", folder)
    return changed(root, "variants.own", entry)


@pytest.mark.parametrize(
    ("text", "part", "change", "message"),
    [
        (GOOD, "query", {"name": ...}, "query.name: Field required"),
        (
            GOOD,
            "query",
            {"name": "Query"},
            "query.name = 'Query': Input should be file.Class: gated.GatedQuery is that",
        ),
        (GOOD, "query", {"name": "../mine.Query"}, "query.name = '../mine.Query': Input should be file.Class"),
        (
            GOOD,
            "query",
            {"name": "my.Query"},
            "query.name = 'my.Query': pipeline/mechanisms has no file my.py; it has mine",
        ),
        (
            GOOD,
            "query",
            {"name": "mine.Qery"},
            "name = 'mine.Qery': pipeline/mechanisms/mine.py has no class Qery; it has Q",
        ),
        (
            "class Query:\n  (",
            "query",
            {},
            "name = 'mine.Query': mine.py, or what it imports, is not Python: '(' was never",
        ),
        ("a = '\0'", "query", {}, "query.name = 'mine.Query': mine.py, or what it imports, is not Python: "),
        (
            f"import pipeline.formats\n{GOOD}",
            "query",
            {},
            "it imports pipeline/formats.py, a change of which would train",
        ),
        (
            f"from .. import formats\n{GOOD}",
            "query",
            {},
            "it imports pipeline/formats.py, a change of which would train",
        ),
        (GOOD, "query", {"arguments": {"scal": 2}}, "Query has no argument 'scal'; it has size, outputs, scale"),
        (GOOD, "query", {"arguments": [2]}, "query.arguments = [2]: Input should be entries"),
        (
            GOOD,
            "query",
            {"arguments": {"scale": float("nan")}},
            "query.arguments.scale = nan: Input should be a finite",
        ),
        (GOOD, "query", {"scale": 2}, "query.scale = 2: there is no such key? Known: kind, name, arguments"),
        (GOOD, "query", {"sha256": "0" * 64}, "the code of mine.Query is not what it was"),
        (GOOD, "normaliser", {"name": ...}, "normaliser.name: Field required"),
        (GOOD, "normaliser", {"kind": ...}, "normaliser.kind: Field required"),
        (GOOD, "normaliser", {"kind": "softmax"}, "normaliser.kind = 'softmax': Input should be 'own'"),
    ],
)
def test_a_mechanism_of_ones_own_that_is_wrong_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, part: str, change: dict[str, Any], message: str
) -> None:
    entry = {key: value for key, value in {**OWN, **change}.items() if value is not ...}
    path = with_own(tmp_path, monkeypatch, text, {"query": {"kind": "global"}, part: entry})
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        load_params(path)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith(f"{path}: variants.own")


def test_a_variant_is_another_when_the_code_of_its_mechanism_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_own(
        tmp_path, monkeypatch, f"from . import helper\n{GOOD}", {"query": OWN | {"arguments": {"scale": [1, "a"]}}}
    )

    def written(file: str, text: str) -> dict[str, Any]:
        (tmp_path / "pipeline/mechanisms" / file).write_text(text, encoding="utf-8")
        return load_params(path).model_dump(mode="json")

    first = written("helper.py", "A = 1")
    assert written("other.py", "A = 1") == first, "a file that it does not import"
    second = written("helper.py", "A = 2")
    assert first["variants"].pop("own") != second["variants"].pop("own")
    assert first == second
