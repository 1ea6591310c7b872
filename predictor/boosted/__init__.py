"""Boosted trees as plain arrays: margins and exact contributions by table lookup.

Step of the way: X ─learners─▶ margins and contributions. A leaf that asks about d columns has
2^d patterns of satisfied conditions, and its Shapley values depend on a row through that pattern
alone. The values are therefore computed once, when the model is written, and looked up here.
"""

from predictor.boosted.leaves import MAX_SLOTS, LeafConditions
from predictor.boosted.refits import BoostedEnsemble
from predictor.boosted.tables import Boosted

__all__ = ["MAX_SLOTS", "Boosted", "BoostedEnsemble", "LeafConditions"]
