"""Candidate rows to rows the dictionary accepts: every fault of every row at once.

The first step of one patient's way. Whatever the surface (dict, list of dicts, data frame,
CSV, JSON, Parquet), the same cell gives the same value or the same fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predictor.dictionary import Dictionary
from predictor.errors import Fault
from predictor.rows.checking import (
    cross_findings,
    id_findings,
    missing_unit_findings,
    plausible_findings,
    range_findings,
)
from predictor.rows.columns import (
    outcome_findings,
    read_identifiers,
    typed_findings,
    unknown_columns,
)
from predictor.rows.derivation import fill_derived, fill_totals
from predictor.rows.fields import Array, Plan, plan_of
from predictor.rows.files import table_from_bytes
from predictor.rows.reading import read_table
from predictor.rows.table import Table, refuse_file
from predictor.rows.values import read_column
from predictor.rows.wording import Finding, format_value, in_order

__all__ = ["Rows", "count_by_rule", "format_value", "read_rows", "read_rows_from_bytes"]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as the dictionary reads them.

    Parameters
    ----------
    values : dict of str to array of shape (n,)
        Every variable of the dictionary: the number itself, 1 / 0 for yes / no, the index of a
        level; NaN where missing or refused.
    patient_ids, sites : tuple of str or None
        One per row; never predictors.
    faults : tuple of Fault
        Faults in row order; a faulty row stays at its place, its faulty cell NaN.
    warnings : tuple of Fault
        What is accepted but should be looked at; ignored columns.
    accepted : array of bool of shape (n,)
        Which rows have no fault.
    row_numbers : tuple of int
        Number of each row in its source, as in ``Fault.row``; empty means 1, 2, ….
    """

    values: dict[str, Array]
    patient_ids: tuple[str | None, ...]
    sites: tuple[str | None, ...]
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    accepted: npt.NDArray[np.bool_]
    row_numbers: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.patient_ids)

    def row_number(self, index: int) -> int:
        """Give the number of a row in its source.

        Parameters
        ----------
        index : int
            Place of the row, counted from 0.

        Returns
        -------
        int
            Counted from 1, as in ``Fault.row``.
        """
        return self.row_numbers[index] if self.row_numbers else index + 1

    def select(self, chosen: npt.ArrayLike) -> Rows:
        """Take some rows.

        Parameters
        ----------
        chosen : array of bool of shape (n,) or array of int
            A mask, or places counted from 0 in the wanted order.

        Returns
        -------
        Rows
            The chosen rows with their faults and warnings, which keep their row numbers.
        """
        places = np.asarray(chosen)
        places = np.flatnonzero(places) if places.dtype == bool else places.astype(np.int64)
        numbers = tuple(self.row_number(int(place)) for place in places)
        kept = set(numbers)
        return Rows(
            values={name: value[places] for name, value in self.values.items()},
            patient_ids=tuple(self.patient_ids[place] for place in places),
            sites=tuple(self.sites[place] for place in places),
            faults=tuple(fault for fault in self.faults if fault.row in kept),
            warnings=tuple(w for w in self.warnings if w.row is None or w.row in kept),
            accepted=self.accepted[places],
            row_numbers=numbers,
        )


def read_rows(
    source: object,
    dictionary: Dictionary,
    *,
    ignore_unknown: bool = False,
    require_ids: bool = False,
) -> Rows:
    """Read candidates and check every row.

    Parameters
    ----------
    source : dict, list of dict, DataFrame or path
        One candidate, several, or a ``.csv``, ``.json`` or ``.parquet`` file.
    dictionary : Dictionary
        What is valid.
    ignore_unknown : bool
        Leave out unknown columns with a warning instead of refusing the file.
    require_ids : bool
        Whether a missing ``patient_id`` is a fault.

    Returns
    -------
    Rows
        As many rows as the source has, in its order.

    Raises
    ------
    InvalidInputError
        If the source as a whole is at fault (not a table, unknown or duplicate columns, …);
        its ``faults`` hold all that was found.
    """
    table = read_table(source)
    return _check(table, dictionary, ignore_unknown=ignore_unknown, require_ids=require_ids)


def read_rows_from_bytes(
    content: bytes,
    extension: str,
    dictionary: Dictionary,
    *,
    name: str = "input",
    ignore_unknown: bool = False,
    require_ids: bool = False,
) -> Rows:
    """Read candidates from the content of a file, such as standard input or an upload.

    Parameters
    ----------
    content : bytes
        All of it.
    extension : str
        ``.csv``, ``.json`` or ``.parquet``: how to read it.
    dictionary : Dictionary
        What is valid.
    name : str
        What messages call the source.
    ignore_unknown : bool
        Leave out unknown columns with a warning instead of refusing the file.
    require_ids : bool
        Whether a missing ``patient_id`` is a fault.

    Returns
    -------
    Rows
        As `read_rows` gives for the same file.

    Raises
    ------
    InvalidInputError
        If the content as a whole is at fault.
    """
    table = table_from_bytes(content, extension, name)
    return _check(table, dictionary, ignore_unknown=ignore_unknown, require_ids=require_ids)


def count_by_rule(faults: Iterable[Fault]) -> dict[str, int]:
    """Count faults by rule.

    Parameters
    ----------
    faults : iterable of Fault
        Faults or warnings.

    Returns
    -------
    dict of str to int
        The most frequent rule first, equal ones by name.
    """
    counts = Counter(fault.rule for fault in faults)
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _check(
    table: Table, dictionary: Dictionary, *, ignore_unknown: bool, require_ids: bool
) -> Rows:
    """Check a table cell by cell, then row by row."""
    plan = plan_of(dictionary)
    unknown = unknown_columns(plan, table, ignored=ignore_unknown)
    if any(fault.rule == "no_known_column" for fault in unknown):
        # repeated names are then values of a patient, who must not be quoted
        raise refuse_file(table.name, unknown)
    refused_file = table.faults if ignore_unknown else (*table.faults, *unknown)
    if refused_file:
        raise refuse_file(table.name, refused_file)
    identifiers, found = read_identifiers(table)
    found += id_findings(identifiers["patient_id"], require_ids=require_ids)
    found += outcome_findings(plan, table, ignored=ignore_unknown)
    matrix, cell_faults, doubtful = _read_matrix(plan, table)
    found += cell_faults
    accepted = np.ones(table.n_rows, dtype=np.bool_)
    accepted[[finding.place for finding in found]] = False
    return Rows(
        values={variable.id: matrix[place] for place, variable in enumerate(dictionary.variables)},
        patient_ids=identifiers["patient_id"],
        sites=identifiers["site"],
        faults=in_order(found),
        warnings=(*unknown, *in_order(doubtful)) if ignore_unknown else in_order(doubtful),
        accepted=accepted,
    )


def _read_matrix(plan: Plan, table: Table) -> tuple[Array, list[Finding], list[Finding]]:
    """Read all variables and items: codes by position, faults, warnings."""
    matrix = np.full((len(plan.ordered), table.n_rows), np.nan)
    found: list[Finding] = []
    for column, cells in table.columns.items():
        field = plan.fields.get(column)
        if field is None:
            continue
        if not field.is_item and not field.variable.typed:
            source = ", ".join(field.variable.derived_from)
            words = (
                f"the value is derived from {source}, never typed in; empty or delete the column"
            )
            found += typed_findings(table, column, field.position, words)
            continue
        codes, refused = read_column(field, cells, nan_is_missing=table.nan_is_missing)
        matrix[field.position] = codes
        found += [Finding(index, field.position, column, *why) for index, why in refused]
    blanked = _blank(matrix, found)
    for check in (range_findings, cross_findings):
        found += check(plan, blanked)
        blanked = _blank(matrix, found)
    filled, disagreeing, doubtful = fill_totals(plan, blanked, _mask(matrix, found))
    found += disagreeing
    filled = fill_derived(plan, _blank(filled, disagreeing), _mask(matrix, found))
    outside = range_findings(plan, filled)
    filled = _blank(filled, outside)
    doubtful += plausible_findings(plan, filled) + missing_unit_findings(plan, filled)
    return filled, found + outside, doubtful


def _mask(matrix: Array, found: Sequence[Finding]) -> npt.NDArray[np.bool_]:
    """Mark the refused cells."""
    mask = np.zeros(matrix.shape, dtype=np.bool_)
    mask[[finding.position for finding in found], [finding.place for finding in found]] = True
    return mask


def _blank(matrix: Array, found: Sequence[Finding]) -> Array:
    """Empty the refused cells."""
    return np.where(_mask(matrix, found), np.nan, matrix) if found else matrix
