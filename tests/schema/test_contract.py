"""docs/contract.md says of the results what their declarations say."""

from __future__ import annotations

from pathlib import Path

from jxgis.schema.contract import MARKS, with_tables

PAGE = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")


def test_the_page_has_the_tables_as_they_are_declared() -> None:
    assert PAGE.count(MARKS[0]) == PAGE.count(MARKS[1]) == 1
    assert with_tables(PAGE) == PAGE, "python -m jxgis.schema docs/contract.md"


def test_the_page_names_every_layer_and_its_columns() -> None:
    for words in ("### parks.gpkg", "**rate_peaks**", "| `change` | 覆盖率变化 | Change of coverage |", "| `mix_*` |"):
        assert words in PAGE
