"""Conditions: what a candidate must be before its score means anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import at_least
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.settings import UNITS
from jxgis.space.districts import count_parts
from jxgis.space.overlay import holds_most
from jxgis.space.ratio import ratio
from jxgis.units.quality import within_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.part import Given

    FloatArray = NDArray[np.float64]

__all__ = ["FAILED", "MIN_SHARE", "NEARLY", "PASSED", "check_conditions", "fails_condition", "lively_layers"]

PASSED, NEARLY, FAILED = "pass", "nearly", "fail"

#: Share of the area that must lie in one district, and in the city.
MIN_SHARE = 0.95
#: What empty land has less of: housing as a share of its area, and km of streets per km².
LEAST_HOUSING, LEAST_STREETS_KM = 0.01, 0.5
#: So many layers tell that land is empty.
_ENOUGH = 2


def check_conditions(
    candidates: gpd.GeoDataFrame,
    *,
    districts: gpd.GeoDataFrame | None = None,
    lively: Sequence[gpd.GeoDataFrame] = (),
    min_km2: float = UNITS.min_km2,
    max_km2: float = UNITS.max_km2,
) -> pd.DataFrame:
    """Check that each candidate is one piece, of 2–5 km², inside one district and inside the city, and no empty land.

    Parameters
    ----------
    candidates
        Polygons in a metric CRS.
    districts
        ``name``, polygons, whose union is the managed city; None: nothing is said of either.
    lively
        From `lively_layers`: in a candidate that holds next to nothing of any of them nothing can go wrong, and what is nought there
        says nothing of how it is kept. One alone says where land is not empty, and nothing of the rest: there are industrial estates
        without housing, and quiet places without issues.
    min_km2, max_km2
        Bounds of the area, which an area meets within a millionth (`bounds`).

    Returns
    -------
    pandas.DataFrame
        On the index of ``candidates``: ``area_km2``; ``district`` (the one that holds most of it; null outside all) and
        ``district_share``; ``of_district`` (the share of that district which it is); ``city_share``; ``pieces``; ``things`` (of how many of ``lively`` it holds anything to speak of; NaN where they do not tell); ``gates``: ``pass``, ``nearly`` (only the area, and only by 10 % of the bound) or
        ``fail``; ``reason``: the codes of what failed, joined by ``;``, or empty.

    Raises
    ------
    CrsError
        If a layer is not in the candidates' metric CRS.
    InputError
        If ``min_km2`` is not below ``max_km2``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> squares = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 1500), shapely.box(0, 0, 1000, 1900)], crs=4549)
    >>> check_conditions(squares)[["area_km2", "gates", "reason"]].values.tolist()
    [[3.0, 'pass', ''], [1.9, 'nearly', 'gate_nearly_too_small']]
    """
    crs = require_metric(candidates, "candidates")
    if not 0 < min_km2 < max_km2:
        raise InputError(
            zh=f"面积下限须小于上限：{min_km2}、{max_km2} 平方公里。",
            en=f"The smallest area must be below the largest: {min_km2}, {max_km2} km².",
        )
    shapes = candidates.geometry.to_numpy()
    area = np.nan_to_num(shapely.area(shapes))
    km2 = area / M2_PER_KM2
    table = pd.DataFrame({"area_km2": km2}, index=candidates.index)
    table["district"] = pd.Series(pd.NA, index=candidates.index, dtype="str")
    table["district_share"] = table["of_district"] = np.nan
    table["city_share"] = np.nan
    if districts is not None:
        require_metric(districts, "districts", crs)
        home, most = holds_most(shapes, districts.geometry.to_numpy())
        names = np.array([*districts["name"], None], dtype=object)
        table["district"] = pd.Series(names[home], index=candidates.index, dtype="str")
        table["district_share"] = ratio(most, area)
        table["of_district"] = ratio(most, np.array([*districts.geometry.area, np.nan])[home])
        inside = shapely.intersection(shapes, shapely.union_all(districts.geometry.to_numpy()))
        table["city_share"] = ratio(np.nan_to_num(shapely.area(inside)), area)

    pieces = np.array([0 if s is None else count_parts(s) for s in shapes])
    table["pieces"] = pieces
    things = pd.Series(_kept_lively(shapes, lively, crs), table.index, dtype="float64")
    table["things"] = things.mask(things == 0) if len(lively) < _ENOUGH else things
    in_bounds, nearly = within_bounds(km2, min_km2, max_km2)
    astray, small = ~in_bounds & ~nearly, km2 < min_km2
    found = {
        "gate_no_polygon": area == 0,
        "gate_several_pieces": pieces > 1,
        "gate_too_small": (area > 0) & astray & small,
        "gate_too_large": astray & ~small,
        "gate_nearly_too_small": nearly & small,
        "gate_nearly_too_large": nearly & ~small,
        "gate_several_districts": _short_of(table["district_share"].to_numpy(), MIN_SHARE),
        "gate_outside_city": _short_of(table["city_share"].to_numpy(), MIN_SHARE),
        "gate_empty_land": (area > 0) & (table["things"].to_numpy() == 0),
    }
    codes = list(found)
    hits = np.column_stack(list(found.values()))
    soft = np.array([code.startswith("gate_nearly") for code in codes])
    table["gates"] = np.select([hits[:, ~soft].any(axis=1), hits[:, soft].any(axis=1)], [FAILED, NEARLY], PASSED)
    table["reason"] = [";".join(code for code, hit in zip(codes, row, strict=True) if hit) for row in hits]
    return table.astype({"gates": "str", "reason": "str"})


def lively_layers(given: Given) -> list[gpd.GeoDataFrame]:
    """The layers that tell empty land, of those that there are: streets, housing, issues."""
    streets = given.table("streets") if given.table("streets") is not None else given.table("roads")
    return [table for table in (streets, given.table("residential"), given.table("issues")) if table is not None]


def _kept_lively(shapes: NDArray[np.object_], lively: Sequence[gpd.GeoDataFrame], crs: Any) -> NDArray[np.int64]:
    """Of how many layers each polygon holds more than a sliver: any point, and as much of polygons and lines as counts."""
    area = shapely.area(shapes)
    found = np.zeros(len(shapes), dtype=np.int64)
    for layer in lively:
        require_metric(layer, "lively", crs)
        at, thing = layer.sindex.query(shapes, predicate="intersects")
        things = layer.geometry.to_numpy()[thing]
        inside = shapely.intersection(shapes[at], things)
        # Of the thing, not of what they share: a plot beside a candidate shares a line with it, a road that ends there a point.
        dimension = shapely.get_dimensions(things)
        held = np.select(
            [dimension == 2, dimension == 1],
            [shapely.area(inside) / LEAST_HOUSING, shapely.length(inside) * M2_PER_KM2 / 1e3 / LEAST_STREETS_KM],
            area[at],
        )
        found += np.bincount(at, held, minlength=len(shapes)) >= area
    return found


def _short_of(share: FloatArray, bound: float) -> NDArray[np.bool_]:
    """Which shares of area miss a bound; one that is not known does not."""
    return ~np.isnan(share) & ~at_least(share, bound)


def fails_condition(scores: pd.DataFrame) -> NDArray[np.bool_]:
    """Which candidates fail a condition: they have a score, but no rank.

    Parameters
    ----------
    scores : (n,) rows
        The contract's ``scores``; without the column ``gates`` none is known to fail.

    Examples
    --------
    >>> fails_condition(pd.DataFrame({"gates": ["pass", "nearly", "fail"]})).tolist()
    [False, False, True]
    """
    if "gates" not in scores.columns:
        return np.zeros(len(scores), dtype=bool)
    return (scores["gates"] == FAILED).to_numpy(dtype=bool)
