"""Coordinates in columns into points in the metric CRS: in degrees or metres, by two columns or one field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis import crs as _crs
from jxgis import parse
from jxgis import reference as _reference
from jxgis._misplaced import assign_axes, check_units
from jxgis.errors import InputError
from jxgis.i18n import listed
from jxgis.load._place import IN_CITY, Placed, refuse_scattered, refuse_swapped
from jxgis.schema.layers import heads

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyproj
    from numpy.typing import NDArray

    from jxgis._misplaced import AxisOrder
    from jxgis.crs import Box
    from jxgis.reference import Reference

__all__ = ["degrees_apart", "place_columns"]

_DEGREE_M = 111_195.0  # of a great circle of 6,371 km
_PAIR = r"^[^\d+-]*(?P<first>[+-]?\d+(?:\.\d+)?)\s*[,，;；\s]\s*(?P<second>[+-]?\d+(?:\.\d+)?)[^\d]*$"
# Both with their signs of degrees, or of full width.
_PAIR_BY_HAND = r"^\s*([^,;]*\d[^,;]*?)\s*[,;]\s*([^,;]*\d[^,;]*?)\s*$"


def degrees_apart(frame: pd.DataFrame, sets: Sequence[tuple[str, ...]]) -> float | None:
    """How far two pairs of columns in degrees are apart, metres, the median; None where they are not both in degrees."""
    pairs = [[parse.coordinates(frame[name])[0].to_numpy() for name in names] for names in sets if len(names) == 2]
    if len(pairs) < 2:
        return None
    (lon, lat), (x, y) = pairs[:2]
    known = np.isfinite(np.stack([lon, lat, x, y])).all(axis=0)
    lon, lat, x, y = lon[known], lat[known], x[known], y[known]
    degrees = (np.abs(lon) <= 180) & (np.abs(x) <= 180) & (np.abs(lat) <= 90) & (np.abs(y) <= 90)
    if not len(lon) or not degrees.all():
        return None
    east, north = (x - lon) * np.cos(np.radians(lat)), y - lat
    return float(np.median(np.hypot(east, north)) * _DEGREE_M)


def place_columns(
    frame: pd.DataFrame,
    reference: Reference,
    metric: pyproj.CRS,
    *,
    axes: AxisOrder | None,
    box: Box | None,
    names: dict[str, str],
    what: str,
    have: Sequence[str] = (),
) -> Placed:
    """Make points of the coordinate columns ``lon, lat``, ``x, y`` or ``coordinates``.

    Parameters
    ----------
    frame
        With columns of those names.
    reference, metric, axes, box, what
        As for `jxgis.load._place.place_geometry`; without ``axes``, ``x`` and ``y`` are assigned by value, ``lon`` and ``lat`` by name.
    names
        Contract name to the name in the file, for messages.
    have
        The columns of the file, which are said where none is one of coordinates.

    Returns
    -------
    Placed

    Raises
    ------
    InputError
        If there are no coordinate columns.
    CrsError
        If the values contradict the reference system, or which of them is east cannot be told.
    """
    first, second, pair = _coordinate_text(frame, reference, what, have)
    a, b = names.get(pair[0], pair[0]), names.get(pair[1], pair[1])
    field = a if pair[0] == pair[1] else f"{a},{b}"
    in_one, first, second = _both_in_one(first, second)
    number_a, bad_a = parse.coordinates(first)
    number_b, bad_b = parse.coordinates(second)
    one, two = number_a.to_numpy(), number_b.to_numpy()
    bad = bad_a | bad_b
    missing = (np.isnan(one) | np.isnan(two)) & ~bad
    zero = (one == 0) & (two == 0)
    usable = ~(missing | bad | zero)
    check_units(one[~in_one], two[~in_one], reference, what)
    order = axes
    if order is None and pair != ("lon", "lat"):
        labels = (a, b) if pair[0] != pair[1] else (f"{a}[1]", f"{a}[2]")
        order = assign_axes(one[~in_one], two[~in_one], reference, box=box, what=what, names=labels)
    east, north = (two, one) if order == "north_east" else (one, two)
    if in_one.any():
        east, north = _with_pairs(east, north, one, two, in_one, reference, box)
    lon, lat = _reference.to_lonlat(east, north, reference)
    strayed = usable & ~_on_earth(lon, lat)
    outside = np.zeros(len(frame), dtype=bool) if box is None else usable & ~_crs.inside_box(lon, lat, box)
    if box is not None and usable.any() and outside[usable].mean() > 0.5:
        refuse_swapped(east[usable], north[usable], reference, box, what, order, IN_CITY)
    swapped = np.zeros(len(frame), dtype=bool)
    far = swapped
    if box is not None:
        swapped[outside] = _fits(north[outside], east[outside], reference, box)
    else:
        far = _far_points(lon, lat, usable & ~strayed, what)
    good = usable & ~strayed & ~outside & ~far
    if box is None and good.any():
        lost, others = usable & ~good, (lon[good], lat[good])
        among = tuple(side(at) for side in (np.min, np.max) for at in others)
        swapped[lost] = _fits(north[lost], east[lost], reference, among)
    # From degrees that are there already where a shift was undone: undoing it again takes most of the time.
    shifted = reference.datum != "WGS-84"
    x, y, own = (lon, lat, _reference.resolve_crs(4326)) if shifted else (east, north, reference)
    values = _values(frame, pair, ~good)
    return Placed(
        _points(x, y, own, good, metric),
        np.column_stack([one, two]),
        (
            (field, "no_coordinates", missing, values),
            (field, "zero_coordinates", zero, values),
            (field, "swapped_axes", swapped, values),
            (field, "bad_coordinates", bad | strayed, values),
            (field, "outside_box", outside, values),
            (field, "far_off", far, values),
        ),
        order=order if axes is None and pair != ("lon", "lat") else None,
        in_one_field=int((in_one & good).sum()),
        columns=_coordinate_sets(frame, reference),
    )


def _with_pairs(
    east: NDArray[np.float64],
    north: NDArray[np.float64],
    one: NDArray[np.float64],
    two: NDArray[np.float64],
    in_one: NDArray[np.bool_],
    reference: Reference,
    box: Box | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """East and north with those of the pairs in one field, which have an order of their own: as it stands where that fits."""
    east, north = east.copy(), north.copy()
    first, second = one[in_one], two[in_one]
    turned = _fits(second, first, reference, box) & ~_fits(first, second, reference, box)
    east[in_one], north[in_one] = np.where(turned, second, first), np.where(turned, first, second)
    return east, north


def _points(
    x: NDArray[np.float64], y: NDArray[np.float64], reference: Reference, rows: NDArray[np.bool_], metric: pyproj.CRS
) -> NDArray[np.object_]:
    """Points of some rows in the metric CRS; None for the others."""
    points = np.full(len(x), None, dtype=object)
    points[rows] = shapely.points(*_reference.to_metric(x[rows], y[rows], reference, metric))
    return points


def _far_points(
    lon: NDArray[np.float64], lat: NDArray[np.float64], known: NDArray[np.bool_], what: str
) -> NDArray[np.bool_]:
    """Which of the known points lie far from the others; refused where no half lies together."""
    degrees = np.column_stack([lon, lat, lon, lat])
    degrees[~known] = np.nan
    far = _crs.far_off(degrees, None)
    refuse_scattered(far, known, degrees, what)
    return far


def _both_in_one(first: pd.Series, second: pd.Series) -> tuple[NDArray[np.bool_], pd.Series, pd.Series]:
    """Rows that hold both numbers in the first column and none in the second, taken apart."""
    in_one = np.zeros(len(first), dtype=bool)
    if pd.api.types.is_numeric_dtype(first.dtype):
        return in_one, first, second
    alone = (first.notna() & parse.texts(second).isna()).to_numpy()
    if alone.any():
        one, two, whole = _split(first[alone])
        in_one[alone] = whole
    if in_one.any():
        first, second = first.astype("str"), second.astype("str")
        first[in_one], second[in_one] = one[whole], two[whole]
    return in_one, first, second


def _on_earth(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (np.abs(lat) <= 90) & (np.abs(lon) <= 180)


def _fits(
    east: NDArray[np.float64], north: NDArray[np.float64], reference: Reference, box: Box | None
) -> NDArray[np.bool_]:
    """Whether points lie in the box; without one, on the earth."""
    lon, lat = _reference.to_lonlat(east, north, reference)
    return _on_earth(lon, lat) if box is None else _crs.inside_box(lon, lat, box)


def _values(frame: pd.DataFrame, pair: tuple[str, str], flawed: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The coordinates as they stand in the file, for the flawed rows."""
    values = np.full(len(frame), "", dtype=object)
    columns = [frame[name][flawed] for name in dict.fromkeys(pair)]
    # A column of whole numbers that lacks one is read as reals.
    texts = [parse.whole_as_text(column).str.strip().where(column.notna(), "") for column in columns]
    values[flawed] = [",".join(parts) if any(parts) else "" for parts in zip(*texts, strict=True)]
    return values


def _coordinate_sets(frame: pd.DataFrame, reference: Reference) -> tuple[tuple[str, ...], ...]:
    """The columns that say where points are, those of the reference system's kind first."""
    degrees, metres = ("lon", "lat"), ("x", "y")
    sets = (degrees, metres) if reference.crs.is_geographic else (metres, degrees)
    return tuple(names for names in (*sets, ("coordinates",)) if all(name in frame for name in names))


def _coordinate_text(
    frame: pd.DataFrame, reference: Reference, what: str, columns: Sequence[str]
) -> tuple[pd.Series, pd.Series, tuple[str, str]]:
    """The two coordinates of each row and the names of their columns; one name twice for a single field."""
    sets = _coordinate_sets(frame, reference)
    if sets and len(sets[0]) == 2:
        first, second = sets[0]
        return frame[first], frame[second], (first, second)
    if sets:
        one, two, _ = _split(frame["coordinates"])
        return one, two, ("coordinates", "coordinates")
    half = [name for name in ("lon", "lat", "x", "y") if name in frame]
    have = f"（只找到 {listed(half, 'zh')}）" if half else ""
    have_en = f" (only {listed(half, 'en')} found)" if half else ""
    named = heads(columns)
    raise InputError(
        zh=f"{what} 没有坐标列{have}：需要 经度+纬度、X坐标+Y坐标，或一个“120.94,30.54”形式的坐标列；列名不同时用 columns 指定，"
        "例如 lon=经度列名,lat=纬度列名。" + (f"文件中的列：{named.zh}。" if columns else ""),
        en=f"{what} has no coordinate columns{have_en}: it needs lon and lat, x and y, or one field such as "
        "'120.94,30.54'; where they have other names, say so with columns, such as lon=NAME,lat=NAME."
        + (f" The file has: {named.en}." if columns else ""),
    )


def _split(column: pd.Series) -> tuple[pd.Series, pd.Series, NDArray[np.bool_]]:
    """Both numbers of fields such as ``120.94,30.54``, and which are pairs; others stay, to be called no numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = parse.texts(column)
    found = pc.extract_regex(pa.array(text, type=pa.string(), from_pandas=True), _PAIR)
    parts = [pd.Series(pc.struct_field(found, name).to_pandas(), dtype="str") for name in ("first", "second")]
    whole = np.asarray(found.is_valid())
    first, second = (part.set_axis(column.index).where(whole, text) for part in parts)
    left = ~whole & text.notna().to_numpy()
    if left.any():
        by_hand = parse.narrow(text[left]).str.extract(_PAIR_BY_HAND).dropna()
        first, second = (
            part.mask(part.index.isin(by_hand.index), by_hand[at]) for at, part in ((0, first), (1, second))
        )
        whole |= column.index.isin(by_hand.index)
    return first, second, whole
