"""Nothing at run time is under GPL or AGPL; each direct dependency is named with its reason."""

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
RUN_TIME = ("training", "plots", "files")
DECISION = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8")
LGPL_ALLOWED: dict[str, str] = {}  # distribution: reason, also named in the decision

# A field this long is the text of a licence, or of all that a wheel carries, not its name.
LONGEST_NAME = 200


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def brought(name: str, extras: tuple[str, ...]) -> dict[str, Distribution]:
    """Find everything installed that a distribution asks for, on this platform."""
    found: dict[str, Distribution] = {}
    looked: set[tuple[str, tuple[str, ...]]] = set()
    waiting = [(name, extras)]
    while waiting:
        asked = waiting.pop()
        if asked in looked:
            continue
        looked.add(asked)
        try:
            found[name_of(asked[0])] = package = distribution(asked[0])
        except PackageNotFoundError:
            continue  # another platform's
        for text in package.requires or ():
            needed = Requirement(text)
            wanted = ("", *asked[1])
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in wanted):
                waiting.append((needed.name, tuple(sorted(needed.extras))))
    return found


def declared(package: Distribution) -> str:
    """Give what a distribution says its licence is: expression, else classifiers and short name."""
    metadata = package.metadata
    if metadata.get("License-Expression"):
        return str(metadata["License-Expression"])
    named = [c for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    field = metadata.get("License") or ""
    return " ".join([*named, field if len(field) <= LONGEST_NAME else ""])


def family(licence: str) -> str:
    """Say "gpl", "lgpl" or "" where a choice without either is offered, or neither is named."""
    # what may be taken instead counts: "FTL OR GPL-2.0-or-later"
    offers = re.split(r"\bOR\b", licence)
    worst = []
    for offer in offers:
        text = offer.lower()
        lesser = bool(re.search(r"lgpl|lesser general public|library general public", text))
        rest = re.sub(r"lgpl|lesser general public( license)?|library general public", "", text)
        strong = bool(re.search(r"gpl|general public license|affero", rest))
        exempt = bool(re.search(r"\bwith\b.*exception", text))
        worst.append("gpl" if strong and not exempt else "lgpl" if lesser else "")
    return min(worst, key=["", "lgpl", "gpl"].index)


@pytest.fixture(scope="module")
def at_run_time() -> dict[str, Distribution]:
    return brought("ketamine-response", RUN_TIME)


def test_nothing_at_run_time_is_under_gpl_or_agpl(at_run_time: dict[str, Distribution]) -> None:
    assert len(at_run_time) > 60
    assert {"mlflow", "scikit-learn", "shap", "pyarrow", "statsmodels"} <= set(at_run_time)
    found = {name: family(declared(package)) for name, package in at_run_time.items()}
    assert [name for name, kind in found.items() if kind == "gpl"] == []
    assert {name for name, kind in found.items() if kind == "lgpl"} == set(LGPL_ALLOWED)
    assert all(f"| {name} |" in DECISION for name in LGPL_ALLOWED)


def test_what_declares_no_licence_is_known(at_run_time: dict[str, Distribution]) -> None:
    silent = {name for name, package in at_run_time.items() if not declared(package).strip()}
    # their licence is in a file: MIT
    assert silent <= {"huey"}


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", "gpl"),
        ("GPL-3.0-or-later", "gpl"),
        ("AGPL-3.0-only", "gpl"),
        ("License :: OSI Approved :: GNU Affero General Public License v3", "gpl"),
        ("BSD-3-Clause AND GPL-3.0-only", "gpl"),
        ("LGPL-2.1-or-later", "lgpl"),
        ("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", "lgpl"),
        ("MIT OR GPL-2.0-or-later", ""),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", ""),
        ("Apache-2.0 AND MIT", ""),
    ],
)
def test_licences_are_told_apart(licence: str, kind: str) -> None:
    assert family(licence) == kind


def test_every_direct_dependency_is_named_with_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
    direct = {name_of(Requirement(line).name) for line in asked} - {"ketamine-response"}
    rows = [line.split("|")[1:4] for line in DECISION.splitlines() if line.startswith("| ")]
    named = {
        name_of(name.strip()): reason.strip() and licence.strip()
        for names, reason, licence in rows
        for name in names.split(",")
    }
    named.pop("distribution")
    assert direct == set(named)
    assert all(named.values())
