"""A whole report of the made-up city."""

from __future__ import annotations

import pandas as pd
import pytest
from result_tables import CLASSES, result_tables

from jxgis.report.tables import ReportTables


@pytest.fixture
def tables() -> ReportTables:
    t = result_tables()
    zones = pd.DataFrame(
        [
            {"zone": name, "level": "district", "issue_class": c, "count": 900 - 10 * at, "area_km2": 30.5,
             "per_km2": 29.5, "location_quotient": 1.2, "share_hot": 0.04}
            for at, name in enumerate(t.districts["name"]) for c in ("all", *CLASSES)
        ]
    )  # fmt: skip
    inputs = pd.DataFrame(
        {"layer": ["issues"], "name": ["issues.zip"], "rows_in": [62_000], "rows_kept": [60_000],
         "rows_rejected": [1_200], "rows_left_out": [800]}
    )  # fmt: skip
    return ReportTables(
        places=t.places.assign(street="中山路"), zones=zones, cells=t.cells, coverage=t.coverage, sites=t.sites,
        units=t.units, scores=t.scores, inputs=inputs, findings={"ring": pd.DataFrame({"issue_class": ["all"], "share_inside": [0.6], "share_area": [0.1]})},
    )  # fmt: skip
