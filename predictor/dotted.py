"""Arrays of several parts in one table, each under the name of its part and a dot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def under(part: str, arrays: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Put arrays under the name of a part.

    Parameters
    ----------
    part : str
        Such as ``learner``.
    arrays : mapping of str to ndarray
        Of that part.

    Returns
    -------
    dict of str to ndarray
        Such as ``learner.coefficients``; `part_of` takes them out again.

    Examples
    --------
    >>> list(under("learner", {"weight": np.array(0.5)}))
    ['learner.weight']
    """
    return {f"{part}.{name}": np.asarray(array) for name, array in arrays.items()}


def part_of(arrays: Mapping[str, NDArray[np.generic]], part: str) -> dict[str, NDArray[np.float64]]:
    """Take out the arrays of one part.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Of all parts, under dotted names.
    part : str
        Such as ``learner``.

    Returns
    -------
    dict of str to ndarray
        Without the name of the part; empty where there are none.

    Examples
    --------
    >>> sorted(part_of({"trees.base": np.zeros(()), "linear.means": np.zeros(2)}, "trees"))
    ['base']
    """
    start = f"{part}."
    return {
        name.removeprefix(start): array  # type: ignore[misc]  # whose kind the reader checks
        for name, array in arrays.items()
        if name.startswith(start)
    }
