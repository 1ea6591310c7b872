"""What a run was made with, flattened to names and texts."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LONGEST_VALUE = 6000
"""Characters that MLflow keeps of a parameter; the whole of it stands in ``params.json``."""

_STRANGE = re.compile(r"[^/\w.\- :]")


def flat_params(settings: Mapping[str, Any], *, prefix: str = "") -> dict[str, Any]:
    """Flatten nested settings.

    Parameters
    ----------
    settings : mapping
        Such as a resolved configuration in plain values.
    prefix : str
        Put before every name.

    Returns
    -------
    dict
        Names joined by dots, such as ``resampling.folds``; lists as JSON.

    Examples
    --------
    >>> flat_params({"seed": 7, "resampling": {"folds": 5}, "candidates": ["ridge"]})
    {'seed': 7, 'resampling.folds': 5, 'candidates': '["ridge"]'}
    """
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= flat_params(value, prefix=f"{prefix}{name}.")
        elif isinstance(value, (list, tuple)):
            flat[f"{prefix}{name}"] = json.dumps(list(value), ensure_ascii=False, default=str)
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def code_version() -> str:
    """Name the commit of the code that runs.

    Returns
    -------
    str
        The commit, with ``-dirty`` where files differ from it; empty where the code does not
        come from a git working copy or git is not installed.
    """
    here = Path(__file__).resolve()
    if _git("ls-files", "--error-unmatch", str(here), folder=here.parent) is None:
        return ""
    describe = ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    return _git(*describe, folder=here.parent) or ""


def logged_name(name: str) -> str:
    """Give a name that MLflow accepts.

    Parameters
    ----------
    name : str
        Of a parameter or metric.

    Returns
    -------
    str
        At most 250 characters, strange ones replaced by an underscore.
    """
    return _STRANGE.sub("_", name)[:250]


def logged_value(value: object) -> str | None:
    """Give the text under which a value is logged.

    Parameters
    ----------
    value : object
        Any plain value.

    Returns
    -------
    str or None
        None for a number that is not finite, which is not logged.
    """
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _git(*arguments: str, folder: Path) -> str | None:
    """Ask git; None where it cannot say."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        # the arguments are written above, nothing of a user's is among them
        said = subprocess.run(  # noqa: S603
            [git, "-C", str(folder), *arguments],
            capture_output=True,
            check=False,
            text=True,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() if said.returncode == 0 else None
