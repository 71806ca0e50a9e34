"""`jxgis parks` with every setting of a project, and with each kind of bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from jxgis.parks import figures

if TYPE_CHECKING:
    from cli.conftest import Finished

EAST, NORTH = 572_000.0, 3_402_000.0
Run = Callable[..., "Finished"]


def boxes(*corners: tuple[float, float, float, float], **columns: object) -> gpd.GeoDataFrame:
    shapes = [shapely.box(EAST + a, NORTH + b, EAST + c, NORTH + d) for a, b, c, d in corners]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def lines(*paths: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    shapes = [shapely.LineString([(EAST + x, NORTH + y) for x, y in path]) for path in paths]
    return gpd.GeoDataFrame(geometry=shapes, crs=4549)


def raster(path: Path, cells: np.ndarray, *, crs: int = 4549, nodata: float | None = None) -> Path:
    """Cells of 100 m over the town, of 0.001° in degrees."""
    west, north, size = EAST, NORTH + 2000, 100.0
    if crs == 4326:
        corner = gpd.GeoSeries(gpd.points_from_xy([EAST + 50], [NORTH + 1900]), crs=4549).to_crs(4326).iloc[0]
        west, north, size = corner.x, corner.y, 0.0005
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1, dtype="float64", crs=crs,
        transform=from_origin(west, north, size, size), nodata=nodata,
    ) as file:  # fmt: skip
        file.write(cells, 1)
    return path


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Two zones of 2 × 2 km; a park in the west; a street all along; housing on both sides of it."""
    folder = tmp_path / "town"
    folder.mkdir()
    boxes((0, 0, 2000, 2000), (2000, 0, 4000, 2000), name=["西片", "东片"]).to_file(folder / "districts.gpkg")
    boxes((0, 900, 100, 1000), name=["一园"]).to_file(folder / "parks.gpkg")
    boxes((0, 1010, 4000, 1060), (0, 940, 4000, 990)).to_file(folder / "residential.gpkg")
    lines([(0, 1000), (4000, 1000)]).to_file(folder / "streets.gpkg")
    return folder


def project(town: Path, *more: str, parks: str = "") -> Path:
    layers = "".join(
        f'[inputs.{name}]\npath = "{name}.gpkg"\n' for name in ("districts", "parks", "residential", "streets")
    )
    text = f'[city]\ncrs = "EPSG:4549"\n{layers}' + "".join(more) + f"[parks]\n{parks}"
    path = town / "jxgis.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def measured(jxgis: Run, town: Path) -> Callable[..., Path]:
    """Run `jxgis parks` on the town with more settings; its result folder."""

    def run(*more: str, parks: str = "", name: str = "out") -> Path:
        finished = jxgis("parks", "--project", project(town, *more, parks=parks), "--out", town / name)
        assert finished.code == 0, finished.err
        return town / name

    return run


def coverage(out: Path, layer: str = "coverage") -> pd.DataFrame:
    return gpd.read_file(out / "parks.gpkg", layer=layer).set_index(["zone", "method"])


def test_a_barrier_cuts_the_way_not_the_radius(measured: Callable[..., Path], town: Path) -> None:
    free = coverage(measured(name="free"))
    lines([(300, 0), (300, 2000)]).to_file(town / "rail.gpkg")
    cut = coverage(measured('[inputs.barriers]\npath = "rail.gpkg"\n', name="cut"))
    assert cut.loc[("all", "radius"), "coverage"] == free.loc[("all", "radius"), "coverage"]
    # 750 m of way, legs included, come to an end at the railway.
    assert 0.15 < free.loc[("all", "walking"), "coverage"] < 0.25
    assert cut.loc[("all", "walking"), "coverage"] == pytest.approx(300 / 4000, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "column", "table"),
    [
        ("sample_m = 100", "mean_walk_m", "coverage"),
        ("max_snap_m = 20", "unreachable_share", "coverage"),
        ("entry_m = 1", "mean_walk_m", "coverage"),
        ("minutes = 5", "coverage", "coverage"),
        ("catchment_m = 300", "share_below", "supply"),
        ('decay = "none"', "share_below", "supply"),
    ],
)
def test_each_setting_reaches_its_figure(
    measured: Callable[..., Path], town: Path, setting: str, column: str, table: str
) -> None:
    boxes((0, 1010, 4000, 1060), (0, 940, 4000, 990), people=[4000.0, 800.0]).to_file(town / "residential.gpkg")
    # The park's edge lies 5 m off the street, so that entry_m matters.
    boxes((0, 895, 100, 995), name=["一园"]).to_file(town / "parks.gpkg")
    usual, other = (
        gpd.read_file(measured(parks=some, name=name) / "parks.gpkg", layer=table)
        for some, name in (("", "usual"), (setting, "other"))
    )
    if table == "coverage":
        usual, other = (one[one["method"] == "walking"] for one in (usual, other))
    assert abs(usual[column].to_numpy() - other[column].to_numpy()).max() > 1e-3


def test_built_up_land_is_another_denominator(measured: Callable[..., Path], town: Path, jxgis: Run) -> None:
    boxes((0, 0, 4000, 2000)).to_file(town / "built_up.gpkg")
    found = coverage(measured('[inputs.built_up]\npath = "built_up.gpkg"\n', parks='denominator = "built_up"\n'))
    whole = found.loc[("all", "radius")]
    assert whole["denominator"] == "built_up"
    assert whole["residential_m2"] == pytest.approx(4000 * 2000, rel=1e-3)
    finished = jxgis("parks", "--project", project(town, parks='denominator = "built_up"\n'), "--out", town / "none")
    assert finished.code == 2
    assert "inputs.built_up" in finished.err


def test_cells_of_a_raster_are_shared_out_exactly(measured: Callable[..., Path], town: Path) -> None:
    """A cell that the border between the zones cuts gives each its part: centres would give all of it to one."""
    boxes((0, 0, 1930, 2000), (1930, 0, 4000, 2000), name=["西片", "东片"]).to_file(town / "districts.gpkg")
    raster(town / "people.tif", np.full((20, 40), 10.0))
    found = coverage(measured('[inputs.population]\npath = "people.tif"\n'))
    people = found["people"].xs("radius", level="method")
    assert people.to_dict() == pytest.approx({"西片": 193 * 20, "东片": 207 * 20, "all": 8000}, rel=1e-9)
    # By hand: within 500 m of the park, on ground, ten people a hectare.
    reach = shapely.box(0, 900, 100, 1000).buffer(500, quad_segs=64) & shapely.box(0, 0, 4000, 2000)
    assert found.loc[("all", "radius"), "served_people"] == pytest.approx(reach.area / 1000, rel=1e-3)
    assert 0 < found.loc[("all", "walking"), "served_people"] < 8000
    supply = gpd.read_file(town / "out/parks.gpkg", layer="supply").set_index("zone")["people"]
    assert supply.to_dict() == pytest.approx(people.to_dict(), rel=1e-9)


def test_a_raster_in_degrees_keeps_its_people(measured: Callable[..., Path], town: Path) -> None:
    cells = np.random.default_rng(0).gamma(2, 5, (30, 70))
    raster(town / "people.tif", cells, crs=4326)
    measured('[inputs.population]\npath = "people.tif"\n')
    found = coverage(town / "out")
    assert found.loc[("all", "radius"), "people"] == pytest.approx(cells.sum(), rel=1e-3), "the contract's 0.1 %"
    zones = found.xs("radius", level="method").loc[["西片", "东片"], "people"].sum()
    assert zones == pytest.approx(cells.sum(), rel=1e-3)
    supply = gpd.read_file(town / "out/parks.gpkg", layer="supply").set_index("zone")
    assert supply.loc["all", "people"] == pytest.approx(cells.sum(), rel=1e-3)


def test_holes_of_a_raster_are_said(measured: Callable[..., Path], town: Path) -> None:
    cells = np.full((20, 40), 10.0)
    cells[:10, :20] = -9  # half of the west
    cells[:, 20:] = np.nan  # all of the east, without a declared value
    raster(town / "people.tif", cells, nodata=-9)
    out = measured('[inputs.population]\npath = "people.tif"\n')
    found = coverage(out).xs("radius", level="method")
    assert found["no_data_share"].to_dict() == pytest.approx({"西片": 0.5, "东片": 1, "all": 0.75})
    assert found.loc["西片", "people"] == pytest.approx(2000)
    assert np.isnan(found.loc["东片", "people"])
    noticed = pd.read_csv(out / "parks_noticed.csv")
    assert "人口栅格在此处没有数据" in noticed.set_index("what").loc["东片", "reason"]
    assert "一部分没有数据" in noticed.set_index("what").loc["西片", "reason"]


def test_a_plan_is_compared_as_table_and_map(measured: Callable[..., Path], town: Path) -> None:
    boxes((0, 900, 100, 1000), (3000, 960, 3040, 1000), (1500, 960, 1600, 1000), name=["一园", "二园", "三园"]).to_file(
        town / "parks.gpkg"
    )
    boxes((3045, 960, 3085, 1000), (2500, 900, 2550, 1000), name=["二园", "四园"]).to_file(town / "plan.gpkg")
    out = measured('[inputs.planned_parks]\npath = "plan.gpkg"\n', parks='close = ["三园"]\n')
    plan = gpd.read_file(out / "parks.gpkg", layer="plan").set_index("name")
    assert plan["change"].fillna("").to_dict() == {"一园": "", "二园": "enlarged", "四园": "added", "三园": "closed"}
    assert plan.loc["二园", "area_m2"] == pytest.approx(3200, rel=1e-3)
    change = coverage(out, "change")
    radius = change.xs("radius", level="method")
    assert radius.loc["东片", "change_m2"] > 0 > radius.loc["西片", "change_m2"]
    today = coverage(out).xs("radius", level="method")
    assert today["coverage_after"].to_dict() == pytest.approx(radius["coverage_after"].to_dict())
    changed = gpd.read_file(out / "parks.gpkg", layer="changed_housing")
    signed = changed["m2"].where(changed["state"] == "newly_served", -changed["m2"])
    by_radius = changed["method"] == "radius"
    # Pieces below 1 m² are left out.
    assert signed[by_radius].sum() == pytest.approx(radius.loc["all", "change_m2"], abs=10)
    page = (out / "maps/parks_change.html").read_text(encoding="utf-8")
    assert "失去服务的居住用地" in page
    assert "新服务到的居住用地" in page


def test_a_park_to_close_that_is_not_there(jxgis: Run, town: Path) -> None:
    finished = jxgis("parks", "--project", project(town, parks='close = ["九园"]\n'), "--out", town / "out")
    assert finished.code == 2
    assert "九园" in finished.err
    assert not (town / "out").exists()


def test_proposed_parks_stand_in_the_same_comparison(measured: Callable[..., Path], town: Path) -> None:
    boxes((3000, 960, 3040, 1000), (1500, 960, 1600, 1000), name=["地块一", "地块二"]).to_file(town / "vacant.gpkg")
    out = measured('[inputs.vacant]\npath = "vacant.gpkg"\n', parks="new_parks = 1\ntarget = 0.3\n")
    sites = gpd.read_file(out / "parks.gpkg", layer="sites")
    plan = gpd.read_file(out / "parks.gpkg", layer="plan")
    assert plan.loc[plan["change"] == "added", "name"].tolist() == sites["name"].tolist()
    radius = coverage(out, "change").xs("radius", level="method")
    assert radius["change"].min() >= 0
    targets = gpd.read_file(out / "parks.gpkg", layer="targets").set_index("zone")
    assert targets.loc["all", "needed"] == 1
    assert (out / "maps/parks_change.html").is_file()


@pytest.mark.slow
def test_a_report_covers_units_too(jxgis: Run, town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = town / "out"
    finished = jxgis("report", project(town), "--out", out)
    assert finished.code == 0, finished.err
    units = gpd.read_file(out / "units.gpkg", layer="units")
    found = gpd.read_file(out / "parks.gpkg", layer="coverage_units")
    radius = found[found["method"] == "radius"].set_index("zone")
    assert sorted(radius.index) == sorted([*units["unit_id"], "all"])
    districts = radius.drop("all").groupby("district")["residential_m2"].sum()
    by_district = coverage(out).xs("radius", level="method")["residential_m2"]
    assert districts.to_dict() == pytest.approx({name: by_district[name] for name in ("西片", "东片")})
    # The comparison is linked where there is a plan, and only there.
    assert "parks_change.html" not in (out / "index.html").read_text(encoding="utf-8")
    drawn: list[float] = []
    chart = figures.coverage_chart
    monkeypatch.setattr(
        figures, "coverage_chart", lambda table, **how: drawn.append(how["target"]) or chart(table, **how)
    )
    boxes((3000, 960, 3020, 1000), name=["地块"]).to_file(town / "vacant.gpkg")
    asked = project(
        town, '[inputs.vacant]\npath = "vacant.gpkg"\n', parks='close = ["一园"]\nnew_parks = 2\ntarget = 0.37\n'
    )
    finished = jxgis("report", asked, "--out", town / "plan")
    assert finished.code == 0, finished.err
    page = (town / "plan/index.html").read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    assert 'href="maps/parks_change.html"' in page
    # The target of the settings is the one everywhere, and the page says what it takes.
    assert drawn == [0.37]
    assert "37 %" in page
    of_parks = page[page.index('<section id="parks">') :].partition("</section>")[0]
    assert "90 %" not in of_parks
    for says in (
        "达到目标 37 % 需要什么",
        "其中 1 处小于标准的最小规模，是口袋公园",
        "可建公园用地全部建成，全域也只到 0.0 %，达不到 37 %。",
        "没有一块可建公园用地能服务到那里",
    ):
        assert says in page
    titles = openpyxl.load_workbook(town / "plan/report.xlsx")["公园达标所需"][1]
    assert [cell.value for cell in titles][:3] == ["区域", "新增公园前覆盖率", "可建公园用地全部建成后覆盖率"]


def refused(jxgis: Run, town: Path, *more: str, parks: str = "") -> str:
    """The one message of a command that must be refused; nothing is written."""
    finished = jxgis("parks", "--project", project(town, *more, parks=parks), "--out", town / "refused")
    assert finished.code == 2, finished.err
    assert finished.err.count("错误：") == 1
    assert "Traceback" not in finished.err
    assert not (town / "refused").exists()
    return finished.err[finished.err.index("错误：") :]


def test_lines_without_topology_are_noded(measured: Callable[..., Path], town: Path) -> None:
    """Two streets that cross without a common vertex, and one that stops 0.6 m short of them, are one graph."""
    boxes((2500, 400, 2600, 500)).to_file(town / "residential.gpkg")
    lines([(0, 1000), (4000, 1000)], [(2000, 0), (2000, 2000)], [(2000.6, 450), (2550, 450)]).to_file(
        town / "streets.gpkg"
    )
    boxes((1800, 900, 1900, 995), name=["一园"]).to_file(town / "parks.gpkg")
    out = measured(parks="minutes = 20\n")
    whole = coverage(out).loc[("all", "walking")]
    assert whole["unreachable_share"] == 0
    # From the middle of the housing: 550 m west, 550 m north, 100 m to the park's corner, with legs.
    assert whole["mean_walk_m"] == pytest.approx(550 + 550 + 100 + 25, rel=0.02)


def test_parts_that_hang_together_with_nothing_are_named(measured: Callable[..., Path], town: Path) -> None:
    lines([(0, 1000), (2000, 1000)], [(2500, 1000), (4000, 1000)]).to_file(town / "streets.gpkg")
    out = measured()
    assert "不连通" in (out / "parks_noticed.csv").read_text(encoding="utf-8-sig")
    assert coverage(out).loc[("东片", "walking"), "unreachable_share"] > 0.7


def test_parks_in_degrees_are_brought_over(measured: Callable[..., Path], town: Path) -> None:
    metric = coverage(measured(name="metric"))["coverage"]
    gpd.read_file(town / "parks.gpkg").to_crs(4490).to_file(town / "degrees.gpkg")
    (town / "parks.gpkg").unlink()
    (town / "degrees.gpkg").rename(town / "parks.gpkg")
    assert coverage(measured(name="degrees"))["coverage"].to_dict() == pytest.approx(metric.to_dict(), abs=1e-6)


def test_parks_in_degrees_that_say_metres_are_refused(jxgis: Run, town: Path) -> None:
    wrong = gpd.read_file(town / "parks.gpkg").to_crs(4490).set_crs(4549, allow_override=True)
    (town / "parks.gpkg").unlink()
    wrong.to_file(town / "parks.gpkg")
    assert "parks.gpkg" in refused(jxgis, town)


def test_gates_far_from_any_street_are_named(measured: Callable[..., Path], town: Path) -> None:
    boxes((0, 900, 100, 1000), (3000, 1500, 3100, 1600), name=["一园", "二园"]).to_file(town / "parks.gpkg")
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([EAST + 3050, EAST + 900], [NORTH + 1600, NORTH]), crs=4549)
    points.to_file(town / "gates.gpkg")
    noticed = (measured('[inputs.gates]\npath = "gates.gpkg"\n') / "parks_noticed.csv").read_text("utf-8-sig")
    assert "出入口离道路太远" in noticed
    assert "出入口 50 米内没有计入标准的公园" in noticed
    assert "公园离道路太远" in noticed


def test_zero_housing_has_a_reason(measured: Callable[..., Path], town: Path) -> None:
    boxes((100, 1010, 900, 1060)).to_file(town / "residential.gpkg")
    found = coverage(measured())
    assert np.isnan(found.loc[("东片", "radius"), "coverage"])
    assert np.isnan(found.loc[("东片", "walking"), "coverage"])
    assert set(found.loc["东片", "reason"]) == {"没有居住用地"}


def test_no_housing_at_all_within_the_city(jxgis: Run, town: Path) -> None:
    boxes((100, 1010, 900, 1060)).iloc[:0].to_file(town / "residential.gpkg")
    assert "residential.gpkg" in refused(jxgis, town)


@pytest.mark.parametrize(
    ("crs", "cells", "says"),
    [
        (4549, np.full((20, 40), np.nan), "没有任何有效像元"),
        (4549, np.full((20, 40), -1.0), "负的人口数"),
        (32633, np.full((20, 40), 1.0), "范围内没有人口"),
    ],
)
def test_a_raster_of_nobody_is_refused(jxgis: Run, town: Path, crs: int, cells: np.ndarray, says: str) -> None:
    raster(town / "people.tif", cells, crs=crs)
    assert says in refused(jxgis, town, '[inputs.population]\npath = "people.tif"\n')


def test_a_flipped_raster_is_refused(jxgis: Run, town: Path) -> None:
    upside_down = rasterio.Affine(100, 0, EAST, 0, 100, NORTH)
    with rasterio.open(
        town / "people.tif", "w", driver="GTiff", height=20, width=40, count=1, dtype="float64", crs=4549,
        transform=upside_down,
    ) as file:  # fmt: skip
        file.write(np.ones((20, 40)), 1)
    assert "自北向南" in refused(jxgis, town, '[inputs.population]\npath = "people.tif"\n')


def test_a_raster_without_a_crs_takes_the_declared_one(measured: Callable[..., Path], town: Path, jxgis: Run) -> None:
    cells = np.full((20, 40), 10.0)
    with rasterio.open(
        town / "people.tif", "w", driver="GTiff", height=20, width=40, count=1, dtype="float64",
        transform=from_origin(EAST, NORTH + 2000, 100, 100),
    ) as file:  # fmt: skip
        file.write(cells, 1)
    assert "坐标系" in refused(jxgis, town, '[inputs.population]\npath = "people.tif"\n')
    found = coverage(measured('[inputs.population]\npath = "people.tif"\ncrs = "EPSG:4549"\n'))
    assert found.loc[("all", "radius"), "people"] == pytest.approx(8000)


@pytest.mark.slow
def test_the_same_by_options_of_the_command_line(jxgis: Run, town: Path) -> None:
    boxes((2500, 900, 2550, 1000), name=["四园"]).to_file(town / "plan.gpkg")
    lines([(300, 0), (300, 2000)]).to_file(town / "rail.gpkg")
    raster(town / "people.tif", np.full((20, 40), 10.0))
    layers = {"by": "districts", "parks": "parks", "residential": "residential", "streets": "streets"}
    layers |= {"barriers": "rail", "plan": "plan"}
    given = [word for option, name in layers.items() for word in (f"--{option}", town / f"{name}.gpkg")]
    out = town / "out"
    finished = jxgis("parks", *given, "--population", town / "people.tif", "--close", "一园", "--out", out)
    assert finished.code == 0, finished.err
    found = coverage(out)
    assert found.loc[("all", "walking"), "coverage"] == pytest.approx(300 / 4000, abs=0.01)
    assert found.loc[("all", "radius"), "people"] == pytest.approx(8000, rel=1e-3), (
        "another metric CRS: 0.04 % of scale"
    )
    changes = gpd.read_file(out / "parks.gpkg", layer="plan").set_index("name")["change"]
    assert changes.to_dict() == {"一园": "closed", "四园": "added"}
