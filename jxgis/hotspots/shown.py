"""The tables of hot spots as people are shown them: no small count of issues, and nothing that would tell one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from jxgis.schema.tables import telling_columns
from jxgis.settings import HOTSPOTS
from jxgis.small_counts import MIN_RANGE, count_rows, hide_small, leave_out
from jxgis.space.nearest import nearest
from jxgis.space.sums import CITY, EVERYWHERE
from jxgis.zones import ALL, nested

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.i18n import Table

__all__ = ["Shown", "hide_mix", "hide_shares", "hide_tops", "show"]


_PLACES = ("places", "rate_places")
_RANKED = (*_PLACES, "peaks", "rate_peaks")
#: Their z tells how many issues there are in the band around a cell.
_SCORED = ("peaks", "rate_peaks", "heavy_cells")
#: What of a row is known of the issues around it.
_SCORES = ("gi_z", "gi_p", "gi_q")
_BAND = "band:"
#: Times the number of a class in the city they are counts that are shown.
_OF_CITY = ("share_issues", "concentration", "location_quotient", "times_mean")
#: Of all cells at once: exact, or of few issues, they fit one way of spreading them.
_SPREAD, _SPREAD_DIGITS, _FEW_SPREAD = ("gini", "half_in_area"), 3, 100
_TOPS = re.compile(r"top(\d+)_share")


class Shown(NamedTuple):
    """Tables as people are shown them, and what the parts after must keep to themselves too.

    Attributes
    ----------
    tables
        By the names of the contract. Cells are without their scores: those of neighbours differ by the cases in which their
        neighbourhoods do.
    counts
        What readers know of the city, the zones and the hot places, and what they are not shown: see
        `space.sums.add_areas`. None where nothing is hidden.
    """

    tables: dict[str, pd.DataFrame]
    counts: pd.DataFrame | None


def show(
    tables: Mapping[str, pd.DataFrame], *, min_count: int, band_m: float = HOTSPOTS.band_m, stratified: bool = False
) -> Shown:
    """Hide what is small in all tables of hot spots together: they count the same issues, and are shown side by side.

    Cells add up to the hot place that they lie in, to the nearest peak and to the city, those around a cell whose z is shown
    to what its z says, zones of a level to the city and to
    the larger zone that they lie in (a community to its sub-district and its district), classes to all issues, inside and outside of a ring to both. Where the number of a class
    in the city is left out, so are the shares of it.

    Parameters
    ----------
    tables
        The tables of a result by the names of the contract; ``cells`` are always there. Those that count no issues stay as
        they are.
    min_count
        The least number of cases that is shown.
    band_m
        How far the cells of a peak reach, in metres.
    stratified
        Whether counts were dealt within strata: z by number then hangs on how many issues each stratum has, which may be few
        and is shown nowhere, and is left out.
    """
    if min_count < MIN_RANGE:
        return Shown(dict(tables), None)
    cells, ranked = tables["cells"], {name: tables[name] for name in _RANKED if name in tables}
    known = _told(tables, ranked)
    known["lost"] = leave_out(known, min_count)
    # Cells come after: the tables are not to hang on them, of which there are a hundred times as many. A place or a peak is
    # left out for them where nothing else helps, for one less the other may be a cell.
    scored = {name: tables[name] for name in _SCORED if len(tables.get(name, ())) and "gi_z" in tables[name].columns}
    parts = _cells(cells, ranked, scored, band_m, min_count)
    sums = known[known["of"].isin([CITY, "zones", *ranked])]
    sums = sums.assign(known=~sums["of"].isin([*ranked]))
    gone = leave_out(pd.concat([parts, sums], ignore_index=True), min_count)
    known.loc[sums.index, "lost"] = gone[len(parts) :]
    known = pd.concat([known, parts.assign(lost=gone[: len(parts)])], ignore_index=True)
    lost = {str(of): own["lost"].to_numpy(dtype=bool) for of, own in known.groupby("of", sort=False)}
    of_class = cells.groupby("issue_class", sort=False)["count"].sum()
    lost_classes = known.loc[(known["of"] == CITY) & known["lost"], "issue_class"]

    def of_city(table: pd.DataFrame) -> NDArray[np.bool_]:
        gone: NDArray[np.bool_] = table["issue_class"].isin(lost_classes).to_numpy(dtype=bool)
        return gone

    def hidden(name: str, gone: NDArray[np.bool_] | None = None) -> pd.DataFrame:
        shown = hide_small(tables[name], min_count=min_count, lost=gone)
        return _without(shown, _OF_CITY, of_city(shown))

    found = dict(tables)
    found["cells"] = _without_scores(hide_small(cells, min_count=min_count, lost=lost["cells"]))
    for name, table in ranked.items():
        shown = _without(hidden(name, lost.get(name)), ["change_city"], _of_few_periods(table, of_class, min_count))
        found[name] = hide_shares(shown, table, min_count) if name in _PLACES else shown
    for name in ("levels", "concentration"):
        if name in tables:
            found[name] = hidden(name, of_city(tables[name]))
    if "heavy_cells" in tables:
        found["heavy_cells"] = hidden("heavy_cells", _same_cells(tables["heavy_cells"], cells[lost["cells"]]))
    for name in scored:
        by_number = not name.startswith("rate_")
        found |= _without_band(found, name, lost[f"{_BAND}{name}"] | (stratified and by_number))
    if "zones" in tables:
        zones = hidden("zones", lost.get("zones"))
        found["zones"] = _without(zones, ["location_quotient"], _of_untold(zones))
    if "concentration" in tables and "places" in tables:
        found["concentration"] = hide_tops(found["concentration"], found["places"])
    if "concentration" in tables:
        found["concentration"] = _hide_spread(found["concentration"], of_class)
    if "ring" in tables:
        found["ring"] = _hide_ring(tables["ring"], of_city(tables["ring"]), lost["ring"], min_count)
    if "diversity" in tables and "zones" in tables:
        found["diversity"] = hide_mix(tables["diversity"], found["zones"])
    return Shown(found, known[known["of"].isin([CITY, "zones", *_PLACES])])


def _told(tables: Mapping[str, pd.DataFrame], ranked: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The counts that the tables tell, but for the cells."""
    levels = pd.unique(tables["zones"]["level"]) if "zones" in tables else ()
    rows = [_city(tables["cells"], levels)]
    for name, table in ranked.items():
        own = count_rows(_named(table, name), "issues", of=name, whole="_is")
        rows.append(
            own.assign(level=name, geometry=np.asarray(table.geometry.array, dtype=object)) if name in _PLACES else own
        )
    if len(tables.get("zones", ())):
        rows.append(_zones(tables["zones"]))
    if "ring" in tables:
        rows += _ring(tables["ring"])
    return pd.concat(rows, ignore_index=True)


def _without(table: Table, columns: Sequence[str], gone: NDArray[np.bool_]) -> Table:
    """A copy of a table that says nothing in some columns of some rows."""
    return table.assign(**{column: table[column].mask(gone) for column in columns if column in table.columns})


def _of_untold(zones: pd.DataFrame) -> NDArray[np.bool_]:
    """The rows of zones of which it is not shown how many issues they have."""
    keys = ["level", "zone"]
    untold = (zones["issue_class"] == ALL) & pd.to_numeric(zones["count"], errors="coerce").isna()
    found: NDArray[np.bool_] = pd.MultiIndex.from_frame(zones[keys]).isin(pd.MultiIndex.from_frame(zones[untold][keys]))
    return found


def _without_scores(cells: Table) -> Table:
    scores = [column for column in telling_columns() if column in cells.columns]
    return cells.assign(**dict.fromkeys(scores, np.nan))


def _without_band(found: Mapping[str, pd.DataFrame], name: str, gone: NDArray[np.bool_]) -> dict[str, pd.DataFrame]:
    """A table whose z of some rows would tell a cell, without these; nor do the places say that of their hottest cell."""
    table = found[name]
    shown = {name: _without(table, _SCORES, gone)}
    places = name.replace("peaks", "places")
    if "place_rank" in table.columns and places in found:
        of = pd.MultiIndex.from_frame(table.loc[gone, ["issue_class", "place_rank"]])
        shown[places] = _without(
            found[places], ["peak_z"], pd.MultiIndex.from_frame(found[places][["issue_class", "rank"]]).isin(of)
        )
    return shown


def _of_few_periods(table: pd.DataFrame, of_class: pd.Series, min_count: int) -> NDArray[np.bool_]:
    """Rows whose change of the whole class tells a small number of one of its two periods.

    Both lie in all issues of the class, and one is a known multiple of the other: where no more than twice the least that is
    shown fits in, it may be the only number that does.
    """
    if "change_city" not in table.columns:
        return np.zeros(len(table), dtype=bool)
    times = 1 + table["change_city"].to_numpy(dtype=float)
    most = table["issue_class"].map(of_class).to_numpy(dtype=float) / (1 + times)
    found: NDArray[np.bool_] = (most < 2 * min_count) | (most * times < 2 * min_count)
    return found


def _hide_spread(concentration: pd.DataFrame, of_class: pd.Series) -> pd.DataFrame:
    """A copy in which measures of how issues are spread over the cells tell no cell: of few issues they would."""
    spread = [name for name in _SPREAD if name in concentration.columns]
    few = concentration["issue_class"].map(of_class).to_numpy() < _FEW_SPREAD
    shown = _without(concentration, spread, few)
    return shown.assign(**{name: shown[name].round(_SPREAD_DIGITS) for name in spread})


def _city(cells: pd.DataFrame, levels: Iterable[str]) -> pd.DataFrame:
    """The classes of the city; how many issues there are in all is said wherever they are spoken of.

    The zones of each level add up to it by themselves: one sum of all of them would bind them less than is shown.
    """
    city = cells.groupby("issue_class", sort=False)["count"].sum().reset_index()
    city["_is"] = [[f"{CITY}:{parts}" for parts in ("cells", "ring", *levels)]] * len(city)
    rows = count_rows(city, "count", of=CITY, within=(), whole="_is")
    return rows.assign(known=rows["issue_class"] == ALL, level=CITY, geometry=EVERYWHERE.repeat(len(rows)))


def _cells(
    cells: gpd.GeoDataFrame,
    ranked: Mapping[str, gpd.GeoDataFrame],
    scored: Mapping[str, Any],
    band_m: float,
    min_count: int,
) -> pd.DataFrame:
    """The cells, with the city, the hot places and peaks that they belong to, and the bands around cells whose z is shown."""
    table = pd.DataFrame(cells[["cell_id", "issue_class", "count"]]).assign(_city=f"{CITY}:cells")
    middle = shapely.centroid(np.asarray(cells.geometry.array, dtype=object))
    for name, places in ranked.items():
        label = np.full(len(cells), None, dtype=object)
        for issue_class, own in _named(places, name).groupby("issue_class", sort=False):
            mine = np.flatnonzero(cells["issue_class"] == issue_class)
            shape = np.asarray(own.geometry.array, dtype=object)
            if name.endswith("peaks"):
                place = nearest(middle[mine], shape, reach_m=band_m * (1 + 1e-12))
                at = np.flatnonzero(place >= 0)
                place = place[at]
            else:
                place, at = shapely.STRtree(middle[mine]).query(shape, "contains")
            label[mine[at]] = own["_is"].to_numpy(dtype=object)[place]
        table[f"_{name}"] = label
    sums = [name for name in table.columns if name.startswith("_")]
    rows = count_rows(table, "count", of="cells", within=["cell_id"], sums=sums)
    of_class, known, bands = cells["issue_class"].to_numpy(), rows["sums"].tolist(), [rows]
    for name, of in scored.items():
        issues = np.zeros(len(of), dtype=np.int64)
        centre = _middle_of(of, cells) if name == "heavy_cells" else np.asarray(of.geometry.array, dtype=object)
        for issue_class in pd.unique(of["issue_class"]):
            mine, own = np.flatnonzero(of_class == issue_class), np.flatnonzero(of["issue_class"] == issue_class)
            tree, reach = shapely.STRtree(middle[mine]), band_m * (1 + 1e-12)
            around, at = tree.query(centre[own], predicate="dwithin", distance=reach)
            for row, number in zip(mine[at], own[around], strict=True):
                known[row].append(f"{_BAND}{name}:{number}")
            np.add.at(issues, own[around], cells["count"].to_numpy()[mine[at]])
        table = of[["issue_class"]].assign(issues=issues, _is=[f"{_BAND}{name}:{number}" for number in range(len(of))])
        bands.append(count_rows(table, "issues", of=f"{_BAND}{name}", whole="_is").assign(lost=issues < min_count))
    return pd.concat(bands, ignore_index=True)


def _middle_of(table: pd.DataFrame, cells: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """The middle of the cell of each row."""
    once = cells.drop_duplicates("cell_id")
    found = shapely.centroid(np.asarray(once.geometry.array, dtype=object))
    return found[pd.Index(once["cell_id"]).get_indexer(table["cell_id"])]  # type: ignore[no-any-return]


def _named(places: Table, name: str) -> Table:
    return places.assign(_is=f"{name}:" + places["rank"].astype(str))


def _zones(zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """The zones: parts of the city, and of each larger zone that they lie in; units add up to their district beside them."""
    levels = list(dict.fromkeys(zones["level"]))
    home, keys = nested(zones, levels), list(zip(zones["level"], zones["zone"], strict=True))
    table = pd.DataFrame(zones[["zone", "level", "issue_class", "count"]]).assign(_city=f"{CITY}:" + zones["level"])
    for outer in levels:
        lies_in = [home.get(key, {}).get(outer) for key in keys]
        table[f"_{outer}"] = [
            None if name is None else f"{outer}:{name}:{level}" for name, (level, _) in zip(lies_in, keys, strict=True)
        ]
    table["_is"] = pd.Series(
        [
            [f"{level}:{zone}:{inner}" for inner in levels[levels.index(level) + 1 :]]
            + ([f"units:{zone}"] if level == "district" else [])
            for level, zone in keys
        ],
        index=table.index,
        dtype=object,
    )
    sums = ["_city", *(f"_{level}" for level in levels)]
    rows = count_rows(table, "count", of="zones", within=["level", "zone"], sums=sums, whole="_is")
    return rows.assign(
        level=table["level"].to_numpy(dtype=object), geometry=np.asarray(zones.geometry.array, dtype=object)
    )


def _ring(overall: pd.DataFrame) -> list[pd.DataFrame]:
    """The issues inside a ring, and those outside, which are what is left."""
    table = overall.assign(_city=f"{CITY}:ring", _outside=overall["issues"] - overall["inside"])
    return [
        count_rows(table, "inside", of="ring", within=(), sums=["_city"]),
        count_rows(table, "_outside", of="outside", within=(), sums=["_city"]),
    ]


def _hide_ring(
    overall: pd.DataFrame, of_city: NDArray[np.bool_], inside: NDArray[np.bool_], min_count: int
) -> pd.DataFrame:
    """Each of the two counts by itself; their share where both are shown."""
    shown = hide_small(overall, min_count=min_count, lost=of_city | inside)
    for column, gone in (("issues", of_city), ("inside", inside)):
        shown[column] = hide_small(overall[[column]], min_count=min_count, lost=gone)[column]
    return shown


def _same_cells(table: pd.DataFrame, gone: pd.DataFrame) -> NDArray[np.bool_]:
    keys = ["issue_class", "cell_id"]
    found: NDArray[np.bool_] = pd.MultiIndex.from_frame(table[keys]).isin(pd.MultiIndex.from_frame(gone[keys]))
    return found


def hide_shares(shown: Table, places: pd.DataFrame, min_count: int) -> Table:
    """A copy without shares of a place's issues that are a small number of them, or leave one.

    Parameters
    ----------
    shown
        The places as :func:`jxgis.small_counts.hide_small` shows them.
    places
        ``issues``, and ``main_subclass_share``, ``main_source_share`` or ``same_point_share``.
    min_count
        The least number of cases that is shown.

    Examples
    --------
    Of four issues three are of one sub-type, and one is not; of nine four are, and five are not.

    >>> places = pd.DataFrame({"issues": [4, 9], "main_subclass_share": [0.75, 4 / 9]})
    >>> hide_shares(places, places, 3)["main_subclass_share"].round(2).tolist()
    [nan, 0.44]
    """
    result = shown.copy()
    # That all but a few have one pair of coordinates is a warning of a geocoder's default, and says nothing of the few.
    for column, rest_tells in (("main_subclass_share", True), ("main_source_share", True), ("same_point_share", False)):
        if column in places.columns:
            part = np.rint(places[column] * places["issues"])
            rest = places["issues"] - part
            few = (part > 0) & (part < min_count)
            if rest_tells:
                few |= (rest > 0) & (rest < min_count)
            result[column] = result[column].mask(few)
    return result


def hide_tops(tops: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """A copy without the shares of first places of which one's count is hidden: less those before it, they would tell it.

    Parameters
    ----------
    tops
        ``issue_class`` and ``top{n}_share``, the share of issues in the n first places.
    places
        ``issue_class, rank, issues`` as :func:`jxgis.small_counts.hide_small` shows them.

    Examples
    --------
    >>> tops = pd.DataFrame({"issue_class": ["all"], "top1_share": [0.6], "top3_share": [0.7]})
    >>> places = pd.DataFrame({"issue_class": ["all", "all"], "rank": [1, 2], "issues": [6, "1–2"]})
    >>> hide_tops(tops, places).values.tolist()
    [['all', 0.6, nan]]
    """
    shown = tops.copy()
    rank = places["rank"].where(pd.to_numeric(places["issues"], errors="coerce").isna())
    first = tops["issue_class"].map(rank.groupby(places["issue_class"]).min())
    for column in tops.columns:
        if found := _TOPS.fullmatch(str(column)):
            shown[column] = tops[column].mask(first <= int(found[1]))
    return shown


def hide_mix(mix: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    """A copy without what measures how issues mix in zones where a count of a class is hidden: it would tell that count.

    Parameters
    ----------
    mix
        ``zone, level, issues`` (of all classes) and measures; ``issues`` are missing where the zone's total is, or is
        larger for issues of no class, of which they would tell how many there are.
    zones
        ``zone, level, issue_class, count`` as :func:`jxgis.small_counts.hide_small` shows them.

    Examples
    --------
    >>> mix = pd.DataFrame({"zone": ["老城"], "level": ["district"], "issues": [30], "entropy": [0.7]})
    >>> zones = pd.DataFrame({"zone": "老城", "level": "district", "issue_class": ["all", "甲", "乙"], "count": [30, None, "1–2"]})
    >>> hide_mix(mix, zones)[["issues", "entropy"]].values.tolist()
    [[30.0, nan]]
    """
    keys = ["zone", "level"]
    hidden = zones[keys].assign(some=pd.to_numeric(zones["count"], errors="coerce").isna())
    total = zones[zones["issue_class"] == ALL].set_index(keys)["count"]
    at = pd.MultiIndex.from_frame(mix[keys])
    found = hidden.groupby(keys, sort=False).any().reindex(at, fill_value=False).set_index(mix.index)
    whole = pd.to_numeric(total.reindex(at), errors="coerce").set_axis(mix.index)
    shown = mix.assign(issues=mix["issues"].mask(found["some"] & (mix["issues"] != whole)))
    for column in telling_columns():
        if column in shown.columns:
            shown[column] = shown[column].mask(found["some"])
    return shown
