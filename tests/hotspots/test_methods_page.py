"""The worked example of the methods page runs, and both pages give its figures."""

from __future__ import annotations

import doctest
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_worked_example_runs():
    page = DOCS / "methods_hotspots.md"
    found = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert found.attempted >= 7
    assert found.failed == 0
    chinese = (DOCS / "methods_hotspots.zh.md").read_text(encoding="utf-8")
    assert "z = 7.6" in chinese
    assert "p = 0.319" in chinese


def test_figures_of_both_pages_are_there():
    for page in ("methods_hotspots.md", "methods_hotspots.zh.md"):
        for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
            if line.startswith("!["):
                assert (DOCS / line.split("(")[-1].rstrip(")")).is_file(), line
