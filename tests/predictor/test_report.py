"""One person's page: order, words, numbers, escaping, and what a refused page never shows."""

import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.dictionary import Dictionary, Variable
from predictor.drawing import draw_curve, draw_frequency, draw_waterfall, shorten_changes
from predictor.report import render_page, write_page
from predictor.wording import in_ten, out_of, per_hundred, signed

PROVENANCE = {
    "data_origin": "simulated",
    "stamp": "exploratory",
    "reason": "too few people",
    "outcome": "MADRS halved at day 28",
    "time_zero": "first dose",
    "planned_course": "six infusions",
    "horizon_days": 28,
    "cohort_average": 0.43,
    "cohort_patients": 600,
    "cohort_events": 258,
    "chosen": "elastic_net",
    "better_than_average": True,
    "package_version": "0.1.0",
    "expires": "2030-01-01",
    "decision_threshold": 0.5,
    "landmark": "",
    "question": {"event": "a fall by half", "observed": "at one visit"},
}
SCORED = {
    "row": 3,
    "patient_id": "S-3",
    "task": "response",
    "status": "scored",
    "refusals": [],
    "probability": 0.6,
    "lo": 0.41,
    "hi": 0.79,
    "level": 0.9,
    "margin": 0.405,
    "base": 0.0,
    "verdict": "cannot_tell",
    "conformal": None,
    "base_probability": 0.5,
    "contributions": {"bmi": 0.505, "age_years": -0.1},
    "contributions_probability": {"bmi": 0.1247, "age_years": -0.0247},
    "values": {"bmi": "31 kg/m2", "age_years": None},
    "labels": {"bmi": "Body mass index"},
    "curve": None,
    "risk_at": None,
    "given": None,
    "safety": [
        {"code": "b", "tier": "INFO", "text": "A note.", "source": "S2"},
        {"code": "a", "tier": "CAUTION", "text": "Pressure above 140.", "source": "S1"},
    ],
    "not_asked": ["Aneurysm <old>"],
    "cautions": [{"code": "o", "variable": "bmi", "message": "beyond the cohort"}],
    "imputed": [
        {"variable": "age_years", "label": "Age", "assumed": "44", "moves": 0.021},
        {"variable": "x", "label": "X", "assumed": "no", "moves": "little"},
        {"variable": "z", "label": "Z", "assumed": "no", "moves": None},
    ],
    "next_question": {"variable": "age_years", "label": "Age"},
    "provenance": PROVENANCE,
}
RELAPSE = SCORED | {
    "task": "relapse",
    "probability": None,
    "lo": None,
    "hi": None,
    "curve": {
        "days": [0, 30, 90, 180],
        "relapse": [0, 0.2, 0.4, 0.6],
        "lo": [0, 0.1, 0.3, 0.4],
        "hi": [0, 0.3, 0.5, 0.8],
        "last_supported_day": 120,
    },
    "median": {"day": 41, "lo": 20, "hi": None, "by_day": 120},
    "well_days": {"days": 95.7, "lo": 61.2, "hi": 131.9, "to_day": 180},
    "check_ins": [
        {"risk": 0.1, "day": 6, "expected_day": 14, "beyond_followup": False},
        {"risk": 0.5, "day": 130, "expected_day": None, "beyond_followup": True},
        {"risk": 0.9, "day": None, "expected_day": None, "beyond_followup": False},
    ],
    "risk_at": {
        "30": {"value": 0.2, "lo": 0.1, "hi": 0.3},
        "90": {"value": 0.4, "lo": 0.3, "hi": 0.5},
        "180": {"value": 0.6, "lo": 0.4, "hi": 0.8},
    },
    "given": "response at the end of the acute course",
    "provenance": PROVENANCE | {"horizon_days": 180, "better_than_average": False},
}
REFUSED = SCORED | {
    "status": "refused",
    "refusals": [
        {"code": "stop_rule", "variable": "aneurysm", "message": "an aneurysm is known"},
        {"code": "never_heard_of", "variable": None, "message": "something else"},
    ],
    "probability": None,
    "lo": None,
    "hi": None,
    "margin": None,
    "base": None,
    "base_probability": None,
    "contributions": {},
    "contributions_probability": {},
    "safety": [{"code": "s", "tier": "STOP", "text": "Aneurysm.", "source": "S"}],
}
DICTIONARY = Dictionary(
    (
        Variable(
            id="age_years", label="Age", type="number", group="g", source="s", hard_range=(10, 110)
        ),
        Variable(
            id="aneurysm", label="Known bulge", type="yes_no", group="g", source="s", use="safety"
        ),
    )
)


class Outline(HTMLParser):
    """Collect what a screen reader relies on."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def text_of(page: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        ((0.52, 0.31, 0.68), "about 5 in 10 (3 to 7)"),
        ((0.02, 0.0, 0.11), "fewer than 1 in 10 (0 to 1)"),
        ((0.97, 0.9, 1.0), "more than 9 in 10 (9 to 10)"),
        ((0.5, 0.48, 0.53), "about 5 in 10 (48 to 53 in 100)"),
        ((0.15, None, None), "about 2 in 10"),
    ],
)
def test_a_risk_is_said_in_ten(risk: tuple[float, float | None, float | None], words: str) -> None:
    assert in_ten(*risk) == words


@pytest.mark.parametrize("wrong", [-0.1, 1.01, float("nan")])
def test_what_is_no_probability_is_not_said(wrong: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        in_ten(wrong)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_risk_is_never_said_smaller(one: float, two: float) -> None:
    assert (one <= two) <= (out_of(one, 10) <= out_of(two, 10))


def test_signs_are_written_and_zero_has_none() -> None:
    assert per_hundred(-0.0049) == "−0.5"
    assert per_hundred(-0.0001) == "0.0"
    assert signed(0.5, digits=3) == "+0.500"


def test_as_many_people_are_filled_as_the_words_say() -> None:
    drawn = draw_frequency(0.6, 0.41, 0.79, average=None)
    assert [filled for _, filled in drawn.people] == [True] * 6 + [False] * 4
    assert drawn.lo < drawn.point < drawn.hi
    assert drawn.average is None


@given(
    st.floats(0.05, 0.95),
    st.lists(st.floats(-0.2, 0.2), max_size=15),
)
def test_a_waterfall_ends_at_the_sum_and_stays_inside(start: float, changes: list[float]) -> None:
    named = {f"v{i}": change for i, change in enumerate(changes)}
    drawn = draw_waterfall(start, named, first="from", last="to")
    assert len(drawn.steps) == min(len(changes), 11) + 2
    assert (
        drawn.steps[-1].text == f"{100 * (start + sum(changes)):.0f} in 100"
        or abs((100 * (start + sum(changes))) % 1 - 0.5) < 1e-6
    )
    assert all(9.9 <= step.end <= 350.1 for step in drawn.steps)
    assert all(0 <= int(text) <= 100 for _, text in drawn.ticks)


def test_all_past_the_tenth_is_one_row_and_the_sum_is_kept() -> None:
    rows = shorten_changes({f"v{i}": 0.01 * i for i in range(1, 14)})
    assert rows[0] == ("v13", 0.13)
    assert rows[-1] == ("3 other answers", pytest.approx(0.06))


def test_arrows_point_where_the_number_goes_and_long_labels_are_cut() -> None:
    drawn = draw_waterfall(0.5, {"up " * 30: 0.1, "down": -0.05}, first="from", last="to")
    assert [step.kind for step in drawn.steps] == ["total", "raises", "lowers", "total"]
    assert drawn.steps[1].label.endswith("…")
    assert drawn.steps[0].end < drawn.steps[2].end < drawn.steps[1].end


def test_a_curve_rises_to_the_right_of_the_drawing() -> None:
    drawn = draw_curve(
        [0, 20, 40], [0.0, 0.5, 1.0], ([0.0, 0.4, 0.9], [0.0, 0.6, 1.0]), marked=[20, 99]
    )
    assert drawn.line == "38.0,186.0 191.0,101.0 344.0,16.0"
    assert drawn.marks == ((191.0, 101.0, "20"),)
    assert [text for _, text in drawn.x_ticks] == ["0", "10", "20", "30", "40"]


def test_safety_comes_before_the_number_and_the_reasons_after_it() -> None:
    text = text_of(render_page(SCORED, DICTIONARY))
    order = ["Simulated data", "CAUTION", "INFO", "Not asked (1)", "about 6 in 10"]
    order += ["Exploratory:", "Too few people.", "Why this number", "What was assumed"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "(4 to 8)" in text
    assert "Cohort average: about 4 in 10." in re.sub(r" +", " ", text)
    assert "not the cause" in text
    assert "+12.5" in text
    assert "−2.5" in text
    assert "+0.505" in text
    assert "+2.1 in 100" in text
    assert "little" in text
    assert "not known" in text


def test_two_variables_of_one_label_stay_two_rows() -> None:
    text = text_of(render_page(SCORED | {"labels": {"bmi": "Same", "age_years": "Same"}}))
    assert "Same (bmi)" in text
    assert "Same (age_years)" in text


def test_a_label_cannot_become_markup() -> None:
    page = render_page(SCORED | {"patient_id": "<script>x</script>"})
    assert "<script" not in page
    assert "Aneurysm &lt;old&gt;" in page


def test_relapse_shows_the_curve_the_days_and_that_it_is_no_better() -> None:
    text = text_of(render_page(RELAPSE, DICTIONARY))
    assert "Risk of relapse" in text
    for words in ("about 2 in 10 (1 to 3)", "about 4 in 10 (3 to 5)", "about 6 in 10 (4 to 8)"):
        assert words in text
    assert "No better than the average." in text
    assert "Given: response at the end" in text
    assert "log-hazard" in text


def test_relapse_says_by_when_half_have_relapsed_and_by_when_to_be_seen() -> None:
    page = render_page(RELAPSE, DICTIONARY)
    text = text_of(page)
    assert "by day 41 (20 to not within 120 days)" in text
    assert "about 96 (61 to 132) are expected without relapse" in text
    assert "9 in 10 are not reached within 180 days" in text
    assert '<th scope="row">day 6</th><td>1 in 10</td><td>day 14</td>' in page
    assert '<th scope="row">day 130 †</th><td>5 in 10</td><td>not within 180 days</td>' in page
    # 180 lies beyond the follow-up, 90 does not; the drawing is dashed from there
    assert '<th scope="row">180 †</th>' in page
    assert '<th scope="row">90</th>' in page
    assert "† Too few patients were followed beyond day 120" in text
    assert "stroke-dasharray" in page
    # the safety findings stand before all of it
    assert page.index('id="safety"') < page.index("by day 41") < page.index("By when to be seen")


def test_without_declared_steps_there_is_no_schedule() -> None:
    text = text_of(render_page(RELAPSE | {"check_ins": []}, DICTIONARY))
    assert "By when to be seen" not in text
    assert "are expected without relapse" in text


def test_a_schedule_that_nothing_reaches_is_one_sentence() -> None:
    none = [{"risk": 0.1, "day": None, "expected_day": None, "beyond_followup": False}]
    page = render_page(RELAPSE | {"check_ins": none}, DICTIONARY)
    assert "1 in 10 are not reached within 180 days" in text_of(page)
    assert "Be seen by" not in page


def test_without_the_horizon_among_the_days_the_last_day_is_the_number() -> None:
    page = render_page(RELAPSE | {"provenance": PROVENANCE | {"horizon_days": None}})
    assert '<span class="big">about 6 in 10</span>' in page


def test_a_refused_page_holds_no_risk_at_all() -> None:
    page = render_page(REFUSED, DICTIONARY)
    text = text_of(page)
    assert "A safety rule speaks against treatment" in text
    assert "Known bulge" in text
    assert "No number is given." in text
    assert not re.search(r"in 10|%|258|0\.43|Cohort average", text)
    assert 'class="drawing"' not in page


def test_without_findings_contributions_or_gaps_their_parts_are_left_out() -> None:
    bare = SCORED | {
        "safety": [], "not_asked": [], "cautions": [], "imputed": [], "next_question": None,
        "contributions": {}, "contributions_probability": {}, "patient_id": None,
        "provenance": PROVENANCE
        | {"data_origin": "real", "cohort_average": None, "cohort_patients": None, "reason": ""},
    }  # fmt: skip
    text = text_of(render_page(bare))
    assert "Nothing that was answered speaks against treatment" in text
    assert "Row 3" in text
    assert "Every safety question was answered" in text
    for absent in ("Simulated", "Why this number", "What was assumed", "Cohort average"):
        assert absent not in text


@pytest.mark.parametrize("score", [SCORED, RELAPSE, REFUSED], ids=["scored", "relapse", "refused"])
def test_a_page_is_one_closed_file_that_a_screen_reader_can_walk(score: dict[str, object]) -> None:
    page = render_page(score, DICTIONARY)
    outline = Outline(page)
    assert outline.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all("scope" in cell for cell in outline.all("th"))
    ids = [a["id"] for _, a in outline.tags if "id" in a]
    assert len(ids) == len(set(ids))
    named = [a["aria-labelledby"] for _, a in outline.tags if "aria-labelledby" in a]
    assert set(" ".join(filter(None, named)).split()) <= set(ids)
    assert not outline.all("script", "link", "iframe", "img", "form")
    assert all("style" not in a for _, a in outline.tags)
    assert not re.search(r"https?://", page)


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    page = render_page(SCORED)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = Outline(page).all("meta")[1]["content"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_an_id_that_no_encoding_holds_is_written_as_its_number(tmp_path) -> None:
    path = write_page(SCORED | {"patient_id": "a\ud800b"}, DICTIONARY, tmp_path / "page.html")
    assert "a\\ud800b (row 3)" in path.read_text(encoding="utf-8")


def test_the_page_is_written(tmp_path) -> None:
    path = write_page(SCORED, DICTIONARY, tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == render_page(SCORED, DICTIONARY)


def test_what_was_asked_stands_on_the_page_part_by_part():
    page = render_page(SCORED)
    assert '<h2 id="question">What was asked</h2>' in page
    assert "<dt>What counts</dt><dd>a fall by half</dd>" in page
    assert "Read the risk as" not in page
    asked = {"event": "ill again", "assumes": "what it would be were it not for ECT"}
    specific = render_page(RELAPSE | {"provenance": RELAPSE["provenance"] | {"question": asked}})
    assert "<strong>Read the risk as</strong> what it would be were it not for ECT." in specific
    older = render_page(SCORED | {"provenance": PROVENANCE | {"question": {}}})
    assert "What was asked" not in older


def test_a_page_speaks_of_ketamine_only_where_the_model_does():
    foreign = PROVENANCE | {"question": {"about": "smoking"}}
    page = render_page(RELAPSE | {"provenance": foreign | {"horizon_days": 180}})
    assert "<h1>Relapse</h1>" in page
    assert "<dt>Not ketamine</dt><dd>smoking</dd>" in page
    assert "Relapse after response to ketamine" in render_page(RELAPSE)
