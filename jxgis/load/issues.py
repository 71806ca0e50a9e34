"""Issues of the platform: placed, timed, classed and filtered, with an account of every row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis import parse
from jxgis.city import TIMEZONE, UNCLASSIFIED, classify, read_class_table
from jxgis.errors import InputError
from jxgis.i18n import Text, few, listed, number_words, text_pair
from jxgis.load import Loaded
from jxgis.load._finish import finish, require_columns
from jxgis.load._layer import Gathered, gather, read_times
from jxgis.load._options import ReadOptions
from jxgis.load.repeated import seen_again
from jxgis.load.times import local_date
from jxgis.privacy import mask, mask_column
from jxgis.schema import layers as _tables
from jxgis.schema.columns import column as declared_column
from jxgis.settings import IssueInputSettings, default

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Unpack

    from numpy.typing import NDArray

    from jxgis.city import City
    from jxgis.load.readers import Source

__all__ = ["ALIKE", "ClassesBy", "Filters", "judge_issues", "load_issues", "spelling_note", "unclassified"]

ALIKE = ("source", "department")
"""Columns of names that people type: one name written in two ways is one source, or department."""

_DROP_STATUS: tuple[str, ...] = default(IssueInputSettings, "drop_status")
# A point that so many issues share is rather a geocoder's default than a place.
_SAME_POINT_SHARE, _SAME_POINT_COUNT = 0.02, 20
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
        If given, only issues of these are kept, whatever their width, case and blanks; the others are left out and counted.
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
    filters = Filters(start, end, tuple(status), tuple(source), tuple(drop_status), tuple(drop_points))
    classes = ClassesBy(class_column, class_table)
    _window(start, end)  # before a large file is read
    gathered = gather(path, "issues", city=city, options=classes.column_in(options))
    judge_issues(gathered, city=city, classes=classes, timezone=timezone, filters=filters)
    _refuse_unknown(gathered, filters)
    _refuse_twice(gathered)
    _write_alike(gathered)
    _note_unclassified(gathered)
    _note_same_point(gathered)
    return finish(gathered)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which issues are left out; see `load_issues`.

    Parameters
    ----------
    start, end, status, source, drop_status, drop_points
        As there.
    """

    start: str | None = None
    end: str | None = None
    status: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    drop_status: tuple[str, ...] = _DROP_STATUS
    drop_points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ClassesBy:
    """What gives issues their class; see `load_issues`.

    Parameters
    ----------
    column
        ``class_column`` there.
    table
        ``class_table`` there.
    """

    column: str | None = None
    table: pd.DataFrame | str | Path | None = None

    def column_in(self, options: ReadOptions) -> ReadOptions:
        """The options of reading with the file's column of classes."""
        if self.column is None:
            return options
        changed = options.copy()
        changed["columns"] = {**options.get("columns", {}), "issue_class": self.column}
        return changed


def judge_issues(
    gathered: Gathered, *, city: City | None, classes: ClassesBy, timezone: str | None, filters: Filters
) -> None:
    """Everything of `load_issues` that a row of files that were gathered decides without the others: time, filters, class.

    Parameters
    ----------
    gathered
        Is added to; ids are not compared.
    city, timezone
        As there.
    classes, filters
        Of the others, what `load_issues` takes one by one.

    Raises
    ------
    InputError
        If columns are missing, or a filter is not a date.
    """
    window = _window(filters.start, filters.end)
    _identify(gathered)
    require_columns(gathered)
    read_times(gathered, timezone or (city.timezone if city is not None else TIMEZONE), needed=("time",))
    if "time" not in gathered.frame:
        gathered.notes.append(text_pair("load.no_time"))
    _drop_points(gathered, filters.drop_points)
    _filter(gathered, window, filters)
    _class(gathered, city, classes)


def _window(start: str | None, end: str | None) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    first = None if start is None else local_date(start, field="from")
    last = None if end is None else local_date(end, field="to")
    if first is not None and last is not None and first >= last:
        raise InputError(
            zh=f"时间范围是空的：from = {start} 不早于 to = {end}（不含 to 当天）。",
            en=f"The window of time is empty: from = {start} is not before to = {end} (which is not included).",
        )
    return first, last


def _identify(gathered: Gathered) -> None:
    """Number the issues where no file has ids."""
    if "issue_id" not in gathered.frame:
        gathered.frame["issue_id"] = pd.Series(_numbers(gathered), dtype="str")
        gathered.notes.append(text_pair("load.no_issue_id"))


def _numbers(gathered: Gathered) -> list[str]:
    """The file and row of each issue, for an id."""
    names = [file.name for file in gathered.ledger.sources()]
    return [f"{names[file]}:{row}" for file, row in zip(gathered.ledger.source, gathered.ledger.row, strict=True)]


def _filter(gathered: Gathered, window: tuple[np.datetime64 | None, np.datetime64 | None], filters: Filters) -> None:
    """Leave out what the filters say; a filter on a column that is not there is refused."""
    _drop(gathered, filters.drop_status)
    for name, wanted in (("status", filters.status), ("source", filters.source)):
        if wanted:
            _need(gathered, name, name)
            out = ~parse.is_one_of(gathered.frame[name], wanted)
            _note_left_out(gathered, f"filter_{name}", gathered.ledger.leave_out(out))
    # Last, so that what is earlier than the window has passed every other filter: a period to compare with.
    _within(gathered, window)


def _refuse_unknown(gathered: Gathered, filters: Filters) -> None:
    """Refuse a filter for a value that no issue has."""
    for name, wanted in (("status", filters.status), ("source", filters.source)):
        unknown = [value for value in wanted if not parse.is_one_of(gathered.frame[name], [value]).any()]
        if unknown:
            have = [mask(str(value)) for value in gathered.frame[name].value_counts().index[:12]]
            hint = _tables.nearest(unknown[0], have)
            raise InputError(
                zh=f"{name} 筛选值“{unknown[0]}”在数据中没有{hint.zh}数据中有：{listed(have, 'zh')}。",
                en=f"{name}: no issue has {unknown[0]!r}{hint.en} The data have {listed(have, 'en')}.",
            )


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
    """Which of some rows are another case than the one before them that has their id."""
    ids, points, frame = gathered.frame["issue_id"], gathered.geometry[rows], gathered.frame
    again = seen_again(
        pd.factorize(ids.to_numpy()[rows])[0],
        shapely.get_x(points),
        shapely.get_y(points),
        frame["time"].to_numpy()[rows] if "time" in frame else np.full(len(rows), "NaT", dtype="M8[us]"),
    )
    kept = gathered.ledger.kept[rows]
    # What lies before the window does not decide what becomes of those in it.
    among_kept, among_all = (again.other_cases(begun_anew=again.balance(of) > 0) for of in (kept, slice(None)))
    return np.where(kept, among_kept, among_all)


def _class(gathered: Gathered, city: City | None, classes: ClassesBy) -> None:
    """Give each issue its class: the user's column, else the mapping, else a column issue_class, else none."""
    frame, class_table = gathered.frame, classes.table
    if isinstance(class_table, str | Path):
        class_table = read_class_table(Path(class_table))
    tables = [table for table in (class_table, None if city is None else city.class_table) if table is not None]
    mapping = pd.concat(tables, ignore_index=True).drop_duplicates(["tree", "sub_type"]) if tables else pd.DataFrame()
    if classes.column is not None or ("issue_class" in frame and not (len(mapping) and "sub_type" in frame)):
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
        gathered.by_all |= "tree" in frame
    mapping = mapping.assign(**{key: parse.texts(mapping[key]).fillna("") for key in ("tree", "sub_type")})
    found = classify(tree, frame["sub_type"], mapping)
    # In a sheet that jxgis wrote to be filled in, what names a person is masked: such a category is found as it was written.
    unknown = found == UNCLASSIFIED
    if unknown.any():
        trees, categories = (mask_column(column[unknown]).astype("str") for column in (tree, frame["sub_type"]))
        found = found.mask(unknown, classify(trees, categories, mapping))
    frame["issue_class"] = found


def _write_alike(gathered: Gathered) -> None:
    """Write each source and department as most issues that are kept do, and say which were written otherwise."""
    for name in ALIKE:
        if name not in gathered.frame:
            continue
        names = gathered.frame[name]
        kept = names[gathered.ledger.kept].value_counts()
        usual = parse.commonest_spelling(kept.reindex(names.dropna().unique(), fill_value=0))
        if usual:
            gathered.frame[name] = names.replace(usual)
            gathered.notes.append(spelling_note(name, usual))


def spelling_note(name: str, usual: Mapping[str, str]) -> Text:
    """Say which names of a column were written otherwise than most.

    Parameters
    ----------
    name
        The column.
    usual
        Of `parse.commonest_spelling`.

    Examples
    --------
    >>> spelling_note("source", {"１２３４５": "12345"}).zh
    '“来源”中写法不同的同一名称（全角半角、大小写、空格），按最常见的写法合计：１２３４５→12345。'
    """
    names = [f"{mask(other)}→{mask(own)}" for other, own in usual.items()]
    return text_pair("load.spelt_otherwise", column=declared_column(name).title, names=few(names))


def _note_unclassified(gathered: Gathered) -> None:
    left = unclassified(gathered.frame[gathered.ledger.kept])
    if len(left):
        count = int(left["count"].sum())
        share = number_words(100 * count / max(int(gathered.ledger.kept.sum()), 1), 1)
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
        share = number_words(100 * count / int(kept.sum()), 1)
        own = _pair(*gathered.given[kept][most])
        gathered.notes.append(
            text_pair("load.same_point", count=count, share=share, at=f"({east:.0f}, {north:.0f})", own=own)
        )
