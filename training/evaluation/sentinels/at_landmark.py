"""Guards of a model that reads what became known at a landmark."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from predictor.dictionary import Dictionary
from training.evaluation.procedure import Analysis
from training.evaluation.sentinels.sentinel import Sentinel
from training.evaluation.sentinels.single_variable import single_variable
from training.outcome import OutcomeDefinition


def watch_at_landmark(
    analysis: Analysis,
    dictionary: Dictionary,
    definition: OutcomeDefinition,
    own_scores: Collection[str],
) -> dict[str, Sentinel]:
    """Run the guards that need no fit.

    The outcome's own scale at an earlier day may tell the outcomes apart almost alone, which is the
    reason to ask again: it is left out where a single variable is looked for. That it comes from
    before the outcome is watched instead.

    Parameters
    ----------
    analysis : Analysis
        People and what the model may read.
    dictionary : Dictionary
        Of the landmark, which is its last.
    definition : OutcomeDefinition
        What is predicted.
    own_scores : collection of str
        Later scores of the outcome's own scale.

    Returns
    -------
    dict of str to Sentinel
        ``timing`` and ``single_variable``.
    """
    others = tuple(v for v in analysis.variables if v.id not in own_scores)
    apart = replace(
        analysis,
        variables=others,
        declared=tuple(v for v in analysis.declared if v.id not in own_scores),
        severity=tuple(v for v in analysis.severity if v.id not in own_scores),
    )
    return {
        "timing": _timing(analysis, dictionary, definition),
        "single_variable": single_variable(apart),
    }


def _timing(analysis: Analysis, dictionary: Dictionary, definition: OutcomeDefinition) -> Sentinel:
    """Ask whether all that is read was known by the landmark, and that before the outcome."""
    landmark = dictionary.landmarks[-1]
    known = {v.id for v in dictionary.known_at(landmark.name)}
    read = {v.id for v in (*analysis.variables, *analysis.declared, *analysis.severity)}
    later = sorted(read - known)
    if later:
        return Sentinel(passed=False, detail=f"{', '.join(later)} is not known {landmark.label}")
    if definition.task == "response" and landmark.last >= definition.landmark.first:
        return Sentinel(
            passed=False,
            detail=f"scores up to day {landmark.last:g} are read and the outcome is judged from "
            f"day {definition.landmark.first:g}: they may be the outcome itself",
        )
    return Sentinel(
        passed=True, detail=f"all {len(read)} variables that are read are known {landmark.label}"
    )
