"""Rows to X: one column for each number, one for each level of a category.

`Encoding.fit` learns which columns exist from the training rows alone; `Encoding.transform`
applies them to any rows. A missing answer is NaN in every column of its variable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    cut : float or None
        The column is 1 where the value is at least this, else 0; None for any other column.
    """

    variable: str
    level: int = -1
    transform: str = "none"
    cut: float | None = None


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
    _plan: _Plan = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_plan", _Plan.of(self.columns, self.seen))

    @classmethod
    def fit(
        cls,
        values: Mapping[str, Floats],
        variables: Sequence[Variable],
        cuts: Mapping[str, Sequence[float]] | None = None,
    ) -> Encoding:
        """Choose the columns from training rows.

        A category gets one column for each level seen but the most frequent, which is the
        reference. A variable with fewer than two distinct answers gets none, and a cut that does
        not divide the answers gets none.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Coded answers of each variable, NaN where missing.
        variables : sequence of Variable
            Candidate variables in order.
        cuts : mapping of str to sequence of float, optional
            Values from which a number gets a further column, behind its own.

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
                columns += [
                    Column(variable.id, cut=cut)
                    for cut in (cuts or {}).get(variable.id, ())
                    if seen[0] < cut <= seen[-1]
                ]
        return cls(tuple(columns), tuple(dropped), tuple(known))

    @property
    def variables(self) -> tuple[str, ...]:
        """Ids of the variables that have a column, in order."""
        return self._plan.variables

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
        plan = self._plan
        X = np.array([values[variable] for variable in plan.variables], dtype=np.float64)
        X = X.T[:, plan.owner] if self.columns else np.empty((_n_rows(values), 0))
        marked = X[:, plan.marks]
        X[:, plan.marks] = np.where(np.isnan(marked), np.nan, marked == plan.levels)
        X[:, plan.logs] = np.log1p(X[:, plan.logs])
        valued = X[:, plan.cuts]
        X[:, plan.cuts] = np.where(np.isnan(valued), np.nan, valued >= plan.limits)
        return np.ascontiguousarray(X)

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
        strange = np.zeros((_n_rows(values), len(self.variables)), dtype=np.bool_)
        for position, known in self._plan.known:
            codes = values[self.variables[position]]
            strange[:, position] = ~np.isin(codes, known) & ~np.isnan(codes)
        return strange

    def owner(self) -> NDArray[np.intp]:
        """Tell which variable each column belongs to.

        Returns
        -------
        ndarray of int, shape (n_columns,)
            Position of the column's variable in `variables`.
        """
        return self._plan.owner

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
        if len(self.variables) == len(self.columns):
            return np.asarray(contributions, dtype=np.float64)
        summed = np.add.reduceat(contributions, self._plan.first, axis=1)
        return np.ascontiguousarray(summed, dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Give the encoding as plain values for JSON.

        Returns
        -------
        dict
            Keys ``columns``, ``dropped`` and ``seen``; `from_dict` reads it back.
        """
        return {
            "columns": [
                [c.variable, c.level, c.transform, *([] if c.cut is None else [c.cut])]
                for c in self.columns
            ],
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
            tuple(
                Column(str(v), int(level), str(t), *map(float, cut))
                for v, level, t, *cut in content["columns"]
            ),
            tuple((str(v), str(reason)) for v, reason in content["dropped"]),
            tuple((str(v), tuple(int(c) for c in codes)) for v, codes in content["seen"]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What is looked up for every row, worked out once."""

    variables: tuple[str, ...]
    owner: NDArray[np.intp]
    first: NDArray[np.intp]
    marks: NDArray[np.intp]
    levels: Floats
    logs: NDArray[np.intp]
    cuts: NDArray[np.intp]
    limits: Floats
    known: tuple[tuple[int, Floats], ...]

    @classmethod
    def of(cls, columns: Sequence[Column], seen: Sequence[tuple[str, tuple[int, ...]]]) -> _Plan:
        """Sort the columns by what is done to them."""
        variables = tuple(dict.fromkeys(column.variable for column in columns))
        position = {variable: i for i, variable in enumerate(variables)}
        owner = np.array([position[c.variable] for c in columns], dtype=np.intp)
        if (np.diff(owner) < 0).any():
            raise ValueError("the columns of one variable must stand together")
        marks = [i for i, c in enumerate(columns) if c.level >= 0]
        logs = [i for i, c in enumerate(columns) if c.level < 0 and c.transform == "log1p"]
        cuts = {i: c.cut for i, c in enumerate(columns) if c.cut is not None}
        return cls(
            variables,
            owner,
            np.unique(owner, return_index=True)[1],
            np.array(marks, dtype=np.intp),
            np.array([columns[i].level for i in marks], dtype=np.float64),
            np.array(logs, dtype=np.intp),
            np.array(list(cuts), dtype=np.intp),
            np.array(list(cuts.values()), dtype=np.float64),
            tuple((position[v], np.array(c, dtype=np.float64)) for v, c in seen if v in position),
        )


def _n_rows(values: Mapping[str, Floats]) -> int:
    """Count the rows of coded answers."""
    return len(next(iter(values.values()))) if values else 0
