"""A model of relapse carried on to a later day: what it said, and what later scores add to it.

Those still well weeks after a course are fewer than those who were well at its end, and who is
left is no random part of them. A model fitted to them alone would forget what the others taught.
So the margin of the model at the end of the course is kept, the hazard starts anew at the later
day, and only the scores since then are fitted, beside that margin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from predictor.encoding import Encoding
from predictor.errors import InvalidInputError
from predictor.linear import Linear
from predictor.model import Model
from training.baseline_hazard import fit_baseline
from training.calibrating import kept_line
from training.evaluation.counting import Reads, RowsSeen, count_rows
from training.evaluation.cross_validation import Held, OutOfFold, Outside, gather, held_out
from training.evaluation.procedure import (
    Analysis,
    fit_all,
    fit_counted,
    predicted,
    with_joint_support,
)
from training.fitting import (
    FittedLearner,
    Outcome,
    Prepared,
    Setting,
    fit_learner,
    intervals_of,
    prepare,
)
from training.freezing import freeze
from training.learners import Learner, learner_named
from training.penalised_fit import ConvergenceError
from training.published_effects import cuts_of
from training.splits import LeakError, Split
from training.tuning import Fitted
from training.work import ALONE, Work

Floats = NDArray[np.float64]

SUMS = {"partial": "averaged_cox", "interval": "averaged_interval"}
"""What is carried on in the place of a learner whose margin is no sum, by likelihood."""

STEP = {"partial": "cox_ridge", "interval": "interval_ridge"}
"""Learner of the later scores, by likelihood."""

SCORE_SD = 0.25
"""Standard deviation, around 0, of the prior of what one standard deviation of a later score adds
to the log-hazard. Residual symptoms have 0.25 (0.15) for 5 points of MADRS (`configs/priors.yaml`),
about the spread among people still well; the score at the end of the course is known already."""


def carrier(learner: Learner) -> Learner:
    """Give the learner whose margin is carried on.

    Parameters
    ----------
    learner : Learner
        Of the run.

    Returns
    -------
    Learner
        The same where its margin is a sum over columns that nothing was chosen for; else the
        averaged one of the same likelihood, with the same published effects.
    """
    if learner.kind in ("linear", "averaged") and not learner.declared_only:
        return learner
    return replace(learner_named(SUMS[learner.likelihood], "relapse"), published=learner.published)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A model at the end of the course, ready to be carried on.

    Parameters
    ----------
    fitted : Fitted
        Linear.
    people : tuple of str
        Whom it was fitted to, in the order of its margins.
    read : frozenset of str
        Variables that it was offered.
    """

    fitted: Fitted
    people: tuple[str, ...]
    read: frozenset[str]


def carry_on(source: Source, later: Analysis, rows: NDArray[np.intp]) -> tuple[Fitted, RowsSeen]:
    """Fit what later scores add to a model, and the hazard from a later day on.

    Parameters
    ----------
    source : Source
        The model at the end of the course.
    later : Analysis
        Those still at risk at the later day, with their later scores among the variables.
    rows : ndarray of int
        Places of the training rows.

    Returns
    -------
    fitted : Fitted
        Linear; its margin is that of the source plus what the later scores add. Both are centred
        on the training rows.
    seen : RowsSeen
        Of how many rows answers were read.

    Raises
    ------
    InvalidInputError
        If no event was seen, or the later scores could not be fitted.
    LeakError
        If other people's answers were read.
    """
    end, answers = source.fitted, Reads(later.values, len(later.groups))
    cuts = cuts_of(end.learner.published)
    prepared = prepare(answers, later.variables, rows, cuts=cuts, given=later.trial_effects)
    seen = count_rows(answers, rows, [len(prepared.X)], [])
    outcome = later.outcome.take(rows)
    offset = _margins(source, later, rows)
    offset = offset - offset.mean()
    fresh = [
        i
        for i, column in enumerate(prepared.encoding.columns)
        if column.variable not in source.read and prepared.read[i]
    ]
    step = _step(end.learner, prepared, fresh, replace(outcome, offset=offset))
    if not isinstance(end.fitted.learner, Linear):  # pragma: no cover - see `carrier`
        raise TypeError("only a linear margin can be carried on")
    moved = end.calibration.affine.slope * _moved(end.prepared.encoding, prepared.encoding)
    placed = np.eye(len(prepared.encoding.columns))[:, fresh]
    coefficients = moved @ end.fitted.learner.coefficients + placed @ step.coefficients
    covariance = np.zeros((1 + len(coefficients),) * 2)
    covariance[1:, 1:] = (
        moved @ end.fitted.covariance[1:, 1:] @ moved.T + placed @ step.covariance @ placed.T
    )
    added = (prepared.complete - prepared.means)[:, fresh] @ step.coefficients
    margins, well = offset + added, outcome.last_well
    days = np.asarray(outcome.days)
    between = intervals_of(outcome) if end.learner.likelihood == "interval" else None
    fitted = Fitted(
        end.learner,
        end.setting,
        FittedLearner(Linear(coefficients, prepared.means, 0.0), covariance),
        prepared,
        kept_line(end.calibration, margins, outcome.events, days, intervals=between),
        fit_baseline(days, outcome.events, margins, last_well=well),
        margins,
    )
    return fitted, seen


def _margins(source: Source, later: Analysis, rows: NDArray[np.intp]) -> Floats:
    """Give what the source says of training rows: out of fold of whoever it was fitted to."""
    known = dict(zip(source.people, source.fitted.calibrated_margins.tolist(), strict=True))
    asked = predicted(source.fitted, later.values, rows)[0]
    groups = [later.groups[row] for row in rows]
    return np.array([known.get(who, said) for who, said in zip(groups, asked, strict=True)])


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What the later scores add, on the encoded scale."""

    coefficients: Floats
    covariance: Floats


def _step(learner: Learner, prepared: Prepared, fresh: list[int], outcome: Outcome) -> _Step:
    """Fit the later scores beside a margin that is known."""
    if not fresh:
        return _Step(np.zeros(0), np.zeros((0, 0)))
    part = replace(
        prepared,
        encoding=Encoding(tuple(prepared.encoding.columns[i] for i in fresh)),
        X=prepared.X[:, fresh],
        complete=prepared.complete[:, fresh],
        means=prepared.means[fresh],
        scale=prepared.scale[fresh],
        curves=np.full(len(fresh), -1),
        given=(),
        trial=None,
    )
    plain = learner_named(STEP[learner.likelihood], "relapse")
    found = fit_learner(plain, Setting(penalty=SCORE_SD**-2), part, outcome)
    if not isinstance(found.learner, Linear):  # pragma: no cover - it is by `STEP`
        raise TypeError("the later scores are fitted by a linear learner")
    return _Step(found.learner.coefficients, found.covariance[1:, 1:])


def _moved(first: Encoding, second: Encoding) -> Floats:
    """Give the map from the coefficients of one encoding to those of another.

    A column that the second does not have varies in none of its rows: what it adds is the same for
    all. Levels are read against the second's own reference.
    """
    place = {(c.variable, c.level, c.cut): i for i, c in enumerate(first.columns)}
    marked = {(c.variable, c.level) for c in second.columns}
    moved = np.zeros((len(second.columns), len(first.columns)))
    for j, column in enumerate(second.columns):
        own = place.get((column.variable, column.level, column.cut))
        if own is not None:
            moved[j, own] = 1.0
        if column.level < 0:
            continue
        for level in dict(second.seen).get(column.variable, ()):
            reference = place.get((column.variable, level, None))
            if (column.variable, level) not in marked and reference is not None:
                moved[j, reference] -= 1.0
    return moved


def carry_to_everybody(
    end: Analysis,
    later: Mapping[str, Analysis],
    learner: Learner,
    *,
    wanted: int,
    rng: np.random.Generator,
) -> dict[str, Model | str]:
    """Fit the source to everybody and carry it on to each later day.

    Parameters
    ----------
    end : Analysis
        Those at risk at the end of the course.
    later : mapping of str to Analysis
        Those at risk at each later day.
    learner : Learner
        As from `carrier`.
    wanted : int
        Inner folds wanted.
    rng : numpy.random.Generator
        Draws inner folds and those of the support.

    Returns
    -------
    dict of str to Model or str
        By name of the day; a text says why there is none.
    """
    everybody = np.arange(len(end.groups))
    fitted = fit_all(end, [learner], everybody, wanted, rng)[learner.name]
    found: dict[str, Model | str] = {}
    for name, analysis in later.items():
        carried = _carried(fitted, end, everybody, analysis, np.arange(len(analysis.groups)))
        if isinstance(carried, str):
            found[name] = carried
            continue
        model = freeze(carried[0], analysis.outcome, n_refits=0, rng=rng)
        found[name] = with_joint_support(model, carried[0].prepared, rng=rng)
    return found


def _carried(
    fitted: Fitted | str,
    end: Analysis,
    trained: NDArray[np.intp],
    later: Analysis,
    rows: NDArray[np.intp],
) -> tuple[Fitted, RowsSeen] | str:
    """Carry a fit on, or say why it cannot be."""
    if isinstance(fitted, str):
        return fitted
    people = tuple(end.groups[row] for row in trained)
    source = Source(fitted, people, frozenset(v.id for v in end.variables))
    try:
        return carry_on(source, later, rows)
    except (InvalidInputError, ConvergenceError) as error:
        return str(error)


def cross_validate_carried(
    asked: Mapping[str, Analysis],
    tried: Sequence[Learner],
    known: tuple[Sequence[str], NDArray[np.intp]],
    *,
    wanted: int,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> dict[str, dict[str, OutOfFold]]:
    """Evaluate a model at the end of the course, and carried on, on the folds of a run.

    Parameters
    ----------
    asked : mapping of str to Analysis
        By name of the day: those at risk at the end of the course first, then at later days.
    tried : sequence of Learner
        Candidates at the end of the course; the first is carried on (see `carrier`).
    known : tuple
        People of the run, and in which fold each was held out, shape (n, n_repeats). Whoever is
        held out is unknown to the source and to all that is carried on from it.
    wanted : int
        Inner folds wanted.
    rng : numpy.random.Generator
        Draws the inner folds.
    work : Work
        How the splits are done; the numbers do not depend on it.

    Returns
    -------
    dict of str to dict of str to OutOfFold
        By day, then by name as from `cross_validate`; what is carried on goes by the name of the
        first learner.

    Raises
    ------
    LeakError
        If a person is on both sides of a split.
    """
    splits = {name: _splits(known, analysis.groups) for name, analysis in asked.items()}
    each = [dict(zip(splits, there, strict=True)) for there in zip(*splits.values(), strict=True)]
    units = [
        (asked, tried, split, wanted, child)
        for split, child in zip(each, rng.spawn(len(each)), strict=True)
    ]
    done = work.each(
        "Landmarks after the course", _hold_out, units, kinds=(Held, RowsSeen, Outside)
    )
    return {
        name: {
            candidate: gather(
                candidate, analysis, splits[name], [one[name][candidate] for one in done]
            )
            for candidate in done[0][name]
        }
        for name, analysis in asked.items()
    }


def _splits(known: tuple[Sequence[str], NDArray[np.intp]], groups: Sequence[str]) -> list[Split]:
    """Give the folds of a run for some of its people."""
    place = {who: i for i, who in enumerate(known[0])}
    fold = known[1][[place[who] for who in groups]]
    return [
        Split(repeat, k, np.flatnonzero(fold[:, repeat] != k), np.flatnonzero(fold[:, repeat] == k))
        for repeat in range(known[1].shape[1])
        for k in range(1 + int(known[1][:, repeat].max()))
    ]


def _hold_out(
    asked: Mapping[str, Analysis],
    tried: Sequence[Learner],
    splits: Mapping[str, Split],
    wanted: int,
    rng: np.random.Generator,
) -> dict[str, dict[str, Held]]:
    """Fit everything on the training side of one split and predict the other side at each day."""
    (first, end), *later = asked.items()
    trained = splits[first].train
    people = {end.groups[row] for row in trained}
    fits, seen = fit_counted(end, [*tried, *end.comparators], trained, wanted, rng)
    found = {first: held_out(fits, seen, end, splits[first])}
    name = tried[0].name
    for day, analysis in later:
        split = splits[day]
        if people & {analysis.groups[row] for row in split.test}:
            raise LeakError("a person whom the carried model was fitted to would be predicted")
        others, read = fit_counted(analysis, analysis.comparators, split.train, wanted, rng)
        carried = _carried(fits[name], end, trained, analysis, split.train)
        own: Fitted | str = carried if isinstance(carried, str) else carried[0]
        found[day] = held_out({name: own, **others}, read, analysis, split)
    return found
