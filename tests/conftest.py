"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from postgis_server import Server

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
def postgis_server() -> Generator[Server]:
    """A PostGIS server, where PostgreSQL is installed with it."""
    pytest.importorskip("psycopg")
    from postgis_server import programs, running

    if programs() is None:
        pytest.skip("PostgreSQL with PostGIS is not installed")
    with running() as server:
        yield server


@pytest.fixture
def postgis(postgis_server: Server, monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    """The server with an empty database, its password in the environment."""
    from postgis_server import PASSWORD

    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    yield postgis_server
    postgis_server.emptied()


@pytest.fixture(scope="session")
def real_dir() -> Path:
    """Real data beside the project; a failure where CI asks for it, else a skip."""
    folder = ROOT.parent / "shared" / "real"
    if not folder.is_dir():
        if os.environ.get("JXGIS_REQUIRE_REAL"):
            pytest.fail("real data is required here (JXGIS_REQUIRE_REAL) and ../shared/real is not there")
        pytest.skip("../shared/real is not there")
    return folder
