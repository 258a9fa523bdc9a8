"""Many threads on one core change how long a stage takes, and no bit of what it writes."""

import shutil

import pytest
from one_stage import files
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
