"""Both models together: the probability that a person responds and is still well on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.curve import Curve
from predictor.errors import InvalidInputError
from predictor.joint_interval import joint_interval
from predictor.provenance import Provenance
from predictor.score import SHOWN_DAYS, Score
from predictor.uncertainty import LEVEL

Floats = NDArray[np.float64]
Interval = tuple[float, float, float]

ASSUMPTIONS = (
    "The relapse model holds for this person, should the person respond.",
    "The errors of the two models are independent of each other.",
    "Both models read the same answers from before the first dose; nothing later changes them.",
)
"""What a joint probability rests on beyond its two models."""

_STAMPS = ("exploratory", "internally_validated", "externally_validated")


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Probability to respond and to be without relapse, by day from the end of the acute course.

    Parameters
    ----------
    response : tuple of float
        Probability of response with its 90 % interval.
    relapse : Curve
        Risk of relapse by day, given response.
    well, lo, hi : ndarray, shape (n_days,)
        On days 0, 1, … to the horizon, with the 90 % interval of each day; in [0, 1], never
        rising; higher is better.
    """

    response: Interval
    relapse: Curve
    well: Floats
    lo: Floats
    hi: Floats

    @property
    def shown_days(self) -> tuple[int, ...]:
        """Days that are printed: the end of the course, the usual ones, the horizon."""
        last = self.well.size - 1
        return tuple(sorted({0, last, *(day for day in SHOWN_DAYS if day < last)}))

    def at(self, day: int) -> Interval:
        """Read the probability of one day.

        Parameters
        ----------
        day : int
            From the end of the acute course, 0 to the horizon.

        Returns
        -------
        value, lo, hi : float
            Probability to respond and to be without relapse on that day, with its interval.

        Raises
        ------
        ValueError
            If the day lies outside.
        """
        if not 0 <= day < self.well.size:
            raise ValueError(f"day {day} is outside 0 to {self.well.size - 1}")
        return float(self.well[day]), float(self.lo[day]), float(self.hi[day])

    def to_dict(self) -> dict[str, Any]:
        """Give the numbers for JSON.

        Returns
        -------
        dict
            Keys ``response``, ``relapse_at``, ``well_at`` (value, lo, hi, at the printed days)
            and ``curve`` (days, well, lo, hi, last_supported_day).
        """
        lines: dict[str, Any] = {
            name: getattr(self, name).tolist() for name in ("well", "lo", "hi")
        }
        lines["last_supported_day"] = self.relapse.last_supported_day
        return {
            "response": _named(self.response),
            "relapse_at": {str(d): _named(self.relapse.risk_at(d)) for d in self.shown_days},
            "well_at": {str(d): _named(self.at(d)) for d in self.shown_days},
            "curve": {"days": list(range(self.well.size))} | lines,
        }


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one person may expect of treatment and of the time after it.

    Parameters
    ----------
    row : int
        Number of the row, from 1.
    patient_id : str or None
        As given.
    joint : Joint or None
        The numbers; None where either model gives none.
    refusals : tuple of dict
        models, code, message, variable: why there are none; empty if there are.
    safety : tuple of dict
        Findings of the rules of either bundle, as in a score, each once.
    not_asked : tuple of str
        Labels of the unanswered safety questions of either bundle.
    cautions : tuple of dict
        models, code, variable, message.
    sources : mapping of str to Provenance
        Of the models ``response`` and ``relapse``.
    """

    row: int
    patient_id: str | None
    joint: Joint | None
    refusals: tuple[dict[str, Any], ...]
    safety: tuple[dict[str, Any], ...]
    not_asked: tuple[str, ...]
    cautions: tuple[dict[str, Any], ...]
    sources: Mapping[str, Provenance]

    @property
    def status(self) -> str:
        """``scored`` or ``refused``."""
        return "refused" if self.joint is None else "scored"

    @property
    def data_origin(self) -> str:
        """``simulated`` if either model is made from simulated people, else ``real``."""
        origins = {source.data_origin for source in self.sources.values()}
        return "simulated" if "simulated" in origins else "real"

    @property
    def stamp(self) -> str:
        """The lesser stamp of the two models."""
        return min((source.stamp for source in self.sources.values()), key=_STAMPS.index)

    def to_dict(self) -> dict[str, Any]:
        """Give the outlook as plain values for JSON.

        Returns
        -------
        dict
            The same keys whether scored or refused.
        """
        empty: dict[str, Any] = dict.fromkeys(("response", "relapse_at", "well_at", "curve"))
        return {
            "row": self.row,
            "patient_id": self.patient_id,
            "status": self.status,
            "refusals": [dict(refusal) for refusal in self.refusals],
            "level": LEVEL,
            **(empty if self.joint is None else self.joint.to_dict()),
            "data_origin": self.data_origin,
            "stamp": self.stamp,
            "safety": [dict(finding) for finding in self.safety],
            "not_asked": list(self.not_asked),
            "cautions": [dict(caution) for caution in self.cautions],
            "assumptions": list(ASSUMPTIONS),
            "provenance": {name: source.to_dict() for name, source in self.sources.items()},
        }


def outlook(response: Score, relapse: Score, *, cautions: Sequence[str] = ()) -> Outlook:
    """Join what a response model and a relapse model say of one person before the first dose.

    The probability of a day is that of responding times that of not having relapsed by then. Its
    interval joins the two errors as independent; no end of it lies above that of a factor.

    Parameters
    ----------
    response, relapse : Score
        Of the same row, by a response model and by a relapse model at baseline.
    cautions : sequence of str
        What `predictor.pair.check_pair` says of the two bundles.

    Returns
    -------
    Outlook
        Without numbers where either score is refused.

    Raises
    ------
    InvalidInputError
        If the scores are of other tasks, of different rows, or of a landmark.
    """
    _check(response, relapse)
    pair = {"response": response, "relapse": relapse}
    refused = ((name, r.to_dict()) for name, score in pair.items() for r in score.refusals)
    of_pair = (
        {"models": [*pair], "code": "pair", "variable": None, "message": m} for m in cautions
    )
    cautious = ((name, caution) for name, score in pair.items() for caution in score.cautions)
    found = Outlook(
        row=response.row,
        patient_id=response.patient_id,
        joint=None,
        refusals=tuple(_by_model(refused)),
        safety=tuple(_once([*response.safety, *relapse.safety])),
        not_asked=tuple(dict.fromkeys([*response.not_asked, *relapse.not_asked])),
        cautions=(*of_pair, *_by_model(cautious)),
        sources={name: score.provenance for name, score in pair.items()},
    )
    return found if found.refusals else replace(found, joint=_joint(response, relapse))


def _check(response: Score, relapse: Score) -> None:
    """Refuse scores that are no pair."""
    if (response.task, relapse.task) != ("response", "relapse"):
        raise InvalidInputError(
            f"an outlook joins a score of response and one of relapse, in this order; given were "
            f"{response.task} and {relapse.task}"
        )
    if (response.row, response.patient_id) != (relapse.row, relapse.patient_id):
        raise InvalidInputError(
            f"rows {response.row} and {relapse.row} are not of the same person; score the same "
            "candidates with both bundles"
        )
    if response.provenance.landmark or relapse.provenance.landmark:
        raise InvalidInputError(
            "an outlook looks ahead from before the first dose, and a score at a landmark does "
            "not; score at baseline"
        )


def _joint(response: Score, relapse: Score) -> Joint:
    """Multiply the factors and join their errors."""
    chance, curve = response.at_horizon(), relapse.curve
    if response.margin is None or response.margin_sd is None or curve is None:
        raise ValueError(f"row {response.row} lacks a margin or a curve; look at its status")
    kept = curve.days <= min(relapse.provenance.horizon_days, SHOWN_DAYS[-1])
    stays, stays_lo, stays_hi = (1.0 - line[kept] for line in (curve.relapse, curve.hi, curve.lo))
    with np.errstate(divide="ignore"):  # nobody has relapsed on day 0
        log_hazard = np.log(-np.log1p(-curve.relapse[kept]))
    lo, hi = joint_interval(
        response.margin, response.margin_sd, log_hazard, curve.log_hazard_sd[kept], level=LEVEL
    )
    # a band that may not fall as days go on can be a little wider than the error of its day
    lo = np.minimum.accumulate(np.minimum(lo, np.minimum(chance[1], stays_lo)))
    hi = np.minimum.accumulate(np.minimum(hi, np.minimum(chance[2], stays_hi)))
    return Joint(chance, curve, chance[0] * stays, lo, hi)


def _by_model(found: Iterable[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Say each refusal or caution once, with the models that have it."""
    said: list[dict[str, Any]] = []
    for name, entry in found:
        same = [one for one in said if {k: v for k, v in one.items() if k != "models"} == entry]
        if same:
            same[0]["models"].append(name)
        else:
            said.append({"models": [name], **entry})
    return said


def _once(found: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """Leave out what stands twice, the order kept."""
    return [entry for i, entry in enumerate(found) if entry not in found[:i]]


def _named(interval: Interval) -> dict[str, float]:
    """Name the parts of an interval."""
    return dict(zip(("value", "lo", "hi"), interval, strict=True))
