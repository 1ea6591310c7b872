"""What tuning may choose from: paths of settings, along which a fit goes on from the one before."""

from __future__ import annotations

from dataclasses import dataclass

from training.fitting.preparing import Outcome, Prepared
from training.learners import Learner
from training.penalised_cox import penalty_path_cox
from training.penalised_logistic import penalty_path

DEPTHS = (1, 2, 3)
BLENDED_DEPTHS = (2,)
ROUNDS = (10, 25, 50, 75, 100, 150, 200, 300, 450)
N_PENALTIES = 15
LEARNING_RATE = 0.05


@dataclass(frozen=True, slots=True)
class Growth:
    """How a boosted tree is grown, apart from its depth.

    Parameters
    ----------
    learning_rate : float
        Share of each tree that is kept, in (0, 1].
    min_child_weight : float
        Least information (sum of second derivatives) in a leaf; higher is more cautious.
    l2 : float
        Penalty on the squares of leaves; higher is more cautious.
    subsample, colsample : float
        Shares of people for each tree and of columns for each split, in (0, 1].
    """

    learning_rate: float = LEARNING_RATE
    min_child_weight: float = 2.0
    l2: float = 5.0
    subsample: float = 0.6
    colsample: float = 0.3


@dataclass(frozen=True, slots=True)
class Setting:
    """What tuning chooses.

    Parameters
    ----------
    penalty : float
        Of linear learners, in units of the log-likelihood; 0 is unpenalised.
    l1_ratio : float
        Share of the l1 norm in the penalty.
    depth, rounds : int
        Of trees; 0 for linear learners.
    weight : float
        Share of the trees in a blended margin, 0 to 1.
    growth : Growth
        Of trees; as given here unless tuning searches.
    """

    penalty: float = 0.0
    l1_ratio: float = 0.0
    depth: int = 0
    rounds: int = 0
    weight: float = 0.0
    growth: Growth = Growth()


Path = tuple[Setting, ...]


def paths_of(learner: Learner, prepared: Prepared, outcome: Outcome) -> tuple[Path, ...]:
    """List what tuning may choose from.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.

    Returns
    -------
    tuple of tuple of Setting
        Paths, each from the simplest setting on; one path of one setting where nothing is tuned.
    """
    if learner.kind in ("boosted", "blended"):
        depths = DEPTHS if learner.kind == "boosted" else BLENDED_DEPTHS
        return tuple(tuple(Setting(depth=d, rounds=r) for r in ROUNDS) for d in depths)
    if not learner.l1_ratios:
        return ((Setting(),),)
    if outcome.days is not None:
        path = penalty_path_cox(outcome.days, outcome.events, n=N_PENALTIES)
        return (tuple(Setting(float(penalty)) for penalty in path),)
    X = prepared.standardised
    return tuple(
        tuple(
            Setting(float(penalty), ratio)
            for penalty in penalty_path(X, outcome.events, l1_ratio=ratio, n=N_PENALTIES)
        )
        for ratio in learner.l1_ratios
    )
