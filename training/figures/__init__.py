"""Figures of a run: arrays in, SVG or PNG bytes out.

The only part of the project that imports matplotlib, and it does so in one file. Numbers are
computed elsewhere; here they are drawn.
"""

from training.figures.binary import calibration, decision_curve, risk_distribution, roc
from training.figures.canvas import Line
from training.figures.contributions import beeswarm, importance
from training.figures.forest import ForestRow, ForestSummary, forest
from training.figures.instability import calibration_instability, flips, prediction_instability
from training.figures.survival import relapse_calibration, relapse_curves

__all__ = [
    "ForestRow",
    "ForestSummary",
    "Line",
    "beeswarm",
    "calibration",
    "calibration_instability",
    "decision_curve",
    "flips",
    "forest",
    "importance",
    "prediction_instability",
    "relapse_calibration",
    "relapse_curves",
    "risk_distribution",
    "roc",
]
