"""The round trip: units that a planner edited by hand, checked defect by defect, and snapped where edges nearly meet."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from jxgis.bounds import at_least, at_most
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError, collect
from jxgis.settings import UNITS
from jxgis.space.districts import SCRAP_M2, check_districts, check_polygons, without_scraps
from jxgis.space.overlay import holds_most
from jxgis.space.polygons import Faces, as_one, polygon_parts
from jxgis.space.shape import polsby_popper, width_m
from jxgis.space.tiling import tile
from jxgis.units.quality import within_bounds
from jxgis.units.shape import shapes_by_district

__all__ = ["Verification", "repair_units", "verify_units"]


@dataclass(frozen=True, eq=False)
class Verification:
    """What was found.

    Attributes
    ----------
    units
        One row a unit, on the index given: ``unit_id``, ``district`` (the one that holds most of it; null for none),
        ``area_km2``, ``compactness``, ``in_bounds``, ``nearly``, ``parts``, ``necks`` and ``encloses``
        (as `units.quality.unit_quality`), ``defects`` (how many name it).
    defects
        One row a defect, worst kind first, then the largest: ``reason`` (a code), ``unit_id`` (the units concerned,
        joined by ``;``), ``district``, ``m2`` and ``width_m`` of the ground that is wrong, ``x``, ``y`` of a point in
        it, ``repairable`` (:func:`repair_units` snaps it), polygon.
    """

    units: gpd.GeoDataFrame
    defects: gpd.GeoDataFrame

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not len(self.defects)

    def __repr__(self) -> str:
        """Number of units, and of defects of each kind."""
        kinds = ", ".join(
            f"{number} {kind}" for kind, number in self.defects["reason"].value_counts(sort=False).items()
        )
        return f"Verification({len(self.units)} units: {kinds or 'no defects'})"


# What a unit's edge may stray from that of a scrap of its district.
EDGE_M = 0.01

_KINDS = (
    "invalid_geometry",
    "duplicate_id",
    "wrong_district",
    "overlap",
    "gap",
    "across_border",
    "outside",
    "not_contiguous",
    "neck",
    "enclave",
    "unit_above_max",
    "unit_below_min",
)


def verify_units(
    units: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    min_km2: float = UNITS.min_km2,
    max_km2: float = UNITS.max_km2,
    narrow_m: float = UNITS.narrow_m,
    tolerance_m: float = 1.0,
) -> Verification:
    """Check units against the districts: bounds, contiguity, nesting, coverage.

    Parameters
    ----------
    units
        Polygons with ``unit_id``, and ``district`` or not, in a metric CRS.
    districts
        Polygons with ``name`` in the same CRS; all of their ground must be in a unit.
    min_km2, max_km2
        Bounds of a unit's area, both included.
    narrow_m
        The width below which a place is narrow (``necks``).
    tolerance_m
        Misfits up to this width can be repaired by snapping; a unit held together by less is not contiguous.

    Returns
    -------
    Verification
        Codes of defects: ``invalid_geometry`` (rings cross; measured as repaired), ``duplicate_id`` (of this and
        another row, as splitting in QGIS leaves it), ``wrong_district`` (the column names another than the ground),
        ``overlap`` (ground in several units), ``gap`` (in none), ``across_border`` (in a unit of another district),
        ``outside`` (of all districts), ``not_contiguous`` (a part apart from the largest, scraps of the
        district aside), ``neck`` (a part that
        hangs on by less than ``tolerance_m``), ``enclave`` (inside a hole of another unit), ``unit_above_max``,
        ``unit_below_min``.

    Raises
    ------
    InputError
        If a unit has no id or is not a polygon, the districts cannot be used, or the bounds contradict each other.
    CrsError
        If a CRS is not metric, or they differ.

    Examples
    --------
    >>> district = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 3000, 2000)], crs=4549)
    >>> halves = [shapely.box(0, 0, 1500, 2000), shapely.box(1500.5, 0, 3000, 2000)]
    >>> units = gpd.GeoDataFrame({"unit_id": ["老城-01", "老城-02"]}, geometry=halves, crs=4549)
    >>> found = verify_units(units, district)
    >>> found
    Verification(2 units: 1 gap)
    >>> found.defects[["unit_id", "m2", "width_m", "repairable"]].round(2).values.tolist()
    [['老城-01;老城-02', 1000.0, 0.5, True]]
    >>> verify_units(repair_units(units, district), district)
    Verification(2 units: no defects)
    """
    if not 0 < min_km2 <= max_km2:
        raise InputError(
            zh=f"单元面积下限 {min_km2:g} km² 必须大于 0 且不大于上限 {max_km2:g} km²。",
            en=f"The minimum area of a unit, {min_km2:g} km², must be above 0 and not above the maximum, {max_km2:g} km².",
        )
    shapes = _shapes(units, districts, tolerance_m)
    ground, names = districts.geometry.to_numpy(), districts["name"].to_numpy()
    home = holds_most(shapes, ground)[0]
    ids = units["unit_id"].astype("str").to_numpy()
    defects = _Defects(ids, names)
    _record_checks(units, shapes, home, names, defects)
    for misfit in tile(shapes, home, ground, tolerance_m=tolerance_m).misfits:
        defects.add(misfit.kind, misfit.rows, misfit.district, misfit.shape, repairable=misfit.snapped)
    parts = _contiguity_checks(shapes, home, _scraps(ground), tolerance_m, defects)
    area_km2 = shapely.area(shapes) / M2_PER_KM2
    for row in np.flatnonzero(~at_most(area_km2, max_km2)).tolist():
        defects.add("unit_above_max", (row,), int(home[row]), shapes[row], repairable=False)
    for row in np.flatnonzero(~at_least(area_km2, min_km2)).tolist():
        defects.add("unit_below_min", (row,), int(home[row]), shapes[row], repairable=False)
    necks, encloses = shapes_by_district(shapes, home.astype(object), narrow_m)
    in_bounds, nearly = within_bounds(area_km2, min_km2, max_km2)
    table = gpd.GeoDataFrame(
        {
            "unit_id": ids,
            "district": pd.Series([names[row] if row >= 0 else None for row in home], index=units.index, dtype="str"),
            "area_km2": np.round(area_km2, 6),
            "compactness": polsby_popper(without_scraps(shapes)),
            "in_bounds": in_bounds,
            "nearly": nearly,
            "parts": parts,
            "necks": necks,
            "encloses": encloses,
            "defects": defects.per_unit(),
        },
        geometry=shapes,
        index=units.index,
        crs=units.crs,
    )
    return Verification(table, defects.table(units.crs))


def repair_units(units: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, *, tolerance_m: float = 1.0) -> gpd.GeoDataFrame:
    """Snap slivers: thin gaps, overlaps and edges beside a border go to the unit with the longest common edge.

    Parameters
    ----------
    units, districts
        As for :func:`verify_units`.
    tolerance_m
        Widest misfit that is drawing noise. What is wider stays as it is drawn: only a planner knows whose it is.

    Returns
    -------
    GeoDataFrame
        ``units`` with new polygons that share their vertices; ``area_km2`` and ``compactness`` are measured anew where
        they were there. Crossed rings are put right. Verify it again: the snapped area may cross a bound.

    Raises
    ------
    InputError
        If a unit has no id or is not a polygon, or the districts cannot be used.
    CrsError
        If a CRS is not metric, or they differ.

    Examples
    --------
    >>> district = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 3000, 2000)], crs=4549)
    >>> halves = [shapely.box(0, 0, 1500, 2000), shapely.box(1499.5, 0, 3000, 1999.8)]
    >>> units = gpd.GeoDataFrame({"unit_id": ["老城-01", "老城-02"]}, geometry=halves, crs=4549)
    >>> repair_units(units, district).area.sum()
    np.float64(6000000.0)
    """
    shapes = _shapes(units, districts, tolerance_m)
    ground = districts.geometry.to_numpy()
    snapped = tile(shapes, holds_most(shapes, ground)[0], ground, tolerance_m=tolerance_m).shapes
    repaired = units.set_geometry(gpd.GeoSeries(snapped, index=units.index, crs=units.crs))
    measures = {
        "area_km2": np.round(repaired.area / M2_PER_KM2, 6),
        "compactness": polsby_popper(without_scraps(snapped)),
    }
    return repaired.assign(**{name: column for name, column in measures.items() if name in units.columns})


def _shapes(units: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, tolerance_m: float) -> Faces:
    """The units' polygons, made valid, after everything that keeps them from being checked was refused."""
    if not 0 <= tolerance_m < np.inf:
        raise InputError(
            zh=f"tolerance_m = {tolerance_m} 无效；应为不小于 0 的米数。",
            en=f"tolerance_m = {tolerance_m} does not work; give metres of at least 0.",
        )
    check_districts(districts)
    require_metric(units, "units", like=districts.crs)
    shapes: Faces = units.geometry.to_numpy().copy()
    wrong = ~shapely.is_valid(shapes)
    for row in np.flatnonzero(wrong):
        shapes[row] = as_one(polygon_parts(shapely.make_valid(shapes[row])))
    # Repeated ids are a defect to be shown on the map, not a reason to refuse the layer.
    alone = units.set_geometry(gpd.GeoSeries(shapes, index=units.index, crs=units.crs))
    if "unit_id" in alone.columns:
        alone = alone[~alone["unit_id"].duplicated() | alone["unit_id"].isna()]
    collect(check_polygons(alone, "units", "unit_id"))
    return shapes


class _Defects:
    """A list of defects that becomes a table."""

    def __init__(self, ids: NDArray[np.object_], names: NDArray[np.object_]) -> None:
        self._ids, self._names = ids, names
        self._rows: list[dict[str, object]] = []
        self._count = np.zeros(len(ids), dtype=np.int64)

    def add(
        self, kind: str, rows: tuple[int, ...], district: int, shape: shapely.Geometry, *, repairable: bool
    ) -> None:
        point = shapely.point_on_surface(shape)
        self._count[list(rows)] += 1
        self._rows.append(
            {
                "reason": kind,
                "unit_id": ";".join(str(self._ids[row]) for row in rows),
                "district": self._names[district] if district >= 0 else None,
                "m2": shapely.area(shape),
                "width_m": float(width_m(np.array([shape]))[0]),
                "x": shapely.get_x(point),
                "y": shapely.get_y(point),
                "repairable": repairable,
                "geometry": shape,
            }
        )

    def per_unit(self) -> NDArray[np.int64]:
        """How many defects name each unit."""
        return self._count

    def table(self, crs: object) -> gpd.GeoDataFrame:
        """All of them, worst kind first, then the largest."""
        columns = ["reason", "unit_id", "district", "m2", "width_m", "x", "y", "repairable", "geometry"]
        self._rows.sort(key=lambda row: (_KINDS.index(str(row["reason"])), -float(str(row["m2"])), str(row["unit_id"])))
        return gpd.GeoDataFrame(pd.DataFrame(self._rows, columns=columns), geometry="geometry", crs=crs)


def _record_checks(
    units: gpd.GeoDataFrame, shapes: Faces, home: NDArray[np.int64], names: NDArray[np.object_], defects: _Defects
) -> None:
    """What is wrong with a row before its neighbours are looked at."""
    for row in np.flatnonzero(~units.geometry.is_valid.to_numpy()).tolist():
        defects.add("invalid_geometry", (row,), int(home[row]), shapes[row], repairable=True)
    for row in np.flatnonzero(units["unit_id"].duplicated().to_numpy()).tolist():
        defects.add("duplicate_id", (row,), int(home[row]), shapes[row], repairable=False)
    if "district" in units.columns:
        written = units["district"].astype("str").to_numpy()
        for row, name in enumerate(written):
            if home[row] >= 0 and units["district"].notna().iloc[row] and name != str(names[home[row]]):
                defects.add("wrong_district", (row,), int(home[row]), shapes[row], repairable=False)


def _contiguity_checks(
    shapes: Faces, home: NDArray[np.int64], scraps: shapely.Geometry, tolerance_m: float, defects: _Defects
) -> NDArray[np.int64]:
    """Parts apart, parts that hang on by a thread, units inside others; returns the number of parts of each."""
    parts_of = np.ones(len(shapes), dtype=np.int64)
    tree = shapely.STRtree(shapely.point_on_surface(shapes))
    for row, shape in enumerate(shapes):
        parts = sorted(polygon_parts(shape), key=lambda part: -float(part.area))
        parts = [parts[0], *(part for part in parts[1:] if not shapely.covers(scraps, part))]
        parts_of[row] = len(parts)
        for part in parts[1:]:
            thin = at_most(width_m(part), tolerance_m)
            defects.add("not_contiguous", (row,), int(home[row]), part, repairable=bool(thin))
        for part in parts:
            for lobe in _lobes(part, tolerance_m):
                defects.add("neck", (row,), int(home[row]), lobe, repairable=False)
            for ring in part.interiors:
                for other in sorted(tree.query(shapely.Polygon(ring), predicate="contains").tolist()):
                    defects.add("enclave", (other, row), int(home[row]), shapes[other], repairable=False)
    return parts_of


def _scraps(districts: Faces) -> shapely.Geometry:
    """Parts of districts below a scrap's area, beside the largest, a little widened: a unit holds them as they are."""
    parts, row = shapely.get_parts(districts, return_index=True)
    area = shapely.area(parts)
    largest = np.zeros(len(districts))
    np.maximum.at(largest, row, area)
    small = ~at_least(area, SCRAP_M2) & (area < largest[row])
    return shapely.buffer(shapely.union_all(parts[small]), EDGE_M)


def _lobes(part: shapely.Polygon, tolerance_m: float) -> list[shapely.Polygon]:
    """Pieces of a polygon beside its largest that only a neck narrower than the tolerance holds to it.

    Spikes and frayed edges wear away when the polygon shrinks; a lobe must keep a width well above the tolerance.
    """
    if tolerance_m == 0:
        return []
    worn = polygon_parts(shapely.buffer(part, -tolerance_m / 2, join_style="mitre"))
    lobes = sorted(worn, key=lambda lobe: -float(lobe.area))[1:]
    return [lobe for lobe in lobes if width_m(lobe) > 10 * tolerance_m]
