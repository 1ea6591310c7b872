"""Known answers of Riley's criteria: the documented pmsampsize case and worked cases."""

import json

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from predictor.errors import InvalidInputError
from training.samplesize import (
    SampleSize,
    cox_snell_from_auc,
    cox_snell_from_c,
    expected_shrinkage,
    max_cox_snell,
    n_for_optimism,
    n_for_overall_risk,
    n_for_shrinkage,
    required_sample,
)


@pytest.mark.parametrize(
    ("r2", "parameters", "share", "expected", "largest"),
    [
        (0.288, 24, 0.174, (623, 662, 221), 0.6032),
        (0.069, 20, 0.5, (2508, 505, 385), 0.75),
        (0.10, 10, 0.3, (850, 264, 323), 0.7053),
    ],
)
def test_published_cases_of_a_declared_r2(r2, parameters, share, expected, largest):
    assert n_for_shrinkage(r2, n_parameters=parameters) == expected[0]
    assert n_for_optimism(r2, event_share=share, n_parameters=parameters) == expected[1]
    assert n_for_overall_risk(share) == expected[2]
    assert max_cox_snell(share) == pytest.approx(largest, abs=5e-5)


@pytest.mark.parametrize(
    ("auc", "share", "n", "r2"),
    [
        (0.60, 0.5, 5689, 0.0311),
        (0.65, 0.5, 2504, 0.0691),
        (0.70, 0.5, 1388, 0.1208),
        (0.75, 0.5, 869, 0.1851),
        (0.65, 0.3, 2967, 0.0587),
        (0.70, 0.3, 1639, 0.1034),
    ],
)
def test_binary_table_by_integration(auc, share, n, r2):
    size = required_sample(
        "response", discrimination=auc, event_share=share, n_parameters=20, n_available=300
    )
    assert size.n_required == n
    assert size.cox_snell_r2 == pytest.approx(r2, abs=5e-5)


@pytest.mark.parametrize(
    ("auc", "share", "parameters", "n"),
    [
        (0.60, 0.5, 5, 1438),
        (0.65, 0.5, 40, 5044),
        (0.70, 0.5, 5, 385),
        (0.75, 0.5, 10, 437),
        (0.65, 0.3, 15, 2227),
        (0.70, 0.3, 5, 410),
    ],
)
def test_binary_table_by_simulation_within_its_tolerance(auc, share, parameters, n):
    size = required_sample(
        "response", discrimination=auc, event_share=share, n_parameters=parameters, n_available=300
    )
    assert size.n_required == pytest.approx(n, rel=0.015)


def test_each_criterion_is_reported():
    size = required_sample(
        "response", discrimination=0.65, event_share=0.5, n_parameters=20, n_available=300
    )
    assert size.by_criterion == {"shrinkage": 2504, "optimism": 505, "overall_risk": 385}
    assert size.events_required == 1252
    assert size.events_available == 150
    assert size.events_per_parameter == 7.5
    assert not size.is_enough


@pytest.mark.parametrize(
    ("c", "share", "n"),
    [
        (0.65, 0.5, 702),
        (0.60, 0.5, 1544),
        (0.70, 0.5, 407),
        (0.60, 0.35, 2208),
        (0.65, 0.35, 1005),
        (0.70, 0.35, 583),
    ],
)
def test_survival_cases(c, share, n):
    size = required_sample(
        "relapse", discrimination=c, event_share=share, n_parameters=10, n_available=n
    )
    assert size.by_criterion == {"shrinkage": n}
    assert size.is_enough
    assert size.expected_shrinkage == pytest.approx(0.9, abs=5e-4)


def test_survival_r2_of_the_worked_case():
    assert cox_snell_from_c(0.65, event_share=0.5) == pytest.approx(0.1196, abs=5e-5)
    assert cox_snell_from_c(0.65, event_share=1) == pytest.approx(0.2249, abs=5e-5)


@pytest.mark.parametrize(("auc", "share"), [(0.55, 0.05), (0.65, 0.5), (0.95, 0.9)])
def test_integration_agrees_with_adaptive_quadrature(auc, share):
    mu = np.sqrt(2) * norm.ppf(auc)

    def log_odds(x):
        return np.log(share / (1 - share)) - mu**2 / 2 + mu * x

    cases = quad(lambda x: norm.pdf(x - mu) * np.log(expit(log_odds(x))), -15, 15)[0]
    others = quad(lambda x: norm.pdf(x) * np.log(expit(-log_odds(x))), -15, 15)[0]
    null = share * np.log(share) + (1 - share) * np.log(1 - share)
    expected = 1 - np.exp(-2 * (share * cases + (1 - share) * others - null))
    assert cox_snell_from_auc(auc, event_share=share) == pytest.approx(expected, abs=1e-7)


def test_expected_shrinkage_inverts_the_first_criterion():
    # by hand: S = 0.5, R2 = 0.1, p = 10: n = 10 / (0.5 * -ln(0.8)) = 89.63
    assert expected_shrinkage(0.1, n=90, n_parameters=10) == pytest.approx(0.501, abs=1e-3)
    assert expected_shrinkage(0.1, n=10**7, n_parameters=10) > 0.999
    assert expected_shrinkage(0.1, n=1, n_parameters=1000) == pytest.approx(0.1)


def test_the_sentence_names_what_is_needed_and_what_is_there():
    size = required_sample(
        "response", discrimination=0.65, event_share=0.5, n_parameters=20, n_available=300
    )
    for words in ("AUC of 0.65", "2,504", "62.6", "300", "7.5", "±6 percentage", "too few"):
        assert words in size.sentence
    relapse = required_sample(
        "relapse", discrimination=0.65, event_share=0.5, n_parameters=10, n_available=800
    )
    assert "C of 0.65" in relapse.sentence
    assert relapse.sentence.endswith("enough.")
    assert json.loads(json.dumps(relapse.to_dict()))["n_required"] == 702


@pytest.mark.parametrize(
    "wrong",
    [
        {"discrimination": 0.5},
        {"discrimination": 1.0},
        {"event_share": 0.0},
        {"event_share": 1.0},
        {"n_parameters": 0},
        {"n_available": 0},
        {"task": "cure"},
    ],
)
def test_numbers_outside_their_range_are_refused(wrong):
    settings = {
        "task": "response",
        "discrimination": 0.65,
        "event_share": 0.5,
        "n_parameters": 10,
        "n_available": 100,
        **wrong,
    }
    with pytest.raises(InvalidInputError):
        required_sample(settings.pop("task"), **settings)


def test_expected_optimism_at_the_number_that_its_criterion_asks_is_the_one_allowed():
    # evidence, documented case: R2cs .288, 24 parameters, share .174: 662 people for 0.05
    size = SampleSize(
        "response", 0.9, 0.174, 24, 662, 0.288, {"optimism": 662},
        expected_shrinkage(0.288, n=662, n_parameters=24),
    )  # fmt: skip
    assert size.expected_shrinkage == pytest.approx(0.9052, abs=5e-4)
    assert size.expected_optimism == pytest.approx(0.05, abs=3e-4)
    assert size.expected_r2 == pytest.approx(0.288 / 0.6032, abs=1e-4)


def test_so_few_people_that_anything_fits_have_no_optimism_to_name():
    size = required_sample(
        "response", discrimination=0.65, event_share=0.5, n_parameters=60, n_available=29
    )
    assert size.expected_optimism is None
    assert size.to_dict()["expected_optimism"] is None
    assert "almost perfectly" in size.paragraphs[2]


def test_the_paragraphs_say_precision_and_worth_in_figures():
    size = required_sample(
        "response", discrimination=0.65, event_share=0.5, n_parameters=20, n_available=458
    )
    text = " ".join(size.paragraphs)
    # worked case: 458 people make the interval of the AUC 0.1 wide
    assert "an AUC of 0.65 to about ±0.05" in text
    assert "0.4 at 0.3, 2.9 at 0.4, 10.7 at 0.5, 4.3 at 0.6" in text
    assert "2,504; optimism of R² is at most 0.05: 505" in text
    assert json.loads(json.dumps(size.to_dict()))["net_benefit_gain"]["0.5"] == pytest.approx(
        0.107, abs=5e-4
    )


def test_a_time_to_event_says_what_cannot_be_told_beforehand():
    size = required_sample(
        "relapse", discrimination=0.65, event_share=0.5, n_parameters=10, n_available=300
    )
    assert size.precision is None
    assert size.net_benefit_gain == {}
    text = " ".join(size.paragraphs)
    for words in ("there is only this one", "depends on the censoring", "Snell's R²"):
        assert words in text
