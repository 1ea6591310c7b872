"""From the total of one scale to that of another, never without the error of doing so.

Lines of equal scores are published for groups of people; one person may lie far from them. Each
conversion therefore comes with its standard error, and a pair without a source is not converted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError

Floats = NDArray[np.float64]

CERTAINTIES = ("seen", "recalled", "derived")
"""How sure a source is: read, quoted from memory, or worked out from what was read."""

_KEYS = {"scales", "points", "error", "source", "certainty"}
_ERROR_KEYS = {"correlation", "spread", "shift"}


@dataclass(frozen=True, slots=True, eq=False)
class Crosswalk:
    """Totals of one scale as those of another.

    Assumes that people are like those of the source up to `standard_error`. The line is one of
    equal scores (equal percentiles or equal severity), not of mean scores, so that it is its own
    inverse and does not draw everybody to the mean of a cohort that is not this person's.

    Parameters
    ----------
    given, wanted : str
        Scales, such as ``phq9`` and ``madrs``.
    points : ndarray, shape (n_points, 2)
        Totals of `given` and `wanted` that are called equal, rising.
    standard_error : float
        Of one person's converted total, in points of `wanted`; above 0.
    source : str
        Where both come from.
    certainty : str
        One of `CERTAINTIES`.

    Examples
    --------
    >>> points = np.array([[0.0, 0.0], [10.0, 20.0]])
    >>> Crosswalk("phq9", "madrs", points, 8.0, "", "seen").convert(np.array([4.0]))
    array([8.])
    """

    given: str
    wanted: str
    points: Floats
    standard_error: float
    source: str
    certainty: str

    def convert(self, totals: Floats) -> Floats:
        """Give the totals of the other scale.

        Parameters
        ----------
        totals : ndarray, shape (n,)
            Totals of `given`; NaN where missing.

        Returns
        -------
        ndarray, shape (n,)
            Totals of `wanted`, not rounded; straight lines between the points, their ends beyond
            them. NaN where missing.
        """
        return np.asarray(np.interp(totals, self.points[:, 0], self.points[:, 1]))


def crosswalks_of(entries: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Crosswalk]:
    """Read the crosswalks of a bundle, each both ways.

    The standard error of one person's converted total is √(2 (1 − r) s² + d²), with r the
    correlation of the two scales, s the standard deviation of the wanted one and d how far the
    line may lie off in other people: 2 (1 − r) s² is the variance about a line of equal
    scores [1]_.

    Parameters
    ----------
    entries : iterable of mapping
        As in ``configs/crosswalks.yaml``: keys ``scales``, ``points``, ``error``, ``source``,
        ``certainty``.

    Returns
    -------
    dict of pair of str to Crosswalk
        By the scale that is given and the one that is wanted.

    Raises
    ------
    InvalidInputError
        If a key is unknown or missing, points do not rise, or an error is none.

    References
    ----------
    .. [1] Kolen MJ, Brennan RL. Test Equating, Scaling, and Linking. 3rd ed. Springer 2014. With
       y* = m + s (x − m_x) / s_x, var(y − y*) = 2 (1 − r) s².
    """
    found: dict[tuple[str, str], Crosswalk] = {}
    for entry in entries:
        for crosswalk in _both_ways(entry):
            found[crosswalk.given, crosswalk.wanted] = crosswalk
    return found


def _both_ways(entry: Mapping[str, Any]) -> tuple[Crosswalk, Crosswalk]:
    """Check one entry and read it from either side."""
    scales = entry.get("scales")
    where = f"crosswalks, {' and '.join(map(str, scales)) if scales else 'an entry without scales'}"
    wrong = set(entry) ^ _KEYS
    if wrong:
        raise InvalidInputError(
            f"{where}: {min(wrong)} is unknown or missing; the keys are {', '.join(sorted(_KEYS))}"
        )
    if not isinstance(scales, list | tuple) or len(set(scales)) != 2:
        raise InvalidInputError(f"{where}: scales must name two scales")
    if entry["certainty"] not in CERTAINTIES:
        raise InvalidInputError(f"{where}: certainty must be one of {', '.join(CERTAINTIES)}")
    points = _points(entry["points"], where)
    given, wanted = scales
    errors = {scale: _standard_error(entry["error"], scale, where) for scale in scales}
    rest = (str(entry["source"]), str(entry["certainty"]))
    there = Crosswalk(given, wanted, points, errors[wanted], *rest)
    return there, Crosswalk(wanted, given, points[:, ::-1], errors[given], *rest)


def _points(points: Any, where: str) -> Floats:
    """Check that points rise on both scales, so that a line can be read either way."""
    rising = len(points) > 1 and all(
        len(low) == len(high) == 2 and low[0] < high[0] and low[1] < high[1]
        for low, high in pairwise(points)
    )
    if not rising:
        raise InvalidInputError(f"{where}: points must be pairs of totals that rise on both scales")
    return np.array(points, dtype=np.float64)


def _standard_error(error: Mapping[str, Any], scale: str, where: str) -> float:
    """Work out the standard error of one person's converted total."""
    if set(error) != _ERROR_KEYS or scale not in error["spread"] or scale not in error["shift"]:
        raise InvalidInputError(
            f"{where}: error needs correlation, and spread and shift of both scales"
        )
    correlation, spread, shift = error["correlation"], error["spread"][scale], error["shift"][scale]
    if not 0 <= correlation < 1 or spread <= 0 or shift < 0:
        raise InvalidInputError(
            f"{where}: accepted are a correlation from 0 to below 1, a spread above 0 and a shift "
            "of at least 0"
        )
    return math.sqrt(2 * (1 - correlation) * spread**2 + shift**2)
