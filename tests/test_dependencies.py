"""What is depended on has a lower bound that is run, and a pinned version that is installed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def _pins(path: Path) -> dict[str, str]:
    lines = (line.split("==") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {_plain(name): version for name, version in lines}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_lower_bounds_are_the_versions_that_are_run(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra if ">=" in name]
    bounds = dict(re.sub(r"\[.*\]", "", dependency).split(">=") for dependency in [*project["dependencies"], *extras])
    oldest = _pins(root / "constraints-oldest.txt")
    assert {_plain(name): bound for name, bound in bounds.items()} == {
        _plain(name): oldest[_plain(name)] for name in bounds
    }


def test_everything_that_is_installed_is_pinned(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    names = {_plain(re.split(r"[\[>]", dependency)[0]) for dependency in [*project["dependencies"], *extras]}
    assert names <= set(_pins(root / "constraints.txt"))
