"""score(rows): safety, number, interval, contributions, cautions, refusals, provenance.

Every row is answered, in its order; a refusal is an answer. Safety rules and model never read
each other: a STOP takes the number away, and that is all they have to do with one another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.assumed import converted_of, imputed_of, next_question_of
from predictor.beside import with_beside
from predictor.bundle import Bundle, read_bundle
from predictor.cautions import cautions_of, refusals_of
from predictor.dictionary import Dictionary
from predictor.errors import BundleError, InvalidInputError
from predictor.explanation import on_probability_scale
from predictor.known import Known, known, later_cautions
from predictor.landmark_models import Shared, shared_of
from predictor.model import Assessment
from predictor.reference import reference_rows
from predictor.risk_set import RiskSet, until_left
from predictor.row_notes import RowNotes
from predictor.rows import Rows, format_value, read_rows
from predictor.safety import evaluate
from predictor.score import Refusal, Score, reference_score
from predictor.scores import Scores
from predictor.uncertainty import Z_LEVEL, verdict_of

Floats = NDArray[np.float64]


class Scorer:
    """A loaded bundle that scores rows.

    Parameters
    ----------
    bundle : Bundle
        Model, dictionary, safety rules, provenance.
    shared : Shared, optional
        What it shares with the models of other landmarks; found in the bundle by default.

    Examples
    --------
    >>> scorer = load("runs/response/bundle")  # doctest: +SKIP
    >>> scorer.score({"age_years": 44, "madrs_total": 31})[0].status  # doctest: +SKIP
    'refused'
    """

    def __init__(self, bundle: Bundle, *, shared: Shared | None = None) -> None:
        self.bundle = bundle
        self._shared = shared_of(bundle) if shared is None else shared
        self._risk_set = RiskSet(bundle, self._shared)
        self.landmarks = {
            name: Scorer(inner, shared=self._shared) for name, inner in bundle.landmarks.items()
        }
        encoding = bundle.model.encoding
        self._variables = tuple(bundle.dictionary[variable] for variable in encoding.variables)
        self._labels = {variable.id: variable.label for variable in self._variables}
        self._first_column = np.searchsorted(encoding.owner(), np.arange(len(self._variables)))

    @property
    def dictionary(self) -> Dictionary:
        """By which rows are read: that of the bundle and of its landmarks."""
        return self._shared.dictionary

    def score(
        self,
        rows: object,
        *,
        explain: bool = True,
        ignore_unknown: bool = False,
        landmark: str | None = None,
    ) -> Scores:
        """Score candidates.

        Parameters
        ----------
        rows : dict, list of dict, DataFrame, path or Rows
            Candidates.
        explain : bool
            Whether to split each number among the variables.
        ignore_unknown : bool
            Leave out unknown columns instead of refusing the input.
        landmark : str, optional
            Score by the model of this landmark, which reads what is known then.

        Returns
        -------
        Scores
            One for each row, in order, refusals included.

        Raises
        ------
        InvalidInputError
            If the input as a whole is at fault, or the bundle has no model of the landmark.
        """
        read = self._read(rows, ignore_unknown=ignore_unknown)
        return self.at(landmark)._answer(read, explain=explain)

    def path(
        self, rows: object, *, explain: bool = True, ignore_unknown: bool = False
    ) -> list[tuple[Score, ...]]:
        """Score candidates visit by visit.

        Parameters
        ----------
        rows : dict, list of dict, DataFrame, path or Rows
            Candidates with what is known by now.
        explain : bool
            Whether to split each number among the variables.
        ignore_unknown : bool
            Leave out unknown columns instead of refusing the input.

        Returns
        -------
        list of tuple of Score
            For each row the score at baseline and, in order, that of each landmark whose score is
            answered, up to the one at which the person was found to have left the risk set.

        Raises
        ------
        InvalidInputError
            If the input as a whole is at fault, or the bundle has no model of any landmark.
        """
        if not self.landmarks:
            self.at("all")
        read = self._read(rows, ignore_unknown=ignore_unknown)
        steps = [self, *self.landmarks.values()]
        tables = [step._answer(read, explain=explain) for step in steps]
        return [
            until_left(
                table[i]
                for step, table in zip(steps, tables, strict=True)
                if step is self or step._risk_set.is_rated(read.values, i)
            )
            for i in range(len(read))
        ]

    def at(self, landmark: str | None) -> Scorer:
        """Find the scorer of a landmark.

        Parameters
        ----------
        landmark : str or None
            Name of a landmark, or None for this scorer.

        Returns
        -------
        Scorer
            It reads the same rows.

        Raises
        ------
        InvalidInputError
            If the bundle has no model of it; those it has are named.
        """
        if landmark is None:
            return self
        if landmark not in self.landmarks:
            has = ", ".join(self.landmarks) or "none: it was trained at baseline alone"
            words = f"landmark {landmark}: the bundle has no such model; it has {has}"
            raise InvalidInputError(words)
        return self.landmarks[landmark]

    def _read(self, rows: object, *, ignore_unknown: bool) -> Rows:
        """Read rows by the dictionary of all landmarks."""
        if isinstance(rows, Rows):
            return rows
        return read_rows(rows, self.dictionary, ignore_unknown=ignore_unknown)

    def _answer(self, rows: Rows, *, explain: bool) -> Scores:
        """Answer every row by this scorer's own model."""
        model, variables = self.bundle.model, self.bundle.model.encoding.variables
        view = known(self.dictionary, variables, rows.values, self._shared.crosswalks)
        assessment = view.widened(model, model.assess(view.values))
        codes = np.array([view.values[variable] for variable in variables]).T
        notes = RowNotes(rows)
        scores = [
            self._score_one(rows, view, assessment, i, explain=explain, notes=notes)
            for i in range(len(rows))
        ]
        return Scores(scores, codes.reshape(len(rows), len(variables)))

    def verify(self) -> None:
        """Score the bundle's generated reference rows again.

        Raises
        ------
        BundleError
            If a frozen score, of a landmark's model too, differs by more than 1e-9. Whether a
            model has expired is not looked at.
        """
        for inner in self.landmarks.values():
            inner.verify()
        frozen = self.bundle.reference
        if not frozen:
            raise BundleError("the bundle has no reference rows; get it again from its trainer")
        for entry, again in zip(frozen, _reference_scores(self.bundle, frozen), strict=True):
            if not _agree(entry["score"], again):
                raise BundleError(
                    f"reference row {entry['name']!r} scores otherwise here than where the bundle "
                    "was written; do not use it and tell its trainer"
                )

    def _score_one(
        self,
        rows: Rows,
        view: Known,
        assessment: Assessment,
        i: int,
        *,
        explain: bool,
        notes: RowNotes,
    ) -> Score:
        """Answer one row."""
        number = rows.row_number(i)
        safety = evaluate(self.bundle.safety, rows.values, row=i)
        refusals = notes.refusals(number)
        refusals += [Refusal("stop_rule", f.text) for f in safety.stops]
        refusals += self._risk_set.refusals(rows.values, i)
        refusals += refusals_of(self.bundle, assessment, i)
        score = Score(
            row=number,
            patient_id=rows.patient_ids[i],
            task=self.bundle.model.task,
            status="refused" if refusals else "scored",
            provenance=self.bundle.provenance,
            refusals=tuple(refusals),
            safety=tuple(finding.to_dict() for finding in safety.findings),
            not_asked=tuple(self.bundle.dictionary[v].label for v in safety.not_asked),
            cautions=(
                *(one.caution() for one in view.conversions[i]),
                *cautions_of(self.bundle, assessment, i),
                *later_cautions(self.dictionary, self.bundle.provenance.landmark, rows.values, i),
                *notes.cautions(number),
            ),
            values={v.id: format_value(v, float(rows.values[v.id][i])) for v in self._variables}
            | {one.variable.id: one.words for one in view.conversions[i]},
            labels=self._labels,
        )
        if refusals:
            return score
        score = replace(score, **self._number(view, assessment, i, explain=explain))
        known_answers = zip(self._variables, assessment.answered[i], strict=True)
        return with_beside(
            score,
            self.bundle,
            given=[variable for variable, is_given in known_answers if is_given],
            dictionary=self.dictionary,
            values=rows.values,
            i=i,
        )

    def _number(
        self, view: Known, assessment: Assessment, i: int, *, explain: bool
    ) -> dict[str, Any]:
        """Give the number of one row with all that belongs to it."""
        model = self.bundle.model
        margin, sd = float(assessment.margin[i]), float(assessment.sd[i])
        day = self.bundle.provenance.horizon_days if model.task == "relapse" else None
        base = float(model.probability(np.array(assessment.base), day))
        shown = float(model.probability(np.array(margin), day))
        found: dict[str, Any] = {"margin": margin, "base": assessment.base, "margin_sd": sd}
        found["base_probability"] = base
        if model.task == "relapse":
            curve = found["curve"] = model.curve(margin, sd)
            ends = curve.risk_at(self.bundle.provenance.horizon_days)[1:]
        else:
            found["probability"] = shown
            half = Z_LEVEL * sd
            ends = tuple(model.probability(np.array([margin - half, margin + half])).tolist())
            found["lo"], found["hi"] = ends
        threshold = self.bundle.provenance.decision_threshold
        found["verdict"] = None if threshold is None else verdict_of(*ends, threshold)
        if model.conformal is not None:
            found["conformal"] = tuple(model.conformal.sets(margin))
        split = on_probability_scale(
            assessment.contributions[i],
            step=margin - assessment.base,
            difference=shown - base,
            slope_at_base=_slope(base, model.task),
        )
        if explain:
            by_margin = assessment.contributions[i].tolist()
            found["contributions"] = dict(zip(self._labels, by_margin, strict=True))
            found["contributions_probability"] = dict(
                zip(self._labels, split.tolist(), strict=True)
            )
        found["imputed"] = (
            *imputed_of(
                self._variables, assessment, i, first_column=self._first_column, split=split
            ),
            *converted_of(self._variables, view.conversions[i], split),
        )
        found["next_question"] = next_question_of(self._variables, assessment, i)
        return found


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


def with_reference(bundle: Bundle) -> Bundle:
    """Freeze the scores of generated rows in a bundle, before it is written.

    Parameters
    ----------
    bundle : Bundle
        A fitted model with all that belongs to it.

    Returns
    -------
    Bundle
        The same with `reference` filled. The scores do not depend on the day on which they are
        made: expiry is left aside.
    """
    rows = reference_rows(bundle.dictionary, calm=bundle.safety.reads)
    scores = _reference_scores(bundle, rows)
    entries = [{**row, "score": score} for row, score in zip(rows, scores, strict=True)]
    return replace(bundle, reference=tuple(entries))


def _reference_scores(bundle: Bundle, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Score generated rows as if the model never expired."""
    lasting = replace(bundle, provenance=replace(bundle.provenance, expires=""))
    scores = Scorer(lasting).score([dict(entry["row"]) for entry in entries])
    return [reference_score(score) for score in scores]


def _agree(frozen: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """Compare a frozen score with today's."""
    if any(frozen.get(key) != again[key] for key in ("status", "refusals")):
        return False
    if len(frozen["numbers"]) != len(again["numbers"]):
        return False
    pairs = zip(frozen["numbers"], again["numbers"], strict=True)
    return all(a is b if a is None or b is None else abs(a - b) <= _TOLERANCE for a, b in pairs)


_TOLERANCE = 1e-9


def _slope(number: float, task: str) -> float:
    """Give the derivative of the link where it gives this number."""
    if task == "response":
        return number * (1 - number)
    return -(1 - number) * math.log1p(-number) if number < 1 else 0.0
