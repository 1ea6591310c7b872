"""Figures: the same bytes twice, safe inside a page, true to the arrays."""

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

from predictor.errors import InvalidInputError
from training import figures
from training.figures import ForestRow, ForestSummary, Line
from training.figures.binary import _roc_points
from training.figures.contributions import _quantiles
from training.figures.embedding import embeddable
from training.figures.forest import _limits

GRID = np.linspace(0.1, 0.9, 9)
OUTCOME = np.array([0, 0, 1, 0, 1, 1, 0, 1, 1, 1.0])
RISK = np.array([0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
BANDED = Line(GRID, GRID, GRID - 0.05, GRID + 0.05)
MATRIX = np.linspace(-1, 1, 30).reshape(10, 3)
VALUES = np.where(MATRIX > 0.8, np.nan, MATRIX)

GROUPS = [
    ForestRow("<north> & $x$", 0.6, 0.5, 0.7),
    ForestRow("south", 0.7, 0.6, 0.8),
    ForestRow("east"),
]
ALL_GROUPS = ForestSummary(ForestRow("mean", 0.65, 0.6, 0.7), ForestRow("new", lo=0.4, hi=0.9))

DRAWN = {
    "roc": lambda fmt: figures.roc(OUTCOME, RISK, fmt=fmt),
    "roc_repeats": lambda fmt: figures.roc(OUTCOME, np.stack([RISK, RISK[::-1]]), fmt=fmt),
    "calibration": lambda fmt: figures.calibration(OUTCOME, RISK, curve=BANDED, fmt=fmt),
    "calibration_groups": lambda fmt: figures.calibration(OUTCOME, RISK, groups=3, fmt=fmt),
    "decision": lambda fmt: figures.decision_curve(
        GRID, {"model": GRID / 9, "treat all": -GRID}, fmt=fmt
    ),
    "decision_band": lambda fmt: figures.decision_curve(
        GRID, {"model": GRID / 9}, band=(GRID / 10, np.where(GRID > 0.8, np.nan, GRID / 8)), fmt=fmt
    ),
    "spread": lambda fmt: figures.risk_distribution(
        {"responded": Line(GRID, GRID), "did < not": Line(GRID, 1 - GRID)},
        {"responded": (0.4, 0.5, 0.6), "did < not": (0.2, 0.3, 0.4)},
        fmt=fmt,
    ),
    "beeswarm": lambda fmt: figures.beeswarm(MATRIX, VALUES, labels=["a", "b", "<c>$x$"], fmt=fmt),
    "importance": lambda fmt: figures.importance(
        ["a & b", "c", "d"], np.array([0.3, 0.2, 0.1]), per_fold=np.abs(MATRIX), fmt=fmt
    ),
    "forest": lambda fmt: figures.forest(
        GROUPS, across="AUC", reference=0.5, summary=ALL_GROUPS, fmt=fmt
    ),
    "forest_ratio": lambda fmt: figures.forest(
        [ForestRow("a", 1.0, 0.8, 1.25), ForestRow("b", 0.9), ForestRow("c", 1.0, 0.7, 1.3)],
        across="O/E",
        summary=ForestSummary(ForestRow("mean", 1.0, 0.01, 100.0)),
        ratio=True,
        fmt=fmt,
    ),
    "curves": lambda fmt: figures.relapse_curves(BANDED, Line(GRID, GRID), fmt=fmt),
    "curves_plain": lambda fmt: figures.relapse_curves(Line(GRID, GRID), BANDED, fmt=fmt),
    "relapse": lambda fmt: figures.relapse_calibration(RISK, BANDED, day=90, fmt=fmt),
    "relapse_curve": lambda fmt: figures.relapse_calibration(
        RISK, BANDED, day=90, curve=BANDED, fmt=fmt
    ),
    "relapse_plain": lambda fmt: figures.relapse_calibration(
        RISK, Line(GRID, GRID), day=30, fmt=fmt
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_an_svg_is_the_same_twice_and_safe_inside_a_page(name: str) -> None:
    svg = DRAWN[name]("svg")
    assert svg == DRAWN[name]("svg")
    text = svg.decode()
    root = ET.fromstring(text)  # noqa: S314 - our own drawing
    assert root.get("role") == "img"
    assert root[0].tag.endswith("title")
    assert "style=" not in text
    assert "<style" not in text
    assert "<?xml" not in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', text)
    assert set(used) == set(ids)
    assert root.get("width") is None


@pytest.mark.parametrize("name", ["roc", "beeswarm"])
def test_a_png_is_the_same_twice(name: str) -> None:
    png = DRAWN[name]("png")
    assert png.startswith(b"\x89PNG")
    assert png == DRAWN[name]("png")


def test_two_drawings_on_one_page_share_no_id() -> None:
    one, two = (
        set(re.findall(r' id="([^"]+)"', DRAWN[n]("svg").decode())) for n in ("roc", "curves")
    )
    assert one
    assert two
    assert not one & two


def test_labels_stay_text_and_markup_in_them_is_harmless() -> None:
    text = DRAWN["beeswarm"]("svg").decode()
    assert "&lt;c&gt;$x$" in text


def test_a_long_name_is_set_in_lines_and_never_cut() -> None:
    name = "Adequate antidepressant trials failed (lifetime, dose and duration)"
    svg = figures.importance([name], np.array([0.3]), per_fold=np.full((2, 1), 0.3)).decode()
    lines = [line.strip() for line in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
    assert name in " ".join(lines)
    assert max(map(len, lines)) <= 30


def test_drawing_leaves_no_setting_behind() -> None:
    before = mpl.rcParams["svg.hashsalt"]
    DRAWN["roc"]("svg")
    assert mpl.rcParams["svg.hashsalt"] == before


def test_roc_points_by_hand_with_a_tie() -> None:
    x, y = _roc_points(np.array([1, 0, 1, 0.0]), np.array([0.9, 0.5, 0.5, 0.1]))
    assert x.tolist() == [0, 0, 0.5, 1]
    assert y.tolist() == [0, 0.5, 1, 1]


def test_quantiles_by_hand() -> None:
    assert _quantiles(np.array([3.0, 1, np.nan, 2])).tolist()[:2] == [1.0, 0.0]
    assert _quantiles(np.array([1.0, 1.0])).tolist() == [0.5, 0.5]
    assert np.isnan(_quantiles(np.array([np.nan]))).all()


def test_styles_become_attributes() -> None:
    svg = (
        '<?xml version="1.0"?><svg width="1" height="2"><style>*{}</style>'
        "<text style=\"font: 12px 'X'; fill: #fff; font-weight: 700; font-family: X\">a</text>"
        '<text style="font: bold X"/></svg>'
    )
    assert embeddable(svg, "A & B") == (
        '<svg role="img" stroke-linejoin="round"><title>A &amp; B</title>'
        '<text font-size="12" fill="#fff" font-weight="700">a</text><text font-size="10"/></svg>'
    )


def _texts(svg: bytes) -> list[str]:
    return [t.strip() for t in re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode())]


def test_a_forest_names_all_groups_and_says_which_has_no_value() -> None:
    said = _texts(DRAWN["forest"]("svg"))
    names = ["&lt;north&gt; &amp; $x$", "south", "east", "mean", "new"]
    assert [text for text in said if text in names] == names
    assert said.count("no value") == 1


def test_an_axis_of_ratios_is_marked_in_plain_numbers_and_a_long_interval_is_cut() -> None:
    said = _texts(DRAWN["forest_ratio"]("svg"))
    assert "1" in said
    assert not {"100", "10", "0.1"} & set(said)  # the mean's interval runs from 0.01 to 100


def test_a_short_axis_of_ratios_has_marks_beside_1() -> None:
    rows = [ForestRow("a", 1.0, 0.75, 1.3)]
    marks = _texts(figures.forest(rows, across="O/E", reference=1, ratio=True))[:5]
    assert marks == ["0.8", "0.9", "1", "1.1", "1.25"]


def test_the_axis_holds_all_intervals_and_only_a_part_of_one_far_longer() -> None:
    usual = [ForestRow("a", 0.5, 0.0, 1.0), ForestRow("b", 1.0, 0.5, 1.5)]
    # by hand: 0 to 1.5, with 4 % of it on either side
    assert _limits(usual, (), None, ratio=False) == pytest.approx((-0.06, 1.56))
    # lengths 1, 1 and 20: no end further than 2 from the points, which lie in 0.5 to 1
    long = [*usual, ForestRow("c", 0.8, -10.0, 10.0)]
    assert _limits(long, (), None, ratio=False) == pytest.approx((-1.68, 3.18))
    # a value to compare with is always on the axis
    left, right = _limits(usual, (), 3.0, ratio=False)
    assert left < 0
    assert right > 3
    left, right = _limits([ForestRow("alone", 1.0)], (), None, ratio=True)
    assert left < 1 < right


def test_a_forest_of_nothing_and_a_ratio_of_zero_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="nothing to draw"):
        figures.forest([ForestRow("a")], across="AUC")
    with pytest.raises(InvalidInputError, match="logarithmic"):
        figures.forest([ForestRow("a", 1.0, 0.0, 2.0)], across="O/E", ratio=True)
