"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine fails no test: neither an example nor the making of one has a time limit.
settings.register_profile("jxgis", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jxgis")

ROOT = Path(__file__).resolve().parents[1]


def _not_passed_over(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Where CI asks for all tests (JXGIS_NO_SKIPS), one that is skipped has failed."""
    if os.environ.get("JXGIS_NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where JXGIS_NO_SKIPS asks for every test: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Nothing passes by being skipped: a test."""
    report = yield
    _not_passed_over(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Nothing passes by being skipped: a file."""
    report = yield
    _not_passed_over(report)
    return report


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def real_dir() -> Path:
    """Real data beside the project; a failure where CI asks for it, else a skip."""
    folder = ROOT.parent / "shared" / "real"
    if not folder.is_dir():
        if os.environ.get("JXGIS_REQUIRE_REAL"):
            pytest.fail("real data is required here (JXGIS_REQUIRE_REAL) and ../shared/real is not there")
        pytest.skip("../shared/real is not there")
    return folder
