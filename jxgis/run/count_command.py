"""`jxgis count`: issues of any number of files counted by cell, zone and month, into a store that is added to."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jxgis import output
from jxgis._files import split_layer
from jxgis._postgis import is_address, require_folder
from jxgis.city import contract_of
from jxgis.crs import M2_PER_KM2, box_around
from jxgis.database import publishing
from jxgis.errors import InputError, JxgisError, collect, require_lang
from jxgis.i18n import text_pair
from jxgis.run.inputs import GROUND, Reader, named, noticed, read_options
from jxgis.settings import files_read
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

    from jxgis.load import Loaded, ReadOptions
    from jxgis.load.batches import IssueTable
    from jxgis.part import Given, Progress
    from jxgis.settings import Settings
    from jxgis.store.counting import StoredCounts
    from jxgis.store.plan import Plan

__all__ = ["run_count", "run_count_cities"]

_OF_LOADER = (
    "class_column",
    "class_table",
    "timezone",
    "start",
    "end",
    "status",
    "source",
    "drop_status",
    "drop_points",
)


def run_count(
    settings: Settings,
    out: str | Path,
    *,
    store: str | Path | None = None,
    replace_files: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
    has_project: bool = True,
    lang: str = "zh",
    progress: Progress = lambda _: None,
    warn: Progress = lambda _: None,
) -> StoredCounts:
    """`jxgis count`: count the issues of the settings, a batch of a file at a time, and write what the store adds up to.

    Parameters
    ----------
    settings
        The project's settings; ``inputs`` must have issues and districts (or sub-districts and a crosswalk).
    out
        The result folder: ``counts.gpkg`` and its zones as ``zones.csv``, ``zones.parquet``, ``cells.parquet``, ``months.parquet`` and
        ``months.csv``, ``rejects/`` and ``run.json``.
    store
        The folder of the store, which is kept and added to; None for one that goes when all is written.
    replace_files
        Whether a file takes the place of one of its name, but other content, that the store has; else it is refused.
    scheduler, workers
        As for :func:`jxgis.store.workers.count_all`.
    has_project
        Whether the settings come from a project.
    lang
        ``"zh"`` or ``"en"``.
    progress
        Called with each step.
    warn
        Called with each file that could not be counted: it is in no count.

    Returns
    -------
    StoredCounts

    Raises
    ------
    JxgisError
        If no file can be counted, the store is of other settings, or a folder cannot be written; the result is as it was then.
    """
    require_lang(lang)
    on = {"replace": replace_files, "scheduler": scheduler, "workers": workers, "said": progress}
    with (
        publishing(settings.output, progress) as publish,
        output.staged(out, command="count", reads=files_read(settings)) as stage,
    ):
        found = _count(settings, stage, store, on, has_project=has_project, lang=lang)
        publish(stage)
    for name, why in found.refused:
        warn(text_pair("store.refused", file=name, why=why))
    return found


def run_count_cities(
    projects: str | Path,
    out: str | Path,
    *,
    store: str | Path | None = None,
    replace_files: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
    lang: str = "zh",
    progress: Progress = lambda _: None,
    warn: Progress = lambda _: None,
) -> dict[str, StoredCounts]:
    """`jxgis count --projects`: the same of every project of a folder, and one table over all.

    Parameters
    ----------
    projects
        A folder whose folders are projects: those that hold a jxgis.toml.
    out
        The result folder: one folder a project as `run_count` writes it, ``cities.parquet`` and ``run.json``.
    store
        The folder of their stores, one a project.
    replace_files, scheduler, workers, lang, progress
        As for `run_count`.
    warn
        Called with each project, and each file of one, that could not be counted.

    Returns
    -------
    dict of str to StoredCounts
        By the name of the project's folder.

    Raises
    ------
    JxgisError
        If there is no project, none can be counted, or a folder cannot be written; the result is as it was then.
    """
    from jxgis.settings import load_settings

    require_lang(lang)
    folders = sorted(path.parent for path in Path(projects).glob("*/jxgis.toml"))
    if not folders:
        raise InputError.saying(text_pair("store.no_projects", folder=projects))
    on = {"replace": replace_files, "scheduler": scheduler, "workers": workers, "said": progress}
    found: dict[str, StoredCounts] = {}
    refused: dict[str, JxgisError] = {}
    with output.staged(out, command="count", reads=[folder / "jxgis.toml" for folder in folders]) as stage:
        for folder in folders:
            progress(text_pair("store.project", name=folder.name))
            own = output.Stage(stage.folder / folder.name, stage.command)
            kept = None if store is None else Path(store) / folder.name
            try:
                found[folder.name] = _count(load_settings(folder), own, kept, on, has_project=True, lang=lang)
            except InputError as error:
                shutil.rmtree(own.folder, ignore_errors=True)
                refused[folder.name] = error
        if not found:
            collect(refused.values())
        _write_cities(found, stage)
        said = [{"part": name, "message": error.text(lang)} for name, error in refused.items()]
        output.write_run(stage, settings={"lang": lang}, crs=None, loaded=[], projects=list(found), refused=said)
    for name, refusal in refused.items():
        warn(text_pair("store.refused", file=name, why=refusal.message))
    for name, counts in found.items():
        for file, why in counts.refused:
            warn(text_pair("store.refused", file=f"{name}/{file}", why=why))
    return found


def _count(
    settings: Settings,
    stage: output.Stage,
    store: str | Path | None,
    on: Mapping[str, Any],
    *,
    has_project: bool,
    lang: str,
) -> StoredCounts:
    """Count the issues of a project, and write what was counted into a stage."""
    from jxgis.store.counting import count_issues

    if settings.inputs.issues is None:
        raise InputError(zh="缺少输入：[inputs.issues]。", en="Missing input: [inputs.issues].")
    if store is not None:
        require_folder(store)
    progress = on["said"]
    reader = Reader(settings, has_project=has_project, lang=lang)
    with ExitStack() as stack:
        where = store if store is not None else stack.enter_context(tempfile.TemporaryDirectory(prefix="jxgis-"))
        given = reader.read([layer for layer in GROUND if layer in named(settings)] or list(GROUND), progress)
        plan, sources = _planned(settings, given)
        progress(text_pair("store.reading"))
        found = count_issues(sources, plan, where, **on)
        issues = _loaded(found)
        for note in noticed(contract_of("issues", given.city).title, issues):
            progress(note)
        progress(text_pair("store.writing"))
        _write(found, stage, replace(given, loaded={**given.loaded, "issues": issues}), lang)
    return found


def _planned(settings: Settings, given: Given) -> tuple[Plan, Sequence[Path | IssueTable]]:
    """What is counted, and the files, or the table of a database."""
    from jxgis.load._database import asked_of
    from jxgis.load.batches import HowRead, IssueTable
    from jxgis.load.issues import ClassesBy, Filters
    from jxgis.load.readers import find_files
    from jxgis.space.grid import grid_over
    from jxgis.store.plan import Plan

    if given.city is None:
        raise InputError(
            zh="计数要用城市配置中的坐标系和类别：请给出 --project。",
            en="Counting takes the CRS and the classes of a city: give --project.",
        )
    districts = given.need("districts")
    city = replace(given.city, crs=given.crs.to_string(), box=given.city.box or box_around(districts))
    options = read_options(settings, "issues")
    own = {name: options.pop(name, None) for name in _OF_LOADER}
    issues = settings.inputs.issues
    path, layer = split_layer("" if issues is None else issues.path)
    asked, rest = asked_of(path, cast("ReadOptions", options | ({"layer": layer} if layer else {})))
    how = HowRead(
        city,
        ClassesBy(own["class_column"], own["class_table"]),
        Filters(
            own["start"],
            own["end"],
            *(tuple(own[name] or ()) for name in ("status", "source", "drop_status", "drop_points")),
        ),
        own["timezone"],
        rest,
    )
    sources = [IssueTable(path, asked)] if is_address(path) else find_files(path)
    zones = {level: given.layers[f"{level}s"] for level in ("district", "subdistrict") if f"{level}s" in given.layers}
    return Plan(how, grid_over(districts, cell_m=settings.hotspots.cell_m), zones), sources


def _write(found: StoredCounts, stage: output.Stage, given: Given, lang: str) -> None:
    """The counts as layers and as tables, the rejected rows, and ``run.json``."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from jxgis.gpkg import write_gpkg

    zones = _with_names(found)
    layers, months = {"cells": _cells(found), "zones": _zones(found, zones)}, _months(zones)
    write_gpkg(stage.path("counts.gpkg"), layers, of="count", lang=lang)
    pq.write_table(zones, stage.path("zones.parquet"), compression="zstd")
    pq.write_table(months, stage.path("months.parquet"), compression="zstd")
    output.write_csv(layers["zones"].drop(columns="geometry"), stage.path("zones.csv"))
    output.write_csv(months.to_pandas(), stage.path("months.csv"))
    _write_cells(found, stage.path("cells.parquet"))
    kept, counted = sum(source.rows_kept for source in found.sources), pc.sum(found.cells["issues"]).as_py() or 0
    account: dict[str, Any] = {
        "outside_area": kept - counted,
        "refused": [{"part": name, "message": why.of(lang)} for name, why in found.refused],
    }
    given.finish(stage, ("hotspots",), account)


def _write_cells(found: StoredCounts, path: Path) -> None:
    """The counts of the cells with the names of these, some rows at a time: of a hundred million issues they are millions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from jxgis.store.one_file import ROWS

    ids, text = found.plan.grid.ids(), pa.string()
    named_rows = pa.schema({"cell_id": text, "issue_class": text, "month": text, "issues": pa.int64()})
    with pq.ParquetWriter(path, named_rows, compression="zstd") as written:
        for at in range(0, found.cells.num_rows, ROWS):
            part = found.cells.slice(at, ROWS)
            columns = [ids[part["cell"].to_numpy()], part["issue_class"], _month_names(part), part["issues"]]
            written.write_table(pa.table(columns, named_rows))


def _write_cities(found: Iterable[str], stage: output.Stage) -> None:
    """One table over all projects: issues by zone, class and month, with the project's name before them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for name in found:
        table = pq.read_table(stage.folder / name / "zones.parquet")
        tables.append(table.add_column(0, "project", pa.array([name] * table.num_rows, type=pa.string())))
    pq.write_table(pa.concat_tables(tables), stage.path("cities.parquet"), compression="zstd")


def _month_names(counts: pa.Table) -> pa.Array:
    """Months as people write them, ``2024-03``; null where no time is known."""
    import numpy as np
    import pyarrow as pa

    months = counts["month"].to_pandas()
    names = np.datetime_as_string(months.fillna(0).to_numpy().astype("M8[M]"))
    return pa.array(names, mask=months.isna().to_numpy())


def _with_names(found: StoredCounts) -> pa.Table:
    """The counts of the zones with the names of these."""
    import numpy as np
    import pyarrow as pa

    table = found.zones
    for level in ("district", "subdistrict"):
        polygons = found.plan.zones.get(level)
        names = np.array([*([] if polygons is None else polygons["name"]), None], dtype=object)
        at = table.column_names.index(level)
        table = table.set_column(at, level, pa.array(names[table[level].to_numpy()], type=pa.string()))
    return table.set_column(table.column_names.index("month"), "month", _month_names(table))


def _by_class(counts: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Issues by some keys, of all and of each class."""
    import pandas as pd

    both = pd.concat([counts.assign(issue_class=ALL), counts[counts["issue_class"].notna()]])
    return both.groupby([*keys, "issue_class"], sort=False)["issues"].sum().rename("count").reset_index()


def _cells(found: StoredCounts) -> Any:
    """The cells, of all classes and of each that there is: zeros stand too."""
    import pandas as pd

    from jxgis.store.sums import summed

    grid = found.plan.grid
    keys = ["cell", "issue_class"]
    counts = _by_class(summed([found.cells.select([*keys, "issues"])], keys).to_pandas(), ["cell"])
    classes = [ALL, *sorted({*counts["issue_class"]} - {ALL})]
    drawn = grid.cells()
    every = pd.MultiIndex.from_product([classes, range(len(grid))], names=["issue_class", "cell"])
    filled = counts.set_index(["issue_class", "cell"])["count"].reindex(every, fill_value=0).reset_index()
    table = drawn.iloc[filled["cell"].to_numpy()].reset_index(drop=True)
    return table.assign(issue_class=filled["issue_class"], count=filled["count"])


def _zones(found: StoredCounts, named_zones: pa.Table) -> Any:
    """Districts and sub-districts, of all classes and of each: zeros stand too."""
    import geopandas as gpd
    import pandas as pd

    counts = named_zones.to_pandas()
    classes = [ALL, *sorted({*counts["issue_class"].dropna()})]
    tables = []
    for level, polygons in found.plan.zones.items():
        mine = _by_class(counts[counts[level].notna()], [level]).rename(columns={level: "zone"})
        every = pd.MultiIndex.from_product([classes, polygons["name"]], names=["issue_class", "zone"])
        filled = mine.set_index(["issue_class", "zone"])["count"].reindex(every, fill_value=0).reset_index()
        shapes = polygons.set_index("name").geometry.reindex(filled["zone"])
        table = gpd.GeoDataFrame(filled.assign(level=level), geometry=shapes.to_numpy(), crs=polygons.crs)
        area = table.geometry.area / M2_PER_KM2
        tables.append(table.assign(area_km2=area, per_km2=table["count"] / area))
    columns = ["zone", "level", "issue_class", "count", "area_km2", "per_km2", "geometry"]
    return pd.concat(tables, ignore_index=True)[columns]


def _months(named_zones: pa.Table) -> pa.Table:
    """Issues by month, of all and of each class; without those whose time is not known."""
    import pyarrow as pa

    counts = named_zones.to_pandas()
    table = _by_class(counts[counts["month"].notna()], ["month"])
    table = table.sort_values(["issue_class", "month"], ignore_index=True)[["month", "issue_class", "count"]]
    return pa.Table.from_pandas(table, preserve_index=False)


def _loaded(found: StoredCounts) -> Loaded:
    """The account of the issues as a loader gives it, without the issues."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import pyarrow.parquet as pq

    from jxgis.load import Loaded
    from jxgis.load.rejects import REJECT_COLUMNS
    from jxgis.privacy import quoted
    from jxgis.store.one_file import REJECTS

    tables = [pq.read_table(one.folder / REJECTS).to_pandas() for one in found.held]
    if found.repeats.doubles is not None:
        rows = found.repeats.doubles.select(["file", "table", "row", "issue_id"]).to_pandas()
        names = [
            found.held[file].account.sources[at].name for file, at in zip(rows["file"], rows["table"], strict=True)
        ]
        values = [quoted(value, code=True) for value in rows["issue_id"]]
        again = {"source": names, "row": rows["row"], "field": "issue_id", "value": values, "reason": "duplicate_id"}
        tables.append(pd.DataFrame(again))
    order = {source.name: at for at, source in enumerate(found.sources)}
    rejects = pd.concat([pd.DataFrame(columns=list(REJECT_COLUMNS)), *tables], ignore_index=True).astype(
        {"row": "int64"}
    )
    rejects = rejects.iloc[np.lexsort((rejects["row"], rejects["source"].map(order)))].reset_index(drop=True)
    empty = gpd.GeoDataFrame({"issue_class": []}, geometry=[], crs=found.plan.grid.crs)
    return Loaded("issues", empty, rejects, found.sources, found.notes)
