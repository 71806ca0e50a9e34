from types import SimpleNamespace

import geopandas as gpd
import pytest


@pytest.fixture(scope="session")
def cambridge(real_dir):
    """Cambridge in EPSG:26986: open spaces, the zones of residence, neighbourhoods and streets."""
    folder = real_dir / "cambridge"

    def read(name):
        return gpd.read_file(folder / f"{name}.geojson").to_crs(26986)

    zoning = read("CDD_ZoningDistricts")
    kind = zoning["ZONE_TYPE"].fillna("")
    return SimpleNamespace(
        parks=read("RECREATION_OpenSpace").rename(columns={"NAME": "name"})[["name", "geometry"]],
        housing=zoning[kind.str.match(r"A-|B$|C-")][["geometry"]].reset_index(drop=True),
        zones=read("BOUNDARY_CDDNeighborhoods").rename(columns={"NAME": "name"})[["name", "geometry"]],
        streets=read("TRANS_Centerlines")[["geometry"]],
    )
