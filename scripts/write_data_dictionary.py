"""Write docs/data-dictionary.md from configs/dictionary.yaml.

Run ``make docs`` after every change of the dictionary; a test compares the page with what this
script would write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from predictor.dictionary import Dictionary, Instrument, Variable

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "configs" / "dictionary.yaml"
PAGE = ROOT / "docs" / "data-dictionary.md"

INTRODUCTION = """\
# Data dictionary

Written by `scripts/write_data_dictionary.py` from `configs/dictionary.yaml`; change that file,
not this page.

**Research use only.** Nothing here is treatment advice. Sources marked "recalled" are quoted
from memory: verify them in the paper or the current label before relying on them. Scales belong
to their authors; their items are not printed here.

The patients table has one row each: `patient_id`, `site` (optional), then any of the variables
below. An empty cell means *not answered*; so do the texts under "also missing". A value outside
the accepted range is refused; one outside the plausible range is accepted with a warning.
"""

LEGEND = """\
## How to read it

**Use.** `predictor` may enter a model. `safety` is read by the safety rules only and never
enters a model; an unanswered one is "not asked", never "no". `input` is recorded to derive
another variable. Some predictors (blood pressure, age, bipolar disorder, benzodiazepines, …)
are read by the safety rules as well, independently.

**Timing.** `baseline` is known before the first dose, `planned` is the treatment as planned
before it, `landmark` is known only after it and enters no baseline model. The numbers of doses,
sessions and maintenance doses are those *planned*: what was given depends on the outcome.

**Evidence grade** of a predictor of response or relapse after ketamine. Where the evidence
gives two letters, the weaker one stands; a grade says how good the evidence is, also where it
finds no effect ("null" in the source).

| Grade | Meaning |
|---|---|
| A | randomised trials or pooled patient-level data, replicated |
| B | secondary analysis of one randomised trial, or a large cohort |
| C | small, open or uncorrected studies, or studies that contradict each other |
| D | no evidence found, or a hypothesis |
| general | accepted in depression generally; no estimate after ketamine |

**LOINC** is given only where the code was confirmed. **log1p** marks variables that a linear
learner sees as the logarithm of one plus the value. Units are UCUM codes.
"""

INSTRUMENT_NOTE = """\
## Totals computed from items

Where the item columns are given, the total is computed. A reversed item counts as lowest +
highest − answer. `mean` prorating lets missing items take the mean of the answered ones (total
rounded half up), as long as no more are missing than stated; with `none` one missing item
leaves the total missing. The three FSCRS scales are never summed, nor are the five CTQ-SF
scales here. HAM-D17 (items of unequal range) and QIDS-SR16 (the worst item of each domain
counts) are typed as totals.
"""


def render(dictionary: Dictionary) -> str:
    """Write the page of a dictionary.

    Parameters
    ----------
    dictionary : Dictionary
        The checked dictionary.

    Returns
    -------
    str
        Markdown, ending in a line break.
    """
    predictors = len(dictionary.predictors())
    count = (
        f"Version {dictionary.version}: {len(dictionary.variables)} variables, "
        f"{predictors} of them predictors, and {len(dictionary.instruments)} scales with items.\n"
    )
    groups = dict.fromkeys(variable.group for variable in dictionary.variables)
    sections = [
        _group(name, [v for v in dictionary.variables if v.group == name]) for name in groups
    ]
    instruments = INSTRUMENT_NOTE + "\n" + _instruments(dictionary.instruments)
    return "\n".join([INTRODUCTION, count, LEGEND, *sections, instruments])


def _group(name: str, variables: Sequence[Variable]) -> str:
    """Write the table of one group."""
    rows = (
        (
            f"`{variable.id}`",
            variable.label,
            _accepted(variable),
            "; ".join(_details(variable)),
            variable.evidence_grade or "–",
            variable.source,
        )
        for variable in variables
    )
    heading = name[:1].upper() + name[1:]
    columns = ("Variable", "What it is", "Accepted", "Details", "Grade", "Source")
    return f"## {heading}\n\n{_table(columns, rows)}"


def _accepted(variable: Variable) -> str:
    """Name type, range with unit, or levels."""
    if variable.hard_range is None:
        levels = variable.levels or ("yes", "no")
        joined = ("` < `" if variable.type == "ordinal" else "`, `").join(levels)
        text = f"`{joined}`"
    else:
        unit = f" {variable.unit}" if variable.unit else ""
        kind = "integer" if variable.type == "integer" else "number"
        text = f"{kind}, {_span(variable.hard_range)}{unit}"
        if variable.plausible_range not in (None, variable.hard_range):
            text += f" (plausible {_span(variable.plausible_range)})"
    if variable.missing_codes:
        text += "; also missing: " + ", ".join(f"`{code}`" for code in variable.missing_codes)
    return text


def _details(variable: Variable) -> list[str]:
    """Name all that is not said by the other columns."""
    parts: list[str] = [variable.use, variable.timing]
    if variable.instrument:
        parts.append(", ".join(filter(None, (variable.instrument, variable.variant))))
    if variable.loinc:
        parts.append(f"LOINC {variable.loinc}")
    if variable.higher_is_worse is not None:
        parts.append("higher is worse" if variable.higher_is_worse else "lower is worse")
    if variable.modifiable:
        parts.append("care can change it")
    if variable.transform != "none":
        parts.append(variable.transform)
    if variable.derived:
        origin = ", ".join(f"`{name}`" for name in variable.derived_from)
        parts.append(f"derived from {origin}{'' if variable.typed else ', never typed'}")
    return parts


def _instruments(instruments: Iterable[Instrument]) -> str:
    """Write the table of scoring rules."""
    rows = (
        (
            instrument.label,
            f"`{instrument.total}`",
            _columns(instrument),
            f"{instrument.item_range[0]} to {instrument.item_range[1]}",
            ", ".join(map(str, instrument.reverse)) or "–",
            str(instrument.may_be_missing),
            instrument.prorating,
            instrument.source,
        )
        for instrument in instruments
    )
    columns = ("Scale", "Total", "Item columns", "Item", "Reversed", "May be missing", "Prorating")
    return _table((*columns, "Source"), rows)


def _columns(instrument: Instrument) -> str:
    """Name the item columns, as a span where they are numbered without a gap."""
    first, last = instrument.items[0], instrument.items[-1]
    if instrument.items == tuple(range(first, last + 1)):
        return f"`{instrument.columns[0]}` … `{instrument.columns[-1]}`"
    return ", ".join(f"`{column}`" for column in instrument.columns)


def _span(bounds: tuple[float, float] | None) -> str:
    """Write a range."""
    return "" if bounds is None else f"{bounds[0]:g} to {bounds[1]:g}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n".join(f"| {line} |" for line in cells) + "\n"


def main() -> int:
    """Write the page.

    Returns
    -------
    int
        0, the exit code.
    """
    with SOURCE.open(encoding="utf-8") as stream:
        dictionary = Dictionary.from_dict(yaml.safe_load(stream))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(dictionary), encoding="utf-8", newline="\n")
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
