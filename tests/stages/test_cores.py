"""The number of cores and of threads changes how long a training takes, and no bit of what it writes."""

from pathlib import Path

import pytest
from one_stage import TRAIN, files, run, small_demo
from ruamel.yaml import YAML

NAMES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


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
