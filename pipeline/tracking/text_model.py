"""The script that MLflow stores as the model ("models from code") and runs to load it: text -> label, probability.

``mlflow.pyfunc.load_model("models:/demo-attention@best").predict(pandas.DataFrame({"text": [...]}))``

Beside it lie the code of this project, arrays (safetensors, .npy), text and JSON: nothing is unpickled.
"""

import json
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from pipeline.data.reviews import pack
from pipeline.data.tokenizer import make_tokenizer
from pipeline.data.vocabulary import Vocabulary
from pipeline.evaluation.entropy import entropy_columns
from pipeline.evaluation.predict import load_predictor


class TextModel(PythonModel):
    """A trained classifier of either family, with its tokeniser and vocabulary."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the artifacts that were logged with the model."""
        settings = json.loads(Path(context.artifacts["settings"]).read_text(encoding="utf-8"))
        self._tokenize, self._classes = make_tokenizer(settings["tokenizer"]), settings["classes"]
        self._vocabulary = Vocabulary.read(Path(context.artifacts["words"]))
        embeddings = np.load(context.artifacts["embeddings"], allow_pickle=False)
        self._predict = load_predictor(Path(context.artifacts["checkpoint"]), embeddings)
        self._turn = Lock()  # a server asks from several threads, and each answer can use all cores

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """What the model says of every row of the column ``text``.

        Returns:
            label and its probability; with the param ``words`` also entropy_nats, and words, the tokens of the text in
            order, each with its weight. Both are None for a model without attention.

        Raises:
            MlflowException: a row has no text; from a CSV, an empty cell or "NA" is none. A server answers 400.
        """
        given = model_input["text"]
        if empty := [str(row) for row, missing in enumerate(given.isna()) if missing]:
            said = f"no text in row {', '.join(empty)} (the first is 0): leave it out, or send an empty string"
            raise MlflowException(said, INVALID_PARAMETER_VALUE)
        texts = [self._tokenize(text) for text in given]
        if not texts:
            return pd.DataFrame({"label": [], "probability": []})
        reviews = pack([self._vocabulary.encode(tokens) for tokens in texts], [0] * len(texts), range(len(texts)))
        with self._turn:
            found = self._predict(reviews)
        columns = {
            "label": [self._classes[label] for label in found.predicted_N],
            "probability": found.probabilities_NC.max(axis=1),
        }
        if params and params["words"]:
            columns |= _attention(texts, found.weights, reviews.offsets)
        return pd.DataFrame(columns, index=model_input.index)


def _attention(texts: list[list[str]], weights: Any, offsets: Any) -> dict[str, Any]:
    """The columns entropy_nats and words.

    Args:
        texts: tokens of each; one without any was read as one unknown word.
        weights: of all tokens, or None.
        offsets: where the weights of each text start.
    """
    if weights is None:
        nothing = np.full(len(texts), None)
        return {"entropy_nats": nothing, "words": nothing}
    words = [
        [{"word": word, "weight": float(weight)} for word, weight in zip(tokens, weights[start:], strict=False)]
        for tokens, start in zip(texts, offsets[:-1], strict=True)
    ]
    return {"entropy_nats": entropy_columns(weights, offsets)["entropy_nats"], "words": words}


set_model(TextModel())
