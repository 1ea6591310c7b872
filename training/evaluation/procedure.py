"""The whole procedure on one training set: encode, impute, scale, tune and calibrate each learner.

Cross-validation, sites left out and bootstrap all repeat this, so that nothing is learned outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.calibration import logistic
from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from predictor.model import Model
from training.evaluation.counting import Reads, RowsSeen, count_rows
from training.fitting import Outcome, Prepared, Values, prepare
from training.freezing import freeze
from training.joint_support import FEWEST, fit_joint_support
from training.learners import (
    COMPARATORS,
    PUBLISHED_RULE,
    READS_PUBLISHED,
    REFERENCE,
    SEARCHED,
    Learner,
    learner_named,
)
from training.penalised_fit import ConvergenceError
from training.published_effects import Effects, cuts_of
from training.splits import Split, feasible_folds, folds
from training.tuning import Fitted, InnerFold, inner_folds, tune_and_fit

Floats = NDArray[np.float64]

RISK_DAYS = (15, 30, 60, 90, 120, 150, 180)
"""Days after time zero at which relapse risks are evaluated."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The people analysed and what is known of them.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n,)
        Coded answers.
    variables : tuple of Variable
        Candidate predictors.
    declared : tuple of Variable
        The few read by learners for declared variables.
    severity : tuple of Variable
        Baseline severity, for the comparator.
    outcome : Outcome
        What is predicted.
    groups : tuple of str
        Patient of each row.
    outside : mapping of str to ndarray, shape (n_outside,)
        Coded answers of people to whom nothing is ever fitted and whom every outer fold predicts;
        empty where there are none.
    rule : tuple of (Variable, float)
        Log-odds per unit of each variable of the published rule; empty where it is absent.
    outside_people : tuple of str
        Who they are.
    published : tuple of PublishedEffect
        Effects of earlier studies, for the learners that read them; empty where they are off.
    trials, trial_seed : int
        Paths searched for trees, 0 for the fixed ones; and the seed of that search.
    trial_effects : tuple of PublishedEffect
        Relapse: effects of trials, which no learner fits.
    """

    values: Values
    variables: tuple[Variable, ...]
    declared: tuple[Variable, ...]
    severity: tuple[Variable, ...]
    outcome: Outcome
    groups: tuple[str, ...]
    outside: Values = field(default_factory=dict)
    rule: tuple[tuple[Variable, float], ...] = ()
    outside_people: tuple[str, ...] = ()
    published: Effects = ()
    trials: int = 0
    trial_seed: int = 0
    trial_effects: Effects = ()

    @property
    def n_outside(self) -> int:
        """People predicted only."""
        return len(next(iter(self.outside.values()), ()))

    @property
    def task(self) -> str:
        """``response`` or ``relapse``."""
        return "response" if self.outcome.days is None else "relapse"

    @property
    def comparators(self) -> tuple[Learner, ...]:
        """What stands beside the candidates, never chosen; the average is not among them."""
        given = tuple((variable.id, effect) for variable, effect in self.rule)
        here = [c for c in COMPARATORS if c.task == self.task]
        return tuple(
            replace(c, given=given) if c.name == PUBLISHED_RULE else c
            for c in here
            if given or c.name != PUBLISHED_RULE
        )

    def candidate(self, name: str) -> Learner:
        """Find a learner of the table, with the published effects and trials where it takes them.

        Parameters
        ----------
        name : str
            As in the configuration.

        Returns
        -------
        Learner
            Ready to be tried on these people.
        """
        learner = learner_named(name, self.task)
        if learner.kind in READS_PUBLISHED:
            learner = replace(learner, published=self.published)
        if learner.kind in SEARCHED and self.trials:
            learner = replace(learner, trials=self.trials, trial_seed=self.trial_seed)
        return learner

    def read_by(self, learner: Learner) -> tuple[Variable, ...]:
        """Tell which variables a learner reads.

        Parameters
        ----------
        learner : Learner
            Candidate or comparator.

        Returns
        -------
        tuple of Variable
            All, the declared ones, those of the published rule, or severity alone.
        """
        if learner.name == PUBLISHED_RULE:
            return tuple(variable for variable, _ in self.rule)
        if learner in COMPARATORS:
            return self.severity
        return self.declared if learner.declared_only else self.variables


def inner_splits(
    outcome: Outcome, groups: Sequence[str], wanted: int, rng: np.random.Generator
) -> list[Split]:
    """Split one training set for tuning and calibration.

    Parameters
    ----------
    outcome : Outcome
        Of the training rows.
    groups : sequence of str
        Their patients.
    wanted : int
        Inner folds wanted; fewer where the rarer outcome is too rare.
    rng : numpy.random.Generator
        Draws the splits.

    Returns
    -------
    list of Split
        One repeat.
    """
    possible = feasible_folds(outcome.events, wanted, groups=groups)
    return folds(outcome.events, groups=groups, n_splits=possible, n_repeats=1, rng=rng)


def fit_all(
    analysis: Analysis,
    tried: Sequence[Learner],
    rows: NDArray[np.intp],
    wanted: int,
    rng: np.random.Generator,
) -> dict[str, Fitted | str]:
    """Fit every learner to the same training rows; what they share is prepared once.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    tried : sequence of Learner
        Candidates and comparators.
    rows : ndarray of int
        Places of the training rows; a person drawn twice stands twice and stays in one inner fold.
    wanted : int
        Inner folds wanted.
    rng : numpy.random.Generator
        Draws the inner folds.

    Returns
    -------
    dict of str to Fitted or str
        By learner; a text says why it could not be fitted.

    Raises
    ------
    LeakError
        If a fit read other people's answers than those of `rows`.
    """
    return fit_counted(analysis, tried, rows, wanted, rng)[0]


def fit_counted(
    analysis: Analysis,
    tried: Sequence[Learner],
    rows: NDArray[np.intp],
    wanted: int,
    rng: np.random.Generator,
) -> tuple[dict[str, Fitted | str], RowsSeen | None]:
    """Fit every learner as `fit_all`, and say of how many rows the fits read answers.

    Parameters
    ----------
    analysis, tried, rows, wanted, rng : object
        As for `fit_all`.

    Returns
    -------
    fits : dict of str to Fitted or str
        As from `fit_all`.
    seen : RowsSeen or None
        Counted where answers are read; None where nothing was fitted to a variable.

    Raises
    ------
    LeakError
        If a fit read other people's answers than those of `rows`.
    """
    outcome = analysis.outcome.take(rows)
    answers = Reads(analysis.values, len(analysis.groups))
    groups = [analysis.groups[row] for row in rows]
    try:
        inner = inner_splits(outcome, groups, wanted, rng)
    except InvalidInputError as error:
        return {learner.name: str(error) for learner in tried}, None
    shared: dict[tuple[Any, ...], tuple[Prepared, list[InnerFold]]] = {}
    given = analysis.trial_effects
    found: dict[str, Fitted | str] = {}
    for learner in tried:
        variables = analysis.read_by(learner)
        cuts = cuts_of(learner.published)
        key = (tuple(v.id for v in variables), tuple(cuts.items()), learner.bends)
        try:
            if key not in shared:
                how: dict[str, Any] = {"cuts": cuts, "bent": learner.bends, "given": given}
                prepared = prepare(answers, variables, rows, **how)
                known = prepared.known(outcome)
                inside = inner_folds(answers, variables, rows, known, inner, **how)
                shared[key] = (prepared, inside)
            prepared, inside = shared[key]
            found[learner.name] = tune_and_fit(learner, prepared, prepared.known(outcome), inside)
        except (InvalidInputError, ConvergenceError) as error:
            found[learner.name] = str(error)
    prepared_with = [pair for (read, *_), pair in shared.items() if read]
    if not prepared_with:
        return found, None
    fitted = [len(prepared.X) for prepared, _ in prepared_with]
    within = [
        (len(fold.prepared.X), len(there.train))
        for _, inside in prepared_with
        for fold, there in zip(inside, inner, strict=True)
    ]
    return found, count_rows(answers, rows, fitted, within)


def fit_to_everybody(
    analysis: Analysis, learner: Learner, *, wanted: int, n_refits: int, rng: np.random.Generator
) -> Model:
    """Fit one learner to everybody, with its interval and training support.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    learner : Learner
        Candidate.
    wanted : int
        Inner folds wanted.
    n_refits : int
        Bootstrap refits of trees.
    rng : numpy.random.Generator
        Draws inner folds, refits and the folds of the support.

    Returns
    -------
    Model
        Calibrated; with fewer than ten people no combination of answers is called unusual.

    Raises
    ------
    InvalidInputError
        If the learner, or the reference that judges what it leaves out, could not be fitted.
    """
    split_rng, refit_rng = rng.spawn(2)
    judge = learner_named(REFERENCE[analysis.task], analysis.task)
    tried = list(dict.fromkeys([learner, judge]))
    fits = fit_all(analysis, tried, np.arange(len(analysis.groups)), wanted, split_rng)
    chosen, reference = (_fitted(fits, each) for each in (learner, judge))
    model = freeze(
        chosen,
        analysis.outcome,
        n_refits=n_refits,
        rng=refit_rng,
        reference=None if reference is chosen else reference,
    )
    return with_joint_support(model, chosen.prepared, rng=rng)


def with_joint_support(model: Model, prepared: Prepared, *, rng: np.random.Generator) -> Model:
    """Let a model say which combinations of answers are unlike its training people's.

    Parameters
    ----------
    model : Model
        Fitted.
    prepared : Prepared
        Its training rows.
    rng : numpy.random.Generator
        Draws the folds of the support.

    Returns
    -------
    Model
        With fewer than ten people no combination of answers is called unusual.
    """
    if len(prepared.X) < FEWEST:
        return model
    owner, support_rng = model.encoding.owner(), rng.spawn(1)[0]
    cut = np.array([column.cut is not None for column in model.encoding.columns], dtype=bool)
    joint = fit_joint_support(prepared.X, prepared.imputation, owner, rng=support_rng, cut=cut)
    return replace(model, joint=joint)


def _fitted(fits: Mapping[str, Fitted | str], learner: Learner) -> Fitted:
    """Take the fit of one learner, or say why there is none."""
    fit = fits[learner.name]
    if isinstance(fit, str):
        raise InvalidInputError(f"{learner.name} could not be fitted to everybody: {fit}")
    return fit


def predicted(
    fitted: Fitted, values: Values | Mapping[str, Floats], rows: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Say what a fit makes of people.

    Parameters
    ----------
    fitted : Fitted
        Tuned and calibrated.
    values : mapping of str to ndarray, shape (n_all,)
        Coded answers of everybody.
    rows : ndarray of int
        Whom to predict.

    Returns
    -------
    margin : ndarray, shape (n_rows,)
        Calibrated; for relapse from the base of this fit, so that margins of several fits compare.
    probability : ndarray, shape (n_rows,) or (n_rows, 7)
        Of response, or of relapse by each of `RISK_DAYS`.
    """
    encoding = fitted.prepared.encoding
    read = {v: values[v][rows] for v in encoding.variables}
    X = encoding.transform(read) if read else np.empty((len(rows), 0))
    margin = fitted.margin(X)
    if fitted.baseline is None:
        return margin, logistic(margin)
    risk = fitted.baseline.risk(margin[:, None], np.array(RISK_DAYS, dtype=np.float64))
    return margin - fitted.calibration.affine.apply(fitted.fitted.learner.base), risk
