"""Hot places: contiguous significant cells as ranked, named polygons, and the peaks inside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.hotspots.counted import number_points, same_point_share
from jxgis.hotspots.names import Coded, encode, most_common, name_peaks, number_unnamed, streets_of
from jxgis.hotspots.peaks import find_peaks, label_places, nearest_peak
from jxgis.i18n import listed
from jxgis.settings import HOTSPOTS
from jxgis.space.points import locate
from jxgis.space.ratio import ratio
from jxgis.space.window import disc_sums
from jxgis.statistics.fdr import is_hot
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from jxgis.hotspots.names import Numbers
    from jxgis.periods import Periods
    from jxgis.space.grid import Grid

__all__ = ["HotPlaces", "Naming", "cells_near_hot", "hot_places"]

_ALSO = 5
_LEVELS = ("district", "subdistrict")
_PLACE_COLUMNS = (
    "rank",
    "issue_class",
    "name",
    "name_from",
    "also",
    "street",
    "district",
    "subdistrict",
    "issues",
    "share_issues",
    "share_area",
    "area_km2",
    "concentration",
    "peak_z",
    "peak_cell",
    "main_subclass",
    "main_subclass_share",
    "main_department",
    "same_point_share",
    "issues_before",
    "issues_recent",
    "change",
    "change_city",
    "geometry",
)
_PEAK_COLUMNS = (
    "rank",
    "issue_class",
    "name",
    "name_from",
    "street",
    "district",
    "subdistrict",
    "place_rank",
    "cell_id",
    "gi_z",
    "issues",
    "share_issues",
    "share_area",
    "main_subclass",
    "main_department",
    "issues_before",
    "issues_recent",
    "change",
    "change_city",
    "geometry",
)
_WHOLE = ("rank", "place_rank", "issues")
_REAL = (
    "share_issues",
    "share_area",
    "area_km2",
    "concentration",
    "peak_z",
    "gi_z",
    "main_subclass_share",
    "same_point_share",
    "issues_before",
    "issues_recent",
    "change",
    "change_city",
)


@dataclass(frozen=True)
class Naming:
    """What hot places can be named after; see :func:`jxgis.hotspots.names.name_peaks` for the order.

    Attributes
    ----------
    places
        ``name``, points or polygons in the metric CRS: names that people use.
    streets
        ``name``, lines; or, where it is known already,
    street_of
        (n,) name of the street of each issue, or None.
    labels
        ``name``, points good to a kilometre.
    field
        Column of the issues whose most common value may name a place, such as ``"community"``.
    zones
        ``"district"``, ``"subdistrict"`` to polygons with ``name``: where a peak lies that no case tells it of.
    reach_m, label_reach_m
        How far from the peak a place, or a label, may lie; metres.
    lang
        Of what is said of a peak without a name.
    """

    places: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    street_of: NDArray[np.object_] | None = None
    labels: gpd.GeoDataFrame | None = None
    field: str | None = None
    zones: Mapping[str, gpd.GeoDataFrame] | None = None
    reach_m: float = 500.0
    label_reach_m: float = 1000.0
    lang: str = "zh"


@dataclass(frozen=True)
class HotPlaces:
    """Hot places and the peaks inside them.

    Attributes
    ----------
    places
        One row a hot place and class, ranked by issues within the class: ``rank, issue_class, name, name_from, also``
        (other peaks inside, by z), ``street`` (where most cases are), ``district, subdistrict`` (of most cases; of a place
        without any, where its peak lies), ``issues, share_issues, share_area`` (0–1, of the class and of the cells),
        ``area_km2, concentration``
        (share_issues / share_area), ``peak_z, peak_cell, main_subclass, main_subclass_share, main_department,
        same_point_share`` (of the issues, those at its most common coordinates: where it is large, ask whether they are
        the default of a geocoder), ``issues_before, issues_recent, change`` (recent / before − 1), ``change_city``
        (the same of the class in all cells: a fall that is less than the city's is a rise among the others),
        ``geometry``.
    peaks
        One row a local maximum of z among hot cells, at least a band apart, ranked by z within the class: ``rank,
        issue_class, name, name_from, street, district, subdistrict, place_rank, cell_id, gi_z``; of its catchment, the
        cells within the band that no other peak is nearer to: ``issues, share_issues, share_area, main_subclass,
        main_department, issues_before, issues_recent, change, change_city``; ``geometry`` (point). A city may be one
        large hot place: the peaks say where in it to go.
    """

    places: gpd.GeoDataFrame
    peaks: gpd.GeoDataFrame


def hot_places(
    cells: pd.DataFrame,
    issues: gpd.GeoDataFrame,
    grid: Grid,
    *,
    alpha: float = HOTSPOTS.alpha,
    band_m: float = HOTSPOTS.band_m,
    naming: Naming | None = None,
    numbers: Numbers | None = None,
    history: gpd.GeoDataFrame | None = None,
    periods: Periods | None = None,
) -> HotPlaces:
    """Dissolve significant cells to ranked, named places, for each class of the table.

    Parameters
    ----------
    cells
        ``cell_id, issue_class, count, gi_z, gi_q``: for each class all cells of the grid in its order. Hot are cells
        with gi_z > 0 and gi_q ≤ ``alpha``.
    issues
        What was counted: ``issue_class``, points; where present ``sub_type, department, district, subdistrict`` and the
        field of the naming.
    grid
        The cells.
    alpha
        Level of the false discovery rate.
    band_m
        The band of Gi*: peaks are at least this far apart, metres.
    naming
        What places can be named after; by default the sub-districts and districts of the issues only.
    numbers
        The numbers that peaks without a name have in tables made before, which go on in this one: new ones are added.
    history
        ``time, issue_class``, points: issues to count in the two periods; ``issues`` by default.
    periods
        The periods to compare; without them ``change`` is missing.

    Returns
    -------
    HotPlaces

    Raises
    ------
    InputError
        If the cells are not those of the grid.
    CrsError
        If the issues are not in the grid's CRS.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 3), dtype=bool))
    >>> cells = pd.DataFrame({"cell_id": grid.ids(), "issue_class": "all", "count": [0, 1, 9],
    ...                       "gi_z": [-1.0, 0.5, 4.0], "gi_q": [0.3, 0.6, 0.001]})
    >>> issues = gpd.GeoDataFrame({"issue_class": ["街面秩序"] * 10}, crs=4549,
    ...                           geometry=gpd.points_from_xy([150] + [250] * 9, [50] * 10))
    >>> hot_places(cells, issues, grid).places[["rank", "name", "issues", "share_issues", "share_area"]]
       rank   name  issues  share_issues  share_area
    0     1  未命名 1       9           0.9    0.333333
    """
    require_metric(issues, "issues", like=grid.crs)
    naming, numbers = naming or Naming(), {} if numbers is None else numbers
    near_hot = cells_near_hot(cells, grid, alpha=alpha, band_m=band_m)
    located = _Located.of(issues, grid, naming, near_hot)
    past = located if history is None else _Located.of(history, grid, None, near_hot)
    places, peaks = [], []
    for issue_class, of_class in cells.groupby("issue_class", sort=False):
        if not np.array_equal(of_class["cell_id"].to_numpy(dtype=str), grid.ids()):
            raise InputError(
                zh=f"类别 {issue_class} 的格与网格不一致；cells 须含网格的全部格，且次序相同。",
                en=f"the cells of class {issue_class} are not those of the grid; cells must hold all, in its order.",
            )
        own, own_past = located.of_class(str(issue_class)), past.of_class(str(issue_class))
        made = _of_class(str(issue_class), of_class, grid, own, own_past, periods, alpha, band_m, naming, numbers)
        places.append(made.places)
        peaks.append(made.peaks)
    return HotPlaces(_stack(places, _PLACE_COLUMNS, grid), _stack(peaks, _PEAK_COLUMNS, grid))


def cells_near_hot(cells: pd.DataFrame, grid: Grid, *, alpha: float, band_m: float) -> NDArray[np.bool_]:
    """Say which cells lie within a band of a cell that is hot in any class.

    Parameters
    ----------
    cells
        ``cell_id, gi_z, gi_q``.
    grid
        The cells.
    alpha, band_m
        As in :func:`hot_places`.

    Returns
    -------
    numpy.ndarray
        (n_cells,) bool.
    """
    hot = cells.loc[is_hot(cells["gi_z"], cells["gi_q"], alpha), "cell_id"]
    return disc_sums(np.isin(grid.ids(), hot.to_numpy(dtype=str)).astype(np.int64), grid, band_m=band_m) > 0


@dataclass(frozen=True)
class _Located:
    """Issues inside the grid: their cell, the number of their point (equal for equal points), class, time and texts."""

    cell: NDArray[np.int64]
    point: NDArray[np.int64]
    class_number: NDArray[np.int64]
    number_of: dict[str, int]
    time: NDArray[np.datetime64] | None
    texts: dict[str, Coded]

    @classmethod
    def of(cls, issues: gpd.GeoDataFrame, grid: Grid, naming: Naming | None, near_hot: NDArray[np.bool_]) -> _Located:
        cell = grid.index_of(issues.geometry.x, issues.geometry.y)
        inside = issues[cell >= 0]
        texts = {}
        if naming is not None:
            for column in ("sub_type", "department", "district", "subdistrict", naming.field):
                if column is not None and column in inside.columns:
                    texts[column] = encode(inside[column])
            if naming.street_of is not None:
                texts["street"] = encode(naming.street_of[cell >= 0])
            elif naming.streets is not None:
                # Finding the street takes longest by far, and only what is near something hot is asked.
                asked = near_hot[cell[cell >= 0]]
                street = np.full(len(inside), None, dtype=object)
                street[asked] = streets_of(inside[asked], naming.streets)
                texts["street"] = encode(street)
        time = inside["time"].to_numpy(dtype="datetime64[ns]") if "time" in inside.columns else None
        point = number_points(inside.geometry.x.to_numpy(), inside.geometry.y.to_numpy())
        number, classes = pd.factorize(inside["issue_class"])
        return cls(cell[cell >= 0], point, number, {name: at for at, name in enumerate(classes)}, time, texts)

    def of_class(self, issue_class: str) -> _Located:
        """Those of one class, or of all."""
        if issue_class == ALL:
            return self
        own = np.flatnonzero(self.class_number == self.number_of.get(issue_class, len(self.number_of)))
        return replace(
            self,
            cell=self.cell[own],
            point=self.point[own],
            class_number=self.class_number[own],
            time=None if self.time is None else self.time[own],
            texts={column: Coded(coded.names, coded.codes[own]) for column, coded in self.texts.items()},
        )

    def main(self, column: str | None, label: NDArray[np.int64], n: int) -> pd.DataFrame:
        """Most common text of the issues in each group of cells; missing where the issues lack the column."""
        if column is None or column not in self.texts:
            return most_common(np.empty(0, dtype=np.int64), encode(np.empty(0, dtype=object)), n)
        return most_common(label[self.cell], self.texts[column], n)


def _of_class(
    issue_class: str,
    of_class: pd.DataFrame,
    grid: Grid,
    issues: _Located,
    past: _Located,
    periods: Periods | None,
    alpha: float,
    band_m: float,
    naming: Naming,
    numbers: Numbers,
) -> HotPlaces:
    z = of_class["gi_z"].to_numpy(dtype=np.float64)
    count = of_class["count"].to_numpy()
    hot = is_hot(z, of_class["gi_q"], alpha)
    label = label_places(hot, grid)
    n = int(label.max(initial=-1)) + 1

    peaks = _peak_table(issue_class, z, hot, label, grid, issues, band_m, naming, numbers)
    catchment = nearest_peak(peaks["geometry"].to_numpy(dtype=object), grid, band_m)
    peaks = peaks.assign(**_measures(catchment, count, grid, issues, past, periods, len(peaks)))
    own = peaks.drop_duplicates("place").set_index("place").sort_index()
    measures = _measures(label, count, grid, issues, past, periods, n)
    table = pd.DataFrame(
        {
            "issue_class": issue_class,
            "name": own["name"].to_numpy(),
            "name_from": own["name_from"].to_numpy(),
            "also": _also(peaks, own["name"].to_numpy(dtype=object)),
            "street": issues.main("street", label, n)["value"],
            **{level: _else(issues.main(level, label, n)["value"], own[level]) for level in _LEVELS},
            **measures,
            "area_km2": measures["share_area"] * len(grid) * grid.cell_m**2 / M2_PER_KM2,
            "concentration": measures["share_issues"] / measures["share_area"],
            "peak_z": own["gi_z"].to_numpy(),
            "peak_cell": own["cell_id"].to_numpy(),
            "same_point_share": same_point_share(label[issues.cell], issues.point, n),
            "geometry": _outlines(label, grid, n),
        }
    )
    table = table.sort_values(["issues", "peak_z", "peak_cell"], ascending=[False, False, True], kind="stable")
    rank_of = pd.Series(np.arange(1, n + 1), index=table.index)
    table.insert(0, "rank", rank_of)
    table["name"] = _tell_apart(table)
    peaks.insert(0, "rank", np.arange(1, len(peaks) + 1))
    peaks["place_rank"] = peaks["place"].map(rank_of).astype(np.int64)
    peaks["name"] = _tell_apart(peaks)
    return HotPlaces(table, peaks)


def _peak_table(
    issue_class: str,
    z: NDArray[np.float64],
    hot: NDArray[np.bool_],
    label: NDArray[np.int64],
    grid: Grid,
    issues: _Located,
    band_m: float,
    naming: Naming,
    numbers: Numbers,
) -> pd.DataFrame:
    cell = find_peaks(z, hot, grid, band_m=band_m)
    x, y = (values[cell] for values in grid.centres())
    # Names come from the cases within half a band: the street at the peak, not the avenue a block away.
    points = gpd.points_from_xy(x, y).to_numpy()
    near = nearest_peak(points, grid, max(band_m / 2, grid.cell_m / 2))
    main = {
        column: issues.main(column, near, cell.size)["value"].to_numpy(dtype=object) for column in ("street", *_LEVELS)
    }
    for level, zones in (naming.zones or {}).items():
        zone = locate(gpd.GeoSeries(points, crs=grid.crs), zones)
        lies_in = pd.Series([*zones["name"], None], dtype=object).to_numpy()[zone]
        main[level] = _else(main[level], lies_in)
    named = name_peaks(
        x,
        y,
        places=naming.places,
        labels=naming.labels,
        reach_m=naming.reach_m,
        label_reach_m=naming.label_reach_m,
        streets=main["street"],
        field=issues.main(naming.field, near, cell.size)["value"].to_numpy(dtype=object),
        subdistricts=main["subdistrict"],
        districts=main["district"],
    )
    return pd.DataFrame(
        {
            "issue_class": issue_class,
            "name": number_unnamed(named, grid.ids()[cell], numbers, naming.lang),
            "name_from": named["name_from"],
            **main,
            "place": label[cell],
            "cell_id": grid.ids()[cell],
            "gi_z": z[cell],
            "geometry": points,
        }
    )


def _else(values: Any, others: Any) -> NDArray[np.object_]:
    """Values, and others in place of the missing ones."""
    known, instead = np.asarray(values, dtype=object), np.asarray(others, dtype=object)
    return np.where(pd.isna(known), instead, known)


def _measures(
    label: NDArray[np.int64],
    count: NDArray[np.int64],
    grid: Grid,
    issues: _Located,
    past: _Located,
    periods: Periods | None,
    n: int,
) -> dict[str, Any]:
    """What a planner asks of each group of cells: how much, of what, whose, and is it growing."""
    subclass = issues.main("sub_type", label, n)
    inside = label >= 0
    number = np.bincount(label[inside], weights=count[inside], minlength=n)
    before, recent = _in_periods(label, past, periods, n)
    city_before, city_recent = _in_periods(np.zeros_like(label), past, periods, 1)
    return {
        "issues": number.astype(count.dtype),
        "share_issues": ratio(number, count.sum()),
        "share_area": np.bincount(label[inside], minlength=n) / len(grid),
        "main_subclass": subclass["value"].to_numpy(dtype=object),
        "main_subclass_share": subclass["share"].to_numpy(),
        "main_department": issues.main("department", label, n)["value"].to_numpy(dtype=object),
        "issues_before": before,
        "issues_recent": recent,
        "change": _change(before, recent),
        "change_city": np.repeat(_change(city_before, city_recent), n),
    }


def _change(before: NDArray[np.float64], recent: NDArray[np.float64]) -> NDArray[np.float64]:
    """Recent over before, less 1; NaN where there were none before."""
    return ratio(recent, before) - 1


def _in_periods(
    label: NDArray[np.int64], past: _Located, periods: Periods | None, n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Issues of each place in the earlier and in the later period; NaN without periods."""
    if periods is None or past.time is None:
        return np.full(n, np.nan), np.full(n, np.nan)
    place = label[past.cell]
    before, recent = (
        np.bincount(place[within & (place >= 0)], minlength=n).astype(np.float64)
        for within in periods.within(past.time)
    )
    return before, recent


def _also(peaks: pd.DataFrame, own_names: NDArray[np.object_]) -> list[str | None]:
    """Names of the other peaks of each place, by falling z, each once."""
    also: list[str | None] = []
    by_place = peaks.groupby("place")["name"].agg(list)
    for place, own in enumerate(own_names):
        others = [name for name in dict.fromkeys(by_place[place]) if name != own]
        also.append(listed(others[:_ALSO], "zh") or None)
    return also


def _tell_apart(table: pd.DataFrame) -> list[str]:
    """Names that are unique within the class: the second of a name gets its street, or a number."""
    taken: set[str] = set()
    names = []
    for name, street in zip(table["name"], table["street"], strict=True):
        own = [name, f"{name}·{street}"] if street is not None and street != name else [name]
        unique = next(each for each in chain(own, (f"{name} ({n})" for n in count(2))) if each not in taken)
        taken.add(unique)
        names.append(unique)
    return names


def _outlines(label: NDArray[np.int64], grid: Grid, n: int) -> list[shapely.Geometry]:
    """The union of each place's cells, in a fixed order of vertices."""
    cell = np.flatnonzero(label >= 0)
    cell = cell[np.argsort(label[cell], kind="stable")]
    col, row = grid.cols[cell] + grid.col0, grid.rows[cell] + grid.row0
    size = grid.cell_m
    squares = shapely.box(col * size, row * size, (col + 1) * size, (row + 1) * size)
    parts = np.split(squares, np.cumsum(np.bincount(label[cell], minlength=n))[:-1]) if n else []
    return [shapely.normalize(shapely.coverage_union_all(part)) for part in parts]


def _stack(tables: list[pd.DataFrame], columns: tuple[str, ...], grid: Grid) -> gpd.GeoDataFrame:
    """The classes' tables one below the other; without any row the columns keep their types."""
    filled = [table for table in tables if len(table)]
    joined = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns), dtype=object)
    if not filled:
        kinds = {**dict.fromkeys(_WHOLE, np.int64), **dict.fromkeys(_REAL, np.float64)}
        joined = joined.astype({column: kind for column, kind in kinds.items() if column in columns})
    return gpd.GeoDataFrame(joined[list(columns)], geometry="geometry", crs=grid.crs)
