"""What every guard says."""

from __future__ import annotations

from dataclasses import dataclass

FALSE_ALARM = 0.0005
"""Chance, or a bound on it, with which a guard that tests a hypothesis fails a clean run."""


@dataclass(frozen=True, slots=True)
class Sentinel:
    """One guard.

    Parameters
    ----------
    passed : bool
        False fails the run.
    detail : str
        What was looked at and found.
    tested : bool
        False where there was too little to look at; then it cannot fail.
    """

    passed: bool
    detail: str
    tested: bool = True

    def to_dict(self) -> dict[str, object]:
        """Give the guard for JSON.

        Returns
        -------
        dict
            Keys ``passed`` and ``detail``.
        """
        return {"passed": self.passed, "detail": self.detail}


def untested(reason: str) -> Sentinel:
    """Say that a guard had too little to look at.

    Parameters
    ----------
    reason : str
        What was lacking.

    Returns
    -------
    Sentinel
        Passed, not tested.
    """
    return Sentinel(passed=True, detail=f"not tested: {reason}", tested=False)
