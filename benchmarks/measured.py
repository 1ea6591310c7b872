"""What is measured of log-odds given to new people, for ours and the peers alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from worlds import Cohort

from training.metrics.binary import auroc, brier, calibration_line, ici

Floats = NDArray[np.float64]

SUREST = 30.0
"""Log-odds beyond this are probabilities that a computer cannot tell from 1."""


def losses(y: Floats, eta: Floats) -> dict[str, float]:
    """Measure people of one fold: log-loss, Brier score, AUC."""
    p = expit(eta)
    return {
        "log_loss": float((np.logaddexp(0, eta) - y * eta).mean()),
        "brier": brier(y, p),
        "auc": auroc(y, p),
    }


def calibration(y: Floats, eta: Floats) -> dict[str, float]:
    """Measure people of all folds together: slope, and mean distance to the smoothed curve.

    Where all get nearly the same number there is no slope; NaN says so.
    """
    p = expit(np.clip(eta, -SUREST, SUREST))
    if np.ptp(eta) < 1e-9:
        return {"slope": np.nan, "ici": float(abs(y.mean() - p.mean()))}
    return {"slope": calibration_line(y, p).slope, "ici": ici(y, p)}


def against_truth(people: Cohort, eta: Floats) -> dict[str, float]:
    """Measure log-odds of new people against the true ones.

    Regret and Brier score are expected over outcomes; AUC, slope and ICI are of drawn ones.
    """
    p, truth = expit(eta), expit(people.truth)
    loss = float((np.logaddexp(0, eta) - truth * eta).mean())
    return {
        "regret": loss - people.floor,
        "auc": auroc(people.happened, p),
        "brier": float(((p - truth) ** 2 + truth * (1 - truth)).mean()),
        **calibration(people.happened, eta),
    }
