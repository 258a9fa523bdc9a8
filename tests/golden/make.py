"""Makes a folder of all that a later version has to read: ``python tests/golden/make.py tests/golden/format-2``.

After raising a number in pipeline/formats.py, run it for a new folder and keep the old ones: the tests read them.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from pipeline.data.tables import write_parquet
from pipeline.params import load_params
from pipeline.training.variant import train_variant
from stages import counterfactual, evaluate, exchange, nulls, pairs, replicate, sweep, tensors, train

ROOT = Path(__file__).parents[2]
VARIANTS = ("attention", "tfidf")
READ = ("by_seed.json", "predictions.parquet", "examples.json", "top_words.csv", "words.parquet")  # of an evaluation
WORDS = {1: "a good film with a great cast", 0: "a bad film with a dull cast"}
EDITS = f"Sentiment\tText\tbatch_id\nPositive\t{WORDS[1]}\t1\nNegative\t{WORDS[0]}\t1\n"


def main(out: Path) -> None:
    """Runs the stages on a dozen reviews in a folder of its own, and copies what is read back later."""
    yaml = YAML(typ="safe")
    params = yaml.load(ROOT / "params.yaml")
    params |= {"seeds": [0], "explanation": {"reviews": 2, "permutations": 2, "exchanged": 2}}
    params["corpora"]["demo"] |= {"training": {"epochs": 2}, "validation_fraction": 0.5, "top_words_min_count": 1}
    params["variants"] = {name: params["variants"][name] for name in VARIANTS}
    params["frontier"]["variants"] = params["nulls"]["variants"] = ["attention"]
    params["published"] = {"row": params["published"]["average_dot"] | {"corpus": "demo"}}
    params["sources"]["counterfactual"]["sha256"] = hashlib.sha256(EDITS.encode()).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        yaml.dump(params, Path("params.yaml"))
        rows = [
            {"split": split, "label": i % 2, "name": f"{split}{i}", "movie": f"{split}{i // 2}", "text": WORDS[i % 2]}
            for split in ("train", "test")
            for i in range(6)
        ]
        write_parquet(pd.DataFrame(rows), Path("reviews.parquet"))
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
        folders = {"tensors": made / "tensors", "states": Path("states")}
        explained = made / "results/explanation"
        sweep.main("demo", "attention", 0.1, **folders, out=explained / "frontier/attention/0.1.json")
        replicate.main("row", **folders, out=made / "results/published/row.json")
        nulls.main("demo", "attention", "uniform", **folders, out=made / "evaluation/attention.uniform.parquet")
        exchange.main("demo", made / "tensors", made / "models", explained / "exchange.csv")
        edits = Path("downloads", Path(params["sources"]["counterfactual"]["urls"][0]).name)
        edits.parent.mkdir()
        edits.write_text(EDITS, encoding="utf-8")
        pairs.main(edits.parent, made / "pairs.parquet")
        edited = explained / "counterfactual.csv"
        counterfactual.main("demo", made / "pairs.parquet", made / "tensors", made / "models", edited)
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
        for path in [path for path in (made / "evaluation").glob("*/**/*.*") if path.name not in READ]:
            path.unlink()
        shutil.copytree(made, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
