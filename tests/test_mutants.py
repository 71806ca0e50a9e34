"""The reasons why a change of the code cannot be noticed: each of a line that is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_excused_mutant_is_of_a_line_that_stands_in_the_code() -> None:
    for entry in tomllib.loads((ROOT / "benchmarks/mutants_reasons.toml").read_text(encoding="utf-8"))["equal"]:
        path, change = entry["mutant"].split(" | ", 1)
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        assert any(line.strip() and change.startswith(f"{line.strip()} | ") for line in lines), entry["mutant"]
