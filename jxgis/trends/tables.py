"""The tables of change over time, class by class: cells, places and changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2
from jxgis.given import districts_at
from jxgis.hotspots.counted import number_points, same_point_share
from jxgis.hotspots.names import distinct_names, encode, most_common
from jxgis.hotspots.peaks import label_places
from jxgis.i18n import text_pair
from jxgis.progress import stepped
from jxgis.schema.tables import table as declared
from jxgis.trends.change import batches, change_p, find_change
from jxgis.trends.cube import count_cube, score_cube
from jxgis.trends.emerging import batches_of, judge_cells
from jxgis.trends.patterns import CATEGORIES
from jxgis.trends.slices import slice_of
from jxgis.trends.sources import alone_changed
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from jxgis.hotspots.counted import Counted
    from jxgis.part import Given
    from jxgis.periods import Periods
    from jxgis.settings import TrendSettings
    from jxgis.space.grid import Grid
    from jxgis.trends.slices import Slices

__all__ = ["Cubes", "Judged", "change_places", "change_table", "judge_all", "place_table"]

Ints: TypeAlias = "NDArray[np.int64]"


@dataclass(frozen=True, eq=False)
class Cubes:
    """Cases by slice and cell, of all issues and of each class.

    Attributes
    ----------
    counted
        The issues in the cells.
    slices
        The slices that the data cover.
    """

    counted: Counted
    slices: Slices

    def __iter__(self) -> Iterator[tuple[str, Ints]]:
        at = slice_of(self.counted.inside["time"], self.slices)
        for number, name in enumerate((ALL, *self.counted.classes), -1):
            own = at if name == ALL else np.where(self.counted.code == number, at, -1)
            yield name, count_cube(self.counted.grid, self.counted.x, self.counted.y, own, len(self.slices))


class Judged(NamedTuple):
    """What the cells have been.

    Attributes
    ----------
    cells
        The contract's ``cells``: one row a cell and class.
    states
        (slices, n_cells) of all issues: 1 hot, -1 cold.
    method
        The ways the p of hot and cold were found by, such as ``exact``.
    """

    cells: gpd.GeoDataFrame
    states: Ints
    method: tuple[str, ...]


def judge_all(cubes: Cubes, options: TrendSettings) -> Judged:
    """Say what every cell has been over the slices, of all issues and of each class.

    Parameters
    ----------
    cubes
        Of the slices that the data cover, two or more.
    options
        What shapes it.
    """
    grid, squares = cubes.counted.grid, cubes.counted.grid.cells()
    parts, of_all, methods = [], np.zeros((0, len(grid)), dtype=np.int64), set()
    for name, counts in stepped(list(cubes), text_pair("trends.share")):
        scores = score_cube(
            counts, grid, band_m=options.band_m, compare_with=options.compare_with, window=options.window
        )
        states = scores.states(options.alpha)
        batch = batches_of(counts, grid, band_m=options.band_m) if options.batches == "estimated" else 1.0
        found = judge_cells(
            states,
            scores.around,
            counts,
            cubes.slices.start,
            alpha=options.alpha,
            batch=batch,
            compare_with=options.compare_with,
        )
        parts.append(squares.assign(issue_class=name).join(found))
        methods |= set(scores.method)
        of_all = states if name == ALL else of_all
    cells = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=grid.crs)
    return Judged(cells, of_all, tuple(sorted(methods)))


def place_table(cells: gpd.GeoDataFrame, cubes: Cubes, given: Given) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Join hot cells of one pattern that touch to named places: the contract's ``places``.

    Cold places are not among them: they mostly say that nobody is there. A cell is judged with those around it. A place whose
    own cells hold fewer issues than as many cells of the city do on average is not hot itself: it is counted, and not
    named.

    Parameters
    ----------
    cells
        Of `judge_all`.
    cubes
        What it was made of.
    given
        What names the places.

    Returns
    -------
    places : geopandas.GeoDataFrame
        One row a place: ``rank`` (within the class, by pattern in the order of `patterns.CATEGORIES`, and by issues),
        ``issue_class, name, district, pattern, since`` (the earliest of its cells), ``issues`` (of all slices), ``slope``
        (the middle one of its cells), ``main_source, main_source_share`` (where sources are known), ``same_point_share,
        area_km2``.
    around : dict
        By class, how many places are not named; classes without any are not there.
    """
    counted, within = cubes.counted, slice_of(cubes.counted.inside["time"], cubes.slices) >= 0
    n, rows = len(counted.grid), []
    around: dict[str, int] = {}
    for at, name in enumerate((ALL, *counted.classes)):
        own = cells.iloc[at * n : (at + 1) * n]
        pattern, since, slope = (own[column].to_numpy() for column in ("pattern", "since", "slope"))
        usual = (within if name == ALL else within & (counted.code == at - 1)).sum() / n
        for order, hot in enumerate(f"{category}_hot" for category in CATEGORIES):
            for place in _places(counted, pattern == hot, name, within):
                if place.row["issues"] < usual * len(place.cells):
                    around[name] = around.get(name, 0) + 1
                    continue
                first = pd.Series(since[place.cells]).min()
                said = {"pattern": hot, "since": first, "slope": float(np.median(slope[place.cells]))}
                rows.append(place.row | said | {"order": order})
    table = _named(rows, counted.grid, given, by=["order", "issues"], ascending=[True, False])
    return table[[*declared("trends.places").required, "geometry"]], around


class _Place(NamedTuple):
    """Cells that touch, and what is said of them."""

    cells: NDArray[np.int64]
    row: dict[str, Any]


def _places(counted: Counted, inside: NDArray[np.bool_], name: str, within: NDArray[np.bool_]) -> Iterator[_Place]:
    """The places that cells make, with their issues of a class among those that count."""
    grid = counted.grid
    if not inside.any():
        return
    label = label_places(inside, grid)
    own = within & ((counted.code == counted.classes.index(name)) if name != ALL else True)
    home = grid.index_of(counted.x, counted.y)
    of_issue = np.where(own, label[home], -1)
    n = int(label.max()) + 1
    number = np.bincount(of_issue[of_issue >= 0], minlength=n)
    source = None
    if "source" in counted.inside.columns:
        source = most_common(of_issue, encode(counted.inside["source"]), n)
    told = of_issue >= 0
    same_point = same_point_share(of_issue[told], number_points(counted.x[told], counted.y[told]), n)
    per_cell = np.bincount(home[own], minlength=len(grid))
    squares = grid.cells().geometry.to_numpy()
    for place in range(n):
        cells = np.flatnonzero(label == place)
        yield _Place(
            cells,
            {
                "issue_class": name,
                "issues": int(number[place]),
                "main_source": None if source is None else source["value"].iloc[place],
                "main_source_share": np.nan if source is None else float(source["share"].iloc[place]),
                "same_point_share": float(same_point[place]),
                "area_km2": len(cells) * grid.cell_m**2 / M2_PER_KM2,
                "middle": squares[cells[np.argmax(per_cell[cells])]],
                "geometry": shapely.coverage_union_all(squares[cells]),
            },
        )


def _named(
    rows: list[dict[str, Any]], grid: Grid, given: Given, *, by: list[str], ascending: list[bool]
) -> gpd.GeoDataFrame:
    """Places in their order within each class, with their names."""
    if not rows:
        columns = {*declared("trends.places").required, *declared("trends.changes").required}
        return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=grid.crs)
    table = pd.DataFrame(rows)
    order = table["issue_class"].map({name: at for at, name in enumerate(dict.fromkeys(table["issue_class"]))})
    table = table.assign(of=order).sort_values(["of", *by], ascending=[True, *ascending], ignore_index=True)
    middle = gpd.GeoDataFrame(geometry=table["middle"].to_numpy(), crs=grid.crs)
    of_class = middle.groupby(table["issue_class"], sort=False)
    table["name"] = pd.concat(
        [distinct_names(own, given.ground, lang=given.lang) for _, own in of_class], ignore_index=True
    )
    table["district"] = districts_at(given, middle)
    table["rank"] = table.groupby("issue_class").cumcount() + 1
    return gpd.GeoDataFrame(table, geometry="geometry", crs=grid.crs)


def change_table(counted: Counted, periods: Periods, options: TrendSettings) -> gpd.GeoDataFrame:
    """Where cases changed otherwise than in the whole, between two periods: the contract's ``change``.

    Parameters
    ----------
    counted
        The issues in the cells, of both periods.
    periods
        The two, like with like.
    options
        What shapes it.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a cell and class: ``cell_id, issue_class`` and what `find_change` says.
    """
    grid, squares = counted.grid, counted.grid.cells()
    early, late = periods.within(counted.inside["time"])
    at = np.where(late, 1, np.where(early, 0, -1))
    parts = []
    for number, name in enumerate((ALL, *counted.classes), -1):
        own = at if name == ALL else np.where(counted.code == number, at, -1)
        before, after = count_cube(grid, counted.x, counted.y, own, 2)
        batch = batches(before, after, grid) if options.batches == "estimated" else 1.0
        found = find_change(before, after, grid, band_m=options.band_m, alpha=options.alpha, batch=batch)
        parts.append(squares.assign(issue_class=name).join(found))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=grid.crs)


def change_places(
    change: gpd.GeoDataFrame, counted: Counted, periods: Periods, given: Given
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Join cells that changed alike and touch to named places: the contract's ``changes``.

    A cell is judged with those around it. Of a place whose own cases do not show it (p by themselves above alpha, or the
    other way), what lies around changed: it is counted, and not named.

    Parameters
    ----------
    change
        Of `change_table`.
    counted, periods
        What it was made of.
    given
        What names the places.

    Returns
    -------
    changes : geopandas.GeoDataFrame
        One row a place: ``rank`` (within the class: what rose first, by issues), ``issue_class, name, district, direction``
        (``rose``, ``fell``), ``issues`` (of both periods), ``issues_before, issues_recent, change``, ``course`` (of its hot
        cells' the most common), ``q`` (the least), ``main_source, main_source_share``, ``only_source`` (the one source that
        rose, or fell, there: `trends.sources.alone_changed`), ``same_point_share, area_km2``.
    around : dict
        Class to the number of places that are not named, of those that have any.
    """
    alpha, n = given.settings.trends.alpha, len(counted.grid)
    rows: list[dict[str, Any]] = []
    around: dict[str, int] = {}
    early, late = periods.within(counted.inside["time"])
    home = counted.grid.index_of(counted.x, counted.y)
    inside = counted.inside
    said = encode(inside["source"] if "source" in inside.columns else np.full(len(inside), None, dtype=object))
    for at, name in enumerate((ALL, *counted.classes)):
        own = change.iloc[at * n : (at + 1) * n]
        of_class = (counted.code == counted.classes.index(name)) if name != ALL else np.ones(len(home), dtype=bool)
        cases = [np.bincount(home[of_class & period], minlength=n) for period in (early, late)]
        totals = (int(cases[0].sum()), int(cases[1].sum()))
        q, course, batch = (own[of].to_numpy() for of in ("q", "course", "batch"))
        around_more = own["after"].to_numpy() * totals[0] - own["before"].to_numpy() * totals[1]
        # (cells, sources) in either period: what a place has of each is the sum of its cells'.
        by_source = [
            np.bincount((home * len(said.names) + said.codes)[told], minlength=n * len(said.names)).reshape(n, -1)
            for told in (of_class & period & (said.codes >= 0) for period in (early, late))
        ]
        for order, (direction, sign) in enumerate((("rose", 1), ("fell", -1))):
            moved = (q <= alpha) & (np.sign(around_more) == sign)
            for place in _places(counted, moved, name, early | late):
                hot = pd.Series([code for code in course[place.cells] if code], dtype=object)
                before, recent = (int(period[place.cells].sum()) for period in cases)
                more = recent * totals[0] - before * totals[1]
                most = batch[place.cells].max()
                (p,) = change_p([before], [recent], totals, batch=most)
                if not (p <= alpha and np.sign(more) == sign):
                    around[name] = around.get(name, 0) + 1
                    continue
                was, now = (period[place.cells].sum(axis=0) for period in by_source)
                alone = alone_changed(
                    was,
                    now,
                    (by_source[0].sum(axis=0), by_source[1].sum(axis=0)),
                    rises=sign > 0,
                    alpha=alpha,
                    batch=most,
                )
                rows.append(
                    place.row
                    | {
                        "order": order,
                        "direction": direction,
                        "only_source": None if alone is None else said.names[alone],
                        "issues_before": before,
                        "issues_recent": recent,
                        "change": recent / before - 1 if before else np.nan,
                        "course": next(iter(hot.mode()), None),
                        "q": float(q[place.cells].min()),
                    }
                )
    table = _named(rows, counted.grid, given, by=["order", "issues"], ascending=[True, False])
    return table[[*declared("trends.changes").required, "geometry"]], around
