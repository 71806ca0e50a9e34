"""Counting issues into a store as they grow: seconds of processor time a million, peak memory, and counts that are known.

Run: ``python benchmarks/store.py`` (1 and 10 million rows, some two minutes) or ``--millions 1 10 100`` (some twelve, and 13 GB of
disk). Parts of a million issues are made as Parquet, with what is to be counted counted as they are made; one in a hundred
has the id, place and time of one before it, in its own part or in an earlier one. `jxgis.store` counts them into cells of 200 m
by class and month in a fresh process each, one after the other and, with ``--workers``, on a Dask cluster of this machine.
DuckDB and Polars, where they are installed, count the bare rows by class and month, without placing or looking for ids.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from jxgis.city import load_city
from jxgis.load import load_layer
from jxgis.load.batches import HowRead
from jxgis.load.issues import ClassesBy, Filters
from jxgis.space.grid import grid_over
from jxgis.store.counting import count_issues
from jxgis.store.plan import Plan

PART, AGAIN = 1_000_000, 0.01
BOUNDARIES = Path(__file__).resolve().parents[1] / "data" / "boundaries"


def plan() -> Plan:
    """The schematic city's districts and cells of 200 m."""
    city = load_city()
    districts = load_layer("districts", BOUNDARIES / "districts.geojson", city=city).table
    how = HowRead(city, ClassesBy(), Filters(), None, {"crs": "EPSG:4549"})
    return Plan(how, grid_over(districts, cell_m=200.0), {"district": districts})


def make(folder: Path, parts: int) -> int:
    """Write parts of a million issues; how many different ones there are."""
    city, grid = load_city(), plan().grid
    west, south = grid.col0 * grid.cell_m, grid.row0 * grid.cell_m
    east, north = west + grid.mask.shape[1] * grid.cell_m, south + grid.mask.shape[0] * grid.cell_m
    kinds = city.class_table
    before, repeated = pd.DataFrame(), 0
    for part in range(parts):
        path = folder / f"{part:04d}.parquet"
        rng = np.random.default_rng(part)
        kind = rng.integers(0, len(kinds), PART)
        month = np.datetime64("2015-01", "M") + part % 120
        table = pd.DataFrame(
            {
                "任务号": np.char.add("3304", (part * PART + rng.permutation(PART)).astype(str)),
                "上报时间": month.astype("M8[s]") + rng.integers(0, 28 * 86_400, PART).astype("m8[s]"),
                "问题类型": kinds["tree"].to_numpy()[kind],
                "小类": kinds["sub_type"].to_numpy()[kind],
                "Y坐标": rng.uniform(west, east, PART).round(1),
                "X坐标": rng.uniform(south, north, PART).round(1),
            }
        )
        again = int(PART * AGAIN)
        pool = pd.concat([before, table.head(again)])
        table.iloc[-again:] = pool.sample(again, replace=False, random_state=part).to_numpy()
        repeated += again
        before = table.iloc[again : 2 * again]
        if not path.exists():
            table.to_parquet(path, index=False)
    return parts * PART - repeated


def peak_mb() -> float:
    """The most memory that this process has held; what Python's own ``resource`` says is its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def run(folder: Path, parts: int, workers: int | None) -> dict[str, float]:
    """Count some of the parts, in this process or on a cluster."""
    began, cpu = time.perf_counter(), time.process_time()
    paths = [folder / f"{part:04d}.parquet" for part in range(parts)]
    with tempfile.TemporaryDirectory(dir=folder) as store:
        options = {} if workers is None else {"scheduler": "local", "workers": workers}
        found = count_issues(paths, plan(), Path(store) / "store", **options)
        kept = sum(source.rows_kept for source in found.sources)
        stored = sum(path.stat().st_size for path in Path(store).rglob("*") if path.is_file())
    return {
        "kept": kept,
        "in zones": sum(found.zones["issues"].to_pylist()),
        "clock": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak MB": peak_mb(),
        "store MB": stored / 1e6,
    }


def bare(folder: Path, parts: int, engine: str) -> dict[str, float]:
    """The rows counted by class and month, and nothing else."""
    began, cpu = time.perf_counter(), time.process_time()
    files = [str(folder / f"{part:04d}.parquet") for part in range(parts)]
    if engine == "duckdb":
        import duckdb

        query = 'select "小类", date_trunc(\'month\', "上报时间"), count(*) from read_parquet(?) group by all'
        rows = sum(row[-1] for row in duckdb.execute(query, [files]).fetchall())
    else:
        import polars as pl

        grouped = pl.scan_parquet(files).group_by("小类", pl.col("上报时间").dt.truncate("1mo")).len()
        rows = int(grouped.collect(engine="streaming")["len"].sum())
    return {
        "kept": rows,
        "clock": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak MB": peak_mb(),
    }


def main() -> None:
    """Make the parts, and let everybody count them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", nargs="+", type=int, default=[1, 10])
    parser.add_argument("--workers", type=int, help="count on a cluster of this machine too")
    parser.add_argument("--folder", type=Path, help="where the parts are made, and stay")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        folder, parts, what = Path(args.one[0]), int(args.one[1]), args.one[2]
        found = bare(folder, parts, what) if what in ("duckdb", "polars") else run(folder, parts, int(what) or None)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as own:
        folder = args.folder or Path(own)
        contenders = ["0", *([str(args.workers)] if args.workers else []), "duckdb", "polars"]
        print(f"{'rows':>12} {'by':22} {'clock s':>8} {'cpu s':>8} {'cpu a million':>14} {'peak MB':>8}  counts")
        for parts in args.millions:
            different = make(folder, parts)
            for what in contenders:
                command = [sys.executable, __file__, "--one", str(folder), str(parts), what]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                name = {"0": "jxgis, one process"}.get(what, f"jxgis, {what} workers" if what.isdigit() else what)
                if done.returncode:
                    print(f"{parts * PART:12,} {name:22} {done.stderr.strip().splitlines()[-1][:60]}")
                    continue
                found = json.loads(done.stdout)
                right = different if what.isdigit() else parts * PART
                exact = "exact" if found["kept"] == right == found.get("in zones", right) else f"WRONG: {found} {right}"
                figures = f"{found['cpu']:8.1f} {found['cpu'] / parts:14.2f} {found['peak MB']:8.0f}"
                # Of workers neither time nor memory is this process's.
                said = figures if what in ("0", "duckdb", "polars") else " " * len(figures)
                print(f"{parts * PART:12,} {name:22} {found['clock']:8.1f} {said}  {exact}", flush=True)


if __name__ == "__main__":
    main()
