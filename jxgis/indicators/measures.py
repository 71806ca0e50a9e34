"""The registry of measures: each by name, with the layers and options that it takes; indicators measured by their tables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from jxgis.errors import InputError, SettingsError, collect
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.indicators import cases, foot, land, lines, points
from jxgis.indicators.figures import nothing
from jxgis.indicators.foot import Homes, homes_on_streets, ways_to
from jxgis.indicators.rows import holds, silent, tells
from jxgis.indicators.standing import Standing, standing
from jxgis.privacy import quoted
from jxgis.schema.layers import nearest
from jxgis.settings import PARKS
from jxgis.space.network import street_graph

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from jxgis.parks.standards import Standard
    from jxgis.settings import Condition, MeasureSettings, ParkSettings

__all__ = [
    "MEASURES",
    "ON_FOOT",
    "IndicatorInputs",
    "Measure",
    "Measured",
    "check_measures",
    "layers_of",
    "measure_indicators",
]

#: What stands in for a layer though no file holds it: the cells that hot spots judged, the land that a park standard covers.
_FOUND = ("hot_cells", "park_land")
#: What ways on foot keep to, whatever a table names: what nobody walks across, and where one walks into parks.
ON_FOOT = ("barriers", "gates")
T = TypeVar("T")
#: Measures of cases take other things, too, of which their reasons are said otherwise.
_OF_OTHERS = {"no_cases": "nothing_there", "too_few_cases": "too_few_rows"}
_OPTIONS = ("hit", "column", "over", "minutes", "least", "file")


@dataclass(frozen=True, eq=False)
class IndicatorInputs:
    """What indicators are measured on.

    Attributes
    ----------
    layers
        Layer name to its rows, in one metric CRS; ``hot_cells`` and ``park_land`` where they were found.
    parks
        ``[parks]``: how parcels become parks, how fast people walk.
    standard
        The park standard; None: nothing is said of parks.
    """

    layers: Mapping[str, gpd.GeoDataFrame]
    parks: ParkSettings = PARKS
    standard: Standard | None = None
    _made: dict[Any, Any] = field(default_factory=dict, repr=False)

    def table(self, layer: str) -> gpd.GeoDataFrame | None:
        """The rows of a layer, of issues with what their times tell; None where it was not given."""
        given = self.layers.get(layer)
        if layer != "issues" or given is None:
            return given
        return _once(self._made, "issues", lambda: cases.with_case_flags(given))

    def homes(self, housing: Counting, streets: Counting) -> Homes:
        """The housing as points on the streets, made once for all that is walked to."""

        def make() -> Homes:
            barriers = self.layers.get("barriers")
            graph = street_graph(streets.rows, barriers=barriers)
            return homes_on_streets(housing.rows, graph, options=self.parks, barriers=barriers)

        return _once(self._made, ("homes", housing.key, streets.key), make)

    def ways(self, things: Counting, housing: Counting, streets: Counting) -> NDArray[np.float64]:
        """The way on foot from each home to the nearest of some things, in metres, walked once for whatever time."""
        homes, barriers = self.homes(housing, streets), self.layers.get("barriers")
        gates = self.layers.get("gates") if things.layer == "parks" else None
        return _once(
            self._made,
            ("ways", things.key, housing.key, streets.key),
            lambda: ways_to(things.rows, homes, options=self.parks, barriers=barriers, gates=gates),
        )


def _once(made: dict[Any, Any], name: Hashable, make: Callable[[], T]) -> T:
    """What was made under that name, made now where it was not yet."""
    if name not in made:
        made[name] = make()
    return made[name]  # type: ignore[no-any-return]


class Counting(NamedTuple):
    """The rows of a layer that count.

    Attributes
    ----------
    layer
        Its name.
    whole
        All its rows.
    kept
        (m,) which of them count; None: all do.
    key
        The layer and the condition of the rows that count.
    """

    layer: str
    whole: gpd.GeoDataFrame
    kept: NDArray[np.bool_] | None
    key: tuple[str, str]

    @property
    def rows(self) -> gpd.GeoDataFrame:
        """Those that count."""
        return self.whole if self.kept is None else self.whole[self.kept]


class Zones(NamedTuple):
    """Zones, and what was found of the layers in them, once for all indicators."""

    table: gpd.GeoDataFrame
    made: dict[Any, Any]

    def standing(self, of: Counting) -> Standing:
        """Where things stand."""
        found = _once(self.made, ("standing", of.layer), lambda: standing(self.table, of.whole))
        return found if of.kept is None else found.of(of.kept)

    def lengths(self, of: Counting) -> csr_array:
        """How long lines are in them."""
        found = _once(self.made, ("lengths", of.layer), lambda: lines.lengths(self.table, of.whole))
        return found if of.kept is None else found[:, of.kept]

    def of_homes(self, homes: Homes) -> Standing:
        """Where homes stand."""
        return _once(self.made, ("homes", id(homes)), lambda: standing(self.table, homes.points))


class Asked(NamedTuple):
    """What a measure is asked for: zones, what counts of each layer, what holds among the first's, and how."""

    place: Zones
    counting: tuple[Counting, ...]
    rows: tuple[gpd.GeoDataFrame, ...]
    hit: NDArray[np.bool_] | None
    how: MeasureSettings
    ground: IndicatorInputs

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """The zones."""
        return self.place.table

    @property
    def standing(self) -> Standing:
        """Where the first layer's things stand."""
        return self.place.standing(self.counting[0])

    @property
    def lengths(self) -> csr_array:
        """How long the first layer's lines are in each zone."""
        return self.place.lengths(self.counting[0])

    def given(self, *names: str) -> dict[str, Any]:
        """The options of that name that are set."""
        return {name: value for name in names if (value := getattr(self.how, name)) is not None}


@dataclass(frozen=True)
class Measure:
    """A measure of the registry.

    Attributes
    ----------
    run
        Measures.
    fewest, most
        How many layers it takes.
    share
        Whether its value is a share, 0–1: in % where the indicator is.
    needs, takes
        The options that it cannot do without, and those that it can use beside them.
    column_of
        Which of its layers has ``column``.
    lacking
        Code of what its rows lack, else empty.
    adds
        What adds to its value, per unit of its denominator where it has one: ``things``, ``km``, ``km2``, ``housing_km2`` or
        ``cases``; empty where no such amount says what a difference takes.
    """

    run: Callable[[Asked], pd.DataFrame]
    fewest: int = 1
    most: int = 1
    share: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    column_of: int = 0
    lacking: Callable[[Asked], str] = field(default_factory=lambda: lambda _: "")
    adds: str = ""


def _park_coverage(a: Asked) -> pd.DataFrame:
    if a.ground.standard is None:
        return nothing(a.zones, "no_layer")
    historic, gap = a.ground.layers.get("historic"), a.ground.parks.merge_gap_m
    return land.park_coverage(a.zones, *a.rows, standard=a.ground.standard, historic=historic, merge_gap_m=gap)


def _on_foot(a: Asked) -> pd.DataFrame:
    things, housing, streets = a.counting
    homes = a.ground.homes(housing, streets)
    return foot.share_on_foot(
        a.zones,
        homes,
        a.ground.ways(things, housing, streets),
        minutes=a.how.minutes or a.ground.parks.minutes,
        speed_m_per_min=a.ground.parks.speed_m_per_min,
        at=a.place.of_homes(homes),
    )


def _share_of_streets(a: Asked) -> pd.DataFrame:
    whole_at = a.place.lengths(a.counting[1]) if len(a.counting) > 1 else None
    return lines.share_of_streets(a.zones, *a.rows, hit=a.hit, at=a.lengths, whole_at=whole_at)


def _raster_mean(a: Asked) -> pd.DataFrame:
    from jxgis.indicators.rasters import raster_mean

    return raster_mean(a.zones, a.how.file or "")


def _of_fractions(how: MeasureSettings) -> bool:
    from jxgis.indicators.rasters import holds_fractions

    return holds_fractions(how.file or "")


def _nobody(a: Asked) -> str:
    """Whether the housing of a relative density holds no people at all."""
    return "no_people" if len(a.rows) > 2 and not a.rows[2][a.how.column or "people"].sum() > 0 else ""


_MANY = 9

MEASURES: Mapping[str, Measure] = {
    "count": Measure(
        lambda a: points.count(a.zones, *a.rows, **a.given("column"), at=a.standing), takes=("column",), adds="things"
    ),
    "count_per_km2": Measure(
        lambda a: points.count_per_km2(a.zones, *a.rows, **a.given("column"), at=a.standing),
        takes=("column",),
        adds="things",
    ),
    "length_km": Measure(lambda a: lines.length_km(a.zones, *a.rows, at=a.lengths), adds="km"),
    "length_per_km2": Measure(lambda a: lines.length_per_km2(a.zones, *a.rows, at=a.lengths), adds="km"),
    "area_km2": Measure(lambda a: land.area_km2(a.zones, *a.rows), most=_MANY, adds="km2"),
    "share_of_area": Measure(lambda a: land.share_of_area(a.zones, *a.rows), most=_MANY, share=True, adds="km2"),
    "share_of_streets": Measure(_share_of_streets, most=2, share=True, takes=("hit",), adds="km"),
    "share_on_foot": Measure(_on_foot, fewest=3, most=3, share=True, takes=("minutes",), adds="housing_km2"),
    "diversity": Measure(
        lambda a: points.diversity(a.zones, *a.rows, **a.given("column", "least"), at=a.standing),
        needs=("column",),
        takes=("least",),
    ),
    "share_of_rows": Measure(
        lambda a: cases.share_of_rows(a.zones, *a.rows, hit=_all_or(a), **a.given("least"), at=a.standing),
        share=True,
        needs=("hit",),
        takes=("least",),
        adds="cases",
    ),
    "ratio_of_columns": Measure(
        lambda a: points.ratio_of_columns(a.zones, *a.rows, **a.given("column", "over")),
        share=True,
        needs=("column", "over"),
    ),
    "concentration": Measure(
        lambda a: cases.concentration(a.zones, *a.rows, **a.given("column", "least"), at=a.standing),
        needs=("column",),
        takes=("least",),
    ),
    "relative_density": Measure(
        lambda a: cases.relative_density(a.zones, *a.rows, **a.given("column", "least"), at=a.standing),
        fewest=2,
        most=3,
        takes=("column", "least"),
        column_of=2,
        lacking=_nobody,
    ),
    "raster_mean": Measure(_raster_mean, fewest=0, most=0, needs=("file",)),
    "park_coverage": Measure(_park_coverage, fewest=2, most=2, share=True, adds="housing_km2"),
    "hot_share": Measure(lambda a: land.hot_share(a.zones, *a.rows), share=True, adds="km2"),
    "compactness": Measure(lambda a: land.compactness(a.zones), fewest=0, most=0),
    "hull_share": Measure(lambda a: land.hull_share(a.zones), fewest=0, most=0),
}
"""Name to measure."""


def _all_or(a: Asked) -> NDArray[np.bool_]:
    return np.ones(len(a.rows[0]), dtype=np.bool_) if a.hit is None else a.hit


@dataclass(frozen=True, eq=False)
class Measured:
    """An indicator as it was measured.

    Attributes
    ----------
    table
        `figures.FIGURES` on the zones' index; the value in % where the indicator is.
    how
        The way that was taken, the first whose layers and columns are there; None where none is.
    silent
        How many rows of the whole layer count as a no for want of an answer.
    strange
        What rows of the whole layer answer that is none of the answers that there are: they do not count.
    """

    table: pd.DataFrame
    how: MeasureSettings | None
    silent: int = 0
    strange: tuple[str, ...] = ()

    def method(self, title: Callable[[str], Text]) -> Text:
        """How it was measured, for people: the measure, of which layers, and how many rows of them say nothing, or what is not known.

        Parameters
        ----------
        title
            What a layer is called.
        """
        if self.how is None:
            return Text("", "")
        what = text_pair(f"indicators.{self.how.measure}", minutes=f"{self.how.minutes or 0:g}")
        of = [title(layer) for layer in self.how.layers if layer not in _FOUND]
        if not of:
            return what
        none = text_pair("indicators.silent", n=f"{self.silent:,}") if self.silent else Text("", "")
        words, n = few(map(quoted, dict.fromkeys(self.strange))), f"{len(self.strange):,}"
        odd = text_pair("indicators.strange", n=n, words=words) if self.strange else Text("", "")
        return Text(
            zh=f"{what.zh}：{listed((name.zh for name in of), 'zh')}{none.zh}{odd.zh}",
            en=f"{what.en}: {listed((name.en for name in of), 'en')}{none.en}{odd.en}",
        )


def layers_of(ways: Iterable[MeasureSettings]) -> tuple[str, ...]:
    """The layers that ways of measuring name, each once: those that files hold."""
    return tuple(dict.fromkeys(layer for way in ways for layer in way.layers if layer not in _FOUND))


def check_measures(ways: Mapping[str, Sequence[MeasureSettings]], layers: Iterable[str] | None = None) -> None:
    """Refuse ways of measuring that name no measure of the registry, or not what it takes; one message for all.

    Parameters
    ----------
    ways
        Indicator to its ways.
    layers
        The layers that there are, beside ``hot_cells`` and ``park_land``; None: any may be named.

    Raises
    ------
    SettingsError
        With the nearest name.

    Examples
    --------
    >>> from jxgis.settings import MeasureSettings
    >>> check_measures({"a": [MeasureSettings(measure="count_per_km", layers=("toilets",))]})
    Traceback (most recent call last):
    jxgis.errors.SettingsError: 指标 a：没有名为 count_per_km 的量法，是否为 count_per_km2？
    """
    known = None if layers is None else {*layers, *_FOUND}
    collect([error for name, some in ways.items() for way in some if (error := _wrong(name, way, known)) is not None])


def _wrong(name: str, way: MeasureSettings, known: set[str] | None) -> SettingsError | None:
    measure = MEASURES.get(way.measure)
    if measure is None:
        hint = nearest(way.measure, MEASURES)
        return SettingsError(
            zh=f"指标 {name}：没有名为 {way.measure} 的量法{hint.zh}",
            en=f"Indicator {name}: there is no measure {way.measure}{hint.en}",
        )
    strange = [layer for layer in way.layers if known is not None and layer not in known]
    if strange:
        hint = nearest(strange[0], known or ())
        return SettingsError(
            zh=f"指标 {name}：没有图层“{strange[0]}”{hint.zh}",
            en=f"Indicator {name}: there is no layer {strange[0]!r}{hint.en}",
        )
    if not measure.fewest <= len(way.layers) <= measure.most:
        span = f"{measure.fewest}" if measure.fewest == measure.most else f"{measure.fewest}–{measure.most}"
        return SettingsError(
            zh=f"指标 {name}：{way.measure} 需要 {span} 个图层，现为 {len(way.layers)} 个。",
            en=f"Indicator {name}: {way.measure} takes {span} layers, not {len(way.layers)}.",
        )
    there = [option for option in _OPTIONS if getattr(way, option) not in (None, {})]
    lacking = [option for option in measure.needs if option not in there]
    if way.measure == "share_of_streets" and len(way.layers) == 1 and "hit" not in there:
        lacking.append("hit")
    extra = [option for option in there if option not in (*measure.needs, *measure.takes)]
    if lacking or extra:
        zh = f"缺少 {listed(lacking, 'zh')}" if lacking else f"用不到 {listed(extra, 'zh')}"
        en = f"lacks {listed(lacking, 'en')}" if lacking else f"has no use for {listed(extra, 'en')}"
        return SettingsError(zh=f"指标 {name}：{way.measure} {zh}。", en=f"Indicator {name}: {way.measure} {en}.")
    return None


def measure_indicators(
    zones: gpd.GeoDataFrame,
    wanted: Mapping[str, Sequence[MeasureSettings]],
    ground: IndicatorInputs,
    *,
    percent: Iterable[str] = (),
) -> dict[str, Measured]:
    """Measure indicators of zones by their tables: each by the first of its ways whose layers and columns are there.

    Parameters
    ----------
    zones
        Polygons in a metric CRS, which may overlap: each is measured for itself.
    wanted
        Indicator to its ways of measuring.
    ground
        The layers, in the zones' CRS.
    percent
        The indicators whose values are in %: shares are measured from 0 to 1.

    Returns
    -------
    dict
        Indicator to what was measured; where nothing could be, every zone has the reason that the first way has:
        ``no_layer`` or ``no_column``, or ``no_measure`` where it has no way.

    Raises
    ------
    InputError
        If an indicator in % is measured by a raster whose cells look like fractions.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from jxgis.settings import MeasureSettings
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 1000)], crs=4549)
    >>> toilets = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1, 2, 3], [1, 1, 1]), crs=4549)
    >>> ways = {name: [MeasureSettings(measure="count_per_km2", layers=(name,))] for name in ("toilets", "schools")}
    >>> found = measure_indicators(zone, ways, IndicatorInputs({"toilets": toilets}))
    >>> {name: some.table[["value", "reason"]].values.tolist() for name, some in found.items()}
    {'toilets': [[3.0, '']], 'schools': [[nan, 'no_layer']]}
    """
    in_percent = {*percent}
    place = Zones(zones, {})
    found = {name: _first(place, ways, ground) for name, ways in wanted.items()}
    asked = []
    for name, some in found.items():
        if name not in in_percent or some.how is None:
            continue
        if MEASURES[some.how.measure].share:
            some.table["value"] *= 100.0
        elif some.how.measure == "raster_mean" and _of_fractions(some.how):
            asked.append(_fractions(name, Path(some.how.file or "").name))
    collect(asked)
    return found


def _fractions(name: str, file: str) -> InputError:
    """A raster for an indicator in % with nothing above 1: its cells may hold fractions, and would score next to nothing."""
    return InputError(
        zh=f"指标 {name}（单位 %）：栅格 {file} 没有大于 1 的像元，像是小数（0.85）而不是百分数（85）。请把栅格乘以 100，"
        "或不用单位 %，改写 unit，标准值也用小数；确是不到 1 % 的，把 unit 写成“百分之”。",
        en=f"Indicator {name} (in %): no cell of the raster {file} is above 1: it looks like "
        "fractions (0.85), not percent (85). Multiply the raster by 100, or give another unit than % and a reference in "
        'fractions; where it really is below 1 %, write unit = "percent".',
    )


def _first(place: Zones, ways: Sequence[MeasureSettings], ground: IndicatorInputs) -> Measured:
    """By the first way that can be gone and by which any row counts at all; else by the first that can be gone."""
    reason, first = "", None
    for way in ways:
        asked, lacks = _asked(place, way, ground)
        reason = reason or lacks
        if asked is None or lacks:
            continue
        first = first or (way, asked)
        # What a city's export calls otherwise is not there in vain: its own classes may say it.
        if not way.where or any(len(rows) for rows in asked.rows[:1]):
            first = way, asked
            break
    if first is None:
        return Measured(nothing(place.table, reason or "no_measure"), None)
    way, asked = first
    table = MEASURES[way.measure].run(asked)
    if "issues" not in way.layers:
        table["reason"] = table["reason"].replace(_OF_OTHERS)
    return Measured(table, way, silent(asked.rows[0], way.hit) if way.hit else 0, _strange(asked))


def _asked(place: Zones, way: MeasureSettings, ground: IndicatorInputs) -> tuple[Asked | None, str]:
    """What a way of measuring is asked for, or the code of what it lacks."""
    tables = {layer: table for layer in way.layers if (table := ground.table(layer)) is not None}
    if len(tables) < len(way.layers):
        return None, "no_layer"
    measure, order = MEASURES[way.measure], list(tables.values())
    if order and any(column not in order[0].columns for column in way.hit):
        return None, "no_column"
    if any(all(column not in table.columns for table in order) for column in way.where):
        return None, "no_column"
    # A loader adds the columns of text that a file lacks, without a value.
    told = [each for each in (*way.where.items(), *way.hit.items()) if order and each[0] in order[0].columns]
    if any(len(order[0]) and not tells(order[0][column], wanted) for column, wanted in told):
        return None, "no_column"
    # Answers in words that nobody has said, such as grades of another standard, are none: that no row has one of those that
    # there can be does not make all of them a no.
    if any(len(order[0]) and not holds(order[0], {column: some}).any() for column, some in _answers(way).items()):
        return None, "no_column"
    columns = [column for column in (way.column, way.over) if column is not None]
    if measure.column_of < len(order) and not {*columns} <= {*order[measure.column_of].columns}:
        return None, "no_column"
    if columns and measure.column_of < len(order) and order[measure.column_of][columns].isna().all(axis=None):
        return None, "no_column" if len(order[measure.column_of]) else ""
    counting = tuple(_counting(layer, table, way) for layer, table in tables.items())
    rows = tuple(each.rows for each in counting)
    asked = Asked(place, counting, rows, holds(rows[0], way.hit) if way.hit else None, way, ground)
    return asked, measure.lacking(asked)


def _answers(way: MeasureSettings) -> dict[str, Condition]:
    """The answers that there are to what is asked of the numerator, where the table lists them."""
    return {column: way.where[column] for column in way.hit if isinstance(way.where.get(column), tuple)}


def _strange(asked: Asked) -> tuple[str, ...]:
    """What rows that would count but for their answer say, where it is none of the answers that there are."""
    found: list[str] = []
    for column, some in _answers(asked.how).items():
        rows = asked.counting[0].whole
        others = {name: wanted for name, wanted in asked.how.where.items() if name != column and name in rows.columns}
        left = rows[column][holds(rows, others) & ~holds(rows, {column: some})].dropna().astype("str").str.strip()
        found.extend(left[left != ""])
    return tuple(found)


def _counting(layer: str, table: gpd.GeoDataFrame, way: MeasureSettings) -> Counting:
    """The rows of a layer that count."""
    mine = {column: wanted for column, wanted in sorted(way.where.items()) if column in table.columns}
    return Counting(layer, table, holds(table, mine) if mine else None, (layer, repr(mine)))
