"""How much better a model ranks one group of people than another that may share people with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.intervals import PairedDifference, placements


class Ranked(NamedTuple):
    """One arm of a trial, or one period of a cross-over.

    Parameters
    ----------
    people : sequence of str
        Who each row is; nobody twice.
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,) or (n, n_repeats)
        Probabilities of the outcome, in [0, 1].
    """

    people: Sequence[str]
    y: npt.ArrayLike
    p: npt.ArrayLike


def auroc_difference_of_arms(a: Ranked, b: Ranked) -> PairedDifference:
    """Difference of a model's AUROC between two arms, with a 95 % interval over people.

    Each person's influence on either AUROC is DeLong's component, and the influences of a person
    who is in both arms are taken together: without such people the variance is the sum of DeLong's
    two, with the same people and outcomes in both it is DeLong's of a paired difference.

    Parameters
    ----------
    a, b : Ranked
        The arms.

    Returns
    -------
    PairedDifference
        AUROC in `a` minus AUROC in `b`.

    Raises
    ------
    MeasureUndefinedError
        If an outcome occurs in fewer than two people of an arm, or an arm is ranked without any
        error or all wrong, so that its variance is not known.
    InvalidInputError
        If a person stands twice in an arm.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845. Obuchowski NA. Biometrics
    1997;53:567-578 (people with several readings).
    """
    (area_a, of_a), (area_b, of_b) = _influences(a), _influences(b)
    everybody = {*of_a, *of_b}
    squares = sorted((of_a.get(one, 0.0) - of_b.get(one, 0.0)) ** 2 for one in everybody)
    se = float(np.sqrt(np.sum(squares)))  # in order: a set of texts has none that lasts
    mean, reach = area_a - area_b, float(norm.ppf(0.975)) * se
    return PairedDifference(mean, mean - reach, mean + reach, se)


def _influences(arm: Ranked) -> tuple[float, dict[str, float]]:
    """Give the AUROC of an arm and what each person moves it by."""
    if len(set(arm.people)) != len(arm.people) or len(arm.people) != np.size(arm.y):
        raise InvalidInputError("an arm needs one row for each person")
    of_cases, of_others = placements(arm.y, arm.p)
    area = float(of_cases.mean())
    if area in {0.0, 1.0}:
        raise MeasureUndefinedError(
            "AUROC difference", "an arm is ranked without exception, so no variance is known"
        )
    moved = np.empty(len(arm.people))
    case = np.asarray(arm.y, dtype=np.float64) == 1
    moved[case], moved[~case] = _scaled(of_cases - area), _scaled(of_others - area)
    return area, dict(zip(arm.people, moved.tolist(), strict=True))


def _scaled(gaps: FloatArray) -> FloatArray:
    """Scale gaps so that their squares add up to the unbiased variance of their mean."""
    return np.asarray(gaps / np.sqrt(gaps.size * (gaps.size - 1)))
