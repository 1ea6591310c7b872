"""Rows to X: one column for each number, one for each level of a category.

`Encoding.fit` learns which columns exist from the training rows alone; `Encoding.transform`
applies them to any rows. A missing answer is NaN in every column of its variable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Variable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of X.

    Parameters
    ----------
    variable : str
        Id of the variable it belongs to.
    level : int
        Code of the level it marks with 1 (others 0); −1 for the value itself.
    transform : str
        ``none`` or ``log1p`` (natural log of 1 + value).
    """

    variable: str
    level: int = -1
    transform: str = "none"


@dataclass(frozen=True, slots=True)
class Encoding:
    """The columns that a model reads.

    Parameters
    ----------
    columns : tuple of Column
        Columns of X in order; those of one variable stand together.
    dropped : tuple of tuple of str
        Pairs (variable, reason) of variables that had nothing to learn from.
    seen : tuple of tuple
        Pairs (variable, codes of the levels seen in training) of the categories.
    """

    columns: tuple[Column, ...]
    dropped: tuple[tuple[str, str], ...] = ()
    seen: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @classmethod
    def fit(cls, values: Mapping[str, Floats], variables: Sequence[Variable]) -> Encoding:
        """Choose the columns from training rows.

        A category gets one column for each level seen but the most frequent, which is the
        reference. A variable with fewer than two distinct answers gets none.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Coded answers of each variable, NaN where missing.
        variables : sequence of Variable
            Candidate variables in order.

        Returns
        -------
        Encoding
            The columns, with the dropped variables named.
        """
        columns: list[Column] = []
        dropped: list[tuple[str, str]] = []
        known: list[tuple[str, tuple[int, ...]]] = []
        for variable in variables:
            answered = values[variable.id][~np.isnan(values[variable.id])]
            seen, counts = np.unique(answered, return_counts=True)
            if seen.size < 2:
                reason = "never answered" if seen.size == 0 else "the same answer in everybody"
                dropped.append((variable.id, reason))
            elif variable.type == "category":
                reference = seen[np.argmax(counts)]
                columns += [Column(variable.id, int(code)) for code in seen if code != reference]
                known.append((variable.id, tuple(int(code) for code in seen)))
            else:
                columns.append(Column(variable.id, transform=variable.transform))
        return cls(tuple(columns), tuple(dropped), tuple(known))

    @property
    def variables(self) -> tuple[str, ...]:
        """Ids of the variables that have a column, in order."""
        return tuple(dict.fromkeys(column.variable for column in self.columns))

    def transform(self, values: Mapping[str, Floats]) -> Floats:
        """Encode rows.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Coded answers of each variable, NaN where missing.

        Returns
        -------
        ndarray, shape (n, n_columns)
            float64, NaN where the variable is missing.
        """
        if not self.columns:
            n_rows = len(next(iter(values.values()))) if values else 0
            return np.empty((n_rows, 0))
        return np.column_stack([_encode(values[c.variable], c) for c in self.columns])

    def unseen(self, values: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Find levels of a category that nobody in training had.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Coded answers of each variable, NaN where missing.

        Returns
        -------
        ndarray of bool, shape (n, n_variables)
            In the order of `variables`; False for every variable that is no category.
        """
        known = dict(self.seen)
        columns = [
            ~np.isin(values[v], known[v]) & ~np.isnan(values[v])
            if v in known
            else np.zeros(len(values[v]), dtype=bool)
            for v in self.variables
        ]
        return np.column_stack(columns) if columns else np.empty((0, 0), dtype=bool)

    def owner(self) -> NDArray[np.intp]:
        """Tell which variable each column belongs to.

        Returns
        -------
        ndarray of int, shape (n_columns,)
            Position of the column's variable in `variables`.
        """
        position = {variable: i for i, variable in enumerate(self.variables)}
        return np.array([position[c.variable] for c in self.columns], dtype=np.intp)

    def by_variable(self, contributions: Floats) -> Floats:
        """Sum contributions of columns to contributions of variables.

        Parameters
        ----------
        contributions : ndarray, shape (n, n_columns)
            Contribution of each column, on the scale of the margin.

        Returns
        -------
        ndarray, shape (n, n_variables)
            In the order of `variables`; each row keeps its sum.
        """
        summed = np.zeros((len(contributions), len(self.variables)))
        np.add.at(summed.T, self.owner(), contributions.T)
        return summed

    def to_dict(self) -> dict[str, Any]:
        """Give the encoding as plain values for JSON.

        Returns
        -------
        dict
            Keys ``columns``, ``dropped`` and ``seen``; `from_dict` reads it back.
        """
        return {
            "columns": [[c.variable, c.level, c.transform] for c in self.columns],
            "dropped": [list(pair) for pair in self.dropped],
            "seen": [[variable, list(codes)] for variable, codes in self.seen],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Encoding:
        """Read what `to_dict` wrote.

        Parameters
        ----------
        content : mapping
            Keys ``columns``, ``dropped`` and ``seen``.

        Returns
        -------
        Encoding
            The same encoding.
        """
        return cls(
            tuple(Column(str(v), int(level), str(t)) for v, level, t in content["columns"]),
            tuple((str(v), str(reason)) for v, reason in content["dropped"]),
            tuple((str(v), tuple(int(c) for c in codes)) for v, codes in content["seen"]),
        )


def _encode(codes: Floats, column: Column) -> Floats:
    """Encode one variable's answers as one column."""
    if column.level >= 0:
        return np.where(np.isnan(codes), np.nan, (codes == column.level).astype(np.float64))
    return np.log1p(codes) if column.transform == "log1p" else codes.astype(np.float64)
