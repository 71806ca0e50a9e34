"""`jxgis circle` as a user runs it: what it writes, what it sites, what it refuses."""

from __future__ import annotations

from importlib import resources

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import jxgis
from jxgis.circle.figures import circle_chart
from jxgis.errors import InputError, NotGivenError, SettingsError
from jxgis.report.blocks import Paragraph
from jxgis.run import run_part
from jxgis.settings import load_settings

EAST, NORTH = 572_000, 3_403_000


def frame(columns, shapes):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def moved(shapes):
    return shapely.transform(np.asarray(shapes, dtype=object), lambda xy: xy + np.array([EAST, NORTH]))


@pytest.fixture
def project(tmp_path):
    """One long street through two districts, housing along it, a school at its west end and a market in its middle."""
    layers = {
        "districts": frame(
            {"name": ["老城", "东栅"]}, moved(shapely.box([0, 2000], [0, 0], [2000, 4000], [1000, 1000]))
        ),
        "streets": frame({"name": ["中山路"]}, moved([shapely.LineString([(0, 500), (4000, 500)])])),
        "residential": frame(
            {"people": [100.0, 300.0]}, moved(shapely.box([0, 2000], [500, 500], [2000, 4000], [525, 525]))
        ),
        "schools": frame(
            {"kind": ["小学", "初中"], "places": [50, 9999]}, moved(shapely.points([(0, 500), (3900, 500)]))
        ),
        "markets": frame({"name": ["市场"]}, moved(shapely.points([(2000, 500)]))),
    }
    (tmp_path / "data").mkdir()
    lines = ['[city]\nprofile = "jiaxing"']
    for name, table in layers.items():
        table.to_file(tmp_path / f"data/{name}.gpkg", layer=name)
        lines.append(f'[inputs.{name}]\npath = "data/{name}.gpkg"')
    lines.append(
        '[circle.kinds.primary]\nlayer = "schools"\nwhere = { kind = "小学" }\nlabel = "小学"\ncapacity = "places"'
    )
    lines.append('[circle.kinds.markets]\nlayer = "markets"\nminutes = 10')
    (tmp_path / "jxgis.toml").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "jxgis.toml"


def run(project, out, **options):
    settings = load_settings(project).overridden("units", {"min_km2": 1.0, "max_km2": 3.0, "alternatives": False})
    settings = settings.overridden("circle", options) if options else settings
    return run_part("circle", settings, out, has_project=True, lang="zh")


def test_what_it_writes_and_the_shares_by_hand(project, tmp_path):
    out = tmp_path / "out"
    run(project, out)
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"circle.gpkg", "circle.xlsx", "maps/circle.html", "figures/circle.png"} <= names
    page = (out / "maps/circle.html").read_text(encoding="utf-8")
    assert "管理单元：全部种类都可达" in page  # a card of a unit says of what it tells the share
    assert "居住地块（老城）" in page  # a block headed by its district's name would be taken for the district
    table = gpd.read_file(out / "circle.gpkg", layer="circle").set_index(["level", "zone", "kind"])
    # 15 minutes are 1,125 m, less the leg of 12.5 m: sample points stand at 12.5, 37.5 … m along the street.
    assert table.loc[("district", "老城", "primary"), "served_m2"] == pytest.approx(45 * 625)
    assert table.loc[("district", "老城", "primary"), "served_people"] == pytest.approx(100 * 45 / 80)
    # 10 minutes are 750 m on either side of the market, the leg off.
    assert table.loc[("city", "all", "markets"), "served_m2"] == pytest.approx(2 * 30 * 625, rel=0.04)
    assert table.loc[("city", "all", "primary"), "label"] == "小学"
    both = table.loc[("city", "all", "all"), "served_m2"]
    assert 0 <= both <= table.loc[("city", "all", "primary"), "served_m2"]
    spots = gpd.read_file(out / "circle.gpkg", layer="blind_spots")
    assert set(spots["kind"]) == {"primary", "markets", "all"}
    assert spots.groupby("kind")["m2"].sum()["primary"] == pytest.approx(100_000 - 45 * 625)
    sheets = pd.read_excel(out / "circle.xlsx", sheet_name=None, engine="calamine")
    assert {"生活圈", "生活圈盲区", "说明"} <= set(sheets)


def give_plots(project, tmp_path):
    """Plots every 250 m along the street."""
    x = np.arange(0, 4000, 250)
    plots = frame({"name": [f"地块{k}" for k in range(len(x))]}, moved(shapely.box(x, 505, x + 20, 525)))
    plots.to_file(tmp_path / "data/vacant.gpkg", layer="vacant")
    text = project.read_text("utf-8").replace(
        "[circle.kinds.primary]", '[inputs.vacant]\npath = "data/vacant.gpkg"\n[circle.kinds.primary]'
    )
    project.write_text(text, "utf-8")


def test_without_plots_a_place_on_the_housing_will_do(project, tmp_path):
    result = run(project, tmp_path / "out", site="markets", new_sites=1)
    assert result.sites is not None
    assert len(result.sites) == 1


def test_new_ones_go_where_most_people_have_none(project, tmp_path):
    give_plots(project, tmp_path)
    result = run(project, tmp_path / "out", site="markets", new_sites=1)
    assert result.sites is not None
    assert result.siting is not None
    # The east has three times the people: the best place reaches 1,500 m of it, 112.5 people a 750 m.
    assert result.sites["zone"].tolist() == ["东栅"]
    assert result.sites["gain_people"].item() == pytest.approx(300 * 1250 / 2000, rel=0.05)
    assert result.siting["after"] > result.siting["before"]
    assert result.siting["gap"] == 0
    assert any("处：可达的人口由" in block.words for block in result.section().blocks if isinstance(block, Paragraph))


@pytest.mark.parametrize("limits", [{}, {"capacity": 1000}])
def test_people_outside_the_districts_are_neither_counted_nor_sited_for(limits):
    """400 people on the street in the district, one in four of them at the shop; 1,000 farther along it, outside."""
    at = moved(shapely.points([(50, 500), (1900, 500), (3500, 500)]))
    found = jxgis.measure_circle(
        {"shops": frame({}, moved([shapely.Point(0, 500)]))},
        frame({"people": [9.0]}, moved([shapely.box(0, 500, 2000, 525)])),
        frame({"name": ["老城"]}, moved([shapely.box(0, 0, 2000, 1000)])),
        frame({}, moved([shapely.LineString([(0, 500), (4000, 500)])])),
        population=frame({"people": [100.0, 300.0, 1000.0]}, at),
        vacant=frame({"name": ["里", "外"]}, moved(shapely.box([1880, 3480], 490, [1900, 3500], 510))),
        site="shops", new_sites=2, **limits,
    )  # fmt: skip
    assert found.circle.loc[found.circle["level"] == "city", "people_coverage"].tolist() == [0.25, 0.25]
    # Who has none in one table is who lacks it in the other, whatever the housing says of its people.
    city = found.circle[found.circle["level"] == "city"].set_index("kind")
    assert found.spots.groupby("kind")["people"].sum().to_dict() == (city["people"] - city["served_people"]).to_dict()
    assert found.siting == {"before": 0.25, "after": 1.0, "gap": 0.0, "whole": 400.0, "limited": bool(limits)}
    assert found.sites[["name", "gain_people"]].to_numpy().tolist() == [["里", 300.0]]


def test_capacities_hold(project, tmp_path):
    give_plots(project, tmp_path)
    result = run(project, tmp_path / "out", site="primary", new_sites=2, capacity=60)
    assert result.sites is not None
    assert result.siting is not None
    # 56.25 people have the school within a walk, and it has 50 places.
    assert result.siting["before"] == pytest.approx(50 / 400)
    assert (result.sites["gain_people"] <= 60 + 1e-6).all()
    assert result.siting["after"] == pytest.approx((50 + 2 * 60) / 400)
    # Within a walk are more than the sentence begins with, and it says whom it counts.
    school = result.circle.set_index(["level", "kind"]).loc[("city", "primary"), "people_coverage"]
    assert school == pytest.approx(56.25 / 400, rel=0.01)
    said = [block.words for block in result.section().blocks if isinstance(block, Paragraph)]
    assert any("步行可达且设施容纳得下的人口由 12.5 % 提高到 42.5 %" in line for line in said)


@pytest.mark.parametrize(
    ("options", "says", "error"),
    [
        ({"site": "toilets", "new_sites": 1}, "toilets", SettingsError),
        ({"new_sites": 1}, "site", SettingsError),
        ({"kinds": {"all": {"layer": "schools"}}}, "all", SettingsError),
        ({"kinds": {"a": {"layer": "school"}}}, "schools", SettingsError),
        ({"kinds": {"a": {"layer": "schools", "where": {"kinb": "小学"}}}}, "kind", SettingsError),
        ({"kinds": {"a": {"layer": "hospitals"}}}, "设施", NotGivenError),
        ({"minutes": 0}, "minutes", SettingsError),
    ],
)
def test_what_cannot_be_is_refused_in_words(project, tmp_path, options, says, error):
    with pytest.raises(error, match=says):
        run(project, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_siting_by_capacity_needs_people(project, tmp_path):
    homes = gpd.read_file(tmp_path / "data/residential.gpkg").drop(columns="people")
    homes.to_file(tmp_path / "data/residential.gpkg", layer="residential")
    with pytest.raises(InputError, match="人口"):
        run(project, tmp_path / "out", site="primary", new_sites=1)


@pytest.mark.slow
def test_same_input_same_bytes(project, tmp_path):
    for name in ("a", "b"):
        run(project, tmp_path / name, site="markets", new_sites=1)
    for name in ("circle.gpkg", "circle.xlsx", "maps/circle.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_in_a_notebook():
    street = frame({}, [shapely.LineString([(0, 0), (2000, 0)])])
    homes = frame({}, [shapely.box(0, 0, 2000, 25)])
    zone = frame({"name": ["东"]}, [shapely.box(0, 0, 2000, 2000)])
    shop = frame({}, shapely.points([(0, 0)]))
    result = jxgis.measure_circle(
        {"shops": shop}, homes, zone, street, minutes=10, site="shops", new_sites=1, lang="en"
    )
    assert result.circle.loc[result.circle["kind"] == "shops", "coverage"].tolist() == [0.375, 0.375]
    assert set(zip(result.circle["kind"], result.circle["label"], strict=True)) == {
        ("shops", "shops"),
        ("all", "all kinds"),
    }
    assert result.sites is not None
    assert "gain_m2" in result.sites
    assert result.table("circle").loc[0, "Facility"] == "shops"
    assert result._repr_html_()


def test_housing_that_no_street_is_near_is_said():
    street = frame({}, [shapely.LineString([(0, 0), (2000, 0)])])
    homes = frame({}, [shapely.box(0, 0, 300, 100), shapely.box(0, 5000, 100, 5100)])
    zone = frame({"name": ["东"]}, [shapely.box(0, 0, 2000, 6000)])
    shops = {"shops": frame({}, shapely.points([(0, 0)]))}
    result = jxgis.measure_circle(shops, homes, zone, street, lang="en")
    assert [note.en[:24] for note in result.notes()] == ["Of the housing 25.0 % ha"]
    assert any("25.0" in getattr(block, "words", "") for block in result.section().blocks)
    assert not jxgis.measure_circle(shops, homes[:1], zone, street).notes()


def test_what_no_street_joins_and_who_is_not_counted_is_said():
    streets = frame({}, [shapely.LineString([(0, 0), (2000, 0)]), shapely.LineString([(5000, 0), (6000, 0)])])
    homes = frame({"people": [100.0, np.nan, 50.0]}, shapely.box([0, 1000, 5500], 0, [100, 1100, 5700], [25, 25, 25]))
    zone = frame({"name": ["东"]}, [shapely.box(-100, -500, 7000, 500)])
    # Of the shops one is at the street, one 400 m from it and one as far, outside the districts.
    shops = {"shops": frame({}, shapely.points([(100, 0), (500, 400), (500, 900)]))}
    result = jxgis.measure_circle(shops, homes, zone, streets)
    assert [note.zh.split("，")[0] for note in result.notes()] == [
        "居住用地的 50.0 % 临近的道路不通往任何一处设施",
        "有 1 处设施在 200 米内没有走得到的道路",
        "居住用地有 1 块没有人口数（占用地面积的 25.0 %）",
    ]
    assert result.circle["people"].isna().all()
    known = jxgis.measure_circle({"shops": shops["shops"][:1]}, homes[:1], zone, streets)
    assert not known.notes()
    none = jxgis.measure_circle({"shops": shops["shops"][:1]}, homes[:1].assign(people=np.nan), zone, streets)
    assert not none.notes()


def test_capacities_that_are_no_numbers_are_refused_in_words():
    street = frame({}, [shapely.LineString([(0, 0), (2000, 0)])])
    homes = frame({"people": [9.0]}, [shapely.box(0, 0, 300, 100)])
    zone = frame({"name": ["东"]}, [shapely.box(0, 0, 2000, 2000)])
    shops = {"shops": frame({"places": ["很多"]}, shapely.points([(0, 0)]))}
    kinds = {"k": {"layer": "shops", "capacity": "places", "people_per_place": 1.0}}
    with pytest.raises(jxgis.InputError, match="no number"):
        jxgis.measure_circle(shops, homes, zone, street, kinds=kinds, site="k", new_sites=1)


def test_housing_outside_the_districts_is_drawn_as_none_and_nobody_is_sited_for(project, tmp_path):
    far = frame({"people": [5.0]}, moved([shapely.box(5000, 500, 5200, 600)]))
    far.to_file(project.parent / "data/residential.gpkg", layer="residential")
    run(project, tmp_path / "out")
    assert (tmp_path / "out/maps/circle.html").is_file()
    with pytest.raises(InputError, match="没有居民"):
        run(project, tmp_path / "sited", site="markets", new_sites=1)


def test_where_nobody_lives_nothing_is_sited(project, tmp_path):
    homes = gpd.read_file(project.parent / "data/residential.gpkg").assign(people=0.0)
    homes.to_file(project.parent / "data/residential.gpkg", layer="residential")
    with pytest.raises(InputError, match="没有居民"):
        run(project, tmp_path / "out", site="markets", new_sites=1)


def test_the_legend_of_the_chart_has_the_colour_of_all_bars():
    circle = pd.DataFrame(
        {
            "level": "city",
            "kind": ["schools", "markets", "all"],
            "label": ["学校", "农贸市场", "全部"],
            "coverage": [0.9, 0.8, 0.7],
            "people_coverage": np.nan,
        }
    )
    figure = circle_chart(circle, minutes=15)
    (legend,) = figure.legends
    (city,) = [patch.get_facecolor() for patch in legend.get_patches()]
    assert {bar.get_facecolor() for bar in figure.axes[0].patches} == {city}


def test_parks_of_a_city_with_a_standard_of_its_own(project, tmp_path):
    """The park of 400 m² counts by the city's own standard, and by none that jxgis brings."""
    frame({"name": ["园"]}, moved(shapely.box([3000], [500], [3020], [520]))).to_file(tmp_path / "data/parks.gpkg")
    (tmp_path / "standards.toml").write_text(
        '[ours]\ntitle_zh = "本市"\ntitle_en = "Ours"\nsource = "本市"\nclause = "一"\ndenominator = "residential"\n'
        "verified = true\nbands = [{ min_m2 = 100, radius_m = 500 }]\n",
        "utf-8",
    )
    profile = (resources.files("jxgis.profiles") / "jiaxing.toml").read_text("utf-8")
    own = profile.replace('"builtin:park_standards.toml"', '"standards.toml"')
    assert own != profile
    (tmp_path / "city.toml").write_text(own, "utf-8")
    text = project.read_text("utf-8").replace('profile = "jiaxing"', 'profile = "city.toml"')
    text += (
        '\n[circle.kinds.parks]\nlayer = "parks"\n[inputs.parks]\npath = "data/parks.gpkg"\n[parks]\nstandard = "ours"'
    )
    project.write_text(text, "utf-8")
    table = run(project, tmp_path / "out").circle
    assert table.loc[(table["level"] == "city") & (table["kind"] == "parks"), "served_m2"].iloc[0] > 0


def test_gates_and_historic_areas_of_parks_are_handed_over_by_name():
    """A pocket park counts in a historic area alone, and is entered at its gate, at its far side."""
    ground = {
        "residential": frame({}, moved(shapely.box([0], [500], [100], [525]))),
        "districts": frame({"name": ["老城"]}, moved(shapely.box([0], [0], [4000], [1000]))),
        "streets": frame({}, moved([shapely.LineString([(0, 500), (4000, 500)])])),
    }
    facilities = {"parks": frame({"name": ["园"]}, moved(shapely.box([200], [490], [240], [530])))}
    old = frame({}, moved(shapely.box([0], [0], [4000], [1000])))
    far = frame({}, moved([shapely.Point(240, 500)]))

    def coverage(kind="parks", **layers):
        kinds = {kind: {"layer": "parks"}}
        table = jxgis.measure_circle(facilities, **ground, kinds=kinds, minutes=3, **layers).circle
        return table.loc[(table["level"] == "city") & (table["kind"] == kind), "coverage"].iloc[0]

    # 225 m on foot, a leg of 12.5 m, sample points at 12.5, 37.5 … m: from the gate at 240 m the nearest home is too far.
    assert [coverage(), coverage(historic=old), coverage(historic=old, gates=far)] == [0, 1, 0.75]
    assert coverage("green", historic=old, gates=far) == 0.75


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"kind": "小学校"}, "图层 schools 的列“kind”中没有“小学校”，是否为 小学？"),
        ({"knd": "小学"}, "图层 schools 没有列“knd”，是否为 kind？"),
        ({"places": "x"}, "图层 schools 的列“places”中没有“x”"),
    ],
)
def test_a_word_that_no_row_has_is_refused_and_covers_nothing(project, tmp_path, where, says):
    with pytest.raises(SettingsError) as error:
        run(project, tmp_path / "out", kinds={"primary": {"layer": "schools", "where": where}})
    assert says in error.value.text("zh")


def test_a_kind_with_a_limit_of_its_own_is_not_said_to_have_the_circles(project, tmp_path):
    """Markets are counted within 10 minutes of 15: by its label, on the map, in the sheet and in a note."""
    result = run(project, tmp_path / "out")
    labels = dict(zip(result.circle["kind"], result.circle["label"], strict=True))
    assert labels == {"primary": "小学", "markets": "农贸市场（10 分钟）", "all": "全部种类都可达"}
    page = (tmp_path / "out/maps/circle.html").read_text(encoding="utf-8")
    assert "农贸市场（10 分钟）：10 分钟可达比例" in page
    assert "小学：15 分钟可达比例" in page
    assert result.notes()[0].zh.startswith("农贸市场（10 分钟）按各自的步行时限计；凡写 15 分钟的")
    same = load_settings(project).overridden("circle", {"minutes": 10})
    assert not run_part("circle", same, tmp_path / "same", has_project=True, lang="zh").notes()
