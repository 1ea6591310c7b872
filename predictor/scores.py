"""The answers of many rows, and their forms: JSON, table, shap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from predictor.explanation import to_shap
from predictor.score import SHOWN_DAYS, Score

if TYPE_CHECKING:
    import pandas as pd
    import shap

Floats = NDArray[np.float64]


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
        numbers = [c for c in frame.columns if c in _NUMBERS or c.startswith(_OF_DAYS)]
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
_OF_DAYS = ("risk_", "median_day", "well_days")


def _course(score: Score) -> dict[str, Any]:
    """Give what is read from a relapse curve besides its risks."""
    median, well = score.median, score.well_days
    half = (median.day, median.lo, median.hi) if median else (None, None, None)
    days = (well.days, well.lo, well.hi) if well else (None, None, None)
    line: dict[str, Any] = dict(zip(_named("median_day"), half, strict=True))
    line |= dict(zip(_named("well_days"), days, strict=True))
    seen_by = dict.fromkeys(check_in.day for check_in in score.check_ins if check_in.day)
    return line | {"check_in_days": ";".join(str(day) for day in seen_by)}


def _line(score: Score) -> dict[str, Any]:
    """Give one line of the table of scores."""
    line: dict[str, Any] = {
        "row": score.row,
        "patient_id": score.patient_id,
        "landmark": score.provenance.landmark,
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
        line |= _course(score)
    return line | {
        "verdict": score.verdict,
        "refusals": ";".join(refusal.code for refusal in score.refusals),
        "stops": ";".join(f["code"] for f in score.safety if f["tier"] == "STOP"),
        "data_origin": score.provenance.data_origin,
        "stamp": score.provenance.stamp,
    }


def _named(name: str) -> tuple[str, str, str]:
    """Name the columns of a value and its interval."""
    return name, f"{name}_lo", f"{name}_hi"
