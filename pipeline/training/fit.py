"""One model, one seed: epochs of Adam until the validation accuracy stops rising; the best epoch is kept."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pipeline.adam import EagerAdamW
from pipeline.data.batching import Batch, evaluation_batches, training_batches
from pipeline.data.reviews import Reviews
from pipeline.models.classifier import Attended, AttentionClassifier
from pipeline.models.inference import evaluating
from pipeline.models.variants import load_state, trained_state
from pipeline.seeding import seed_everything
from pipeline.training.objective import objective
from pipeline.training.resume import read_state, write_state
from pipeline.training.validate import BATCH_SIZE, validate
from pipeline.training.workers import ALONE, Workers

Epoch = dict[str, Any]  # numbers by name, plus one histogram


class Step(NamedTuple):
    """One update: the batch's reviews and tokens, its cross entropy, and how many reviews the model had right."""

    reviews: int
    tokens: int
    cross_entropy: float
    correct: int


class Fit:
    """A model between two steps of its training.

    Args:
        model: (tokens_BT, lengths_B) -> Attended, its initial weights drawn after `seed_everything(seed)`.
        steps: of the whole training, were it not stopped early.
        learning_rate: Adam's, at its highest.
        epsilon: Adam's (Kingma & Ba 2015, algorithm 1). The gradient of a rare word is small, and Adam would make its
            step as large as any other; a larger epsilon keeps it small.
        schedule: "constant", or "cosine": falls to zero over `steps`.
        weight_decay: decoupled (Loshchilov & Hutter 2019).
        gradient_clip: largest norm of the whole gradient.
        averaging: decay of the moving average of the weights that is validated and kept; 0 = the weights themselves.
        entropy_weight: see `objective`.
        precision: of matrix products, "float32" or "bfloat16"; the loss, weights and their steps are float32 in either.
        workers: the processes that train it together, each with a `Fit` of its own.
        contexts_NF: what the classifier reads of each training review, where no step changes it (see
            `known_contexts`); a batch then needs no tokens.
    """

    def __init__(
        self,
        model: AttentionClassifier,
        *,
        steps: int,
        learning_rate: float,
        epsilon: float,
        schedule: str,
        weight_decay: float,
        gradient_clip: float,
        averaging: float,
        entropy_weight: float,
        precision: str = "float32",
        workers: Workers = ALONE,
        contexts_NF: Tensor | None = None,
    ) -> None:
        self.model = model
        self.device = model.classifier.weight.device
        self.precision = precision
        self.workers = workers
        self.contexts_NF = contexts_NF
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = EagerAdamW(
            self.parameters, lr=learning_rate, eps=epsilon, weight_decay=weight_decay, fused=True
        )
        decay = {"constant": lambda step: 1.0, "cosine": lambda step: (1 + math.cos(math.pi * step / steps)) / 2}
        self.rates = torch.optim.lr_scheduler.LambdaLR(self.optimizer, decay[schedule])
        self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(averaging)) if averaging else None
        for layer in self.judged.modules():
            if isinstance(layer, nn.RNNBase):
                layer.flatten_parameters()  # cuDNN reads the weights of a layer as one block; a copy has many
        self.gradient_clip = gradient_clip
        self.entropy_weight = entropy_weight

    @property
    def judged(self) -> nn.Module:
        """The model that is validated and kept: the average, if there is one."""
        return self.average.module if self.average else self.model

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(self.rates.get_last_lr()[0])

    def step(self, batch: Batch) -> Step:
        """One update, and what the model said before it.

        Args:
            batch: the whole of it, the same for all workers.

        Raises:
            FloatingPointError: the loss or its gradient is no finite number; the weights are as they were.
        """
        own, part = self.workers.shard(batch)
        own = own.to(self.device)
        attended = self._attended(own)
        loss, cross_entropy = objective(attended, own.labels_B, own.lengths_B, self.entropy_weight)
        loss = loss if part == 1 else part * loss
        right = (attended.logits_BC.argmax(dim=1) == own.labels_B).sum()
        value, correct, plain = self.workers.total(loss.item(), right.item() * (part > 0), part * cross_entropy.item())
        self.check("the loss", value)
        self.optimizer.zero_grad()
        loss.backward()
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        self.workers.all_reduce(gradients)
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients]))
        length = norm.item()
        self.check("the gradient's norm", length)  # else the weights would be no numbers after the step
        if length > self.gradient_clip:
            nn.utils.clip_grads_with_norm_(self.parameters, self.gradient_clip, norm)
        self.optimizer.step()
        self.rates.step()
        if self.average:
            self.average.update_parameters(self.model)
        return Step(
            reviews=len(batch.labels_B),
            tokens=int(batch.lengths_B.sum()),
            cross_entropy=plain,
            correct=int(correct),
        )

    def _attended(self, batch: Batch) -> Attended:
        if self.precision == "float32":
            return self._read(batch)
        with torch.autocast(self.device.type, torch.bfloat16):
            attended = self._read(batch)
        return Attended(attended.logits_BC.float(), attended.weights_BT.float())

    def _read(self, batch: Batch) -> Attended:
        if self.contexts_NF is None:
            attended: Attended = self.model(batch.tokens_BT, batch.lengths_B)
            return attended
        return Attended(self.model.classifier(self.contexts_NF[batch.index_B]), batch.tokens_BT)  # weights: nobody asks

    def check(self, name: str, value: float) -> None:
        """Stops a training that no longer computes with numbers.

        Raises:
            FloatingPointError: the value is no finite number.
        """
        if not math.isfinite(value):
            raise FloatingPointError(
                f"{name} became {value}: lower training.learning_rate (now {self.learning_rate:.3g}) "
                f"or training.gradient_clip (now {self.gradient_clip:.3g})"
            )

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, copied."""
        return copy.deepcopy(
            {
                "weights": trained_state(self.model),
                "judged": trained_state(self.judged),
                "averaged": self.average.n_averaged if self.average else None,
                "optimizer": self.optimizer.state_dict(),
                "rates": self.rates.state_dict(),
            }
        )

    def load(self, state: dict[str, Any]) -> None:
        """Puts back what `state` gave."""
        load_state(self.model, state["weights"])
        load_state(self.judged, state["judged"])
        if self.average:
            self.average.n_averaged.copy_(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rates.load_state_dict(state["rates"])


def known_contexts(
    model: AttentionClassifier, reviews: Reviews, *, entropy_weight: float, **settings: Any
) -> Tensor | None:
    """contexts_NF of every review, where no step of a training can change them and nothing asks for the weights.

    The mean of frozen word vectors, or their sum under weights that are never learned, is read once instead of once an
    epoch, and equals what each step would read bit for bit. None where attention, vectors or encoder are learned.
    """
    if entropy_weight or not model.reads_alike:
        return None
    device = model.classifier.weight.device
    contexts_NF = torch.empty(len(reviews), model.classifier.in_features, device=device)
    with evaluating(model):
        for batch in evaluation_batches(reviews, BATCH_SIZE):
            batch = batch.to(device)
            contexts_NF[batch.index_B], _ = model.contexts(batch.tokens_BT, batch.lengths_B)
    return contexts_NF


def fit(
    model: AttentionClassifier,
    train: Reviews,
    validation: Reviews,
    *,
    seed: int,
    epochs: int,
    patience: int,
    batch_size: int,
    resume_from: Path,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    on_step: Callable[[Step], None] = lambda step: None,
    workers: Workers = ALONE,
    **settings: Any,
) -> list[Epoch]:
    """Trains in place; the model ends with the weights of its best epoch.

    Args:
        model: see `Fit`; on the device where it is trained and validated.
        train: reviews to learn from.
        validation: reviews that choose the epoch.
        seed: of everything random after the initial weights.
        epochs: at most.
        patience: epochs without a better validation accuracy before stopping.
        batch_size: reviews per step.
        resume_from: where the state after each epoch is kept; an interrupted call goes on from there.
        on_epoch: called with each epoch's record, also with those of the interrupted call.
        on_step: called after each update.
        workers: the processes that call this together, with the same arguments; the first alone validates, and reads
            and writes `resume_from`.
        settings: the other arguments of `Fit`.

    Returns:
        a record per epoch: losses, accuracies and entropies (see `validate`), learning rate, and the processor's
        seconds, of all workers, and tokens per such second: what an epoch costs, whatever else the machine does.
        Training loss, the cross entropy without the entropy term as in validation, and accuracy are those of the
        batches as they came, with dropout. What is read once for all epochs costs the first one its time.

    Raises:
        FloatingPointError: the loss is no finite number; the line says in which epoch and step, and the state of the
            last good epoch stays in `resume_from`.
    """
    started = time.process_time()
    contexts_NF = known_contexts(model, train, **settings)
    read_once = time.process_time() - started
    steps = epochs * math.ceil(len(train) / batch_size)
    running = Fit(model, steps=steps, workers=workers, contexts_NF=contexts_NF, **settings)
    history: list[Epoch] = []
    best: dict[str, torch.Tensor] = {}
    if state := workers.agree(lambda: read_state(resume_from)):
        running.load(state["fit"])
        history, best = state["history"], state["best"]
        for record in history:
            on_epoch(record)
    for epoch in range(len(history) + 1, epochs + 1):
        if _exhausted(history, patience):
            break
        generator = seed_everything(seed, epoch, workers.rank)
        started, loss_sum, correct, tokens = time.process_time(), 0.0, 0, 0
        record = {"epoch": epoch, "learning_rate": running.learning_rate}
        batches = training_batches(train, batch_size, generator, tokens=contexts_NF is None)
        for number, batch in enumerate(batches, start=1):
            with _located(f"epoch {epoch}, step {number}", epoch - 1, resume_from):
                step = running.step(batch)
            loss_sum += step.cross_entropy * step.reviews
            correct += step.correct
            tokens += step.tokens
            on_step(step)
        (seconds,) = workers.total(time.process_time() - started + (read_once if epoch == 1 else 0))
        record |= {"train_loss": loss_sum / len(train), "train_accuracy": correct / len(train)}
        record |= workers.agree(lambda: validate(running.judged, validation))
        with _located(f"epoch {epoch}, after the last step", epoch - 1, resume_from):
            running.check("the validation loss", record["validation_loss"])
        record |= {"seconds": seconds, "tokens_per_second": tokens / seconds}
        history.append(record)
        if _since_best(history) == 0:
            best = copy.deepcopy(trained_state(running.judged))
        if workers.first:
            write_state(resume_from, {"fit": running.state(), "best": best, "history": history})
        on_epoch(record)
    load_state(model, best)
    return history


@contextmanager
def _located(place: str, finished: int, state: Path) -> Iterator[None]:
    """Says where in the training a number was lost, and where the last good weights are."""
    try:
        yield
    except FloatingPointError as error:
        kept = f"the weights after epoch {finished} are kept in {state}" if finished else "no epoch was finished"
        raise FloatingPointError(f"{place}: {error}; {kept}") from None


def _since_best(history: list[Epoch]) -> int:
    """Epochs since the best validation accuracy; the first of equals counts."""
    accuracies = [record["validation_accuracy"] for record in history]
    return len(accuracies) - 1 - accuracies.index(max(accuracies)) if accuracies else 0


def _exhausted(history: list[Epoch], patience: int) -> bool:
    return _since_best(history) >= patience
