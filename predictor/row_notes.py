"""Faults and warnings of rows as refusals and cautions, found by the number of their row."""

from __future__ import annotations

from predictor.errors import Fault
from predictor.rows import Rows
from predictor.score import Refusal


class RowNotes:
    """What reading the rows found, row by row.

    Parameters
    ----------
    rows : Rows
        As they were read.
    """

    def __init__(self, rows: Rows) -> None:
        self._faults: dict[int | None, list[Fault]] = {}
        self._warnings: dict[int | None, list[Fault]] = {}
        for kept, given in ((self._faults, rows.faults), (self._warnings, rows.warnings)):
            for fault in given:
                kept.setdefault(fault.row, []).append(fault)

    def refusals(self, number: int) -> list[Refusal]:
        """Turn the faults of a row into refusals.

        Parameters
        ----------
        number : int
            Number of the row.

        Returns
        -------
        list of Refusal
            Code ``row_fault``.
        """
        faults = self._faults.get(number, ())
        return [Refusal("row_fault", fault.message, fault.column) for fault in faults]

    def cautions(self, number: int) -> list[dict[str, str | None]]:
        """Turn the warnings of a row into cautions.

        Parameters
        ----------
        number : int
            Number of the row.

        Returns
        -------
        list of dict
            Keys ``code``, ``variable``, ``message``.
        """
        return [
            {"code": warning.rule, "variable": warning.column, "message": warning.message}
            for warning in self._warnings.get(number, ())
        ]
