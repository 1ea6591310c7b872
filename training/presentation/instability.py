"""How stable a person's number is, as the report tells it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training import figures
from training.evaluation import Instability
from training.figures import Line
from training.findings import Findings
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError
from training.metrics.calibration import calibration_curve
from training.metrics.horizon import calibration_curve_at
from training.model_report import Chart, Section

Floats = NDArray[np.float64]

SMALLEST_GROUP = 10
"""People in each point of a drawing, at least."""

GROUPS = 30
CURVES = 40


def section(findings: Findings) -> Section | None:
    """Show how far the numbers of the same people move between models.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where the procedure was not repeated.
    """
    found = findings.instability
    if found is None:
        return None
    return Section(
        "instability",
        "How stable a person’s number is",
        [_asked(found), _moved(found)],
        _charts(found, findings.analysis.outcome),
    )


def _asked(found: Instability) -> str:
    """Say which models were asked for what."""
    what = "response" if found.day is None else f"relapse by day {found.day}"
    return (
        "Had other people come to the cohort, another model would stand here. "
        f"{found.models.shape[1]} models of resampled people (the whole procedure repeated in "
        f"each) were asked for the risk of {what} of the same people."
    )


def _moved(found: Instability) -> str:
    """Say how far their answers lie from the kept model's."""
    ninth = 100 * np.quantile(found.absolute_error, 0.9)
    often = 100 * np.mean(found.flips > 0.2)
    return (
        f"On average a model lies {100 * found.mape:.0f} percentage points from the kept one (for "
        f"one person in ten {ninth:.0f} or more). At the declared threshold of "
        f"{found.threshold:g}, {100 * found.flipped:.0f} in 100 decisions would be the other way "
        f"round; for {often:.0f} in 100 people more than one model in five decides otherwise."
    )


def _charts(found: Instability, outcome: Outcome) -> list[Chart]:
    """Draw predictions, decisions and calibration over models."""
    n = max(1, min(GROUPS, found.original.size // SMALLEST_GROUP))
    groups = np.array_split(np.argsort(found.original, kind="stable"), n)
    middle = np.array([found.original[group].mean() for group in groups])
    spread = [np.quantile(found.models[g], [0.025, 0.25, 0.5, 0.75, 0.975]) for g in groups]
    flipped = np.array([found.flips[group].mean() for group in groups])
    charts = [
        Chart(
            "Predictions of the same people by other models",
            figures.prediction_instability(middle, np.array(spread).T),
            "Bands in which half and 95 % of the risks by models of resampled people lie, over "
            "the risk by the kept model; narrow bands along the diagonal would be stable.",
            f"Each point is a group of at least {min(SMALLEST_GROUP, found.original.size)} people.",
        ),
        Chart(
            "Decisions that would be the other way round",
            figures.flips(middle, flipped, threshold=found.threshold),
            "Share of models that put a person on the other side of the threshold, over the risk "
            "by the kept model.",
        ),
    ]
    kept = _curve(found.original, found.day, outcome)
    others = [_curve(risk, found.day, outcome) for risk in found.models.T[:CURVES]]
    drawn = [line for line in others if line is not None]
    if kept is not None and drawn:
        charts.append(
            Chart(
                "Calibration of other models in the same people",
                figures.calibration_instability(drawn, kept),
                "Flexible calibration curves of models of resampled people, in the original "
                "people, with that of the kept model.",
                f"{len(drawn)} of {found.models.shape[1]} models; all of them saw some of these "
                "people, so this shows how far they differ, not how well they are calibrated.",
            )
        )
    return charts


def _curve(risk: Floats, day: int | None, outcome: Outcome) -> Line | None:
    """Smooth observed over predicted risk; None where there is nothing to smooth."""
    try:
        if day is None or outcome.days is None:
            curve = calibration_curve(outcome.events, risk)
        else:
            curve = calibration_curve_at(outcome.days, outcome.events, risk, t=float(day))
    except MeasureUndefinedError:
        return None
    return Line(curve.predicted, curve.observed)
