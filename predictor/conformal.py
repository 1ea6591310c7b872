"""Sets of outcomes that hold what happens to a declared share of each outcome's people.

An interval speaks of a person's risk; a set speaks of the outcome itself. It is made from ranks
among training people of the same outcome alone, so it needs no model of the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVELS = (0.80, 0.90, 0.95)
"""Shares of each outcome's people whose set holds their outcome."""

OUTCOMES = ("does_not_respond", "responds")


def people_needed(level: float) -> int:
    """Say how many people of an outcome a level needs.

    Parameters
    ----------
    level : float
        In (0, 1).

    Returns
    -------
    int
        The least n with n + 1 ≥ 1 / (1 − level).

    Examples
    --------
    >>> [people_needed(level) for level in LEVELS]
    [4, 9, 19]
    """
    return int(np.ceil(1 / (1 - level) - 1e-9)) - 1


@dataclass(frozen=True, slots=True, eq=False)
class ConformalTable:
    """Up to which margin each outcome stays in the set, at each level.

    Assumes that new people are like the training people of the same outcome. An outcome is left
    out where its margin is stranger than that of all but a few people who had it.

    Parameters
    ----------
    limits : ndarray, shape (3, 2)
        Largest strangeness of each of `LEVELS` and `OUTCOMES`, in units of the calibrated margin:
        the margin itself for people who do not respond, minus the margin for those who do;
        rounded up, so that it is nobody's. Infinite where the training people were too few.

    References
    ----------
    .. [1] Vovk V. Conditional validity of inductive conformal predictors. Mach Learn
       2013;92:349-376 (sets valid for each class).
    .. [2] Sadinle M, Lei J, Wasserman L. Least ambiguous set-valued classifiers with bounded error
       levels. J Am Stat Assoc 2019;114:223-234.
    .. [3] Löfström T et al. Bias reduction through conditional conformal prediction. Intell Data
       Anal 2015;19:1355-1375.

    Examples
    --------
    >>> table = ConformalTable(np.array([[0.5, 0.2], [1.0, 0.9], [np.inf, 1.5]]))
    >>> [found["outcomes"] for found in table.sets(0.7)]
    [['responds'], ['does_not_respond', 'responds'], None]
    """

    limits: Floats

    def sets(self, margin: float) -> list[dict[str, Any]]:
        """Give one person's set of outcomes at each level.

        Parameters
        ----------
        margin : float
            Calibrated log-odds of response.

        Returns
        -------
        list of dict
            Keys ``level``, ``outcomes`` (those that cannot be ruled out; none if both can; None
            where it is refused) and ``reason`` (why it is refused, else None).
        """
        return [self._set(i, margin) for i in range(len(LEVELS))]

    def to_arrays(self) -> dict[str, Floats]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            ``limits``.
        """
        return {"limits": self.limits}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> ConformalTable:
        """Rebuild what `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            As given by `to_arrays`.

        Returns
        -------
        ConformalTable
            The same.

        Raises
        ------
        ValueError
            If there is not one number for each level and outcome.
        """
        limits = arrays["limits"]
        if limits.shape != (len(LEVELS), len(OUTCOMES)) or np.isnan(limits).any():
            raise ValueError("conformal limits must be one number for each level and outcome")
        return cls(limits)

    def _set(self, i: int, margin: float) -> dict[str, Any]:
        """Give the set at one level, or say why there is none."""
        level, limits = LEVELS[i], self.limits[i]
        if np.isinf(limits).any():
            reason = (
                f"a set at {level:.0%} needs at least {people_needed(level)} training people of "
                "each outcome; the cohort had fewer"
            )
            return {"level": level, "outcomes": None, "reason": reason}
        fits = zip(OUTCOMES, (margin, -margin), limits, strict=True)
        kept = [outcome for outcome, strangeness, limit in fits if strangeness <= limit]
        return {"level": level, "outcomes": kept, "reason": None}
