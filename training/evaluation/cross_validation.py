"""Repeated nested cross-validation: the whole procedure anew in every training fold.

Encoding, imputation, scale, tuning and calibration are learned inside each outer training fold,
so that what is reported comes only from people whom nothing fitted has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from predictor.boosted import Boosted
from predictor.calibration import logistic
from training.baseline_hazard import fit_baseline
from training.evaluation.counting import RowsSeen
from training.evaluation.procedure import RISK_DAYS, Analysis, fit_counted, predicted
from training.fitting import Outcome
from training.learners import AVERAGE, Learner
from training.splits import Split, feasible_folds, folds, require_disjoint
from training.tuning import Fitted
from training.work import ALONE, Work

Floats = NDArray[np.float64]


class Resampling(BaseModel):
    """How people are split.

    Parameters
    ----------
    folds, repeats : int
        Of the outer cross-validation.
    inner_folds : int
        Of tuning and calibration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folds: int = Field(5, ge=2)
    repeats: int = Field(2, ge=1)
    inner_folds: int = Field(5, ge=2)


@dataclass(frozen=True, slots=True, eq=False)
class Outside:
    """What one candidate says of the people to whom nothing is fitted (``Analysis.outside``).

    Every fold of a repeat predicts them, so a repeat says the mean over its folds.

    Parameters
    ----------
    margin : ndarray, shape (n_outside, n_repeats) or (n_outside,) in one split
        Calibrated margins, mean over folds.
    probability : ndarray, shape (n_outside, n_repeats) or (n_outside, n_repeats, 7)
        Of response, from that margin; or of relapse by each of `RISK_DAYS`, mean over folds.
    each : ndarray, shape (n_outside, n_splits)
        The margins before they are averaged, repeat after repeat: what is compared with people held
        out, whom one model predicts, is read here, since a mean of models ranks better than one.
    """

    margin: Floats = field(default_factory=lambda: np.empty((0, 0)))
    probability: Floats = field(default_factory=lambda: np.empty((0, 0)))
    each: Floats = field(default_factory=lambda: np.empty((0, 0)))


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Predictions of one candidate for people it never saw.

    Parameters
    ----------
    name : str
        Candidate or comparator.
    margin : ndarray, shape (n, n_repeats)
        Calibrated margins.
    probability : ndarray, shape (n, n_repeats) or (n, n_repeats, 7)
        Probability of response, or of relapse by each of `RISK_DAYS`.
    fold : ndarray of int, shape (n, n_repeats)
        Fold in which the person was held out.
    contributions : dict of str to list of float
        Mean absolute contribution of each variable in each outer training fold.
    no_signal_folds : int
        Training folds in which the margins ranked nobody.
    failure : str
        Why it could not be evaluated; empty if it could.
    seen : tuple of RowsSeen
        Rows that the fits of each outer split read, all learners together.
    outside : Outside
        The same for the people outside the analysis.
    """

    name: str
    margin: Floats
    probability: Floats
    fold: NDArray[np.intp]
    contributions: dict[str, list[float]] = field(default_factory=dict)
    no_signal_folds: int = 0
    failure: str = ""
    seen: tuple[RowsSeen, ...] = ()
    outside: Outside = field(default_factory=Outside)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What one candidate says of the held-out people of one split.

    Parameters
    ----------
    margin : ndarray, shape (n_held_out,)
        Calibrated margins.
    probability : ndarray, shape (n_held_out,) or (n_held_out, 7)
        Probability of response, or of relapse by each of `RISK_DAYS`.
    contributions : dict of str to float
        Mean absolute contribution of each variable in the training rows.
    no_signal : bool
        Whether the training margins ranked nobody.
    failure : str
        Why nothing could be fitted; empty if it could.
    seen : RowsSeen or None
        Rows that the fits of this split read, all learners together; None where nothing was fitted.
    outside : Outside
        The same for the people outside the analysis.
    """

    margin: Floats
    probability: Floats
    contributions: dict[str, float]
    no_signal: bool
    failure: str = ""
    seen: RowsSeen | None = None
    outside: Outside = field(default_factory=Outside)


def cross_validate(
    analysis: Analysis,
    learners: Sequence[Learner],
    resampling: Resampling,
    *,
    rng: np.random.Generator,
    work: Work = ALONE,
    stage: str = "Cross-validation",
) -> dict[str, OutOfFold]:
    """Evaluate candidates and comparators on the same splits.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    learners : sequence of Learner
        Candidates; the comparators are added.
    resampling : Resampling
        How people are split.
    rng : numpy.random.Generator
        Draws the splits.
    work : Work
        How the splits are done; the numbers do not depend on it.
    stage : str
        What this is called while it is done and where its steps are kept.

    Returns
    -------
    dict of str to OutOfFold
        By name, candidates first, the average last.

    Raises
    ------
    InvalidInputError
        If fewer than two people have the rarer outcome.
    """
    y = analysis.outcome.events
    n_splits = feasible_folds(y, resampling.folds, groups=analysis.groups)
    splits = folds(
        y, groups=analysis.groups, n_splits=n_splits, n_repeats=resampling.repeats, rng=rng
    )
    tried = [*learners, *analysis.comparators]
    units = [
        (analysis, tried, split, resampling.inner_folds, child)
        for split, child in zip(splits, rng.spawn(len(splits)), strict=True)
    ]
    done = work.each(stage, hold_out, units, kinds=(Held, RowsSeen, Outside))
    return {name: gather(name, analysis, splits, [held[name] for held in done]) for name in done[0]}


def hold_out(
    analysis: Analysis,
    tried: Sequence[Learner],
    split: Split,
    wanted: int,
    rng: np.random.Generator,
) -> dict[str, Held]:
    """Repeat the whole procedure on the training rows of one split and predict the others.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    tried : sequence of Learner
        Candidates and comparators; the average is added.
    split : Split
        Who is trained on and who is predicted.
    wanted : int
        Inner folds wanted.
    rng : numpy.random.Generator
        Draws the inner folds.

    Returns
    -------
    dict of str to Held
        By name.

    Raises
    ------
    LeakError
        If a person is on both sides, or a fit read other people's answers than the training rows'.
    """
    groups = np.asarray(analysis.groups)
    require_disjoint(groups, train=split.train, test=split.test)
    fits, seen = fit_counted(analysis, tried, split.train, wanted, rng)
    return held_out(fits, seen, analysis, split)


def held_out(
    fits: Mapping[str, Fitted | str], seen: RowsSeen | None, analysis: Analysis, split: Split
) -> dict[str, Held]:
    """Say what fits make of the held-out people of their split.

    Parameters
    ----------
    fits : mapping of str to Fitted or str
        By name, from the training rows; a text says why there is none.
    seen : RowsSeen or None
        Rows that they read.
    analysis : Analysis
        People and outcome.
    split : Split
        Who was trained on and who is predicted.

    Returns
    -------
    dict of str to Held
        By name; the average is added.
    """
    held = {
        name: _failed(split, fit) if isinstance(fit, str) else _predict(fit, analysis, split)
        for name, fit in fits.items()
    }
    outcome = analysis.outcome.take(split.train)
    held[AVERAGE[analysis.task]] = _average(outcome, split, analysis.n_outside)
    return {name: replace(one, seen=seen) for name, one in held.items()}


def _predict(fitted: Fitted, analysis: Analysis, split: Split) -> Held:
    """Predict the held-out people of one split."""
    prepared = fitted.prepared
    margin, probability = predicted(fitted, analysis.values, split.test)
    boosted = isinstance(fitted.fitted.learner, Boosted)
    read = prepared.X if boosted else prepared.complete
    split_up = fitted.calibration.affine.slope * fitted.fitted.learner.contributions(read)
    if prepared.trial is not None:
        split_up = split_up + prepared.trial.contributions(prepared.X)
    size = np.abs(prepared.encoding.by_variable(split_up)).mean(axis=0)
    named = dict(zip(prepared.encoding.variables, size.tolist(), strict=True))
    everybody = np.arange(analysis.n_outside)
    outside = Outside(*predicted(fitted, analysis.outside, everybody)) if everybody.size else None
    no_signal = fitted.calibration.no_signal
    return Held(margin, probability, named, no_signal, outside=outside or Outside())


def _average(outcome: Outcome, split: Split, n_outside: int) -> Held:
    """Give everybody held out the average of the training fold."""
    margin = np.zeros(len(split.test) + n_outside)
    if outcome.days is None:
        share = float(np.clip(outcome.events.mean(), 1e-6, 1 - 1e-6))
        margin += np.log(share / (1 - share))
        risks = logistic(margin)
    else:
        level = np.zeros(len(outcome.events))
        curve = fit_baseline(outcome.days, outcome.relapsed, level, last_well=outcome.last_well)
        risks = curve.risk(margin[:, None], np.array(RISK_DAYS, dtype=np.float64))
    n = len(split.test)
    outside = Outside(margin[n:], risks[n:])
    return Held(margin[:n], risks[:n], {}, no_signal=True, outside=outside)


def _failed(split: Split, reason: str) -> Held:
    """Mark a candidate that could not be fitted in one split."""
    nothing = np.full(len(split.test), np.nan)
    return Held(nothing, nothing, {}, no_signal=False, failure=reason)


def gather(
    name: str, analysis: Analysis, splits: Sequence[Split], done: Sequence[Held]
) -> OutOfFold:
    """Put the held-out predictions of all splits in the order of people.

    Parameters
    ----------
    name : str
        Candidate or comparator.
    analysis : Analysis
        Who was predicted.
    splits : sequence of Split
        Each person held out once in each repeat.
    done : sequence of Held
        One for each split.

    Returns
    -------
    OutOfFold
        NaN where any split failed.
    """
    n, repeats = len(analysis.groups), 1 + max(split.repeat for split in splits)
    shape = (n, repeats) if analysis.outcome.days is None else (n, repeats, len(RISK_DAYS))
    margin, probability = np.full((n, repeats), np.nan), np.full(shape, np.nan)
    fold = np.zeros((n, repeats), dtype=np.intp)
    failure = next((held.failure for held in done if held.failure), "")
    for split, held in zip(splits, done, strict=True):
        fold[split.test, split.repeat] = split.fold
        if not failure:
            margin[split.test, split.repeat] = held.margin
            probability[split.test, split.repeat] = held.probability
    ids = dict.fromkeys(v for held in done for v in held.contributions)
    sizes = {v: [held.contributions.get(v, 0.0) for held in done] for v in ids}
    without = sum(held.no_signal for held in done)
    seen = tuple(held.seen for held in done if held.seen is not None)
    there = Outside()
    if analysis.n_outside and not failure:
        there = _gather_outside(analysis, splits, done)
    return OutOfFold(name, margin, probability, fold, sizes, without, failure, seen, there)


def _gather_outside(analysis: Analysis, splits: Sequence[Split], held: Sequence[Held]) -> Outside:
    """Average over the folds of each repeat what they say of people outside the analysis."""
    repeats = [split.repeat for split in splits]

    def mean(of: Sequence[Floats]) -> Floats:
        by_repeat = [
            np.mean([one for one, repeat in zip(of, repeats, strict=True) if repeat == r], axis=0)
            for r in range(1 + max(repeats))
        ]
        return np.stack(by_repeat, axis=1)

    each = [one.outside.margin for one in held]
    margin, columns = mean(each), np.column_stack(each)
    if analysis.outcome.days is None:  # an ensemble is a mean of margins
        return Outside(margin, logistic(margin), columns)
    return Outside(margin, mean([one.outside.probability for one in held]), columns)
