"""Internal-external validation: each site in turn predicted by the whole procedure on the others.

What differs between sites (people, raters, treatment) is what a new site will differ by. The
spread of the sites' measures says what to expect there; cross-validation over people cannot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from predictor.errors import InvalidInputError
from training.evaluation.counting import RowsSeen
from training.evaluation.cross_validation import Held, Outside, Resampling, hold_out
from training.evaluation.group_measures import (
    SCALES,
    Measured,
    Predicted,
    common_day,
    measure_group,
)
from training.evaluation.procedure import RISK_DAYS, Analysis
from training.fitting import Outcome
from training.learners import Learner
from training.metrics import MeasureUndefinedError
from training.metrics.intervals import Estimate
from training.metrics.pooling import MINIMUM_SITES, RandomEffects, random_effects
from training.splits import Split
from training.suppression import SUPPRESSED_BELOW, hidden_groups
from training.work import ALONE, Work

MINIMUM_OF_EACH = 10
"""A site with fewer events or fewer others is trained on and never held out."""


@dataclass(frozen=True, slots=True)
class Sites:
    """Which sites can be held out.

    Parameters
    ----------
    held_out : tuple of str
        Sites with enough people of both outcomes, in alphabetical order.
    train_only : dict of str to int or None
        People of the other sites; None below 10, and where such a number would follow.
    people, events : dict of str to int or None
        At each site held out; None where a number below 10 would follow from it and the totals.
    reason : str
        Why no site can be left out; empty where it can.
    """

    held_out: tuple[str, ...]
    train_only: dict[str, int | None]
    people: dict[str, int | None]
    events: dict[str, int | None]
    reason: str


@dataclass(frozen=True, slots=True)
class SiteResult:
    """How the procedure does at one site that it never saw.

    Parameters
    ----------
    site : str
        Name.
    people, events : int or None
        Predicted there; with the event. None where a number below 10 would follow from it.
    measures : dict of str to Estimate
        Among ``auc`` or ``c_index``, ``calibration_slope``, ``oe``.
    undefined : dict of str to str
        Measures without a value, with the reason.
    """

    site: str
    people: int | None
    events: int | None
    measures: dict[str, Estimate]
    undefined: dict[str, str]

    def to_dict(self) -> dict[str, object]:
        """Give the site as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "site": self.site,
            "people": self.people,
            "events": self.events,
            "measures": {name: found.to_dict() for name, found in self.measures.items()},
            "undefined": dict(self.undefined),
        }


@dataclass(frozen=True, slots=True)
class InternalExternal:
    """Each site predicted from the others, and what to expect at a new one.

    Parameters
    ----------
    learner : str
        Which procedure was repeated.
    day : int or None
        Day of the relapse risk behind O/E; None for response, or where no day can be evaluated.
    sites : tuple of SiteResult
        Held out in turn.
    train_only : dict of str to int or None
        People of sites too small to be held out; None below 10, and where such a number would
        follow.
    summary : dict of str to RandomEffects
        By measure: over the sites where it has a value.
    undefined : dict of str to str
        Measures without a mean over sites, with the reason.
    """

    learner: str
    day: int | None
    sites: tuple[SiteResult, ...]
    train_only: dict[str, int | None]
    summary: dict[str, RandomEffects]
    undefined: dict[str, str]

    def to_dict(self) -> dict[str, object]:
        """Give the validation as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values, all finite; no patient.
        """
        return {
            "learner": self.learner,
            "day": self.day,
            "sites": [site.to_dict() for site in self.sites],
            "train_only": dict(self.train_only),
            "summary": {name: found.to_dict() for name, found in self.summary.items()},
            "undefined": dict(self.undefined),
        }


def sites_of(outcome: Outcome, sites: Sequence[str | None]) -> Sites:
    """Tell which sites can be held out.

    Parameters
    ----------
    outcome : Outcome
        Of everybody analysed.
    sites : sequence of str or None
        Site of each person; None where it is not known.

    Returns
    -------
    Sites
        People without a site are trained on, under the name "not known".

    Raises
    ------
    InvalidInputError
        If a site is not given for each person.
    """
    if len(sites) != len(outcome.events):
        raise InvalidInputError(
            f"{len(sites)} sites were given for {len(outcome.events)} people; give each one a "
            "site, or None"
        )
    named = ["not known" if site is None else site for site in sites]
    people = Counter(named)
    happened = Counter(s for s, e in zip(named, outcome.events, strict=True) if e == 1)
    real = sorted({site for site in sites if site is not None})
    held = tuple(
        site
        for site in real
        if min(happened[site], people[site] - happened[site]) >= MINIMUM_OF_EACH
    )
    small = [site for site in dict.fromkeys([*real, "not known"]) if site in set(named) - {*held}]
    hidden, untold = _untold(people, happened, held)
    reason = ""
    if not real:
        reason = f"no site is known; {MINIMUM_SITES} are needed"
    elif len(held) < MINIMUM_SITES:
        reason = (
            f"{len(held)} of {len(real)} sites have at least {MINIMUM_OF_EACH} people with and "
            f"{MINIMUM_OF_EACH} without the event; {MINIMUM_SITES} are needed"
        )
    return Sites(
        held,
        {site: None if site in hidden else people[site] for site in small},
        {site: None if site in hidden else people[site] for site in held},
        {site: None if site in untold else happened[site] for site in held},
        reason,
    )


def _untold(
    people: Counter[str], happened: Counter[str], held: Sequence[str]
) -> tuple[set[str], set[str]]:
    """Choose the sites whose people, and those whose events, are not told.

    Events are told of sites held out alone. What the others have together follows from the total;
    where that is few, the events of one more site are not told.
    """
    names = list(people)
    hidden = {names[place] for place in hidden_groups([people[name] for name in names])}
    untold = hidden | (set(names) - set(held))
    events = sum(happened[name] for name in untold)
    others = sum(people[name] for name in untold) - events
    told = [name for name in held if name not in untold]
    if untold and told and min(events, others) < SUPPRESSED_BELOW:
        untold.add(min(told, key=lambda name: happened[name]))
    return hidden, untold


def leave_site_out(
    analysis: Analysis,
    learner: Learner,
    sites: Sequence[str | None],
    resampling: Resampling,
    *,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> InternalExternal | None:
    """Repeat the whole procedure without each site in turn, and measure it there.

    Encoding, imputation, scale, tuning by inner folds and calibration are learned on the other
    sites. The site is never a predictor.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    learner : Learner
        The procedure to repeat.
    sites : sequence of str or None
        Site of each person; None where it is not known.
    resampling : Resampling
        Its inner folds are used.
    rng : numpy.random.Generator
        Draws inner folds and resamples.
    work : Work
        How the sites are done; the numbers do not depend on it.

    Returns
    -------
    InternalExternal or None
        None where fewer than three sites can be held out; `sites_of` gives the reason.

    References
    ----------
    Steyerberg EW, Harrell FE. J Clin Epidemiol 2016;69:245-247. Debray TPA et al. BMJ
    2017;356:i6460. Snell KIE et al. Stat Methods Med Res 2018;27:3505-3522.
    """
    which = sites_of(analysis.outcome, sites)
    if which.reason:
        return None
    fit_rng, boot_rng = rng.spawn(2)
    splits = [_without(analysis, sites, site, at) for at, site in enumerate(which.held_out)]
    children = fit_rng.spawn(len(splits))
    units = [
        (analysis, [learner], split, resampling.inner_folds, child)
        for split, child in zip(splits, children, strict=True)
    ]
    done = work.each("Sites left out", hold_out, units, kinds=(Held, RowsSeen, Outside))
    outcomes = [analysis.outcome.take(split.test) for split in splits]
    place = common_day(outcomes)
    found, errors = [], []
    for site, outcome, held, child in zip(
        which.held_out, outcomes, done, boot_rng.spawn(len(splits)), strict=True
    ):
        result, error = _measured(site, outcome, held[learner.name], place, child)
        found.append(replace(result, people=which.people[site], events=which.events[site]))
        errors.append(error)
    summary, undefined = _pooled(found, errors)
    day = None if place is None else RISK_DAYS[place]
    return InternalExternal(learner.name, day, tuple(found), which.train_only, summary, undefined)


def _without(analysis: Analysis, sites: Sequence[str | None], site: str, number: int) -> Split:
    """Split off one site; a patient seen there and elsewhere is trained on nowhere."""
    there = np.array([each == site for each in sites])
    patients = np.asarray(analysis.groups)
    seen = np.isin(patients, patients[there])
    return Split(0, number, np.flatnonzero(~seen), np.flatnonzero(there))


def _measured(
    site: str, outcome: Outcome, held: Held, place: int | None, rng: np.random.Generator
) -> tuple[SiteResult, dict[str, float]]:
    """Measure one site; beside it the standard errors on the scale of pooling."""
    if held.failure:
        found = Measured(undefined=dict.fromkeys(_names(outcome), held.failure))
    else:
        said = Predicted(held.margin[:, None], held.probability[:, None])
        found = measure_group(outcome, said, _names(outcome), place=place, rng=rng)
    people, events = len(outcome.events), int(outcome.events.sum())
    return SiteResult(site, people, events, found.measures, found.undefined), found.errors


def _names(outcome: Outcome) -> tuple[str, ...]:
    """Name the measures of a site."""
    return "auc" if outcome.days is None else "c_index", "calibration_slope", "oe"


def _pooled(
    found: Sequence[SiteResult], errors: Sequence[dict[str, float]]
) -> tuple[dict[str, RandomEffects], dict[str, str]]:
    """Pool each measure over the sites where it and its error are finite and above 0."""
    summary: dict[str, RandomEffects] = {}
    undefined: dict[str, str] = {}
    for name in dict.fromkeys(m for site in found for m in (*site.measures, *site.undefined)):
        forth, back = SCALES[name]
        usable = [
            (forth(site.measures[name].value), error[name])
            for site, error in zip(found, errors, strict=True)
            if name in error and np.isfinite(error[name]) and error[name] > 0
        ]
        try:
            effects = [effect for effect, _ in usable]
            summary[name] = random_effects(effects, [error for _, error in usable]).on(back)
        except MeasureUndefinedError as error:
            undefined[name] = str(error)
    return summary, undefined
