"""One variant and one seed, from tensors on disk to a checkpoint on disk."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.data.atomic import replacing
from pipeline.data.reviews import Reviews
from pipeline.data.tensors import Tensors, read_tensors
from pipeline.formats import results_json
from pipeline.params import Training
from pipeline.params_variants import AttentionVariant, TfidfVariant, Variant
from pipeline.progress import EVERY, FIRST, Task
from pipeline.training.place import CPU, Place
from pipeline.training.workers import ALONE, Workers

PROGRESS_EVERY = 0.2  # seconds
CLOCK = ("seconds", "tokens_per_second")  # in a record for people, and not in what must be the same in every run


def code_digest() -> str:
    """Digest of the code that decides a training's result, and of the versions of what compiles it.

    A training that was interrupted goes on only under the code that began it: what it began under other code could
    not end with the same bits.
    """
    digest = hashlib.sha256(" ".join(map(version, ("torch", "numba", "llvmlite"))).encode())
    pipeline = Path(__file__).parents[1]
    for files in ("data/*.py", "models/*.py", "training/*.py", "*.py"):
        for path in sorted(pipeline.glob(files)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def train_variant(
    seed: int,
    report: Callable[[dict[str, Any]], None],
    *,
    title: str,
    variant: Variant,
    training: Training,
    tensors: Path,
    out: Path,
    states: Path,
    workers: Workers = ALONE,
    places: Mapping[int, Place] | None = None,
) -> None:
    """Trains, and writes out/seed-<seed> as weights and as the history of its epochs.

    Args:
        seed: of everything random.
        report: called when it begins, with the record of each epoch, and every now and then with the tokens read since
            the last such call and their mean loss and accuracy.
        title: such as "imdb attention", for errors.
        variant: what to train.
        training: how.
        tensors: the corpus.
        out: folder for the results.
        states: folder for what an interrupted training needs to go on; of this variant, corpus, settings and code
            alone.
        workers: the processes that train this seed together; the first writes and reports.
        places: where each seed is trained; on the CPU if nothing is said. What is written is the CPU's in any case.

    Raises:
        FloatingPointError: the loss is no finite number.
    """
    report({"began": title})
    corpus = read_tensors(tensors)
    if isinstance(variant, TfidfVariant):
        if not workers.first:
            return
        report({"state": "counting n-grams, then a regression over all of them"})
        history = _fit_tfidf(report, variant, corpus, out / f"seed-{seed}.safetensors")
        report(history[0])
    else:
        state = states / f"seed-{seed}.safetensors"
        try:
            place = places[seed] if places else CPU
            history = _fit_attention(seed, report, variant, training, corpus, out, state, workers, place)
        except FloatingPointError as error:
            raise FloatingPointError(f"{title} seed {seed}, {error}") from None
        if not workers.first:
            return
    kept = [{key: value for key, value in record.items() if key not in CLOCK} for record in history]
    with replacing(out / f"seed-{seed}.json") as part:
        part.write_text(results_json(kept, indent=1), encoding="utf-8")


def _fit_attention(
    seed: int,
    report: Callable[[dict[str, Any]], None],
    variant: AttentionVariant,
    training: Training,
    corpus: Tensors,
    out: Path,
    state: Path,
    workers: Workers,
    place: Place,
) -> list[dict[str, Any]]:
    import torch

    from pipeline.models.checkpoint import save_classifier
    from pipeline.models.variants import build_model
    from pipeline.seeding import seed_everything
    from pipeline.training.fit import Step, fit

    place.prepare()
    seed_everything(seed)
    model = build_model(
        variant,
        torch.from_numpy(corpus.embeddings.copy()),
        classes=len(corpus.classes),
        dropout=training.dropout,
        dropout_mask=training.dropout_mask,
        word_dropout=training.word_dropout,
    ).to(place.device)
    steps: list[Step] = []
    last = time.monotonic()

    def progress(step: Step) -> None:
        nonlocal last
        steps.append(step)
        if time.monotonic() - last > PROGRESS_EVERY:
            reviews = sum(step.reviews for step in steps)
            report(
                {
                    "tokens": sum(step.tokens for step in steps),
                    "loss": sum(step.cross_entropy * step.reviews for step in steps) / reviews,
                    "accuracy": sum(step.correct for step in steps) / reviews,
                }
            )
            last = time.monotonic()
            steps.clear()

    history = fit(
        model,
        corpus.splits["train"],
        corpus.splits["validation"],
        seed=seed,
        resume_from=state,
        on_epoch=report,
        on_step=progress,
        workers=workers,
        precision=place.precision,
        **training.model_dump(exclude={"dropout", "dropout_mask", "word_dropout"}),
    )
    if workers.first:
        with replacing(out / f"seed-{seed}.safetensors") as part:
            save_classifier(model, variant, part)
    return history


def _counted(reviews: Reviews, report: Callable[[dict[str, Any]], None]) -> Iterator[Any]:
    """The reviews, while what is reported says how many of them were asked for."""
    task = Task("", len(reviews), "reviews", 0, wait=FIRST, pause=EVERY, show=lambda task: report({"state": task.text}))
    for tokens in reviews:
        yield tokens
        task.advance(note="counting n-grams")


def _fit_tfidf(
    report: Callable[[dict[str, Any]], None], variant: TfidfVariant, corpus: Tensors, path: Path
) -> list[dict[str, Any]]:
    from pipeline.models.tfidf import TfidfClassifier

    train, validation = corpus.splits["train"], corpus.splits["validation"]
    started = time.process_time()
    model = TfidfClassifier(**variant.model_dump(exclude={"family"}))
    model.fit(_counted(train, report), train.labels)
    seconds = time.process_time() - started
    with replacing(path) as part:
        model.save(part)
    loss, accuracy = model.evaluate(validation, validation.labels)
    return [
        {
            "epoch": 1,
            "validation_loss": loss,
            "validation_accuracy": accuracy,
            "seconds": seconds,
            "tokens_per_second": len(train.tokens) / seconds,
        }
    ]
