"""The tables of the results: each declared whole, and a breach found."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from jxgis.schema.check import BrokenTableError, hold
from jxgis.schema.columns import KINDS, UNITS, column, declared, layer_column
from jxgis.schema.layers import contract, layers
from jxgis.schema.tables import Table, case_columns, find_table, of_layer, table, tables, telling_columns

ISOCHRONES = pd.DataFrame({"minutes": [5.0, 10.0], "area_km2": [1.0, 2.0]})


@pytest.mark.parametrize("name", declared())
def test_a_column_is_declared_whole(name: str) -> None:
    bare, _, of = name.partition("@")
    found = column(bare, of)
    assert found.title.zh
    assert found.title.en
    assert found.kind in KINDS
    assert (found.unit or "") in UNITS
    assert not of or of in (*tables(), *layers()), "a table that there is not"
    known = {key for one in tables() for key in table(one).columns}
    known |= {one.name for layer in layers() for one in contract(layer).columns}
    assert bare in known, "no table names it"


@pytest.mark.parametrize("name", tables())
def test_a_table_is_declared_whole(name: str) -> None:
    found = table(name)
    assert found.title.zh
    assert not found.sheet or len(found.title.en) <= 31, "Excel allows no longer name of a sheet"
    assert set(found.keys) <= set(found.required)
    assert found.file or found.sheet or found.page or name in UNFILED
    heads = [one.head("zh") for one in found.columns.values()]
    assert len(set(heads)) == len(heads), "two columns of one title"


#: Tables of scores.xlsx, of effect.xlsx and of a result alone.
UNFILED = {"units.alternatives", "scores.indicators", "scores.measures", "scores.views", "scores.agreement"}
UNFILED |= {"scores.averages", "effect.sources", "effect.months", "effect.power"}


def test_one_name_is_told_apart_by_table() -> None:
    titles = [column("change", name).title.zh for name in ("hotspots.places", "parks.change", "parks.plan")]
    assert len(set(titles)) == 3
    writing = [column("change", name).writing for name in ("hotspots.places", "parks.change", "parks.plan")]
    assert writing == ["change", "points_change", "text"]


def test_probabilities_are_never_rounded_to_nothing() -> None:
    for name in tables():
        for found in table(name).columns.values():
            if found.title.en.startswith(("p ", "p(", "q ")):
                assert found.writing == "p", f"{name}.{found.name}"


@pytest.mark.parametrize("layer", layers())
def test_a_layer_has_titles(layer: str) -> None:
    for found in of_layer(layer).columns.values():
        assert found.title.zh != found.name
        assert layer_column(found.name, layer) == found


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"area_km2": [1.0, -1.0]}, r"area_km2: -1\.0 is below 0 \(row 2\)"),
        ({"area_km2": [1.0, np.inf]}, r"area_km2: inf is not finite \(row 2\)"),
        ({"area_km2": ["1", "2"]}, "area_km2: (str|object) instead of number"),
        ({"minutes": [5.0, 5.0]}, r"minutes: 2 rows share a key, such as 5\.0"),
        ({"minutes": [5.0, np.nan]}, "minutes: 1 nulls"),
    ],
)
def test_a_breach_is_found(changed: dict[str, list[object]], said: str) -> None:
    hold(ISOCHRONES, table("parks.isochrones"))
    with pytest.raises(BrokenTableError, match=rf"^parks\.isochrones: {said}$"):
        hold(ISOCHRONES.assign(**changed), table("parks.isochrones"))


def test_a_missing_column_and_a_part_of_a_case_are_found() -> None:
    with pytest.raises(BrokenTableError, match="area_km2: missing"):
        hold(ISOCHRONES[["minutes"]], table("parks.isochrones"))
    ring = pd.DataFrame({"issue_class": ["all"], "issues": [2.5], "inside": [1], "share_inside": [0.4]})
    with pytest.raises(BrokenTableError, match=r"issues: 2\.5 is not whole \(row 1\)"):
        hold(ring.assign(share_area=0.2, ratio=2.0), table("hotspots.ring"))
    with pytest.raises(BrokenTableError, match=r"share_inside: 1\.01 is above 1"):
        hold(ring.assign(issues=2, share_inside=1.01, share_area=0.2, ratio=2.0), table("hotspots.ring"))


def test_a_column_that_is_declared_by_a_pattern_is_held_too() -> None:
    blocks = pd.DataFrame({name: [1.0] for name in table("units.blocks").required}).assign(mix_市容环境=1.5)
    with pytest.raises(BrokenTableError, match=r"mix_市容环境: 1\.5 is above 1 \(row 1\)"):
        hold(blocks, table("units.blocks"))


def test_rounding_own_columns_and_columns_of_nothing_pass() -> None:
    frame = ISOCHRONES.assign(area_km2=[1.0, -1e-15], mine="x")
    hold(frame, table("parks.isochrones"))
    hold(ISOCHRONES.assign(area_km2=[None, None]), table("parks.isochrones"))
    hold(ISOCHRONES.iloc[:0], table("parks.isochrones"))
    hold(ISOCHRONES.astype(object), table("parks.isochrones"))


def test_what_is_not_declared_goes_by_its_values() -> None:
    scores = table("scores.scores")
    values = pd.Series([30.0])
    assert scores.column("share_of_toilets", values).writing == "number"
    titled = scores.column("issues", values, {"issues": "自定指标（件）"})
    assert (titled.head("zh"), titled.writing, titled.digits) == ("自定指标（件）", "number", 2)
    assert scores.column("toilets_score", values, {"toilets_score": "公厕（得分）"}).kind == "score"
    assert find_table("clean.nothing") == Table(name="clean.nothing", title=find_table("clean.nothing").title)


def test_geometry_is_no_column() -> None:
    frame = gpd.GeoDataFrame(ISOCHRONES, geometry=gpd.points_from_xy([0, 1], [0, 1]), crs=4549)
    assert list(table("parks.isochrones").described(frame)) == ["minutes", "area_km2"]


def test_what_would_tell_a_few_cases_is_marked() -> None:
    """By hand, from what each column is: a share, a rate or a quotient of the count, or what its cases are."""
    effect = "cases_before cases_after controls_before controls_after cases_treated cases_controls fewest"
    assert set(case_columns()) == {"count", "issues", "inside", "observed", "cases", *effect.split()}
    told = """share_issues share_inside ratio per_km2 issues_per_km2 location_quotient rate change issues_before issues_recent
    gi_z gi_p gi_p_normal gi_q gi_q_all rate_z rate_p rate_q rate_q_all peak_z same_point_share gini concentration main_subclass main_subclass_share main_department
    main_class main_share entropy evenness effective_classes top1_share top3_share top5_share top10_share half_in_area
    times_mean issue_density solved_rate on_time_rate rework_rate issue_density_score solved_rate_score on_time_rate_score
    issue_density_measured solved_rate_measured on_time_rate_measured rework_rate_measured issue_density_measured_score
    solved_rate_measured_score on_time_rate_measured_score rework_rate_measured_score rework_rate_score gi_p_normal gi_q_all rate_p rate_q_all score score_if_missing_zero
    score_geometric acceptability
    change_cases change_controls difference treated_share_before treated_share_after controls_share_before controls_share_after
    moved moved_low moved_high severity severity_before low high p q change_p shared issues_again fall_p
    times relative_risk llr p_gumbel
    clustered share_clustered share_largest
    trend_z trend_p trend_q slope main_source_share before after share days_to_close adjusted batch"""
    assert set(telling_columns()) == set(told.split())
