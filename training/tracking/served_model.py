"""The script that MLflow runs to make the served model ("models from code"); nobody imports it.

It is copied beside the bundle; scoring itself is the installed package, so that a row has the
same answer here as everywhere.
"""

from __future__ import annotations

import os
from typing import Any

import mlflow
import numpy as np
import pandas as pd

import predictor
from predictor.errors import InvalidInputError

TEXTS = (
    "patient_id", "landmark", "status", "verdict", "refusals", "stops", "cautions", "data_origin",
    "stamp", "check_in_days",
)  # fmt: skip


class Answers(pd.DataFrame):
    """A table whose empty numbers are null in JSON, which knows no NaN."""

    def to_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Give plain values.

        Parameters
        ----------
        *args, **kwargs : object
            As for `pandas.DataFrame.to_dict`.

        Returns
        -------
        dict or list of dict
            None where the table has NaN.
        """
        plain = pd.DataFrame(self).astype(object)
        return plain.where(plain.notna(), None).to_dict(*args, **kwargs)


class ServedModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Answer rows with numbers or refusals."""

    def load_context(self, context: Any) -> None:
        """Load the bundle, every byte of it checked.

        Parameters
        ----------
        context : mlflow.pyfunc.PythonModelContext
            Knows where the bundle lies.
        """
        # else a column of the wrong type puts every row of the request into MLflow's message
        os.environ["MLFLOW_DISABLE_SCHEMA_DETAILS"] = "true"
        self._scorer = predictor.load(context.artifacts["bundle"])

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Score rows.

        Parameters
        ----------
        model_input : pandas.DataFrame
            Columns of the signature; all are optional, yes / no as 1 / 0.

        Returns
        -------
        pandas.DataFrame
            One line for each row; refused rows have NaN and their codes.

        Raises
        ------
        InvalidInputError
            If no column is known or the table as a whole is at fault.
        """
        if not len(model_input.columns):
            raise InvalidInputError("no column is known; name columns as in the model's signature")
        scores = self._scorer.score(model_input, explain=False)
        table = scores.to_frame()
        table["cautions"] = [";".join(str(c["code"]) for c in score.cautions) for score in scores]
        table["safety_not_asked"] = [len(score.not_asked) for score in scores]
        for column in table.columns:
            if column not in TEXTS:
                table[column] = table[column].astype(np.float64)
        return Answers(table.set_axis(model_input.index))


mlflow.models.set_model(ServedModel())
