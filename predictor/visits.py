"""How one person's number changed from visit to visit, as every surface shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from predictor.dictionary import Dictionary
from predictor.known import scale_of
from predictor.score import Score
from predictor.scores import Scores
from predictor.wording import REFUSALS

ALL = "all"
"""What stands for every landmark that is answered, one after the other."""

BEFORE = "before the first dose"
"""What the baseline is called among landmarks."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One step of a person's way.

    Parameters
    ----------
    landmark, label : str
        Name, empty at baseline, and words.
    known : str
        The scores that became known then.
    value, lo, hi : float or None
        Probability of response, or risk of relapse by the horizon, with its interval; None where
        no number is given.
    change : float or None
        Difference of `value` to that of the last visit that has one.
    reason : str
        Why there is no number; empty where there is one.
    """

    landmark: str
    label: str
    known: str
    value: float | None = None
    lo: float | None = None
    hi: float | None = None
    change: float | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the visit as plain values.

        Returns
        -------
        dict
            Every field by name.
        """
        return asdict(self)


class Paths(Sequence[tuple[Score, ...]]):
    """Paths of several people, in the order of their rows.

    Parameters
    ----------
    paths : sequence of tuple of Score
        Of each person the scores at baseline and at landmarks, in order.
    """

    def __init__(self, paths: Sequence[tuple[Score, ...]]) -> None:
        self._paths = tuple(paths)

    def __getitem__(self, index: Any) -> Any:
        return self._paths[index]

    def __len__(self) -> int:
        return len(self._paths)

    @property
    def last(self) -> tuple[Score, ...]:
        """The latest score of each person."""
        return tuple(path[-1] for path in self._paths)

    def to_dict(self) -> list[list[dict[str, Any]]]:
        """Give all scores as plain values for JSON.

        Returns
        -------
        list of list of dict
            One list for each person.
        """
        return [[score.to_dict() for score in path] for path in self._paths]

    def to_records(self) -> list[dict[str, Any]]:
        """Give one flat line for each score, person by person.

        Returns
        -------
        list of dict
            As `Scores.to_records`; the column ``landmark`` tells the lines of a person apart.
        """
        every = [score for path in self._paths for score in path]
        return Scores(every, np.empty((len(every), 0))).to_records()


def visits_of(path: Sequence[Score], dictionary: Dictionary) -> list[Visit]:
    """Say how the number changed along a path.

    Risks of relapse are by the horizon of each model, which is the same calendar day at baseline
    and at every landmark.

    Parameters
    ----------
    path : sequence of Score
        Of one person, in order.
    dictionary : Dictionary
        That of all landmarks.

    Returns
    -------
    list of Visit
        One for each score.
    """
    labels = {"": BEFORE, **{one.name: one.label for one in dictionary.landmarks}}
    scales = _scales(path, dictionary)
    visits: list[Visit] = []
    before: float | None = None
    for score in path:
        landmark = score.provenance.landmark
        visit = Visit(landmark, labels[landmark], _known(score, dictionary, scales))
        if score.status == "scored":
            value, lo, hi = score.at_horizon()
            change = None if before is None else value - before
            visit = replace(visit, value=value, lo=lo, hi=hi, change=change)
            before = value
        else:
            visit = replace(visit, reason=REFUSALS[score.refusals[0].code])
        visits.append(visit)
    return visits


def _scales(path: Sequence[Score], dictionary: Dictionary) -> list[str]:
    """Name the scales that were rated again along the way."""
    found = [
        scale_of(dictionary, dictionary[name])
        for score in path
        for name in score.values
        if dictionary[name].landmark == score.provenance.landmark
    ]
    return list(dict.fromkeys(scale for scale in found if scale))


def _known(score: Score, dictionary: Dictionary, scales: Sequence[str]) -> str:
    """Say which scores became known at this step."""
    when = score.provenance.landmark or "total"
    named = {scale: f"{scale}_{when}" for scale in scales}
    given = [
        f"{dictionary[f'{scale}_total'].instrument or scale} {score.values[name]}"
        for scale, name in named.items()
        if score.values.get(name, "not answered") != "not answered"
    ]
    return "; ".join(given) or "the answers of the baseline"
