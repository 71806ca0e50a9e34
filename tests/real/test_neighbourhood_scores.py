"""Boston's and Cambridge's neighbourhoods as candidates: figures against plain geopandas, and no rank where little is known."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import jxgis

REAL = Path(__file__).parents[3] / "shared" / "real"
CRS = "EPSG:26986"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the real data do not lie beside the project")


def layer(name: str) -> gpd.GeoDataFrame:
    table = gpd.read_file(REAL / name).to_crs(CRS)
    return table.set_geometry(shapely.make_valid(table.geometry.to_numpy())).set_crs(CRS)


def test_cambridge_has_no_rank_for_want_of_layers_and_park_coverage_that_its_squares_show() -> None:
    hoods = layer("cambridge/BOUNDARY_CDDNeighborhoods.geojson").rename(columns={"NAME": "name"})[["name", "geometry"]]
    zoning = layer("cambridge/CDD_ZoningDistricts.geojson")
    homes = zoning[zoning["ZONE_TYPE"].str.match(r"A-|B$|C-")][["geometry"]].reset_index(drop=True)
    parks = layer("cambridge/RECREATION_OpenSpace.geojson").rename(columns={"NAME": "name"})[["name", "geometry"]]
    found = jxgis.score_candidates(hoods, parks=parks, residential=homes, districts=hoods, lang="en")
    scores, indicators = found.scores.set_index("candidate_id"), found.indicators.set_index("indicator")
    assert len(scores) == 13
    assert scores["rank"].isna().all()
    assert scores["completeness"].max() < 0.2
    assert set(indicators.index[indicators["measured"] > 0]) == {"park_coverage", "compactness", "hull_ratio"}
    # Oracle: parks that count, grown by the radius of their band, over the same housing.
    measured = jxgis.measure_parks(parks, homes, hoods)
    counted = measured.parks.dropna(subset="radius_m")
    reach = shapely.union_all(counted.buffer(counted["radius_m"], quad_segs=64))
    land = homes.union_all()
    for name, shape in zip(hoods["name"], hoods.geometry, strict=True):
        mine = land.intersection(shape)
        if mine.area > 1000:
            want = 100 * mine.intersection(reach).area / mine.area
            assert scores.loc[name, "park_coverage"] == pytest.approx(want, abs=0.5), name
            assert scores.loc[name, "compactness"] == pytest.approx(12.566370614 * shape.area / shape.length**2), name
    # Riverside lies along the Charles, between the Common and Magazine Beach.
    assert scores.loc["Riverside", "park_coverage"] > 90


@pytest.mark.slow
def test_a_default_point_of_a_geocoder_makes_one_place_of_boston_an_outlier() -> None:
    """A seventh of Boston's cases lie on City Hall's doorstep: with them Downtown has 13 times the city's cases a km²."""
    hoods = layer("boston/Boston_Neighborhoods.geojson").rename(columns={"Name": "name"})[["name", "geometry"]]
    raw = pd.read_csv(REAL / "boston/boston311_2015.csv.gz", usecols=["LONGITUDE", "LATITUDE"]).dropna()
    at = gpd.points_from_xy(raw["LONGITUDE"], raw["LATITUDE"], crs=4326).to_crs(CRS)
    issues = gpd.GeoDataFrame({"issue_class": "a"}, index=range(len(at)), geometry=at)
    density = {}
    for name, table in (("all", issues), ("without", issues[~issues.duplicated("geometry", keep=False)])):
        scores = jxgis.score_candidates(hoods, issues=table, districts=hoods, lang="en").scores.set_index(
            "candidate_id"
        )
        inside = {n: int(table.within(g).sum()) for n, g in zip(hoods["name"], hoods.geometry, strict=True)}
        per_km2 = (
            inside["Downtown"] / scores.loc["Downtown", "area_km2"] / (sum(inside.values()) / (hoods.area.sum() / 1e6))
        )
        density[name] = scores.loc["Downtown", "issue_density"]
        assert density[name] == pytest.approx(per_km2, rel=0.01)
    assert density["all"] > 3 * density["without"]
