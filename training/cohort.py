"""Files to one cohort: who is eligible, what was observed, who is left out and by which rule.

The first step of the way of a patient, for training. Every number of the flow diagram is counted
here, and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from predictor.dictionary import Dictionary
from predictor.errors import Fault, InvalidInputError
from predictor.rows import Rows, read_rows
from training.column_map import ColumnMap, map_patients, map_table, map_visits
from training.control import SET_APART, Control, control_of, is_untreated, left_out
from training.outcome import (
    BinaryOutcome,
    OutcomeDefinition,
    RelapseOutcome,
    baseline_scores,
    relapse_outcome,
    response_outcome,
    starting_scores,
)
from training.raw_tables import Origin, RawTables, read_raw_tables
from training.scales import scale_ranges
from training.visits import check_events, check_visits

# People without an observed outcome, in the order of the flow diagram.
OUTCOME_RULES = {
    "response": ("no_baseline_score", "zero_baseline_score", "no_score_in_window"),
    "relapse": ("response_not_observed", "not_a_responder", "no_follow_up"),
}
SIMULATED_PREFIX = "sim-"
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Flow:
    """The numbers of the flow diagram.

    Parameters
    ----------
    patients : int
        Everybody in the patients table.
    eligible : int
        Those whom no eligibility rule and no fault of their row excludes.
    with_outcome : int
        Response: the outcome was observed. Relapse: the risk set with follow-up.
    events : int
        Responders, or relapses.
    excluded : dict of str to int
        Rule to number of people, in order; ``patients`` less their sum is ``with_outcome``.
    """

    patients: int
    eligible: int
    with_outcome: int
    events: int
    excluded: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Eligible people with their outcome.

    Parameters
    ----------
    rows : Rows
        All eligible people, also those whose outcome is missing.
    dictionary : Dictionary
        Meaning of the values in `rows`.
    definition : OutcomeDefinition
        What `outcome` is.
    outcome : BinaryOutcome or RelapseOutcome
        Aligned to `rows`.
    flow : Flow
        Who was left out, by rule.
    origin : str
        ``real`` or ``simulated``.
    source : str
        Name of the file or data set.
    file_sha256 : dict of str to str
        SHA-256 of each raw file.
    visits : pandas.DataFrame
        Checked visits of the eligible people.
    baseline_score : numpy.ndarray
        Score of the outcome's scale at baseline; NaN where not known; shape (n,).
    faults : tuple of Fault
        Faults of the excluded rows of the patients table.
    notes : tuple of str
        What was filled in, ignored or disagrees.
    carried_forward : bool
        Whether the data are declared to hold outcomes carried forward.
    control : Control or None
        Untreated people with their outcome, where any are declared.
    events_table : pandas.DataFrame
        Checked events of the eligible people.
    """

    rows: Rows
    dictionary: Dictionary
    definition: OutcomeDefinition
    outcome: BinaryOutcome | RelapseOutcome
    flow: Flow
    origin: Origin
    source: str
    file_sha256: dict[str, str]
    visits: pd.DataFrame
    baseline_score: np.ndarray
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    carried_forward: bool = False
    control: Control | None = None
    events_table: pd.DataFrame = field(default_factory=lambda: check_events(None).table)

    @property
    def analysed(self) -> np.ndarray:
        """Who enters the analysis: outcome observed, or at risk; bool, shape (n,)."""
        return _analysed(self.outcome)

    @property
    def events(self) -> np.ndarray:
        """Who responded or relapsed; bool, shape (n,), False where not analysed."""
        return _events(self.outcome)


def read_cohort(
    patients_path: Path,
    visits_path: Path,
    *,
    dictionary: Dictionary,
    definition: OutcomeDefinition,
    events_path: Path | None = None,
    column_map: ColumnMap | None = None,
    ignore_unknown: bool = False,
) -> Cohort:
    """Read the tables of a study and decide everybody's outcome.

    Parameters
    ----------
    patients_path, visits_path : Path
        ``.csv``, ``.tsv``, ``.json`` or ``.parquet``.
    dictionary : Dictionary
        What is valid in the patients table.
    definition : OutcomeDefinition
        What is predicted.
    events_path : Path or None
        Hospitalisations and what ends follow-up.
    column_map : ColumnMap or None
        How the export differs from our tables.
    ignore_unknown : bool
        Leave out unknown columns, and visits of unknown people, with a note.

    Returns
    -------
    Cohort
        People whose row has a fault are left out and counted as ``row_fault``.

    Raises
    ------
    InvalidInputError
        If a file cannot be read, or the visits or events have any fault; then with all faults of
        all tables. A table whose people are not those of the patients table is a fault.
    """
    raw = read_raw_tables(patients_path, visits_path, events_path)
    return assemble_cohort(
        raw,
        dictionary=dictionary,
        definition=definition,
        column_map=column_map,
        ignore_unknown=ignore_unknown,
    )


def assemble_cohort(
    raw: RawTables,
    *,
    dictionary: Dictionary,
    definition: OutcomeDefinition,
    column_map: ColumnMap | None = None,
    ignore_unknown: bool = False,
) -> Cohort:
    """Apply the column map, eligibility, the dictionary and the outcome, in this order.

    Parameters
    ----------
    raw : RawTables
        Tables as texts.
    dictionary : Dictionary
        What is valid in the patients table.
    definition : OutcomeDefinition
        What is predicted.
    column_map : ColumnMap or None
        How the export differs from our tables.
    ignore_unknown : bool
        Leave out unknown columns, and visits of unknown people, with a note.

    Returns
    -------
    Cohort
        As `read_cohort`.

    Raises
    ------
    InvalidInputError
        As `read_cohort`.
    """
    mapping = column_map or ColumnMap()
    excluded, untreated = left_out(raw.patients, mapping)
    rows = read_rows(
        map_patients(raw.patients, mapping),
        dictionary,
        ignore_unknown=ignore_unknown,
        require_ids=True,
    )
    tables, events, notes = _checked_tables(raw, mapping, rows, dictionary, ignore_unknown)
    visits = tables[0]
    for place in np.flatnonzero(~rows.accepted):
        excluded[place] = excluded[place] or "row_fault"
    eligible = rows.select(np.array([rule is None for rule in excluded], dtype=bool))
    ids = [str(patient) for patient in eligible.patient_ids]
    ignored = [f"patients: {w.message}" for w in rows.warnings if w.rule == "ignored_column"]
    filled, filling = _with_baseline_scores(eligible, visits, dictionary)
    outcome = _outcome(definition, visits, events, ids)
    control = None
    if mapping.control_arm is not None:
        there = untreated & rows.accepted & [rule in {None, SET_APART} for rule in excluded]
        people, _ = _with_baseline_scores(rows.select(there), visits, dictionary)
        people = filled if mapping.control_arm.table == "visits" else people
        control = control_of(
            mapping.control_arm, definition, people, visits=visits, untreated=tables[-1]
        )
    return Cohort(
        rows=filled,
        dictionary=dictionary,
        definition=definition,
        outcome=outcome,
        flow=_flow(mapping, excluded, definition, outcome),
        origin=_origin(raw, rows),
        source=raw.source,
        file_sha256=raw.file_sha256,
        visits=visits[visits["patient_id"].isin(ids)].reset_index(drop=True),
        baseline_score=starting_scores(definition, visits, ids, stated=filled.values),
        faults=rows.faults,
        notes=(*raw.notes, *ignored, *notes, *filling),
        carried_forward=mapping.outcomes_carried_forward,
        control=control,
        events_table=events[events["patient_id"].isin(ids)].reset_index(drop=True),
    )


def _checked_tables(
    raw: RawTables,
    mapping: ColumnMap,
    rows: Rows,
    dictionary: Dictionary,
    ignore_unknown: bool,
) -> tuple[list[pd.DataFrame], pd.DataFrame, tuple[str, ...]]:
    """Check visits (of a cross-over, of each period) and events; refuse with every fault of all."""
    people = frozenset(patient for patient in rows.patient_ids if patient is not None)
    apart = is_untreated(raw.visits, mapping, "visits")
    periods = [
        check_visits(
            map_visits(table, mapping.visits),
            ranges=scale_ranges(dictionary),
            patient_ids=people,
            ignore_unknown=ignore_unknown,
        )
        for table in ([raw.visits[~apart], raw.visits[apart]] if apart.any() else [raw.visits])
    ]
    given = raw.events is not None and not raw.events.empty
    table = map_table(raw.events, mapping.events, where="events") if given else None  # type: ignore[arg-type]
    events = check_events(table, patient_ids=people, ignore_unknown=ignore_unknown)
    found = [*(fault for period in periods for fault in period.faults), *events.faults]
    if found:
        more = f" ({len(found) - 1} more faults)" if len(found) > 1 else ""
        raise InvalidInputError(f"{found[0].message}{more}", (*rows.faults, *found))
    notes = [*(note for period in periods for note in period.notes), *events.notes]
    return [period.table for period in periods], events.table, tuple(notes)


def _with_baseline_scores(
    rows: Rows, visits: pd.DataFrame, dictionary: Dictionary
) -> tuple[Rows, list[str]]:
    """Fill totals that the patients table lacks from the baseline visit; say where they differ."""
    values, notes, ids = dict(rows.values), [], rows.patient_ids
    for instrument in sorted(set(visits["instrument"])):
        variable = f"{instrument}_total"
        if variable not in dictionary:
            continue
        scores = baseline_scores(instrument, visits, ids)
        stated = values[variable]
        absent = np.isnan(stated) & ~np.isnan(scores)
        differing = ~np.isnan(stated) & ~np.isnan(scores) & (stated != scores)
        # a prorated total has a fraction, the variable has none
        values[variable] = np.where(absent, np.floor(scores + 0.5), stated)
        if absent.any():
            notes.append(f"{variable}: taken from the baseline visit for {absent.sum()} people")
        if differing.any():
            numbers = [str(rows.row_number(int(place))) for place in np.flatnonzero(differing)]
            notes.append(
                f"{variable}: the patients table and the baseline visit differ in {len(numbers)} "
                f"rows ({', '.join(numbers[:10])}{', …' if len(numbers) > 10 else ''}); the "
                "patients table is used as predictor, the visit for the outcome"
            )
    return replace(rows, values=values), notes


def _outcome(
    definition: OutcomeDefinition,
    visits: pd.DataFrame,
    events: pd.DataFrame,
    ids: Sequence[str],
) -> BinaryOutcome | RelapseOutcome:
    """Apply the outcome definition."""
    if definition.task == "relapse":
        return relapse_outcome(definition, visits, events, ids)
    return response_outcome(definition, visits, ids)


def _analysed(outcome: BinaryOutcome | RelapseOutcome) -> np.ndarray:
    """Who enters the analysis."""
    return outcome.at_risk if isinstance(outcome, RelapseOutcome) else ~np.isnan(outcome.observed)


def _events(outcome: BinaryOutcome | RelapseOutcome) -> np.ndarray:
    """Who has the event."""
    return outcome.relapsed if isinstance(outcome, RelapseOutcome) else outcome.observed == 1


def _flow(
    mapping: ColumnMap,
    excluded: list[str | None],
    definition: OutcomeDefinition,
    outcome: BinaryOutcome | RelapseOutcome,
) -> Flow:
    """Count people rule by rule."""
    named = [rule.rule for rule in mapping.eligibility]
    before, after = Counter(excluded), Counter(outcome.missing_reason)
    apart = [SET_APART] if before[SET_APART] else []
    order = [*dict.fromkeys([*named, *apart, "row_fault"])]
    counts = {rule: before[rule] for rule in order}
    counts.update({rule: after[rule] for rule in OUTCOME_RULES[definition.task] if after[rule]})
    return Flow(
        patients=len(excluded),
        eligible=len(outcome.missing_reason),
        with_outcome=int(_analysed(outcome).sum()),
        events=int(_events(outcome).sum()),
        excluded=counts,
    )


def missing_outcomes(cohort: Cohort) -> pd.DataFrame:
    """Count missing outcomes by site and by band of baseline severity.

    Parameters
    ----------
    cohort : Cohort
        Non-responders are no missing outcome of relapse: they are not counted as people here.

    Returns
    -------
    pandas.DataFrame
        Columns ``by`` (``site`` or ``baseline severity``), ``level``, ``people``, ``missing``.
    """
    reasons = cohort.outcome.missing_reason
    counted = [place for place, reason in enumerate(reasons) if reason != "not_a_responder"]
    scale = cohort.definition.scale
    bands = [NOT_KNOWN if scale is None else scale.band_of(float(x)) for x in cohort.baseline_score]
    severities = [] if scale is None else [*scale.band_names, "any", NOT_KNOWN]
    sites = [site or NOT_KNOWN for site in cohort.rows.sites]
    lines: list[dict[str, object]] = []
    for by, levels, order in (
        ("site", sites, sorted(set(sites))),
        ("baseline severity", bands, severities),
    ):
        for level in order:
            there = [place for place in counted if levels[place] == level]
            missing = sum(reasons[place] is not None for place in there)
            if there:
                lines.append({"by": by, "level": level, "people": len(there), "missing": missing})
    return pd.DataFrame(lines, columns=["by", "level", "people", "missing"])


def _origin(raw: RawTables, rows: Rows) -> Origin:
    """Call a cohort simulated if it says so or if any id is a simulated one."""
    drawn = any(str(patient).startswith(SIMULATED_PREFIX) for patient in rows.patient_ids)
    return "simulated" if drawn else raw.origin
