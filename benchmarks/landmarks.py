"""What an update 14 days after a course adds to ranking relapse, beside what the truth allows.

Run ``python benchmarks/landmarks.py`` (20 cohorts of 600, about three minutes of one core). Each
cohort is drawn from the simulated world; the baseline model and the one of the landmark
``followup14`` (the model of the end of the course, carried on) are fitted to it and asked of
responders among 4,000 new people who were rated at days 28 and 42. Ranked is latent relapse by day
90 after the course. Whoever scores at or above the threshold of relapse on day 42 has relapsed, for
the models as for the truth; the others have their risk from day 42 to day 118. The truth knows
complete baselines, the models what was answered; both gain by what is seen on day 42, and what
counts is whether the gains agree: gain of the model less gain of the truth, mean over cohorts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predictor.dictionary import Landmark
from predictor.model import Model
from training.analysis import select
from training.cohort import Cohort, read_cohort
from training.config import (
    RunConfig,
    read_dictionary,
    read_landmarks,
    read_outcomes,
    read_run_config,
    read_world,
)
from training.evaluation import Analysis, carrier, carry_to_everybody, fit_to_everybody
from training.landmarking import cohort_at, scores_read
from training.learners import learner_named
from training.simulation import SimulatedCohort, simulate, write_cohort
from training.simulation.truth import auc

Floats = NDArray[np.float64]

PATIENTS, NEW, HORIZON, PASSED = 600, 4000, 90, 14
NAMED = ("course_end", "followup14")
FIRST_SEED, FIRST_NEW = 1000, 5000
"""Seeds of the first cohort and of its new people; every further cohort has the next ones."""

DICTIONARY, LANDMARKS, WORLD = read_dictionary(), read_landmarks(), read_world()
DEFINITION = read_outcomes()["relapse_madrs"]
THRESHOLD = WORLD.course.relapse_threshold


def draw(n: int, seed: int) -> tuple[SimulatedCohort, Cohort]:
    """Draw people and read them back from files, as a run does."""
    drawn = simulate(WORLD, n_patients=n, rng=np.random.default_rng(seed), dictionary=DICTIONARY)
    with tempfile.TemporaryDirectory() as folder:
        files = write_cohort(drawn, Path(folder))
        cohort = read_cohort(
            files["patients"],
            files["visits"],
            events_path=files["events"],
            dictionary=DICTIONARY,
            definition=DEFINITION,
        )
    return drawn, cohort


def marks(names: Sequence[str]) -> list[Landmark]:
    """Find landmarks by name."""
    return [one for one in LANDMARKS.landmarks if one.name in names]


def analysed(config: RunConfig, cohort: Cohort, names: Sequence[str] = ()) -> Analysis:
    """Take those at risk at the last of some landmarks, and what is known of them."""
    baseline = tuple(v.id for v in select(config, cohort).variables)
    if not names:
        return select(config, cohort)
    there = cohort_at(cohort, marks(names), LANDMARKS)
    read = (*baseline, *scores_read(DEFINITION, there.dictionary))
    return select(config.model_copy(update={"variables": read}), there)


def models(config: RunConfig, cohort: Cohort, name: str, seed: int) -> tuple[Model, Model]:
    """Fit the baseline model and that of the landmark."""
    start, end, later = (analysed(config, cohort, NAMED[:k]) for k in range(3))
    learner, wanted = start.candidate(name), config.resampling.inner_folds
    fits = np.random.default_rng(seed).spawn(2)
    own = fit_to_everybody(start, learner, wanted=wanted, n_refits=2, rng=fits[0])
    carried = carry_to_everybody(
        end, {"later": later}, carrier(end.candidate(name)), wanted=wanted, rng=fits[1]
    )["later"]
    if isinstance(carried, str):
        raise ValueError(carried)
    return own, carried


def one_cohort(config: RunConfig, name: str, number: int) -> dict[str, float]:
    """Fit to one cohort, and rank new people by models and truth."""
    cohort = draw(PATIENTS, FIRST_SEED + number)[1]
    own, update = models(config, cohort, name, number)
    drawn, new = draw(NEW, FIRST_NEW + number)
    values = cohort_at(new, marks(NAMED), LANDMARKS).rows.values
    order = pd.Index([str(who) for who in new.rows.patient_ids])
    truth = drawn.truth.set_index("patient_id").loc[order]
    latent = drawn.latent.set_index("patient_id").loc[order]
    rated = ~np.isnan(values["madrs_course_end"]) & ~np.isnan(values["madrs_followup14"])
    who = latent["responded"].to_numpy(dtype=bool) & rated
    relapsed = latent["relapse_days"].to_numpy()[who] <= HORIZON
    there = {variable: answers[who] for variable, answers in values.items()}
    ill = there["madrs_followup14"] >= THRESHOLD
    ahead = np.array([float(HORIZON - PASSED)])

    def risk(model: Model, days: Floats) -> Floats:
        if model.baseline is None:
            raise ValueError("a model of relapse has a hazard")
        return model.baseline.risk(model.assess(there).margin[:, None], days)[:, 0]

    ranked = {
        "truth": truth[f"relapse_risk_{HORIZON}"].to_numpy()[who],
        "truth_updated": truth[f"relapse_risk_{HORIZON}_landmark"].to_numpy()[who],
        "model": risk(own, np.array([float(HORIZON)])),
        "model_updated": np.where(ill, 1.0, risk(update, ahead)),
    }
    found = {key: auc(relapsed, numbers) for key, numbers in ranked.items()}
    well = {f"{key}, still well": auc(relapsed[~ill], x[~ill]) for key, x in ranked.items()}
    return {"cohort": number, "people": int(who.sum()), **found, **well}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare gains over cohorts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cohorts", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--learner", default="averaged_cox")
    given = parser.parse_args(arguments)
    learner_named(given.learner, "relapse")
    config = read_run_config("configs/relapse.yaml")
    lines = []
    for number in range(given.first, given.first + given.cohorts):
        lines.append(one_cohort(config, given.learner, number))
        print({k: round(x, 3) for k, x in lines[-1].items()}, file=sys.stderr)
    table = pd.DataFrame(lines)
    table["gain of the truth"] = table["truth_updated"] - table["truth"]
    table["gain of the model"] = table["model_updated"] - table["model"]
    table["difference"] = table["gain of the model"] - table["gain of the truth"]
    shown = table.drop(columns=["cohort", "people"])
    summary = pd.DataFrame({"mean": shown.mean(), "se": shown.std() / len(shown) ** 0.5})
    print(summary.round(4).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
