"""How many times as much as by chance shares vary where cases come in batches (a campaign in some streets, a bad week), and their tails then."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from jxgis.statistics.beta_binomial import beta_binomial_tails
from jxgis.statistics.tails import drawn_tails

__all__ = ["batch_of_shares", "batch_tails", "batches_of_groups", "weeks_of"]

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]

_MANY = 20
"""Weeks from which on they tell by themselves; below, all groups are held against the share of all too."""


def weeks_of(time: pd.Series) -> npt.NDArray[np.int64]:
    """Number of the week of each time, -1 for none; of the day where there are fewer than twenty weeks.

    Examples
    --------
    >>> weeks_of(pd.Series(pd.to_datetime(["2024-05-01", "2024-05-02", None, "2024-05-02"]))).tolist()
    [0, 1, -1, 1]
    """
    day = pd.to_datetime(time).dt.normalize()
    week = pd.factorize(day - pd.to_timedelta(day.dt.day_of_week, unit="D"))
    return np.asarray((week if len(week[1]) >= _MANY else pd.factorize(day))[0], dtype=np.int64)


def batch_of_shares(hit: npt.NDArray[np.bool_], group: Ints, week: Ints) -> float:
    """Find how many times as much as by chance the hits of groups vary, plus the standard error of finding it; at least 1.

    The hits of a group in a week are held against the group's own share, so that groups which differ do not raise it,
    less what the week is off in all groups, which is common to them: the design effect of batches (Kish 1965). Where
    fewer than twenty weeks tell, every group is held against the share of all too, which differences raise: few cases do not
    tell them from a batch.

    Parameters
    ----------
    hit
        (n,) whether a case is one of those whose share is asked.
    group
        (n,) number of its group, from 0 on; -1 for none, which counts nowhere.
    week
        (n,) number of what cases come together in, such as from `weeks_of`; -1 for none, which counts nowhere.

    Returns
    -------
    float
        1 too where the cases cannot tell: none, or all of them hits.

    References
    ----------
    Kish, L. (1965). Survey Sampling. Wiley.

    Examples
    --------
    In 300 weeks two groups have ten cases each, which either all are hits or none:

    >>> week, group = np.divmod(np.repeat(np.arange(600), 10), 2)
    >>> hit = np.repeat(np.random.default_rng(0).random(600) < 0.5, 10)
    >>> bool(9 < batch_of_shares(hit, group, week) < 12)
    True
    """
    held = _held(hit, group, week)
    if held is None:
        return 1.0
    seen, expected = (_sums(held.week, values) for values in (held.squares, held.chance))
    found = _with_error(seen, expected)
    return found if _tells(expected) else max(found, held.against_all)


def batches_of_groups(hit: npt.NDArray[np.bool_], group: Ints, week: Ints, groups: int) -> Floats:
    """Find the same of each group: what all vary, or what it does itself where that is more.

    A department whose cases come in campaigns is so not held to what others vary, whose cases come by themselves.

    Parameters
    ----------
    hit, group, week
        As `batch_of_shares` takes them.
    groups
        How many groups there are.

    Returns
    -------
    numpy.ndarray
        (groups,) at least 1.

    Examples
    --------
    In 300 weeks five groups have forty cases each; of the last all of a week are hits or none, of the others each by itself:

    >>> week, group = np.divmod(np.repeat(np.arange(1500), 40), 5)
    >>> random = np.random.default_rng(0)
    >>> hit = np.where(group == 4, (random.random(300) < 0.5)[week], random.random(60_000) < 0.5)
    >>> found = batches_of_groups(hit, group, week, 5)
    >>> bool(found[:4].max() < 0.5 * found[4]), bool(25 < found[4] < 46)
    (True, True)
    """
    found = np.full(groups, batch_of_shares(hit, group, week))
    held = _held(hit, group, week)
    if held is None:
        return found
    for own in np.unique(held.group):
        mine = held.group == own
        found[own] = max(found[own], _with_error(held.squares[mine], held.chance[mine]))
    return found


class _Held(NamedTuple):
    """Each group in each of its weeks: the square of what its hits are off its own share, and what chance makes of it.

    ``against_all``: how many times as much as by chance hits vary beside the share of all.
    """

    group: Ints
    week: Ints
    squares: Floats
    chance: Floats
    against_all: float


def _held(hit: npt.NDArray[np.bool_], group: Ints, week: Ints) -> _Held | None:
    known = (group >= 0) & (week >= 0)
    hit, group, week = hit[known], group[known].astype(np.int64), week[known].astype(np.int64)
    if hit.all() or not hit.any():  # as where nothing is known
        return None
    pair, at = np.unique(group * (week.max() + 1) + week, return_inverse=True)
    of_group, of_week = np.divmod(pair, week.max() + 1)
    cases, hits = np.bincount(at).astype(np.float64), _sums(at, hit)

    def whole(values: Floats, which: Ints) -> Floats:
        return np.asarray(_sums(which, values)[which])

    share = whole(hits, of_group) / whole(cases, of_group)
    part = cases / whole(cases, of_week)
    off = hits - share * cases
    # By chance: what the group itself varies, less what is fitted to it, and the others of its week.
    own = share * (1 - share) * cases * (1 - cases / whole(cases, of_group))
    chance = own * (1 - part) ** 2 + part**2 * (whole(own, of_week) - own)
    mean = hits.sum() / cases.sum()
    against_all = _with_error(np.square(hits - mean * cases), mean * (1 - mean) * cases)
    return _Held(of_group, of_week, np.square(off - part * whole(off, of_week)), chance, against_all)


def _tells(expected: Floats) -> bool:
    """Whether so much is expected in twenty weeks or more, by how evenly."""
    return bool(expected.sum() ** 2 >= _MANY * np.square(expected).sum() > 0)


def batch_tails(
    hits: npt.ArrayLike, cases: npt.ArrayLike, all_hits: npt.ArrayLike, all_cases: int, *, batch: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Compute P(H >= h) and P(H <= h) for the hits among the cases of groups, given the hits of all.

    Parameters
    ----------
    hits, cases
        (n,) of each group, of the latter at least one.
    all_hits, all_cases
        Of the whole; the hits may differ by group.
    batch
        How many times as much as by chance they vary, of all or (n,) of each: 1 is hypergeometric, exact; more is
        beta-binomial.

    Returns
    -------
    upper, lower : numpy.ndarray
        (n,) probabilities; 1 where all or none of the whole are hits, which leaves no choice.

    Examples
    --------
    Of four cases two are hits; both may be of a group by themselves, or come together half as often again:

    >>> [batch_tails([2], [2], 2, 4, batch=batch)[0].round(4).tolist() for batch in (1.0, 1.5)]
    [[0.1667], [0.375]]
    """
    h, n, share, times = np.broadcast_arrays(hits, cases, np.asarray(all_hits) / max(all_cases, 1), batch)
    if (times <= 1).all():
        return drawn_tails(hits, cases, all_hits, all_cases)
    upper, lower = (tail.copy() for tail in np.broadcast_arrays(*drawn_tails(h, n, all_hits, all_cases)))
    free = (share > 0) & (share < 1) & (times > 1)
    upper[free], lower[free] = beta_binomial_tails(h[free], n[free], share[free], times[free])
    return upper, lower


def _sums(which: Ints, values: npt.ArrayLike) -> Floats:
    return np.asarray(np.bincount(which, weights=values), dtype=np.float64)


def _with_error(squares: Floats, expected: Floats) -> float:
    """Ratio of the sums, plus its standard error by how the squares scatter; at least 1."""
    if not expected.any():
        return 1.0
    found = squares.sum() / expected.sum()
    error = np.sqrt(np.square(squares - found * expected).sum()) / expected.sum()
    return float(max(found + error, 1.0))
