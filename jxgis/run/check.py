"""`jxgis check`: load one layer and say, in a planner's words, what is in it and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jxgis.city import contract_of
from jxgis.crs import M2_PER_KM2, distortion_note, short_name
from jxgis.i18n import Text, number_words, text_pair
from jxgis.load.rejects import field_title
from jxgis.run.inputs import GROUND
from jxgis.schema.columns import layer_column
from jxgis.settings import UNITS

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.city import City
    from jxgis.load import Loaded
    from jxgis.load.readers import Source
    from jxgis.schema.layers import Contract

__all__ = ["Checked", "account_lines", "boundary_tables", "check_layer", "compare_recorded"]

_MOST_DEFECTS = 20
"""Defects that are printed one by one; all of them are written."""


@dataclass(frozen=True, eq=False)
class Checked:
    """What a check found.

    Attributes
    ----------
    loaded
        The layer: its table is what ``clean.gpkg`` holds, its rejects ``rejects/LAYER.csv``.
    lines
        What to print, in this order.
    summary
        The same as data, for ``check.json``: plain numbers, texts, lists and dicts.
    tables
        Name to table, where there is one: ``flaws`` (overlaps and gaps between boundaries, with geometry),
        ``without_overlaps`` (the boundaries with every overlap settled, where some were too wide to be settled unasked),
        ``unclassified`` (categories to be filled in), ``disagreement`` (issues that lie elsewhere than recorded),
        ``defects`` and ``repaired`` (what is wrong with units that were edited, and they with their slivers snapped).
    """

    loaded: Loaded
    lines: tuple[Text, ...]
    summary: dict[str, Any]
    tables: dict[str, pd.DataFrame]


def check_layer(
    layer: str,
    path: Source,
    /,
    *,
    city: City | None = None,
    subdistricts: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    districts: gpd.GeoDataFrame | None = None,
    bounds_km2: tuple[float, float] = (UNITS.min_km2, UNITS.max_km2),
    snap_m: float = UNITS.snap_m,
    **options: Any,
) -> Checked:
    """Load a layer and describe it.

    Parameters
    ----------
    layer
        One that every city has, or that this one adds.
    path
        As the layer's loader takes it.
    city
        Of the project, if there is one.
    subdistricts
        For issues: where the sub-districts that they record are, in the metric CRS.
    streets
        For issues: streets, in the metric CRS, to say whether the declared datum fits.
    districts
        For units: the districts that they must tile; for issues: those whose area (三区) they record; metric CRS.
    bounds_km2
        For units: the least and the greatest area.
    snap_m
        For units: the widest sliver that is snapped.
    **options
        Of the layer's loader.

    Returns
    -------
    Checked

    Raises
    ------
    InputError
        If there is no such layer, the file cannot be used, or no row is kept.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> lines = gpd.GeoDataFrame({"道路名称": ["中山路"]}, geometry=[shapely.LineString([(0, 0), (900, 0)])], crs=4549)
    >>> print(check_layer("streets", lines).lines[0].en)
    streets: (memory) has 1 row: 1 kept, 0 rejected, 0 left out by filters.
    """
    from jxgis import load

    agreed = contract_of(layer, city)
    loaded = load.load_layer(layer, path, city=city, **options)
    lines = [*account_lines(loaded, agreed.title), *loaded.notes, *_reasons(loaded), *_extent(loaded), *_sizes(loaded)]
    tables: dict[str, pd.DataFrame] = {}
    if layer == "issues":
        lines += _issue_lines(loaded.table, city, tables)
        said, cases = compare_recorded(loaded.table, city=city, subdistricts=subdistricts, districts=districts)
        lines += said
        if cases is not None:
            tables["disagreement"] = cases
        if streets is not None and len(streets):
            lines += _datum_lines(loaded.table, streets, options.get("crs"))
    if layer in GROUND:
        tables |= boundary_tables(loaded)
    if layer == "subdistricts" and city is not None and len(city.crosswalk):
        lines += _dissolved_lines(loaded.table, city)
    if layer == "units":
        lines += _unit_lines(loaded.table, districts, bounds_km2, snap_m, tables)
    lines += _nulls(loaded.table, agreed)
    return Checked(loaded, tuple(lines), _summary(loaded, lines, tables), tables)


def _dissolved_lines(subdistricts: gpd.GeoDataFrame, city: City) -> list[Text]:
    """What districts the crosswalk makes of the sub-districts; their names where it knows none of them."""
    from jxgis import load

    if not load.in_crosswalk(subdistricts, city).any():
        known = city.crosswalk["subdistrict"].tolist()
        return [text_pair("check.none_in_crosswalk", names=subdistricts["name"].tolist(), known=known)]
    made = load.dissolve_districts(subdistricts, city=city)
    km2 = number_words(made.districts.area.sum() / M2_PER_KM2, 1)
    return [text_pair("check.dissolved", count=len(made.districts), km2=km2), *made.notes]


def boundary_tables(loaded: Loaded) -> dict[str, gpd.GeoDataFrame]:
    """What a planner may look at and accept: the flaws of boundaries, and these with every overlap settled.

    Parameters
    ----------
    loaded
        Districts or sub-districts.

    Returns
    -------
    dict
        ``flaws`` where there are any; ``without_overlaps`` where overlaps are left, settled by the same rule.
    """
    from jxgis import load

    if loaded.flaws is None:
        return {}
    tables = {"flaws": loaded.flaws}
    if ((loaded.flaws["kind"] == "overlap") & loaded.flaws["given_to"].isna()).any():
        tables["without_overlaps"] = load.snap_overlaps(loaded.table, max_share=1.0).polygons
    return tables


def account_lines(loaded: Loaded, title: Text) -> list[Text]:
    """The account of a layer's rows, one line a file, and their sum where there are several."""
    lines = [
        text_pair(
            "check.account",
            layer=title,
            file=source.name,
            rows_in=f"{source.rows_in:,}",
            kept=f"{source.rows_kept:,}",
            rejected=f"{source.rows_rejected:,}",
            left_out=f"{source.rows_left_out:,}",
        )
        for source in loaded.sources
    ]
    if len(lines) > 1:
        lines.append(
            text_pair(
                "check.total",
                rows_in=f"{loaded.rows_in:,}",
                kept=f"{sum(source.rows_kept for source in loaded.sources):,}",
                rejected=f"{len(loaded.rejects):,}",
                left_out=f"{loaded.rows_left_out:,}",
            )
        )
    return lines


def _reasons(loaded: Loaded) -> list[Text]:
    lines = []
    counts = loaded.rejects["reason"].value_counts()
    for reason in counts.index:
        first = loaded.rejects[loaded.rejects["reason"] == reason].iloc[0]
        lines.append(
            text_pair(
                "check.reason",
                reason=text_pair(f"reasons.{reason}"),
                count=int(counts[reason]),
                source=first["source"],
                row=int(first["row"]),
                field=field_title(first["field"], loaded.layer),
                value=first["value"],
            )
        )
    return lines


def _extent(loaded: Loaded) -> list[Text]:
    table = loaded.table
    if table.geometry.isna().all():
        return []  # a table that people filled in lies nowhere
    x0, y0, x1, y1 = table.total_bounds
    west, south, east, north = table.to_crs(4326).total_bounds
    extent = text_pair(
        "check.extent",
        crs=short_name(table.crs),
        width=f"{(x1 - x0) / 1e3:.1f}",
        height=f"{(y1 - y0) / 1e3:.1f}",
        west=f"{west:.4f}",
        east=f"{east:.4f}",
        south=f"{south:.4f}",
        north=f"{north:.4f}",
    )
    stretched = distortion_note(table.crs, table.total_bounds)
    return [extent] if stretched is None else [extent, stretched]


def _sizes(loaded: Loaded) -> list[Text]:
    table = loaded.table
    kinds = set(table.geom_type)
    if kinds <= {"Polygon", "MultiPolygon"}:
        km2 = table.area / M2_PER_KM2
        known = ("name", *(column for column in table.columns if column.endswith("_id")))
        own = next((table[column] for column in known if column in table and table[column].notna().any()), None)
        least, most = int(km2.argmin()), int(km2.argmax())
        return [
            text_pair(
                "check.areas",
                count=len(table),
                km2=_short(km2.sum()),
                least=_short(km2.min()),
                least_name=_name_at(own, least),
                most=_short(km2.max()),
                most_name=_name_at(own, most),
            )
        ]
    if kinds <= {"LineString", "MultiLineString"}:
        return [text_pair("check.lengths", count=len(table), km=number_words(table.length.sum() / 1e3, 1))]
    return []


def _name_at(names: pd.Series | None, at: int) -> Text | str:
    """A row's name, or that it has none."""
    import pandas as pd

    return text_pair("check.unnamed") if names is None or pd.isna(names.iloc[at]) else str(names.iloc[at])


def _short(number: float) -> str:
    """Two decimals, or two digits where that is nothing, without an exponent."""
    import numpy as np

    return f"{number:.2f}" if number >= 0.1 or number == 0 else np.format_float_positional(number, 2, fractional=False)


def _issue_lines(issues: gpd.GeoDataFrame, city: City | None, tables: dict[str, pd.DataFrame]) -> list[Text]:
    from jxgis import load
    from jxgis.periods import days_covered

    lines = []
    if issues["time"].notna().any():
        first, last, outside = days_covered(issues["time"])
        lines.append(text_pair("check.period", first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}"))
        if len(outside):
            days = dict.fromkeys(str(time.astype("datetime64[D]")) for time in (outside[0], outside[-1]))
            lines.append(text_pair("check.outside", n=f"{len(outside):,}", days=" … ".join(days)))
    counts = issues["issue_class"].value_counts()
    if len(counts):
        column, names = layer_column("issue_class", "issues"), {} if city is None else city.class_names
        named = [
            Text(
                zh=f"{name} {count:,}",
                en=f"{names[name].en if name in names else column.word(str(name), 'en')} {count:,}",
            )
            for name, count in counts.head(12).items()
        ]
        lines.append(text_pair("check.classes", classes=named))
    left = load.unclassified(issues)
    if len(left):
        tables["unclassified"] = left
    return lines


def compare_recorded(
    issues: gpd.GeoDataFrame,
    *,
    city: City | None,
    subdistricts: gpd.GeoDataFrame | None,
    districts: gpd.GeoDataFrame | None,
) -> tuple[list[Text], pd.DataFrame | None]:
    """Whether the cases lie where they say: in the sub-district, and in the area, that they record.

    Parameters
    ----------
    issues
        Points with ``issue_id, recorded_subdistrict, recorded_district``.
    city
        Its aliases of names are one name.
    subdistricts, districts
        Polygons with ``name``, and of districts ``area``, in the metric CRS of the issues; None: not compared.

    Returns
    -------
    lines : list of Text
        How many were compared and how many disagree.
    cases : pandas.DataFrame or None
        ``issue_id, recorded, located, away_m, field`` of those that disagree; None where none does.
    """
    import pandas as pd

    from jxgis import load

    lines: list[Text] = []
    cases: list[pd.DataFrame] = []
    for column, polygons, against in (
        ("recorded_subdistrict", subdistricts, "name"),
        ("recorded_district", districts, "area"),
    ):
        if polygons is None or issues[column].isna().all() or against not in polygons or polygons[against].isna().all():
            continue
        found = load.disagreement(issues, polygons, column=column, against=against, city=city)
        if not found.checked:
            continue
        if found.disagree:
            cases.append(found.cases.assign(field=column))
        said = "disagree" if found.disagree else "none_disagree"
        lines.append(
            text_pair(
                f"check.{said}",
                what=text_pair(f"check.{column}"),
                count=f"{found.disagree:,}",
                checked=f"{found.checked:,}",
                share=number_words(100 * found.disagree / found.checked, 1),
            )
        )
    return lines, pd.concat(cases, ignore_index=True) if cases else None


def _unit_lines(
    units: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame | None,
    bounds_km2: tuple[float, float],
    snap_m: float,
    tables: dict[str, pd.DataFrame],
) -> list[Text]:
    """The round trip: what a planner's edit has put out of order, defect by defect."""
    from jxgis.units.verify import repair_units, verify_units

    if districts is None:
        return [text_pair("check.units_unverified")]
    low, high = bounds_km2
    defects = verify_units(units, districts, min_km2=low, max_km2=high, tolerance_m=snap_m).defects
    if not len(defects):
        return [text_pair("check.units_passed", count=len(units))]
    tables["defects"] = defects
    lines = [text_pair("check.units_defects", count=len(defects))]
    lines += [
        text_pair(
            "check.units_defect",
            reason=text_pair(f"reasons.{defect.reason}"),
            units=str(defect.unit_id).split(";"),
            x=f"{defect.x:.0f}",
            y=f"{defect.y:.0f}",
            m2=f"{defect.m2:,.0f}",
            width=_short(defect.width_m),
        )
        for defect in defects.head(_MOST_DEFECTS).itertuples()
    ]
    if len(defects) > _MOST_DEFECTS:
        lines.append(text_pair("check.units_more", count=len(defects) - _MOST_DEFECTS))
    if defects["repairable"].any():
        tables["repaired"] = repair_units(units, districts, tolerance_m=snap_m)
        lines.append(text_pair("check.units_repaired", count=int(defects["repairable"].sum())))
    return lines


def _datum_lines(issues: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, declared: Any) -> list[Text]:
    """Whether the points fit the streets in the datum that was declared, or in another, or it cannot be told."""
    import geopandas as gpd

    from jxgis.datum import convert, diagnose_datum
    from jxgis.reference import resolve_crs

    name = "WGS-84" if declared is None else resolve_crs(declared).datum
    degrees = issues.geometry.to_crs(4326)
    lon, lat = convert(degrees.x, degrees.y, source="WGS-84", target=name)
    found = diagnose_datum(gpd.GeoSeries.from_xy(lon, lat, crs=4326), streets)
    medians = [f"{row.datum} {row.median_m:.0f} m" for row in found.table.itertuples() if row.points]
    if not medians:
        return []
    key = "undecided" if found.best == "undecided" else "fits" if found.best == name else "misfits"
    points = int(found.table["points"].iloc[0])
    return [text_pair(f"check.datum_{key}", best=found.best, declared=name, medians=medians, points=f"{points:,}")]


def _nulls(table: gpd.GeoDataFrame, agreed: Contract) -> list[Text]:
    absent: list[Text] = []
    partly: list[Text] = []
    for column in agreed.columns:
        title = layer_column(column.name, agreed.layer).title
        missing = 1.0 if column.name not in table else float(table[column.name].isna().mean())
        if missing == 1:
            absent.append(title)
        elif missing > 0:
            share = f"{100 * missing:.1f} %" if missing >= 0.0005 else "< 0.1 %"
            partly.append(Text(zh=f"{title.zh} {share}", en=f"{title.en} {share}"))
    lines = [text_pair("check.nulls", columns=partly)] if partly else []
    return [*lines, text_pair("check.absent", columns=absent)] if absent else lines


def _summary(loaded: Loaded, lines: list[Text], tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    crs, lies = loaded.table.crs, loaded.table.geometry.notna().any()
    code = None if crs is None else crs.to_epsg()
    return {
        "layer": loaded.layer,
        "crs": f"EPSG:{code}" if code else None if crs is None else crs.to_wkt(),
        "rows_in": loaded.rows_in,
        "rows_kept": sum(source.rows_kept for source in loaded.sources),
        "rows_rejected": len(loaded.rejects),
        "rows_left_out": loaded.rows_left_out,
        "rejected": {str(reason): int(count) for reason, count in loaded.rejects["reason"].value_counts().items()},
        "bounds": [round(float(value), 3) for value in loaded.table.total_bounds] if lies else None,
        "columns": [str(column) for column in loaded.table.columns if column != loaded.table.geometry.name],
        "findings": {name: len(table) for name, table in tables.items()},
        "zh": [line.zh for line in lines],
        "en": [line.en for line in lines],
    }
