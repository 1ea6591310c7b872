"""The truth is true: predicted and drawn frequencies agree."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.simulation import SimulatedCohort
from training.simulation.truth import auc, c_index


def test_true_response_probabilities_are_calibrated(large: SimulatedCohort) -> None:
    chance = large.truth["response_probability"]
    assert_calibrated(chance.to_numpy(), large.latent["responded"].to_numpy())


@pytest.mark.parametrize("days", [30, 90, 180])
@pytest.mark.parametrize("suffix", ["", "_landmark"])
def test_true_relapse_risks_are_calibrated(large: SimulatedCohort, days: int, suffix: str) -> None:
    responded = large.latent["responded"].to_numpy()
    risk = large.truth[f"relapse_risk_{days}{suffix}"].to_numpy()[responded]
    relapsed = large.latent["relapse_days"].to_numpy()[responded] <= days
    assert_calibrated(risk, relapsed)


def assert_calibrated(chance: np.ndarray, happened: np.ndarray) -> None:
    """Mean truth and frequency agree within 4.5 standard errors in each tenth of the truth."""
    for tenth in np.array_split(np.argsort(chance, kind="stable"), 10):
        p = chance[tenth]
        se = np.sqrt((p * (1 - p)).sum()) / len(p)
        assert abs(happened[tenth].mean() - p.mean()) <= 4.5 * se + 1e-12


def test_landmark_truth_knows_more(large: SimulatedCohort) -> None:
    truth, responded = large.truth, large.latent["responded"]
    landmark = truth["relapse_risk_180_landmark"]
    assert landmark.notna().eq(responded).all()
    relapsed = large.latent["relapse_days"] <= 14
    assert (landmark[relapsed] == 1).all()
    assert (landmark[responded & ~relapsed] < 1).all()
    assert truth["relapse_risk_30"].notna().all()
    assert (truth["relapse_risk_30"] < truth["relapse_risk_90"]).all()
    assert (truth["relapse_risk_90"] < truth["relapse_risk_180"]).all()


def test_auc_and_concordance_agree_with_second_implementations() -> None:
    rng = np.random.default_rng(0)
    chance, risk, days = rng.random(200).round(1), rng.random(80), rng.exponential(size=80)
    outcome = rng.random(200) < chance
    assert auc(outcome, chance) == pytest.approx(roc_auc_score(outcome, chance), abs=1e-12)
    sooner = days[:, None] < days[None, :]
    concordant = (sooner & (risk[:, None] > risk[None, :])).sum() / sooner.sum()
    assert c_index(days, risk) == pytest.approx(concordant, abs=1e-12)
