"""How predicted risks are spread over people, as smooth as a few dozen of them allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.metrics import FloatArray, MeasureUndefinedError

LEAST_BANDWIDTH = 0.01
"""Risks closer than this are not told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Predicted risks of one group of people.

    Parameters
    ----------
    risk, density : ndarray of shape (n_points,)
        Smooth density over [0, 1]; its area is 1.
    quartiles : tuple of float
        Lower quartile, median, upper quartile.
    """

    risk: FloatArray
    density: FloatArray
    quartiles: tuple[float, float, float]


def spread_of(
    risk: npt.ArrayLike, *, weight: npt.ArrayLike | None = None, n_points: int = 201
) -> Spread:
    """Smooth predicted risks by a normal kernel that is reflected at 0 and 1.

    The bandwidth is Silverman's, 0.9 min(SD, IQR / 1.34) n**-0.2, with Kish's effective n where
    people are weighted.

    Parameters
    ----------
    risk : array-like of shape (n,)
        Predicted risks, in [0, 1].
    weight : array-like of shape (n,) or None
        How many people each stands for, at least 0.
    n_points : int
        Points over [0, 1].

    Returns
    -------
    Spread
        Density and quartiles.

    Raises
    ------
    MeasureUndefinedError
        If nobody has weight.

    References
    ----------
    Silverman BW. Density Estimation for Statistics and Data Analysis. Chapman & Hall 1986,
    sections 2.10 and 3.4.
    """
    x = np.asarray(risk, dtype=np.float64)
    w = np.ones(x.size) if weight is None else np.asarray(weight, dtype=np.float64)
    x, w = x[w > 0], w[w > 0]
    if x.size == 0:
        raise MeasureUndefinedError("spread of risks", "nobody is in the group")
    w = w / w.sum()
    order = np.argsort(x, kind="stable")
    middle = np.cumsum(w[order]) - w[order] / 2
    low, half, high = (float(q) for q in np.interp([0.25, 0.5, 0.75], middle, x[order]))
    sd = float(np.sqrt(w @ (x - w @ x) ** 2))
    narrow = min(sd, (high - low) / 1.34) or sd
    bandwidth = max(LEAST_BANDWIDTH, 0.9 * narrow * float(1 / (w @ w)) ** -0.2)
    at = np.linspace(0, 1, n_points)
    reflected = np.concatenate([x, -x, 2 - x])
    kernel = np.exp(-0.5 * ((at[:, None] - reflected) / bandwidth) ** 2)
    density = kernel @ np.tile(w, 3) / (bandwidth * np.sqrt(2 * np.pi))
    return Spread(at, density, (low, half, high))
