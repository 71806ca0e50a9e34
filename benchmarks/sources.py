"""Reading a year of issues beside a plain pandas and geopandas script: seconds of processor time, and peak memory.

Run: ``python benchmarks/sources.py`` (about five minutes), or ``--only zones``. A million rows of 35 columns are made as a
platform exports them (CSV in gb18030, in UTF-8 and with remarks of two lines, Parquet; a workbook of 200,000), read, placed in the metric CRS, classed
by the city's mapping, put into 12 districts and counted by district and class: by the loader, which holds the issues as a
table, as `jxgis count` does, which holds 200,000 at a time (and counts cells, months and more beside), and by the script.
Every contender runs alone in a fresh process and says what it counted: the counts are compared. The last race puts a million ready points into 110 ragged polygons, SedonaDB
and DuckDB beside where they are installed (its spatial extension comes by the network); their tables are filled before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.city import classify, load_city
from jxgis.load import load_layer
from jxgis.load.batches import HowRead
from jxgis.load.issues import ClassesBy, Filters, load_issues
from jxgis.space.grid import grid_over
from jxgis.space.points import locate
from jxgis.store.counting import count_issues
from jxgis.store.plan import Plan

ROWS, SHEET_ROWS, COLUMNS = 1_000_000, 200_000, 35
DATA = Path(__file__).resolve().parents[1] / "data"
CRS = 4549
FILES = {
    "csv gb18030": "a.csv",
    "csv utf-8": "b.csv",
    "csv, lines": "e.csv",
    "parquet": "c.parquet",
    "xlsx, 200 k": "d.xlsx",
}
Counts = dict[str, int]
Work = Callable[[], Counts]


def export(rows: int) -> pd.DataFrame:
    """Issues as a platform exports them: the columns that count, and as much text again as they come with."""
    rng = np.random.default_rng(0)
    city = load_city()
    kinds = city.class_table.sample(rows, replace=True, random_state=0)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 366 * 86_400, rows), unit="s")
    table = pd.DataFrame(
        {
            "任务号": np.char.add("33040224", rng.permutation(rows).astype(str)),
            "上报时间": when.strftime("%Y-%m-%d %H:%M:%S"),
            "问题类型": kinds["tree"].to_numpy(),
            "小类": kinds["sub_type"].to_numpy(),
            "经度": rng.uniform(120.66, 120.86, rows).round(6),
            "纬度": rng.uniform(30.66, 30.84, rows).round(6),
            "状态": rng.choice(["结案", "作废", "处置中"], rows, p=[0.9, 0.05, 0.05]),
            "来源": rng.choice(["巡查", "12345", "啄木鸟"], rows),
        }
    )
    words = np.array(["中山路东侧人行道", "三水湾小区南门", "占道经营，已告知", "垃圾未清", "见照片", ""])
    for at in range(COLUMNS - table.shape[1]):
        table[f"备注{at}"] = rng.choice(words, rows)
    return table


def make(folder: Path) -> None:
    """Write the files of the race."""
    table = export(ROWS)
    table.to_csv(folder / FILES["csv gb18030"], index=False, encoding="gb18030")
    table.to_csv(folder / FILES["csv utf-8"], index=False)
    lines = table["备注0"].mask(table["备注0"] != "", table["备注0"] + "\n已处理")
    table.assign(备注0=lines).to_csv(folder / FILES["csv, lines"], index=False)
    table.to_parquet(folder / FILES["parquet"], index=False)
    table.head(SHEET_ROWS).to_excel(folder / FILES["xlsx, 200 k"], index=False, engine="xlsxwriter")


def districts() -> gpd.GeoDataFrame:
    """The schematic city's districts."""
    return load_layer("districts", DATA / "boundaries" / "districts.geojson", city=load_city()).table


def by_jxgis(path: Path) -> Counts:
    """The loader, with its account of every row, and the raster of the zones."""
    city, zones = load_city(), districts()
    issues = load_issues(path, city=city, crs="EPSG:4490").table
    at = locate(issues, zones)
    names = zones["name"].to_numpy()[at[at >= 0]]
    return _counted(pd.Series(names), issues["issue_class"][at >= 0])


def as_a_stream(path: Path) -> Counts:
    """As `jxgis count` does: into a store, by cell, zone, class, category, source and month."""
    city, zones = load_city(), districts()
    how = HowRead(city, ClassesBy(), Filters(), None, {"crs": "EPSG:4490"})
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(how, grid_over(zones, cell_m=200.0), {"district": zones})
        found = count_issues([path], plan, Path(folder) / "store").zones.to_pandas()
    found = found[found["district"] >= 0]
    names = pd.Series(zones["name"].to_numpy()[found["district"]])
    pairs = names + " " + pd.Series(found["issue_class"].to_numpy())
    return {str(name): int(n) for name, n in found["issues"].groupby(pairs.to_numpy()).sum().items()}


def by_script(path: Path) -> Counts:
    """What an analyst writes in ten minutes; it accounts for nothing."""
    city, zones = load_city(), districts()
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
    elif path.suffix == ".xlsx":
        table = pd.read_excel(path, dtype={"任务号": str}, engine="calamine")
    else:
        table = pd.read_csv(
            path, encoding="gb18030" if path.name == FILES["csv gb18030"] else "utf-8", dtype={"任务号": str}
        )
    table = table[table["状态"] != "作废"].drop_duplicates("任务号")
    table["时间"] = pd.to_datetime(table["上报时间"])
    table["类别"] = classify(table["问题类型"], table["小类"], city.class_table)
    points = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["经度"], table["纬度"]), crs=4490).to_crs(CRS)
    joined = gpd.sjoin(points, zones[["name", "geometry"]], predicate="intersects")
    joined = joined[~joined.index.duplicated()]
    return _counted(joined["name"], joined["类别"])


def _counted(zone: pd.Series, kind: pd.Series) -> Counts:
    pairs = pd.Series(zone.to_numpy()) + " " + pd.Series(kind.to_numpy())
    return {str(name): int(n) for name, n in pairs.value_counts().sort_index().items()}


def ragged() -> tuple[gpd.GeoSeries, gpd.GeoSeries]:
    """A million points, and 110 polygons whose borders follow no axis."""
    rng = np.random.default_rng(1)
    disc = shapely.Point(10_000, 10_000).buffer(9500)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(rng.uniform(2000, 18_000, (110, 2)))))
    polygons = shapely.segmentize(shapely.intersection(cells, disc), 40)
    points = shapely.points(rng.uniform(0, 20_000, (ROWS, 2)))
    return gpd.GeoSeries(points, crs=CRS), gpd.GeoSeries(polygons[~shapely.is_empty(polygons)], crs=CRS)


def zones_by_jxgis(points: gpd.GeoSeries, polygons: gpd.GeoSeries) -> Work:
    """Count points by polygon, by the raster."""

    def work() -> Counts:
        at = locate(points, polygons)
        return _numbered(at[at >= 0])

    return work


def zones_by_sjoin(points: gpd.GeoSeries, polygons: gpd.GeoSeries) -> Work:
    """Count points by polygon, by geopandas."""
    left, right = gpd.GeoDataFrame(geometry=points), gpd.GeoDataFrame(geometry=polygons)

    def work() -> Counts:
        joined = gpd.sjoin(left, right, predicate="intersects")
        return _numbered(joined["index_right"][~joined.index.duplicated()].to_numpy())

    return work


def zones_by_sedona(points: gpd.GeoSeries, polygons: gpd.GeoSeries) -> Work:
    """Count points by polygon, by SedonaDB."""
    import sedona.db

    session = sedona.db.connect()
    for name, shapes in (("points", points), ("zones", polygons)):
        table = gpd.GeoDataFrame({"number": np.arange(len(shapes))}, geometry=shapes.array, crs=CRS)
        session.create_data_frame(table).to_memtable().to_view(name)
    return lambda: _pairs_counted(session.sql(_EACH_IN_ITS_FIRST).to_pandas())


def zones_by_duckdb(points: gpd.GeoSeries, polygons: gpd.GeoSeries) -> Work:
    """Count points by polygon, by DuckDB."""
    import duckdb

    session = duckdb.connect()
    session.execute("INSTALL spatial; LOAD spatial")
    for name, shapes in (("points", points), ("zones", polygons)):
        written = pd.DataFrame({"number": np.arange(len(shapes)), "wkb": shapes.to_wkb()})
        session.register("written", written)
        session.execute(f"CREATE TABLE {name} AS SELECT number, ST_GeomFromWKB(wkb) AS geometry FROM written")  # noqa: S608
    return lambda: _pairs_counted(session.execute(_EACH_IN_ITS_FIRST).df())


_EACH_IN_ITS_FIRST = """
    SELECT zone, count(*) AS n FROM (
        SELECT points.number, min(zones.number) AS zone
        FROM points JOIN zones ON ST_Intersects(points.geometry, zones.geometry) GROUP BY points.number
    ) AS located GROUP BY zone
"""


def _pairs_counted(found: pd.DataFrame) -> Counts:
    return {str(zone): int(n) for zone, n in zip(found["zone"], found["n"], strict=True)}


def _numbered(at: np.ndarray) -> Counts:
    return {str(zone): int(n) for zone, n in enumerate(np.bincount(at)) if n}


ZONES: dict[str, Callable[[gpd.GeoSeries, gpd.GeoSeries], Work]] = {
    "jxgis": zones_by_jxgis,
    "script": zones_by_sjoin,
    "sedona": zones_by_sedona,
    "duckdb": zones_by_duckdb,
}


READ: dict[str, Callable[[Path], Counts]] = {"jxgis": by_jxgis, "jxgis count": as_a_stream, "script": by_script}


def run_one(race: str, who: str, folder: Path) -> None:
    """One contender in this process: what it counted, and what it took, as a line of JSON."""
    if race == "zones":
        work = ZONES[who](*ragged())
        work()
    else:
        work = partial(READ[who], folder / FILES[race])
    wall, cpu = time.perf_counter(), time.process_time()
    counts = work()
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    # Not ru_maxrss, which begins with what the process held that started this one.
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({**spent, "peak": peak, "counts": counts}))


def main() -> None:
    """Run every race and print its ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*FILES, "zones"], help="one race")
    parser.add_argument("--one", nargs=3, metavar=("RACE", "WHO", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        run_one(given.one[0], given.one[1], Path(given.one[2]))
        return
    races = [given.only] if given.only else [*FILES, "zones"]
    with tempfile.TemporaryDirectory() as folder:
        if races != ["zones"]:
            make(Path(folder))
        print(f"{'race':14}{'who':12}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}{'times':>7}")
        for race in races:
            found = {}
            for who in ZONES if race == "zones" else READ:
                command = [sys.executable, __file__, "--one", race, who, folder]
                done = subprocess.run(command, capture_output=True, check=False, text=True)
                if done.returncode:
                    why = next((line for line in done.stderr.splitlines() if "Error" in line), "")
                    print(f"{race:14}{who:12}not run: {why[:80]}")
                    continue
                found[who] = json.loads(done.stdout.splitlines()[-1])
            counts = [one.pop("counts") for one in found.values()]
            equal = all(one == counts[0] for one in counts)
            for who, one in found.items():
                times = one["cpu"] / found["jxgis"]["cpu"]
                print(f"{race:14}{who:12}{one['wall']:8.2f}{one['cpu']:8.2f}{one['peak']:9.0f}{times:7.1f}")
            print(f"{'':14}{'counts equal' if equal else 'COUNTS DIFFER'}")


if __name__ == "__main__":
    main()
