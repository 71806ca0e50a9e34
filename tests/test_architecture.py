"""Imports run one way, as the table in ARCHITECTURE.md has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ROOT / "jxgis"
# What starts the program, and its version: no part of its own.
ENDS = {"__init__", "__main__"}


def parts() -> dict[str, set[str]]:
    """Each part of the table with the parts that it may import."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    known: dict[str, set[str]] = {}
    above: set[str] = set()
    for names, _, may_know in re.findall(r"^\| (`.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE):
        row = [name.rstrip("/") for name in re.findall(r"`([^`]+)`", names)]
        allowed, _, banned = may_know.partition("not ")
        told = set(re.findall(r"`([\w/]+)`", allowed))
        may = {name.rstrip("/") for name in told} | (above if "above" in allowed else set())
        may -= {name.rstrip("/") for name in re.findall(r"`([\w/]+)`", banned)}
        assert may <= above, f"{row} may know {may - above}, which does not stand above it"
        for name in row:
            known[name] = may
        above = above | set(row)
    return known


def imported(path: Path) -> Iterator[str]:
    """The parts of jxgis that a module imports, wherever in it, for types only too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            modules = [f"jxgis.{alias.name}" for alias in node.names] if node.module == "jxgis" else [node.module or ""]
        else:
            continue
        yield from (module.split(".")[1] for module in modules if module.startswith("jxgis."))


def part_of(path: Path) -> str:
    return path.relative_to(CODE).parts[0].removesuffix(".py")


MODULES = sorted(path for path in CODE.rglob("*.py") if part_of(path) not in ENDS)


def test_every_part_stands_in_the_table() -> None:
    assert {part_of(path) for path in MODULES} | {"profiles"} == set(parts())


@pytest.mark.parametrize("part", sorted({part_of(path) for path in MODULES}))
def test_a_part_imports_only_what_the_table_lets_it_know(part: str) -> None:
    may = parts()[part] | {part, *ENDS, "__version__"}
    up = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in MODULES
        if part_of(path) == part
        for name in imported(path)
        if name not in may
    }
    assert not up


def test_modules_fit_a_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): n for path in MODULES if (n := len(path.read_text("utf-8").splitlines())) > 600
    }
    assert not long
