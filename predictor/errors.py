"""The tree of errors, split by who must act.

PredictorError
├── InvalidInputError   the caller mends the input          exit 2, HTTP 422
└── BundleError         the bundle is damaged, foreign, expired or too old   exit 4

A refusal to score one person is a result (`predictor.scoring.Score`), not an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing refused in one place of an input.

    Parameters
    ----------
    row : int or None
        Number of the data row, counted from 1; None when the whole file is at fault.
    column : str or None
        Name of the column; None when the whole row is at fault.
    rule : str
        Short code by which faults are counted, such as ``above_hard_range``.
    message : str
        One sentence: what was refused, where, what is accepted, what to do. It names rows and
        columns, never an identifier or a free text of a patient.
    """

    row: int | None
    column: str | None
    rule: str
    message: str

    def to_dict(self) -> dict[str, object]:
        """Give the fault as it stands in the JSON of ``check``.

        Returns
        -------
        dict
            Keys ``row``, ``column``, ``rule``, ``message``.
        """
        return {
            "row": self.row,
            "column": self.column,
            "rule": self.rule,
            "message": self.message,
        }


class PredictorError(Exception):
    """Anything this package raises on purpose."""


class InvalidInputError(PredictorError):
    """The input must be mended by whoever gave it.

    Parameters
    ----------
    message : str
        One sentence naming what was refused and what is accepted.
    faults : sequence of Fault
        Every fault found, when there is more than the sentence.
    """

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults: tuple[Fault, ...] = tuple(faults)


class BundleError(PredictorError):
    """The bundle is damaged, foreign, expired or of a newer format."""
