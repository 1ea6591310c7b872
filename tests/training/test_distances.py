"""The part of the report on distances says what they are and shows every learner that has some."""

from dataclasses import replace

from training.metrics.intervals import Estimate
from training.presentation import make_report
from training.presentation.distances import section, shown_apart


def test_distances_stand_in_a_part_of_their_own_and_not_twice(findings_of) -> None:
    findings = findings_of("relapse")
    found = {
        "c_index": Estimate(0.6, 0.5, 0.7, "m"),
        "ici_90": Estimate(0.04, 0.0, 0.08, "m"),
        "e50_90": Estimate(0.0313, 0.0, 0.0701, "m"),
        "emax_30": Estimate(0.2, 0.05, 0.4, "m"),
    }
    findings = replace(findings, metrics={**findings.metrics, "cox_ridge": found})
    part = section(findings)
    (table,) = part.tables
    assert [row["Measure"].text for row in table.rows] == ["E50 at 90 days", "Emax at 30 days"]
    cell = table.rows[0]["cox ridge"]
    assert (cell.text, cell.under.replace("\N{NO-BREAK SPACE}", " ")) == ("0.031", "0.000 to 0.070")
    assert "kaplan" not in repr(table.rows).lower()  # an average has none
    assert any("censored" in words for words in part.paragraphs)
    report = make_report(findings, {})
    assert part in report.sections
    assert set(report.candidates[0].metrics) == {"c_index", "ici_90"}


def test_without_distances_there_is_no_such_part(findings_of) -> None:
    assert section(findings_of()) is None
    assert [shown_apart(name) for name in ("e90", "e90_180", "ici", "oe_90")] == [
        True, True, False, False,
    ]  # fmt: skip
