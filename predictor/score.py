"""The answer for each row: number or refusal, with safety, interval, contributions, provenance."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from predictor.curve import CheckIn, Curve, Median, WellDays
from predictor.provenance import Provenance
from predictor.uncertainty import LEVEL, Verdict

SHOWN_DAYS = (30, 90, 180)
"""Days after time zero at which every table of scores holds a relapse risk."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no number is given.

    Parameters
    ----------
    code : str
        ``row_fault``, ``stop_rule``, ``too_little_information``, ``out_of_support``, ``expired``;
        at a landmark also ``not_a_responder`` and ``relapsed_already``.
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
    margin_sd : float or None
        Standard deviation of the margin's error, all sources together; None where refused.
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
    alert : dict or None
        Relapse at a follow-up landmark: whether the risk over the next 14 days is at or above the
        declared step, in words, with what such warnings were worth (see `predictor.alert`); None
        elsewhere and where refused.
    prevention : dict or None
        Relapse: what raised the number, what care can change, what to watch and when to act, each
        with its source (see `predictor.prevention`); None where refused or where the bundle holds
        no words.
    scenarios : tuple of dict
        Relapse: the curve under what trials compared, and what no trial compared (see
        `predictor.scenarios`); empty where refused or where the bundle holds none.
    stopping_rule : dict or None
        Response after the fourth infusion: what the published rule for stopping says, beside the
        model (see `predictor.stopping_rule`); None elsewhere and where refused.
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
    margin_sd: float | None = None
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
    alert: dict[str, Any] | None = None
    prevention: dict[str, Any] | None = None
    stopping_rule: dict[str, Any] | None = None
    scenarios: tuple[dict[str, Any], ...] = ()
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

    @property
    def median(self) -> Median | None:
        """Day by which half of people like this one would have relapsed; None without a curve."""
        return None if self.curve is None else self.curve.median(self._horizon)

    @property
    def well_days(self) -> WellDays | None:
        """Expected days without relapse, to day 180 or to a nearer horizon."""
        return None if self.curve is None else self.curve.well_days(self._horizon)

    @property
    def check_ins(self) -> tuple[CheckIn, ...]:
        """Days by which to be seen, one for each declared step; empty without a curve."""
        if self.curve is None:
            return ()
        return self.curve.check_ins(self.provenance.check_in_steps, self._horizon)

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
        return self.curve.risk_at(day)

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
                "curve": None if self.curve is None else self.curve.to_dict(),
                "risk_at": None if self.curve is None else self._shown_risks(),
                "median": None if self.median is None else asdict(self.median),
                "well_days": None if self.well_days is None else asdict(self.well_days),
                "check_ins": [asdict(check_in) for check_in in self.check_ins],
                "conformal": None if self.conformal is None else [dict(s) for s in self.conformal],
                "scenarios": [dict(scenario) for scenario in self.scenarios],
                "safety": [dict(finding) for finding in self.safety],
                "not_asked": list(self.not_asked),
                "cautions": [dict(caution) for caution in self.cautions],
                "imputed": [dict(assumption) for assumption in self.imputed],
                "provenance": self.provenance.to_dict(),
            }
        )

    @property
    def _horizon(self) -> int:
        """Last day of the question, at most the last that is shown."""
        return min(self.provenance.horizon_days, SHOWN_DAYS[-1])

    def _shown_risks(self) -> dict[str, dict[str, float]]:
        """Read the curve at the days that are printed."""
        return {
            str(day): dict(zip(("value", "lo", "hi"), self.risk_at(day), strict=True))
            for day in self.shown_days
        }


_PLAIN = (
    "row", "patient_id", "task", "status", "probability", "lo", "hi", "margin", "base",
    "margin_sd", "base_probability", "verdict", "next_question", "alert", "prevention",
    "stopping_rule",
)  # fmt: skip
_MAPPINGS = ("contributions", "contributions_probability", "values", "labels")


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
