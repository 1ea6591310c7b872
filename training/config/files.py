"""Where configurations stand, and YAML read and written; the only file that knows YAML."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from predictor.errors import InvalidInputError


def find_config(name: str | Path) -> tuple[Path, bool]:
    """Find a configuration on disk, or among those that came with the package.

    Parameters
    ----------
    name : str or Path
        Such as ``configs/response.yaml``.

    Returns
    -------
    path : Path
        The file.
    shipped : bool
        Whether it came with the package.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    path = Path(name)
    if path.is_file():
        return path, False
    parts = path.parts[1:] if path.parts[:1] == ("configs",) else path.parts
    shipped = shipped_configs().joinpath(*parts)
    if shipped.is_file():
        return shipped, True
    raise InvalidInputError(
        f"{name} is neither a file nor shipped with the package; name a YAML file, or "
        "configs/response.yaml or configs/relapse.yaml"
    )


def shipped_configs() -> Path:
    """Tell where the configurations stand that came with the package.

    Returns
    -------
    Path
        ``training/configs_shipped`` of an installed wheel, ``configs`` of a clone.
    """
    package = Path(str(resources.files("training")))
    installed = package / "configs_shipped"
    return installed if installed.is_dir() else package.parent / "configs"


def read_yaml(path: Path) -> Any:
    """Read one YAML file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    object
        Plain values.

    Raises
    ------
    InvalidInputError
        If it cannot be read as YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}; name a YAML file") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InvalidInputError(f"{path}{where} is not valid YAML; mend it there") from error


def write_yaml(content: dict[str, Any], path: Path) -> None:
    """Write plain values as YAML.

    Parameters
    ----------
    content : dict
        Such as the resolved settings of a run.
    path : Path
        File to write.
    """
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
