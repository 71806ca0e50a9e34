"""Each table that is a layer; real QGIS where it is installed."""

from __future__ import annotations

import pytest
from qgis_rows import SPATIAL, qgis_python

from jxgis.schema.tables import Table, table

# Elsewhere there is nothing to collect, and nothing is passed over.
collect_ignore = [] if qgis_python() else ["test_real_qgis.py"]


@pytest.fixture(params=SPATIAL)
def layer(request: pytest.FixtureRequest) -> Table:
    """Each table that is a layer."""
    return table(request.param)
