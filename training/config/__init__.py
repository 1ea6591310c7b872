"""configs/*.yaml to typed settings; the only part that reads YAML."""

from __future__ import annotations

from training.config.files import find_config, read_yaml, shipped_configs, write_yaml
from training.config.reading import (
    read_checklist,
    read_column_map,
    read_crosswalks,
    read_dictionary,
    read_landmarks,
    read_outcomes,
    read_prevention,
    read_run_config,
    read_safety,
    read_source_settings,
    read_world,
)
from training.config.run_config import RunConfig, read_priors, read_trial_effects

__all__ = [
    "RunConfig",
    "find_config",
    "read_checklist",
    "read_column_map",
    "read_crosswalks",
    "read_dictionary",
    "read_landmarks",
    "read_outcomes",
    "read_prevention",
    "read_priors",
    "read_run_config",
    "read_safety",
    "read_source_settings",
    "read_trial_effects",
    "read_world",
    "read_yaml",
    "shipped_configs",
    "write_yaml",
]
