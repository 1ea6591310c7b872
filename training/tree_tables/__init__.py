"""Turn fitted XGBoost boosters into plain arrays and exact tables of contributions.

Step of the way: after fitting, before the bundle is written. What comes out is compared with
XGBoost's own margins and contributions on the whole cohort, and refused where it differs.
"""

from training.tree_tables.agreement import TableMismatchError, check_tables
from training.tree_tables.forest import UnsupportedBoosterError
from training.tree_tables.refits import ensemble_from_boosters
from training.tree_tables.tables import tables_from_booster

__all__ = [
    "TableMismatchError",
    "UnsupportedBoosterError",
    "check_tables",
    "ensemble_from_boosters",
    "tables_from_booster",
]
