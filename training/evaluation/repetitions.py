"""The whole procedure repeated in bootstrap resamples: what optimism and instability rest on.

Every repetition encodes, imputes, scales, tunes, calibrates and chooses anew. The choice is made by
the rule of the run, on the inner folds, as an outer cross-validation inside each resample would
take ten times as long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.calibration import logistic
from training.baseline_hazard import fit_baseline
from training.evaluation.choice import choose
from training.evaluation.cross_validation import OutOfFold
from training.evaluation.procedure import RISK_DAYS, Analysis, fit_all, predicted
from training.fitting import Outcome
from training.learners import AVERAGE, Learner
from training.tuning import Fitted
from training.work import ALONE, Work

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Repetition:
    """What one repetition of the procedure says of everybody.

    Parameters
    ----------
    drawn : ndarray of int, shape (n_drawn,)
        Places of the rows it was trained on; a person drawn twice stands twice.
    learner : str
        Chosen there.
    margin : ndarray, shape (n,)
        Calibrated, of every person of the cohort; for relapse from the base of the fit.
    probability : ndarray, shape (n,) or (n, 7)
        Of response, or of relapse by each of `RISK_DAYS`.
    failure : str
        Why there is no model; empty if there is.
    """

    drawn: Places
    learner: str
    margin: Floats
    probability: Floats
    failure: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Repetitions:
    """The procedure on everybody, and on resamples of people.

    Parameters
    ----------
    whole : Repetition
        The chosen learner, on everybody.
    resampled : tuple of Repetition
        The whole procedure in each resample that gave a model.
    failures : dict of str to int
        Resamples without a model, by reason.
    """

    whole: Repetition
    resampled: tuple[Repetition, ...]
    failures: dict[str, int]

    @property
    def chosen(self) -> dict[str, int]:
        """How often each learner was chosen over the resamples, most often first."""
        return dict(Counter(each.learner for each in self.resampled).most_common())


def repeat_in_resamples(
    analysis: Analysis,
    learners: Sequence[Learner],
    chosen: Learner,
    *,
    n_resamples: int,
    inner_folds: int,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> Repetitions:
    """Draw patients with replacement and repeat the whole procedure on each resample.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    learners : sequence of Learner
        Candidates among which each repetition chooses.
    chosen : Learner
        The run's choice, fitted to everybody for the apparent values.
    n_resamples : int
        Resamples.
    inner_folds : int
        Folds of tuning and calibration; copies of a person stay in one.
    rng : numpy.random.Generator
        Draws resamples and folds.
    work : Work
        How the resamples are done; the numbers do not depend on it.

    Returns
    -------
    Repetitions
        The procedure on everybody and on each resample.

    References
    ----------
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387. Steyerberg EW et al. J Clin Epidemiol
    2001;54:774-781 (all steps are repeated).
    """
    draw_rng, whole_rng, fold_rng = rng.spawn(3)
    everybody = np.arange(len(analysis.groups))
    whole = repeat(analysis, [chosen], everybody, inner_folds, whole_rng)
    drawn = [resample(analysis.groups, draw_rng) for _ in range(n_resamples)]
    units = [
        (analysis, learners, rows, inner_folds, child)
        for rows, child in zip(drawn, fold_rng.spawn(n_resamples), strict=True)
    ]
    done: list[Repetition] = work.each("Bootstrap", repeat, units, kinds=(Repetition,))
    return Repetitions(
        whole,
        tuple(each for each in done if not each.failure),
        dict(Counter(each.failure for each in done if each.failure)),
    )


def resample(groups: Sequence[str], rng: np.random.Generator) -> Places:
    """Draw as many patients as there are, with replacement.

    Parameters
    ----------
    groups : sequence of str
        Patient of each row.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of int
        Rows of the patients drawn.
    """
    patient = np.unique(np.asarray(groups), return_inverse=True)[1]
    by_patient = np.argsort(patient, kind="stable")
    rows = np.split(by_patient, np.cumsum(np.bincount(patient))[:-1])
    return np.concatenate([rows[i] for i in rng.integers(0, len(rows), len(rows))])


def repeat(
    analysis: Analysis,
    learners: Sequence[Learner],
    drawn: Places,
    inner_folds: int,
    rng: np.random.Generator,
) -> Repetition:
    """Do the whole procedure on some rows, and predict everybody.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    learners : sequence of Learner
        Candidates.
    drawn : ndarray of int
        Rows to train on.
    inner_folds : int
        Folds of tuning and calibration.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    Repetition
        Of the learner chosen on the inner folds.
    """
    n = len(analysis.groups)
    fits = fit_all(analysis, learners, drawn, inner_folds, rng)
    usable = {name: fit for name, fit in fits.items() if not isinstance(fit, str)}
    nothing = np.full(n, np.nan)
    if not usable:
        return Repetition(drawn, "", nothing, nothing, str(next(iter(fits.values()))))
    name = _choose(usable, learners, analysis.outcome.take(drawn))
    if name is None:
        return Repetition(drawn, "", nothing, nothing, "nobody is followed long enough to choose")
    margin, probability = predicted(usable[name], analysis.values, np.arange(n))
    return Repetition(drawn, name, margin, probability)


def _choose(
    fits: Mapping[str, Fitted], learners: Sequence[Learner], outcome: Outcome
) -> str | None:
    """Choose by the run's rule on calibrated margins of the inner folds."""
    if len(fits) == 1:
        return next(iter(fits))
    task = "response" if outcome.days is None else "relapse"
    found = {name: _on_inner_folds(name, fit) for name, fit in fits.items()}
    found[AVERAGE[task]] = _average(outcome)
    choice = choose(found, [learner for learner in learners if learner.name in fits], outcome)
    return None if choice is None else choice.learner.name


def _on_inner_folds(name: str, fit: Fitted) -> OutOfFold:
    """Give what a fit says of its own training rows, each margin from an inner fold."""
    margin = fit.calibrated_margins
    probability = logistic(margin)
    if fit.baseline is not None:
        probability = fit.baseline.risk(margin[:, None], np.array(RISK_DAYS, dtype=np.float64))
    return OutOfFold(name, margin[:, None], probability[:, None], np.zeros((margin.size, 1), int))


def _average(outcome: Outcome) -> OutOfFold:
    """Give everybody the average, so that the rule of choice has it to compare with."""
    n = len(outcome.events)
    margin, fold = np.zeros(n), np.zeros((n, 1), dtype=np.intp)
    if outcome.days is None:
        share = np.full((n, 1), outcome.events.mean())
        return OutOfFold(AVERAGE["response"], margin[:, None], share, fold)
    curve = fit_baseline(outcome.days, outcome.relapsed, margin, last_well=outcome.last_well)
    risk = curve.risk(margin[:, None], np.array(RISK_DAYS, dtype=np.float64))
    return OutOfFold(AVERAGE["relapse"], margin[:, None], risk[:, None], fold)
