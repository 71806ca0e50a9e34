"""What a command says of the CRS that it works in."""

from __future__ import annotations

import geopandas as gpd
import shapely

from jxgis.pipeline._inputs import read_inputs
from jxgis.settings import Settings


def test_the_note_on_the_crs_tells_its_distortion(tmp_path) -> None:
    edge = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(122.9, 30.7, 122.95, 30.75)], crs=4490)
    edge.to_crs(4549).to_file(tmp_path / "edge.gpkg")
    edge.to_file(tmp_path / "degrees.gpkg")
    said: list[str] = []
    notes = {}
    for name in ("edge", "degrees"):
        settings = Settings.model_validate({"inputs": {"districts": {"path": str(tmp_path / f"{name}.gpkg")}}})
        found = read_inputs(settings, ["districts"], has_project=False, progress=lambda text: said.append(text.en))
        notes[name] = found.crs_note.en
    assert "areas up to 0.2 % too large and lengths up to 0.099 % too large" in notes["edge"]
    assert sum("0.2 % too large" in line for line in said) == 1
    # UTM zone 51 is true to 0.1 % there.
    assert "too" not in notes["degrees"]
