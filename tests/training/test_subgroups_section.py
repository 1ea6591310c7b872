"""Subgroups on the page: what is hidden stays hidden, and the words do not flatter."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation import (
    Division,
    Grouping,
    OutOfFold,
    Subgroup,
    Subgroups,
    measure_subgroups,
)
from training.evaluation.group_measures import Measured
from training.findings import summary
from training.fitting import Outcome
from training.metrics.intervals import Estimate
from training.metrics.pooling import CochranQ
from training.presentation import make_report
from training.presentation.subgroups import section, unasked

AUC, OE = Estimate(0.712, 0.6, 0.8, "DeLong"), Estimate(0.5, 0.4, 0.625, "x")
FEMALE = Subgroup("female", "", 120, 60, 0.5, 0.4321, Measured({"auc": AUC, "oe": OE}, {}, {}))
MALE = Subgroup("male", measured=Measured({"oe": OE}, {}, {"auc": "fewer than 10 people"}))
OTHER = Subgroup("other", "fewer than 10 people")
SEX = Division("sex", "Sex", "", (FEMALE, MALE, OTHER), {"oe": CochranQ(7.25, 1, 0.0071)})
AGE = Division("age_years", "Age (years)", "cut by convention", (FEMALE,))
ROUTE = Division("route", "Route", "", reason="all people are in one group")
SITE = Division("site", "Site", "", (OTHER, OTHER))


def shown(findings_of, *divisions, task="response", day=None, **everybody):
    found = Subgroups("ridge", day, everybody or {"auc": AUC, "oe": OE}, divisions)
    return replace(findings_of(task), subgroups=found)


def text_of(part):
    return " ".join(part.paragraphs)


def test_groups_stand_beside_everybody_with_their_intervals(findings_of) -> None:
    part = section(shown(findings_of, SEX, AGE))
    assert [table.caption for table in part.tables] == ["Sex", "Age (years) (cut by convention)"]
    female, male, everybody = part.tables[0].rows
    assert list(female) == ["Group", "Observed", "AUC", "O/E"]
    assert (female["Group"].text, female["Group"].under) == ("female", "120 people, 60 events")
    assert (female["Observed"].text, female["Observed"].under) == ("0.50", "predicted 0.43")
    assert (female["AUC"].text, female["AUC"].under.split()) == ("0.71", ["0.60", "to", "0.80"])
    assert male["Group"].under == "number not told"
    assert (male["Observed"].text, male["AUC"].text) == ("–", "–")
    assert everybody["Group"] == "Everybody"


def test_the_note_names_what_is_hidden_and_why_a_measure_has_no_value(findings_of) -> None:
    note = section(shown(findings_of, SEX)).tables[0].note
    assert note == (
        "O/E: Q = 7.2 on 1 degree of freedom, p = 0.007. male: no AUC (fewer than 10 people). "
        "male: counts and shares are not told, because those of a smaller group would follow. "
        "Not told: other (fewer than 10 people)."
    )


def test_the_words_say_how_little_small_groups_say_and_how_many_looks_there_were(
    findings_of,
) -> None:
    looked = replace(AGE, tests={"auc": CochranQ(0.1, 1, 0.75), "oe": CochranQ(30.0, 1, 1e-7)})
    words = text_of(section(shown(findings_of, SEX, looked)))
    assert "Small groups say little" in words
    assert "No difference seen is no evidence that it does equally well" in words
    assert "tested 3 times" in words
    assert "one in twenty is below 0.05 by chance alone" in words
    assert "The smallest: p < 0.001; multiplied by the number of looks, p < 0.001." in words
    assert "tested" not in text_of(section(shown(findings_of, AGE)))


def test_variables_that_divide_nobody_are_named_without_a_table(findings_of) -> None:
    part = section(shown(findings_of, AGE, ROUTE, SITE))
    assert len(part.tables) == 1
    assert part.paragraphs[-1] == (
        "Not compared. Route: all people are in one group; Site: every group is too small to be "
        "told of."
    )


def test_charts_leave_hidden_groups_out_and_say_what_the_line_is(findings_of) -> None:
    auc, oe = section(shown(findings_of, SEX)).charts
    assert (auc.title, oe.title) == ("AUC in each group", "O/E in each group")
    assert b"Sex: male" in auc.svg
    assert b"no value" in auc.svg
    assert b"other" not in auc.svg
    assert "dashed line: the value in everybody" in auc.alt
    assert "dashed line: 1, as many as predicted" in oe.alt


def test_relapse_is_ranked_by_c_and_counted_at_a_day(findings_of) -> None:
    c = replace(FEMALE, measured=Measured({"c_index": AUC, "oe": OE}, {}, {}))
    findings = shown(
        findings_of, replace(AGE, groups=(c,)), task="relapse", day=60, c_index=AUC, oe=OE
    )
    part = section(findings)
    assert list(part.tables[0].rows[0]) == ["Group", "Observed", "C-index", "O/E at 60 days"]
    assert "more people relapse" in part.paragraphs[0]


def test_without_a_value_nothing_is_drawn(findings_of) -> None:
    nothing = replace(FEMALE, measured=Measured(undefined={"auc": "few", "oe": "few"}))
    part = section(shown(findings_of, replace(AGE, groups=(nothing,))))
    assert part.charts == []
    assert "female: no AUC or O/E (few)." in part.tables[0].note


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "Subgroups: no learner was chosen."),
        (Subgroups("ridge", None, {}, ()), "Subgroups: the settings name none (subgroups: [])."),
        (
            Subgroups("ridge", None, {"auc": AUC}, (ROUTE,)),
            "Subgroups, not compared. Route: all people are in one group.",
        ),
    ],
)
def test_a_report_without_subgroups_says_why(findings_of, found, words) -> None:
    findings = replace(findings_of(), subgroups=found)
    assert section(findings) is None
    assert words in make_report(findings, {}).not_shown


def test_a_report_with_subgroups_does_not_call_them_missing(findings_of) -> None:
    findings = shown(findings_of, SEX)
    assert unasked(findings) == []
    report = make_report(findings, {})
    assert "subgroups" in [part.anchor for part in report.sections]
    assert not any("Subgroups" in sentence for sentence in report.not_shown)


def test_no_count_of_a_hidden_group_is_in_the_json(findings_of) -> None:
    y = np.tile([1.0, 0.0], 150)
    margin = np.random.default_rng(0).normal(size=(300, 1))
    found = OutOfFold("ridge", margin, 1 / (1 + np.exp(-margin)), np.zeros((300, 1), dtype=np.intp))
    sizes = [7, 93, 200]
    divided = Grouping("sex", "Sex", ("other", "male", "female"), np.repeat(range(3), sizes))
    rng = np.random.default_rng(1)
    made = measure_subgroups(found, Outcome(y), [divided], known={}, day=None, rng=rng)
    written = summary(replace(findings_of(), subgroups=made))["subgroups"]
    groups = written["by"]["sex"]["groups"]
    assert [group["people"] for group in groups] == [None, None, 200]
    assert [group["events"] for group in groups] == [None, None, 100]
    assert groups[0]["measures"] == {}
    assert not {7, 93} & {
        value for group in groups for value in group.values() if type(value) is int
    }
    assert summary(findings_of())["subgroups"] is None
