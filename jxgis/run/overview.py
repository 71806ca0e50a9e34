"""What the report's page says of each place and each department, side by side, before its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis.given import with_files
from jxgis.i18n import text
from jxgis.indicators.cases import share_of_rows, with_case_flags
from jxgis.indicators.standing import kinds, standing
from jxgis.report.blocks import Paragraph, count_in_words, of_all, table_block
from jxgis.small_counts import hide_small
from jxgis.space.points import locate
from jxgis.statistics.shares import MIN_CASES
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from jxgis.part import Given, Result
    from jxgis.report.blocks import Block

__all__ = ["overview"]


def overview(results: Mapping[str, Result], given: Given) -> list[Block]:
    """The areas and districts in a table, and who answers for the issues in another.

    Parameters
    ----------
    results
        Name of a part to what it found.
    given
        What the report was made from.

    Returns
    -------
    list of Block
        None without districts.
    """
    districts = given.table("districts")
    if districts is None:
        return []
    issues = given.table("issues")
    cases = None
    if issues is not None:
        cases = with_case_flags(with_files(given))
        cases = cases[locate(cases, districts) >= 0]
    blocks: list[Block] = []
    places = _places(districts, cases, results)
    if len(places.columns) > 2:
        heading = text(f"report.places_{'areas' if _areas(districts) else 'districts'}", given.lang)
        strong = (places["level"] != "district").tolist()
        blocks.append(table_block(heading, places, given.lang, of="report.places", strong=strong))
    if cases is not None and "department" in cases.columns and cases["department"].notna().any():
        shown = hide_small(_departments(cases), min_count=given.settings.report.min_count, sums=["whole"])
        shown = shown.drop(columns="whole")
        blocks.append(table_block(text("report.departments", given.lang), shown, given.lang, of="report.departments"))
    beside = _in_no_cell(places, results)
    if beside:
        blocks.append(Paragraph(text("report.places_outside", given.lang, n=count_in_words(beside)), "sub"))
    if cases is not None and "on_time" in cases.columns:
        blocks.append(Paragraph(text("report.on_time_note", given.lang, n=MIN_CASES), "sub"))
    return blocks


def _areas(districts: gpd.GeoDataFrame) -> list[str]:
    return [str(area) for area in districts["area"].dropna().unique()] if "area" in districts.columns else []


def _places(districts: gpd.GeoDataFrame, cases: gpd.GeoDataFrame | None, results: Mapping[str, Result]) -> pd.DataFrame:
    """The whole, the areas and the districts, a row each, with what the parts found of them."""
    whole = districts[["name", "geometry"]].assign(area=districts["area"] if "area" in districts.columns else None)
    names = whole["name"].astype(str)
    groups: list[tuple[str, str, pd.Series]] = [(ALL, "city", pd.Series(data=True, index=whole.index))]
    groups += [(area, "area", whole["area"] == area) for area in _areas(districts)]
    groups += [(name, "district", names == name) for name in names]
    rows = pd.DataFrame({"zone": [name for name, *_ in groups], "level": [level for _, level, _ in groups]})
    members = [names[own].tolist() for *_, own in groups]
    if "hotspots" in results:
        rows = rows.assign(**_counts(results["hotspots"], members))
    if cases is not None:
        shapes = [shapely.union_all(whole.geometry.to_numpy()[own.to_numpy()]) for *_, own in groups]
        zones = whole.iloc[:0][["geometry"]].reindex(range(len(groups))).set_geometry(shapes, crs=districts.crs)
        rows = rows.assign(**_answered(zones, cases))
        if "count" in rows.columns:
            # A rate beside those of its districts tells the few cases that are hidden; of the whole all are known elsewhere.
            hidden = pd.to_numeric(rows["count"], errors="coerce").isna() & (rows["level"] != "city")
            told = [name for name in ("on_time", "main_department") if name in rows.columns]
            rows[told] = rows[told].mask(hidden)
    if "parks" in results:
        rows = rows.assign(**_coverage(results["parks"].tables()["coverage"], members))
    if "units" in results:
        units = results["units"].tables()["units"]["district"].astype(str)
        rows["units"] = [int(units.isin(own).sum()) for own in members]
    return rows


def _counts(hotspots: Result, members: list[list[str]]) -> dict[str, list[Any]]:
    """Issues as people are shown them: of an area the sum, where that of each of its districts is shown."""
    zones = of_all(hotspots.shown_tables()["zones"])
    zones = zones[zones["level"] == "district"].set_index("zone")
    found: dict[str, list[Any]] = {"count": [], "per_km2": [], "share_hot": []}
    for own in members:
        rows = zones.reindex(own)
        km2, hot = rows["area_km2"].sum(), rows["share_hot"]
        told = pd.to_numeric(rows["count"], errors="coerce")
        alone = rows["count"].iloc[0] if len(own) == 1 else None
        found["count"].append(told.sum() if told.notna().all() else alone)
        found["per_km2"].append(told.sum() / km2 if told.notna().all() and km2 else np.nan)
        found["share_hot"].append((hot * rows["area_km2"]).sum() / km2 if hot.notna().all() and km2 else np.nan)
    return found


def _in_no_cell(places: pd.DataFrame, results: Mapping[str, Result]) -> int:
    """How many issues of the districts lie in no cell: the page has another number for those that do."""
    total = pd.to_numeric(places["count"], errors="coerce").iloc[0] if "count" in places.columns else np.nan
    if not np.isfinite(total):
        return 0
    return max(int(total) - int(of_all(results["hotspots"].tables()["cells"])["count"].sum()), 0)


def _answered(zones: gpd.GeoDataFrame, cases: gpd.GeoDataFrame) -> dict[str, Any]:
    """The share closed in time, and the department that answers for most, of zones with cases enough to say so."""
    found: dict[str, Any] = {}
    if {"due", "on_time"} <= set(cases.columns):
        due = cases[cases["due"]]
        found["on_time"] = share_of_rows(zones, due, hit=due["on_time"].to_numpy(dtype=bool))["value"].to_numpy()
    if "department" in cases.columns and cases["department"].notna().any():
        named = cases[cases["department"].notna()]
        code, names = pd.factorize(named["department"], sort=True)
        per = standing(zones, named).sums(kinds(code, len(names))).toarray()
        enough = per.sum(axis=1) >= MIN_CASES
        first = np.array(
            [names[k] if ok else None for k, ok in zip(per.argmax(axis=1), enough, strict=True)], dtype=object
        )
        found["main_department"] = first
    return found


def _coverage(coverage: pd.DataFrame, members: list[list[str]]) -> dict[str, list[float]]:
    """Coverage of each place: housing served over housing, added up over its districts."""
    found: dict[str, list[float]] = {}
    for method in ("radius", "walking"):
        own = coverage[coverage["method"] == method].drop_duplicates("zone").set_index("zone")
        if own.empty:
            continue
        sums = [own.reindex(zones)[["served_m2", "residential_m2"]].sum() for zones in members]
        found[method] = [row["served_m2"] / row["residential_m2"] if row["residential_m2"] else np.nan for row in sums]
    return found


def _departments(cases: gpd.GeoDataFrame) -> pd.DataFrame:
    """One row a department: how many issues, which share, how many of them closed in time and sent back."""
    by = cases.assign(department=cases["department"].astype(object)).groupby("department", dropna=False, sort=True)
    table = by.size().rename("issues").reset_index()
    table["share_issues"] = table["issues"] / len(cases)
    for name, over, hit in (("on_time", "due", "on_time"), ("reworked", "judged", "reworked")):
        if not {over, hit} <= set(cases.columns):
            continue
        judged = cases[cases[over]].groupby("department", dropna=False, sort=True)[hit]
        # Who does not say it counts as a no, as in the scores.
        share = (judged.sum() / judged.size()).astype("float64").where(judged.size() >= MIN_CASES)
        table[name] = table["department"].map(share)
    ranked: pd.DataFrame = table.assign(whole="city").sort_values("issues", ascending=False, kind="stable")
    return ranked.reset_index(drop=True)
