"""The table of what is tried: one line for each learner, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from predictor.errors import InvalidInputError
from training.published_effects import Effects


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner that a run may try.

    Parameters
    ----------
    name : str
        As in the configuration.
    task : str
        ``response`` or ``relapse``.
    kind : str
        ``linear``, ``averaged`` (linear, over priors instead of one penalty), ``boosted`` or
        ``blended`` (the mean of an averaged learner that may bend, and of trees).
    simplicity : int
        Lower is simpler; among equally good learners the simplest is chosen.
    l1_ratios : tuple of float
        Shares of the l1 penalty that are tried; empty for trees and unpenalised fits.
    declared_only : bool
        Whether it reads only the few variables declared for it.
    reason : str
        Why it is worth trying.
    given : tuple of (str, float)
        Log-odds per unit of each variable, where they are not fitted but given by a run.
    published : tuple of PublishedEffect
        Effects of earlier studies that a run hands to a learner of `READS_PUBLISHED`.
    likelihood : str
        ``partial`` (Efron's, each relapse at its visit), ``interval`` (each between two visits);
        of relapse only.
    trials, trial_seed : int
        Paths searched by a learner of `SEARCHED`, 0 for the fixed ones; and the seed of the search.
    """

    name: str
    task: Literal["response", "relapse"]
    kind: Literal["linear", "averaged", "boosted", "blended"]
    simplicity: int
    l1_ratios: tuple[float, ...]
    declared_only: bool
    reason: str
    given: tuple[tuple[str, float], ...] = ()
    published: Effects = ()
    likelihood: Literal["partial", "interval"] = "partial"
    trials: int = 0
    trial_seed: int = 0

    @property
    def bends(self) -> bool:
        """Whether the effects of numbers may bend."""
        return self.kind == "blended"

    @property
    def doubts_its_prior(self) -> bool:
        """Whether its covariance holds the doubt about a penalty; its margin then needs no line."""
        return self.kind in ("averaged", "blended")


LEARNERS: tuple[Learner, ...] = (
    Learner(
        "logistic", "response", "linear", 0, (), declared_only=True,
        reason="unpenalised, for few declared variables: what a trial report would fit",
    ),
    Learner(
        "averaged", "response", "averaged", 1, (), declared_only=False,
        reason="no penalty is chosen: priors of many small and of few large effects are averaged",
    ),
    Learner(
        "ridge", "response", "linear", 2, (0.0,), declared_only=False,
        reason="many small effects, the usual truth of clinical baselines",
    ),
    Learner(
        "elastic_net", "response", "linear", 3, (0.5, 0.9), declared_only=False,
        reason="few of many effects",
    ),
    Learner(
        "xgboost", "response", "boosted", 4, (), declared_only=False,
        reason="thresholds and interactions, shallow trees only",
    ),
    Learner(
        "blended", "response", "blended", 5, (), declared_only=False,
        reason="effects that may bend, and as much of shallow trees as inner folds bear out",
    ),
    Learner(
        "cox", "relapse", "linear", 0, (), declared_only=True,
        reason="unpenalised, for few declared variables: what a trial report would fit",
    ),
    Learner(
        "averaged_cox", "relapse", "averaged", 2, (), declared_only=False,
        reason="no penalty is chosen: priors of many small and of few large effects are averaged",
    ),
    Learner(
        "blended_cox", "relapse", "blended", 7, (), declared_only=False,
        reason="as blended, on the hazard",
    ),
    Learner(
        "cox_ridge", "relapse", "linear", 4, (0.0,), declared_only=False,
        reason="proportional hazards with many small effects",
    ),
    Learner(
        "xgboost_cox", "relapse", "boosted", 6, (), declared_only=False,
        reason="thresholds and interactions on the hazard, shallow trees only",
    ),
    Learner(
        "averaged_interval", "relapse", "averaged", 1, (), declared_only=False,
        reason="as averaged_cox; a relapse seen at a visit happened between two visits",
        likelihood="interval",
    ),
    Learner(
        "interval_ridge", "relapse", "linear", 3, (0.0,), declared_only=False,
        reason="as cox_ridge; a relapse seen at a visit happened between two visits",
        likelihood="interval",
    ),
    Learner(
        "xgboost_interval", "relapse", "boosted", 5, (), declared_only=False,
        reason="as xgboost_cox; a relapse seen at a visit happened between two visits",
        likelihood="interval",
    ),
)  # fmt: skip

READS_PUBLISHED = frozenset({"averaged", "blended"})
"""Kinds of learners that shrink towards published effects where a run has them."""

SEARCHED = frozenset({"boosted", "blended"})
"""Kinds of learners whose trees a run may search settings for."""

PUBLISHED_RULE = "published_rule"
"""Name of the comparator whose coefficients are given by a run's settings."""

COMPARATORS: tuple[Learner, ...] = (
    Learner(
        "severity", "response", "linear", 0, (), declared_only=True,
        reason="baseline severity alone: what a model must beat to be worth its questions",
    ),
    Learner(
        PUBLISHED_RULE, "response", "linear", 0, (), declared_only=True,
        reason="predictors of an earlier study with fixed coefficients; only its level is fitted",
    ),
    Learner(
        "severity_cox", "relapse", "linear", 0, (), declared_only=True,
        reason="baseline severity alone: what a model must beat to be worth its questions",
    ),
)  # fmt: skip
"""Always shown, never chosen; beside them stands the average (prevalence, Kaplan–Meier)."""

DEFAULT_LEARNER = "blended"
"""What ``auto`` stands for where a learner of response is asked for without a name."""

REFERENCE = {"response": "ridge", "relapse": "cox_ridge"}
"""Learner on all candidate variables whose posterior judges how much any other leaves out."""

AVERAGE = {"response": "prevalence", "relapse": "kaplan_meier"}
"""Name of the comparator that gives everybody the same number."""


def learner_named(name: str, task: str) -> Learner:
    """Find a learner of the table.

    Parameters
    ----------
    name : str
        As in the configuration.
    task : str
        ``response`` or ``relapse``.

    Returns
    -------
    Learner
        The line of the table.

    Raises
    ------
    InvalidInputError
        If there is none for this task.
    """
    known = {learner.name: learner for learner in LEARNERS if learner.task == task}
    if name not in known:
        raise InvalidInputError(
            f"candidates: {name!r} is no learner for {task}; accepted are {', '.join(known)}"
        )
    return known[name]
