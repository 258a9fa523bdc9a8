"""The stages that download, as a user starts them: one clear error, no traceback, and nothing wrong in place."""

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PAGE = b"<!doctype html><title>404</title>" * 9000  # 300 kB, served as if all were well


@pytest.fixture
def stage(tmp_path: Path, server: Any) -> Any:
    """Runs a stage in a project whose sources all lie on the server."""

    def run(name: str, urls: list[str], *, prefix: str = "") -> tuple[int, str]:
        yaml = YAML()
        params = yaml.load(ROOT / "params.yaml")
        sources = params["sources"]
        for source in (sources["imdb"], sources["counterfactual"], sources["glove"]["members"][50]):
            source["urls"] = urls
        yaml.dump(params, tmp_path / "params.yaml")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("ATTENTION_", "DVC_"))}
        out = ["--downloads", "downloads", "--out", f"out/{name}"]
        done = subprocess.run(
            ["sh", "-c", f'{prefix} exec "$@"', "sh", sys.executable, "-m", f"stages.{name}", *out],
            env=environment | {"PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        assert done.stderr.count("error: ") == done.returncode
        assert not (tmp_path / "out").exists()
        return done.returncode, done.stderr

    return run


def test_no_source_of_reviews_serves(server: Any, refusing: str, stage: Any, tmp_path: Path) -> None:
    packed = gzip.compress(b"no archive" * 9000)
    urls = {
        f"{refusing}/a.tar.gz": "Connection refused",
        server.url("missing/a.tar.gz"): "404 Not Found",
        server.serve("page/a.tar.gz", PAGE): "refused: a damaged or incomplete .tar.gz archive: Not a gzipped file",
        server.serve("cut/a.tar.gz", packed[:-9]): "refused: a damaged or incomplete .tar.gz archive",
        server.serve("broken/a.tar.gz", PAGE, claims=len(PAGE) + 1): f"the connection broke after {len(PAGE):,} bytes",
        server.serve("loop/a.tar.gz", b"", location="a.tar.gz"): "more than 10 redirects",
    }
    code, said = stage("imdb", list(urls))
    assert code == 1
    error = said[said.index("error: ") :]
    assert error.startswith("error: no usable copy of a.tar.gz. Tried:\n")
    for url, reason in urls.items():
        assert reason in error.partition(f"  {url}: ")[2].partition("\n")[0]
    assert [path.name for path in (tmp_path / "downloads").glob("*.gz")] == []


def test_a_full_disk_ends_the_download_and_a_later_one_goes_on(server: Any, stage: Any, tmp_path: Path) -> None:
    url = server.serve("test_paired.tsv", PAGE)
    code, said = stage("pairs", [url], prefix="ulimit -f 200;")  # 100 kB a file, after which writing fails
    part = tmp_path / "downloads" / "test_paired.tsv.part"
    assert code == 1
    assert f"error: {part.relative_to(tmp_path)}: File too large: make room, then `dvc repro` again\n" in said
    assert part.stat().st_size == 200 * 512
    code, said = stage("pairs", [url])
    assert [status for _, _, status in server.requests] == [200, 206]
    assert "refused: its sha256 is" in said


def test_a_server_in_the_place_of_glove(server: Any, stage: Any) -> None:
    code, said = stage("glove", [server.serve("glove.zip", PAGE)])
    assert code == 1
    assert "refused: a damaged or incomplete zip archive: File is not a zip file" in said
