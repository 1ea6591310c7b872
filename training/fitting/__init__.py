"""One learner on one training set: everything learned here comes from these rows alone.

`prepare` learns encoding, imputation and scale; `paths_of` lists what tuning may choose from;
`margins_along` walks one of its paths, `fit_learner` fits one setting. Calibration and interval are
added by `training.tuning`, which has the out-of-fold margins that they need.
"""

from training.fitting.bends import Cuts, round_steps
from training.fitting.between_visits import intervals_of, refuse_unseen
from training.fitting.boosting import refit_trees
from training.fitting.learner import (
    FittedLearner,
    fit_averaged,
    fit_learner,
    margins_along,
    published_here,
)
from training.fitting.losses import BLEND_WEIGHTS, blend_weight, tuning_loss
from training.fitting.preparing import Outcome, Prepared, Values, prepare
from training.fitting.settings import (
    DEPTHS,
    LEARNING_RATE,
    N_PENALTIES,
    ROUNDS,
    Growth,
    Path,
    Setting,
    paths_of,
)

__all__ = [
    "BLEND_WEIGHTS",
    "DEPTHS",
    "LEARNING_RATE",
    "N_PENALTIES",
    "ROUNDS",
    "Cuts",
    "FittedLearner",
    "Growth",
    "Outcome",
    "Path",
    "Prepared",
    "Setting",
    "Values",
    "blend_weight",
    "fit_averaged",
    "fit_learner",
    "intervals_of",
    "margins_along",
    "paths_of",
    "prepare",
    "published_here",
    "refit_trees",
    "refuse_unseen",
    "round_steps",
    "tuning_loss",
]
