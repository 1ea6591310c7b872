"""Correlations of columns with missing answers, shrunk until they can be inverted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Smallest eigenvalue of the fitted correlation matrix: bounds how far any missing value can be
# extrapolated from the answered ones, and keeps the inverse exact to about 1e-12.
_EIGENVALUE_FLOOR = 0.01


def unit_diagonal(covariance: FloatArray, scale: FloatArray) -> FloatArray:
    """Turn a covariance into a correlation; a column of variance 0 stands alone.

    Parameters
    ----------
    covariance : ndarray of shape (p, p)
        Covariance of columns.
    scale : ndarray of shape (p,)
        Their standard deviations; 0 for a constant column.

    Returns
    -------
    ndarray of shape (p, p)
        Correlations, 1 on the diagonal.
    """
    outer = scale[:, None] * scale[None, :]
    correlation = np.divide(covariance, outer, out=np.zeros_like(covariance), where=outer > 0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def shrunken_correlation(Z: FloatArray) -> tuple[FloatArray, float]:
    """Give the shrunken pairwise correlation of standardised columns, and the shrinkage.

    Parameters
    ----------
    Z : ndarray of shape (n, p)
        Columns of mean 0 and variance 1 over their answers, NaN where missing.

    Returns
    -------
    correlation : ndarray of shape (p, p)
        As `shrink` leaves it.
    shrinkage : float
        λ = Σ Var(r_ij) / Σ r_ij² over i ≠ j, at most 1.

    References
    ----------
    Schäfer & Strimmer (2005), Stat Appl Genet Mol Biol 4:32.
    """
    correlation, variance = pairwise_correlation(Z)
    off_diagonal = ~np.eye(Z.shape[1], dtype=bool)
    signal = float((correlation[off_diagonal] ** 2).sum())
    noise = float(variance[off_diagonal].sum())
    shrinkage = min(1.0, noise / signal) if signal > 0 else 1.0
    return shrink(correlation, shrinkage), shrinkage


def pairwise_correlation(Z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the correlation of each two columns over those who answered both, and its variance.

    Parameters
    ----------
    Z : ndarray of shape (n, p)
        Columns of mean 0 and variance 1 over their answers, NaN where missing.

    Returns
    -------
    correlation : ndarray of shape (p, p)
        In [-1, 1]; 1 on the diagonal, 0 where fewer than 3 answered both.
    variance : ndarray of shape (p, p)
        n/(n−1)³ · Σ (w − w̄)² with w the products of n pairs; 0 where the correlation is not known.

    References
    ----------
    Schäfer & Strimmer (2005), Stat Appl Genet Mol Biol 4:32.
    """
    answered = ~np.isnan(Z)
    values = np.where(answered, Z, 0.0)
    pairs = answered.astype(np.float64).T @ answered
    known = (pairs >= 3) & ~np.eye(Z.shape[1], dtype=bool)
    n = np.where(known, pairs, 3.0)
    products = values.T @ values / n
    squares = (values**2).T @ (values**2) / n
    variance = n**2 / (n - 1) ** 3 * np.maximum(squares - products**2, 0.0)
    correlation = np.where(known, np.clip(products, -1.0, 1.0), 0.0)
    np.fill_diagonal(correlation, 1.0)
    return correlation, np.where(known, variance, 0.0)


def shrink(covariance: FloatArray, shrinkage: float) -> FloatArray:
    """Shrink correlations toward 0, far enough that the smallest eigenvalue is at the floor.

    Parameters
    ----------
    covariance : ndarray of shape (p, p)
        Covariance of columns.
    shrinkage : float
        Share taken off every correlation, in [0, 1].

    Returns
    -------
    ndarray of shape (p, p)
        Covariance with the same variances; its correlations have no eigenvalue below 0.01.
    """
    scale = np.sqrt(np.diag(covariance))
    correlation = unit_diagonal(covariance, scale)
    shrunken = (1 - shrinkage) * correlation
    np.fill_diagonal(shrunken, 1.0)
    smallest = float(np.linalg.eigvalsh(shrunken)[0]) if shrunken.size else 1.0
    if smallest < _EIGENVALUE_FLOOR:
        shrunken *= (1 - _EIGENVALUE_FLOOR) / (1 - smallest)
        np.fill_diagonal(shrunken, 1.0)
    return np.asarray(shrunken * scale[:, None] * scale[None, :])
