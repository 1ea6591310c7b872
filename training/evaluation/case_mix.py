"""Who the new people are, against those a model was made from.

A bundle holds no training row, only means, spread and share missing of its columns; bundles of the
first format hold less. What cannot be compared is said with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from predictor.model import Model
from training.metrics import MeasureUndefinedError

Floats = NDArray[np.float64]

FEWEST = 10
"""Columns that fewer people answered are not described: their mean would speak of persons."""

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class VariableShift:
    """One variable in the new people against the training cohort.

    Parameters
    ----------
    variable : str
        Id.
    smd : float or None
        Standardised mean difference, new less development, in pooled SD; of a category that level
        which differs most. None where it is not known.
    missing, missing_before : float or None
        Share without an answer; None where it is not known.
    outside : float or None
        Share of the new people whose answer lies outside the training support; None where these
        are one to nine people.
    reason : str
        Why there is no difference; empty where there is one.
    """

    variable: str
    smd: float | None
    missing: float
    missing_before: float | None
    outside: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseMix:
    """The new people against the training cohort.

    Parameters
    ----------
    variables : tuple of VariableShift
        Those the model reads, the largest difference first.
    any_outside : float or None
        Share with at least one answer outside the training support; None for one to nine people.
    margin_mean, margin_sd : float
        Of the calibrated margin in the new people.
    margin_mean_before, margin_sd_before : float
        In the training cohort.
    """

    variables: tuple[VariableShift, ...]
    any_outside: float | None
    margin_mean: float
    margin_sd: float
    margin_mean_before: float
    margin_sd_before: float

    def to_dict(self) -> dict[str, Any]:
        """Give the comparison for JSON.

        Returns
        -------
        dict
            Plain values; no patient.
        """
        return {
            "variables": [
                {name: getattr(shift, name) for name in VariableShift.__slots__}
                for shift in self.variables
            ],
            **{name: getattr(self, name) for name in CaseMix.__slots__ if name != "variables"},
        }


def describe_columns(model: Model, values: Mapping[str, Floats]) -> dict[str, list[float | None]]:
    """Describe the columns of a training cohort so that a later cohort can be held against it.

    Parameters
    ----------
    model : Model
        Whose encoding makes the columns.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the training people.

    Returns
    -------
    dict
        ``mean`` and ``sd`` of the answered values of each column (None where fewer than 10
        people answered), ``missing``: share without an answer; four digits each.
    """
    X = model.encoding.transform(values)
    answered = ~np.isnan(X)
    counted = answered.sum(axis=0)
    safe = np.where(answered, X, 0.0)
    n = np.maximum(counted, 1)
    mean = safe.sum(axis=0) / n
    spread = np.sqrt((np.where(answered, X - mean, 0.0) ** 2).sum(axis=0) / n)
    shown = counted >= FEWEST
    return {
        "mean": [_rounded(m) if s else None for m, s in zip(mean, shown, strict=True)],
        "sd": [_rounded(d) if s else None for d, s in zip(spread, shown, strict=True)],
        "missing": [_rounded(share) for share in 1 - counted / max(len(X), 1)],
    }


def compare_case_mix(
    model: Model, values: Mapping[str, Floats], development: Mapping[str, Any] | None
) -> CaseMix:
    """Hold new people against the training cohort of a model.

    Parameters
    ----------
    model : Model
        The frozen model.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the new people.
    development : mapping or None
        What `describe_columns` gave; None for a bundle that does not hold it. Linear models then
        fall back on the moments of their imputation.

    Returns
    -------
    CaseMix
        Absolute differences of 0.1 or more are usually called notable.

    References
    ----------
    Debray TPA et al. J Clin Epidemiol 2015;68:279-289 (spread and mean of the linear predictor).
    Austin PC. Stat Med 2009;28:3083-3107 (standardised differences).
    """
    now = describe_columns(model, values)
    before = _known(model) if development is None else development
    found = model.assess(values)
    owner = model.encoding.owner()
    shifts = [
        _shift(name, np.flatnonzero(owner == place), now, before, _share(outside))
        for place, (name, outside) in enumerate(
            zip(model.encoding.variables, found.outside.T, strict=True)
        )
    ]
    known = model.uncertainty
    return CaseMix(
        variables=tuple(sorted(shifts, key=lambda s: -abs(s.smd or 0.0))),
        any_outside=_share(np.asarray(found.outside.any(axis=1))),
        margin_mean=float(found.margin.mean()),
        margin_sd=float(found.margin.std()),
        margin_mean_before=float(model.calibration.apply(known.margin_mean)),
        margin_sd_before=known.margin_sd,
    )


def model_based_auc(margin: Floats) -> float:
    """Give the AUC that new people of these margins would show were the model right.

    A lower AUC than in development is then due to people being more alike, not to the model.

    Parameters
    ----------
    margin : ndarray, shape (n,)
        Calibrated log-odds; at least two different ones.

    Returns
    -------
    float
        In [0.5, 1].

    Raises
    ------
    MeasureUndefinedError
        If everybody has the same number.

    References
    ----------
    van Klaveren D et al. Stat Med 2016;35:4136-4152 (model-based concordance).
    """
    if margin.size < 2 or not np.ptp(margin) > 0:
        raise MeasureUndefinedError("model-based AUC", "everybody has the same number")
    values, at = np.unique(margin, return_inverse=True)
    risk = expit(margin)
    case = np.bincount(at, risk, minlength=values.size)
    other = np.bincount(at, 1 - risk, minlength=values.size)
    # a person is no pair with himself: his own share of the ties is taken out again
    own = float((risk * (1 - risk)).sum())
    won = float(case @ (np.cumsum(other) - other / 2)) - own / 2
    return won / (float(case.sum() * other.sum()) - own)


def _known(model: Model) -> dict[str, list[float | None]]:
    """Give what a bundle of the first format still says of its training columns."""
    n = len(model.encoding.columns)
    nothing: list[float | None] = [None] * n
    if model.imputation is None:
        return {"mean": nothing, "sd": nothing, "missing": nothing}
    mean: list[float | None] = [*model.imputation.means.tolist()]
    sd: list[float | None] = [*np.sqrt(np.diag(model.imputation.covariance)).tolist()]
    return {"mean": mean, "sd": sd, "missing": nothing}


def _shift(
    name: str,
    columns: NDArray[np.intp],
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    outside: float | None,
) -> VariableShift:
    """Compare one variable; a category by its level that differs most."""
    differences = [_smd(now, before, int(j)) for j in columns]
    known = [d for d in differences if d is not None]
    reason = ""
    if not known:
        told = any(before["mean"][j] is not None for j in columns)
        reason = (
            f"fewer than {FEWEST} new people answered, or nobody differs"
            if told
            else "the bundle does not hold the training spread"
        )
    first = int(columns[0])
    return VariableShift(
        variable=name,
        smd=max(known, key=abs) if known else None,
        missing=now["missing"][first],
        missing_before=before["missing"][first],
        outside=outside,
        reason=reason,
    )


def _share(who: NDArray[np.bool_]) -> float | None:
    """Give a share of people; one to nine of them are not shown."""
    return None if 0 < who.sum() < FEWEST else float(who.mean())


def _smd(now: Mapping[str, Any], before: Mapping[str, Any], j: int) -> float | None:
    """Give the difference of means in pooled SD; None where either is not known."""
    parts = [side[key][j] for side in (now, before) for key in ("mean", "sd")]
    if any(part is None for part in parts):
        return None
    pooled = float(np.sqrt((parts[1] ** 2 + parts[3] ** 2) / 2))
    return (parts[0] - parts[2]) / pooled if pooled > 0 else None


def _rounded(value: float) -> float:
    """Keep four significant digits."""
    return float(f"{value:.{_DIGITS}g}")
