"""The script that MLflow stores as the model ("models from code") and runs to load it: text -> label, probability.

``mlflow.pyfunc.load_model("models:/m-...").predict(pandas.DataFrame({"text": [...]}))``
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from pipeline.data.reviews import pack
from pipeline.data.tokenizer import make_tokenizer
from pipeline.data.vocabulary import Vocabulary
from pipeline.evaluation.predict import predict


class TextModel(PythonModel):
    """A trained classifier of either family, with its tokeniser and vocabulary."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the artifacts that were logged with the model."""
        settings = json.loads(Path(context.artifacts["settings"]).read_text(encoding="utf-8"))
        self._tokenize, self._classes = make_tokenizer(settings["tokenizer"]), settings["classes"]
        self._vocabulary = Vocabulary.read(Path(context.artifacts["words"]))
        self._embeddings = np.load(context.artifacts["embeddings"], allow_pickle=False)
        self._checkpoint = Path(context.artifacts["checkpoint"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, object] | None = None
    ) -> pd.DataFrame:
        """Label and probability of that label for every row of the column ``text``."""
        encoded = [self._vocabulary.encode(self._tokenize(text)) for text in model_input["text"]]
        reviews = pack(encoded, labels=[0] * len(encoded), rows=range(len(encoded)))
        predictions = predict(self._checkpoint, self._embeddings, reviews)
        labels = [self._classes[label] for label in predictions.predicted_N]
        probabilities = predictions.probabilities_NC.max(axis=1)
        return pd.DataFrame({"label": labels, "probability": probabilities}, index=model_input.index)


set_model(TextModel())
