"""Makes a folder of all that a later version has to read: ``python tests/golden/make.py tests/golden/format-1``.

After raising a number in pipeline/formats.py, run it for a new folder and keep the old ones: the tests read them.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from pipeline.params import load_params
from pipeline.training.variant import train_variant
from stages import evaluate, tensors, train

ROOT = Path(__file__).parents[2]
VARIANTS = ("attention", "tfidf")
READ = ("by_seed.json", "predictions.parquet", "examples.json", "top_words.csv", "words.parquet")  # of an evaluation
WORDS = {1: "a good film with a great cast", 0: "a bad film with a dull cast"}


def main(out: Path) -> None:
    """Runs the stages on a dozen reviews in a folder of its own, and copies what is read back later."""
    yaml = YAML(typ="safe", pure=True)
    params = yaml.load(ROOT / "params.yaml")
    params |= {"seeds": [0], "explanation": {"reviews": 2, "permutations": 2, "exchanged": 2}}
    params["corpora"]["demo"] |= {"training": {"epochs": 2}, "validation_fraction": 0.5, "top_words_min_count": 1}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        yaml.dump(params, Path("params.yaml"))
        rows = [
            {"split": split, "label": i % 2, "name": f"{split}{i}", "movie": f"{split}{i // 2}", "text": WORDS[i % 2]}
            for split in ("train", "test")
            for i in range(6)
        ]
        pd.DataFrame(rows).to_parquet("reviews.parquet")
        vocabulary = sorted({word for text in WORDS.values() for word in text.split()})
        lines = [f"{word} {place / 10} {(place % 3) - 1}\n" for place, word in enumerate(vocabulary)]
        Path("vectors.txt").write_text("".join(lines), encoding="utf-8")
        made = Path("made")
        tensors.main("demo", Path("reviews.parquet"), Path("vectors.txt"), made / "tensors", Path("coverage.json"))
        for name in VARIANTS:
            models, clock = made / "models" / name, made / "results/timing" / f"{name}.json"
            train.main("demo", name, made / "tensors", Path("states"), models, clock)
            metrics, reasons = (made / "results" / kind / f"{name}.json" for kind in ("variants", "explanation"))
            evaluate.main("demo", name, made / "tensors", models, made / "evaluation" / name, metrics, reasons)
        found = load_params("params.yaml")
        train_variant(
            0,
            lambda report: None,
            title="golden",
            variant=found.variant("attention"),
            training=found.training_of("demo", "attention"),
            tensors=made / "tensors",
            out=Path(),
            states=made,  # here it stays: the stage removes it
        )
        for path in [path for path in (made / "evaluation").rglob("*.*") if path.name not in READ]:
            path.unlink()
        shutil.copytree(made, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
