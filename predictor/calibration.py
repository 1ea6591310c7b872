"""From a raw margin to the number shown: affine calibration, logistic link, baseline hazard.

An affine map on the margin rescales every contribution exactly; that is why nothing bendier is
used here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from predictor.errors import InvalidInputError

# exp(700) is finite in float64; a risk there is 0 or 1 to the last bit anyway.
_MARGIN_LIMIT = 700.0


def logistic(margin: ArrayLike) -> NDArray[np.float64]:
    """Turn log-odds into a probability without overflow.

    Parameters
    ----------
    margin : array_like
        Log-odds, any size; higher means more probable. NaN stays NaN.

    Returns
    -------
    ndarray
        Probabilities in [0, 1], of the same shape.

    Examples
    --------
    >>> logistic([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    margin = np.asarray(margin, dtype=np.float64)
    shrunk = np.exp(-np.abs(margin))
    return np.asarray(np.where(margin >= 0, 1.0, shrunk) / (1.0 + shrunk))


@dataclass(frozen=True, slots=True)
class Affine:
    """Calibration of a margin: intercept + slope × margin.

    Parameters
    ----------
    intercept : float
        Calibration in the large, in units of the margin.
    slope : float
        0 or more. Below 1 the raw margins were too extreme, above 1 too timid; 0 means no signal.

    Raises
    ------
    InvalidInputError
        If either is not finite or the slope is negative (it would turn the ranks around).

    Examples
    --------
    >>> Affine(0.5, 2.0).apply([1.0, -1.0]).tolist()
    [2.5, -1.5]
    """

    intercept: float
    slope: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "intercept", float(self.intercept))
        object.__setattr__(self, "slope", float(self.slope))
        if not (np.isfinite(self.intercept) and np.isfinite(self.slope) and self.slope >= 0):
            raise InvalidInputError(
                f"a calibration has intercept {self.intercept} and slope {self.slope}; both must "
                "be finite and the slope 0 or more: fit it again"
            )

    def apply(self, margin: ArrayLike) -> NDArray[np.float64]:
        """Calibrate margins.

        Parameters
        ----------
        margin : array_like
            Raw margins.

        Returns
        -------
        ndarray
            Calibrated margins of the same shape.
        """
        return np.asarray(self.intercept + self.slope * np.asarray(margin, dtype=np.float64))

    def to_arrays(self) -> dict[str, NDArray[np.float64]]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            ``intercept`` and ``slope``, both 0-d.
        """
        return {"intercept": np.array(self.intercept), "slope": np.array(self.slope)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.float64]]) -> Affine:
        """Rebuild the calibration that `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            As given by `to_arrays`.

        Returns
        -------
        Affine
            The same calibration, bit for bit.
        """
        return cls(float(arrays["intercept"]), float(arrays["slope"]))


@dataclass(frozen=True, slots=True, eq=False)
class BaselineHazard:
    """Cumulative hazard of a person of margin 0, on a one-day grid.

    Assumes proportional hazards: the margin multiplies the hazard by the same factor on every day.

    Parameters
    ----------
    cumulative : ndarray of shape (horizon + 1,)
        Cumulative hazard on days 0, 1, …, horizon (180 for the shipped outcomes); starts at 0 and
        never falls.
    last_supported_day : float
        Last day on which enough people were still followed; later values continue the last
        observed hazard and rest on nobody.

    Raises
    ------
    InvalidInputError
        If the curve does not start at 0, falls, or is not finite, or the supported day lies
        outside it.
    """

    cumulative: NDArray[np.float64]
    last_supported_day: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "cumulative", np.array(self.cumulative, dtype=np.float64))
        object.__setattr__(self, "last_supported_day", float(self.last_supported_day))
        curve = self.cumulative
        if curve.ndim != 1 or curve.size < 2 or not np.isfinite(curve).all():
            raise InvalidInputError(
                "a baseline hazard must be one vector of at least two finite numbers, one for "
                "each day from 0"
            )
        if curve[0] != 0 or (np.diff(curve) < 0).any():
            raise InvalidInputError(
                "a cumulative baseline hazard must be 0 on day 0 and must never fall; fit it again"
            )
        if not 0 <= self.last_supported_day <= self.horizon_days:
            raise InvalidInputError(
                f"the last supported day {self.last_supported_day} is not between 0 and "
                f"{self.horizon_days}"
            )

    @property
    def horizon_days(self) -> int:
        """Last day of the grid.

        Returns
        -------
        int
            Days after time zero.
        """
        return int(self.cumulative.size) - 1

    def cumulative_at(self, day: ArrayLike) -> NDArray[np.float64]:
        """Read the cumulative hazard, linear between days.

        Parameters
        ----------
        day : array_like
            Days after time zero, from 0 to the horizon; fractions are allowed.

        Returns
        -------
        ndarray
            Cumulative hazard at margin 0, of the same shape.

        Raises
        ------
        InvalidInputError
            If a day lies outside the grid.
        """
        day = np.asarray(day, dtype=np.float64)
        if not ((day >= 0) & (day <= self.horizon_days)).all():
            raise InvalidInputError(
                f"a day asked for lies outside 0 to {self.horizon_days} days after time zero; "
                "this model says nothing there"
            )
        return np.asarray(np.interp(day, np.arange(self.cumulative.size), self.cumulative))

    def risk(self, margin: ArrayLike, day: ArrayLike) -> NDArray[np.float64]:
        """Give the probability of the event by a day: 1 − exp(−H(day)·exp(margin)).

        Parameters
        ----------
        margin : array_like
            Calibrated log-hazard margins; higher is sooner. NaN stays NaN.
        day : array_like
            Days after time zero, broadcast against `margin`.

        Returns
        -------
        ndarray
            Risks in [0, 1], of the broadcast shape.
        """
        margin = np.asarray(margin, dtype=np.float64)
        ratio = np.exp(np.clip(margin, -_MARGIN_LIMIT, _MARGIN_LIMIT))
        return np.asarray(-np.expm1(-self.cumulative_at(day) * ratio))

    def curve(self, margin: ArrayLike) -> NDArray[np.float64]:
        """Give the risk on every day of the grid.

        Parameters
        ----------
        margin : array_like of shape () or (n,)
            Calibrated margins.

        Returns
        -------
        ndarray of shape (horizon + 1,) or (n, horizon + 1)
            Risk by day 0, 1, …, horizon; never falls.
        """
        margin = np.asarray(margin, dtype=np.float64)
        return self.risk(margin[..., None], np.arange(self.cumulative.size))

    def is_beyond_followup(self, day: ArrayLike) -> NDArray[np.bool_]:
        """Say where the curve is continued beyond what was followed up.

        Parameters
        ----------
        day : array_like
            Days after time zero.

        Returns
        -------
        ndarray of bool
            True after `last_supported_day`.
        """
        return np.asarray(np.asarray(day, dtype=np.float64) > self.last_supported_day)

    def to_arrays(self) -> dict[str, NDArray[np.float64]]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            ``cumulative`` and ``last_supported_day`` (0-d).
        """
        return {
            "cumulative": self.cumulative.copy(),
            "last_supported_day": np.array(self.last_supported_day),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.float64]]) -> BaselineHazard:
        """Rebuild the hazard that `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            As given by `to_arrays`.

        Returns
        -------
        BaselineHazard
            The same hazard, bit for bit.
        """
        return cls(arrays["cumulative"], float(arrays["last_supported_day"]))
