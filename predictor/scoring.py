"""score(rows): safety, number, interval, contributions, cautions, refusals, provenance.

Every row is answered, in its order; a refusal is an answer. Safety rules and model never read
each other: a STOP takes the number away, and that is all they have to do with one another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.bundle import Bundle, read_bundle
from predictor.errors import BundleError
from predictor.explanation import on_probability_scale
from predictor.linear import Linear
from predictor.model import Assessment
from predictor.rows import Rows, format_value, read_rows
from predictor.safety import evaluate
from predictor.score import Curve, Refusal, Score, Scores, reference_score
from predictor.uncertainty import MINIMUM_ANSWERED, Z_LEVEL

Floats = NDArray[np.float64]

EXPLAINED_DAY = 90
"""Day whose risk the contributions of a relapse score are split on (at 180 days most risks
are so high that the split says little)."""


class Scorer:
    """A loaded bundle that scores rows.

    Parameters
    ----------
    bundle : Bundle
        Model, dictionary, safety rules, provenance.

    Examples
    --------
    >>> scorer = load("runs/response/bundle")  # doctest: +SKIP
    >>> scorer.score({"age_years": 44, "madrs_total": 31})[0].status  # doctest: +SKIP
    'refused'
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._labels = {
            variable: bundle.dictionary[variable].label
            for variable in bundle.model.encoding.variables
        }

    def score(self, rows: object, *, explain: bool = True, ignore_unknown: bool = False) -> Scores:
        """Score candidates.

        Parameters
        ----------
        rows : dict, list of dict, DataFrame, path or Rows
            Candidates.
        explain : bool
            Whether to split each number among the variables.
        ignore_unknown : bool
            Leave out unknown columns instead of refusing the input.

        Returns
        -------
        Scores
            One for each row, in order, refusals included.

        Raises
        ------
        InvalidInputError
            If the input as a whole is at fault.
        """
        model = self.bundle.model
        read = (
            rows
            if isinstance(rows, Rows)
            else read_rows(rows, self.bundle.dictionary, ignore_unknown=ignore_unknown)
        )
        assessment = model.assess(read.values)
        codes = np.array([read.values[v] for v in model.encoding.variables]).T
        faults = _faults_by_row(read)
        scores = [
            self._score_one(read, assessment, i, explain=explain, faults=faults)
            for i in range(len(read))
        ]
        return Scores(scores, codes)

    def verify(self) -> None:
        """Score the bundle's generated reference rows again.

        Raises
        ------
        BundleError
            If a frozen score differs by more than 1e-9.
        """
        frozen = self.bundle.reference
        if not frozen:
            raise BundleError("the bundle has no reference rows; get it again from its trainer")
        again = self.score([dict(entry["row"]) for entry in frozen])
        for entry, score in zip(frozen, again, strict=True):
            if not _agree(entry["score"], reference_score(score)):
                raise BundleError(
                    f"reference row {entry['name']!r} scores otherwise here than where the bundle "
                    "was written; do not use it and tell its trainer"
                )

    def _score_one(
        self,
        rows: Rows,
        assessment: Assessment,
        i: int,
        *,
        explain: bool,
        faults: dict[int, list[Refusal]],
    ) -> Score:
        """Answer one row."""
        safety = evaluate(self.bundle.safety, rows.values, row=i)
        refusals = faults.get(rows.row_number(i), []) + [
            Refusal("stop_rule", f.text) for f in safety.stops
        ]
        refusals += self._refuse(assessment, i)
        score = Score(
            row=rows.row_number(i),
            patient_id=rows.patient_ids[i],
            task=self.bundle.model.task,
            status="refused" if refusals else "scored",
            provenance=self.bundle.provenance,
            refusals=tuple(refusals),
            safety=tuple(finding.to_dict() for finding in safety.findings),
            not_asked=tuple(self.bundle.dictionary[v].label for v in safety.not_asked),
            cautions=tuple(self._cautions(rows, assessment, i)),
            values={
                v: format_value(self.bundle.dictionary[v], float(rows.values[v][i]))
                for v in self._labels
            },
            labels=self._labels,
        )
        if refusals:
            return score
        return replace(score, **self._number(assessment, i, explain=explain))

    def _refuse(self, assessment: Assessment, i: int) -> list[Refusal]:
        """List the model's own reasons to give no number."""
        model = self.bundle.model
        refusals: list[Refusal] = []
        variables = model.encoding.variables
        needed = min(MINIMUM_ANSWERED, len(variables))
        answered = int(assessment.answered[i].sum())
        if answered < needed:
            refusals.append(
                Refusal(
                    "too_little_information",
                    f"{answered} of the {len(variables)} variables that the model reads are "
                    f"answered; at least {needed} are needed",
                )
            )
        limit = model.uncertainty.margin_sd
        refusals += [
            Refusal(
                "out_of_support",
                f"{variables[j]} lies outside the training range and alone moves the result by "
                "more than people usually differ; check it",
                variables[j],
            )
            for j in np.flatnonzero(assessment.outside[i])
            if abs(assessment.contributions[i, j]) > limit
        ]
        expires = self.bundle.provenance.expires
        if expires and dt.date.today() > dt.date.fromisoformat(expires):
            refusals.append(Refusal("expired", f"the model expired on {expires}; get a newer one"))
        return refusals

    def _cautions(
        self, rows: Rows, assessment: Assessment, i: int
    ) -> Iterator[dict[str, str | None]]:
        """List what to look at though a number may be given."""
        for j in np.flatnonzero(assessment.outside[i]):
            variable = self.bundle.model.encoding.variables[j]
            yield {
                "code": "out_of_support",
                "variable": variable,
                "message": f"{self._labels[variable]} lies outside what the training patients "
                "had; the interval was widened",
            }
        number = rows.row_number(i)
        for warning in rows.warnings:
            if warning.row == number:
                yield {
                    "code": warning.rule, "variable": warning.column, "message": warning.message
                }  # fmt: skip
        if not self.bundle.provenance.better_than_average:
            yield {
                "code": "no_better_than_average",
                "variable": None,
                "message": "in cross-validation the model was no better than the average",
            }

    def _number(self, assessment: Assessment, i: int, *, explain: bool) -> dict[str, Any]:
        """Give the number of one row with all that belongs to it."""
        model = self.bundle.model
        margin, sd = float(assessment.margin[i]), float(assessment.sd[i])
        day = EXPLAINED_DAY if model.task == "relapse" else None
        base = float(model.probability(np.array(assessment.base), day))
        shown = float(model.probability(np.array(margin), day))
        found: dict[str, Any] = {"margin": margin, "base": assessment.base}
        found["base_probability"] = base
        if model.task == "relapse":
            risk, lo, hi = model.curve(margin, sd)
            found["curve"] = Curve(np.arange(risk.size, dtype=np.float64), risk, lo, hi)
        else:
            found["probability"] = shown
            ends = model.probability(np.array([margin - Z_LEVEL * sd, margin + Z_LEVEL * sd]))
            found["lo"], found["hi"] = float(ends[0]), float(ends[1])
        small = 1e-6
        slope = (float(model.probability(np.array(assessment.base + small), day)) - base) / small
        split = on_probability_scale(
            assessment.contributions[i],
            step=margin - assessment.base,
            difference=shown - base,
            slope_at_base=slope,
        )
        if explain:
            variables = model.encoding.variables
            by_margin = assessment.contributions[i].tolist()
            found["contributions"] = dict(zip(variables, by_margin, strict=True))
            found["contributions_probability"] = dict(zip(variables, split.tolist(), strict=True))
        found["imputed"] = tuple(self._imputed(assessment, i, split))
        found["next_question"] = self._next_question(assessment, i)
        return found

    def _imputed(self, assessment: Assessment, i: int, split: Floats) -> Iterator[dict[str, Any]]:
        """Say what was assumed for each unanswered variable."""
        encoding = self.bundle.model.encoding
        owner = encoding.owner()
        for j in np.flatnonzero(~assessment.answered[i]):
            variable = self.bundle.dictionary[encoding.variables[j]]
            columns = np.flatnonzero(owner == j)
            if not isinstance(self.bundle.model.learner, Linear):
                assumed = "nothing: the trees have a path of their own for a missing answer"
            elif variable.type == "category":
                assumed = "the mixture of levels expected from the other answers"
            elif variable.type == "yes_no":
                share = min(max(float(assessment.assumed[i, columns[0]]), 0.0), 1.0)
                assumed = f"yes with probability {share:.2f}"
            else:
                coded = float(assessment.assumed[i, columns[0]])
                assumed = format_value(variable, _decode(coded, variable.transform))
            yield {
                "variable": variable.id,
                "label": variable.label,
                "assumed": assumed,
                "moves": float(split[j]),
            }

    def _next_question(self, assessment: Assessment, i: int) -> dict[str, str] | None:
        """Name the unanswered variable that would narrow the interval most."""
        gain = assessment.narrowing[i]
        if not gain.size or gain.max() <= 0:
            return None
        variable = self.bundle.model.encoding.variables[int(np.argmax(gain))]
        return {"variable": variable, "label": self._labels[variable]}


def load(folder: str | Path) -> Scorer:
    """Load a bundle for scoring; needs numpy alone.

    Parameters
    ----------
    folder : str or Path
        The bundle.

    Returns
    -------
    Scorer
        Ready to score.

    Raises
    ------
    BundleError
        If the bundle is damaged, foreign or of a newer format.
    """
    return Scorer(read_bundle(Path(folder)))


def _agree(frozen: dict[str, Any], again: dict[str, Any]) -> bool:
    """Compare a frozen score with today's."""
    same = all(frozen[key] == again[key] for key in ("status", "refusals"))
    pairs = zip(frozen["numbers"], again["numbers"], strict=False)
    close = all(a == b or (a is not None and b is not None and abs(a - b) < 1e-9) for a, b in pairs)
    return same and close and len(frozen["numbers"]) == len(again["numbers"])


def _faults_by_row(rows: Rows) -> dict[int, list[Refusal]]:
    """Turn the faults of rows into refusals."""
    found: dict[int, list[Refusal]] = {}
    for fault in rows.faults:
        if fault.row is not None:
            refusal = Refusal("row_fault", fault.message, fault.column)
            found.setdefault(fault.row, []).append(refusal)
    return found


def _decode(coded: float, transform: str) -> float:
    """Bring an encoded mean back to the variable's unit."""
    return float(np.expm1(coded)) if transform == "log1p" else coded
