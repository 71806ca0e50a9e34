"""What readers know to add up of candidates: zones and units that hold them, or that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.small_counts import count_rows
from jxgis.space.polygons import polygons_of
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["candidate_counts", "counted_zones"]

_NOISE = 1e-3
"""Share of a polygon that may stick out of another and yet lie in it: two hands draw no border alike."""
_OWN = "scores"


def counted_zones(known: pd.DataFrame, tables: Mapping[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """The zones whose number of issues other parts show.

    Parameters
    ----------
    known
        From `Given.known_counts`, as one table.
    tables
        What ``known`` calls a table to it, as ``zones`` and ``units``: its rows are in the order of those of ``known``.

    Returns
    -------
    geopandas.GeoDataFrame
        ``row``, the label in ``known`` of the row of all classes, ``level``, and geometry.
    """
    import geopandas as gpd

    found = []
    for name, table in tables.items():
        rows = known.index[known["of"] == name]
        if len(rows) == len(table):
            of_all = (known.loc[rows, "issue_class"] == ALL).to_numpy()
            level = table["level"].astype(str) if "level" in table.columns else pd.Series(name, index=table.index)
            found.append(
                gpd.GeoDataFrame(
                    {"row": rows[of_all], "level": level[of_all].to_numpy()},
                    geometry=table.geometry.to_numpy()[of_all],
                    crs=table.crs,
                )
            )
    if not found:
        return gpd.GeoDataFrame({"row": [], "level": []}, geometry=[])
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True))


def candidate_counts(
    scores: gpd.GeoDataFrame, known: pd.DataFrame, zones: gpd.GeoDataFrame, *, min_count: int
) -> pd.DataFrame:
    """What readers know of the candidates' counts beside what is known already, for `small_counts.leave_out`.

    Candidates side by side in a zone, or in a larger candidate, and what is left of it add up to it; so do zones of one level
    in a candidate. What is left is shown nowhere: where it is no small number, nothing follows from it.

    Parameters
    ----------
    scores
        The contract's ``scores``: ``candidate_id``, ``issues`` and geometry.
    known
        From `Given.known_counts`, as one table.
    zones
        From `counted_zones`, in the same CRS.
    min_count
        The least count that is shown.

    Returns
    -------
    pandas.DataFrame
        As ``known``, the candidates last.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from jxgis.small_counts import leave_out
    >>> whole = pd.DataFrame({"zone": ["甲"], "count": [42]})
    >>> known = count_rows(whole, "count", of="zones").assign(known=True)
    >>> zones = gpd.GeoDataFrame({"row": [0], "level": "district"}, geometry=[shapely.box(0, 0, 2, 1)])
    >>> halves = gpd.GeoDataFrame({"candidate_id": ["东", "西"], "issues": [40, 2]}, geometry=shapely.box([0, 1], 0, [1, 2], 1))
    >>> leave_out(candidate_counts(halves, known, zones, min_count=3), 3).tolist()[-2:]
    [True, False]
    """
    own = count_rows(scores, "issues", of=_OWN)
    rows = pd.concat([known, own], ignore_index=True)
    first = len(known)
    row = np.concatenate([known.index.get_indexer(zones["row"]), np.arange(first, len(rows))]).astype(np.int64)
    level = np.concatenate([zones["level"].to_numpy(dtype=object), np.full(len(own), _OWN, dtype=object)])
    shapes = polygons_of(np.concatenate([zones.geometry.to_numpy(), scores.geometry.to_numpy()]))
    count, is_own = rows["count"].to_numpy(), level == _OWN
    part, whole = _inside(shapes, is_own)
    sums, is_sum = rows["sums"].map(list).tolist(), [_listed(one) for one in rows["whole"]]
    left = []
    for n, (outer, inner) in enumerate(_groups(part, whole, level, shapes)):
        rest = int(count[row[outer]] - count[row[inner]].sum())
        if not 0 <= rest < min_count:  # below 0: what lies on a border counts on both sides of it
            continue
        name = f"{_OWN}:{n}"
        is_sum[row[outer]].append(name)
        for one in row[inner]:
            sums[one].append(name)
        if rest:
            left.append({"of": "left", "issue_class": ALL, "count": rest, "sums": [name], "known": False, "lost": True})
    rows = rows.assign(
        sums=pd.Series(sums, index=rows.index, dtype=object), whole=pd.Series(is_sum, index=rows.index, dtype=object)
    )
    return pd.concat(
        [rows.iloc[:first], pd.DataFrame(left, columns=rows.columns), rows.iloc[first:]], ignore_index=True
    )


def _listed(whole: object) -> list[str]:
    """The sums that a row is."""
    if isinstance(whole, list):
        return list(whole)
    return [] if whole is None or pd.isna(whole) else [str(whole)]  # type: ignore[call-overload]  # a cell


def _inside(shapes: NDArray[np.object_], is_own: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which polygons lie in which others, one of the two a candidate; of candidates that are the same the later in the first."""
    part, whole = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    asked = (part != whole) & (is_own[part] | is_own[whole])
    part, whole = part[asked], whole[asked]
    area = shapely.area(shapes)
    asked = (area[part] > 0) & (area[part] * (1 - _NOISE) <= area[whole])
    part, whole = part[asked], whole[asked]
    within = shapely.area(shapely.intersection(shapes[part], shapes[whole])) >= (1 - _NOISE) * area[part]
    part, whole = part[within], whole[within]
    pairs = set(zip(part.tolist(), whole.tolist(), strict=True))
    once = np.array(
        [(w, p) not in pairs or (w < p) for p, w in zip(part.tolist(), whole.tolist(), strict=True)], dtype=bool
    )
    return part[once].astype(np.int64), whole[once].astype(np.int64)


def _groups(
    part: NDArray[np.int64], whole: NDArray[np.int64], level: NDArray[np.object_], shapes: NDArray[np.object_]
) -> Iterable[tuple[int, NDArray[np.int64]]]:
    """For each polygon the parts of one level that lie side by side in it, the largest first, and each that overlaps those."""
    found = pd.DataFrame({"whole": whole, "level": level[part], "part": part})
    area = shapely.area(shapes)
    for _, own in found.groupby(["whole", "level"], sort=True):
        outer, parts = int(own["whole"].iloc[0]), own["part"].to_numpy()
        parts = parts[np.lexsort((parts, -area[parts]))]
        tree = shapely.STRtree(shapes[parts])
        one, other = tree.query(shapes[parts], predicate="intersects")
        shared = shapely.area(shapely.intersection(shapes[parts[one]], shapes[parts[other]]))
        overlap = (one > other) & (shared > _NOISE * np.minimum(area[parts[one]], area[parts[other]]))
        taken = np.ones(len(parts), dtype=bool)
        for later in np.unique(one[overlap]):
            taken[later] = not taken[other[overlap & (one == later)]].any()
        yield outer, parts[taken]
        for single in parts[~taken]:
            yield outer, np.array([single])
