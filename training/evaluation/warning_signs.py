"""Warning signs from follow-up scores: what alerts at visits are worth, beside simpler rules.

An alert is a visit at which the updated risk over the next 14 days, by a fit that never saw the
person, is at or above a step declared before training. The simpler rules read the same visits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from training.evaluation.procedure import RISK_DAYS
from training.metrics import MeasureUndefinedError
from training.metrics.alerts import (
    AHEAD_DAYS,
    WITHIN_DAYS,
    AlertMeasures,
    PersonVisits,
    alert_difference,
    measure_alerts,
)
from training.metrics.intervals import Estimate
from training.suppression import SUPPRESSED_BELOW

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STEPS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
"""Risks over the next 14 days whose trade-off is shown beside the declared step."""

EVERYBODY = "everybody"
RISE_OF_RANGE = 0.1
"""A rise by this share of a scale's range is the simple sign of getting worse: 6 points of MADRS.
A convention; no published cut-off was found."""

RESIDUAL_OF_RELAPSE = 2 / 3
"""A score from this share of the relapse threshold on is called residual symptoms: MADRS 15 of 22.
A convention; no published cut-off was found."""

GAIN_IN = {False: "sensitivity", True: "ppv"}
"""What a gain is told in: at equal false alerts, or beside an alert at every visit."""

RESAMPLES = 2000
FEW = f"more than none but fewer than {SUPPRESSED_BELOW}"
NEARLY_ALL = f"all but fewer than {SUPPRESSED_BELOW}"
FEW_IN_ALL = f"of fewer than {SUPPRESSED_BELOW} in all"
"""What is said of a share that would give away a count below ten."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoredVisits:
    """Follow-up visits with what was said and seen at each.

    Parameters
    ----------
    visits : PersonVisits
        Whose, when, and what became of the people.
    risk : ndarray, shape (n_visits, n_repeats)
        Risk of relapse over the next 14 days, by fits that never saw the person.
    score, before : ndarray, shape (n_visits,)
        Score of the outcome's scale at the visit and at the one before; NaN where unknown.
    """

    visits: PersonVisits
    risk: Floats
    score: Floats
    before: Floats


@dataclass(frozen=True, slots=True)
class Comparator:
    """A simpler way to alert, beside the model.

    Parameters
    ----------
    words : str
        The rule.
    found : AlertMeasures
        What it is worth.
    cut : float or None
        Risk from which the model gives as many false alerts as the rule, or just fewer; None for
        the rule that alerts at every visit, beside which the model stands at its declared step.
    gain : Estimate or None
        Model less rule: in sensitivity at `cut`, or in the positive predictive value; above 0 the
        model is better. None without a value.
    no_gain : str
        Why there is no gain; empty where there is.
    """

    words: str
    found: AlertMeasures
    cut: float | None
    gain: Estimate | None
    no_gain: str = ""

    @property
    def gain_in(self) -> str:
        """Measure in which the gain is told."""
        return GAIN_IN[self.cut is None]

    @property
    def is_beaten(self) -> bool:
        """Whether the interval of the gain lies above 0."""
        return self.gain is not None and self.gain.lo > 0

    def to_dict(self) -> dict[str, Any]:
        """Give the comparator for JSON.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "rule": self.words,
            **told_of_alerts(self.found),
            "model_cut": self.cut,
            "model_gain_in": self.gain_in,
            "model_gain": None if self.gain is None else self.gain.to_dict(),
            "no_gain": self.no_gain,
        }


@dataclass(frozen=True, slots=True)
class WarningSigns:
    """Alerts from follow-up scores, measured on people whom no fit saw.

    Parameters
    ----------
    step : float
        Risk over the next 14 days from which there is an alert, declared before training.
    landmarks : tuple of str
        Follow-up landmarks whose visits are counted.
    found : AlertMeasures
        At the declared step.
    by_step : dict of float to AlertMeasures
        At other steps, lowest first, the declared one among them.
    comparators : dict of str to Comparator
        ``rise``, ``residual``, ``everybody``.
    absent : dict of str to str
        Comparators that could not be made, with the reason.
    """

    step: float
    landmarks: tuple[str, ...]
    found: AlertMeasures
    by_step: Mapping[float, AlertMeasures]
    comparators: Mapping[str, Comparator]
    absent: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Give the warning signs as they stand in the JSON of a run.

        Returns
        -------
        dict
            Plain values, all finite; counts below ten people, and measures that would tell of
            them, are null or left out.
        """
        return {
            "step": self.step,
            "ahead_days": AHEAD_DAYS,
            "within_days": WITHIN_DAYS,
            "landmarks": list(self.landmarks),
            **told_of_alerts(self.found),
            "steps": [
                {"step": step, **told_of_alerts(found)} for step, found in self.by_step.items()
            ],
            "comparators": {name: each.to_dict() for name, each in self.comparators.items()},
            "absent": dict(self.absent),
        }


def risk_ahead(probability: Floats) -> Floats:
    """Read the risk over the next 14 days from the risks by `RISK_DAYS`.

    The cumulative hazard is taken as straight from the first of these days back to the 14th, at
    the pace between the first two: it is straight over the two weeks after day 14 in every model
    (`training.calibrating.KNOT_DAYS`), so that no more than the pace of two days is guessed.

    Parameters
    ----------
    probability : ndarray, shape (…, n_days)
        Risk of relapse by each of `RISK_DAYS`, rising, in [0, 1].

    Returns
    -------
    ndarray, shape (…)
        In [0, 1].
    """
    first, second = (-np.log1p(-np.minimum(probability[..., at], 1 - 1e-12)) for at in (0, 1))
    pace = (second - first) / (RISK_DAYS[1] - RISK_DAYS[0])
    by_then = first - pace * (RISK_DAYS[0] - AHEAD_DAYS)
    return np.asarray(-np.expm1(-np.clip(by_then, 0.0, first)))


def weigh_alerts(
    scored: ScoredVisits,
    rules: Mapping[str, tuple[str, Flags]],
    *,
    step: float,
    landmarks: Sequence[str] = (),
    absent: Mapping[str, str] | None = None,
    rng: np.random.Generator,
) -> WarningSigns:
    """Measure the alerts of a model and of simpler rules at the same visits.

    Parameters
    ----------
    scored : ScoredVisits
        Visits with risks.
    rules : mapping of str to (str, ndarray)
        Simpler rules by name: in words, and whether each visit alerts.
    step : float
        Declared risk, in (0, 1).
    landmarks : sequence of str
        Whose visits these are.
    absent : mapping of str to str, optional
        Rules that could not be made, with the reason.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    WarningSigns
        Measures, trade-off and comparators.
    """
    visits, risk = scored.visits, scored.risk
    steps = sorted({*STEPS, step})
    by_step = {
        each: measure_alerts(visits, risk >= each, n_boot=RESAMPLES, rng=rng) for each in steps
    }
    comparators = {}
    for name, rule in rules.items():
        cut = _matched(scored, rule[1])
        comparators[name] = _beside(scored, rule, risk > cut, cut=cut, rng=rng)
    every = ("an alert at every visit", np.ones(len(risk), dtype=bool))
    beside = _beside(scored, every, risk >= step, cut=None, rng=rng)
    comparators[EVERYBODY] = replace(beside, found=_by_construction(beside.found))
    return WarningSigns(
        step, tuple(landmarks), by_step[step], by_step, comparators, dict(absent or {})
    )


def simple_rules(
    scored: ScoredVisits, label: str, *, score_range: float, ill_from: float | None
) -> tuple[dict[str, tuple[str, Flags]], dict[str, str]]:
    """Make the simpler rules from the scores themselves.

    Parameters
    ----------
    scored : ScoredVisits
        With scores; one that is not known gives no alert.
    label : str
        Of the scale.
    score_range : float
        Highest less lowest total of the scale.
    ill_from : float or None
        Score from which the outcome's rule sees a relapse; None where it names none.

    Returns
    -------
    rules : dict of str to (str, ndarray)
        ``rise`` and ``residual``: in words, and whether each visit alerts.
    absent : dict of str to str
        What could not be made, with the reason.
    """
    points = max(1, round(RISE_OF_RANGE * score_range))
    rules = {
        "rise": (
            f"{label} risen by {points} points or more since the visit before",
            scored.score - scored.before >= points,
        )
    }
    if ill_from is None:
        return rules, {"residual": "the relapse rule names no score from which one is ill"}
    cut = int(np.ceil(RESIDUAL_OF_RELAPSE * ill_from))
    rules["residual"] = f"{label} of {cut} or more (residual symptoms)", scored.score >= cut
    return rules, {}


def told_of_alerts(found: AlertMeasures) -> dict[str, Any]:
    """Give measures as plain values, without what would tell of fewer than ten people.

    Parameters
    ----------
    found : AlertMeasures
        Measures.

    Returns
    -------
    dict
        ``measures``, ``undefined``, ``lead_quartiles`` and counts; None for a count below ten.
    """
    counts = {
        name: None if 0 < getattr(found, name) < SUPPRESSED_BELOW else getattr(found, name)
        for name in ("people", "visits", "relapses", "missed", "judged", "not_judged")
    }
    spared = _spared(found)
    return {
        "measures": {name: each.to_dict() for name, each in spared.measures.items()},
        "undefined": dict(spared.undefined),
        "lead_quartiles": spared.lead_quartiles and list(spared.lead_quartiles),
        **counts,
    }


def _spared(found: AlertMeasures) -> AlertMeasures:
    """Leave out measures from which a count of fewer than ten would follow."""
    hidden: dict[str, str] = {}
    for name, of in (
        ("sensitivity", found.relapses),
        ("sensitivity_last_visit", found.relapses),
        ("ppv", found.judged),
    ):
        why = _too_few(found, name, of)
        hidden |= {name: why} if why else {}
    few_warned = hidden.get("sensitivity", NEARLY_ALL) != NEARLY_ALL
    if few_warned and "lead_days" in found.measures:
        hidden["lead_days"] = hidden["sensitivity"]
    return replace(
        found,
        measures={name: each for name, each in found.measures.items() if name not in hidden},
        undefined={**found.undefined, **hidden},
        lead_quartiles=None if few_warned else found.lead_quartiles,
    )


def _too_few(found: AlertMeasures, name: str, of: float) -> str:
    """Say why a share would give away a count below ten; empty where it does not."""
    if name not in found.measures:
        return ""
    part = found.measures[name].value * of
    if of < SUPPRESSED_BELOW:
        return FEW_IN_ALL
    if 0 < part < SUPPRESSED_BELOW:
        return FEW
    return NEARLY_ALL if 0 < of - part < SUPPRESSED_BELOW else ""


def _beside(
    scored: ScoredVisits,
    rule: tuple[str, Flags],
    model: Flags,
    *,
    cut: float | None,
    rng: np.random.Generator,
) -> Comparator:
    """Measure a simpler rule, and what the model's alerts have over it."""
    words, alert = rule
    found = measure_alerts(scored.visits, alert, n_boot=RESAMPLES, rng=rng)
    measure = GAIN_IN[cut is None]
    if found.relapses < SUPPRESSED_BELOW:
        why = f"fewer than {SUPPRESSED_BELOW} relapses have a visit in time before them"
        return Comparator(words, found, cut, None, why)
    try:
        gain = alert_difference(
            scored.visits, model, alert, measure=measure, n_boot=RESAMPLES, rng=rng
        )
    except MeasureUndefinedError as error:
        return Comparator(words, found, cut, None, error.reason)
    return Comparator(words, found, cut, gain)


def _by_construction(found: AlertMeasures) -> AlertMeasures:
    """Take the interval off what cannot be otherwise where every visit alerts."""
    sure: dict[str, Estimate] = {
        name: Estimate(1.0, 1.0, 1.0, "by construction")
        for name in ("sensitivity", "sensitivity_last_visit", "alerted")
        if name in found.measures
    }
    return replace(found, measures={**found.measures, **sure})


def _matched(scored: ScoredVisits, alert: Flags) -> float:
    """Find the risk above which the model gives no more false alerts than a rule does."""
    free = scored.visits.free
    ordered = np.sort(scored.risk[free], axis=None)[::-1]
    allowed = int(alert[free].sum()) * scored.risk.shape[1]
    return float(ordered[allowed]) if allowed < ordered.size else 0.0
