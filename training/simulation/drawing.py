"""One simulated cohort: patients, visits, events and the truth, as frames and as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from training.simulation import truth as true
from training.simulation.course import Courses, draw_courses
from training.simulation.margins import AnyMargin, Lognormal, Normal, Shares, YesNo
from training.simulation.people import People, Values, answered, draw_people
from training.simulation.world import DERIVED, World

UNITS = ("mg/kg", "mg")
NOT_TYPED = ("dose_mg_per_kg",)


@dataclass(frozen=True, slots=True)
class SimulatedCohort:
    """A cohort whose truth is known.

    Parameters
    ----------
    patients : DataFrame
        ``patient_id``, ``site`` and one column for each variable, answers deleted.
    visits : DataFrame
        ``patient_id``, ``day``, ``instrument``, ``score`` of the visits that took place.
    events : DataFrame
        ``patient_id``, ``day``, ``event``.
    truth : DataFrame
        True chances of each person (see `simulate`).
    complete : DataFrame
        `patients` before answers were deleted; never written.
    latent : DataFrame
        ``patient_id``, ``responded`` and ``relapse_days`` after the landmark (NaN without
        response) as drawn; never written.
    oracle : dict of str to float
        ``auc`` of the true response probability, ``c_index`` of the true 180-day risk against
        the latent relapse time of responders.
    rates : dict of str to float
        ``response`` as drawn, ``relapse_90`` latent among responders.
    world_name, world_sha256 : str
        Where the people come from.
    """

    patients: pd.DataFrame
    visits: pd.DataFrame
    events: pd.DataFrame
    truth: pd.DataFrame
    complete: pd.DataFrame
    latent: pd.DataFrame
    oracle: dict[str, float]
    rates: dict[str, float]
    world_name: str
    world_sha256: str


def simulate(
    world: World, *, n_patients: int, rng: np.random.Generator, dictionary: Dictionary | None = None
) -> SimulatedCohort:
    """Draw a cohort from the fixed world.

    The truth has ``response_probability`` (given complete baseline, plan and site),
    ``relapse_risk_30``, ``_90``, ``_180`` (latent risk so many days after the landmark given
    response, complete baseline and plan, averaged over the end-of-course score) and the same
    with ``_landmark`` (given also the end-of-course score and the score 14 days later; empty
    for those who did not respond).

    Parameters
    ----------
    world : World
        The population.
    n_patients : int
        How many people, at least 1.
    rng : numpy.random.Generator
        Draws people only.
    dictionary : Dictionary, optional
        Columns it does not let into a file are left out; levels must be its own.

    Returns
    -------
    SimulatedCohort
        Frames and the oracle's figures.

    Raises
    ------
    InvalidInputError
        If `n_patients` is below 1 or a level is not in the dictionary.
    """
    if n_patients < 1:
        raise InvalidInputError("patients: a cohort needs at least 1; give a whole number above 0")
    people = draw_people(world, n_patients, rng)
    truth = true.true_chances(world, people)
    courses = draw_courses(world, people, truth, rng=rng)
    mask = answered(world, people, rng)
    ids = np.array([f"sim-{number:06d}" for number in range(1, n_patients + 1)], dtype=object)
    complete = _patients(world, people, ids, {})
    patients = _patients(world, people, ids, mask)
    if dictionary is not None:
        columns = _columns(world, dictionary)
        complete, patients = complete[columns], patients[columns]
    responders = courses.responded
    risk = true.relapse_risk(world, truth, 180)[responders]
    days = courses.relapse_days[responders]
    return SimulatedCohort(
        patients=patients,
        visits=_visits(world, ids, courses),
        events=_events(ids, courses),
        truth=_truth(world, ids, truth, courses),
        complete=complete,
        latent=pd.DataFrame(
            {"patient_id": ids, "responded": responders, "relapse_days": courses.relapse_days}
        ),
        oracle={
            "auc": true.auc(responders, truth.response_probability),
            "c_index": true.c_index(days, risk),
        },
        rates={
            "response": float(responders.mean()),
            "relapse_90": float((days <= 90).mean()) if len(days) else float("nan"),
        },
        world_name=world.name,
        world_sha256=world.sha256(),
    )


def write_cohort(
    cohort: SimulatedCohort, folder: Path, *, seed: int | None = None
) -> dict[str, Path]:
    """Write a cohort as files that say they are simulated.

    Parameters
    ----------
    cohort : SimulatedCohort
        What `simulate` gave.
    folder : Path
        Made if absent; files of the same names are overwritten.
    seed : int, optional
        Written beside the data.

    Returns
    -------
    dict of str to Path
        ``patients``, ``visits``, ``events``, ``truth``, ``origin``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = {
        "patients": cohort.patients,
        "visits": cohort.visits,
        "events": cohort.events,
        "truth": cohort.truth,
    }
    written = {}
    for name, frame in frames.items():
        written[name] = folder / f"{name}.csv"
        frame.to_csv(written[name], index=False, float_format="%.10g", lineterminator="\n")
    origin = {
        "data_origin": "simulated",
        "note": "No row is a real person.",
        "world": cohort.world_name,
        "world_sha256": cohort.world_sha256,
        "seed": seed,
        "patients": len(cohort.patients),
        "oracle": _plain(cohort.oracle),
        "rates": _plain(cohort.rates),
    }
    written["origin"] = folder / "origin.json"
    written["origin"].write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
    return written


def _plain(figures: dict[str, float]) -> dict[str, float | None]:
    """Give figures as JSON knows them: None where too few people leave them undefined."""
    return {name: value if np.isfinite(value) else None for name, value in figures.items()}


def _patients(
    world: World, people: People, ids: np.ndarray, mask: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Give values as they stand in a file; unanswered cells empty."""
    values = people.values
    columns: dict[str, object] = {
        "patient_id": ids,
        "site": np.array([site.name for site in world.sites], dtype=object)[people.sites],
    }
    for variable in values:
        if variable not in NOT_TYPED:
            seen = _answered(variable, values, mask)
            columns[variable] = _column(world, variable, values[variable], seen)
    return pd.DataFrame(columns)


def _answered(variable: str, values: Values, mask: dict[str, np.ndarray]) -> np.ndarray:
    """Say which cells are answered; a derived body mass index needs both of its parts."""
    seen = ~np.isnan(values[variable])
    parts = ("weight_kg", "height_cm") if variable == "bmi" else (variable,)
    for part in parts:
        if part in mask:
            seen = seen & mask[part]
    return seen


def _column(world: World, variable: str, value: np.ndarray, seen: np.ndarray) -> object:
    """Give one column: whole numbers, numbers, or texts; empty where not seen."""
    margin = world.variables.get(variable)
    texts: tuple[str, ...] | None = None
    if variable == "planned_dose_unit":
        texts = UNITS
    elif isinstance(margin, YesNo):
        texts = ("no", "yes")
    elif isinstance(margin, Shares) and isinstance(margin.levels[0], str):
        texts = tuple(str(level) for level in margin.levels)
    if texts is not None:
        text = np.array([*texts, None], dtype=object)
        return text[np.where(seen, value, len(texts)).astype(int)]
    number = np.where(seen, value, np.nan)
    return pd.Series(number).astype("Int64") if _is_whole(margin) else number


def _is_whole(margin: AnyMargin | None) -> bool:
    """Whether a variable takes whole numbers only."""
    if isinstance(margin, Shares):
        return all(float(level) % 1 == 0 for level in margin.levels)
    return isinstance(margin, Normal | Lognormal) and margin.digits == 0


def _visits(world: World, ids: np.ndarray, courses: Courses) -> pd.DataFrame:
    """Give the visits that took place, person by person."""
    person, visit = np.nonzero(courses.seen)
    return pd.DataFrame(
        {
            "patient_id": ids[person],
            "day": np.array(world.course.days, dtype=float)[visit],
            "instrument": "madrs",
            "score": courses.scores[person, visit],
        }
    )


def _events(ids: np.ndarray, courses: Courses) -> pd.DataFrame:
    """Give what happened until a person left, person by person."""
    last_day = float(courses.last_day)
    withdrawn = np.where(courses.withdrew, courses.leaves_day, np.inf)
    kinds = {
        "hospitalised": courses.hospitalised_day,
        "retreated": courses.retreated_day,
        "withdrew": withdrawn,
    }
    parts = []
    for kind, day in kinds.items():
        happened = (day <= last_day) & (day <= courses.leaves_day)
        parts.append(
            pd.DataFrame({"patient_id": ids[happened], "day": day[happened], "event": kind})
        )
    events = pd.concat(parts, ignore_index=True)
    return events.sort_values(["patient_id", "day", "event"], ignore_index=True)


def _truth(world: World, ids: np.ndarray, truth: true.Truth, courses: Courses) -> pd.DataFrame:
    """Give the true chances of each person."""
    columns: dict[str, object] = {
        "patient_id": ids,
        "response_probability": truth.response_probability,
    }
    for days in true.HORIZONS:
        columns[f"relapse_risk_{days}"] = true.relapse_risk(world, truth, days)
    visits = list(world.course.days)
    landmark = world.course.landmark_day
    end = courses.scores[:, visits.index(landmark)]
    later = courses.scores[:, visits.index(landmark + true.LANDMARK_VISIT_DAYS)]
    for days in true.HORIZONS:
        risk = true.relapse_risk_landmark(world, truth, end, later, days=days)
        columns[f"relapse_risk_{days}_landmark"] = np.where(courses.responded, risk, np.nan)
    return pd.DataFrame(columns)


def _columns(world: World, dictionary: Dictionary) -> list[str]:
    """Give the columns that the dictionary lets into a file; refuse foreign levels."""
    simulated = [*world.variables, *DERIVED]
    for variable in simulated:
        margin = world.variables.get(variable)
        levels = margin.levels if isinstance(margin, Shares) else ()
        known = dictionary[variable].levels if variable in dictionary else ()
        foreign = [str(x) for x in levels if known and isinstance(x, str) and x not in known]
        if foreign:
            raise InvalidInputError(
                f"simulated world, {variable}: {', '.join(foreign)} is no level of the data "
                f"dictionary; accepted are {', '.join(known)}; correct the world file"
            )
    typed = [v.id for v in dictionary.variables if v.typed and v.id in set(simulated)]
    return ["patient_id", "site", *typed]
