"""Emerging hot spots: what a place has been, slice by slice, in one of 17 words.

The definitions are those that ArcGIS Pro writes of its tool Emerging Hot Spot Analysis ("How Emerging Hot Spot Analysis
works", Esri), but for one: a place that is not hot in the last slice is historical where it was hot in nine slices of ten, and
never persistent, intensifying or diminishing, so that each place has one category.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jxgis.errors import InputError

__all__ = ["CATEGORIES", "last_runs", "patterns", "since"]

CATEGORIES = (
    "new",
    "consecutive",
    "intensifying",
    "persistent",
    "diminishing",
    "sporadic",
    "oscillating",
    "historical",
)
"""Each of these is hot or cold: ``new_hot``, ``new_cold``; every other place is ``none``."""


def patterns(states: npt.ArrayLike, trend: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Give every place its category.

    Where two hold, the first counts, in the order of `CATEGORIES`, and hot before cold: what was hot in nine slices of ten and
    is cold in the last for the first time is ``historical_hot``, not ``new_cold``.

    Parameters
    ----------
    states
        (slices, n) 1 where a place is hot in a slice, -1 where it is cold, 0 elsewhere; the earliest slice first.
    trend
        (n,) 1 where its score rises significantly over the slices, -1 where it falls, 0 elsewhere.

    Returns
    -------
    numpy.ndarray
        (n,) ``new_hot`` to ``historical_cold``, or ``none``. A rising score makes a cold place warmer: it is a
        diminishing cold one.

    Raises
    ------
    InputError
        If the two do not fit, there are fewer than two slices, or a state is none of these.

    Examples
    --------
    >>> states = np.array([[0, 0, 1, -1, 1, -1], [0, 1, 1, 0, 0, -1], [1, 1, 1, 1, 0, -1]])
    >>> patterns(states, [0, 0, -1, 0, 0, -1]).tolist()
    ['new_hot', 'consecutive_hot', 'diminishing_hot', 'new_hot', 'none', 'intensifying_cold']
    """
    state, direction = np.asarray(states), np.asarray(trend)
    if state.ndim != 2 or len(state) < 2 or direction.shape != state.shape[1:]:
        raise InputError(
            zh=f"状态应是（时段，地点），至少两个时段，趋势每处一个；现在的形状是 {state.shape} 和 {direction.shape}。",
            en=f"states are slices by places, two slices or more, with one trend a place; the shapes are {state.shape}, "
            f"{direction.shape}.",
        )
    if not (np.isin(state, (-1, 0, 1)).all() and np.isin(direction, (-1, 0, 1)).all()):
        raise InputError(zh="状态和趋势只能是 -1、0、1。", en="a state and a trend are -1, 0 or 1.")
    found = np.full(state.shape[1], "none", dtype="<U17")
    for sign, ending in ((1, "hot"), (-1, "cold")):
        for name, holds in _holding(state * sign, direction * sign).items():
            found[holds & (found == "none")] = f"{name}_{ending}"
    return found


def _holding(state: npt.NDArray[np.integer], rise: npt.NDArray[np.integer]) -> dict[str, npt.NDArray[np.bool_]]:
    """Which places each definition holds for, of hot spots; cold ones are their mirror."""
    slices = len(state)
    hot, cold = state == 1, state == -1
    times, last = hot.sum(axis=0), hot[-1]
    run = _last_run(hot)
    mostly = 10 * times >= 9 * slices
    off_and_on = last & ~mostly & (run < times)
    return {
        "new": last & (times == 1),
        "consecutive": last & (run >= 2) & (run == times) & ~mostly,
        "intensifying": last & mostly & (rise > 0),
        "persistent": last & mostly & (rise == 0),
        "diminishing": last & mostly & (rise < 0),
        "sporadic": off_and_on & ~cold.any(axis=0),
        "oscillating": last & ~mostly & cold.any(axis=0),
        "historical": ~last & mostly,
    }


def _last_run(hot: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many slices up to the last are hot without a gap."""
    gaps = ~hot[::-1]
    return np.where(gaps.any(axis=0), gaps.argmax(axis=0), len(hot)).astype(np.int64)


def since(states: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The slice since which each place has been what it is in the last one, without a break.

    Parameters
    ----------
    states
        (slices, n), as `patterns` takes them.

    Returns
    -------
    numpy.ndarray
        (n,) position of a slice; -1 where the place is neither hot nor cold in the last one.

    Examples
    --------
    >>> since(np.array([[0, 1, -1, 1], [1, 1, 0, 1], [1, 0, -1, 1]])).tolist()
    [1, -1, 2, 0]
    """
    state = np.asarray(states)
    return np.where(state[-1] == 0, -1, len(state) - last_runs(state))


def last_runs(states: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """How many slices up to the last each place has been hot, or cold, without a break; 0 where it is neither.

    Parameters
    ----------
    states
        (slices, n), as `patterns` takes them.

    Examples
    --------
    >>> last_runs(np.array([[0, 1, -1, 1], [1, 1, 0, 1], [1, 0, -1, 1]])).tolist()
    [2, 0, 1, 3]
    """
    return np.maximum(_last_run(states == 1), _last_run(states == -1))
