"""How much a frozen model must change for new people: the closed test between the rungs."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import chi2

from predictor.errors import InvalidInputError
from training.evaluation.rungs import NewPeople, Rung, fit_rungs

ALPHA = 0.05
"""Level of each likelihood-ratio test, and so of the whole closed test."""


@dataclass(frozen=True, slots=True)
class RatioTest:
    """One likelihood-ratio test of a rung against the highest one.

    Parameters
    ----------
    rung, against : str
        The simpler and the highest rung.
    statistic : float
        Twice the difference of the log-likelihoods.
    degrees : int
        Parameters that the highest rung has more.
    p : float
        Chance of a statistic this large where the simpler rung is true.
    """

    rung: str
    against: str
    statistic: float
    degrees: int
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """The rungs, the tests and the choice.

    Parameters
    ----------
    rungs : tuple of Rung
        From least to most change.
    tests : tuple of RatioTest
        In the order in which they were made; the last one decided.
    chosen : Rung
        The simplest rung that is not refuted.
    left_out : dict of str to str
        Rungs that were not offered, with the reason.
    """

    rungs: tuple[Rung, ...]
    tests: tuple[RatioTest, ...]
    chosen: Rung
    left_out: dict[str, str]


def climb(people: NewPeople, *, alpha: float = ALPHA) -> Ladder:
    """Fit the rungs and choose by closed testing.

    The highest rung is tested against as given, then against intercept, then against slope; the
    first that it does not beat is chosen. The chance to change a model that is right is ``alpha``
    at most, where likelihood ratios follow their limit.

    Parameters
    ----------
    people : NewPeople
        With at least one event and (response) one without.
    alpha : float
        Level of each test.

    Returns
    -------
    Ladder
        With the choice.

    Raises
    ------
    InvalidInputError
        If nobody, or (response) everybody, had the event.

    References
    ----------
    Vergouwe Y et al. Stat Med 2017;36:4529-4539 (closed test). van Houwelingen HC. Stat Med
    2000;19:3401-3415 (survival models).
    """
    cases = people.events.sum()
    if cases == 0 or (people.hazard is None and cases == people.events.size):
        raise InvalidInputError(
            f"{cases:.0f} of {people.events.size} people had the event; a model can be updated "
            "only where both outcomes occurred"
        )
    rungs, left_out = fit_rungs(people)
    tests = []
    for rung in rungs[:-1]:
        tests.append(ratio_test(rung, rungs[-1]))
        if tests[-1].p > alpha:
            return Ladder(rungs, tuple(tests), rung, left_out)
    return Ladder(rungs, tuple(tests), rungs[-1], left_out)


def ratio_test(rung: Rung, highest: Rung) -> RatioTest:
    """Test a rung against a higher one that holds it.

    Parameters
    ----------
    rung, highest : Rung
        Fitted to the same people.

    Returns
    -------
    RatioTest
        With its chi-squared probability.
    """
    statistic = max(0.0, 2 * (highest.loglik - rung.loglik))
    degrees = highest.parameters - rung.parameters
    return RatioTest(
        rung.name, highest.name, statistic, degrees, float(chi2.sf(statistic, degrees))
    )
