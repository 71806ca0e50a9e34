"""The front door refuses what it cannot use: layers in another CRS, and what is not a table."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import jxgis
from jxgis.drawing.canvas import Canvas
from jxgis.errors import CrsError, InputError, SettingsError
from jxgis.schema.layers import layers

GROUND = gpd.GeoDataFrame({"name": ["甲"], "people": [9.0]}, geometry=[shapely.box(0, 0, 3000, 3000)], crs=4549)
POINTS = gpd.GeoDataFrame(
    {"name": "a", "issue_class": "市容环境", "people": 1.0},
    geometry=gpd.points_from_xy(np.linspace(50, 2900, 60), np.linspace(50, 2900, 60)),
    crs=4549,
    index=range(60),
)
LINES = gpd.GeoDataFrame({"name": ["b"]}, geometry=[shapely.LineString([(0, 5), (3000, 5)])], crs=4549)

FRONT_DOORS: dict[str, tuple[Callable[..., Any], dict[str, gpd.GeoDataFrame]]] = {
    "find_hotspots": (
        lambda **layers: jxgis.find_hotspots(**({"issues": POINTS, "area": GROUND} | layers)),
        {
            "issues": POINTS,
            "area": GROUND,
            "districts": GROUND,
            "subdistricts": GROUND,
            "ring": GROUND,
            "places": POINTS,
            "streets": LINES,
            "exposure": GROUND,
            "built_up": GROUND,
            "history": POINTS,
        },
    ),
    "measure_parks": (
        lambda **layers: jxgis.measure_parks(
            **({"parks": GROUND, "residential": GROUND, "zones": GROUND, "streets": LINES} | layers)
        ),
        {
            "parks": GROUND,
            "residential": GROUND,
            "zones": GROUND,
            "historic": GROUND,
            "streets": LINES,
            "gates": POINTS,
            "barriers": LINES,
            "places": POINTS,
            "population": POINTS,
            "built_up": GROUND,
            "vacant": GROUND,
            "planned_parks": GROUND,
        },
    ),
    "propose_units": (
        lambda **layers: jxgis.propose_units(
            **({"districts": GROUND, "issues": POINTS, "cell_m": 1000, "alternatives": False} | layers)
        ),
        {
            "districts": GROUND,
            "blocks": GROUND,
            "streets": LINES,
            "waters": LINES,
            "issues": POINTS,
            "land_use": GROUND,
            "population": POINTS,
            "keep_together": GROUND,
            "keep_apart": LINES,
            "fixed_units": GROUND.assign(unit_id="甲-01"),
            "unit_seeds": POINTS,
            "places": POINTS,
            "subdistricts": GROUND,
            "units": GROUND.assign(unit_id="甲-01"),
        },
    ),
    "score_candidates": (
        lambda **layers: jxgis.score_candidates(**({"candidates": GROUND, "districts": GROUND} | layers)),
        {
            "candidates": GROUND,
            "issues": POINTS,
            "parks": GROUND,
            "residential": GROUND,
            "waters": LINES,
            "districts": GROUND,
            "historic": GROUND,
            "built_up": GROUND,
        },
    ),
}
NAMES = {"districts": GROUND, "subdistricts": GROUND, "places": POINTS, "streets": LINES}
FRONT_DOORS |= {
    "allocate_candidates": (
        lambda **layers: jxgis.allocate_candidates(
            **({"candidates": GROUND.assign(score=1.0), "districts": GROUND, "years": (2026,)} | layers)
        ),
        {"candidates": GROUND, "districts": GROUND},
    ),
    "measure_circle": (
        lambda **layers: jxgis.measure_circle(
            **(
                {"facilities": {"schools": POINTS}, "residential": GROUND, "districts": GROUND, "streets": LINES}
                | layers
            )
        ),
        {
            **dict.fromkeys(("residential", "districts", "historic", "vacant", "population"), GROUND),
            "streets": LINES,
            "barriers": LINES,
            "gates": POINTS,
            "places": POINTS,
        },
    ),
    "measure_scorecard": (
        lambda **layers: jxgis.measure_scorecard(**({"districts": GROUND, "issues": POINTS} | layers)),
        {
            **dict.fromkeys(("districts", "subdistricts", "parks", "residential"), GROUND),
            "issues": POINTS,
            "streets": LINES,
        },
    ),
    "find_weak_areas": (
        lambda **layers: jxgis.find_weak_areas(**({"issues": POINTS, "districts": GROUND} | layers)),
        {"issues": POINTS, "districts": GROUND, "streets": LINES, "population": POINTS, "history": POINTS},
    ),
    "find_clusters": (
        lambda **layers: jxgis.find_clusters(**({"issues": POINTS, "districts": GROUND} | layers)),
        {"issues": POINTS, **NAMES},
    ),
    "scan_clusters": (
        lambda **layers: jxgis.scan_clusters(**({"issues": POINTS, "area": GROUND} | layers)),
        {"issues": POINTS, "area": GROUND, "exposure": GROUND, "built_up": GROUND, **NAMES},
    ),
    "find_trends": (
        lambda **layers: jxgis.find_trends(**({"issues": POINTS, "area": GROUND} | layers)),
        {"issues": POINTS, "area": GROUND, "history": POINTS, **NAMES},
    ),
    "measure_effect": (
        lambda **layers: jxgis.measure_effect(
            **({"treated": GROUND, "issues": POINTS, "districts": GROUND, "at": "2022-06-01"} | layers)
        ),
        {"treated": GROUND, "issues": POINTS, "districts": GROUND, "subdistricts": GROUND},
    ),
}
LAYERS = [(door, layer) for door, (_, layers) in FRONT_DOORS.items() for layer in layers]


@pytest.mark.parametrize(("door", "layer"), LAYERS)
@pytest.mark.parametrize("crs", [4548, 4490])
def test_a_layer_in_another_crs_is_refused(door: str, layer: str, crs: int) -> None:
    run, layers = FRONT_DOORS[door]
    with pytest.raises(CrsError):
        run(**{layer: layers[layer].to_crs(crs)})


@pytest.mark.parametrize(
    ("door", "layer"),
    [
        *[
            ("find_hotspots", "issues"),
            ("find_hotspots", "area"),
            ("measure_parks", "parks"),
            ("measure_parks", "zones"),
        ],
        *[("propose_units", "districts"), ("score_candidates", "candidates"), ("allocate_candidates", "candidates")],
        *[(door, "issues") for door in ("find_weak_areas", "find_clusters", "scan_clusters", "find_trends")],
        *[("measure_effect", "treated"), ("measure_scorecard", "districts"), ("measure_circle", "residential")],
    ],
)
def test_what_is_not_a_table_is_refused(door: str, layer: str) -> None:
    run, _ = FRONT_DOORS[door]
    for wrong in (None, "parks.gpkg", shapely.box(0, 0, 1, 1)):
        with pytest.raises(InputError, match="GeoDataFrame"):
            run(**{layer: wrong})


def test_of_what_a_loader_returns_the_table_is_asked_for() -> None:
    with pytest.raises(InputError, match=r"Loaded.*\.table"):
        jxgis.score_candidates(jxgis.load_layer("candidates", GROUND))  # type: ignore[arg-type]


def test_an_option_of_reading_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean crs"):
        jxgis.load_layer("parks", GROUND, crss="GCJ-02")
    with pytest.raises(InputError, match="did you mean columns"):
        jxgis.load_layer("districts", GROUND, colums={"name": "people"})


def test_rules_of_several_options_are_told_without_a_key() -> None:
    with pytest.raises(jxgis.JxgisError, match=r"\[units\] is wrong: min_km2 \(6\)"):
        jxgis.propose_units(GROUND, min_km2=6)


def _barest() -> dict[str, Callable[[], Any]]:
    """Every front door with as few layers and columns as it asks for."""
    rng = np.random.default_rng(0)
    places = np.hstack([rng.uniform(0, 400, (2, 300)), rng.uniform(0, 4000, (2, 2700))])
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*places), crs=4549)
    city = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 4000, 4000)], crs=4549)
    plots = gpd.GeoDataFrame(geometry=[shapely.box(x, 0, x + 400, 400) for x in range(0, 4000, 500)], crs=4549)
    squares = gpd.GeoDataFrame(geometry=[shapely.box(x, 0, x + 1500, 1500) for x in (0, 2000)], crs=4549)
    lines = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 5), (4000, 5)])], crs=4549)
    times = pd.date_range("2023-01-01", "2025-06-30", periods=len(issues))
    return {
        "find_hotspots": lambda: jxgis.find_hotspots(issues, city.geometry),
        "measure_parks": lambda: jxgis.measure_parks(squares, plots, city),
        "propose_units": lambda: jxgis.propose_units(city, issues=issues, cell_m=1000, alternatives=False),
        "score_candidates": lambda: jxgis.score_candidates(squares, issues=issues, districts=city),
        "allocate_candidates": lambda: jxgis.allocate_candidates(
            squares.assign(score=[70.0, 90.0]), years=[2026], number={2026: 1}
        ),
        "measure_scorecard": lambda: jxgis.measure_scorecard(city, issues=issues),
        "measure_circle": lambda: jxgis.measure_circle({"shops": squares}, plots, city, lines),
        "find_clusters": lambda: jxgis.find_clusters(issues, city),
        "find_weak_areas": lambda: jxgis.find_weak_areas(issues, city, {"markets": plots}),
        "measure_effect": lambda: jxgis.measure_effect(
            plots[:1], issues.assign(time=times), city, at="2025-01-01", months=3
        ),
    }


@pytest.mark.slow
@pytest.mark.parametrize("door", _barest())
def test_a_result_of_the_barest_tables_is_told_drawn_and_written(door: str, tmp_path: Path) -> None:
    result = _barest()[door]()
    assert type(result).__name__ in repr(result)
    assert "<" in result._repr_html_()
    assert all(figure.axes for figure in result.figures().values())
    assert {"run.json"} < {path.name for path in result.write(tmp_path / "out").iterdir()}


@pytest.mark.slow
def test_what_the_users_blocks_are_called_like_is_theirs(tmp_path: Path) -> None:
    cells = [shapely.box(x, y, x + 1000, y + 1000) for x in range(0, 3000, 1000) for y in range(0, 3000, 1000)]
    words = dict.fromkeys(("issues_per_km2", "people_per_km2", "area_km2", "unit_id", "mix_a"), "多")
    blocks = gpd.GeoDataFrame(geometry=cells, crs=4549).assign(**words)
    plan = jxgis.propose_units(GROUND, blocks=blocks, alternatives=False, attributes=[])
    written = gpd.read_file(plan.write(tmp_path / "out") / "units.gpkg", layer="blocks")
    assert set(written["issues_per_km2"]) == {"多"}
    assert set(written["unit_id"]) == set(plan.units["unit_id"])


@pytest.mark.parametrize("indicator", ["name", "district", "area_km2", "issues"])
def test_an_indicator_may_be_called_like_a_column_of_the_candidates(indicator: str, tmp_path: Path) -> None:
    candidates = GROUND[["geometry"]].assign(**{indicator: -1.5})
    scores = jxgis.score_candidates(
        candidates, districts=GROUND, indicators={indicator: {"dimension": "a", "target": 5, "weight": 1}}
    )
    written = gpd.read_file(scores.write(tmp_path / "out") / "scores.gpkg", layer="scores")
    assert written[indicator].tolist() == [-1.5]


def test_names_that_are_numbers_are_names(tmp_path: Path) -> None:
    numbered = GROUND.assign(name=[7.0])
    plan = jxgis.propose_units(numbered, cell_m=1000, alternatives=False)
    assert set(plan.units["district"]) == {"7"}
    scores = jxgis.score_candidates(numbered, districts=numbered)
    assert scores.scores["candidate_id"].tolist() == ["7"]
    for result, folder in ((plan, "units"), (scores, "scores")):
        result.write(tmp_path / folder)


def test_candidates_may_share_an_index() -> None:
    twice = pd.concat([GROUND, GROUND.assign(name="乙")])
    scores = jxgis.score_candidates(gpd.GeoDataFrame(twice), districts=GROUND)
    assert scores.scores["candidate_id"].tolist() == ["甲", "乙"]


NAMED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "score_candidates": ("further", lambda named: jxgis.score_candidates(GROUND, districts=GROUND, further=named)),
    "measure_scorecard": ("further", lambda named: jxgis.measure_scorecard(GROUND, further=named)),
    "measure_circle": ("facilities", lambda named: jxgis.measure_circle(named, GROUND, GROUND, LINES)),
    "find_weak_areas": ("places", lambda named: jxgis.find_weak_areas(POINTS, GROUND, named)),
}


@pytest.mark.parametrize("door", NAMED)
def test_layers_by_name_are_held_to_what_every_layer_is(door: str) -> None:
    argument, run = NAMED[door]
    for crs in (4326, 4548):
        with pytest.raises(CrsError, match="\\ntoilets"):
            run({"toilets": POINTS.to_crs(crs)})
    with pytest.raises(InputError, match="\\ntoilets is not a GeoDataFrame but str"):
        run({"toilets": "toilets.csv"})
    with pytest.raises(InputError, match="\\nThe table of toilets breaks its contract: geometry: 60 rows are invalid"):
        run({"toilets": POINTS.set_geometry([None] * 60, crs=4549)})
    for wrong in (POINTS, "toilets.csv", [POINTS]):
        with pytest.raises(InputError, match=f"\\n{argument} takes GeoDataFrames by the names of their layers"):
            run(wrong)
    assert run({"toilets": POINTS}).given.need("toilets").shape == POINTS.shape


def test_what_cannot_be_read_is_refused() -> None:
    for wrong in (None, 3, jxgis.load_layer("parks", GROUND)):
        with pytest.raises(InputError, match="give a path"):
            jxgis.load_layer("parks", wrong)  # type: ignore[arg-type]


def test_a_table_without_names_or_with_words_for_numbers_is_refused() -> None:
    with pytest.raises(InputError, match="table of districts breaks its contract: name: missing"):
        jxgis.find_hotspots(POINTS, GROUND, districts=GROUND.drop(columns="name"))
    homes = GROUND.assign(people=["很多"])
    with pytest.raises(InputError, match="people holds what is not a number: '很多' \\(row 1\\)"):
        jxgis.measure_parks(GROUND, homes, GROUND)
    numbers = jxgis.measure_parks(GROUND, GROUND.assign(people=["9"]), GROUND)
    assert numbers.served["people"].sum() == 9


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"people": [-1.0]}, "table of residential breaks its contract: people: -1\\.0 is below 0 \\(row 1\\)"),
        ({"people": [np.inf]}, "people holds what is not a number: 'inf' \\(row 1\\)"),
        ({"geometry": [None]}, "geometry: 1 row is invalid, empty or missing, such as row 1"),
        ({"geometry": [shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])]}, "geometry: 1 row is invalid"),
        ({"geometry": [shapely.Point(0, 0)]}, "geometry: 1 row is not polygons"),
    ],
)
def test_a_table_is_held_to_its_contract_as_a_file_is(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        jxgis.measure_parks(GROUND, GROUND.assign(**change), GROUND)


def test_the_study_area_is_held_to_being_polygons() -> None:
    bow = shapely.Polygon([(0, 0), (3000, 3000), (3000, 0), (0, 3000)])
    for wrong, says in (
        (LINES, "not polygons"),
        (GROUND.set_geometry([bow], crs=4549), "invalid, empty or missing"),
        (GROUND.geometry.centroid, "not polygons"),
        (GROUND.set_geometry([None], crs=4549), "invalid, empty or missing"),
    ):
        with pytest.raises(InputError, match=f"The table of area breaks its contract: geometry: 1 row is {says}"):
            jxgis.find_hotspots(POINTS, wrong)
    assert len(jxgis.find_hotspots(POINTS, GROUND.geometry).cells) == len(jxgis.find_hotspots(POINTS, GROUND).cells)


def test_what_is_said_of_zones_names_the_argument() -> None:
    with pytest.raises(InputError, match="The table of zones breaks its contract") as caught:
        jxgis.measure_parks(GROUND, GROUND, GROUND.drop(columns="name"))
    assert caught.value.text("zh").startswith("zones（片区）表不符合约定：缺少列 name")
    with pytest.raises(CrsError, match="zones"):
        jxgis.measure_parks(GROUND, GROUND, GROUND.to_crs(4490))
    with pytest.raises(InputError, match="zones is not a GeoDataFrame"):
        jxgis.measure_parks(GROUND, GROUND, None)  # type: ignore[arg-type]


def test_every_table_is_held_to_its_contract() -> None:
    with pytest.raises(InputError, match="issues breaks its contract: geometry: 1 row is not points"):
        jxgis.find_hotspots(POINTS, GROUND, history=GROUND)
    with pytest.raises(InputError, match="time holds what is not a time: '昨天' \\(row 1\\)"):
        jxgis.find_hotspots(POINTS.assign(time="昨天"), GROUND)
    with pytest.raises(InputError, match="streets breaks its contract: geometry: 1 row is not lines"):
        jxgis.propose_units(GROUND, streets=GROUND)
    with pytest.raises(InputError, match="candidate_id: 2 rows share a key, such as 1"):
        jxgis.score_candidates(gpd.GeoDataFrame(pd.concat([GROUND, GROUND])).assign(candidate_id=1), districts=GROUND)
    with pytest.raises(InputError, match="several columns are called name"):
        jxgis.measure_parks(GROUND, GROUND[["name", "name", "geometry"]], GROUND)


@pytest.mark.parametrize(
    ("door", "method", "section"),
    [
        (jxgis.find_hotspots, jxgis.Project.hotspots, "hotspots"),
        (jxgis.measure_parks, jxgis.Project.parks, "parks"),
        (jxgis.propose_units, jxgis.Project.units, "units"),
        (jxgis.score_candidates, jxgis.Project.scores, "scoring"),
        (jxgis.allocate_candidates, jxgis.Project.allocation, "allocate"),
        (jxgis.measure_effect, jxgis.Project.effect, "effect"),
        (jxgis.find_weak_areas, jxgis.Project.weak, "weak"),
        (jxgis.find_clusters, jxgis.Project.clusters, "clusters"),
        (jxgis.scan_clusters, jxgis.Project.scan, "scan"),
        (jxgis.find_trends, jxgis.Project.trends, "trends"),
    ],
)
def test_help_lists_every_option_with_its_default_and_what_it_means(door: Any, method: Any, section: str) -> None:
    model = type(getattr(jxgis.settings.Settings(), section))
    for said in (door, method):
        known = inspect.signature(said).parameters
        assert "options" not in known
        for name in model.model_fields:
            assert known[name].default == jxgis.settings.default(model, name)
            assert f"{name} : default {jxgis.settings.default(model, name)!r}\n" in said.__doc__
            assert jxgis.settings.about(model, name).en[1:] in said.__doc__
    assert inspect.signature(jxgis.load_parks).parameters.keys() == {"path", "city", "options"}
    assert "park_id" in str(inspect.getdoc(jxgis.load_parks))


def test_every_loader_and_every_error_stands_at_the_top() -> None:
    top = set(dir(jxgis))
    loaders = {name for name in dir(jxgis.load) if name.startswith("load_")}
    assert {name for name in top if name.startswith("load_")} == loaders | {"load_city", "load_settings"}
    assert {f"load_{layer}" for layer in layers()} <= loaders
    errors = {
        name for name, kind in vars(jxgis.errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert {name for name in top if name.endswith("Error")} == errors
    assert all(getattr(jxgis, name) is getattr(jxgis.errors, name) for name in errors)


def test_a_module_lists_what_is_public_and_nothing_else() -> None:
    modules = {name: getattr(jxgis, name) for name in dir(jxgis) if inspect.ismodule(getattr(jxgis, name))}
    packages = {path.parent.name for path in Path(jxgis.__file__).parent.glob("*/__init__.pyi")}
    assert packages - {"qgis"} <= {*modules}
    for name, module in modules.items():
        shown = set(dir(module))
        assert {*module.__all__} <= shown, name
        assert name == "load" or shown == {*module.__all__}, name


@pytest.mark.parametrize("package", ["schema", "report", "drawing", "space"])
def test_a_package_offers_what_is_public_in_its_modules(package: str) -> None:
    offered = getattr(jxgis, package)
    there = set(dir(offered))
    assert all(getattr(offered, name) is not None for name in there)
    for stem in (path.stem for path in Path(offered.__path__[0]).glob("[a-z]*.py")):
        own = importlib.import_module(f"jxgis.{package}.{stem}")
        assert stem in there or {*own.__all__} & there, stem


def test_a_language_that_there_is_not_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jxgis.toml").touch()
    for run in (
        lambda: jxgis.find_hotspots(POINTS, GROUND, lang="fr"),
        lambda: jxgis.open_project(tmp_path, lang="fr"),
        lambda: jxgis.init_project(tmp_path / "new", lang="fr"),
        lambda: jxgis.run.run_check("parks", jxgis.settings.Settings(), lang="fr"),
        lambda: jxgis.units.units_map(GROUND, canvas=Canvas(lang="fr")),
    ):
        with pytest.raises(InputError, match="No language 'fr'"):
            run()
    assert not (tmp_path / "new").exists()


YEARS = POINTS.assign(time=pd.date_range("2022-01-01", "2023-12-31", periods=60))


@pytest.mark.parametrize("find", [jxgis.find_hotspots, jxgis.find_trends])
def test_a_period_is_a_text_a_day_or_a_time(find: Callable[..., Any]) -> None:
    """All are the same local day; a time in Shanghai is none of eight hours before."""
    found = [
        find(YEARS[YEARS["time"] >= "2023-01-01"], GROUND, history=YEARS, start=first, end=last, cell_m=1000)
        for first, last in (
            (pd.Timestamp("2023-01-01"), pd.Timestamp("2024-01-01")),
            ("2023-01-01", "2024-01-01"),
            (pd.Timestamp("2023-01-01", tz="Asia/Shanghai"), pd.Timestamp("2024-01-01", tz="Asia/Shanghai")),
        )
    ]
    tables = [{name: table.to_csv() for name, table in each.tables().items()} for each in found]
    assert tables[0] == tables[1] == tables[2]
    assert {(each.given.start, each.given.end) for each in found} == {
        (pd.Timestamp("2023-01-01"), pd.Timestamp("2024-01-01"))
    }
    with pytest.raises(InputError, match="start = “明年”"):
        find(YEARS, GROUND, start="明年")


@pytest.mark.parametrize("find", [jxgis.find_hotspots, jxgis.find_clusters, jxgis.scan_clusters, jxgis.find_trends])
def test_a_class_that_is_near_to_one_of_the_issues_is_a_slip(find: Callable[..., Any]) -> None:
    """Of classes that nobody declared, one may have no issue: only a name that is near to another is refused."""
    options = {"replicates": 19} if find is jxgis.scan_clusters else {}
    with pytest.raises(InputError, match="是否为 市容环境？"):
        find(YEARS, GROUND, classes=("市容环景",), **options)
    find(YEARS, GROUND, classes=("市容环境", "绿化"), **options)
    find(YEARS, GROUND, classes=("市容环境", "市容环境一"), **options)


@pytest.mark.slow
def test_a_class_without_an_issue_is_said_of_trends() -> None:
    found = jxgis.find_trends(YEARS, GROUND, classes=("市容环境", "绿化"))
    assert [note.zh for note in found.notes() if "绿化" in note.zh] == ["没有一件问题属于绿化，这些类别没有结果。"]
    assert not [note for note in jxgis.find_trends(YEARS, GROUND).notes() if "没有一件" in note.zh]


def test_notes_on_classes_call_them_as_the_city_does_in_each_language() -> None:
    found = jxgis.find_trends(YEARS, GROUND, classes=("市容环境", "园林绿化"))
    of_city = replace(
        found,
        given=replace(found.given, city=jxgis.load_city("jiaxing")),
        changed_around={"all": 2, "市容环境": 1},
    )
    said = [note for note in of_city.notes() if "园林绿化" in note.zh or "市容环境" in note.zh]
    assert [note.en.split(".")[0] for note in said] == [
        "No issue is of Greening: of these nothing is found",
        "Not among the places that changed: All issues 2, City appearance 1",
    ]


def test_districts_without_a_row_are_no_city() -> None:
    """The scorecard gave a row of nothing for each target."""
    with pytest.raises(InputError, match="districts has no rows"):
        jxgis.measure_scorecard(districts=GROUND.iloc[:0])


@pytest.mark.parametrize("given", [5, None, b"jxgis.toml"])
def test_what_is_no_path_is_refused_by_its_type(given: Any) -> None:
    for read in (jxgis.open_project, jxgis.load_city):
        with pytest.raises(InputError, match=f"not {type(given).__name__}"):
            read(given)


def test_no_candidates_are_none_to_score() -> None:
    with pytest.raises(InputError, match="没有候选单元"):
        jxgis.score_candidates(GROUND.iloc[:0], issues=POINTS, districts=GROUND)


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda: jxgis.score_candidates(GROUND, isues=POINTS), "no argument isues, did you mean issues"),
        (lambda: jxgis.measure_parks(GROUND, GROUND, GROUND, stret=LINES), "no argument stret, did you mean streets"),
        (lambda: jxgis.measure_scorecard(GROUND, resident=GROUND), "no argument resident, did you mean residential"),
        (lambda: jxgis.score_candidates(GROUND, weigths="equal"), "unknown key weigths, did you mean weights"),
        (lambda: jxgis.score_candidates(GROUND, zzz=POINTS), "unknown key zzz; known are weights"),
    ],
)
def test_a_mistyped_argument_names_the_nearest_layer_or_option(run: Callable[[], Any], says: str) -> None:
    with pytest.raises(SettingsError, match=f"\\n.*{says}"):
        run()


@pytest.mark.parametrize("door", ["score_candidates", "measure_scorecard"])
def test_a_further_layer_that_nothing_reads_is_refused_with_the_nearest(door: str) -> None:
    with pytest.raises(InputError, match="\\nfurther: nothing reads a layer 'toilts', did you mean toilets"):
        NAMED[door][1]({"toilts": POINTS, "markets": POINTS})
