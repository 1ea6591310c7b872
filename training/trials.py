"""Settings of trees proposed one after another, each by what those before it lost (Optuna).

The only part that imports optuna, and only when a search is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from training.fitting import ROUNDS, Growth, Path, Setting

if TYPE_CHECKING:
    import optuna

DEPTHS = (1, 4)
"""Deeper trees need more people than there are to tell interactions of five answers from chance."""

LEARNING_RATES = (0.02, 0.2)
"""Below, the longest path ends before it is fitted; above, ten rounds overshoot a weak signal."""

LEAF_WEIGHTS = (1.0, 16.0)
"""Of min_child_weight: four to 64 people of even risk in a leaf, at most a quarter each."""

PENALTIES = (0.5, 50.0)
"""Of l2, beside leaf weights of the same order: from hardly to mostly shrunk."""

PEOPLE = (0.4, 1.0)
"""Shares of people for a tree: below, small cohorts leave no leaf of the least weight."""

COLUMNS = (0.1, 1.0)
"""Shares of columns for a split: of 50, from five to all."""


def search(
    loss_of: Callable[[Path], float], *, first: Sequence[Path], n_trials: int, seed: int
) -> None:
    """Try paths of rounds, each with a depth and a growth proposed by what was lost before.

    The first trials are the paths given, so that the lowest loss is never above theirs. Then come
    draws over the whole ranges, ten trials in all, and then a tree-structured Parzen estimator.
    A path ends by itself where it gains no more, so that no other pruning is needed.

    Parameters
    ----------
    loss_of : callable
        Takes a path and gives the lowest loss along it; lower is better.
    first : sequence of tuple of Setting
        Paths of trees to try first, as far as there are trials.
    n_trials : int
        Paths in all, those of `first` among them.
    seed : int
        Of the proposals; the same seed and losses give the same paths.

    References
    ----------
    Bergstra et al. 2011, Algorithms for hyper-parameter optimization, NeurIPS 24.
    """
    study = _study(seed)
    for path in first:
        study.enqueue_trial(_values(path[0]))
    for _ in range(n_trials):
        trial = study.ask()
        study.tell(trial, loss_of(_proposed(trial)))


def _study(seed: int) -> optuna.Study:
    """Open a study in memory; a training fold is searched whole, and kept as a whole."""
    import optuna

    with _quiet():
        # together: what a learning rate is worth depends on all else
        return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep optuna from telling of each study on standard error, and leave it as it was."""
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _proposed(trial: optuna.Trial) -> Path:
    """Turn what a trial proposes into a path."""
    depth = trial.suggest_int("depth", *DEPTHS)
    growth = Growth(
        learning_rate=trial.suggest_float("learning_rate", *LEARNING_RATES, log=True),
        min_child_weight=trial.suggest_float("min_child_weight", *LEAF_WEIGHTS, log=True),
        l2=trial.suggest_float("l2", *PENALTIES, log=True),
        subsample=trial.suggest_float("subsample", *PEOPLE),
        colsample=trial.suggest_float("colsample", *COLUMNS),
    )
    return tuple(Setting(depth=depth, rounds=rounds, growth=growth) for rounds in ROUNDS)


def _values(setting: Setting) -> dict[str, float]:
    """Name the depth and growth of a setting as trials do."""
    return {"depth": setting.depth, **asdict(setting.growth)}
