"""What lists of hot spots put first, and under which name: the peaks of wide places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.i18n import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["peaks_lead", "peaks_per_place", "wide_names"]


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
