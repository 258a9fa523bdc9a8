"""Archives -> tensors: our stages, on all cores, and the loader that a course hands out, which knows one."""

import multiprocessing
import re
import tarfile
import zipfile
from pathlib import Path

IMDB, GLOVE = "aclImdb_v1.tar.gz", "glove.6B*.zip"


def ours(downloads: Path, folder: Path) -> int:
    """What the stages imdb and glove, side by side as in `make repro`, and then tensors do; the training tokens."""
    from pipeline.data import glove, imdb
    from pipeline.data.prepare import build_tensors
    from pipeline.data.tables import write_parquet
    from pipeline.params import load_params

    params = load_params("params.yaml")
    reviews, vectors = folder / "reviews.parquet", folder / "vectors.txt"
    unpacked = next(downloads.glob(GLOVE)), vectors, 50, params.sources.glove.members[50].sha256, ""
    beside = multiprocessing.get_context("fork").Process(target=glove.extract, args=unpacked)
    beside.start()
    write_parquet(imdb.read(downloads / IMDB, params.sources.imdb.sha256), reviews)
    beside.join()
    if beside.exitcode:
        raise ChildProcessError("the word vectors were not unpacked")
    corpus = params.corpus("imdb")
    elsewhere = {"reviews", "vectors", "top_words_min_count", "training"}
    covered = build_tensors(reviews, vectors, folder / "tensors", **corpus.model_dump(exclude=elsewhere))
    return int(covered["train_tokens"])


def course(downloads: Path, folder: Path) -> int:
    """Unpack both, read the vectors line by line, then 50,000 files one by one, with a regular expression."""
    import numpy as np
    import torch

    with tarfile.open(downloads / IMDB) as tar:
        tar.extractall(folder, filter="data")
    with zipfile.ZipFile(next(downloads.glob(GLOVE))) as archive:
        archive.extract("glove.6B.50d.txt", folder)
    rows, vectors = {"__oov__": 0}, [np.zeros(50, dtype=np.float32)]
    with (folder / "glove.6B.50d.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, *values = line.split()
            rows[word] = len(vectors)
            vectors.append(np.array([float(value) for value in values], dtype=np.float32))
    embedding = torch.from_numpy(np.stack(vectors))
    words = re.compile(r"\S+")
    splits, tokens = {}, 0
    for split in ("train", "test"):
        found = []
        for label, kind in enumerate(("neg", "pos")):
            for path in sorted((folder / "aclImdb" / split / kind).glob("*.txt")):
                content = path.read_text(encoding="utf-8")
                found.append((torch.tensor([rows.get(word.lower(), 0) for word in words.findall(content)]), label))
                tokens += len(found[-1][0]) if split == "train" else 0
        splits[split] = found
    torch.save({"embedding": embedding, **splits}, folder / "corpus.pt")
    return tokens
