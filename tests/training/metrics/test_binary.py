"""Binary measures against scikit-learn, statsmodels and numbers worked by hand."""

import numpy as np
import pytest
import sklearn.metrics as sk
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics import binary as b


def people(n=400, seed=0, ties=False):
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-0.3, 1.2, n))
    if ties:
        p = np.round(p, 1).clip(0.05, 0.95)
    return (rng.random(n) < expit(0.2 + 0.8 * logit(p))).astype(float), p


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("n", [12, 400, 20_000])
def test_measures_agree_with_scikit_learn(n, ties):
    y, p = people(n, seed=n, ties=ties)
    assert b.auroc(y, p) == pytest.approx(sk.roc_auc_score(y, p), abs=1e-12)
    assert b.auprc(y, p) == pytest.approx(sk.average_precision_score(y, p), abs=1e-12)
    assert b.log_loss(y, p) == pytest.approx(sk.log_loss(y, p), abs=1e-12)
    assert b.brier(y, p) == pytest.approx(sk.brier_score_loss(y, p), abs=1e-12)


def test_small_example_by_hand():
    y, p = [1, 0, 1, 0], [0.9, 0.6, 0.6, 0.1]
    # pairs: .9>.6, .9>.1, .6=.6 (half), .6>.1
    assert b.auroc(y, p) == 3.5 / 4
    # at .9: recall 1/2, precision 1; at .6: recall 1, precision 2/3
    assert b.auprc(y, p) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert b.brier(y, p) == pytest.approx((0.01 + 0.36 + 0.16 + 0.01) / 4)
    assert b.log_losses(y, p) == pytest.approx(-np.log([0.9, 0.4, 0.6, 0.9]))
    # treated at 0.5: two of four rightly, one wrongly, odds 1
    assert b.net_benefit(y, p, threshold=0.5) == pytest.approx(2 / 4 - 1 / 4)
    # the threshold itself is treated
    assert b.net_benefit(y, p, threshold=0.6) == pytest.approx(2 / 4 - 1.5 / 4)
    assert b.treat_all(y, threshold=0.2) == pytest.approx(0.5 - 0.25 * 0.5)


def test_plain_floats_come_back():
    y, p = people()
    line = b.calibration_line(y, p)
    values = [b.auroc(y, p), b.auprc(y, p), b.brier(y, p), b.ici(y, p), *line]
    values += [b.log_loss(y, p), b.net_benefit(y, p, threshold=0.3), b.treat_all(y, threshold=0.3)]
    assert all(type(value) is float for value in values)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_order_of_people_does_not_matter_and_auroc_sees_ranks_only(seed):
    y, p = people(60, seed=seed, ties=True)
    if y.min() == y.max():
        return
    order = np.random.default_rng(seed).permutation(60)
    for measure in (b.auroc, b.auprc, b.log_loss, b.brier, b.ici):
        assert measure(y[order], p[order]) == pytest.approx(measure(y, p), abs=1e-7)
    assert b.auroc(y, p**3) == b.auroc(y, p)
    assert b.auroc(1 - y, p) == pytest.approx(1 - b.auroc(y, p))


@pytest.mark.parametrize("seed", range(5))
def test_calibration_line_agrees_with_statsmodels(seed):
    y, p = people(150, seed=seed)
    binomial = sm.families.Binomial()
    large = sm.GLM(y, np.ones((150, 1)), family=binomial, offset=logit(p)).fit(tol=1e-12)
    joint = sm.GLM(y, sm.add_constant(logit(p)), family=binomial).fit(tol=1e-12)
    line = b.calibration_line(y, p)
    assert line.intercept == pytest.approx(large.params[0], abs=1e-7)
    assert line.slope == pytest.approx(joint.params[1], abs=1e-7)


def test_calibration_line_finds_the_distortion_put_in():
    rng = np.random.default_rng(5)
    truth = rng.normal(0, 1, 200_000)
    y = (rng.random(200_000) < expit(truth)).astype(float)
    perfect = b.calibration_line(y, expit(truth))
    assert perfect == pytest.approx((0, 1), abs=0.02)
    assert b.calibration_line(y, expit(2 * truth)).slope == pytest.approx(0.5, abs=0.01)
    assert b.calibration_line(y, expit(truth + 0.7)).intercept == pytest.approx(-0.7, abs=0.02)


def test_ici_agrees_with_a_spline_written_another_way():
    y, p = people(500, seed=3)
    x = logit(p)
    k = np.quantile(x, [0.05, 0.35, 0.65, 0.95])
    cut = np.maximum

    def natural(j):  # truncated-power form of Hastie et al., eq. 5.5
        return (cut(x - k[j], 0) ** 3 - cut(x - k[3], 0) ** 3) / (k[3] - k[j])

    design = np.column_stack([np.ones(500), x, natural(0) - natural(2), natural(1) - natural(2)])
    fit = sm.GLM(y, design, family=sm.families.Binomial()).fit(tol=1e-13)
    assert b.ici(y, p) == pytest.approx(np.abs(fit.fittedvalues - p).mean(), abs=1e-7)


def test_errors_are_the_quantiles_of_the_distance_that_was_put_in():
    rng = np.random.default_rng(7)
    truth = rng.uniform(0.2, 0.8, 200_000)
    y = (rng.random(200_000) < truth).astype(float)
    # distance grows evenly from 0 to 0.2
    found = b.calibration_errors(y, truth - (truth - 0.2) / 3)
    assert found == pytest.approx((0.1, 0.1, 0.18, 0.2), abs=0.012)
    assert found.ici == b.ici(y, truth - (truth - 0.2) / 3)


def test_errors_are_counted_where_predictions_have_two_values():
    # 0.4 against 1/4 in four people, 0.6 against 3/5 in five
    y, p = [1, 0, 0, 0, 1, 1, 1, 0, 0], [0.4] * 4 + [0.6] * 5
    found = b.calibration_errors(y, p)
    assert found == pytest.approx((0.15 * 4 / 9, 0, 0.15, 0.15), abs=1e-9)


def test_scaled_brier_by_hand():
    # Brier 0.135, of the prevalence 0.25
    y, p = [1, 0, 1, 0], [0.9, 0.6, 0.6, 0.1]
    assert b.scaled_brier(y, p) == pytest.approx(1 - 0.135 / 0.25)
    assert b.scaled_brier(y, [0.5] * 4) == 0
    assert b.scaled_brier(y, [1 - x for x in p]) < 0


def test_ici_is_the_distance_that_was_put_in():
    rng = np.random.default_rng(6)
    truth = rng.uniform(0.2, 0.8, 200_000)
    y = (rng.random(200_000) < truth).astype(float)
    assert b.ici(y, truth) < 0.005
    assert b.ici(y, truth - 0.1) == pytest.approx(0.1, abs=0.005)


def test_ici_of_one_or_two_distinct_predictions_is_counted():
    y = [1, 0, 0, 0, 1, 1, 1, 0]
    assert b.ici(y, [0.4] * 8) == pytest.approx(0.1, abs=1e-9)
    assert b.ici(y, [0.4] * 4 + [0.6] * 4) == pytest.approx(0.15, abs=1e-9)


def test_ici_settles_where_the_predictions_separate_the_outcomes():
    p = np.linspace(0.1, 0.9, 40)
    assert b.ici((p > 0.5).astype(float), p) == pytest.approx(np.minimum(p, 1 - p).mean(), abs=1e-3)


def test_curve_is_the_one_behind_ici_and_stays_in_range():
    y, p = people(300, seed=8)
    curve = b.calibration_curve(y, p, n_points=50)
    assert curve.predicted[[0, -1]] == pytest.approx([p.min(), p.max()])
    assert np.all((curve.observed > 0) & (curve.observed < 1))
    flat = b.calibration_curve([0, 1, 1, 1], [0.5] * 4, n_points=3)
    assert flat.observed == pytest.approx([0.75] * 3)


def test_groups_are_counted_by_hand():
    y, p = [0, 0, 1, 1, 0, 1], [0.1, 0.2, 0.3, 0.6, 0.7, 0.8]
    groups = b.calibration_groups(y, p, n_groups=2)
    assert groups.size is not None
    assert list(groups.size) == [3, 3]
    assert groups.predicted == pytest.approx([0.2, 0.7])
    assert groups.observed == pytest.approx([1 / 3, 2 / 3])
    tied = b.calibration_groups(y, [0.5] * 6)
    assert list(tied.predicted) == [0.5]
    with pytest.raises(InvalidInputError, match="groups"):
        b.calibration_groups(y, p, n_groups=0)


def test_net_benefit_of_treating_all_is_that_of_probabilities_above_the_threshold():
    y, p = people()
    assert b.net_benefit(y, 0.5 + p / 2, threshold=0.3) == pytest.approx(
        b.treat_all(y, threshold=0.3)
    )
    assert b.net_benefit(y, p / 10, threshold=0.3) == 0


@pytest.mark.parametrize("measure", [b.auroc, b.auprc, b.calibration_line, b.ici, b.scaled_brier])
@pytest.mark.parametrize(("value", "words"), [(0, "none of the 3"), (1, "all of the 3")])
def test_one_outcome_only_is_undefined_with_its_reason(measure, value, words):
    with pytest.raises(MeasureUndefinedError, match=words) as caught:
        measure([value] * 3, [0.1, 0.5, 0.7])
    assert caught.value.measure
    assert caught.value.reason in str(caught.value)


def test_losses_are_defined_where_everybody_has_one_outcome():
    assert b.brier([0, 0], [0.1, 0.3]) == pytest.approx(0.05)
    assert b.log_loss([1, 1], [0.5, 0.5]) == pytest.approx(np.log(2))
    assert b.log_loss([0, 1], [0.0, 1.0]) == 0


@pytest.mark.parametrize(
    ("measure", "y", "p", "words"),
    [
        (b.log_loss, [0, 1], [0.5, 0.0], "1 people had an outcome predicted to be impossible"),
        (b.calibration_line, [0, 1, 0], [0.5, 0.5, 0.5], "the same probability"),
        (b.calibration_line, [0, 0, 1], [0.1, 0.2, 0.3], "separate"),
        (b.calibration_line, [1, 1, 0], [0.1, 0.2, 0.3], "separate"),
        (b.calibration_line, [0, 1, 0], [0.5, 1.0, 0.2], "exactly 0 or 1"),
        (b.ici, [0, 1, 0], [0.5, 0.4, 0.0], "exactly 0 or 1"),
    ],
)
def test_a_measure_without_a_value_says_why(measure, y, p, words):
    with pytest.raises(MeasureUndefinedError, match=words):
        measure(y, p)


@pytest.mark.parametrize(
    ("y", "p"),
    [
        ([0, 1], [0.5]),
        ([], []),
        ([[0, 1]], [[0.5, 0.5]]),
        ([0, 2], [0.5, 0.5]),
        ([0, np.nan], [0.5, 0.5]),
        ([0, 1], [0.5, 1.1]),
        ([0, 1], [0.5, np.nan]),
    ],
)
@pytest.mark.parametrize("measure", [b.auroc, b.brier, b.ici])
def test_faulty_input_is_refused(measure, y, p):
    with pytest.raises(InvalidInputError):
        measure(y, p)


@pytest.mark.parametrize("threshold", [0, 1, -0.2])
def test_thresholds_lie_inside_zero_and_one(threshold):
    with pytest.raises(InvalidInputError, match="threshold"):
        b.net_benefit([0, 1], [0.5, 0.5], threshold=threshold)
