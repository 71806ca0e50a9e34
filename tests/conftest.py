"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine fails no test: neither an example nor the making of one has a time limit.
settings.register_profile("jxgis", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jxgis")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


def _beside(name: str) -> Path:
    folder = ROOT.parent / "shared" / name
    if not folder.is_dir():
        if os.environ.get("JXGIS_REQUIRE_REAL"):
            pytest.fail(f"{name} data is required here (JXGIS_REQUIRE_REAL) and ../shared/{name} is not there")
        pytest.skip(f"../shared/{name} is not there")
    return folder


@pytest.fixture(scope="session")
def real_dir() -> Path:
    """Real data beside the project; a failure where CI asks for it, else a skip."""
    return _beside("real")


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Reference values from R, beside the project."""
    return _beside("reference")
