"""What those who write the files of a result and those who read them both call by name."""

from __future__ import annotations

__all__ = ["BASEMAP_KEY", "RUN"]

RUN = "run.json"
"""The file that says what was run."""
BASEMAP_KEY = "jxgis-basemap-key"
"""The ``meta`` element of a page that holds the key of its base map; page.js reads it."""
