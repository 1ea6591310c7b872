"""Draw courses: response, scores at every visit, latent relapse, events, drop-out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from training.simulation.people import People
from training.simulation.truth import Truth, highest_response
from training.simulation.world import World

HIGHEST_SCORE = 60


@dataclass(frozen=True, slots=True)
class Courses:
    """What happens to people, seen or not.

    Parameters
    ----------
    responded : ndarray of bool, shape (n_patients,)
        Response at the end of the acute course.
    relapse_days : ndarray of shape (n_patients,)
        Latent relapse in days after the landmark; NaN without response.
    scores : ndarray of shape (n_patients, n_visits)
        Score at each visit of the world, whole numbers from 0 to 60.
    seen : ndarray of bool, shape (n_patients, n_visits)
        Visits that took place.
    leaves_day : ndarray of shape (n_patients,)
        Day from the first dose of leaving for good; infinite for those who stay.
    hospitalised_day, retreated_day : ndarray of shape (n_patients,)
        Days from the first dose; NaN where it does not happen.
    withdrew : ndarray of bool, shape (n_patients,)
        Whether a person who leaves says so.
    last_day : int
        Day of the last visit planned; nothing is known after it.
    """

    responded: np.ndarray
    relapse_days: np.ndarray
    scores: np.ndarray
    seen: np.ndarray
    leaves_day: np.ndarray
    hospitalised_day: np.ndarray
    retreated_day: np.ndarray
    withdrew: np.ndarray
    last_day: int


def draw_courses(
    world: World, people: People, truth: Truth, *, rng: np.random.Generator
) -> Courses:
    """Draw what happens after baseline.

    Parameters
    ----------
    world : World
        The population.
    people : People
        Complete baselines.
    truth : Truth
        Their true chances.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Courses
        Complete scores and which of them are seen.
    """
    baseline = people.values["madrs_total"]
    n_patients = len(baseline)
    responded = rng.random(n_patients) < truth.response_probability
    end = _end_scores(world, baseline, responded, truth.residual, rng=rng)
    log_hazard = truth.log_hazard + truth.residual_term(world, end)
    waiting = rng.exponential(size=n_patients) / np.exp(log_hazard)
    latent = world.relapse.scale_days * waiting ** (1 / world.relapse.shape)
    relapse_days = np.where(responded, latent, np.nan)
    retreated_day = _retreated(world, relapse_days, rng)
    admitted = rng.random(n_patients) < world.relapse.hospitalised
    delay = rng.uniform(0, 10, n_patients)
    hospitalised_day = np.where(
        admitted, world.course.landmark_day + np.ceil(relapse_days + delay), np.nan
    )
    acute = _acute_scores(world, baseline, end, rng)
    later = _later_scores(world, acute, relapse_days, retreated_day, rng=rng)
    scores = np.concatenate([acute, later], axis=1)
    seen, leaves_day = _seen(world, scores, rng)
    withdrew = rng.random(n_patients) < world.drop_out.withdrew
    return Courses(
        responded=responded,
        relapse_days=relapse_days,
        scores=scores,
        seen=seen,
        leaves_day=leaves_day,
        hospitalised_day=hospitalised_day,
        retreated_day=retreated_day,
        withdrew=withdrew,
        last_day=world.course.days[-1],
    )


def _end_scores(
    world: World,
    baseline: np.ndarray,
    responded: np.ndarray,
    residual: np.ndarray,
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw end-of-course scores that reproduce the drawn response exactly."""
    among_responders = (rng.random(len(baseline))[:, None] > np.cumsum(residual, axis=1)).sum(1)
    highest = highest_response(world, baseline)
    lowest_failure = np.floor(baseline / 2) + 1
    change = np.abs(rng.normal(0, 0.28, len(baseline)))
    failure = np.round(baseline * np.maximum(0.98 - change, 0.0))
    failure = np.clip(failure, lowest_failure, HIGHEST_SCORE)
    return np.where(responded, np.minimum(among_responders, highest), failure)


def _retreated(world: World, relapse_days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the day of retreatment from the first dose; NaN without."""
    relapse = world.relapse
    wait = relapse.retreat_after_days + rng.exponential(
        relapse.retreat_wait_days, len(relapse_days)
    )
    treated = rng.random(len(relapse_days)) < relapse.retreated
    return np.where(treated, world.course.landmark_day + np.ceil(relapse_days + wait), np.nan)


def _acute_scores(
    world: World, baseline: np.ndarray, end: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw the way from baseline to the end of the course; both ends are exact."""
    progress = np.array(world.course.acute_progress)
    way = baseline[:, None] + (end - baseline)[:, None] * progress
    noise = rng.normal(0, world.course.noise, way.shape) * ((progress > 0) & (progress < 1))
    return np.asarray(np.round(np.clip(way + noise, 0, HIGHEST_SCORE)), dtype=np.float64)


def _later_scores(
    world: World,
    acute: np.ndarray,
    relapse_days: np.ndarray,
    retreated_day: np.ndarray,
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw scores after the landmark: below the threshold until relapse, then at or above it."""
    course = world.course
    days = np.array(course.followup_days, dtype=float)
    shape = (len(acute), len(days))
    threshold = course.relapse_threshold
    noise = rng.normal(0, course.noise, shape)
    around_end = acute[:, -1:] + noise
    well = np.minimum(around_end, threshold - 1)
    level = np.maximum(0.85 * acute[:, :1], threshold + 1)
    ill = np.maximum(level + noise, threshold)
    again_well = rng.random(len(acute)) < world.relapse.retreated_responding
    retreated = np.where(again_well[:, None], threshold - 8 + noise, level + noise)
    has_relapsed = course.landmark_day + relapse_days[:, None] <= days
    has_been_retreated = retreated_day[:, None] <= days
    scores = np.where(has_relapsed, np.where(has_been_retreated, retreated, ill), well)
    scores = np.where(np.isnan(relapse_days)[:, None], around_end, scores)
    return np.round(np.clip(scores, 0, HIGHEST_SCORE))


def _seen(
    world: World, scores: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw which visits take place; leaving depends on the last score seen (MAR)."""
    rules = world.drop_out
    n_patients, n_visits = scores.shape
    chance, missed = rng.random(scores.shape), rng.random(scores.shape)
    seen = np.zeros(scores.shape, dtype=bool)
    seen[:, 0] = True
    last = scores[:, 0].copy()
    leaves_day = np.full(n_patients, np.inf)
    for visit in range(1, n_visits):
        if rules.leaves > 0:
            hazard = expit(logit(rules.leaves) + rules.per_10_points * (last - 20) / 10)
            leaving = np.isinf(leaves_day) & (chance[:, visit] < hazard)
            leaves_day[leaving] = world.course.days[visit]
        seen[:, visit] = np.isinf(leaves_day) & (missed[:, visit] >= rules.visit_missed)
        last = np.where(seen[:, visit], scores[:, visit], last)
    return seen, leaves_day
