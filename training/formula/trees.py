"""Boosted trees in a few lines: how many, how deep, and which variables they ask about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.blended import Blended
from predictor.boosted import Boosted
from predictor.dictionary import Dictionary
from predictor.model import Model


@dataclass(frozen=True, slots=True)
class VariableInTrees:
    """How much trees use one variable.

    Parameters
    ----------
    variable, label : str
        Its id, and what a clinician reads.
    share : float
        Share of all questions asked on the ways to the leaves, in [0, 1]; a column asked about
        twice on one way counts once.
    mean_contribution : float
        Mean absolute calibrated contribution among the people fitted to; 0 or more.
    """

    variable: str
    label: str
    share: float
    mean_contribution: float


@dataclass(frozen=True, slots=True)
class TreesSummary:
    """Trees in a few numbers; the whole of them stands in the bundle.

    Parameters
    ----------
    trees, depth : int or None
        Trees grown and most splits on the way to a leaf, as in the bootstrap refits at the same
        setting; None without refits.
    leaves : int
        Leaves of all trees that split at all.
    variables : tuple of VariableInTrees
        Largest mean contribution first.
    unused : tuple of str
        Labels of those never asked about.
    weight : float
        Share of the trees in the margin: 1, or that of a blend.
    """

    trees: int | None
    depth: int | None
    leaves: int
    variables: tuple[VariableInTrees, ...]
    unused: tuple[str, ...]
    weight: float = 1.0


def summarise_trees(
    model: Model,
    learner: Boosted | Blended,
    values: Mapping[str, NDArray[np.float64]],
    dictionary: Dictionary,
) -> TreesSummary:
    """Count what the trees ask about.

    Parameters
    ----------
    model : Model
        Holds encoding, calibration and refits.
    learner : Boosted or Blended
        Of that model; of a blend the contributions are those of both parts.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the people fitted to, NaN where missing.
    dictionary : Dictionary
        Names of the variables.

    Returns
    -------
    TreesSummary
        With one line for each variable that is asked about.
    """
    names, owner = model.encoding.variables, model.encoding.owner()
    X = model.encoding.transform(values)
    complete = X if model.imputation is None else model.imputation.fill(X)
    split_up = model.calibration.slope * learner.contributions(complete)
    if model.trial is not None:
        split_up = split_up + model.trial.contributions(X)
    mean = np.abs(model.encoding.by_variable(split_up)).mean(axis=0)
    if isinstance(learner, Blended):
        trees, weight, owner = learner.trees, learner.weight, owner[learner.places]
    else:
        trees, weight = learner, 1.0
    feature = trees.conditions.feature
    asked = np.bincount(owner[feature[feature >= 0]], minlength=len(names))
    lines = [
        VariableInTrees(name, dictionary[name].label, float(n / asked.sum()), float(size))
        for name, n, size in zip(names, asked, mean, strict=True)
        if n or size or weight < 1
    ]
    refits = model.refits
    return TreesSummary(
        trees=None if refits is None else int(refits.n_trees.max()),
        depth=None if refits is None else int(refits.value.shape[1]).bit_length() - 1,
        leaves=len(feature),
        variables=tuple(sorted(lines, key=lambda line: (-line.mean_contribution, line.label))),
        weight=weight,
        unused=tuple(dictionary[name].label for name, n in zip(names, asked, strict=True) if not n),
    )
