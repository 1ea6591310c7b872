"""How the people of each site differ from those of the others, before any outcome.

A model that does worse at a site may be wrong there, or may meet other people: more alike, of
another risk. The two are told apart by who the people are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from predictor.calibration import logistic
from predictor.dictionary import Variable
from training.evaluation.case_mix import FEWEST, model_based_auc
from training.evaluation.counting import RowsSeen
from training.evaluation.cross_validation import Held, Resampling, hold_out
from training.evaluation.procedure import Analysis
from training.fitting import Outcome
from training.learners import REFERENCE, learner_named
from training.metrics import MeasureUndefinedError
from training.metrics.differences import smd_of_levels, smd_of_numbers
from training.metrics.intervals import Estimate, delong_interval
from training.splits import Split, feasible_folds, folds
from training.work import ALONE, Work

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MEMBERSHIP = "membership"

_METHOD = "DeLong, of predictions taken as given"


class Difference(NamedTuple):
    """One variable at a site against the others.

    Parameters
    ----------
    smd : float
        Standardised mean difference: of numbers and ordered levels the site less the others, of
        other levels a distance without a sign.
    by_chance : float
        Absolute difference that any of the variables would exceed at one site in 20 if its people
        were drawn from the same population; it holds for all variables of the site together.
    """

    smd: float
    by_chance: float


@dataclass(frozen=True, slots=True)
class SiteMix:
    """The people of one site against those of all others.

    Parameters
    ----------
    site : str
        Name.
    differences : dict of str to Difference
        By variable, the largest first.
    membership : Estimate or None
        AUC of a model that tells the people of the site from the others: 0.5 where they cannot be
        told apart, high where they are other people.
    margin_mean, margin_sd : float
        Of the chosen learner's margins of people it never saw, at the site.
    margin_mean_elsewhere, margin_sd_elsewhere : float
        At the other sites.
    expected_auc : float or None
        AUC that people of these margins would show were the model right; None for relapse.
    undefined : dict of str to str
        What has no value, by variable or name, with the reason.
    """

    site: str
    differences: dict[str, Difference]
    membership: Estimate | None
    margin_mean: float
    margin_sd: float
    margin_mean_elsewhere: float
    margin_sd_elsewhere: float
    expected_auc: float | None
    undefined: dict[str, str]

    def to_dict(self) -> dict[str, object]:
        """Give the site as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values, all finite; no patient and no count. Differences have two digits, so that
            no count can be worked out from them.
        """
        plain: dict[str, object] = {name: getattr(self, name) for name in SiteMix.__slots__}
        membership = None if self.membership is None else self.membership.to_dict()
        return plain | {
            "differences": {
                variable: {name: round(number, 2) for name, number in each._asdict().items()}
                for variable, each in self.differences.items()
            },
            MEMBERSHIP: membership,
            "undefined": dict(self.undefined),
        }


def compare_sites(
    analysis: Analysis,
    margin: Floats,
    places: Sequence[tuple[str, Flags, Flags]],
    resampling: Resampling,
    *,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> tuple[SiteMix, ...]:
    """Hold the people of each site against those of all others.

    The membership model is a ridge logistic regression of being at the site on all candidate
    predictors, encoded, imputed, tuned and calibrated anew in each of its training folds. Margins
    are compared around the mean of their held-out fold, because folds differ in what they call
    average.

    Parameters
    ----------
    analysis : Analysis
        People and candidate predictors; their outcome is not read.
    margin : ndarray, shape (n,) or (n, n_repeats)
        Of people whom the model never saw; averaged over repeats.
    places : sequence of (str, ndarray of bool, ndarray of bool)
        Name of each site, who is there and who is elsewhere, as from `places_of`.
    resampling : Resampling
        Folds of the membership model, and of its tuning.
    rng : numpy.random.Generator
        Draws the folds.
    work : Work
        How the folds are done; the numbers do not depend on it.

    Returns
    -------
    tuple of SiteMix
        In the order of `places`.

    References
    ----------
    Debray TPA et al. J Clin Epidemiol 2015;68:279-289 (membership model; mean and spread of the
    linear predictor). Austin PC. Stat Med 2009;28:3083-3107. Yang D, Dalton JE. SAS Global Forum
    2012, paper 335 (levels). van Klaveren D et al. Stat Med 2016;35:4136-4152.
    """
    said = margin.reshape(len(margin), -1).mean(axis=1)
    membership = _memberships(analysis, places, resampling, rng, work)
    found = []
    for (site, here, elsewhere), told in zip(places, membership, strict=True):
        differences, undefined = _differences(analysis, here, elsewhere)
        if isinstance(told, str):
            undefined[MEMBERSHIP] = told
        expected = None
        if analysis.task == "response":
            try:
                expected = model_based_auc(said[here])
            except MeasureUndefinedError as error:
                undefined["expected_auc"] = str(error)
        found.append(
            SiteMix(
                site,
                differences,
                None if isinstance(told, str) else told,
                float(said[here].mean()),
                float(said[here].std()),
                float(said[elsewhere].mean()),
                float(said[elsewhere].std()),
                expected,
                undefined,
            )
        )
    return tuple(found)


def places_of(
    held_out: Sequence[str], sites: Sequence[str | None]
) -> list[tuple[str, Flags, Flags]]:
    """Tell who is at each site and who is at any other.

    Parameters
    ----------
    held_out : sequence of str
        Sites to compare.
    sites : sequence of str or None
        Site of each person; who has none is on neither side.

    Returns
    -------
    list of (str, ndarray of bool, ndarray of bool)
        Name, people there, people at other sites.
    """
    known = np.array([site is not None for site in sites])
    here = {name: np.array([site == name for site in sites]) for name in held_out}
    return [(name, there, known & ~there) for name, there in here.items()]


def _differences(
    analysis: Analysis, here: Flags, elsewhere: Flags
) -> tuple[dict[str, Difference], dict[str, str]]:
    """Give the standardised difference of each variable, the largest first."""
    found: dict[str, Difference] = {}
    undefined: dict[str, str] = {}
    beyond = 0.05 / max(len(analysis.variables), 1)
    for variable in analysis.variables:
        values = analysis.values[variable.id]
        answered = ~np.isnan(values)
        groups = values[answered & here], values[answered & elsewhere]
        try:
            found[variable.id] = _difference(variable, groups, beyond)
        except MeasureUndefinedError as error:
            undefined[variable.id] = error.reason
    return dict(sorted(found.items(), key=lambda each: -abs(each[1].smd))), undefined


def _difference(variable: Variable, groups: tuple[Floats, Floats], beyond: float) -> Difference:
    """Compare one variable; n·d²/2 is near a chi-squared, so chance has its quantile."""
    if min(group.size for group in groups) < FEWEST:
        raise MeasureUndefinedError("difference", f"fewer than {FEWEST} answered on one side")
    has_order = variable.type not in ("category", "yes_no")
    smd = smd_of_numbers(*groups) if has_order else smd_of_levels(*groups)
    free = 1 if has_order else np.unique(np.concatenate(groups)).size - 1
    weight = sum(1 / group.size for group in groups)
    return Difference(smd, float(np.sqrt(chi2.isf(beyond, free) * weight)))


def _memberships(
    analysis: Analysis,
    places: Sequence[tuple[str, Flags, Flags]],
    resampling: Resampling,
    rng: np.random.Generator,
    work: Work,
) -> list[Estimate | str]:
    """Give the AUC of each membership model, or why there is none."""
    learner = learner_named(REFERENCE["response"], "response")
    units, of_site = [], []
    for at, ((_, here, elsewhere), child) in enumerate(
        zip(places, rng.spawn(len(places)), strict=True)
    ):
        people = np.flatnonzero(here | elsewhere)
        asked = _asked(analysis, people, here[people])
        split_rng, fit_rng = child.spawn(2)
        y, groups = asked.outcome.events, asked.groups
        n_splits = feasible_folds(y, resampling.folds, groups=groups)
        splits = folds(y, groups=groups, n_splits=n_splits, n_repeats=1, rng=split_rng)
        for split, each in zip(splits, fit_rng.spawn(n_splits), strict=True):
            units.append((asked, [learner], split, resampling.inner_folds, each))
            of_site.append(at)
    done = work.each("Sites told apart", hold_out, units, kinds=(Held, RowsSeen))
    answers = [
        (asked.outcome.events, split, held[learner.name])
        for (asked, _, split, *_), held in zip(units, done, strict=True)
    ]
    return [
        _told_apart([answer for answer, place in zip(answers, of_site, strict=True) if place == at])
        for at in range(len(places))
    ]


def _asked(analysis: Analysis, people: NDArray[np.intp], here: Flags) -> Analysis:
    """Ask of some people whether they are at a site, instead of their outcome."""
    return replace(
        analysis,
        values={variable: answers[people] for variable, answers in analysis.values.items()},
        outcome=Outcome(here.astype(np.float64)),
        groups=tuple(analysis.groups[person] for person in people),
    )


def _told_apart(answers: Sequence[tuple[Floats, Split, Held]]) -> Estimate | str:
    """Measure one membership model over its folds."""
    failed = next((held.failure for _, _, held in answers if held.failure), "")
    if failed:
        return failed
    y = np.concatenate([events[split.test] for events, split, _ in answers])
    margin = np.concatenate([held.margin - held.margin.mean() for *_, held in answers])
    if np.ptp(margin) < 1e-12:
        return "in no fold did anything tell its people from the others"
    return replace(delong_interval(y, logistic(margin)), method=_METHOD)
