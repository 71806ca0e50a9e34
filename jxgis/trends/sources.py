"""Who sees what: the shares of the sources in each zone, against their shares in the city."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.space.ratio import ratio
from jxgis.statistics.batches import batch_tails, batches_of_groups, weeks_of
from jxgis.statistics.fdr import benjamini_hochberg
from jxgis.statistics.tails import two_sided
from jxgis.trends.open_days import median_days, spans_open

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["alone_changed", "change_by_source", "share_by_source"]

_TOLD, _FEWEST = 100, 30
"""Issues in one of two periods, and in the other, from which on the change of a source is told: it tells no few of them."""


def share_by_source(issues: gpd.GeoDataFrame, zone: pd.Series) -> pd.DataFrame:
    """Compare the mix of sources in each zone with that of all zones together.

    Whether a zone's cases come from a source as those of the city do, given the cases of each zone and of each source:
    hypergeometric, or beta-binomial where a source's share varies from week to week more than by chance: a campaign
    is no other mix (`statistics.batches`). Of many cases small differences are beyond chance: ``share`` beside
    ``city_share`` says how large they are.

    Parameters
    ----------
    issues
        ``source``, and where there are any ``time`` and ``closed``; without times each case is taken to come by itself.
    zone
        (n,) name of the zone of each issue; missing outside all.

    Returns
    -------
    pandas.DataFrame
        One row a zone and source: ``zone, source, count, share`` (of the zone's cases whose source is known),
        ``city_share, expected, p, q, days_to_close`` (from report to closing, see `open_days.median_days`), ``batch`` (how many
        times as much as by chance the source's share varies in the zone). Without rows where no source is known.

    Examples
    --------
    >>> import geopandas as gpd
    >>> issues = gpd.GeoDataFrame({"source": ["巡查"] * 6 + ["12345"] * 4}, geometry=gpd.points_from_xy([0] * 10, [0] * 10))
    >>> zone = pd.Series(["甲"] * 6 + ["乙"] * 4)
    >>> share_by_source(issues, zone)[["zone", "source", "count", "share", "expected", "p"]].round(4).values.tolist()
    ... # doctest: +NORMALIZE_WHITESPACE
    [['乙', '12345', 4, 1.0, 1.6, 0.0095], ['乙', '巡查', 0, 0.0, 2.4, 0.0095],
     ['甲', '12345', 0, 0.0, 2.4, 0.0095], ['甲', '巡查', 6, 1.0, 3.6, 0.0095]]
    """
    source = issues["source"].astype("string").str.strip().to_numpy(dtype=object)
    table = pd.DataFrame({"zone": zone.to_numpy(dtype=object), "source": source})
    table = table[table.notna().all(axis=1) & (table["source"] != "")]
    counts = pd.crosstab(table["zone"], table["source"])
    if counts.empty:
        columns = ["zone", "source", "count", "share", "city_share", "expected", "p", "q", "days_to_close", "batch"]
        return pd.DataFrame(
            {name: pd.Series(dtype=object if name in ("zone", "source") else float) for name in columns}
        )
    number = counts.to_numpy(dtype=np.int64)
    zones, sources = (np.asarray(index, dtype=object) for index in (counts.index, counts.columns))
    own, drawn = np.repeat(number.sum(axis=1), len(sources)), np.tile(number.sum(axis=0), len(zones))
    total = int(number.sum())
    at, of = np.searchsorted(zones, table["zone"]), np.searchsorted(sources, table["source"])
    week = weeks_of(issues["time"].iloc[table.index]) if "time" in issues.columns else np.full(len(table), -1)
    batch, chance = np.empty(number.shape), np.empty(number.shape)
    for j, of_source in enumerate(number.T):
        batch[:, j] = batches_of_groups(of == j, at, week, len(zones))
        tails = batch_tails(of_source, number.sum(axis=1), int(of_source.sum()), total, batch=batch[:, j])
        chance[:, j] = two_sided(*tails)
    p = chance.ravel()
    code = at * len(sources) + of
    found = pd.DataFrame(
        {"zone": np.repeat(zones, len(sources)), "source": np.tile(sources, len(zones)), "count": number.ravel()}
    )
    return found.assign(
        share=ratio(found["count"], own),
        city_share=drawn / total,
        expected=own * drawn / total,
        p=p,
        q=benjamini_hochberg(p),
        days_to_close=median_days(spans_open(issues).of(table.index.to_numpy()), code, len(found)),
        batch=batch.ravel(),
    )


def alone_changed(
    before: Ints, after: Ints, city: tuple[Ints, Ints], *, rises: bool, alpha: float, batch: float
) -> int | None:
    """Which source of a place that rose, or fell, alone did: it may be that it reports more, or less.

    The source that is farthest from what the city's change makes expect. That it rose more than the others of the place is beyond
    chance, given the place's issues of each source and each period (at alpha over the number of its sources, as it is chosen among
    them), and the others by themselves did not rise beyond chance beside theirs in the city.

    Parameters
    ----------
    before, after
        (k,) issues of the place in two periods, by source.
    city
        The same of the city in both.
    rises
        Whether the place rose beside the city; else it fell.
    alpha
        The level.
    batch
        How many times as much as by chance counts vary there.

    Returns
    -------
    int or None
        Number of the source; None where there is none, or the place has one source alone, of which its share tells.

    Examples
    --------
    Patrols doubled, calls stayed; both by a half:

    >>> city = (np.array([5000, 5000]), np.array([5000, 5000]))
    >>> alone_changed(np.array([100, 100]), np.array([200, 100]), city, rises=True, alpha=0.05, batch=1.0)
    0
    >>> alone_changed(np.array([100, 100]), np.array([150, 150]), city, rises=True, alpha=0.05, batch=1.0) is None
    True
    """
    both, early, late = before + after, int(before.sum()), int(after.sum())
    several = int((both > 0).sum())
    if several < 2:
        return None
    whole = np.array([period.sum() for period in city])
    beyond = after - before * whole[1] / max(whole[0], 1)
    at = int(np.argmax(beyond if rises else -beyond))
    side = 0 if rises else 1
    others, rest = late - int(after[at]), early + late - int(both[at])
    # Of either the other's tail is the same where cases come by themselves; of batches only a small part of all is told well.
    smaller = (others, rest, 1 - side) if rest < both[at] else (after[at], both[at], side)
    mix = batch_tails([smaller[0]], [smaller[1]], late, early + late, batch=batch)[smaller[2]][0]
    drawn = whole - np.array([period[at] for period in city])
    moved = batch_tails([others], [rest], int(drawn[1]), int(drawn.sum()), batch=batch)[side][0]
    return at if mix <= alpha / several and 2 * moved > alpha else None


def change_by_source(issues: pd.DataFrame, early: NDArray[np.bool_], late: NDArray[np.bool_]) -> dict[str, float]:
    """By how much the issues of each source changed between two periods: whether it is one source that reports more.

    Parameters
    ----------
    issues
        ``source``, where there are any.
    early, late
        (n,) which issues are of which period.

    Returns
    -------
    dict of str to float
        Those of 100 issues or more in one period and 30 in the other, the one with most first; empty where there are not two.

    Examples
    --------
    >>> issues = pd.DataFrame({"source": ["巡查"] * 500 + ["12345"] * 210 + ["媒体"] * 9})
    >>> early = np.arange(719) < 200
    >>> early[500:600] = True
    >>> {name: round(change, 2) for name, change in change_by_source(issues, early, ~early).items()}
    {'巡查': 0.5, '12345': 0.1}
    """
    if "source" not in issues.columns:
        return {}
    source = issues["source"].astype("string").str.strip().astype(object)
    counts = pd.DataFrame({"early": source[early].value_counts(), "late": source[late].value_counts()}).drop(
        index="", errors="ignore"
    )
    told = counts[(counts >= _TOLD).any(axis=1) & (counts >= _FEWEST).all(axis=1)].sort_values(
        "late", ascending=False, kind="stable"
    )
    if len(told) < 2:
        return {}
    return {str(name): float(value) for name, value in (told["late"] / told["early"] - 1).items()}
