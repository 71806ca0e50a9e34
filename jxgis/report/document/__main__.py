"""``python -m jxgis.report.document docs/report.md docs/report.zh.md``: write the list of fields into the pages anew."""

from __future__ import annotations

import sys
from pathlib import Path

from jxgis.report.document.fields_page import with_fields

for page in map(Path, sys.argv[1:]):
    lang = "zh" if page.name.endswith(".zh.md") else "en"
    page.write_text(with_fields(page.read_text(encoding="utf-8"), lang), encoding="utf-8", newline="\n")
