"""What comes first, relapse or a competing event, beside the risk were there none such."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.evaluation.measures_of_relapse import HORIZONS
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError
from training.metrics.cumulative_incidence import cumulative_incidence
from training.metrics.intervals import Estimate

RELAPSE, COMPETING = 1, 2

CAUSES = ("relapse", "competing", "one_minus_kaplan_meier")
"""Names of the numbers of a day: incidence of either cause first, and the cause-specific risk."""


@dataclass(frozen=True, slots=True)
class CompetingRisks:
    """How many had which event first, in the cohort as a whole.

    Parameters
    ----------
    people, relapsed, competed : int
        In the risk set; those who relapsed first; those who had a competing event first.
    days : dict of int to dict of str to Estimate
        Day to `CAUSES`: the incidence of each cause, and 1 − Kaplan–Meier, which takes a competing
        event for the end of follow-up.
    undefined : dict of int to str
        Days without numbers, with the reason.
    """

    people: int
    relapsed: int
    competed: int
    days: dict[int, dict[str, Estimate]]
    undefined: dict[int, str]

    def to_dict(self) -> dict[str, object]:
        """Give the numbers as they stand in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "people": self.people,
            "relapsed": self.relapsed,
            "competed": self.competed,
            "by_day": {
                str(day): {name: one.to_dict() for name, one in found.items()}
                for day, found in self.days.items()
            },
            "undefined": {str(day): why for day, why in self.undefined.items()},
        }


def competing_risks(outcome: Outcome) -> CompetingRisks | None:
    """Estimate which event comes first by each horizon.

    Parameters
    ----------
    outcome : Outcome
        Relapse, of everybody analysed.

    Returns
    -------
    CompetingRisks or None
        None where the definition declares no competing event, or nobody is at risk.
    """
    if outcome.days is None or outcome.competing is None or not outcome.days.size:
        return None
    relapsed, competed = outcome.events == 1, outcome.competing == 1
    causes = np.where(relapsed, RELAPSE, np.where(competed, COMPETING, 0))
    curves = dict(
        zip(
            CAUSES,
            (
                cumulative_incidence(outcome.days, causes, RELAPSE),
                cumulative_incidence(outcome.days, causes, COMPETING),
                # with one cause alone it is 1 − Kaplan–Meier
                cumulative_incidence(outcome.days, relapsed, RELAPSE),
            ),
            strict=True,
        )
    )
    days: dict[int, dict[str, Estimate]] = {}
    undefined: dict[int, str] = {}
    for day in HORIZONS:
        try:
            days[day] = {name: curve.at(day) for name, curve in curves.items()}
        except MeasureUndefinedError as error:
            undefined[day] = error.reason
    return CompetingRisks(relapsed.size, int(relapsed.sum()), int(competed.sum()), days, undefined)
