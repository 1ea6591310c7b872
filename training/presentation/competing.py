"""Which event comes first, relapse or a competing one, as the report tells it."""

from __future__ import annotations

from training.findings import Findings
from training.model_report import Section, Table
from training.model_report.numbers import with_ends
from training.outcome_wording import EVENT_WORDS

_KM = "1\N{NO-BREAK SPACE}\N{MINUS SIGN}\N{NO-BREAK SPACE}Kaplan\N{EN DASH}Meier"
_FIRST = (
    "Cumulative incidence says of how many people like these relapse comes first by a day, and of "
    "how many the other event does (Aalen\N{EN DASH}Johansen): what one would see. "
    f"{_KM} says how many would relapse were the other events not there; it takes whoever has one "
    "for somebody who left, and is never below the first."
)
_MODEL = (
    "The model and its measures are cause-specific: its risk is of the second kind, read as "
    "\N{LEFT DOUBLE QUOTATION MARK}were it not for {events}\N{RIGHT DOUBLE QUOTATION MARK}. It "
    "assumes that whoever had such an event would have fared like those still followed."
)


def section(findings: Findings) -> Section | None:
    """Set the incidence of both beside the risk were there no competing events.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where the definition declares no competing event.
    """
    found = findings.competing
    if found is None:
        return None
    named = [EVENT_WORDS[kind] for kind in findings.cohort.definition.competing_events]
    events = " or ".join(named)
    columns = {
        "relapse": "Relapse first",
        "competing": f"{events[0].upper()}{events[1:]} first",
        "one_minus_kaplan_meier": f"{_KM} of relapse",
    }
    rows: list[dict[str, object]] = [
        {
            "Day": str(day),
            **{
                columns[name]: with_ends(one.value, one.lo, one.hi, 2)
                for name, one in numbers.items()
            },
        }
        for day, numbers in found.days.items()
    ]
    counted = (
        f"Of {found.people} people in the risk set {found.relapsed} relapsed first and "
        f"{found.competed} had a competing event first ({events})."
    )
    return Section(
        "competing",
        "Which event comes first",
        [counted, _FIRST, _MODEL.format(events=events)],
        tables=[
            Table(
                "Share of the risk set by day (95 % interval under each)",
                rows,
                " ".join(f"Day {day}: {why}." for day, why in found.undefined.items()),
            )
        ],
    )
