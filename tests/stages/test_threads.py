"""The number of cores and of threads changes how long a stage takes, and no bit of what it writes."""

import shutil
from pathlib import Path

import pytest
from one_stage import TRAIN, files, run, small_demo
from ruamel.yaml import YAML
from small_project import Project

pytestmark = pytest.mark.skipif(not shutil.which("taskset"), reason="no taskset to bind a process to one core")


NAMES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@pytest.mark.parametrize(("variant", "stages"), [("lstm_attention", ("train", "evaluate")), ("tfidf", ("train",))])
def test_four_threads_on_one_core_write_the_same_bytes(project: Project, variant: str, stages: tuple[str, ...]) -> None:
    """Against what DVC ran on all cores with the default number of threads."""
    options = f"--corpus demo --variant {variant} --tensors data/tensors/demo".split()
    trained = f"--states .dvc/tmp/threads --out data/threads/{variant} --clock data/threads/{variant}.json".split()
    tested = f"--models data/threads/{variant} --out data/threads/evaluation/{variant}".split()
    tested += f"--metrics data/threads/metrics.json --explanation data/threads/{variant}.explanation.json".split()
    bound = Project(project.root, project.environment | dict.fromkeys(NAMES, "4"))
    for stage in stages:
        more = {"train": trained, "evaluate": tested}[stage]
        bound.run("taskset", "-c", "0", "python", "-m", f"stages.{stage}", *options, *more)
    made = project.root / "data/threads"
    assert files(made / variant) == files(project.root / "models/demo" / variant)
    if "evaluate" not in stages:
        return
    assert files(made / "evaluation" / variant) == files(project.root / "evaluation/demo" / variant)
    metrics = project.root / f"results/demo/variants/{variant}.json"
    assert (made / "metrics.json").read_bytes() == metrics.read_bytes()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo, and a GRU among its variants."""
    folder = tmp_path_factory.mktemp("threads")
    small_demo(folder, {"epochs": 2})
    yaml = YAML()
    params = yaml.load(folder / "params.yaml")
    params["seeds"] = [0, 1]  # side by side on two cores
    yaml.dump(params, folder / "params.yaml")
    return folder


@pytest.mark.parametrize("variant", ["attention", "gru_attention"])
def test_one_core_and_two_with_a_thread_or_two_each_write_the_same_bytes(corpus: Path, variant: str) -> None:
    written = []
    for number in ("1", "2"):
        settings = {**dict.fromkeys(NAMES, number), "ATTENTION_CORES": number}
        stage = f"{TRAIN} {variant}".replace(" states ", f" states{number} ").replace(
            "made/models", f"{variant}{number}"
        )
        done = run(corpus, stage, **settings)
        assert done.returncode == 0, done.stderr
        written.append(files(corpus / f"{variant}{number}"))
    assert len(written[0]) == 4
    assert written[0] == written[1]
