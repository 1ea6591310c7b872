"""How much the model would have to change for the new people, as the page tells it."""

from __future__ import annotations

from math import exp

from training.model_report import Cell, Section, Table, metric_words
from training.model_report.numbers import estimate, number
from training.model_report.wording import TWO_DIGITS
from training.validation.findings import Validation
from training.validation.wording import RUNGS

_COMPARED = (
    *("auc", "c_index", "oe", "oe_90", "hazard_oe", "calibration_intercept", "calibration_slope"),
    *("ici", "log_loss", "brier", "ibs"),
)
_CLOSED = (
    "Closed test: the rung with most change is tested against the model as given, then against "
    "each rung between; the first that it does not beat at 5 % is chosen."
)
_AFTER = (
    "After updating: each of ten parts of the new people was predicted by an update chosen and "
    "fitted on the others. On its own people an update looks better than it is."
)


def updating_part(found: Validation) -> Section:
    """Tell how much the model would have to change, and what it is worth afterwards.

    Parameters
    ----------
    found : Validation
        All numbers.

    Returns
    -------
    Section
        The ladder.
    """
    if found.ladder is None:
        return Section("updating", "Updating", [f"No update was looked at: {found.ladder_reason}."])
    ladder = found.ladder
    relapse = found.people.outcome.days is not None
    rungs: list[dict[str, object]] = [
        {
            "Rung": RUNGS[rung.name],
            "Estimated": rung.parameters,
            "Hazard times" if relapse else "Intercept": number(_level(rung.intercept, relapse)),
            "Slope": number(rung.slope),
        }
        for rung in ladder.rungs
    ]
    tests: list[dict[str, object]] = [
        {
            "Tested": RUNGS[test.rung],
            "Against": RUNGS[test.against],
            "Likelihood ratio": number(test.statistic),
            "Degrees of freedom": test.degrees,
            "p": "<0.001" if test.p < 0.001 else number(test.p, 3),
        }
        for test in ladder.tests
    ]
    out = "; ".join(f"{RUNGS[name]}: {why}" for name, why in ladder.left_out.items())
    words = [f"{_CLOSED} Chosen: {RUNGS[ladder.chosen.name].lower()}."]
    words += [f"Not offered: {out}."] * bool(out)
    tables = [Table("Rungs", rungs), Table("Tests", tests)]
    if found.updated is not None:
        words.append(_AFTER)
        tables.append(_after(found))
    return Section("updating", "Updating", words, tables=tables)


def _after(found: Validation) -> Table:
    """Set the measures before and after the update side by side."""
    before, after = found.external.metrics, {} if found.updated is None else found.updated.metrics
    names = [name for name in _COMPARED if name in before or name in after]
    rows: list[dict[str, object]] = [
        {
            "Measure": Cell(*metric_words(name)),
            "As given": estimate(before.get(name), 2 if name in TWO_DIGITS else 3),
            "Updated, on people held out": estimate(
                after.get(name), 2 if name in TWO_DIGITS else 3
            ),
        }
        for name in names
    ]
    return Table("Before and after updating", rows)


def _level(intercept: float, relapse: bool) -> float:
    """Give the change of level as people read it: a factor of the hazard, or log-odds."""
    return exp(intercept) if relapse else intercept
