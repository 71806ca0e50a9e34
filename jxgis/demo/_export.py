"""The platform's export: the cases as the rows that a case-management system writes, Chinese headers and all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from jxgis.demo._issues import Cases, read_categories
from jxgis.demo._plan import EPSG, segments

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "FIRST_YEAR", "make_export"]

COLUMNS = (
    "任务号", "问题来源", "问题类型", "大类", "小类", "问题描述", "地址", "上报时间", "立案时间", "派遣时间", "处置截止时间",
    "处置完成时间", "结案时间", "作废时间", "X坐标", "Y坐标", "所属区", "街道", "社区", "单元网格", "处置部门", "返工次数",
    "延期次数", "案件状态",
)  # fmt: skip
FIRST_YEAR = 2021
_EXPORTED = np.datetime64("2024-01-03T08:00", "s")
"""When the export was drawn: later times are still open."""

_YEAR_SHARES = (0.30, 0.33, 0.37)
_HOUR_WEIGHTS = np.array(
    [1, 1, 1, 1, 1, 2, 6, 14, 20, 20, 17, 10, 8, 13, 17, 17, 14, 10, 7, 6, 5, 3, 2, 1], dtype=float
)
_SOURCES = (("采集员上报", 0.62), ("智能识别", 0.17), ("12345热线", 0.12), ("市民随手拍", 0.06), ("媒体曝光", 0.03))
_WORDS = ("经巡查发现{sub}", "{sub}，影响市容", "群众反映此处{sub}", "{sub}，需及时处置", "{street}沿线{sub}")


def _times(rng: np.random.Generator, n: int) -> NDArray[np.datetime64]:
    """Times of reporting over three years, more by day and on workdays, in order."""
    year = FIRST_YEAR + rng.choice(3, n, p=_YEAR_SHARES)
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    day = first + np.floor(rng.random(n) * 365).astype("timedelta64[D]")
    weekend = (day.astype(np.int64) + 3) % 7 >= 5
    move = weekend & (rng.random(n) < 0.35)  # a third of the weekend's cases are reported on the Wednesday before
    day = np.where(move, day - np.timedelta64(3, "D"), day)
    day = np.maximum(day, first)
    hour = rng.choice(24, n, p=_HOUR_WEIGHTS / _HOUR_WEIGHTS.sum())
    second = np.floor(rng.random(n) * 3600).astype(np.int64)
    return np.asarray(np.sort(day.astype("datetime64[s]") + (hour * 3600 + second).astype("timedelta64[s]")))


def _stuck(rng: np.random.Generator, issue_class: NDArray[np.object_], home: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which cases nobody solves: of greening about one in thirty, more in some sub-districts than in others; of the rest few.

    The chance is one of its own, so that the rest of the export is as if every case were solved.
    """
    greening = rng.beta(2.0, 58.0, int(home.max()) + 1)[home]
    return np.asarray(rng.random(len(home)) < np.where(issue_class == "园林绿化", greening, 0.001))


def _stamp(times: NDArray[np.datetime64]) -> NDArray[np.object_]:
    text = np.datetime_as_string(times, unit="s")
    return np.where(np.isnat(times), "", np.char.replace(text, "T", " ")).astype(object)


def _minutes(values: NDArray[np.float64]) -> NDArray[np.timedelta64]:
    return np.asarray(np.floor(values * 60).astype("timedelta64[s]"))


def _categories(rng: np.random.Generator, issue_class: NDArray[np.object_]) -> pd.DataFrame:
    """One category a case, by the weights within its class."""
    table = read_categories()
    chosen = np.zeros(issue_class.size, dtype=np.int64)
    for name, group in table.groupby("issue_class", sort=False):
        rows = np.flatnonzero(issue_class == name)
        weight = group["weight"].to_numpy(dtype=np.float64)
        chosen[rows] = group.index.to_numpy()[rng.choice(len(group), rows.size, p=weight / weight.sum())]
    return table.iloc[chosen].reset_index(drop=True)


def _within(points: NDArray[np.object_], shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    """The polygon that holds each point, the first of two; the nearest for a point in none."""
    tree = shapely.STRtree(shapes)
    point, shape = tree.query(points, predicate="intersects")
    found = np.full(points.size, -1)
    found[point[::-1]] = shape[::-1]
    lost = np.flatnonzero(found < 0)
    if lost.size:
        found[lost] = tree.query_nearest(points[lost], all_matches=False)[1]
    return found


def _nearest(points: NDArray[np.object_], shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    return np.asarray(shapely.STRtree(shapes).query_nearest(points, all_matches=False)[1], dtype=np.int64)


class _Lives(NamedTuple):
    """What becomes of cases: when each step is taken, NaT where it is not; how often one is done again or put off."""

    filed: NDArray[np.datetime64]
    sent: NDArray[np.datetime64]
    deadline: NDArray[np.datetime64]
    done: NDArray[np.datetime64]
    closed: NDArray[np.datetime64]
    voided: NDArray[np.datetime64]
    status: NDArray[np.str_]
    rework: NDArray[np.int64]
    put_off: NDArray[np.int64]


def _lives(
    rng: np.random.Generator,
    reported: NDArray[np.datetime64],
    hours: NDArray[np.float64],
    issue_class: NDArray[np.object_],
    spot: NDArray[np.bool_],
    home: NDArray[np.int64],
) -> _Lives:
    """Filed, sent, done, closed; about one in a hundred is void, a few are late, reworked, put off."""
    n = len(reported)
    filed = reported + _minutes(rng.exponential(25.0, n) + 2)
    sent = filed + _minutes(np.where(rng.random(n) < 0.9, 0.5, rng.exponential(30.0, n) + 1))
    deadline = sent + _minutes(hours * 60)
    late = rng.random(n) < np.where(spot, 0.02, 0.006)
    pace = np.where(late, rng.uniform(1.05, 2.5, n), rng.beta(1.6, 3.2, n) * 0.98)
    done = sent + _minutes(hours * 60 * pace)
    # The check that closes a case on time falls between its being done and its deadline.
    slack = (deadline - done).astype(np.float64) / 60.0
    closed = done + _minutes(np.where(late, rng.exponential(240.0, n) + 5, rng.uniform(0.05, 0.95, n) * slack))
    fate = rng.random(n)
    void, twin = fate < 0.012, (fate >= 0.012) & (fate < 0.018)
    ended = void | twin
    stuck = _stuck(rng.spawn(1)[0], issue_class, home)
    nat = np.datetime64("NaT", "s")
    voided = np.where(void, reported + _minutes(rng.exponential(60.0, n) + 3), nat)
    filed, sent, deadline = (np.where(ended | (t > _EXPORTED), nat, t) for t in (filed, sent, deadline))
    done, closed = (np.where(ended | stuck | (t > _EXPORTED), nat, t) for t in (done, closed))
    status = np.select([void, twin, ~np.isnat(closed)], ["作废", "重复", "已结案"], "处置中")
    rework = np.where(ended, 0, rng.poisson(np.where(spot, 0.05, 0.02)))
    put_off = np.where(ended, 0, rng.poisson(0.03, n))
    return _Lives(filed, sent, deadline, done, closed, voided, status, rework, put_off)


def _degrees(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[list[str]]:
    """Points as the platform writes them: GCJ-02, six decimals."""
    import pyproj

    from jxgis.datum import wgs84_to_gcj02

    both = wgs84_to_gcj02(*pyproj.Transformer.from_crs(EPSG, 4490, always_xy=True).transform(x, y))
    return [[f"{value:.6f}" for value in one] for one in both]


def make_export(
    rng: np.random.Generator,
    cases: Cases,
    *,
    subdistricts: gpd.GeoDataFrame,
    areas: dict[str, str],
    streets: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Write cases as rows of an export, in the order of reporting.

    Parameters
    ----------
    rng
        The source of chance.
    cases
        Where and what.
    subdistricts
        ``name``, ``code``, ``geometry`` in EPSG:4549.
    areas
        Sub-district to the area that answers for it (南湖区, 秀洲区, 经开区).
    streets, places
        Named lines and points in EPSG:4549: where the addresses come from.

    Returns
    -------
    pandas.DataFrame
        The columns `COLUMNS`, all text, missing values empty; coordinates in GCJ-02 with six decimals.
    ndarray
        Shape (n,): the row of ``cases`` that each row of the export is.
    """
    n = cases.x.size
    order = rng.permutation(n)
    at = np.asarray(shapely.points(cases.x[order], cases.y[order]), dtype=object)
    kind = _categories(rng, cases.issue_class[order])
    reported = _times(rng, n)

    lon, lat = _degrees(cases.x[order], cases.y[order])
    spot, home = cases.spot[order] >= 0, _within(at, subdistricts.geometry.to_numpy())
    pieces, line = segments(streets.geometry.to_numpy())
    street = streets["name"].to_numpy(dtype=object)[line[_nearest(at, pieces)]]
    place = _nearest(at, places.geometry.to_numpy())
    sub_name = subdistricts["name"].to_numpy(dtype=object)[home]
    code = subdistricts["code"].to_numpy(dtype=object)[home]
    grid = (np.floor(cases.x[order] / 300).astype(np.int64) * 7 + np.floor(cases.y[order] / 300).astype(np.int64)) % 40

    life = _lives(rng, reported, kind["hours"].to_numpy(dtype=np.float64), cases.issue_class[order], spot, home)
    source = np.array([s for s, _ in _SOURCES], dtype=object)[rng.choice(5, n, p=[p for _, p in _SOURCES])]
    words = np.array(_WORDS, dtype=object)[rng.integers(0, len(_WORDS), n)]
    number = rng.integers(1, 400, n)
    days = np.char.replace(np.datetime_as_string(reported, "D"), "-", "")
    table = pd.DataFrame(
        {
            "任务号": [f"JX{day}{k + 1:06d}" for k, day in enumerate(days)],
            "问题来源": source,
            "问题类型": kind["tree"].to_numpy(),
            "大类": kind["main_type"].to_numpy(),
            "小类": kind["sub_type"].to_numpy(),
            "问题描述": [w.format(sub=s, street=r) for w, s, r in zip(words, kind["sub_type"], street, strict=True)],
            "地址": [f"{r}{k}号附近" for r, k in zip(street, number, strict=True)],
            "上报时间": _stamp(reported),
            "立案时间": _stamp(life.filed),
            "派遣时间": _stamp(life.sent),
            "处置截止时间": _stamp(life.deadline),
            "处置完成时间": _stamp(life.done),
            "结案时间": _stamp(life.closed),
            "作废时间": _stamp(life.voided),
            "X坐标": lon,
            "Y坐标": lat,
            "所属区": [areas[name] for name in sub_name],
            "街道": sub_name,
            "社区": [f"{name}片" for name in places["name"].to_numpy(dtype=object)[place]],
            "单元网格": [f"{c}{p + 1:03d}{g + 1:03d}" for c, p, g in zip(code, place, grid, strict=True)],
            "处置部门": kind["department"].to_numpy(),
            "返工次数": life.rework.astype(str),
            "延期次数": life.put_off.astype(str),
            "案件状态": life.status,
        },
        columns=list(COLUMNS),
    ).astype("str")
    return table, order
