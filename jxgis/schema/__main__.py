"""``python -m jxgis.schema docs/contract.md``: write the tables of the results into the page anew."""

from __future__ import annotations

import sys
from pathlib import Path

from jxgis.schema.contract import with_tables

page = Path(sys.argv[1])
page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
