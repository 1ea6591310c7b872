"""Outcomes that were filled with the score of the visit before.

Who leaves early then has an early score as outcome, and whatever predicts leaving, or is that
early score, predicts the outcome too well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom, hypergeom

from training.evaluation.sentinels.sentinel import FALSE_ALARM, Sentinel, untested
from training.outcome import OutcomeDefinition, nearest_visit, totals_of

Bools = NDArray[np.bool_]

LEAST_EARLIER = 20
"""Small changes at earlier visits, below which their share of repeats is not used."""

WITHOUT_EARLIER = 1 / 3
"""Share of repeats among small changes, where earlier visits do not tell; a smooth spread of
changes of two points or more gives 0.20 to 0.26."""


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """From each visit to the next, up to the outcome's, one entry each, person by person."""

    change: NDArray[np.float64]
    last: Bools  # the step that ends at the outcome
    after_another: Bools  # the entry before is the same person's
    at_floor: Bools  # the lowest score twice, which is true of anybody well

    @property
    def repeats(self) -> Bools:
        """Whether the score is that of the visit before."""
        return np.abs(self.change) < 1e-9

    def small(self, width: int) -> Bools:
        """Whether the change is so small that a repeat is one of few that could have been."""
        return (np.abs(self.change) <= width + 1e-9) & ~self.at_floor


def carried_forward(
    visits: pd.DataFrame, definition: OutcomeDefinition, *, declared: bool = False
) -> Sentinel:
    """Ask whether the outcome repeats the visit before it in more people than chance explains.

    Changes grow smaller as people settle, so repeats grow more frequent in honest data too.
    Therefore only small changes are compared, among which the share of repeats hardly depends on
    how large changes are: at the outcome against earlier visits (a repeat that is followed by
    another may itself be filled and is left out), and at the outcome between those who did and
    those who did not repeat the step before (runs of one score). Both are Fisher's exact test.

    Parameters
    ----------
    visits : pandas.DataFrame
        Checked visits of the people eligible.
    definition : OutcomeDefinition
        Whose outcome; for relapse, the response that makes the risk set.
    declared : bool
        Whether whoever supplied the data says that outcomes are carried forward.

    Returns
    -------
    Sentinel
        Failed where declared, or where either test has a one-sided p below 0.0005: together below
        0.001.

    References
    ----------
    Fisher RA. Statistical methods for research workers, 5th ed. 1934, section 21.02.
    """
    if declared:
        return Sentinel(
            passed=False, detail="the data are declared to hold outcomes carried forward"
        )
    rule = definition.responders or definition
    scale = rule.scale
    if scale is None:
        return untested("the outcome is read from dated events, not from scores")
    width = round((scale.high - scale.low) / 30)
    if width < 1:
        return untested(f"{scale.label} has too few values to tell a repeat from a copy")
    steps = _steps(visits, rule, scale.low)
    people = int(steps.last.sum())
    if not people:
        return untested("nobody has a visit before the outcome's")
    repeated = int((steps.repeats & steps.last).sum())
    found = f"the outcome's {scale.label} is that of the visit before in {repeated} of {people}"
    if min(_against_earlier(steps, width), _runs(steps, round(1.5 * width))) < FALSE_ALARM:
        return Sentinel(
            passed=False,
            detail=f"{found} people, more than repeats at earlier visits explain: outcomes were "
            "carried forward; leave them missing",
        )
    return Sentinel(passed=True, detail=f"{found} people, no more than earlier visits explain")


def _steps(visits: pd.DataFrame, rule: OutcomeDefinition, lowest: float) -> _Steps:
    """List the steps of everybody whose outcome was observed."""
    totals = totals_of(visits)
    totals = totals[totals["instrument"] == rule.instrument]
    people = totals["patient_id"].unique().tolist()
    end = nearest_visit(rule.instrument, rule.landmark, totals, people)["day"]
    # a day of NaN, where no outcome was observed, keeps nobody's visit
    kept = totals[totals["day"] <= totals["patient_id"].map(end.to_dict()).astype(float)]
    kept = kept.sort_values(["patient_id", "day"], kind="stable")
    person = pd.factorize(kept["patient_id"])[0]
    score = kept["score"].to_numpy(dtype=np.float64)
    own = np.diff(person) == 0
    step = np.flatnonzero(own)
    change = np.diff(score)[step]
    around = np.concatenate([[False], own, [False]])
    return _Steps(
        change=change,
        last=~around[step + 2],
        after_another=around[step],
        at_floor=(change == 0) & (score[step] == lowest),
    )


def _against_earlier(steps: _Steps, width: int) -> float:
    """Give the chance of so many repeats at the outcome, by the share at earlier visits."""
    small, repeats = steps.small(width), steps.repeats
    followed = np.append(repeats[1:] & steps.after_another[1:], [False])
    earlier, at_end = small & ~steps.last & ~followed, small & steps.last
    k, n = int((at_end & repeats).sum()), int(at_end.sum())
    before, m = int((earlier & repeats).sum()), int(earlier.sum())
    if m < LEAST_EARLIER:
        return float(binom.sf(k - 1, n, WITHOUT_EARLIER))
    return float(hypergeom.sf(k - 1, n + m, k + before, n))


def _runs(steps: _Steps, width: int) -> float:
    """Give the chance of so many repeats after a repeat, by those after a change."""
    small, repeats = steps.small(width), steps.repeats
    both = np.flatnonzero(small & steps.last & steps.after_another)
    both = both[small[both - 1]]
    now, earlier = repeats[both], repeats[both - 1]
    runs = int((now & earlier).sum())
    return float(hypergeom.sf(runs - 1, both.size, int(earlier.sum()), int(now.sum())))
