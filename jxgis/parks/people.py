"""People: from a raster, from points or from housing, and how many of them parks serve."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from jxgis._files import NOT_A_RASTER, open_raster, reading, require_sane_raster
from jxgis.bounds import at_most
from jxgis.crs import require_metric
from jxgis.errors import CrsError, InputError
from jxgis.i18n import counted
from jxgis.parks._tally import points_by_zone, zones_and_whole
from jxgis.parks.housing import cut_by_zone, sample_points, split_at_borders, zones_overlap
from jxgis.parks.radius import served_points, service_area
from jxgis.parks.walking import WalkingCoverage
from jxgis.parse import MOST_NUMBER
from jxgis.settings import PARKS
from jxgis.space.network import StreetGraph, snap
from jxgis.space.polygons import polygons_of
from jxgis.space.ratio import ratio
from jxgis.zones import ALL, zone_names

__all__ = [
    "people_of_housing",
    "people_served",
    "people_served_raster",
    "people_walking",
    "people_within_raster",
    "raster_people",
    "raster_points",
    "to_raster_crs",
]

_DENSIFY_M = 200.0


def people_of_housing(
    housing: gpd.GeoDataFrame, *, zones: gpd.GeoDataFrame | None = None, sample_m: float = PARKS.sample_m
) -> gpd.GeoDataFrame:
    """Spread the people of housing polygons over sample points.

    Parameters
    ----------
    housing
        Polygons with ``people``, in a metric CRS.
    zones
        Polygons by which the points will be counted: each zone's points then hold the people that the housing has in
        it by area, as the coverage counts them, wherever its border runs.
    sample_m
        Spacing of the points, in metres; each polygon has one at least.

    Returns
    -------
    geopandas.GeoDataFrame
        Points with ``people``; their sum is the housing's.

    Raises
    ------
    CrsError
        If the layer is not in metres.
    InputError
        If there is no column ``people``, or a row has none or a negative number.

    Examples
    --------
    >>> homes = gpd.GeoDataFrame({"people": [80.0]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> people_of_housing(homes, sample_m=50)["people"].tolist()
    [20.0, 20.0, 20.0, 20.0]
    """
    crs = require_metric(housing, "residential")
    if "people" not in housing.columns or housing["people"].isna().any():
        missing = len(housing) if "people" not in housing.columns else int(housing["people"].isna().sum())
        raise InputError(
            zh=f"居住用地有 {missing} 行没有人口（people 列）；请补上人口，或提供人口栅格或人口点。",
            en=f"{counted(missing, 'row of the residential layer has', 'rows of the residential layer have')} no people; fill in the column people, or give a raster "
            "or points of people.",
        )
    around = gpd.GeoDataFrame(geometry=[shapely.box(*housing.total_bounds).buffer(1)], crs=crs)
    pieces = cut_by_zone(housing, around)
    if zones is not None:
        pieces = split_at_borders(pieces, zones)
    points = sample_points(pieces, sample_m=sample_m, on_edge=zones is None)
    density = np.zeros(len(pieces.area_m2)) if pieces.people is None else pieces.people / pieces.area_m2
    return gpd.GeoDataFrame(
        {"people": points.area_m2 * density[points.piece]}, geometry=shapely.points(points.x, points.y), crs=crs
    )


def people_served(parks: gpd.GeoDataFrame, people: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Count the people within the radius of a park, by zone.

    Parameters
    ----------
    parks
        From `radius.classify_parks`.
    people
        Points with ``people``.
    zones
        Polygons with ``name``; a point on a common border counts in the first of them.

    Returns
    -------
    pandas.DataFrame
        ``zone`` (``all`` last), ``people, served_people, people_coverage`` (0–1, NaN where nobody lives) and
        ``reason``.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.

    Examples
    --------
    >>> park = gpd.GeoDataFrame({"radius_m": [300.0]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame({"people": [3.0, 1.0]}, geometry=gpd.points_from_xy([350, 900], [50, 50]), crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 1000, 1000)], crs=4549)
    >>> people_served(park, homes, zone)["people_coverage"].tolist()
    [0.75, 0.75]
    """
    crs = require_metric(parks, "parks")
    require_metric(people, "people", crs)
    require_metric(zones, "zones", crs)
    return _count(people, zones, served_points(parks, people.geometry.to_numpy()))


def people_walking(
    walking: WalkingCoverage,
    graph: StreetGraph,
    people: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    barriers: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Count the people who have a park within the minutes of a walking coverage, by zone.

    Parameters
    ----------
    walking, graph
        From `walking.walking_coverage`, and the streets that it was measured on.
    people, zones
        As for `people_served`.
    barriers
        What the way from a point to its street must not cross.

    Returns
    -------
    pandas.DataFrame
        As of `people_served`.
    """
    crs = require_metric(zones, "zones")
    require_metric(people, "people", crs)
    point = people.geometry.to_numpy()
    snapped = snap(
        graph, shapely.get_x(point), shapely.get_y(point), max_snap_m=walking.options.max_snap_m, barriers=barriers
    )
    return _count(people, zones, at_most(walking.walk.to(snapped), walking.limit_m))


def _refuse_below_zero(people: pd.Series, what: str) -> None:
    """Refuse negative numbers of people, with the first row that holds one: in a sum they would hide others."""
    below = people < 0
    if below.any():
        row, value = people.index[below][0], people[below].iloc[0]
        raise InputError(
            zh=f"{what} 的第 {row} 行有 {value:g} 人，人数不能小于 0；请改正，或把无数据的代号清空。",
            en=f"{what}: row {row} holds {value:g} people, and nobody can be fewer than none; mend it, or empty it where "
            "it is a code for no data.",
        )


def _count(people: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, served: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """People and served people by zone; zones may overlap: each asks for its own, and all of them for their union."""
    _refuse_below_zero(people["people"], "people")
    count = people["people"].to_numpy(dtype=np.float64)
    n = len(zones)
    row, zone = points_by_zone(people, zones)
    total = np.bincount(zone, weights=count[row], minlength=n + 1).astype(np.float64)
    within = np.bincount(zone, weights=(count * served)[row], minlength=n + 1).astype(np.float64)
    return _served_table(zones, total, within)


def _served_table(
    zones: gpd.GeoDataFrame, total: npt.NDArray[np.float64], served: npt.NDArray[np.float64]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "zone": [*zone_names(zones), ALL],
            "people": total,
            "served_people": np.minimum(served, total),
            "people_coverage": ratio(np.minimum(served, total), total),
            "reason": [None if count > 0 else "no_people" for count in total],
        }
    )


def to_raster_crs(polygons: gpd.GeoDataFrame, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Bring polygons into a raster's CRS: they bend, its cells stay whole, and so the people in them.

    Parameters
    ----------
    polygons
        In a metric CRS; long edges get vertices first, so that they keep their course.
    crs
        The raster's.

    Returns
    -------
    geopandas.GeoDataFrame

    Examples
    --------
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(566000, 3402000, 567000, 3403000)], crs=4549)
    >>> to_raster_crs(zone, pyproj.CRS(4326)).total_bounds.round(2).tolist()
    [120.69, 30.74, 120.7, 30.75]
    """
    require_metric(polygons, "zones")
    dense = shapely.segmentize(polygons.geometry.to_numpy(), _DENSIFY_M)
    return _moved(polygons.set_geometry(gpd.GeoSeries(dense, index=polygons.index, crs=polygons.crs)), crs)


def _moved(table: gpd.GeoDataFrame, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """A table in another CRS; from and to a system with parameters by way of WGS-84, to which these lead."""
    if crs.is_bound or (table.crs is not None and table.crs.is_bound):
        table = table.to_crs(4326)
    moved: gpd.GeoDataFrame = table.to_crs(crs)
    return moved


def raster_people(path: str | Path, polygons: gpd.GeoDataFrame, *, crs: pyproj.CRS | None = None) -> pd.DataFrame:
    """Sum a raster of people per cell over polygons, cells shared out by the part of them that lies inside.

    Parameters
    ----------
    path
        The raster.
    polygons
        In the raster's CRS: see `to_raster_crs`.
    crs
        The raster's CRS where its file declares none, or a wrong one.

    Returns
    -------
    pandas.DataFrame
        On the polygons' index: ``people``, and ``no_data_share`` of the polygon's area on which the raster holds no
        number, outside it included: who lives there is not known and not counted.

    Raises
    ------
    CrsError
        If the polygons are not in the raster's CRS.
    InputError
        If the raster cannot be read, its rows do not run west to east and north to south, or it holds negative or infinite numbers.

    Notes
    -----
    exactextract (Baston 2018): exact coverage fractions of cells.
    """
    shape = polygons_of(polygons.geometry.to_numpy())
    live = np.flatnonzero(shapely.area(shape) > 0)
    people, covered = np.zeros(len(shape)), np.zeros(len(shape))
    found, size = _extract(path, shape[live], polygons.crs, crs, ("sum", "count", "min", "max"))
    _refuse_impossible_cells(found[["min", "max"]].to_numpy(dtype=np.float64), path)
    people[live] = found["sum"].fillna(0).to_numpy(dtype=np.float64)
    covered[live] = found["count"].fillna(0).to_numpy(dtype=np.float64) * size[0] * size[1]
    lost = 1 - ratio(covered, shapely.area(shape))
    return pd.DataFrame({"people": people, "no_data_share": np.clip(lost, 0, 1)}, index=polygons.index)


def _extract(
    path: str | Path,
    shape: npt.NDArray[np.object_],
    shape_crs: pyproj.CRS | None,
    declared: pyproj.CRS | None,
    what: tuple[str, ...],
) -> tuple[pd.DataFrame, tuple[float, float]]:
    """Statistics of polygons by exactextract, one row each, and a cell's width and height in the raster's units."""
    from exactextract import exact_extract
    from exactextract.raster import RasterioRasterSource

    name = Path(path).name
    with reading(name, NOT_A_RASTER), open_raster(Path(path)) as raster:
        in_file = None if raster.crs is None else pyproj.CRS.from_wkt(raster.crs.to_wkt())
        own = declared or in_file
        if own is None or shape_crs is None or not own.equals(shape_crs, ignore_axis_order=True):
            told = "无" if own is None else own.name
            raise CrsError(
                zh=f"人口栅格的坐标系是 {told}，面图层是 {shape_crs}；请先用 to_raster_crs() 把面转换过去。",
                en=f"The raster of people is in {None if own is None else own.name}, the polygons in {shape_crs}; "
                "bring the polygons over with to_raster_crs().",
            )
        require_sane_raster(raster, 1, what=name)
        step = raster.transform
        if step.b or step.d or step.a <= 0 or step.e >= 0:
            raise InputError(
                zh=f"{name} 的像元行列不是自西向东、自北向南（旋转或上下颠倒的栅格）；请用 gdalwarp 转为正北朝上再用。",
                en=f"The cells of {name} do not run west to east and north to south (a turned or flipped raster); "
                "make it north-up with gdalwarp first.",
            )
        size = (step.a, -step.e)
        if not len(shape):
            return pd.DataFrame({key: pd.Series(dtype="float64") for key in what}), size
        # exactextract compares what both files say; what the user declares stands above that.
        polygons = gpd.GeoDataFrame(geometry=shape, crs=in_file or own)
        found: pd.DataFrame = exact_extract(
            RasterioRasterSource(raster, name="people"), polygons, list(what), output="pandas"
        )
        return found, size


def _refuse_impossible_cells(values: npt.NDArray[np.float64], path: str | Path) -> None:
    wrong = values[(values < 0) | (values > MOST_NUMBER)]
    if wrong.size:
        name = Path(path).name
        raise InputError(
            zh=f"{name} 中有负的或大得不可能的人口数（{wrong[0]:g}），可能是未声明的无数据值；请在文件中把它设为 nodata。",
            en=f"{name} holds negative or impossibly large numbers of people ({wrong[0]:g}), perhaps an undeclared no-data value; "
            "declare it as nodata in the file.",
        )


def raster_points(path: str | Path, zones: gpd.GeoDataFrame, *, raster_crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Turn a raster of people into points, each inside its zone, so that zones keep their people.

    Parameters
    ----------
    path
        The raster.
    zones
        Polygons in a metric CRS. A cell that a border cuts becomes a point on either side, each with its part.
    raster_crs
        The raster's CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        Points with ``people``, in the CRS of ``zones``: the cells' centres, or a point of the part that lies in the
        zone. Where zones overlap, points are made of their union, and borders between them may round by a cell.

    Raises
    ------
    CrsError, InputError
        As of `raster_people`.
    """
    crs = require_metric(zones, "zones")
    ground = polygons_of(zones.geometry.to_numpy())
    if zones_overlap(zones):
        ground = polygons_of(np.array([shapely.union_all(ground)], dtype=object))
    moved = to_raster_crs(gpd.GeoDataFrame(geometry=ground, crs=crs), raster_crs)
    shape = polygons_of(moved.geometry.to_numpy())
    columns = ("values", "coverage", "center_x", "center_y")
    found, size = _extract(path, shape, raster_crs, raster_crs, columns)
    of = np.repeat(np.arange(len(shape)), [len(cells) for cells in found["values"]])
    value, part, x, y = (
        np.concatenate([np.zeros(0), *(np.ma.filled(cells.astype(np.float64), np.nan) for cells in found[column])])
        for column in columns
    )
    _refuse_impossible_cells(value, path)
    keep = np.flatnonzero((value > 0) & (part > 0))
    of, people, part, x, y = of[keep], (value * part)[keep], part[keep], x[keep], y[keep]
    spot = np.asarray(shapely.points(x, y), dtype=object)
    cut = np.flatnonzero(part < 1)
    if len(cut):
        half_x, half_y = size[0] / 2, size[1] / 2
        cell = shapely.box(x[cut] - half_x, y[cut] - half_y, x[cut] + half_x, y[cut] + half_y)
        inside = polygons_of(shapely.intersection(cell, shape[of[cut]]))
        # A part too thin to have an inside keeps the centre.
        held = shapely.area(inside) > 0
        spot[cut[held]] = shapely.point_on_surface(inside[held])
    points = gpd.GeoDataFrame({"people": people}, geometry=spot, crs=raster_crs)
    return _moved(points, crs)


def people_within_raster(
    reach: shapely.Geometry, path: str | Path, zones: gpd.GeoDataFrame, *, raster_crs: pyproj.CRS
) -> pd.DataFrame:
    """Count the people of a raster within an area, by zone.

    Parameters
    ----------
    reach
        The area, in the CRS of ``zones``: `radius.service_area`, or an isochrone.
    path
        The raster.
    zones
        Polygons with ``name``, in a metric CRS.
    raster_crs
        The raster's CRS: zones and area are brought over to it, the raster is not resampled.

    Returns
    -------
    pandas.DataFrame
        As of `people_served`, and ``no_data_share`` of the zone. Where the raster says nothing of a zone at all,
        its people are NaN and its reason is ``raster_gap``.

    Raises
    ------
    CrsError
        If the zones are not in metres, or the raster in another CRS than told.
    """
    crs = require_metric(zones, "zones")
    shapes = zones_and_whole(zones)
    both = gpd.GeoDataFrame(geometry=np.concatenate([shapes, shapely.intersection(shapes, reach)]), crs=crs)
    found = raster_people(path, to_raster_crs(both, raster_crs), crs=raster_crs)
    n = len(shapes)
    table = _served_table(zones, found["people"].to_numpy()[:n], found["people"].to_numpy()[n:])
    lost = found["no_data_share"].to_numpy()[:n]
    table["no_data_share"] = lost
    unknown = lost >= 1 - 1e-9
    table.loc[unknown, "reason"] = "raster_gap"
    table.loc[unknown, ["people", "served_people"]] = np.nan
    return table


def people_served_raster(
    parks: gpd.GeoDataFrame, path: str | Path, zones: gpd.GeoDataFrame, *, raster_crs: pyproj.CRS
) -> pd.DataFrame:
    """Count the people of a raster within the radius of a park, by zone.

    Parameters
    ----------
    parks, zones
        As for `people_served`.
    path, raster_crs
        As for `people_within_raster`.

    Returns
    -------
    pandas.DataFrame
        As of `people_within_raster`.

    Raises
    ------
    CrsError
        If a layer is not in metres, or the raster in another CRS than told.
    """
    require_metric(zones, "zones", require_metric(parks, "parks"))
    return people_within_raster(service_area(parks), path, zones, raster_crs=raster_crs)
