"""``python -m jxgis.schema docs/contract.md docs/contract.zh.md``: write the tables of the results into the pages anew."""

from __future__ import annotations

import sys
from pathlib import Path

from jxgis.schema.contract import with_tables

for name in sys.argv[1:]:
    page = Path(name)
    lang = "zh" if page.name.endswith(".zh.md") else "en"
    page.write_text(with_tables(page.read_text(encoding="utf-8"), lang), encoding="utf-8", newline="\n")
