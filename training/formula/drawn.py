"""People drawn from what a linear model knows of its cohort, with every answer given."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from predictor.imputation import GaussianImputation
from predictor.model import Model
from training.formula.bands import Part

Floats = NDArray[np.float64]

_RAREST = 0.005
"""A level is drawn at least this often, so that the errors at rare answers are met as well."""


def draw_people(
    model: Model,
    imputation: GaussianImputation,
    parts: Sequence[Part],
    *,
    people: int,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Draw answers from the normal distribution of the columns, moved to accepted answers.

    Numbers are clipped to the training support, whole numbers and ordered levels are rounded,
    yes is said where the latent value lies above the quantile of its share, and other levels are
    drawn by their shares.

    Parameters
    ----------
    model : Model
        Holds the encoding.
    imputation : GaussianImputation
        Means and covariance of the columns.
    parts : sequence of Part
        Variables in the model's order.
    people : int
        How many to draw.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    dict of str to ndarray, shape (people,)
        Coded answers of each variable; nobody of the cohort is among them.
    """
    means, covariance = imputation.means, imputation.covariance
    X = rng.multivariate_normal(means, covariance, size=people, method="eigh")
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    owner = model.encoding.owner()
    values = {}
    for place, part in enumerate(parts):
        at = np.flatnonzero(owner == place)
        first = int(at[0])
        if part.variable.type == "category":
            marked = dict(
                zip((model.encoding.columns[i].level for i in at), means[at], strict=True)
            )
            reference = 1 - sum(marked.values())
            shares = np.array([marked.get(int(code), reference) for code in part.codes])
            shares = np.maximum(shares, _RAREST)
            values[part.variable.id] = rng.choice(part.codes, people, p=shares / shares.sum()) * 1.0
            continue
        column = X[:, first]
        if part.variable.type == "yes_no":
            share = float(np.clip(means[first], _RAREST, 1 - _RAREST))
            limit = means[first] + sd[first] * NormalDist().inv_cdf(1 - share)
            column = np.clip((column > limit) * 1.0, part.codes[0], part.codes[-1])
        values[part.variable.id] = _accepted(part, column)
    return values


def _accepted(part: Part, column: Floats) -> Floats:
    """Move a column to answers inside the support."""
    inside = np.clip(column, part.low, part.high)
    answers = np.expm1(inside) if part.transform == "log1p" else inside
    if part.codes.size:
        return np.clip(np.rint(answers), part.codes[0], part.codes[-1])
    return np.rint(answers) if part.variable.type == "integer" else answers
