"""What the report of a run is made of: values and texts, no HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from training.cohort import Flow

Task = Literal["response", "relapse"]
Status = Literal["fitted", "exploratory", "refused"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval.

    Parameters
    ----------
    value : float
        The estimate; NaN is shown as a dash.
    lo, hi : float or None
        Ends of its interval; None shows the estimate alone.
    """

    value: float
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One learner or comparator.

    Parameters
    ----------
    name : str
        As in the config, such as ``elastic_net``.
    metrics : mapping of str to Estimate
        By metric name (`METRICS`), from people the model never saw.
    is_comparator : bool
        Shown beside the others, never chosen.
    """

    name: str
    metrics: Mapping[str, Estimate]
    is_comparator: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with the words for those who cannot see it.

    Parameters
    ----------
    title : str
        Caption.
    svg : bytes
        From `training.figures`.
    alt : str
        What the drawing shows, in a sentence or two.
    note : str
        What to look at; may be empty.
    """

    title: str
    svg: bytes
    alt: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of two lines.

    Parameters
    ----------
    text : str
        What counts.
    under : str
        Smaller, under it; may be empty.
    links : sequence of tuple of str
        Pairs (label, anchor) under both; an empty anchor is a name without a link.
    """

    text: str
    under: str = ""
    links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    caption : str
        What it shows.
    rows : sequence of mapping of str to object
        One mapping for each row, column name to cell; the first row's keys are the columns and the
        first column names the rows. None is an empty cell, a `Cell` has two lines.
    note : str
        A sentence under it; may be empty.
    folded : str
        Words under which it is folded away on a screen (in print it is open); empty shows it.
    """

    caption: str
    rows: Sequence[Mapping[str, object]]
    note: str = ""
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report under a heading of its own.

    Parameters
    ----------
    anchor : str
        Where links to it lead; letters and dashes, not used elsewhere on the page.
    title : str
        Heading.
    paragraphs : sequence of str
        What to know before looking; the first says what the part is for.
    charts : sequence of Chart
        Drawings.
    tables : sequence of Table
        Under the drawings.
    """

    anchor: str
    title: str
    paragraphs: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Importance:
    """How much one variable moves the predictions of the chosen model.

    Parameters
    ----------
    label : str
        The variable.
    mean : float
        Mean absolute contribution over people and folds, on the log-odds or log-hazard scale.
    lo, hi : float
        Smallest and largest mean of a fold.
    """

    label: str
    mean: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Sentinel:
    """One check that nothing leaked.

    Parameters
    ----------
    name : str
        What was checked.
    passed : bool
        Whether it held.
    detail : str
        What was found.
    tested : bool
        False where there was too little to look at.
    """

    name: str
    passed: bool
    detail: str
    tested: bool = True


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything that the report of one run shows.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    population : str
        Who was studied, to follow "in", such as "adults with depression".
    ketamine : bool
        Whether the data are about ketamine; the title says so only where they are.
    outcome : str
        The outcome definition as a sentence.
    question : sequence of tuple of str
        The same part by part: heading and sentence.
    status : str
        ``fitted``, ``exploratory`` or ``refused``.
    reason : str
        Why it is not more than that; empty when fitted.
    headline : sequence of str
        What the model may be expected to do, the first sentence before all else; may be empty.
    data_origin : str
        ``real`` or ``simulated``.
    source : str
        Name of the data.
    flow : Flow
        Numbers of the flow diagram.
    stamp : str or None
        Stamp of the bundle; None when there is none.
    sample_size : sequence of str
        Sentences about what this cohort can support.
    table_one : Table or None
        Baseline characteristics.
    missing_outcomes : sequence of Table
        Missing outcomes by site and by baseline severity.
    candidates : sequence of Candidate
        Learners, then comparators; empty when nothing could be compared.
    chosen : str or None
        Name of the chosen learner.
    chosen_because : str
        Why that one, in sentences.
    tried : Table or None
        Why each learner is there, and which of its measures have no value and why.
    performance : sequence of Chart
        ROC, calibration, decision curve, relapse curves, …; may be empty.
    sections : sequence of Section
        Further parts in the order in which they are read; may be empty.
    importance : sequence of Importance
        Largest first; may be empty.
    importance_chart : Chart or None
        The same as a drawing.
    sentinels : sequence of Sentinel
        Checks for leaks.
    extra : sequence of Table
        Tables that only this source has.
    notes : sequence of str
        What was filled in, left out or disagrees in the data.
    methods : sequence of str
        Paragraphs.
    closing : sequence of Section
        Parts that are read after the methods; may be empty.
    provenance : mapping of str to str
        Config, seeds, code version, SHA-256 of each data file by file name, …
    not_shown : sequence of str
        What this report does not show.
    """

    task: Task
    population: str
    outcome: str
    status: Status
    reason: str
    data_origin: Literal["real", "simulated"]
    source: str
    flow: Flow
    ketamine: bool = True
    question: Sequence[tuple[str, str]] = ()
    headline: Sequence[str] = ()
    stamp: str | None = None
    sample_size: Sequence[str] = ()
    table_one: Table | None = None
    missing_outcomes: Sequence[Table] = ()
    candidates: Sequence[Candidate] = ()
    chosen: str | None = None
    chosen_because: str = ""
    tried: Table | None = None
    performance: Sequence[Chart] = ()
    sections: Sequence[Section] = ()
    importance: Sequence[Importance] = ()
    importance_chart: Chart | None = None
    sentinels: Sequence[Sentinel] = ()
    extra: Sequence[Table] = ()
    notes: Sequence[str] = ()
    methods: Sequence[str] = ()
    closing: Sequence[Section] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    not_shown: Sequence[str] = ()
