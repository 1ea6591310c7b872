"""What all pages share: the frame that asks nothing of the network, and what stands first on them.

A page is one file: style and drawings stand inside it and its content security policy forbids the
rest.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from predictor.wording import NO_BETTER, STAMPS, TIERS

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment


def page_environment(*loaders: BaseLoader) -> Environment:
    """Give the template engine of all pages: escaping on, an unknown name is an error.

    Parameters
    ----------
    *loaders : BaseLoader
        Where further templates are, looked at before those of this package.

    Returns
    -------
    Environment
        Knows the templates ``page.html``, ``drawings.html`` and ``style.css``.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([*loaders, PackageLoader("predictor")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_frame(environment: Environment, *, simulated: bool) -> dict[str, object]:
    """Give what every page needs: its style, the policy that allows only this style, its label.

    Parameters
    ----------
    environment : Environment
        From `page_environment`.
    simulated : bool
        Whether the numbers come from simulated people; then the page says so.

    Returns
    -------
    dict
        Values for ``page.html``.
    """
    style = environment.get_template("style.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return {"style": style, "policy": policy, "simulated": simulated}


def safety_first(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Give what stands first on a person's page: who it is, and what speaks against treatment.

    Parameters
    ----------
    answer : mapping
        Plain values of a score or an outlook: ``row``, ``patient_id``, ``status``, ``safety``,
        ``not_asked``.

    Returns
    -------
    dict
        Values for ``safety.html``; findings by tier, gravest first, tiers without any left out.
    """
    identifier = answer["patient_id"]
    row = f"row {answer['row']}"
    groups = [(tier, [f for f in answer["safety"] if f["tier"] == tier]) for tier in TIERS]
    return {
        "who": f"{identifier} ({row})" if identifier else row.capitalize(),
        "scored": answer["status"] == "scored",
        "tiers": [(tier, found) for tier, found in groups if found],
        "tier_words": TIERS,
        "not_asked": answer["not_asked"],
    }


def stamp_of(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a model's stamp means, and whether it beats the average.

    Parameters
    ----------
    provenance : mapping
        Plain values of a provenance.

    Returns
    -------
    dict
        Keys ``name``, ``words``, ``reason``, ``no_better`` (None where it beats the average).
    """
    stamp = str(provenance["stamp"])
    return {
        "name": stamp.replace("_", " "),
        "words": STAMPS.get(stamp, ""),
        "reason": provenance["reason"],
        "no_better": None if provenance["better_than_average"] else NO_BETTER,
    }


def save_page(page: str, path: Path) -> Path:
    """Write a page.

    Parameters
    ----------
    page : str
        A whole HTML document.
    path : Path
        The file to write; its folder must exist.

    Returns
    -------
    Path
        The file written.
    """
    # half a character, which JSON can carry, is written as its number
    path.write_text(page, encoding="utf-8", errors="backslashreplace")
    return path
