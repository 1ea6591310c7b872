"""True chances of simulated people, exact up to floating point.

Response is logistic in features of the complete baseline, the plan and the site. Given response,
the end-of-course score follows a discrete law on 0 … highest score that is still a response, so
the risk of relapse given baseline and plan alone is a finite sum over that law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import kendalltau, rankdata

from training.simulation.people import People, feature
from training.simulation.world import World

HORIZONS = (30, 90, 180)
LANDMARK_VISIT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of each person at baseline.

    Parameters
    ----------
    response_probability : ndarray of shape (n_patients,)
        Chance of response given complete baseline, plan and site.
    log_hazard : ndarray of shape (n_patients,)
        Log-hazard of relapse of complete baseline and plan, at the centre of the end-of-course
        score.
    residual : ndarray of shape (n_patients, n_scores)
        Law of the end-of-course score 0, 1, … given response and baseline severity.
    """

    response_probability: np.ndarray
    log_hazard: np.ndarray
    residual: np.ndarray

    def residual_term(self, world: World, score: np.ndarray) -> np.ndarray:
        """Give the log-hazard that the end-of-course score adds.

        Parameters
        ----------
        world : World
            Holds effect and centre.
        score : ndarray
            End-of-course scores.

        Returns
        -------
        ndarray
            Same shape; above 0 is worse.
        """
        relapse = world.relapse
        term = relapse.residual_per_5_points * (score - relapse.residual_centre) / 5
        return np.asarray(term, dtype=np.float64)


def true_chances(world: World, people: People) -> Truth:
    """Compute the true chances of people with complete baselines.

    Parameters
    ----------
    world : World
        The population.
    people : People
        Complete baselines.

    Returns
    -------
    Truth
        Exact chances.
    """
    values = people.values
    site = np.array([site.response for site in world.sites])[people.sites]
    margin = world.response.intercept + site
    for effect in world.response.effects:
        margin = margin + effect.effect * feature(world, values, effect)
    for product in world.response.interactions:
        first, second = (feature(world, values, part) for part in (product.first, product.second))
        margin = margin + product.effect * first * second
    log_hazard = np.zeros(len(site))
    for effect in world.relapse.effects:
        log_hazard = log_hazard + effect.effect * feature(world, values, effect)
    return Truth(expit(margin), log_hazard, residual_law(world, values["madrs_total"]))


def highest_response(world: World, baseline: np.ndarray) -> np.ndarray:
    """Give the highest end-of-course score that counts as a response and as well.

    Parameters
    ----------
    world : World
        Holds the relapse threshold.
    baseline : ndarray of shape (n_patients,)
        Score on day 0.

    Returns
    -------
    ndarray of shape (n_patients,)
        Half of the baseline score, rounded down, and below the relapse threshold.
    """
    highest = np.minimum(np.floor(baseline / 2), world.course.relapse_threshold - 1)
    return np.asarray(highest, dtype=np.float64)


def residual_law(world: World, baseline: np.ndarray) -> np.ndarray:
    """Give the law of a responder's end-of-course score.

    The share of the way from 0 to the highest response follows a Kumaraswamy law, cut into
    whole scores.

    Parameters
    ----------
    world : World
        Holds the two shapes.
    baseline : ndarray of shape (n_patients,)
        Score on day 0.

    Returns
    -------
    ndarray of shape (n_patients, threshold)
        Probability of each score 0, 1, … below the relapse threshold; rows sum to 1.

    References
    ----------
    Kumaraswamy 1980, J Hydrol 46:79: distribution function 1 - (1 - x^a)^b.
    """
    a, b = world.course.residual_shape
    edges = np.arange(world.course.relapse_threshold + 1) / (
        highest_response(world, baseline)[:, None] + 1
    )
    below = 1 - (1 - np.minimum(edges, 1.0) ** a) ** b
    law: np.ndarray = np.diff(below, axis=1)
    return law


def cumulative_hazard(world: World, days: float) -> float:
    """Give the baseline cumulative hazard of relapse.

    Parameters
    ----------
    world : World
        Holds shape and scale.
    days : float
        Days after the landmark.

    Returns
    -------
    float
        ``(days / scale) ** shape``.
    """
    return float((days / world.relapse.scale_days) ** world.relapse.shape)


def relapse_risk(world: World, truth: Truth, days: float) -> np.ndarray:
    """Give the latent risk of relapse given response, complete baseline and plan.

    Parameters
    ----------
    world : World
        The population.
    truth : Truth
        True chances.
    days : float
        Days after the landmark.

    Returns
    -------
    ndarray of shape (n_patients,)
        Risk averaged over the law of the end-of-course score.
    """
    scores = np.arange(truth.residual.shape[1])
    log_hazard = truth.log_hazard[:, None] + truth.residual_term(world, scores)
    well = np.exp(-cumulative_hazard(world, days) * np.exp(log_hazard))
    return np.asarray(1 - (truth.residual * well).sum(axis=1), dtype=np.float64)


def relapse_risk_landmark(
    world: World, truth: Truth, end_score: np.ndarray, next_score: np.ndarray, *, days: float
) -> np.ndarray:
    """Give the latent risk of relapse once two more scores are known.

    Whoever scores at or above the threshold 14 days after the landmark has relapsed: risk 1.
    Everybody else was well until then, and nothing more is in that score, because scores of
    well people do not depend on when they will relapse: the risk is the one of relapse between
    day 14 and `days`.

    Parameters
    ----------
    world : World
        The population.
    truth : Truth
        True chances.
    end_score, next_score : ndarray of shape (n_patients,)
        Scores at the landmark and 14 days after it.
    days : float
        Days after the landmark, 14 or more.

    Returns
    -------
    ndarray of shape (n_patients,)
        Risk; meaningful for responders only.
    """
    hazard = np.exp(truth.log_hazard + truth.residual_term(world, end_score))
    between = cumulative_hazard(world, days) - cumulative_hazard(world, LANDMARK_VISIT_DAYS)
    relapsed = next_score >= world.course.relapse_threshold
    return np.where(relapsed, 1.0, 1 - np.exp(-between * hazard))


def auc(outcome: np.ndarray, probability: np.ndarray) -> float:
    """Give the area under the ROC curve by ranks.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n_patients,)
        What was drawn.
    probability : ndarray of shape (n_patients,)
        True chance; ties count one half.

    Returns
    -------
    float
        Area in [0, 1]; NaN if all outcomes are alike.
    """
    events = int(outcome.sum())
    pairs = events * (len(outcome) - events)
    if pairs == 0:
        return float("nan")
    ranks = rankdata(probability)[outcome].sum() - events * (events + 1) / 2
    return float(ranks / pairs)


def c_index(days: np.ndarray, risk: np.ndarray) -> float:
    """Give the concordance of risks with uncensored latent times.

    Parameters
    ----------
    days : ndarray of shape (n_people,)
        Latent relapse times, no two alike.
    risk : ndarray of shape (n_people,)
        True risk; higher means sooner.

    Returns
    -------
    float
        Concordance in [0, 1]; NaN for fewer than two people.

    References
    ----------
    Without censoring and ties C = (1 + Kendall's tau) / 2.
    """
    if len(days) < 2:
        return float("nan")
    return float((1 - kendalltau(days, risk).statistic) / 2)
