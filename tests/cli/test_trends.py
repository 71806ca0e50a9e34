"""`jxgis trends` as a user runs it: its folder, what is planted in it, and what it refuses or says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

import jxgis as jxgis_library
from jxgis.schema.tables import table

if TYPE_CHECKING:
    from cli.conftest import Finished

EAST, NORTH, SIDE = 572_000.0, 3_402_000.0, 4000.0
Run = Callable[..., "Finished"]
RISES, FADES = (1000.0, 1000.0), (3000.0, 3000.0)
DAYS = 730


def made_up(seed: int = 3) -> pd.DataFrame:
    """Two years of issues in 4 × 4 km; of 500 more at one place in the last ten months, of 500 at another in the first ten."""
    rng = np.random.default_rng(seed)
    n = 4000
    x, y = rng.uniform(0, SIDE, (2, n + 1000))
    days = rng.integers(0, DAYS, n + 1000)
    for first, (east, north), low, high in ((n, RISES, 425, DAYS), (n + 500, FADES, 0, 305)):
        own = slice(first, first + 500)
        x[own], y[own] = east + rng.uniform(0, 400, 500), north + rng.uniform(0, 400, 500)
        days[own] = rng.integers(low, high, 500)
    time = pd.Timestamp("2022-01-01") + pd.to_timedelta(days, unit="D")
    source = rng.choice(["采集员上报", "12345热线"], n + 1000, p=[0.7, 0.3])
    return pd.DataFrame(
        {
            "任务号": np.arange(n + 1000),
            "上报时间": time,
            "x": x + EAST,
            "y": y + NORTH,
            "问题来源": source,
            "处置部门": np.where(x < 2000, "城管", "市政"),
            "处置截止时间": time + pd.Timedelta(days=3),
            "结案时间": time + pd.to_timedelta(np.where(rng.random(n + 1000) < 0.9, 1, 6), unit="D"),
        }
    )


def write(folder: Path, issues: pd.DataFrame, files: dict[str, pd.Series] | None = None) -> Path:
    west, east = (shapely.box(EAST + x, NORTH, EAST + x + SIDE / 2, NORTH + SIDE) for x in (0, SIDE / 2))
    gpd.GeoDataFrame({"name": ["西城", "东城"]}, geometry=[west, east], crs=4549).to_file(folder / "districts.gpkg")
    for name, rows in (files or {"issues": pd.Series(data=True, index=issues.index)}).items():
        issues[rows.loc[issues.index]].to_csv(folder / f"{name}.csv", index=False)
    (folder / "jxgis.toml").write_text(
        '[city]\nprofile = "jiaxing"\n[inputs.issues]\npath = "*.csv"\ncrs = "EPSG:4549"\n'
        '[inputs.districts]\npath = "districts.gpkg"\n[trends]\nclasses = []\n',
        encoding="utf-8",
    )
    return folder / "jxgis.toml"


def at(place: tuple[float, float]) -> shapely.Point:
    return shapely.Point(EAST + place[0] + 200, NORTH + place[1] + 200)


@pytest.mark.slow
def test_what_was_planted_is_found_and_counted(jxgis: Run, tmp_path: Path) -> None:
    project, out = write(tmp_path, made_up()), tmp_path / "out"
    assert jxgis("trends", "--project", project, "--out", out).code == 0
    layers = {name: gpd.read_file(out / "trends.gpkg", layer=name) for name in ("cells", "places", "change", "changes")}
    for name, layer in layers.items():
        assert set(table(f"trends.{name}").required) <= set(layer.columns)
    places, changes = layers["places"], layers["changes"]
    rose = places[places.contains(at(RISES))].iloc[0]
    assert (rose["pattern"], rose["district"], str(rose["since"])[:7]) == ("consecutive_hot", "西城", "2023-03")
    # Hot in fewer than nine slices of ten, and no longer.
    assert not places.contains(at(FADES)).any()
    moved = {direction: changes[changes["direction"] == direction] for direction in ("rose", "fell")}
    new, gone = moved["rose"].iloc[0], moved["fell"].iloc[0]
    assert (new.geometry.contains(at(RISES)), new["course"]) == (True, "new")
    assert (gone.geometry.contains(at(FADES)), gone["course"]) == (True, "gone")
    issues = made_up()
    inside = shapely.contains_xy(new.geometry, issues["x"], issues["y"])
    late = issues["上报时间"] >= "2023-01-01"
    assert (new["issues_before"], new["issues_recent"]) == ((inside & ~late).sum(), (inside & late).sum())
    told = json.loads((out / "run.json").read_text(encoding="utf-8"))["trends_found"]
    assert told["periods"] == ["2022-01-01", "2023-01-01", "2024-01-01"]
    assert told["slices"] == {"first": "2022-01-01", "last": "2023-12-01", "n": 24, "left_out": []}
    book = openpyxl.load_workbook(out / "response.xlsx")
    head, *rows = book["response"].iter_rows(values_only=True)
    assert list(head) == list(table("trends.response").required)
    city = dict(zip(head, rows[0], strict=True))
    assert (city["by"], city["month"], city["cases"], city["due"]) == ("city", "all", 5000, 5000)
    in_time = (issues["结案时间"] <= issues["处置截止时间"]).sum()
    assert (city["closed_on_time"], city["rate"]) == (in_time, pytest.approx(in_time / 5000))


@pytest.mark.slow
def test_when_issues_come_is_a_sheet_and_tells_no_few(jxgis: Run, tmp_path: Path) -> None:
    issues = made_up()
    issues.loc[:39, "处置部门"] = "绿化"
    project, out = write(tmp_path, issues), tmp_path / "out"
    assert jxgis("trends", "--project", project, "--out", out).code == 0
    book = openpyxl.load_workbook(out / "trends.xlsx")
    series, week = (
        pd.DataFrame(list(book[sheet].iter_rows(min_row=2, values_only=True)), columns=list(table(name).required))
        for sheet, name in (("逐月问题数", "trends.series"), ("星期与钟点", "trends.profile"))
    )
    month = issues["上报时间"].dt.to_period("M").value_counts().sort_index()
    assert series.loc[series["group"] == "全市", "count"].tolist() == month.tolist()
    assert set(week["unit"]) == {"星期"}
    few = issues.loc[issues["处置部门"] == "绿化", "上报时间"].dt.to_period("M").value_counts().reindex(month.index)
    assert ((few == 1) | (few == 2)).any()
    shown = series.loc[series["group"] == "绿化", "count"].tolist()
    for real, said in zip(few.fillna(0), shown, strict=True):
        assert said == "1–2" if real in (1, 2) else said in (real, None, "—")
    # Nothing that `response` leaves out is told here.
    found = jxgis_library.open_project(project, progress=False).trends()
    tables = found.shown_tables()
    handled = tables["response"].set_index(["by", "group", "month"])["cases"]
    for row in tables["series"].itertuples():
        told = handled.get((row.by, row.group, f"{row.start:%Y-%m}"), 0)
        assert row.count == told or (row.count is None and told is None)


@pytest.mark.slow
def test_the_same_input_gives_the_same_folder(jxgis: Run, tmp_path: Path) -> None:
    project, out, again = write(tmp_path, made_up()), tmp_path / "out", tmp_path / "again"
    for folder in (out, again):
        assert jxgis("trends", "--project", project, "--out", folder).code == 0
    for name in ("trends.gpkg", "response.xlsx", "trends.xlsx", "maps/trends.html"):
        assert (out / name).read_bytes() == (again / name).read_bytes()


def test_a_month_that_one_file_lacks_is_said_and_is_no_decline(tmp_path: Path) -> None:
    issues = made_up()
    month = issues["上报时间"].dt.strftime("%Y-%m")
    lacks = (issues["任务号"] % 2 == 0) & (month == "2023-06")
    project = write(tmp_path, issues[~lacks], {"甲": issues["任务号"] % 2 == 0, "乙": issues["任务号"] % 2 == 1})
    found = jxgis_library.open_project(project, progress=False).trends()
    said = " ".join(note.zh for note in found.notes())
    for words in ("2023 年 6 月", "缺数据不是问题减少", "甲.csv"):
        assert words in said
    assert found.account()["trends_found"]["slices"]["left_out"] == ["2023-06-01"]
    assert found.changes is not None
    # Half of the issues of that month are missing: of no place but the one planted it says that it fell.
    assert not (found.changes["direction"] == "fell").sum() > 1


def test_a_file_without_closing_times_calls_nobody_late(tmp_path: Path) -> None:
    issues = made_up()
    told = issues["任务号"] % 2 == 0
    project = write(tmp_path, issues, {"甲": told, "乙": ~told})
    bare = project.parent / "乙.csv"
    pd.read_csv(bare).drop(columns="结案时间").to_csv(bare, index=False)
    city = jxgis_library.open_project(project, progress=False).trends().response.iloc[0]
    in_time = (issues["结案时间"] <= issues["处置截止时间"])[told]
    assert (city["cases"], city["rate"]) == (5000, pytest.approx(in_time.mean(), abs=0.002))


@pytest.mark.parametrize("source", ["采集员上报", None], ids=["one source", "no source"])
def test_one_source_is_said_and_nothing_is_tested(tmp_path: Path, source: str | None) -> None:
    issues = made_up().drop(columns=["处置截止时间", "结案时间"])
    issues = issues.drop(columns="问题来源") if source is None else issues.assign(问题来源=source)
    found = jxgis_library.open_project(write(tmp_path, issues), progress=False).trends()
    said = " ".join(note.zh for note in found.notes())
    assert ("只有一个来源" in said, "看不出处置是否按期" in said) == (True, True)
    assert (len(found.sources), len(found.response)) == (0, 0)


def test_a_source_that_was_renamed_is_named_where_no_month_is_whole(tmp_path: Path) -> None:
    issues = made_up()
    hotline = (issues["问题来源"] == "12345热线") & (issues["上报时间"] >= "2023-01-01")
    renamed = issues.assign(问题来源=issues["问题来源"].mask(hotline, "市民热线"))
    with pytest.raises(jxgis_library.errors.JxgisError, match=r"“12345热线”在 2022-12.*“市民热线”在 2022-01-01"):
        jxgis_library.open_project(write(tmp_path, renamed), progress=False).trends()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "2023-03-01", "--to", "2023-04-01"), "完整覆盖的只有 1 个月"),
        (("--from", "2022-01-01", "--to", "2024-01-01", "--against", "year_earlier"), "与上年同期重叠"),
        (("--set", "inputs.issues.columns.time=没有这一列"), "没有这一列"),
        (("--by", "day"), "month"),
        (("--cell-m", "0"), "cell_m"),
    ],
)
def test_what_cannot_be_told_is_said(jxgis: Run, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    done = jxgis("trends", "--project", write(tmp_path, made_up()), "--out", tmp_path / "bad", *options)
    assert (done.code, said in done.err) == (2, True), done.err
    assert not (tmp_path / "bad").exists()


def test_issues_without_times_are_refused_and_so_are_dates_of_quarters_by_month(jxgis: Run, tmp_path: Path) -> None:
    untimed = write(tmp_path, made_up().drop(columns=["上报时间", "处置截止时间", "结案时间"]))
    done = jxgis("trends", "--project", untimed, "--out", tmp_path / "bad")
    assert (done.code, "问题没有上报时间" in done.err) == (2, True)
    issues = made_up()
    coarse = write(tmp_path, issues.assign(上报时间=issues["上报时间"].dt.to_period("Q").dt.start_time))
    done = jxgis("trends", "--project", coarse, "--out", tmp_path / "bad")
    assert (done.code, "记得比所选的时段粗" in done.err) == (2, True)


def test_the_same_months_a_year_earlier_are_compared(tmp_path: Path) -> None:
    text = write(tmp_path, made_up()).read_text(encoding="utf-8")
    project = tmp_path / "jxgis.toml"
    project.write_text(text.replace("crs =", 'from = "2023-04-01"\nto = "2023-10-01"\ncrs ='), encoding="utf-8")
    found = jxgis_library.open_project(project, progress=False).trends(against="year_earlier")
    assert found.changes is not None
    new = found.changes[found.changes["direction"] == "rose"].iloc[0]
    issues = made_up()
    inside = shapely.contains_xy(new.geometry, issues["x"], issues["y"])
    for year, column in ((2022, "issues_before"), (2023, "issues_recent")):
        own = issues["上报时间"].between(f"{year}-04-01", f"{year}-10-01", inclusive="left")
        assert new[column] == (inside & own).sum()


@pytest.mark.slow
def test_a_sheet_of_changes_is_drawn_where_anything_changed(tmp_path: Path) -> None:
    issues = made_up()
    project = write(tmp_path, issues)
    assert jxgis_library.open_project(project, progress=False).trends().draws("figure") == [
        "trends_map",
        "trends_change_map",
        "trends_times",
    ]
    project = write(tmp_path, issues.iloc[:4000])
    found = jxgis_library.open_project(project, progress=False).trends()
    assert found.changes is not None
    assert len(found.changes) == 0
    assert found.draws("figure") == ["trends_map", "trends_times"]


def test_a_mistyped_year_chooses_no_period_to_compare(tmp_path: Path) -> None:
    issues = made_up()
    stray = issues.iloc[:1].assign(任务号=99_999, 上报时间=pd.Timestamp("2092-05-01"))
    year = tuple(pd.to_datetime(["2022-01-01", "2023-01-01", "2024-01-01"]))
    for rows in (issues, pd.concat([issues, stray], ignore_index=True)):
        project = write(tmp_path, rows)
        found = jxgis_library.open_project(project, progress=False).trends(against="year_earlier")
        assert found.comparison.periods is not None
        assert found.comparison.periods[:3] == year


@pytest.mark.slow
def test_classes_are_called_in_the_reader_s_language_in_groups_too(jxgis: Run, tmp_path: Path) -> None:
    issues = made_up()
    issues["六类"] = np.where(np.arange(len(issues)) % 2 == 0, "市容环境", "未归类")
    project, out = write(tmp_path, issues), tmp_path / "out"
    assert (
        jxgis(
            "trends", "--project", project, "--out", out, "--set", "inputs.issues.class_column=六类", "--lang", "en"
        ).code
        == 0
    )
    for book, sheet in (
        ("response", "Handling of cases"),
        ("trends", "Month by month"),
        ("trends", "Weekdays and hours"),
    ):
        head, *rows = openpyxl.load_workbook(out / f"{book}.xlsx")[sheet].iter_rows(values_only=True)
        by, named = head.index("By"), head.index("Name")
        assert {row[named] for row in rows if row[by] == "class"} == {"City appearance", "unclassified"}, sheet
    # The table for scripts holds the names of the contract.
    head, *rows = openpyxl.load_workbook(out / "response.xlsx")["response"].iter_rows(values_only=True)
    assert {row[1] for row in rows if row[0] == "class"} == {"市容环境", "未归类"}
