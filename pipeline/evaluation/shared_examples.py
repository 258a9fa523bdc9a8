"""Every review that one variant shows, as all others read it too: what one gets surely wrong, who gets right?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.reviews import pack
from pipeline.data.tensors import Tensors
from pipeline.evaluation.examples import make_examples
from pipeline.evaluation.predict import predict, trained_seeds
from pipeline.progress import counted

Record = Mapping[str, Any]  # of `Example`, as it was written


def shared_examples(
    examples: Mapping[str, Sequence[Record]], models: Path, corpus: Tensors, title: str
) -> dict[str, list[Record]]:
    """Adds to the reviews of each variant those of all others, as its first seed reads them.

    Args:
        examples: reviews by variant.
        models: folder with a folder of weights per variant.
        corpus: what they were trained on.
        title: for progress, such as "imdb".

    Returns:
        by variant, its own reviews first; what comes from others is of the kind "other".
    """
    shown = {record["id"]: record for records in examples.values() for record in records}
    test = corpus.splits["test"]
    places = dict(zip(test.rows.tolist(), range(len(test)), strict=True))
    shared: dict[str, list[Record]] = {}
    for variant, own in counted(examples.items(), f"{title}  reviews side by side", len(examples), "variants"):
        rows = sorted(shown.keys() - {record["id"] for record in own})
        shared[variant] = list(own)
        if not rows:
            continue
        others = [shown[row] for row in rows]
        reviews = pack([test[places[row]] for row in rows], [other["label"] for other in others], rows)
        seed, checkpoint = next(iter(trained_seeds(models / variant).items()))
        found = predict(checkpoint, corpus.embeddings, reviews)
        read = make_examples(
            np.arange(len(rows)),
            "other",
            reviews=reviews,
            names=[other["name"] for other in others],
            texts=[other["tokens"] for other in others],
            probabilities_NC=found.probabilities_NC,
            weights=found.weights,
            seed=seed,
        )
        shared[variant] += [vars(example) for example in read]
    return shared
