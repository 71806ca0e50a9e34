"""What became of last year's weak areas: their issues and severity then and now, and what may be said of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.settings import WEAK
from jxgis.statistics.fdr import benjamini_hochberg
from jxgis.weak.regression import expected_again
from jxgis.weak.severity import change_of, measure_severity

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.settings import Reference
    from jxgis.weak.severity import Yardstick

__all__ = ["follow_up"]


def follow_up(
    areas: gpd.GeoDataFrame,
    peers: gpd.GeoDataFrame,
    before: gpd.GeoDataFrame,
    recent: gpd.GeoDataFrame,
    yardstick: Yardstick,
    *,
    reference: Reference,
    alpha: float,
    min_expected: float = WEAK.min_expected,
) -> pd.DataFrame:
    """Measure the areas of an earlier list in two periods, by the same yardstick.

    Parameters
    ----------
    areas
        ``kind, reason``, polygons inside the city.
    peers
        The same of all areas that are looked at: how much they differ tells how much of a high count comes back by itself.
    before, recent
        The issues of the two periods, in the same CRS. The list was made by the earlier one: all areas, hot places too, are
        tested on the later.
    yardstick
        From `severity.lay_yardstick`.
    reference, alpha, min_expected
        As for the list of this year.

    Returns
    -------
    pandas.DataFrame
        On the index of the areas: ``cases_before, issues, severity_before, severity, q`` (BH over this list, of the recent
        period), ``change, change_city, change_p``, ``issues_again, fall_p`` (see `regression.expected_again`), ``reason``
        and ``status``: ``still_weak`` (significantly worse still), ``improved`` (no longer, and below what comes back by
        itself, beyond chance), ``no_longer`` (no longer, but so few may come by itself), ``not_comparable``.
    """
    before, recent = yardstick.inside(before), yardstick.inside(recent)
    measure = partial(measure_severity, yardstick=yardstick, reference=reference, min_expected=min_expected)
    then, now = measure(areas, before), measure(areas, recent)
    totals = len(before), len(recent)
    counts = then["issues"].to_numpy(), now["issues"].to_numpy()
    change = change_of(counts[0], counts[1], totals, yardstick.dispersion(recent)).set_index(areas.index)
    like = measure(peers, before)
    again = expected_again(
        then.assign(kind=areas["kind"]),
        now.assign(kind=areas["kind"]),
        like.assign(kind=peers["kind"]),
        yardstick.dispersion(before).batch,
    )
    q = benjamini_hochberg(now["p"])
    reason = then["reason"].fillna(now["reason"])
    status = np.select(
        [reason.notna(), (q <= alpha) & (now["severity"] > 1), again["fall_p"] <= alpha],
        ["not_comparable", "still_weak", "improved"],
        "no_longer",
    )
    return pd.DataFrame(
        {
            "cases_before": then["issues"],
            "issues": now["issues"],
            "severity_before": then["severity"],
            "severity": now["severity"],
            "q": q,
            **change,
            **again,
            "status": pd.array(status, dtype="str"),
            "reason": reason,
        },
        index=areas.index,
    )
