"""Where a model comes from and what it answers; stands on every score."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import pairwise
from types import NoneType
from typing import Any

_NAMED = {
    "data_origin": ("real", "simulated"),
    "stamp": ("exploratory", "internally_validated", "externally_validated"),
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a model comes from and what it may be used for; stands on every score.

    Parameters
    ----------
    data_origin : str
        ``real`` or ``simulated``.
    stamp : str
        ``exploratory``, ``internally_validated`` or ``externally_validated``.
    reason : str
        What is missing, in words; empty if nothing is.
    better_than_average : bool
        Whether it beat the null model by a paired 95 % interval.
    outcome : str
        Definition of the outcome in one sentence.
    given : str
        Condition under which a relapse is predicted; empty for response.
    time_zero : str
        Day from which the prediction counts.
    planned_course : str
        What course of treatment the training patients had planned, in words.
    horizon_days : int
        How many days the prediction looks ahead.
    cohort_average : float
        Share with the outcome in training (relapse: by the horizon, Kaplan–Meier), in [0, 1].
    cohort_patients, cohort_events : int
        Patients analysed and outcomes among them.
    chosen : str
        Name of the learner.
    package_version : str
        Version that wrote the bundle.
    expires : str
        ISO date after which no number is given; empty for never.
    decision_threshold : float or None
        Risk from which one would act (relapse: at the horizon), declared before training, in
        (0, 1); None in bundles that were written before it was kept.
    question : dict of str to str
        What the prediction answers, part by part and in order: who, from when, which event, how
        far ahead, what each intercurrent event counts as. Empty in bundles written before.
    check_in_steps : tuple of float
        Relapse: cumulative risks at which a person is to be seen, rising, in (0, 1); declared
        before training.
    alert_step : float or None
        Relapse at a follow-up landmark: risk over the next 14 days from which a score warns, in
        (0, 1), declared before training.
    landmark : str
        Name of the landmark whose answers the model reads; empty for a baseline model.
    """

    data_origin: str
    stamp: str
    reason: str
    better_than_average: bool
    outcome: str
    given: str
    time_zero: str
    planned_course: str
    horizon_days: int
    cohort_average: float
    cohort_patients: int
    cohort_events: int
    chosen: str
    package_version: str
    expires: str = ""
    decision_threshold: float | None = None
    question: Mapping[str, str] = field(default_factory=dict)
    check_in_steps: tuple[float, ...] = ()
    landmark: str = ""
    alert_step: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the provenance as plain values for JSON.

        Returns
        -------
        dict
            Every field by name.
        """
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return plain | {
            "question": dict(self.question),
            "check_in_steps": list(self.check_in_steps),
        }


def provenance_of(manifest: Mapping[str, Any]) -> Provenance:
    """Take the provenance out of a manifest.

    Parameters
    ----------
    manifest : mapping
        Plain values, the question as pairs; other keys are left alone.

    Returns
    -------
    Provenance
        As it was written; what an older bundle did not hold keeps its default.

    Raises
    ------
    TypeError, ValueError
        If a value is not of its kind, or not one of those accepted.
    LookupError
        If one that every bundle holds is missing.
    """
    kinds: dict[str, type | tuple[type, ...]] = {
        "str": str,
        "bool": bool,
        "int": int,
        "float": (int, float),
        "float | None": (int, float, NoneType),
        "Mapping[str, str]": list,
        "tuple[float, ...]": list,
    }
    entries = [entry for entry in fields(Provenance) if entry.name in manifest]
    for entry in entries:
        value = manifest[entry.name]
        is_bool = isinstance(value, bool)
        if not isinstance(value, kinds[str(entry.type)]) or is_bool != (entry.type == "bool"):
            raise TypeError(f"{entry.name} is not of type {entry.type}")
    for name, accepted in _NAMED.items():
        if manifest[name] not in accepted:
            raise ValueError(f"{name} is none of {', '.join(accepted)}")
    if manifest["expires"]:
        dt.date.fromisoformat(manifest["expires"])
    for name in ("decision_threshold", "alert_step"):
        declared = manifest.get(name)
        if declared is not None and not 0 < declared < 1:
            raise ValueError(f"{name} is no number inside (0, 1)")
    question, steps = manifest.get("question", []), manifest.get("check_in_steps", [])
    if not all(
        isinstance(part, list) and len(part) == 2 and all(isinstance(text, str) for text in part)
        for part in question
    ):
        raise TypeError("question holds what is no pair of texts")
    if not all(isinstance(step, float) and 0 < step < 1 for step in steps) or any(
        low >= high for low, high in pairwise(steps)
    ):
        raise ValueError("check_in_steps are no rising numbers inside (0, 1)")
    read = {entry.name: manifest[entry.name] for entry in entries}
    return Provenance(**read | {"question": dict(question), "check_in_steps": tuple(steps)})
