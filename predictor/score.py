"""The answer for each row: number or refusal, with safety, interval, contributions, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from predictor.explanation import to_shap
from predictor.provenance import Provenance
from predictor.uncertainty import LEVEL, Verdict

if TYPE_CHECKING:
    import pandas as pd
    import shap

Floats = NDArray[np.float64]

SHOWN_DAYS = (30, 90, 180)
"""Days after time zero at which every table of scores holds a relapse risk."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no number is given.

    Parameters
    ----------
    code : str
        ``row_fault``, ``stop_rule``, ``too_little_information``, ``out_of_support``, ``expired``.
    message : str
        One sentence.
    variable : str or None
        The variable at fault.
    """

    code: str
    message: str
    variable: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """Give the refusal for JSON.

        Returns
        -------
        dict
            Keys ``code``, ``message``, ``variable``.
        """
        return {"code": self.code, "message": self.message, "variable": self.variable}


@dataclass(frozen=True, slots=True)
class Curve:
    """Cumulative risk of relapse by day.

    Parameters
    ----------
    days : ndarray, shape (181,)
        Days after time zero, 0 to 180.
    relapse, lo, hi : ndarray, shape (181,)
        Risk by that day and its pointwise 90 % band, in [0, 1]; higher is worse.
    """

    days: Floats
    relapse: Floats
    lo: Floats
    hi: Floats


@dataclass(frozen=True, slots=True)
class Score:
    """The answer for one row.

    Parameters
    ----------
    row : int
        Number of the row, from 1.
    patient_id : str or None
        As given.
    task : str
        ``response`` or ``relapse``.
    status : str
        ``scored`` or ``refused``.
    refusals : tuple of Refusal
        Empty if scored.
    probability, lo, hi : float or None
        Probability of response with its 90 % interval given complete answers; None for relapse
        and where refused.
    margin, base : float or None
        base + sum of contributions == margin; None where refused.
    contributions : dict of str to float
        Log-odds or log-hazard by variable; empty where refused.
    contributions_probability : dict of str to float
        The same split on the scale of the number (relapse: of the risk by the horizon).
    base_probability : float or None
        link(base); not the prevalence.
    curve : Curve or None
        Relapse only.
    verdict : str or None
        ``cannot_tell`` where the interval (relapse: at the horizon) spans the provenance's
        decision threshold, else ``above_threshold`` or ``below_threshold``; None where refused
        and where no threshold was declared.
    conformal : tuple of dict or None
        level, outcomes, reason: which outcomes cannot be ruled out at each level (see
        `predictor.conformal`); None unless the run asked for it.
    safety : tuple of dict
        Findings: code, tier, text, source; strictest first.
    not_asked : tuple of str
        Labels of the unanswered safety questions.
    cautions : tuple of dict
        code, variable, message.
    imputed : tuple of dict
        variable, label, assumed, moves: what was assumed for each unanswered variable and how
        far the assumption moves the number.
    next_question : dict or None
        variable and label whose answer would narrow the interval most.
    values, labels : dict of str to str
        Answers as read and labels of the variables, for pages.
    provenance : Provenance
        Where the model comes from.
    """

    row: int
    patient_id: str | None
    task: str
    status: str
    provenance: Provenance
    refusals: tuple[Refusal, ...] = ()
    probability: float | None = None
    lo: float | None = None
    hi: float | None = None
    margin: float | None = None
    base: float | None = None
    contributions: dict[str, float] = field(default_factory=dict)
    contributions_probability: dict[str, float] = field(default_factory=dict)
    base_probability: float | None = None
    curve: Curve | None = None
    verdict: Verdict | None = None
    conformal: tuple[dict[str, Any], ...] | None = None
    safety: tuple[dict[str, str], ...] = ()
    not_asked: tuple[str, ...] = ()
    cautions: tuple[dict[str, str | None], ...] = ()
    imputed: tuple[dict[str, Any], ...] = ()
    next_question: dict[str, str] | None = None
    values: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def level(self) -> float:
        """Probability with which the interval is meant to hold the risk."""
        return LEVEL

    @property
    def given(self) -> str | None:
        """Condition under which a relapse is predicted."""
        return self.provenance.given or None

    @property
    def shown_days(self) -> tuple[int, ...]:
        """Days after time zero at which a relapse risk is printed, the horizon among them."""
        return tuple(sorted({*SHOWN_DAYS, self.provenance.horizon_days}))

    def risk_at(self, day: float) -> tuple[float, float, float]:
        """Read the relapse curve.

        Parameters
        ----------
        day : float
            Days after time zero, 0 to 180.

        Returns
        -------
        value, lo, hi : float
            Risk of relapse by that day with its 90 % band.

        Raises
        ------
        ValueError
            If there is no curve or the day lies outside it.
        """
        if self.curve is None:
            raise ValueError(f"row {self.row} has no relapse curve; look at status and refusals")
        if not 0 <= day <= self.curve.days[-1]:
            raise ValueError(f"day {day} is outside 0 to {self.curve.days[-1]:.0f}")
        lines = (self.curve.relapse, self.curve.lo, self.curve.hi)
        value, lo, hi = (float(np.interp(day, self.curve.days, line)) for line in lines)
        return value, lo, hi

    def at_horizon(self) -> tuple[float, float, float]:
        """Give the number that is shown first.

        Returns
        -------
        value, lo, hi : float
            Probability of response, or risk of relapse by the horizon, with its 90 % interval.

        Raises
        ------
        ValueError
            If there is no number.
        """
        if self.probability is None or self.lo is None or self.hi is None:
            return self.risk_at(self.provenance.horizon_days)
        return self.probability, self.lo, self.hi

    def to_dict(self) -> dict[str, Any]:
        """Give the score as plain values for JSON.

        Returns
        -------
        dict
            The same keys whether scored or refused.
        """
        plain = {name: getattr(self, name) for name in _PLAIN}
        copied = {name: dict(getattr(self, name)) for name in _MAPPINGS}
        return (
            plain
            | copied
            | {
                "level": self.level,
                "given": self.given,
                "refusals": [refusal.to_dict() for refusal in self.refusals],
                "curve": None if self.curve is None else _curve_dict(self.curve),
                "risk_at": None if self.curve is None else self._shown_risks(),
                "conformal": None if self.conformal is None else [dict(s) for s in self.conformal],
                "safety": [dict(finding) for finding in self.safety],
                "not_asked": list(self.not_asked),
                "cautions": [dict(caution) for caution in self.cautions],
                "imputed": [dict(assumption) for assumption in self.imputed],
                "provenance": self.provenance.to_dict(),
            }
        )

    def _shown_risks(self) -> dict[str, dict[str, float]]:
        """Read the curve at the days that are printed."""
        return {
            str(day): dict(zip(("value", "lo", "hi"), self.risk_at(day), strict=True))
            for day in self.shown_days
        }


_PLAIN = (
    "row", "patient_id", "task", "status", "probability", "lo", "hi", "margin", "base",
    "base_probability", "verdict", "next_question",
)  # fmt: skip
_MAPPINGS = ("contributions", "contributions_probability", "values", "labels")


def _curve_dict(curve: Curve) -> dict[str, list[float]]:
    """Give a curve for JSON."""
    return {name: getattr(curve, name).tolist() for name in ("days", "relapse", "lo", "hi")}


class Scores(Sequence[Score]):
    """Scores of rows, in the order of the rows.

    Parameters
    ----------
    scores : sequence of Score
        One for each row.
    codes : ndarray, shape (n, n_variables)
        Coded answers of the model's variables, NaN where missing.
    """

    def __init__(self, scores: Sequence[Score], codes: Floats) -> None:
        self._scores = tuple(scores)
        self._codes = codes

    @overload
    def __getitem__(self, index: int) -> Score: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Score, ...]: ...
    def __getitem__(self, index: int | slice) -> Score | tuple[Score, ...]:
        return self._scores[index]

    def __len__(self) -> int:
        return len(self._scores)

    def __iter__(self) -> Iterator[Score]:
        return iter(self._scores)

    def to_dict(self) -> list[dict[str, Any]]:
        """Give all scores as plain values for JSON.

        Returns
        -------
        list of dict
            One for each row.
        """
        return [score.to_dict() for score in self._scores]

    def to_records(self) -> list[dict[str, Any]]:
        """Give one flat line for each row, as a table of scores holds it.

        Returns
        -------
        list of dict
            The same columns in each; numbers of refused rows are None.
        """
        return [_line(score) for score in self._scores]

    def to_frame(self) -> pd.DataFrame:
        """Give the scores as a table.

        Returns
        -------
        pandas.DataFrame
            One line for each row; refused rows have NaN for numbers and their codes.
        """
        import pandas as pd  # late: scoring never needs it

        frame = pd.DataFrame(self.to_records())
        numbers = [c for c in frame.columns if c in _NUMBERS or c.startswith("risk_")]
        return frame.astype(dict.fromkeys(numbers, np.float64))

    def to_shap(self) -> shap.Explanation:
        """Hand the contributions of the scored rows to shap's own plots.

        Returns
        -------
        shap.Explanation
            On the scale of the margin; refused rows are left out.

        Raises
        ------
        ValueError
            If no row was scored with an explanation.
        """
        kept = [i for i, score in enumerate(self._scores) if score.contributions]
        if not kept:
            raise ValueError("no row has contributions; score with explain=True")
        table = np.array([list(self._scores[i].contributions.values()) for i in kept])
        first = self._scores[kept[0]]
        labels = [first.labels[v] for v in first.contributions]
        return to_shap(table, float(first.base or 0.0), self._codes[kept], labels)


_NUMBERS = frozenset({"probability", "lo", "hi", "margin"})


def _line(score: Score) -> dict[str, Any]:
    """Give one line of the table of scores."""
    line: dict[str, Any] = {
        "row": score.row,
        "patient_id": score.patient_id,
        "status": score.status,
        "probability": score.probability,
        "lo": score.lo,
        "hi": score.hi,
        "margin": score.margin,
    }
    if score.task == "relapse":
        for day in SHOWN_DAYS:
            risk = score.risk_at(day) if score.curve else (None, None, None)
            line |= dict(
                zip((f"risk_{day}", f"risk_{day}_lo", f"risk_{day}_hi"), risk, strict=True)
            )
    return line | {
        "verdict": score.verdict,
        "refusals": ";".join(refusal.code for refusal in score.refusals),
        "stops": ";".join(f["code"] for f in score.safety if f["tier"] == "STOP"),
        "data_origin": score.provenance.data_origin,
        "stamp": score.provenance.stamp,
    }


def reference_score(score: Score) -> dict[str, Any]:
    """Give what is frozen of a score in ``reference.json``.

    Parameters
    ----------
    score : Score
        Score of a generated row.

    Returns
    -------
    dict
        Status, refusal codes, margin, interval or risks at the printed days.
    """
    kept: dict[str, Any] = {
        "status": score.status,
        "refusals": [refusal.code for refusal in score.refusals],
        "numbers": [score.margin, score.base, score.probability, score.lo, score.hi],
    }
    if score.curve is not None:
        kept["numbers"] += [value for day in SHOWN_DAYS for value in score.risk_at(day)]
    return kept
