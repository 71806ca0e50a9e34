"""What all loaders share: files to rows with contract columns and geometry in the metric CRS, and an account of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis import crs as _crs
from jxgis import parse
from jxgis import reference as _reference
from jxgis.city import contract_of
from jxgis.crs import M2_PER_KM2
from jxgis.errors import InputError
from jxgis.i18n import Text, counted, rows_said, text_pair
from jxgis.load._columns import as_written, differing, rename_columns, with_units, without_percent
from jxgis.load._coordinates import degrees_apart, place_columns
from jxgis.load._database import asked_of
from jxgis.load._file_notes import FileNotes, files_label
from jxgis.load._masked import hide_numbers, mask_names
from jxgis.load._options import ReadOptions, crs_of_nowhere, require_known
from jxgis.load._place import Placed, nowhere, place_geometry, record_flaws, reference_of, without_place
from jxgis.load._written import with_written_geometry
from jxgis.load.geometry import repair
from jxgis.load.loaded import Conversion
from jxgis.load.readers import RawTable, Source, read_tables
from jxgis.load.rejects import Ledger, refuse_empty, refuse_no_years
from jxgis.load.times import parse_times
from jxgis.privacy import quoted
from jxgis.progress import stretch, tell
from jxgis.schema import layers as _tables
from jxgis.schema.columns import IN_PERCENT
from jxgis.schema.matching import match_columns, rivals, units_in_heads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import pyproj
    from numpy.typing import NDArray

    from jxgis._misplaced import AxisOrder
    from jxgis.city import City
    from jxgis.load._served import Asked
    from jxgis.load._used import Picker
    from jxgis.reference import Reference

_APART_M = 20.0
# The properties of DataV.GeoAtlas, whose boundaries are AMap's; GeoJSON, its format, knows no CRS but WGS-84.
_OF_DATAV = {"adcode", "childrenNum", "level"}

__all__ = ["Gathered", "gather", "gather_tables", "picker", "read_times"]


@dataclass
class Gathered:
    """A layer on its way from files to a table.

    Parameters
    ----------
    agreed
        The layer's contract.
    frame
        All rows of all files; the contract columns that the files have, in their dtype, and the others.
    geometry
        (n,) valid geometries of the kind, or None.
    given
        (n, 2) points as their files have them: see `_place.Placed`.
    metric
        The CRS they are in.
    ledger
        The account of the rows.
    notes
        For people.
    absorbed
        (n,) bool: kept rows whose geometry went into another row of the same name.
    earlier
        (n,) bool: rows left out for nothing but their time before the window asked for.
    crs_note
        How ``metric`` was chosen, one of the notes; None where it was given.
    converted
        From which systems to which coordinates were converted.
    axes
        In which order the two numbers of a place stand, as most rows of each file tell.
    by_all
        Whether something was told by all rows together that some of them might not tell.
    heads
        Column of the contract to its head in the first file that has it.
    """

    agreed: _tables.Contract
    frame: pd.DataFrame
    geometry: NDArray[Any]
    given: NDArray[np.float64]
    metric: pyproj.CRS
    ledger: Ledger
    notes: list[Text] = field(default_factory=list)
    absorbed: NDArray[np.bool_] | None = None
    earlier: NDArray[np.bool_] | None = None
    crs_note: Text | None = None
    converted: tuple[Conversion, ...] = ()
    axes: frozenset[AxisOrder] = frozenset()
    by_all: bool = False
    heads: Mapping[str, str] = field(default_factory=dict)

    def head(self, name: str) -> str:
        """What people call a column of the contract: its head in their file."""
        return self.heads.get(name, name)


def gather(source: Source, wanted: str, *, city: City | None, options: ReadOptions) -> Gathered:
    """Read a layer's files, find its columns, bring it into the metric CRS and repair it.

    Parameters
    ----------
    source
        As `readers.read_tables` takes it.
    wanted
        The layer: one that every city has, or one that this city adds.
    city
        Its CRS is worked in, its box fences gross errors.
    options
        `ReadOptions`.

    Returns
    -------
    Gathered

    Raises
    ------
    InputError
        If there is no such option, or files, columns, CRS or coordinates cannot be used.
    """
    require_known(options)
    asked, given = asked_of(source, options)
    agreed = contract_of(wanted, city)
    # Of a large export the files take a quarter of the time; columns, places and the CRS as much as what follows.
    return gather_tables(_read(source, agreed, asked, given), agreed, city=city, options=given)


def _read(source: Source, agreed: _tables.Contract, asked: Asked, given: ReadOptions) -> list[RawTable]:
    used = picker(agreed, given)
    if used is not None:
        asked = replace(asked, used=picker(agreed, given, placed=True))
    with stretch(0, 0.25, text_pair("run.share_reading")):
        return read_tables(
            source,
            expected=(agreed.layer, *agreed.stand_in),
            layer=given.get("layer"),
            encoding=given.get("encoding"),
            may_be_empty=agreed.may_be_empty,
            columns=used,
            asked=asked,
            copies=partial(_says_where, agreed, given),
        )


def _says_where(agreed: _tables.Contract, given: ReadOptions, names: Sequence[str]) -> bool:
    """Whether rows of a layer that are alike are one: two districts may each have 1 of 1 on a sheet that is called by the district."""
    keyed = not agreed.placeless or any(not column.null for column in agreed.columns)
    return keyed or "district" in _mapping(names, agreed, given, agreed.layer)


def gather_tables(
    raw: Sequence[RawTable], agreed: _tables.Contract, *, city: City | None, options: ReadOptions
) -> Gathered:
    """Find the columns of tables that were read, bring them into the metric CRS and repair them.

    Parameters
    ----------
    raw
        As `readers.read_tables` gives them.
    agreed
        The layer's contract.
    city, options
        As for `gather`.

    Returns
    -------
    Gathered

    Raises
    ------
    InputError
        If columns, CRS or coordinates cannot be used.
    """
    given = options
    ledger = Ledger(raw, codes={column.name for column in agreed.columns if column.dtype == "code"})
    placing = _Placing(agreed, city, given, _columns_to_keep(raw, given.get("keep", ())))
    # A month without a case adds nothing, and has no place by which to choose a CRS.
    tables = [table for table in raw if len(table.frame)] or raw[:1]
    frames, placed = map(list, zip(*[placing.rows(table) for table in tables], strict=True))
    metric = placing.metric
    if metric is None:
        metric = crs_of_nowhere(given, city)
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    geometry = np.concatenate([place.geometry for place in placed])
    ledger.reject_blank()
    if not agreed.placeless:
        record_flaws(ledger, placed)
    nowhere_said = without_place(ledger, placed) if agreed.placeless else []
    as_given = np.concatenate([place.given for place in placed])
    crs_note = placing.crs_note
    said = [
        *(note for table in raw for note in table.notes),
        *([crs_note] if crs_note else []),
        *placing.told.notes(),
        *nowhere_said,
    ]
    names = [table.name for table in raw]
    axes = frozenset(place.order for place in placed if place.order is not None)
    # What was read is not needed beside what is made of it.
    del raw, tables, frames, placed
    gathered = Gathered(
        agreed,
        frame,
        geometry,
        as_given,
        metric,
        ledger,
        said,
        crs_note=crs_note,
        converted=placing.told.converted(),
        axes=axes,
        heads=placing.heads,
    )
    _convert(gathered)
    if agreed.carries:
        mask_names(gathered)
    _refuse_impossible(gathered)
    _repair(gathered)
    tell(0.65, 1, text_pair("run.share_reading"))
    known = gathered.geometry[ledger.kept & ~shapely.is_missing(gathered.geometry)]
    if len(known):
        _crs.refuse_distorted(metric, shapely.total_bounds(known), files_label(names))
    return gathered


class _Placing:
    """File by file, the rows with the contract's columns and where they are, in one CRS: the first file says which.

    Attributes
    ----------
    metric
        That CRS; None as long as no file lies anywhere.
    crs_note
        How it was chosen; None where it was given: who gives a CRS has said already where it comes from.
    told
        What is to be said of the files.
    heads
        Column of the contract to its head in the first file that has it.
    """

    def __init__(self, agreed: _tables.Contract, city: City | None, given: ReadOptions, keep: Sequence[str]) -> None:
        self._agreed, self._city, self._given, self._keep = agreed, city, given, keep
        self.metric: pyproj.CRS | None = None
        self.crs_note: Text | None = None
        self.told = FileNotes()
        self.heads: dict[str, str] = {}

    def rows(self, table: RawTable) -> tuple[pd.DataFrame, Placed]:
        """The rows of a file without its columns of coordinates, and where they are."""
        agreed, given = self._agreed, self._given
        mapping = _mapping(table.frame.columns, agreed, given, table.name)
        self.heads = {name: _tables.head(there) for name, there in mapping.items()} | self.heads
        coordinates = _tables.coordinate_columns()
        table, unread = with_written_geometry(table, agreed, mapping.keys() & coordinates.keys())
        _refuse_no_geometry(table, agreed)
        _compare_rivals(table, agreed, mapping, given, self.told)
        frame, dropped = rename_columns(table.frame, mapping, agreed, self._keep)
        if left := [*dropped, *table.left]:
            self.told.add("load.not_carried", table.name, columns=[_tables.head(name) for name in left])
        units = units_in_heads(agreed, mapping)
        frame, converted = with_units(frame, units, agreed, above=table.unit, what=table.name)
        for name, unit in converted.items():
            self.told.add("load.unit_converted", table.name, head=mapping[name], unit=unit)
        if agreed.placeless and table.geometry is None and not mapping.keys() & coordinates.keys():
            return frame, nowhere(len(frame))
        points = agreed.geometry in ("point", "any") and (
            table.geometry is None or bool(shapely.is_missing(table.geometry).all())
        )
        if points and table.geometry is not None and not len(frame):
            return frame, nowhere(0)
        declared = given.get("crs")
        if (
            declared is None
            and table.crs is not None
            and table.crs.is_geographic
            and {*table.frame, *table.left} >= _OF_DATAV
        ):
            declared = "GCJ-02"
            self.told.add("load.gcj02", table.name)
        reference = reference_of(declared, table.crs, towgs84=given.get("towgs84"), what=table.name, points=points)
        if self.metric is None:
            self.metric, why = _metric(self._city, given, table, reference, frame, mapping, agreed)
            self.crs_note = why if given.get("metric_crs") is None else None
        placed = _place(table, frame, mapping, points, reference, self.metric, self._city, given, self.told)
        placed = replace(placed, flaws=(*unread, *placed.flaws))
        return frame.drop(columns=[name for name in coordinates if name in mapping]), placed


def _compare_rivals(
    table: RawTable, agreed: _tables.Contract, mapping: Mapping[str, str], given: ReadOptions, told: FileNotes
) -> None:
    """Of two columns for one meaning that disagree, refuse coordinates and numbers of things, and name the one taken of others."""
    place = set(_tables.coordinate_columns())
    for key, others in _rivals(table.frame.columns, agreed, mapping, given).items():
        if key in place and table.geometry is not None:
            continue
        column = agreed.column(key)
        numbers = (key in place and key != "coordinates") or (column is not None and column.dtype == "number")
        for other in others:
            taken = mapping[key]
            differ = differing(table.frame[taken], table.frame[other], numbers=numbers)
            if not differ.any():
                continue
            at = int(differ.argmax())
            values = [quoted(table.frame[name].iloc[at]) for name in (taken, other)]
            if key in place or (column is not None and column.written == "count"):
                what = (
                    Text(zh="是坐标", en="say where the points are")
                    if key in place
                    else Text(zh=f"可作 {key}", en=f"can be {key}")
                )
                raise InputError(
                    zh=f"{table.name} 的“{taken}”和“{other}”两列都{what.zh}，却有 {differ.sum()} 行不同（例如第 {table.row[at]} 行："
                    f"{values[0]}、{values[1]}）；请指定用哪一列，例如 --set inputs.{agreed.layer}.columns.{key}={taken}。",
                    en=f"{table.name}: the columns {taken} and {other} both {what.en}, and differ in "
                    f"{counted(differ.sum(), 'row', 'rows')} (row {table.row[at]}: {values[0]}, {values[1]}); say which to take, "
                    f"such as --set inputs.{agreed.layer}.columns.{key}={taken}.",
                )
            told.add("load.two_columns", table.name, count=int(differ.sum()), column=key, taken=taken, other=other)


def picker(agreed: _tables.Contract, given: ReadOptions, *, placed: bool = False) -> Picker | None:
    """Which columns of a file a layer uses, one whose geometries say where its rows are or not; None where it carries all."""
    return None if agreed.carries else partial(_used, agreed, given, placed=placed)


def _used(
    agreed: _tables.Contract, given: ReadOptions, names: Sequence[str], what: str, *, placed: bool = False
) -> set[str] | None:
    """The columns of a file that a layer takes, and those that could be meant instead; None for all, where no column says where its rows are."""
    mapping = _mapping(names, agreed, given, what)
    if not placed and not mapping.keys() & _tables.coordinate_columns().keys():
        return None
    wanted = {_tables.same_name(name) for name in given.get("keep", ())}
    others = [name for several in _rivals(names, agreed, mapping, given).values() for name in several]
    return {*mapping.values(), *others, *(name for name in names if _tables.same_name(name) in wanted)}


def _mapping(names: Iterable[str], agreed: _tables.Contract, given: ReadOptions, what: str) -> dict[str, str]:
    return match_columns(names, agreed, columns=given.get("columns"), name_column=given.get("name_column"), what=what)


def _rivals(
    names: Iterable[str], agreed: _tables.Contract, mapping: Mapping[str, str], given: ReadOptions
) -> dict[str, list[str]]:
    told = [*given.get("columns", {}).values(), given.get("name_column") or ""]
    return rivals(names, agreed, mapping, told=told)


def _columns_to_keep(raw: Sequence[RawTable], asked: Sequence[str]) -> Sequence[str]:
    """The columns asked for beside the contract's; each is in one of the files."""
    have = list(dict.fromkeys(str(name) for table in raw for name in (*table.frame.columns, *table.left)))
    known = {_tables.same_name(name) for name in have}
    unknown = [name for name in asked if _tables.same_name(name) not in known]
    if unknown:
        hint, listed = _tables.nearest(unknown[0], have), _tables.heads(have)
        raise InputError(
            zh=f"keep 中的列“{unknown[0]}”在文件中没有{hint.zh}文件中的列：{listed.zh}。",
            en=f"keep: no file has the column {unknown[0]!r}{hint.en} Their columns: {listed.en}.",
        )
    return asked


def _refuse_no_geometry(table: RawTable, agreed: _tables.Contract) -> None:
    if agreed.geometry not in ("point", "any") and table.geometry is None:
        kind = _tables.KIND_NAMES[agreed.geometry]
        raise InputError(
            zh=f"{table.name} 没有几何图形；{agreed.title.zh}需要{kind.zh}图层（GeoPackage、GeoJSON、Shapefile 等）。",
            en=f"{table.name} has no geometry; {agreed.title.en} need {kind.en} (GeoPackage, GeoJSON, Shapefile ...).",
        )


def _metric(
    city: City | None,
    given: ReadOptions,
    table: RawTable,
    reference: Reference,
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    agreed: _tables.Contract,
) -> tuple[pyproj.CRS, Text]:
    import geopandas as gpd
    import pyproj

    project = given.get("metric_crs") or (None if city is None else city.crs)
    if project is not None:
        return _reference.choose_metric_crs(project)
    if table.geometry is not None:
        return _reference.choose_metric_crs(None, gpd.GeoSeries(table.geometry, crs=reference.crs))
    if _crs.is_metric(reference.crs):
        return _reference.choose_metric_crs(None, gpd.GeoSeries([shapely.Point(0, 0)], crs=reference.crs))
    # Nothing but points in degrees: the UTM zone of the middle one, so that a few points far off do not move it.
    degrees = place_columns(
        frame,
        reference,
        pyproj.CRS(4326),
        axes=given.get("axes"),
        box=None,
        names=dict(mapping),
        what=table.name,
        have=[str(column) for column in table.frame.columns],
    )
    known = degrees.geometry[~shapely.is_missing(degrees.geometry)]
    if not len(known):
        # Not the CRS is missing.
        ledger = Ledger([table])
        record_flaws(ledger, [degrees])
        refuse_empty(agreed, ledger)
    middle = shapely.Point(np.median(shapely.get_coordinates(known), axis=0))
    return _reference.choose_metric_crs(None, gpd.GeoSeries([middle], crs=4326))


def _place(
    table: RawTable,
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    points: bool,
    reference: Reference,
    metric: pyproj.CRS,
    city: City | None,
    given: ReadOptions,
    told: FileNotes,
) -> Placed:
    box = given.get("box") or (None if city is None else city.box)
    axes = given.get("axes")
    if points:
        have = [str(column) for column in table.frame.columns]
        placed = place_columns(
            frame, reference, metric, axes=axes, box=box, names=dict(mapping), what=table.name, have=have
        )
        if placed.order == "north_east":
            told.add("load.north_east", table.name)
        if len(placed.columns) > 1:
            taken, *others = [[mapping[name] for name in names] for names in placed.columns]
            told.add("load.coordinates_taken", table.name, taken=taken, others=others)
            apart = degrees_apart(frame, placed.columns)
            if apart is not None and apart > _APART_M:
                told.add("load.coordinates_apart", table.name, taken=taken, others=others, metres=f"{apart:,.0f}")
        if placed.in_one_field:
            told.add("load.in_one_field", table.name, count=placed.in_one_field)
    else:
        if table.geometry is None:
            raise AssertionError("a layer without geometry was not refused")
        placed = place_geometry(table.geometry, reference, metric, axes=axes, box=box, what=table.name)
        if placed.cut:
            told.add("load.cut_lines", table.name, count=placed.cut)
        if placed.reaching:
            row = int(table.row[placed.reaching[0]])
            km2 = f"{shapely.area(placed.geometry[placed.reaching[0]]) / M2_PER_KM2:,.0f}"
            told.add("load.reaching_out", table.name, count=len(placed.reaching), row=row, km2=km2)
    if reference.datum != "WGS-84" or reference.crs != metric:
        told.add("load.converted", table.name, source=reference.name, target=_crs.short_name(metric))
    if given.get("crs") is not None and table.crs is not None and table.crs != reference.crs:
        told.add("load.crs_overridden", table.name, own=_crs.short_name(table.crs), given=reference.name)
    return placed


def _convert(gathered: Gathered) -> None:
    """Bring text, codes and numbers into their dtype; times wait for the time zone."""
    for column in gathered.agreed.columns:
        if column.name not in gathered.frame:
            continue
        values = gathered.frame[column.name]
        if column.dtype == "text":
            gathered.frame[column.name] = parse.texts(values)
        elif column.dtype == "code":
            gathered.frame[column.name], lost = parse.codes(values)
            if not column.null or column.unique:
                gathered.ledger.reject(lost, field=column.name, reason="lost_digits", values=values)
        elif column.dtype == "number":
            if column.written == "share":
                values, signed = without_percent(values)
                if signed.any():
                    gathered.frame[f"{column.name}{IN_PERCENT}"] = signed
            gathered.frame[column.name], bad = as_written(values, column)
            if column.written == "year":
                refuse_no_years(gathered.ledger, column.name, values, bad)
            # A row of the sheet of values is one figure; of rows that are added up one without its number must stay, so that
            # the sum is known to lack it.
            if not column.null or gathered.agreed.loader == "values":
                gathered.ledger.reject(bad, field=column.name, reason="bad_number", values=values)
            elif bad.any():
                rows = rows_said(gathered.ledger.row[bad])
                gathered.notes.append(
                    text_pair("load.bad_numbers", column=gathered.head(column.name), count=int(bad.sum()), rows=rows)
                )


def read_times(gathered: Gathered, zone: str, *, needed: Collection[str]) -> None:
    """Bring times into local time: without one that is needed a row is rejected, of others it is said how many cannot be read."""
    frame = gathered.frame
    for column in gathered.agreed.columns:
        if column.dtype != "time" or column.name not in frame:
            continue
        values = frame[column.name]
        text = values if values.dtype.kind == "M" else parse.texts(values)
        times = parse_times(text, timezone=zone)
        frame[column.name] = times.local
        if column.name in needed:
            gathered.ledger.reject(text.isna(), field=column.name, reason="missing_value", values=text)
            gathered.ledger.reject(times.bad, field=column.name, reason="bad_time", values=text)
        elif times.bad.any():
            gathered.notes.append(
                text_pair("load.bad_times", column=gathered.head(column.name), count=int(times.bad.sum()))
            )
        gathered.notes.extend(
            text_pair("load.order", column=gathered.head(column.name), order=order) for order in times.orders
        )
        gathered.by_all |= bool(times.orders)


def _refuse_impossible(gathered: Gathered) -> None:
    """Refuse numbers that cannot be, such as people below zero: left out, they would make the rest look whole."""
    ledger = gathered.ledger
    for column in gathered.agreed.columns:
        if column.dtype != "number" or column.name not in gathered.frame:
            continue
        if not gathered.agreed.carries:  # what names a person is not an impossible number, and is not to be quoted
            hide_numbers(gathered, column.name, gathered.frame[column.name])
        least, most = (
            sign * parse.MOST_NUMBER if bound is None else bound
            for sign, bound in ((-1, column.least), (1, column.most))
        )
        for bound, sign, zh, en in ((least, -1, "小于", "below"), (most, 1, "大于", "above")):
            values = gathered.frame[column.name].to_numpy(dtype=np.float64)
            out = np.flatnonzero(ledger.kept & (sign * values > sign * bound))
            if out.size:
                file, row = ledger.sources()[ledger.source[out[0]]].name, ledger.row[out[0]]
                head = gathered.head(column.name)
                raise InputError(
                    zh=f"{file} 第 {row} 行：{head} = {values[out[0]]:g}，{zh} {bound:g}（共 {out.size} 行）；"
                    "可能是无数据的代号，请改正或清空。",
                    en=f"{file}, row {row}: {head} = {values[out[0]]:g} is {en} {bound:g} ({counted(out.size, 'row', 'rows')} "
                    "in all); perhaps a code for no data: mend or empty it.",
                )


def _repair(gathered: Gathered) -> None:
    # A ring that runs the wrong way round, or crosses itself, has an area with a sign; people read sizes.
    before = np.abs(shapely.area(gathered.geometry)) / M2_PER_KM2
    repaired = repair(gathered.geometry, gathered.agreed.geometry)
    odd = repaired.wrong_kind | repaired.made_valid | repaired.no_size
    names = np.full(len(odd), "", dtype=object)
    names[odd] = [_label(gathered, at) for at in np.flatnonzero(odd).tolist()]
    kinds = np.full(len(odd), "", dtype=object)
    kinds[repaired.wrong_kind] = [shape.geom_type for shape in gathered.geometry[repaired.wrong_kind]]
    gathered.ledger.reject(repaired.wrong_kind, field="geometry", reason="wrong_geometry", values=kinds)
    gathered.ledger.reject(repaired.no_size, field="geometry", reason="no_size", values=names)
    fixed = np.flatnonzero(repaired.made_valid & gathered.ledger.kept)
    if fixed.size:
        after = shapely.area(repaired.geometry) / M2_PER_KM2
        areal = gathered.agreed.geometry == "polygon"
        listed = [
            f"{names[at]} ({_km2(before[at])} → {_km2(after[at])} km²)" if areal else str(names[at]) for at in fixed
        ]
        gathered.notes.append(text_pair("load.made_valid", count=int(fixed.size), names=listed))
    dropped = repaired.dropped_parts & gathered.ledger.kept
    if dropped.any():
        gathered.notes.append(text_pair("load.dropped_parts", count=int(dropped.sum())))
    gathered.geometry = repaired.geometry


def _km2(area: float) -> str:
    """Two decimals, or two digits where that is nothing."""
    return f"{area:.2f}" if area >= 0.1 or area == 0 else f"{area:.2g}"


def _label(gathered: Gathered, at: int) -> str:
    """What to call a row: its name, or where it stands."""
    if "name" in gathered.frame and gathered.frame["name"].notna().iloc[at]:
        return str(gathered.frame["name"].iloc[at])
    return f"#{gathered.ledger.row[at]}"
