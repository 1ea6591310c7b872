"""One learner on one training set: everything learned here comes from these rows alone.

`prepare` learns encoding, imputation and scale; `paths_of` lists what tuning may choose from;
`margins_along` walks one of its paths, `fit_learner` fits one setting. Calibration and interval are
added by `training.tuning`, which has the out-of-fold margins that they need.
"""

from training.fitting.boosting import LEARNING_RATE, refit_trees, round_steps
from training.fitting.learner import (
    FittedLearner,
    fit_averaged,
    fit_learner,
    margins_along,
    published_here,
)
from training.fitting.preparing import Cuts, Outcome, Prepared, Values, prepare
from training.fitting.settings import DEPTHS, N_PENALTIES, ROUNDS, Path, Setting, paths_of

__all__ = [
    "DEPTHS",
    "LEARNING_RATE",
    "N_PENALTIES",
    "ROUNDS",
    "Cuts",
    "FittedLearner",
    "Outcome",
    "Path",
    "Prepared",
    "Setting",
    "Values",
    "fit_averaged",
    "fit_learner",
    "margins_along",
    "paths_of",
    "prepare",
    "published_here",
    "refit_trees",
    "round_steps",
]
