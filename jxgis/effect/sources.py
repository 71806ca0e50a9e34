"""Whether what is reported changed beside what there is: sources whose share moved in treated areas and not in others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.effect.typical import centre_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.effect.compare import Compared

__all__ = ["moved_sources"]

_LEAST_SHARE = 0.05
"""Sources with a smaller share of the issues are not looked at."""
_MOVED = 0.03
_MOVED_BY_ITSELF = 0.1
"""What is a move: such a share where chance is ruled out, such a one where there are too few sets to rule it out of all sources."""
_ALPHA = 0.05
"""How often some source may seem to have moved where none did, of sets that are not too few to tell."""


def moved_sources(
    compared: Compared, place: NDArray[np.int64], source: pd.Series, before: NDArray[np.bool_], after: NDArray[np.bool_]
) -> pd.DataFrame:
    """Compare the share of each source in treated areas and their controls, before and after.

    More patrols find more issues and fewer find fewer, whatever there is to be found.

    Parameters
    ----------
    compared
        The sets of treated areas and their controls.
    place
        (n,) area of each issue, as the sets call it; negative for none.
    source
        (n,) source of each issue; missing values count in no share.
    before, after
        (n,) which issues lie in each period.

    Returns
    -------
    pandas.DataFrame
        ``source``, its share among the issues of the treated areas and of their controls in each period
        (``treated_share_before`` and so on), ``moved`` (mean over the sets of the difference in differences of shares),
        ``moved_low, moved_high`` (95 %; NaN with too few sets), ``warns``, and ``fewest``: the smallest number of cases but
        zero behind any of the shares; those with the largest move first.
    """
    known = source.notna().to_numpy() & (place >= 0) & (before | after)
    rows = pd.DataFrame({"place": place[known], "source": source[known].astype("str"), "later": after[known]})
    of_all = rows["source"].value_counts(normalize=True)
    looked_at = [str(name) for name in of_all.index[of_all >= _LEAST_SHARE]]
    rows["source"] = rows["source"].where(rows["source"].isin(looked_at), "")
    counts = pd.crosstab([rows["place"], rows["later"]], rows["source"])
    own = [[int(i)] for i in compared.sets["treated"]]
    others = [[int(i) for i in group] for group in compared.sets["controls"]]
    groups = {name: [at for places in some for at in places] for name, some in (("treated", own), ("controls", others))}
    cells = {
        f"{group}_share_{period}": _counts(counts, places, later=period == "after")
        for group, places in groups.items()
        for period in ("before", "after")
    }
    moves = np.array([_moved(counts, mine) - _moved(counts, theirs) for mine, theirs in zip(own, others, strict=True)])
    weight = compared.sets["weight"].to_numpy()
    behind = [number for cell in cells.values() for number in cell if number > 0]
    found = []
    for name in looked_at:
        each = moves[:, counts.columns.get_loc(name)]
        there = ~np.isnan(each)
        if not there.any():
            continue
        value, low, high, p = centre_of(each[there], weight[there])
        # Of so many sets no p is smaller; that of the source that moved most is multiplied by their number, as any might have.
        rarest = 2.0 ** (1 - int(there.sum()))
        if rarest * len(looked_at) <= _ALPHA:
            clear = p * len(looked_at) <= _ALPHA and abs(value) >= _MOVED
        else:
            clear = (np.isnan(low) or low > 0 or high < 0) and abs(value) >= _MOVED_BY_ITSELF
        shares = {cell: number[name] / number.sum() if number.sum() else np.nan for cell, number in cells.items()}
        moved = {"moved": value, "moved_low": low, "moved_high": high}
        found.append({"source": name, **shares, **moved, "warns": bool(clear), "fewest": int(min(behind))})
    table = pd.DataFrame(found, columns=["source", *cells, "moved", "moved_low", "moved_high", "warns", "fewest"])
    return table.sort_values("moved", key=lambda moved: -moved.abs(), kind="stable").reset_index(drop=True)


def _counts(counts: pd.DataFrame, places: list[int], *, later: bool) -> pd.Series:
    """Cases of each source in some areas in a period."""
    index = counts.index
    return counts[index.get_level_values(0).isin(places) & (index.get_level_values(1) == later)].sum()


def _moved(counts: pd.DataFrame, places: list[int]) -> NDArray[np.float64]:
    """How far the share of each source moved in some areas; NaN where a period has no case."""
    later, earlier = (_counts(counts, places, later=when).to_numpy(dtype=np.float64) for when in (True, False))
    if not later.sum() or not earlier.sum():
        return np.full(len(counts.columns), np.nan)
    return np.asarray(later / later.sum() - earlier / earlier.sum(), dtype=np.float64)
