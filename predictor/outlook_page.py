"""One person's outlook as a page: safety first, then responding and staying well in one curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from predictor.course import BEYOND, beyond_words
from predictor.drawing import draw_curve
from predictor.page import page_environment, page_frame, safety_first, save_page, stamp_of
from predictor.wording import REFUSALS, in_ten

MODELS: Mapping[str, str] = {"response": "Response model", "relapse": "Relapse model"}


def write_outlook(outlook: Mapping[str, Any], path: Path) -> Path:
    """Write the page of one person's outlook.

    Parameters
    ----------
    outlook : mapping
        What ``Outlook.to_dict()`` gives.
    path : Path
        The file to write; its folder must exist.

    Returns
    -------
    Path
        The file written.
    """
    return save_page(render_outlook(outlook), path)


def render_outlook(outlook: Mapping[str, Any]) -> str:
    """Turn one outlook into a page.

    Parameters
    ----------
    outlook : mapping
        What ``Outlook.to_dict()`` gives. Where it is refused no chance of any kind stands on the
        page.

    Returns
    -------
    str
        A whole HTML document.
    """
    environment = page_environment()
    first = safety_first(outlook)
    return environment.get_template("outlook.html").render(
        page_frame(environment, simulated=outlook["data_origin"] == "simulated"),
        **first,
        refusals=[
            {**refusal, "words": REFUSALS[refusal["code"]], "name": _of(refusal["models"])}
            for refusal in outlook["refusals"]
        ],
        number=_number(outlook) if first["scored"] else None,
        cautions=[
            {"name": _of(caution["models"]), "message": caution["message"]}
            for caution in outlook["cautions"]
        ],
        assumptions=outlook["assumptions"],
        stamps=[
            {**stamp_of(source), "model": MODELS[name]}
            for name, source in outlook["provenance"].items()
        ],
        sources=[(MODELS[name], _source(s)) for name, s in outlook["provenance"].items()],
    )


def _of(models: Sequence[str]) -> str:
    """Name the models that a refusal or a caution is of; both need no name."""
    return MODELS[models[0]] if len(models) == 1 else ""


def _number(outlook: Mapping[str, Any]) -> dict[str, Any]:
    """Gather the probabilities, their drawing and the table that says the same."""
    curve, well, relapse = outlook["curve"], outlook["well_at"], outlook["relapse_at"]
    days = sorted((int(day) for day in well), key=int)
    last = curve["last_supported_day"]
    said = {day: in_ten(**_ends(well[str(day)])) for day in days}
    end = said[days[-1]]
    return {
        "response": in_ten(**_ends(outlook["response"])),
        "words": end,
        "short": end.partition(" (")[0],
        "range": end.partition("(")[2].rstrip(")"),
        "horizon": days[-1],
        "level": round(100 * outlook["level"]),
        "rows": [(_day(day, last), said[day]) for day in days],
        "relapse": {_day(day, last): in_ten(**_ends(relapse[str(day)])) for day in days if day},
        "curve": draw_curve(
            curve["days"],
            curve["well"],
            (curve["lo"], curve["hi"]),
            marked=days,
            supported=last,
        ),
        "beyond": beyond_words(last) if last < days[-1] else "",
        "zero": outlook["provenance"]["relapse"]["time_zero"],
    }


def _ends(interval: Mapping[str, float]) -> dict[str, float]:
    """Name an interval as `in_ten` does."""
    return {"probability": interval["value"], "lo": interval["lo"], "hi": interval["hi"]}


def _day(day: int, last_supported_day: float) -> str:
    """Write a day of the table."""
    return f"{day} {BEYOND}" if day > last_supported_day else str(day)


def _source(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List where one model comes from; what is not known is left out."""
    rows = [
        ("Data it was made from", f"{provenance['data_origin']} data"),
        ("What is predicted", provenance["outcome"]),
        ("Given", provenance["given"]),
        ("Planned course", provenance["planned_course"]),
        ("Learner", str(provenance["chosen"]).replace("_", " ")),
        ("Version of the program", provenance["package_version"]),
        ("Model expires", provenance["expires"]),
    ]
    return [(name, str(value)) for name, value in rows if value]
