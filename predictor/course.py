"""What is read from a relapse curve, in words: half relapsed, days well, by when to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from predictor.curve import CheckIn, Median, WellDays
from predictor.wording import out_of

BEYOND = "†"
"""Marks a day that lies beyond what follow-up supports."""

SEEN = (
    "This says by when to be seen at the latest; it takes the place of no visit that is due anyway."
)

_UNREACHED = "Even at the upper end of the interval, {} are not reached within {} days."


@dataclass(frozen=True, slots=True)
class Course:
    """What is read from one person's relapse curve, in words.

    Parameters
    ----------
    half, well : str
        Sentences on the day by which half have relapsed, and on the days without relapse.
    schedule : tuple of (str, str, str)
        Day by which to be seen, how many may have relapsed by then at the upper end of the
        interval, and the day on which the expected curve gets there.
    unreached : str
        Which declared risk is not reached; empty if all are.
    seen : str
        What the schedule does not say; empty where no risk was declared.
    beyond : str
        What the mark of days beyond follow-up means; empty where follow-up goes as far.
    """

    half: str
    well: str
    schedule: tuple[tuple[str, str, str], ...]
    unreached: str
    seen: str
    beyond: str


def course_of(
    median: Median, well: WellDays, check_ins: Sequence[CheckIn], *, last_supported_day: float
) -> Course:
    """Put what is read from a curve into words.

    Parameters
    ----------
    median : Median
        Half relapsed.
    well : WellDays
        Days without relapse.
    check_ins : sequence of CheckIn
        One for each declared risk, rising.
    last_supported_day : float
        Days beyond it are marked.

    Returns
    -------
    Course
        Sentences and a table.
    """
    reached = [check_in for check_in in check_ins if check_in.day is not None]

    def said(day: int | None) -> str:
        return f"not within {well.to_day} days" if day is None else marked(day, last_supported_day)

    left = [check_in.risk for check_in in check_ins if check_in.day is None]
    return Course(
        half=median_words(median),
        well=well_words(well),
        schedule=tuple((said(c.day), step_words(c.risk), said(c.expected_day)) for c in reached),
        unreached=_UNREACHED.format(step_words(left[0]), well.to_day) if left else "",
        seen=SEEN if check_ins else "",
        beyond=beyond_words(last_supported_day) if last_supported_day < well.to_day else "",
    )


def median_words(median: Median) -> str:
    """Say by when half of people like this one would have relapsed.

    Parameters
    ----------
    median : Median
        From a curve.

    Returns
    -------
    str
        One sentence, the interval in brackets; where one half is not reached it says so.

    Examples
    --------
    >>> median_words(Median(41, 20, None, 180))
    'Half of people like this would have relapsed by day 41 (20 to not within 180 days).'
    """
    never = f"not within {median.by_day} days"
    if median.day is not None:
        late = never if median.hi is None else f"{median.hi}"
        return (
            "Half of people like this would have relapsed by "
            f"day {median.day} ({median.lo} to {late})."
        )
    words = f"Fewer than half of people like this would have relapsed by day {median.by_day}"
    if median.lo is None:
        return f"{words}, at either end of the interval."
    return f"{words}; at the upper end of the interval, half would have by day {median.lo}."


def well_words(well: WellDays) -> str:
    """Say how many days people like this one may expect to stay well.

    Parameters
    ----------
    well : WellDays
        From a curve.

    Returns
    -------
    str
        One sentence, the interval in brackets; it names the day to which they are counted.

    Examples
    --------
    >>> well_words(WellDays(95.7, 61.2, 131.9, 180))
    'Of the 180 days after time zero, about 96 (61 to 132) are expected without relapse.'
    """
    return (
        f"Of the {well.to_day} days after time zero, about {well.days:.0f} "
        f"({well.lo:.0f} to {well.hi:.0f}) are expected without relapse."
    )


def step_words(risk: float) -> str:
    """Say a declared risk.

    Parameters
    ----------
    risk : float
        In (0, 1).

    Returns
    -------
    str
        In 10 people where that is a whole number, else in 100.

    Examples
    --------
    >>> step_words(0.3), step_words(0.25)
    ('3 in 10', '25 in 100')
    """
    tenths = out_of(risk, 10)
    return f"{tenths} in 10" if abs(10 * risk - tenths) < 1e-9 else f"{100 * risk:.3g} in 100"


def marked(day: int, last_supported_day: float) -> str:
    """Write a day, with a mark where it lies beyond follow-up.

    Parameters
    ----------
    day : int
        Days after time zero.
    last_supported_day : float
        Last day on which enough people were followed.

    Returns
    -------
    str
        Such as ``day 41`` or ``day 170 †``.
    """
    return f"day {day}" + (f" {BEYOND}" if day > last_supported_day else "")


def beyond_words(last_supported_day: float) -> str:
    """Say what the mark of days beyond follow-up means.

    Parameters
    ----------
    last_supported_day : float
        Last day on which enough people were followed.

    Returns
    -------
    str
        One sentence.
    """
    return (
        f"{BEYOND} Too few patients were followed beyond day {last_supported_day:.0f}; from there "
        "the curve goes on as it went before."
    )
