"""Spread of risks against scipy's kernel, areas and quantiles by hand."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from training.metrics import MeasureUndefinedError
from training.metrics.distribution import spread_of


def test_away_from_the_borders_it_is_the_kernel_estimate_of_scipy():
    x = np.random.default_rng(0).normal(0.5, 0.05, 80)
    sd, iqr = x.std(), np.subtract(*np.quantile(x, [0.75, 0.25])) / 1.34
    found = spread_of(x)
    width = 0.9 * min(sd, iqr) * 80**-0.2
    theirs = gaussian_kde(x, bw_method=width / x.std(ddof=1))(found.risk)
    # their quartiles are interpolated a little otherwise
    np.testing.assert_allclose(found.density, theirs, atol=0.02 * theirs.max())


def test_the_area_is_one_also_at_the_borders_and_with_weights():
    rng = np.random.default_rng(1)
    for x in (rng.random(50) ** 3, 1 - rng.random(50) ** 3, np.full(50, 0.3)):
        for weight in (None, rng.random(50)):
            found = spread_of(x, weight=weight, n_points=2001)
            assert np.trapezoid(found.density, found.risk) == pytest.approx(1, abs=2e-3)


def test_a_weight_stands_for_as_many_people():
    x = np.array([0.2, 0.4, 0.6, 0.8])
    weighted = spread_of(x, weight=[1, 3, 1, 1])
    assert weighted.quartiles[1] < spread_of(x).quartiles[1] == pytest.approx(0.5)
    assert spread_of(x, weight=[1, 0, 1, 1]).quartiles == spread_of(x[[0, 2, 3]]).quartiles


def test_nobody_has_no_spread():
    with pytest.raises(MeasureUndefinedError, match="nobody"):
        spread_of([0.5], weight=[0])
