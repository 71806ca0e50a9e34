"""How far the places that cases record agree with where their points are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import at_most
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.space.points import locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.city import City

__all__ = ["Disagreement", "disagreement"]

# A point so near to the place that it records lies in it: coordinates are rounded, to 0.1 m or so.
_NEAR_M = 1.0


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How far recorded places agree with where the points are.

    Parameters
    ----------
    checked
        Issues with a recorded place that lie in some polygon.
    agree, disagree
        Of those.
    outside
        Issues with a recorded place that lie in no polygon.
    pairs
        ``recorded, located, count``, the most frequent first.
    cases
        ``issue_id, recorded, located, away_m`` (to 0.1 m): each issue that disagrees and, where the recorded place is one of the
        polygons, how far it lies from it; the farthest first.
    """

    checked: int
    agree: int
    disagree: int
    outside: int
    pairs: pd.DataFrame
    cases: pd.DataFrame


def disagreement(
    issues: gpd.GeoDataFrame,
    polygons: gpd.GeoDataFrame,
    *,
    column: str = "recorded_subdistrict",
    against: str = "name",
    city: City | None = None,
) -> Disagreement:
    """Compare the place that a case records with the polygon that its point lies in.

    Parameters
    ----------
    issues
        Points with ``issue_id`` and the column.
    polygons
        In the same metric CRS; the first of two that share an edge counts.
    column
        ``recorded_subdistrict`` or ``recorded_district``.
    against
        The polygons' column to compare with: ``name``, or ``area`` where cases record one of the three areas (三区).
    city
        Its crosswalk's aliases are one name; so are names with and without 街道, 镇, 乡, 片区.

    Returns
    -------
    Disagreement
        A point within a metre of the place that it records agrees.

    Raises
    ------
    InputError
        If the issues or the polygons have no such column.
    CrsError
        If the CRS differ or are not in metres.

    Examples
    --------
    >>> towns = gpd.GeoDataFrame(
    ...     {"name": ["南湖街道", "凤桥镇"]}, geometry=[shapely.box(0, 0, 9, 9), shapely.box(9, 0, 20, 9)], crs=4549
    ... )
    >>> cases = gpd.GeoDataFrame(
    ...     {"issue_id": ["1", "2"], "recorded_subdistrict": ["南湖", "南湖街道"]},
    ...     geometry=gpd.points_from_xy([5, 15], [5, 5]),
    ...     crs=4549,
    ... )
    >>> found = disagreement(cases, towns)
    >>> found.agree, found.disagree, found.cases.to_numpy().tolist()
    (1, 1, [['2', '南湖街道', '凤桥镇', 6.0]])
    """
    crs = require_metric(polygons, "polygons")
    require_metric(issues, "issues", like=crs)
    for table, name in ((issues, column), (polygons, against)):
        if name not in table:
            raise InputError(zh=f"表中没有 {name} 列，无法核对。", en=f"There is no column {name} to compare.")
    names = polygons[against].to_numpy(dtype=object, na_value=None)
    at = locate(issues, polygons)
    recorded = issues[column].to_numpy(dtype=object, na_value=None)
    located = np.where(at >= 0, names[at], None)
    given = np.array([value is not None for value in recorded], dtype=bool)
    checked = given & np.array([value is not None for value in located], dtype=bool)
    plain = _plainer(city)
    differ = checked.copy()
    differ[checked] = [plain(a) != plain(b) for a, b in zip(recorded[checked], located[checked], strict=True)]
    away = _away(issues.geometry.array[differ], recorded[differ], polygons, names, plain)
    near = at_most(away, _NEAR_M)
    differ[np.flatnonzero(differ)[near]] = False
    away = away[~near]
    cases = pd.DataFrame(
        {
            "issue_id": issues["issue_id"].to_numpy()[differ],
            "recorded": recorded[differ],
            "located": located[differ],
            "away_m": np.round(away, 1),
        }
    ).sort_values("away_m", ascending=False, kind="stable", ignore_index=True)
    pairs = cases.groupby(["recorded", "located"], sort=True).size().rename("count").reset_index()
    pairs = pairs.sort_values("count", ascending=False, kind="stable", ignore_index=True)
    total, wrong = int(checked.sum()), int(differ.sum())
    return Disagreement(total, total - wrong, wrong, int((given & ~checked).sum()), pairs, cases)


def _away(
    points: Any, recorded: NDArray[Any], polygons: gpd.GeoDataFrame, names: NDArray[Any], plain: _Plainer
) -> NDArray[np.float64]:
    """How far points lie from the place that they record; NaN where no polygon has its name."""
    shapes = np.asarray(polygons.geometry.array, dtype=object)
    homes = np.array(["" if name is None else plain(name) for name in names], dtype=object)
    wanted = np.array([plain(name) for name in recorded], dtype=object)
    away = np.full(len(wanted), np.nan)
    for name in set(wanted.tolist()) & set(homes.tolist()):
        mine = wanted == name
        away[mine] = shapely.distance(np.asarray(points, dtype=object)[mine], shapely.union_all(shapes[homes == name]))
    return away


def _plainer(city: City | None) -> _Plainer:
    aliases: dict[str, str] = {}
    if city is not None:
        rows = city.crosswalk[["subdistrict", "aliases"]].itertuples(index=False, name=None)
        aliases = {alias: name for name, others in rows for alias in others}
    return _Plainer(aliases)


@dataclass(frozen=True, slots=True)
class _Plainer:
    """Names of places without what people vary."""

    aliases: dict[str, str]

    def __call__(self, name: str) -> str:
        name = self.aliases.get(name.strip(), name.strip())
        for ending in ("街道办事处", "街道", "管理片区", "片区", "镇", "乡"):
            if name.endswith(ending) and len(name) > len(ending) + 1:
                return name.removesuffix(ending)
        return name
