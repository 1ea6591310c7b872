"""Draw people: sites, correlated complete baselines, planned treatment, then missing answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from training.simulation.effects import Feature
from training.simulation.margins import AnyMargin, Lognormal, Normal, Shares
from training.simulation.world import MISSINGNESS_DRIVERS, World

Values = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class People:
    """Complete baselines and planned treatments, before answers were deleted.

    Parameters
    ----------
    values : dict of str to ndarray of shape (n_patients,)
        Numbers as they are; yes/no as 1 and 0; texts as the index of their level in the world.
        NaN only where a question does not apply (maintenance interval without maintenance).
    sites : ndarray of shape (n_patients,)
        Index of each person's site in the world.
    """

    values: Values
    sites: np.ndarray


def draw_people(world: World, n_patients: int, rng: np.random.Generator) -> People:
    """Draw complete baselines from a Gaussian copula with latent factors.

    Parameters
    ----------
    world : World
        The population.
    n_patients : int
        How many.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    People
        Coherent values: weight follows body mass index, onset precedes age, and so on.
    """
    share = np.array([site.share for site in world.sites])
    sites = rng.choice(len(share), size=n_patients, p=share / share.sum())
    correlation = world.correlation()
    shift = np.array([[s.case_mix.get(f, 0.0) for f in world.factors] for s in world.sites])
    factors = rng.multivariate_normal(
        np.zeros(len(correlation)), correlation, n_patients, method="cholesky"
    )
    factors += shift[sites]
    values = {}
    for variable, margin in world.variables.items():
        loading = world.loading(margin)
        alone = np.sqrt(1 - loading @ correlation @ loading)
        latent = factors @ loading + alone * rng.standard_normal(n_patients)
        values[variable] = quantile(margin, latent)
    _cohere_baseline(world, values)
    _plan_treatment(world, values, rng)
    return People(values, sites)


def quantile(margin: AnyMargin, latent: np.ndarray) -> np.ndarray:
    """Turn standard normal values into values of one variable.

    Parameters
    ----------
    margin : Normal, Lognormal, Shares or YesNo
        The margin of the variable.
    latent : ndarray of shape (n_patients,)
        Standard normal values; higher gives higher values or later levels.

    Returns
    -------
    ndarray of shape (n_patients,)
        Values in the coding of `People`.
    """
    value: np.ndarray
    match margin:
        case Normal():
            value = margin.mean + margin.sd * latent
            value = np.round(np.clip(value, margin.low, margin.high), margin.digits)
        case Lognormal():
            rank = np.clip((ndtr(latent) - margin.zero) / (1 - margin.zero), 1e-12, 1 - 1e-12)
            value = margin.offset + margin.median * np.exp(margin.spread * ndtri(rank))
            value = np.round(np.clip(value, margin.low, margin.high), margin.digits)
            value = np.where(ndtr(latent) < margin.zero, margin.low, value)
        case Shares():
            index = np.searchsorted(np.cumsum(margin.shares)[:-1], ndtr(latent), side="right")
            has_texts = isinstance(margin.levels[0], str)
            value = index if has_texts else np.array(margin.levels, dtype=float)[index]
        case _:
            value = ndtr(latent) > 1 - margin.share
    return np.asarray(value, dtype=np.float64)


def feature(world: World, values: Values, what: Feature) -> np.ndarray:
    """Evaluate one feature of a linear predictor.

    Parameters
    ----------
    world : World
        Knows the levels.
    values : dict of str to ndarray
        Complete values in the coding of `People`.
    what : Feature
        The function.

    Returns
    -------
    ndarray of shape (n_patients,)
        The feature.
    """
    value = values[what.variable]
    if what.level is not None:
        return np.equal(value, code(world, what.variable, what.level)).astype(np.float64)
    if what.step is not None:
        return np.greater(value, what.step).astype(np.float64)
    centre = what.centre
    if what.cap is not None:
        value = np.minimum(value, what.cap)
    if what.log:
        value, centre = np.log1p(value), float(np.log1p(centre))
    scaled: np.ndarray = (value - centre) / what.per
    return scaled**2 - 1 if what.square else scaled


def code(world: World, variable: str, level: str) -> float:
    """Give the code of one level.

    Parameters
    ----------
    world : World
        Knows the levels.
    variable : str
        Id of a yes/no variable or of one with text levels.
    level : str
        Its text; ``yes`` or ``no`` for yes/no variables.

    Returns
    -------
    float
        The code in `People`.
    """
    margin = world.variables[variable]
    levels = margin.levels if isinstance(margin, Shares) else ("no", "yes")
    return float(tuple(str(text) for text in levels).index(level))


def answered(world: World, people: People, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw which cells are answered; depends on age, severity and site alone (MAR).

    Parameters
    ----------
    world : World
        Rates and what they depend on.
    people : People
        Complete values.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    dict of str to ndarray of bool
        For each variable of the world that can be missing: True where it is answered.
    """
    age, severity = (_standardised(world, people, variable) for variable in MISSINGNESS_DRIVERS)
    site = np.array([site.missing for site in world.sites])[people.sites]
    mask: dict[str, np.ndarray] = {}
    for group in world.missing:
        margin = logit(group.rate) + group.age * age + group.severity * severity
        chance = expit(margin + (site if group.site else 0.0))
        columns = 1 if group.together else len(group.variables)
        seen = rng.random((len(chance), columns)) >= chance[:, None]
        for j, variable in enumerate(group.variables):
            mask[variable] = seen[:, 0 if group.together else j]
    return mask


def _standardised(world: World, people: People, variable: str) -> np.ndarray:
    """Give values in standard deviations from the mean of the world, not of the sample."""
    margin = cast("Normal", world.variables[variable])  # World has checked it
    return np.asarray((people.values[variable] - margin.mean) / margin.sd, dtype=np.float64)


def _cohere_baseline(world: World, values: Values) -> None:
    """Make drawn values fit each other; `values` belongs to the caller and is filled in place."""
    female = values["sex"] == code(world, "sex", "female")
    values["height_cm"] = np.round(values["height_cm"] - 13.0 * female)
    metres = values["height_cm"] / 100
    values["weight_kg"] = np.round(values["bmi"] * metres**2, 1)
    values["bmi"] = np.round(values["weight_kg"] / metres**2, 1)
    values["diastolic_mmhg"] = np.minimum(values["diastolic_mmhg"], values["systolic_mmhg"] - 15)
    values["age_at_onset_years"] = np.minimum(values["age_at_onset_years"], values["age_years"] - 1)
    ill = 12.0 * (values["age_years"] - values["age_at_onset_years"])
    values["episode_months"] = np.round(np.minimum(values["episode_months"], ill), 1)
    brooding = values["rrs_brooding"]
    values["rrs_total"] = np.clip(values["rrs_total"], brooding + 17, brooding + 68)
    fertile = female & (values["age_years"] < 50)
    values["pregnant"] = values["pregnant"] * fertile
    values["breast_feeding"] = values["breast_feeding"] * fertile * (1 - values["pregnant"])


def _plan_treatment(world: World, values: Values, rng: np.random.Generator) -> None:
    """Fill dose, unit, infusion time and what hangs on other plans, in place."""
    n_patients = len(values["route"])
    values["planned_dose"] = np.zeros(n_patients)
    values["planned_dose_unit"] = np.zeros(n_patients)
    values["infusion_minutes"] = np.zeros(n_patients)
    for route, dose in world.doses.items():
        share = np.array(dose.shares)
        amount = rng.choice(np.array(dose.amounts), n_patients, p=share / share.sum())
        here = values["route"] == code(world, "route", route)
        values["planned_dose"][here] = amount[here]
        values["planned_dose_unit"][here] = float(dose.unit == "mg")
        values["infusion_minutes"][here] = dose.minutes
    per_kg = values["planned_dose_unit"] == 0
    values["dose_mg_per_kg"] = values["planned_dose"] / np.where(per_kg, 1, values["weight_kg"])
    intensive = values["programme"] == code(world, "programme", "intensive")
    values["doses_per_week"] = np.where(intensive, 3.0, values["doses_per_week"])
    values["integration_minutes"] *= values["integration_sessions"] > 0
    planned = values["maintenance_planned"] == 1
    values["maintenance_interval_days"] = np.where(
        planned, values["maintenance_interval_days"], np.nan
    )
