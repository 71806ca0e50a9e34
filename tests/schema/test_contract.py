"""docs/contract.md and its Chinese page say of the results what their declarations say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import jxgis.schema
from jxgis.schema.contract import MARKS, with_tables
from jxgis.schema.tables import table, tables

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    lang: (DOCS / name).read_text(encoding="utf-8") for lang, name in (("en", "contract.md"), ("zh", "contract.zh.md"))
}


@pytest.mark.parametrize("lang", PAGES)
def test_the_page_has_the_tables_as_they_are_declared(lang: str) -> None:
    begin, end = MARKS[lang]
    assert PAGES[lang].count(begin) == PAGES[lang].count(end) == 1
    assert with_tables(PAGES[lang], lang) == PAGES[lang], "python -m jxgis.schema docs/contract.md docs/contract.zh.md"


def test_the_page_names_every_layer_and_its_columns() -> None:
    for words in ("### parks.gpkg", "**rate_peaks**", "| `change` | 覆盖率变化 | Change of coverage |", "| `mix_*` |"):
        assert words in PAGES["en"]
        assert words in PAGES["zh"]


def test_both_pages_name_the_same() -> None:
    """By hand too: each code word of one page stands in the other."""
    named = {lang: set(re.findall(r"`[^`\n]+`", page)) for lang, page in PAGES.items()}
    assert named["en"] ^ named["zh"] == set()


def test_chinese_says_every_note_and_none_beside() -> None:
    said = tomllib.loads((Path(jxgis.schema.__file__).parent / "contract_zh.toml").read_text(encoding="utf-8"))["notes"]
    shown = [found for found in map(table, tables()) if not found.page]
    notes = {column.note for found in shown for column in found.columns.values()}
    notes |= {words for found in shown for words in (found.note, found.when)}
    assert set(said) == notes - {""}
