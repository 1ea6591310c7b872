"""What published effects, the cohort alone and both together say, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.averaging import AveragedFit
from training.evaluation.procedure import Analysis
from training.fitting import Prepared, fit_averaged, prepare, published_here
from training.learners import Learner
from training.metrics.intervals import Estimate
from training.published_effects import PublishedEffect, column_of, cuts_of, groups_of, unit_of

Floats = NDArray[np.float64]

Z = 1.959963984540054
"""Half-width of a 95 % interval in standard deviations."""


@dataclass(frozen=True, slots=True)
class UsedPrior:
    """One published effect beside what the cohort says of it.

    Parameters
    ----------
    effect : PublishedEffect
        As it was handed over.
    alone : Estimate or None
        By the same learner without published effects, per the unit of the effect, before
        calibration; its own priors around 0 still shrink it. None where these people have no such
        column.
    both : Estimate or None
        By the learner as it is.
    """

    effect: PublishedEffect
    alone: Estimate | None
    both: Estimate | None


@dataclass(frozen=True, slots=True)
class PriorUse:
    """How published effects and a cohort met in the final fit.

    Parameters
    ----------
    strength : dict of str to float
        By group of evidence: 1 as published, 0 switched off, below 0 the reverse; 0.5 before any
        data, when on (around 1, all groups together) and off weigh the same.
    terms : tuple of UsedPrior
        In the order of the file.
    left_out : dict of str to str
        Terms that enter no fit of this run, with the reason.
    """

    strength: Mapping[str, float]
    terms: tuple[UsedPrior, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the numbers as plain values.

        Returns
        -------
        dict
            ``strength`` by group; ``terms`` by name with ``mean``, ``sd``, ``grade``, ``source``,
            ``variable``, ``alone`` and ``both``; ``left_out``.
        """
        return {
            "strength": dict(self.strength),
            "terms": {each.effect.term: _plain(each) for each in self.terms},
            "left_out": dict(self.left_out),
        }


def prior_use_of(
    analysis: Analysis, learner: Learner, left_out: Mapping[str, str]
) -> PriorUse | None:
    """Fit a learner to everybody with and without published effects.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    learner : Learner
        The chosen one; its fit to everybody is repeated here exactly.
    left_out : mapping of str to str
        Terms of this outcome that enter no fit, with the reason.

    Returns
    -------
    PriorUse or None
        None where nothing is published for this learner.
    """
    effects = learner.published
    if not groups_of(effects):
        return None
    rows, variables = np.arange(len(analysis.groups)), analysis.read_by(learner)
    prepared = prepare(
        analysis.values,
        variables,
        rows,
        cuts=cuts_of(effects),
        bent=learner.bends,
        given=analysis.trial_effects,
    )
    outcome = prepared.known(analysis.outcome)
    alone = fit_averaged(prepared, outcome, None)
    both = fit_averaged(prepared, outcome, published_here(learner, prepared))
    return PriorUse(
        dict(zip(groups_of(effects), map(float, both.strength), strict=True)),
        tuple(_term(effect, prepared, alone, both) for effect in effects),
        left_out,
    )


def _term(
    effect: PublishedEffect, prepared: Prepared, alone: AveragedFit, both: AveragedFit
) -> UsedPrior:
    """Read both fits in the unit of one effect."""
    contrast = _contrast(effect, prepared)
    if not contrast.any():
        return UsedPrior(effect, None, None)
    return UsedPrior(effect, _read(alone, contrast), _read(both, contrast))


def _contrast(effect: PublishedEffect, prepared: Prepared) -> Floats:
    """Weigh standardised coefficients so that they give the effect in its own unit.

    A level that is the reference stands against the others, each counted by its share.
    """
    columns = prepared.encoding.columns
    weights = np.zeros(len(columns))
    at = column_of(effect, columns)
    if at is not None:
        weights[at] = unit_of(effect, prepared.X[:, at])
    elif effect.level in dict(prepared.encoding.seen).get(effect.variable, ()):
        own = [i for i, c in enumerate(columns) if c.variable == effect.variable]
        weights[own] = -prepared.means[own] / prepared.means[own].sum()
    return (weights / prepared.scale)[prepared.read]


def _read(fit: AveragedFit, contrast: Floats) -> Estimate:
    """Give a weighted sum of coefficients with its interval."""
    value = float(contrast @ fit.coefficients)
    half = Z * float(np.sqrt(contrast @ fit.covariance[1:, 1:] @ contrast))
    return Estimate(value, value - half, value + half, "normal, posterior covariance of the fit")


def _plain(term: UsedPrior) -> dict[str, Any]:
    """Give one term as plain values."""
    named = ("mean", "sd", "grade", "group", "source", "variable")
    return {
        **{name: getattr(term.effect, name) for name in named},
        "alone": None if term.alone is None else term.alone.to_dict(),
        "both": None if term.both is None else term.both.to_dict(),
    }
