"""What a list puts first, and under which name: peaks of wide places, candidates that pass, blind spots without a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.i18n import text

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["blind_spot_names", "fails_gate", "peaks_lead", "peaks_per_place", "wide_names"]


def peaks_per_place(places: pd.DataFrame, peaks: pd.DataFrame) -> NDArray[np.int64]:
    """How many local peaks each hot place holds.

    Parameters
    ----------
    places : (n,) rows
        ``issue_class, rank``.
    peaks
        ``issue_class, place_rank``: the rank of the place that each lies in.

    Returns
    -------
    (n,) int64

    Examples
    --------
    >>> places = pd.DataFrame({"issue_class": ["all", "all"], "rank": [1, 2]})
    >>> peaks_per_place(places, pd.DataFrame({"issue_class": ["all"] * 3, "place_rank": [1, 1, 2]})).tolist()
    [2, 1]
    """
    if "place_rank" not in peaks.columns:
        return np.zeros(len(places), dtype=np.int64)
    counted = peaks.groupby(["issue_class", "place_rank"]).size()
    held = pd.MultiIndex.from_frame(places[["issue_class", "rank"]])
    return np.asarray(counted.reindex(held, fill_value=0), dtype=np.int64)


def peaks_lead(places: pd.DataFrame, peaks: pd.DataFrame | None) -> bool:
    """Whether lists of a class go by local peaks: its first place holds several, so that its name says too little.

    Parameters
    ----------
    places, peaks
        The rows of one class.

    Examples
    --------
    >>> places = pd.DataFrame({"issue_class": ["all", "all"], "rank": [1, 2]})
    >>> peaks_lead(places, pd.DataFrame({"issue_class": ["all"] * 2, "place_rank": [1, 1]})), peaks_lead(places, None)
    (True, False)
    """
    if peaks is None or peaks.empty or places.empty:
        return False
    first = places.nsmallest(1, "rank")
    return bool(peaks_per_place(first, peaks)[0] > 1)


def wide_names(places: pd.DataFrame, peaks: pd.DataFrame, lang: str) -> list[str]:
    """Names of hot places; one that holds several peaks is named after the first "and so many more".

    Parameters
    ----------
    places, peaks
        As for :func:`peaks_per_place`, with ``name``.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> places = pd.DataFrame({"issue_class": ["all"], "rank": [1], "name": ["三水湾"]})
    >>> wide_names(places, pd.DataFrame({"issue_class": ["all"] * 8, "place_rank": [1] * 8}), "zh")
    ['三水湾等 8 处']
    """
    return [
        text("maps.wide_name", lang, name=name, n=n, more=n - 1) if n > 1 else str(name)
        for name, n in zip(places["name"], peaks_per_place(places, peaks), strict=True)
    ]


def fails_gate(scores: pd.DataFrame) -> NDArray[np.bool_]:
    """Which candidates fail a gate: they have a score, but no rank.

    Parameters
    ----------
    scores : (n,) rows
        The contract's ``scores``; without the column ``gates`` none is known to fail.

    Examples
    --------
    >>> fails_gate(pd.DataFrame({"gates": ["pass", "nearly", "fail"]})).tolist()
    [False, False, True]
    """
    if "gates" not in scores.columns:
        return np.zeros(len(scores), dtype=bool)
    return (scores["gates"] == "fail").to_numpy(dtype=bool)


def blind_spot_names(spots: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None, lang: str) -> list[str]:
    """Names of blind spots; one without a place near it is said to have no name, and in or near which zone it lies.

    Parameters
    ----------
    spots : (n,) rows
        ``name, zone`` and geometry. A name made of the zone and a number (``all-1``) is none.
    zones
        Polygons with ``name``, in the CRS of ``spots``.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str
        One a row.

    Examples
    --------
    >>> import geopandas as gpd
    >>> two = [shapely.box(0, 0, 1, 1), shapely.box(9, 0, 10, 1)]
    >>> spots = gpd.GeoDataFrame({"name": ["月河", "all-1"], "zone": "all"}, geometry=two, crs=4549)
    >>> zones = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 5, 5)], crs=4549)
    >>> blind_spot_names(spots, zones, "zh")
    ['月河', '老城附近（未命名 1）']
    """
    found = []
    for name, zone, shape in zip(spots["name"], spots["zone"], spots.geometry, strict=True):
        numbered = re.fullmatch(rf"{re.escape(str(zone))}-(\d+)", str(name))
        if numbered is None:
            found.append(str(name))
        elif zone != "all":
            found.append(text("maps.unnamed_in", lang, zone=zone, n=numbered[1]))
        elif zones is None or zones.empty:
            found.append(text("maps.unnamed", lang, n=numbered[1]))
        else:
            nearest = zones["name"].iloc[int(np.argmin(shapely.distance(zones.geometry.to_numpy(), shape)))]
            found.append(text("maps.unnamed_near", lang, zone=nearest, n=numbered[1]))
    return found
