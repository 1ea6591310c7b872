"""Guards that fail a run: what they catch would flatter the model."""

from __future__ import annotations

import pandas as pd

from training.evaluation.procedure import Analysis
from training.evaluation.sentinels.at_landmark import watch_at_landmark
from training.evaluation.sentinels.carried_forward import carried_forward
from training.evaluation.sentinels.later_visit import later_visit
from training.evaluation.sentinels.permuted_outcome import permuted_outcome
from training.evaluation.sentinels.same_person import same_person
from training.evaluation.sentinels.sentinel import Sentinel
from training.evaluation.sentinels.single_variable import single_variable
from training.evaluation.sentinels.timing import timing
from training.evaluation.sentinels.too_good import too_good
from training.evaluation.sentinels.training_rows import training_rows
from training.outcome import OutcomeDefinition

__all__ = [
    "Sentinel",
    "permuted_outcome",
    "too_good",
    "training_rows",
    "watch",
    "watch_at_landmark",
]


def watch(
    analysis: Analysis,
    visits: pd.DataFrame | None = None,
    definition: OutcomeDefinition | None = None,
    *,
    carried: bool = False,
) -> dict[str, Sentinel]:
    """Run the guards that need no fit.

    Parameters
    ----------
    analysis : Analysis
        People and candidate predictors.
    visits : pandas.DataFrame or None
        Checked visits; None where there are none to compare.
    definition : OutcomeDefinition or None
        Whose outcome was read from them.
    carried : bool
        Whether the data are declared to hold outcomes carried forward.

    Returns
    -------
    dict of str to Sentinel
        ``timing``, ``single_variable``, ``same_person``; with visits ``later_visit``; with a
        definition too ``carried_forward``.
    """
    found = {
        "timing": timing(analysis),
        "single_variable": single_variable(analysis),
        "same_person": same_person(analysis, visits),
    }
    if visits is None:
        return found
    found["later_visit"] = later_visit(analysis, visits)
    if definition is not None:
        found["carried_forward"] = carried_forward(visits, definition, declared=carried)
    return found
