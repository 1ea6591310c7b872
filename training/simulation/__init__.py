"""Simulated cohorts of known truth: one fixed world, people drawn by seed."""

from training.simulation.drawing import SimulatedCohort, simulate, write_cohort
from training.simulation.world import World

__all__ = ["SimulatedCohort", "World", "simulate", "write_cohort"]
