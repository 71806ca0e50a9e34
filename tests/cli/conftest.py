"""A small city of two districts to run commands on, as a user would."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_city import write_city


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def jxgis(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """Run ``jxgis …`` in this process."""
    from jxgis import cli

    def run(*arguments: object) -> Finished:
        monkeypatch.setattr(sys, "argv", ["jxgis", *map(str, arguments)])
        capsys.readouterr()
        code = cli._run()
        captured = capsys.readouterr()
        return Finished(code, captured.out, captured.err)

    return run


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A folder with districts (2 × 9 km²), issues with one cluster, parks, housing, streets and candidates."""
    return write_city(tmp_path)


@pytest.fixture
def run_json() -> Callable[[Path], dict[str, object]]:
    """What a result's run.json says."""

    def read(folder: Path) -> dict[str, object]:
        found: dict[str, object] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return found

    return read
