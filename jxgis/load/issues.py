"""Issues of the platform: placed, timed, classed and filtered, with an account of every row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis import parse
from jxgis.bounds import at_most
from jxgis.city import TIMEZONE, UNCLASSIFIED, classify, read_class_table
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.i18n import few, listed, text_pair
from jxgis.load import Loaded
from jxgis.load._finish import finish, require_columns
from jxgis.load._layer import Gathered, gather, read_times
from jxgis.load._options import ReadOptions
from jxgis.load.times import local_date
from jxgis.privacy import mask, mask_column
from jxgis.schema import layers as _tables
from jxgis.settings import IssueInputSettings, default
from jxgis.space.points import locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Unpack

    from numpy.typing import NDArray

    from jxgis.city import City
    from jxgis.load.readers import Source

__all__ = ["Disagreement", "disagreement", "load_issues", "unclassified"]

_DROP_STATUS: tuple[str, ...] = default(IssueInputSettings, "drop_status")
# A point that so many issues share is rather a geocoder's default than a place.
_SAME_POINT_SHARE, _SAME_POINT_COUNT = 0.02, 20
# So far two exports may put one case apart: they round its place and its time.
_SAME_M, _SAME_TIME = 1.0, np.timedelta64(1, "m")
# A point so near to the place that it records lies in it: coordinates are rounded, to 0.1 m or so.
_NEAR_M = 1.0
# What a status may say beside its word: 系统自动作废, 重复上报件.
_STATUS_BEFORE = r"(?:案件|问题|系统|自动|人工|已|被)*"
_STATUS_AFTER = r"(?:上报|立案|关闭|结案|处理|案件|问题|工单|件|单|案|的)*"


def load_issues(
    path: Source,
    *,
    city: City | None = None,
    class_column: str | None = None,
    class_table: pd.DataFrame | str | Path | None = None,
    timezone: str | None = None,
    start: str | None = None,
    end: str | None = None,
    status: Sequence[str] = (),
    source: Sequence[str] = (),
    drop_status: Sequence[str] = _DROP_STATUS,
    drop_points: Sequence[tuple[float, float]] = (),
    **options: Unpack[ReadOptions],
) -> Loaded:
    """Load issues from the platform's export.

    Parameters
    ----------
    path
        Path, glob, several paths, or a table in memory. Coordinates stand in two columns (lon and lat, x and y) or in
        one field such as ``120.94,30.54``, or the file has points.
    city
        Gives the metric CRS, the box, the time zone and the mapping to classes.
    class_column
        The file's column whose values are the classes as they stand; without it, the mapping on (tree, sub_type).
    class_table
        A mapping, or the path of a filled-in sheet of unclassified categories (`city.read_class_table`); it goes
        before the city's.
    timezone
        Of times that state none, and of the result; the city's, else ``Asia/Shanghai``.
    start, end
        Local dates, half open: ``start <= time < end``.
    status, source
        If given, only issues of these are kept; the others are left out and counted.
    drop_status
        Issues of one of these statuses are left out and counted, 已作废 and 重复件 as 作废 and 重复; 非重复 and 作废申请驳回 are
        other statuses, and are named with their counts. With 作废 among them, issues with a time of cancellation go too.
    drop_points
        Pairs of coordinates, as the file has them and in its order: issues there are left out and counted. For the
        point that a geocoder gives to what it cannot find.
    **options
        `ReadOptions`; ``crs`` is required for a table of coordinates. Of the file's other columns only those named in
        ``keep`` are carried.

    Returns
    -------
    Loaded
        Points with the columns of the contract, what names a person in their text masked (`jxgis.privacy.mask`). Flawed
        rows are rejected, each with its reason: coordinates missing, unreadable, 0,0 or outside the box; an id missing,
        rounded, or used before (the first row is kept; one with another time and place is another case, and is numbered by
        file and row); a time missing or unreadable. ``issue_class`` is 未归类 where the mapping has no entry. With
        ``start``, ``earlier`` holds the issues before it that pass the other filters.

    Raises
    ------
    InputError
        If the files, their columns or their CRS cannot be used, a filter is not a date, or nothing is left.

    Examples
    --------
    >>> from jxgis.city import load_city
    >>> export = pd.DataFrame(
    ...     {
    ...         "任务号": ["01", "02", "03"],
    ...         "上报时间": ["2023-05-01 08:30", "45047.5", "昨天"],
    ...         "小类": ["小广告 ", "飞线", "小广告"],
    ...         "坐标": ["120.7593,30.7437", "120.7601,30.7440", "120.76,30.74"],
    ...     }
    ... )
    >>> loaded = load_issues(export, city=load_city(), crs="GCJ-02")
    >>> loaded.table[["issue_id", "issue_class"]].to_numpy().tolist()
    [['01', '宣传广告'], ['02', '未归类']]
    >>> loaded.rejects[["row", "field", "value", "reason"]].to_numpy().tolist()
    [[3, 'time', '昨天', 'bad_time']]
    """
    window = _window(start, end)
    given = _with_class_column(options, class_column)
    gathered = gather(path, "issues", city=city, options=given)
    _identify(gathered)
    require_columns(gathered)
    read_times(gathered, timezone or (city.timezone if city is not None else TIMEZONE), needed=("time",))
    if "time" not in gathered.frame:
        gathered.notes.append(text_pair("load.no_time"))
    _drop_points(gathered, drop_points)
    _filter(gathered, window, status, source, drop_status)
    _refuse_twice(gathered)
    _class(gathered, city, class_column, class_table)
    _note_same_point(gathered)
    return finish(gathered)


def _window(start: str | None, end: str | None) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    first = None if start is None else local_date(start, field="from")
    last = None if end is None else local_date(end, field="to")
    if first is not None and last is not None and first >= last:
        raise InputError(
            zh=f"时间范围是空的：from = {start} 不早于 to = {end}（不含 to 当天）。",
            en=f"The window of time is empty: from = {start} is not before to = {end} (which is not included).",
        )
    return first, last


def _with_class_column(options: ReadOptions, class_column: str | None) -> ReadOptions:
    if class_column is None:
        return options
    changed = options.copy()
    changed["columns"] = {**options.get("columns", {}), "issue_class": class_column}
    return changed


def _identify(gathered: Gathered) -> None:
    """Number the issues where no file has ids."""
    if "issue_id" not in gathered.frame:
        gathered.frame["issue_id"] = pd.Series(_numbers(gathered), dtype="str")
        gathered.notes.append(text_pair("load.no_issue_id"))


def _numbers(gathered: Gathered) -> list[str]:
    """The file and row of each issue, for an id."""
    names = [file.name for file in gathered.ledger.sources()]
    return [f"{names[file]}:{row}" for file, row in zip(gathered.ledger.source, gathered.ledger.row, strict=True)]


def _filter(
    gathered: Gathered,
    window: tuple[np.datetime64 | None, np.datetime64 | None],
    status: Sequence[str],
    source: Sequence[str],
    drop_status: Sequence[str],
) -> None:
    """Leave out what the filters say; a filter on a column that is not there is refused."""
    frame, ledger = gathered.frame, gathered.ledger
    _drop(gathered, drop_status)
    for name, wanted, option in (("status", status, "status"), ("source", source, "source")):
        if not wanted:
            continue
        _need(gathered, name, option)
        unknown = [value for value in wanted if not (frame[name] == value).any()]
        if unknown:
            have = [mask(str(value)) for value in frame[name].value_counts().index[:12]]
            hint = _tables.nearest(unknown[0], have)
            raise InputError(
                zh=f"{option} 筛选值“{unknown[0]}”在数据中没有{hint.zh}数据中有：{listed(have, 'zh')}。",
                en=f"{option}: no issue has {unknown[0]!r}{hint.en} The data have {listed(have, 'en')}.",
            )
        _note_left_out(gathered, f"filter_{name}", ledger.leave_out(~frame[name].isin(list(wanted))))
    # Last, so that what is earlier than the window has passed every other filter: a period to compare with.
    _within(gathered, window)


def _within(gathered: Gathered, window: tuple[np.datetime64 | None, np.datetime64 | None]) -> None:
    """Leave out what was reported outside the window, and keep in mind what was reported before it."""
    first, last = window
    if first is None and last is None:
        return
    _need(gathered, "time", "from / to")
    time = gathered.frame["time"].to_numpy()
    out = np.zeros(len(time), dtype=bool)
    if first is not None:
        out |= time < first
        gathered.earlier = gathered.ledger.kept & out
    if last is not None:
        out |= time >= last
    _note_left_out(gathered, "filter_time", gathered.ledger.leave_out(out))


def _drop(gathered: Gathered, drop_status: Sequence[str]) -> None:
    """Leave out cancelled and repeated cases, and say how many of each value."""
    frame, ledger = gathered.frame, gathered.ledger
    statuses = pd.Series(frame.get("status"), index=frame.index, dtype="str")
    words = "|".join(map(re.escape, drop_status))
    out = statuses.str.fullmatch(f"{_STATUS_BEFORE}(?:{words}){_STATUS_AFTER}", na=False).to_numpy(dtype=bool)
    values = statuses[out & ledger.kept].value_counts()
    if drop_status and ledger.leave_out(out):
        detail = few(f"{mask(str(status))} {count:,}" for status, count in values.items())
        gathered.notes.append(text_pair("load.left_out_status", count=int(values.sum()), detail=detail))
    if "作废" in drop_status and "cancelled" in frame and (count := ledger.leave_out(frame["cancelled"].notna())):
        gathered.notes.append(text_pair("load.left_out_cancelled", count=count))
    counts = statuses[ledger.kept].value_counts()
    near = [f"{mask(str(status))} {n:,}" for status, n in counts.items() if any(w in str(status) for w in drop_status)]
    if near:
        gathered.notes.append(text_pair("load.status_counted", detail=few(near)))


def _drop_points(gathered: Gathered, points: Sequence[tuple[float, float]]) -> None:
    """Leave out what lies on one of the points, to a billionth: a centimetre in degrees."""
    for point in points:
        if len(point) != 2 or not np.isfinite(point).all():
            raise InputError(
                zh=f"drop_points 里的 {list(point)} 不是一对坐标；每个点写两个数，如 [120.75, 30.75]。",
                en=f"drop_points: {list(point)} is not a pair of coordinates; give two numbers, as [120.75, 30.75].",
            )
    for first, second in dict.fromkeys((first, second) for first, second in points):
        at = np.isclose(gathered.given, (first, second), rtol=1e-9, atol=0).all(axis=1)
        count = gathered.ledger.leave_out(at)
        key = "left_out_point" if count else "rejected_point" if at.any() else "no_such_point"
        count = count or int(at.sum())
        gathered.notes.append(text_pair(f"load.{key}", count=count, at=_pair(first, second)))


def _pair(first: float, second: float) -> str:
    """A point as ``drop_points`` takes it: the shortest numbers that are the same."""
    return f"[{float(first)!r}, {float(second)!r}]"


def _need(gathered: Gathered, name: str, option: str) -> None:
    if name not in gathered.frame:
        column = gathered.agreed.column(name)
        aliases = column.aliases[:3] if column is not None else ()
        raise InputError(
            zh=f"不能按 {option} 筛选：文件没有 {name} 列（{listed(aliases, 'zh')}）；请用 columns 指定。",
            en=f"No filter by {option}: the files have no column {name} ({listed(aliases, 'en')}); name it with columns.",
        )


def _note_left_out(gathered: Gathered, what: str, count: int) -> None:
    if count:
        gathered.notes.append(text_pair("load.left_out_filter", what=text_pair(f"load.{what}"), count=count))


def _refuse_twice(gathered: Gathered) -> None:
    """Reject later rows of an id among those kept: exports overlap, and a case counts once.

    Of the earlier rows, which a change compares, none is a kept one's case, nor another earlier one's.
    """
    ids, kept, earlier = gathered.frame["issue_id"], gathered.ledger.kept, gathered.earlier
    # The kept ones first: of one case they count.
    rows = np.concatenate([np.flatnonzero(kept), [] if earlier is None else np.flatnonzero(earlier)]).astype(np.int64)
    rows = rows[ids.iloc[rows].duplicated(keep=False).to_numpy()]
    if not rows.size:
        return
    others = rows[_other_cases(gathered, rows)]
    if others.size:
        ids = ids.copy()
        ids.iloc[others] = np.array(_numbers(gathered), dtype=object)[others]
        gathered.frame["issue_id"] = ids
        gathered.notes.append(text_pair("load.other_cases", count=len(others)))
    again = np.zeros(len(ids), dtype=bool)
    again[rows] = ids.iloc[rows].duplicated().to_numpy()
    if earlier is not None:
        gathered.earlier = earlier & ~again
    gathered.ledger.reject(again, field="issue_id", reason="duplicate_id", values=ids)


def _other_cases(gathered: Gathered, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some rows have the id of one before them, and neither its time nor its place: 序号 begin anew in each file.

    Where most that share an id do, another time or place will do. Of those that share all three only the first is another
    case; the others are its doubles.
    """
    codes, _ = pd.factorize(gathered.frame["issue_id"].to_numpy()[rows])
    first = rows[np.unique(codes, return_index=True)[1][codes]]
    points = gathered.geometry[rows]
    elsewhere = shapely.distance(points, gathered.geometry[first]) > _SAME_M
    another_time = elsewhere
    key = pd.DataFrame({"id": codes, "x": shapely.get_x(points), "y": shapely.get_y(points)})
    key[["x", "y"]] = (key[["x", "y"]] / _SAME_M).round()
    if "time" in gathered.frame:
        time = gathered.frame["time"].to_numpy()
        another_time = np.abs(time[rows] - time[first]) > _SAME_TIME
        key["time"] = time[rows].astype("datetime64[m]").astype(np.int64)
    other = elsewhere & another_time
    if 2 * other.sum() > (rows != first).sum():
        other = elsewhere | another_time
    return np.asarray(other & ~key.duplicated().to_numpy())


def _class(
    gathered: Gathered, city: City | None, class_column: str | None, class_table: pd.DataFrame | str | Path | None
) -> None:
    """Give each issue its class: the user's column, else the mapping, else a column issue_class, else none."""
    frame = gathered.frame
    if isinstance(class_table, str | Path):
        class_table = read_class_table(Path(class_table))
    tables = [table for table in (class_table, None if city is None else city.class_table) if table is not None]
    mapping = pd.concat(tables, ignore_index=True).drop_duplicates(["tree", "sub_type"]) if tables else pd.DataFrame()
    if class_column is not None or ("issue_class" in frame and not (len(mapping) and "sub_type" in frame)):
        frame["issue_class"] = frame["issue_class"].fillna(UNCLASSIFIED)
        return
    if not len(mapping) or "sub_type" not in frame:
        frame["issue_class"] = pd.Series(np.nan, index=frame.index, dtype="str")
        gathered.notes.append(text_pair("load.no_class"))
        return
    if city is not None:
        _check_classes(mapping, city.classes)
    tree = frame["tree"] if "tree" in frame else pd.Series(np.nan, index=frame.index, dtype="str")
    if tree.isna().all():
        mapping = _any_tree(mapping)
    mapping = mapping.assign(**{key: parse.texts(mapping[key]).fillna("") for key in ("tree", "sub_type")})
    found = classify(tree, frame["sub_type"], mapping)
    # In a sheet that jxgis wrote to be filled in, what names a person is masked: such a category is found as it was written.
    unknown = found == UNCLASSIFIED
    if unknown.any():
        trees, categories = (mask_column(column[unknown]).astype("str") for column in (tree, frame["sub_type"]))
        found = found.mask(unknown, classify(trees, categories, mapping))
    frame["issue_class"] = found
    left = unclassified(frame[gathered.ledger.kept])
    if len(left):
        count = int(left["count"].sum())
        share = f"{100 * count / max(int(gathered.ledger.kept.sum()), 1):.1f}"
        gathered.notes.append(text_pair("load.unclassified", count=count, share=share, kinds=len(left)))


def _check_classes(mapping: pd.DataFrame, classes: Iterable[str]) -> None:
    known = [*classes, UNCLASSIFIED]
    unknown = sorted(set(mapping["issue_class"]) - set(known)) if len(known) > 1 else []
    if unknown:
        hint = _tables.nearest(unknown[0], known)
        raise InputError(
            zh=f"类别对应表中的“{unknown[0]}”不是本市的类别{hint.zh}类别有：{listed(known, 'zh')}。",
            en=f"The mapping's class {unknown[0]!r} is none of the city's{hint.en} They are {listed(known, 'en')}.",
        )


def _any_tree(mapping: pd.DataFrame) -> pd.DataFrame:
    """The mapping for exports without trees: categories that have one class in all trees."""
    one = mapping.groupby("sub_type")["issue_class"].transform("nunique") == 1
    return mapping[one].drop_duplicates("sub_type").assign(tree="")


def unclassified(issues: pd.DataFrame) -> pd.DataFrame:
    """The categories that the mapping leaves over, for the planner to fill in and hand back as ``class_table``.

    Parameters
    ----------
    issues
        With ``issue_class`` and, where the files have them, ``tree, main_type, sub_type``.

    Returns
    -------
    pandas.DataFrame
        ``tree, main_type, sub_type, count, issue_class`` (empty: to be filled in), the most frequent first.

    Examples
    --------
    >>> issues = pd.DataFrame({"sub_type": ["飞絮", "飞絮", "路灯"], "issue_class": ["未归类", "未归类", "公用设施"]})
    >>> unclassified(issues).to_dict("records")
    [{'tree': '', 'main_type': '', 'sub_type': '飞絮', 'count': 2, 'issue_class': ''}]
    """
    keys = ["tree", "main_type", "sub_type"]
    mine = issues[issues["issue_class"] == UNCLASSIFIED]
    blank = pd.Series("", index=mine.index, dtype="str")
    named = pd.DataFrame({key: mine[key].fillna("") if key in mine else blank for key in keys})
    counted = named.groupby(keys, sort=True).size().rename("count").reset_index()
    counted = counted.sort_values("count", ascending=False, kind="stable", ignore_index=True)
    return counted.assign(issue_class="")


def _note_same_point(gathered: Gathered) -> None:
    kept = gathered.ledger.kept
    if not kept.any():
        return
    xy = shapely.get_coordinates(gathered.geometry[kept])
    # Hashed: to sort a million pairs takes two seconds.
    keys = pd.Series(xy[:, 0].copy().view(np.int64) * 31 + xy[:, 1].copy().view(np.int64))
    most = int(keys.map(keys.value_counts()).argmax())
    east, north = xy[most]
    count = int((xy == xy[most]).all(axis=1).sum())
    if count >= _SAME_POINT_COUNT and count >= _SAME_POINT_SHARE * int(kept.sum()):
        share = f"{100 * count / int(kept.sum()):.1f}"
        own = _pair(*gathered.given[kept][most])
        gathered.notes.append(
            text_pair("load.same_point", count=count, share=share, at=f"({east:.0f}, {north:.0f})", own=own)
        )


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
