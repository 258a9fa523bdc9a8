"""The script that MLflow stores as the model ("models from code") and runs to load it: text -> label, probability.

``mlflow.pyfunc.load_model("models:/m-...").predict(pandas.DataFrame({"text": [...]}))``
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from pipeline.data.tokenizer import make_tokenizer
from pipeline.data.vocabulary import PAD, Vocabulary
from pipeline.models.checkpoint import load_classifier
from pipeline.models.inference import infer

LABELS = ("negative", "positive")
BATCH = 64


class TextModel(PythonModel):
    """A trained classifier with its tokeniser and vocabulary."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the artifacts that were logged with the model."""
        paths = {name: Path(path) for name, path in context.artifacts.items()}
        self._tokenize = make_tokenizer(context.model_config["tokenizer"])
        self._vocabulary = Vocabulary.read(paths["words"])
        embeddings_VE = torch.from_numpy(np.load(paths["embeddings"]))
        self._model = load_classifier(paths["checkpoint"], embeddings_VE)

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, object] | None = None
    ) -> pd.DataFrame:
        """Label and probability of that label for every row of the column ``text``."""
        texts = list(model_input["text"])
        batches = (self._batch(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH))
        logits_BC = torch.cat([attended.logits_BC for _, attended in infer(self._model, batches)])
        probability_B, label_B = logits_BC.softmax(dim=1).max(dim=1)
        labels = [LABELS[label] for label in label_B.tolist()]
        return pd.DataFrame({"label": labels, "probability": probability_B.tolist()}, index=model_input.index)

    def _batch(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        rows = [torch.from_numpy(self._vocabulary.encode(self._tokenize(text))).long() for text in texts]
        tokens_BT = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)
        return tokens_BT, torch.tensor([len(row) for row in rows])


set_model(TextModel())
