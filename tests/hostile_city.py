"""A small city in which every text is an attack: what stands in its files would run if any part of jxgis let it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

#: Each would do something if it were read as what it looks like: a template, a script, markup, a formula, a format.
ATTACKS = (
    "{{7*7}}",
    "{% x %}",
    "{# x #}",
    "{{ cycler.__init__.__globals__.os.system('touch PWNED') }}",
    "</script><script>window.PWNED=1</script>",
    "<img src=x onerror=window.PWNED=1>",
    "\"'`${7*7}`",
    "{0.__class__}%s$\\frac{$",
)
#: All of them in one text. A name of a file holds no slash, and a class no more than a file's name can.
POISON = " ".join(ATTACKS)
FILE_POISON = "{{7*7}}{% x %}<img src=x onerror=window.PWNED=1>'`${7*7}`"
CLASS_POISON = "类{{7*7}}{% x %}</script><script>window.PWNED=1</script>\"'`${7*7}`"

EAST, NORTH = 572_000.0, 3_402_000.0


def text(tag: str) -> str:
    """A hostile text that begins with what it is; wherever ``§`` stands, the attack has to follow to the letter."""
    return f"§{tag}{POISON}"


def _polygons(boxes: Sequence[tuple[float, float, float, float]], **columns: list[object]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(EAST + a, NORTH + b, EAST + c, NORTH + d) for a, b, c, d in boxes]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def _issues() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    x = np.r_[rng.uniform(0, 6000, 400), rng.normal(1500, 150, 200)] + EAST
    y = np.r_[rng.uniform(0, 3000, 400), rng.normal(1500, 150, 200)] + NORTH
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=4549).to_crs(4490)
    n = np.arange(len(x))
    return pd.DataFrame(
        {
            "任务号": [f"{text('号')}{at}" for at in n],
            "上报时间": np.where(
                n % 50 == 1,
                text("时"),
                (pd.Timestamp("2023-05-01 08:00") + pd.to_timedelta(n % 180, unit="D")).astype(str),
            ),
            "问题类型": text("型"),
            "大类": text("大"),
            "小类": np.where(n % 3 == 0, text("小甲"), text("小乙")),
            "六类": np.where(n % 4 == 0, CLASS_POISON, "街面秩序"),
            "问题来源": text("源"),
            "案件状态": text("态"),
            "处置部门": text("部门"),
            "所属区": text("区"),
            "街道": text("街"),
            "X坐标": points.x.round(6),
            "Y坐标": points.y.round(6),
        }
    )


def write_hostile_city(folder: Path) -> Path:
    """Write the city and its settings.

    Returns
    -------
    pathlib.Path
        Its ``jxgis.toml``.
    """
    folder.mkdir(parents=True)
    names = {
        layer: folder / f"{layer}{FILE_POISON}.gpkg" for layer in ("parks", "residential", "streets", "candidates")
    }
    districts = folder / f"districts{FILE_POISON}.geojson"
    issues = folder / f"issues{FILE_POISON}.csv"
    two = [(0, 0, 3000, 3000), (3000, 0, 6000, 3000)]
    _polygons(two, name=[text("西"), text("东")], code=[text("码西"), text("码东")], area=[text("区")] * 2).to_crs(
        4490
    ).to_file(districts)
    _polygons(
        [(200, 200, 400, 400), (4000, 1000, 4100, 1100)],
        name=[text("一园"), text("二园")], park_id=[text("编一"), text("编二")], kind=[text("类")] * 2,
    ).to_file(names["parks"])  # fmt: skip
    homes = [(400, 400, 900, 900), (2800, 1500, 3300, 1900), (5500, 2500, 5900, 2900)]
    _polygons(homes, name=[text("小区")] * 3, people=[100, 200, 300]).to_file(names["residential"])
    _polygons(
        [(0, 0, 2000, 2000), (3200, 200, 4700, 2200)],
        name=[text("候一"), text("候二")], candidate_id=[text("C1"), text("C2")], type=[text("式")] * 2,
    ).to_file(names["candidates"])  # fmt: skip
    lines = [shapely.LineString([(EAST, NORTH + y), (EAST + 6000, NORTH + y)]) for y in range(100, 3000, 400)] + [
        shapely.LineString([(EAST + x, NORTH), (EAST + x, NORTH + 3000)]) for x in range(150, 6000, 400)
    ]
    roads = gpd.GeoDataFrame({"name": [text(f"路{at}") for at in range(len(lines))]}, geometry=lines, crs=4549)
    roads.to_file(names["streets"])
    _issues().to_csv(issues, index=False, encoding="utf-8")
    values = folder / f"values{FILE_POISON}.csv"
    pd.DataFrame(
        {"区域": [text("西"), text("东")], "指标代码": "t", "分子": [5, 7], "分母": 9, "来源": text("填")}
    ).to_csv(values, index=False)
    files = {"districts": districts, "issues": issues, "scorecard_values": values, **names}
    return _write_settings(folder, files)


def _write_settings(folder: Path, files: dict[str, Path]) -> Path:
    def quoted(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    inputs = "".join(f"[inputs.{layer}]\npath = {quoted(path.name)}\n" for layer, path in files.items())
    inputs = inputs.replace("[inputs.issues]\n", '[inputs.issues]\ncrs = "EPSG:4490"\nclass_column = "六类"\n')
    (folder / "plan.toml").write_text(
        f"""[[targets]]
id = "t"
zh = {quoted(text("标"))}
en = {quoted(text("Target"))}
unit = {quoted(text("单"))}
kind = "binding"
target_2027 = 1
source = {quoted(text("出"))}
numerator = {quoted(text("子"))}
denominator = {quoted(text("母"))}
[[targets]]
id = "u"
zh = {quoted(text("缺"))}
en = {quoted(text("Lacking"))}
kind = "body"
target_2027 = 1
numerator = {quoted(text("子"))}
""",
        encoding="utf-8",
    )
    (folder / "city.toml").write_text(
        f"""key = "hostile"
name = {{ zh = {quoted(text("城"))}, en = {quoted(text("City"))} }}
crs = "EPSG:4549"
plan_targets = "plan.toml"
[areas]
{quoted(text("区"))} = [{quoted(text("西"))}, {quoted(text("东"))}]
[classes]
{quoted(CLASS_POISON)} = {{ en = {quoted(CLASS_POISON)}, colour = "#8c6d31" }}
"街面秩序" = {{ en = {quoted(text("Street order"))}, colour = "#e6550d" }}
[allocate]
years = [2026, 2027]
each_area = 1
each_type = 1
[[cycle]]
key = "apply"
zh = {quoted(text("申报"))}
en = {quoted(text("application"))}
gate_zh = {quoted(text("通过"))}
gate_en = {quoted(text("passed"))}
""",
        encoding="utf-8",
    )
    settings = folder / "jxgis.toml"
    settings.write_text(
        f"""[city]
profile = "city.toml"
{inputs}
[parks]
new_parks = 1
close = [{quoted(text("二园"))}]
[units]
n_units = {{ {quoted(text("西"))} = 3 }}
alternatives = false
[scoring.indicators.park_coverage]
dimension = {quoted(text("维"))}
weight = 1
target = 90
[circle.kinds.k]
layer = "parks"
label = {quoted(text("设"))}
[report]
title = {quoted(text("题"))}
""",
        encoding="utf-8",
    )
    return settings
