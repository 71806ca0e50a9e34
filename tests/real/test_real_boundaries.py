"""The 22 real townships of Jiaxing, and Boston's and Cambridge's layers."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest

from jxgis.city import load_city
from jxgis.errors import InputError
from jxgis.load import (
    boundary_flaws,
    dissolve_districts,
    load_blocks,
    load_districts,
    load_issues,
    load_parks,
    load_residential,
    load_streets,
    load_subdistricts,
    snap_overlaps,
)
from jxgis.run.check import check_layer
from jxgis.space.districts import check_districts

pytestmark = pytest.mark.real

# domain.md: sub-district, km² in EPSG:4549, a point inside.
KM2 = {
    "建设街道": 2.642, "解放街道": 3.498, "新嘉街道": 4.781, "南湖街道": 9.219, "新兴街道": 3.939, "城南街道": 41.478,
    "东栅街道": 24.402, "长水街道": 34.810, "七星镇": 30.249, "余新镇": 59.096, "大桥镇": 87.167, "新城街道": 13.776,
    "嘉北街道": 13.881, "塘汇街道": 12.877, "高照街道": 20.420, "油车港镇": 63.620,
}  # fmt: skip


@pytest.fixture(scope="module")
def townships(real_dir: Path):
    return load_subdistricts(str(real_dir / "jiaxing" / "*.json"), city=load_city("jiaxing"))


def test_all_townships_load(townships) -> None:
    assert [(source.name, source.rows_in, source.rows_kept) for source in townships.sources] == [
        ("nanhu.json", 13, 13),
        ("xiuzhou.json", 9, 9),
    ]
    assert townships.rejects.empty
    assert len(townships.table) == 22
    assert townships.table.is_valid.all()
    assert townships.table.crs.to_epsg() == 4549


def test_areas_are_those_of_the_domain(townships) -> None:
    km2 = townships.table.set_index("name").area / 1e6
    assert km2[list(KM2)].to_dict() == pytest.approx(KM2, abs=6e-4)


def test_the_broken_ring_of_dongzha_is_kept_and_reported(townships, real_dir: Path) -> None:
    raw = gpd.read_file(real_dir / "jiaxing" / "nanhu.json").set_index("name").geometry["东栅街道"]
    assert not raw.is_valid
    assert townships.table.set_index("name").area["东栅街道"] / 1e6 == pytest.approx(24.40, abs=0.005)
    assert any("东栅街道 (21.31 → 24.40 km²)" in note.zh for note in townships.notes)


def test_the_crosswalk_makes_the_twelve_districts(townships) -> None:
    city = load_city("jiaxing")
    made = dissolve_districts(townships.table, city=city)
    assert made.districts["name"].tolist() == city.districts["name"].tolist()
    assert len(made.districts) == 12
    assert made.districts.area.sum() / 1e6 == pytest.approx(425.9, abs=0.05)
    assert sorted(made.leftover["name"]) == sorted(["凤桥镇", "新丰镇", "洪合镇", "王店镇", "王江泾镇", "新塍镇"])
    (note,) = [note for note in made.notes if "凤桥镇" in note.zh]
    assert all(name in note.zh for name in made.leftover["name"])
    assert made.districts.area.sum() + made.leftover.area.sum() == pytest.approx(townships.table.area.sum(), abs=60)


def test_their_overlaps_are_slivers(townships) -> None:
    flaws = townships.flaws
    assert flaws["sliver"].all()
    assert flaws["m2"].max() < 100
    assert (flaws["kind"] == "overlap").sum() == 4
    assert flaws.loc[flaws["kind"] == "overlap", "given_to"].notna().all()
    assert (boundary_flaws(townships.table)["kind"] == "gap").all(), "the loader settled every overlap"


def test_wide_overlaps_of_real_borders_are_settled_without_losing_ground(townships) -> None:
    """The townships, each 6 m wider: 58 borders that overlap by 12 m, three of them more than 1 % of the smaller."""
    wider = townships.table[["name", "geometry"]]
    wider = wider.set_geometry(wider.buffer(6, join_style="mitre"))
    loaded = load_districts(wider, city=load_city("jiaxing"))
    overlaps = loaded.flaws[loaded.flaws["kind"] == "overlap"]
    assert (overlaps["given_to"].notna() == (overlaps["share_of_smaller"] <= 0.01)).all()
    assert overlaps["given_to"].isna().sum() == 3
    with pytest.raises(InputError, match="without_overlaps"):
        check_districts(loaded.table)
    accepted = snap_overlaps(loaded.table, max_share=1).polygons
    check_districts(accepted)
    assert accepted.geometry.is_valid.all()
    assert accepted.area.sum() == pytest.approx(wider.union_all().area, abs=0.01)


def test_a_check_says_so(real_dir: Path) -> None:
    checked = check_layer("subdistricts", str(real_dir / "jiaxing" / "*.json"), city=load_city("jiaxing"))
    said = "\n".join(line.zh for line in checked.lines)
    for part in ("合计 22 行，采用 22 行", "东栅街道", "12 个片区，共 425.9 km²", "有 6 个街道（镇）不属于任何片区"):
        assert part in said
    assert checked.summary["rows_kept"] == 22
    assert len(checked.tables["flaws"]) == 5


BOSTON = (-71.3, 42.1, -70.8, 42.5)


def test_boston_accounts_for_every_case(real_dir: Path) -> None:
    loaded = load_issues(
        real_dir / "boston" / "boston311_2015.csv.gz",
        crs="EPSG:4326",
        metric_crs="EPSG:26986",
        box=BOSTON,
        timezone="America/New_York",
        class_column="REASON",
        status=["Closed"],
        end="2015-07-01",
    )
    (source,) = loaded.sources
    assert source.rows_in == 121_145
    assert source.rows_kept + source.rows_rejected + source.rows_left_out == 121_145
    assert source.rows_left_out > 19_873
    assert (loaded.table["status"] == "Closed").all()
    assert loaded.table["time"].max() < gpd.pd.Timestamp("2015-07-01")
    assert loaded.table["issue_id"].is_unique
    degrees = loaded.table.to_crs(4326).geometry
    # Outside China nothing is shifted: the file's four decimals come back.
    assert (degrees.x - degrees.x.round(4)).abs().max() < 1e-8
    assert (degrees.y - degrees.y.round(4)).abs().max() < 1e-8


@pytest.mark.parametrize(
    ("load", "file", "rows", "repaired"),
    [
        (load_districts, "boston/Boston_Neighborhoods.geojson", 26, 1),
        (load_parks, "boston/Open_Space.geojson", 534, 3),
        (load_parks, "cambridge/RECREATION_OpenSpace.geojson", 276, 0),
        (load_residential, "cambridge/CDD_ZoningDistricts.geojson", 261, 0),
        (load_streets, "cambridge/TRANS_Centerlines.geojson", 2643, 0),
        (load_blocks, "cambridge/DEMOGRAPHICS_AdjustedBlocks2020.geojson", 1044, 0),
    ],
)
def test_layers_of_another_country(real_dir: Path, load, file: str, rows: int, repaired: int) -> None:
    loaded = load(real_dir / file, metric_crs="EPSG:26986")
    assert len(loaded.table) == rows
    assert loaded.rejects.empty
    assert loaded.table.is_valid.all()
    said = [note.en for note in loaded.notes if note.en.startswith("Repaired")]
    assert [int(text.split()[1]) for text in said] == ([repaired] if repaired else [])
    raw = gpd.read_file(real_dir / file).to_crs(26986)
    if repaired == 0:
        assert loaded.table.geometry.geom_equals_exact(raw.geometry, 1e-6).all()
