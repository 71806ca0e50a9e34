"""`jxgis hotspots`: count, find what is hot, name it, say what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from jxgis.given import AREA, given_tables, of_period
from jxgis.hotspots.result import HotspotsResult
from jxgis.i18n import listed
from jxgis.part import Given
from jxgis.settings import HotspotSettings, with_options
from jxgis.zones import ALL

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from jxgis.hotspots.counted import Counted
    from jxgis.hotspots.density import Density
    from jxgis.hotspots.places import Naming
    from jxgis.hotspots.scale import Scale
    from jxgis.hotspots.strata import Stratified
    from jxgis.settings import Family
    from jxgis.space.grid import Grid

__all__ = ["analyse", "find_hotspots"]

#: What may name a place where there are neither places nor streets, the first that the issues have.
_NAME_FIELDS = ("community", "社区", "所属社区", "neighborhood")


@with_options(HotspotSettings)
def find_hotspots(
    issues: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    districts: gpd.GeoDataFrame | None = None,
    subdistricts: gpd.GeoDataFrame | None = None,
    ring: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    exposure: gpd.GeoDataFrame | None = None,
    built_up: gpd.GeoDataFrame | None = None,
    history: gpd.GeoDataFrame | None = None,
    start: pd.Timestamp | str | None = None,
    end: pd.Timestamp | str | None = None,
    levels: Mapping[str, gpd.GeoDataFrame] | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> HotspotsResult:
    """Find the hot spots of all issues and of each class.

    Parameters
    ----------
    issues
        Points in a metric CRS; where present ``issue_class, sub_type, department, time, district, subdistrict``.
    area
        Polygons of the study area, in the same CRS as every other layer.
    districts, subdistricts
        Polygons with ``name``, for the zones and for where a place is.
    ring
        Polygon or closed line, such as 中环, for the share inside it.
    places, streets
        ``name``: what hot places are named after; see :class:`jxgis.hotspots.places.Naming`.
    exposure
        Points, lines or polygons to set the issues against: ``people`` where there is such a column, else points count
        one each, lines their length, polygons their area. Where fewer than two cells have any, nothing is compared.
    built_up
        Polygons; cells that hold none of it take no part: their reason is ``not_built_up``.
    history
        All issues there are, ``issues`` being those of the period analysed: for the comparison with the period before.
        Where present, ``source`` and ``file`` say for which of them some time is missing.
    start, end
        The period analysed, half open; see :func:`jxgis.periods.compare_periods`.
    levels
        Further zones by the name of their layer (``communities``): polygons with ``name``; and the layer that ``strata``
        names.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.HotspotSettings` holds: ``cell_m``, ``classes``, ``name_field`` and so on.

    Returns
    -------
    HotspotsResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If no cell has its centre in the area, no issue lies in it, or a class is called ``all``.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import geopandas as gpd, numpy as np, shapely
    >>> x = np.concatenate([np.linspace(900, 1299, 60), np.linspace(50, 3950, 40)])
    >>> issues = gpd.GeoDataFrame({"issue_class": ["街面秩序"] * 100}, geometry=gpd.points_from_xy(x, x), crs=4549)
    >>> result = find_hotspots(issues, gpd.GeoSeries([shapely.box(0, 0, 4000, 4000)], crs=4549))
    >>> result.cells.shape[0], result.outside_area
    (800, 0)
    >>> result.places[["issue_class", "rank", "issues"]].values.tolist()
    [['all', 1, 32], ['街面秩序', 1, 32]]
    >>> find_hotspots(issues, result.cells, cell=100)
    Traceback (most recent call last):
    jxgis.errors.SettingsError: ...
    """
    import geopandas as gpd

    layers = {
        "issues": issues, "districts": districts, "subdistricts": subdistricts, "ring": ring, "places": places,
        "streets": streets, "exposure": exposure, "built_up": built_up,
        "area": area.geometry if isinstance(area, gpd.GeoDataFrame) else area,
    }  # fmt: skip
    given = given_tables(
        layers,
        further=levels or {},
        needs=("issues", "area"),
        history=history,
        lang=lang,
        sketch=sketch,
        contracts={"area": AREA},
        hotspots=options,
    )
    return analyse(of_period(given, start, end))


def analyse(given: Given) -> HotspotsResult:
    """Find the hot spots in what a part was handed; see :func:`find_hotspots`.

    Parameters
    ----------
    given
        The layers and ``[hotspots]``; without an ``area`` of their own ``districts`` are it. Of a project its city's classes
        and labels.
    """
    from jxgis.hotspots import mix
    from jxgis.hotspots.cells import levels
    from jxgis.hotspots.counted import classes_asked, count_issues, with_zones
    from jxgis.hotspots.heavy import heavy_cells
    from jxgis.hotspots.places import hot_places
    from jxgis.periods import compare_issues

    options, ring = given.settings.hotspots, given.table("ring")
    area = given.need("area" if "area" in given.layers else "districts")
    zones_of = {"district": given.table("districts"), "subdistrict": given.table("subdistricts")}
    official = {level: polygons for level, polygons in zones_of.items() if polygons is not None}
    layers = {**official, **given.levels()}
    counted = count_issues(
        given.need("issues"), area, layers, cell_m=options.cell_m, classes=classes_asked(given, options.classes)
    )
    grid, names = counted.grid, counted.classes

    strata, of = _strata(given, grid)
    cells, by_number, by_rate = _judge(given, counted, of)
    past = counted.located if given.history is None else with_zones(given.history, {}, {})
    comparison = compare_issues(past, start=given.start, end=given.end)
    place = partial(
        hot_places, issues=counted.inside, grid=grid, alpha=options.alpha, band_m=options.band_m,
        naming=_naming(given, counted, [by_number, by_rate], official), history=past, periods=comparison.periods,
        numbers={},
    )  # fmt: skip
    found = place(by_number)
    zones = mix.zone_table(
        counted.located, layers, names, cells=by_number, grid=grid, alpha=options.alpha, zone_of=counted.zone_of
    )
    heavy = heavy_cells(by_number, grid, band_m=options.band_m, alpha=options.alpha, strata=of)
    return HotspotsResult(
        given=given,
        cells=cells,
        heavy=_lie_in(heavy, counted.inside, grid, given.table("streets")),
        levels=levels(cells, alpha=options.alpha, family=options.family, min_issues=options.min_issues),
        places=found.places,
        peaks=found.peaks,
        rate_places=None if by_rate is None else place(by_rate),
        zones=zones,
        overall=None if ring is None else mix.inside_ring(counted.inside, ring, area, names),
        concentrated=mix.concentration(cells, found.places),
        different=mix.class_overlap(by_number, names, cell_m=options.cell_m, alpha=options.alpha),
        diverse=mix.diversity(zones, names),
        against_normal=_against_normal(by_number, options.alpha, options.family),
        densities=_densities(counted, options.bandwidth_m, options.density_cell_m),
        classes=tuple(names),
        outside_area=len(counted.located) - len(counted.inside),
        unclassified=int((counted.code < 0).sum()),
        without_exposure=None if by_rate is None else _without_exposure(cells),
        comparison=comparison,
        scale=_scale(given, counted, area),
        strata=strata,
    )


def _exposure(given: Given) -> dict[str, Any]:
    """What issues are set against, and the column that it is counted by."""
    exposure = given.table("exposure")
    column = "people" if exposure is not None and "people" in exposure.columns else None
    return {"exposure": exposure, "exposure_column": column}


def _strata(given: Given, grid: Grid) -> tuple[Stratified | None, NDArray[np.int64] | None]:
    """What the cells are compared within, for people, and the stratum of each; None for both: the whole city."""
    import numpy as np

    from jxgis.city import contract_of, layer_title
    from jxgis.errors import InputError
    from jxgis.hotspots.rates import built_up
    from jxgis.hotspots.strata import Stratified, strata_of

    layer = given.settings.hotspots.strata
    if layer is None:
        return None, None
    polygons = given.table(layer)
    if polygons is None:
        title = contract_of(layer, given.city).title
        raise InputError(
            zh=f"[hotspots] strata 指定了{title.zh}（{layer}），但没有提供这个图层；请给出，或去掉 strata。",
            en=f"[hotspots] strata names {title.en} ({layer}), which is not given; give the layer, or leave strata out.",
        )
    land = given.table("built_up")
    keep = np.ones(len(grid), dtype=bool) if land is None else built_up(grid, land)
    of, names = strata_of(grid, polygons)
    cells = dict(zip(names, np.bincount(of[keep], minlength=len(names)).tolist(), strict=True))
    outside = cells.pop("", 0)
    there = tuple(name for name, held in cells.items() if held)
    if not there:
        raise InputError(
            zh=f"{layer} 里没有面含有研究范围内任何一格的中心，无法分层；请检查图层的范围与坐标系。",
            en=f"No polygon of {layer} holds the centre of a cell of the study area, so that there are no strata; check where "
            "the layer lies, and its CRS.",
        )
    return Stratified(layer_title(given.city)(layer), there, outside), of


def _judge(
    given: Given, counted: Counted, strata: NDArray[np.int64] | None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None]:
    """The cells, those judged by number and, where there is something to set issues against, those judged by rate."""
    from jxgis.hotspots.cells import judge_cells, judged

    options, exposure = given.settings.hotspots, _exposure(given)
    cells = judge_cells(
        counted.counts, counted.grid, options, built_up_land=given.table("built_up"), strata=strata, **exposure
    )
    by_rate = None if exposure["exposure"] is None else judged(cells, options.family, by="rate")
    return cells, judged(cells, options.family), by_rate


def _naming(
    given: Given,
    counted: Counted,
    judged: Sequence[gpd.GeoDataFrame | None],
    official: Mapping[str, gpd.GeoDataFrame],
) -> Naming:
    """What hot places are named after."""
    from jxgis.hotspots.places import Naming

    options, issues, streets = given.settings.hotspots, counted.inside, given.table("streets")
    return Naming(
        places=given.table("places"),
        street_of=_streets_near_hot(issues, streets, judged, counted.grid, options.alpha, options.band_m),
        labels=_labels(given),
        field=_name_field(issues, options.name_field),
        zones=official,
        lang=given.lang,
    )


def _scale(given: Given, counted: Counted, area: gpd.GeoDataFrame) -> Scale:
    """What other sizes of cells would tell."""
    from jxgis.hotspots.scale import CELLS_M, suggest_scale

    cell_m = given.settings.hotspots.cell_m
    # Far finer cells than were asked for would only be slow on a large area.
    sizes = sorted({cell_m, *(size for size in CELLS_M if 4 * size >= cell_m)})
    return suggest_scale(counted.x, counted.y, area, **_exposure(given), cells_m=sizes)


def _labels(given: Given) -> gpd.GeoDataFrame | None:
    """The city's labels as points: names to put on a map where there is nothing better."""
    import geopandas as gpd

    if given.city is None or given.city.labels.empty:
        return None
    table = given.city.labels
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    labels: gpd.GeoDataFrame = gpd.GeoDataFrame({"name": table["name"]}, geometry=points).to_crs(given.crs)
    return labels


def _lie_in(
    heavy: pd.DataFrame, issues: gpd.GeoDataFrame, grid: Grid, streets: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """The cells with the street, the district and the sub-district that most of their issues are in, where known."""
    import geopandas as gpd
    import pandas as pd

    from jxgis.hotspots.names import encode, most_common, streets_of

    table = gpd.GeoDataFrame(heavy, crs=grid.crs)
    known = pd.unique(table["cell_id"])
    group = pd.Index(known).get_indexer(grid.ids()[grid.index_of(issues.geometry.x, issues.geometry.y)])
    here = issues[group >= 0]
    values = {level: here[level] for level in ("district", "subdistrict") if level in here.columns}
    if streets is not None:
        values = {"street": pd.Series(streets_of(here, streets), index=here.index), **values}
    for at, (level, own) in enumerate(values.items()):
        most = most_common(group[group >= 0], encode(own), len(known))["value"].to_numpy()
        table.insert(2 + at, level, most[pd.Index(known).get_indexer(table["cell_id"])].astype(object))
    return table


def _streets_near_hot(
    issues: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame | None,
    judged: Sequence[gpd.GeoDataFrame | None],
    grid: Grid,
    alpha: float,
    band_m: float,
) -> NDArray[np.object_] | None:
    """Street of each issue that may name a place, found once for the places by number and by rate."""
    import numpy as np

    from jxgis.hotspots.names import streets_of
    from jxgis.hotspots.places import cells_near_hot

    if streets is None:
        return None
    near = np.zeros(len(grid), dtype=bool)
    for cells in judged:
        if cells is not None:
            near |= cells_near_hot(cells, grid, alpha=alpha, band_m=band_m)
    asked = near[grid.index_of(issues.geometry.x, issues.geometry.y)]
    found = np.full(len(issues), None, dtype=object)
    found[asked] = streets_of(issues.geometry[asked], streets)
    return found


def _name_field(issues: gpd.GeoDataFrame, asked: str | None) -> str | None:
    from jxgis.errors import InputError

    if asked is not None and asked not in issues.columns:
        raise InputError(
            zh=f"问题表没有 {asked} 列，不能用来给热点起名；有：{listed(issues.columns, 'zh')}。",
            en=f"the issues have no column {asked} to name hot places by; they have {listed(issues.columns, 'en')}.",
        )
    return asked or next((column for column in _NAME_FIELDS if column in issues.columns), None)


def _without_exposure(cells: gpd.GeoDataFrame) -> int:
    own = cells[cells["issue_class"] == ALL]
    return int(own.loc[own["rate_reason"] == "no_exposure", "count"].sum())


def _against_normal(cells: gpd.GeoDataFrame, alpha: float, family: Family) -> pd.DataFrame:
    import pandas as pd

    from jxgis.hotspots.inference import compare_with_normal
    from jxgis.statistics.fdr import benjamini_hochberg

    of_all = pd.Series(benjamini_hochberg(cells["gi_p_normal"]), index=cells.index)
    rows = []
    for name, own in cells.groupby("issue_class", sort=False):
        normal_q = None if family == "class" else of_all[own.index]
        rows.append({"issue_class": name, **compare_with_normal(own, alpha=alpha, normal_q=normal_q)})
    return pd.DataFrame(rows)


def _densities(counted: Counted, bandwidth_m: float, density_cell_m: float) -> dict[str, Density]:
    """A raster a class, all on one extent: that of the cells, so that their integral is the sum of the cells' counts."""
    import geopandas as gpd
    import shapely

    from jxgis.hotspots.density import density
    from jxgis.i18n import text_pair
    from jxgis.progress import stepped

    grid, x, y = counted.grid, counted.x, counted.y
    rows, cols = grid.mask.shape
    west, south = grid.col0 * grid.cell_m, grid.row0 * grid.cell_m
    frame = shapely.box(west, south, west + cols * grid.cell_m, south + rows * grid.cell_m)
    extent = gpd.GeoSeries([frame], crs=grid.crs)
    rasters = {ALL: density(x, y, extent, cell_m=density_cell_m, bandwidth_m=bandwidth_m)}
    classes = list(enumerate(counted.classes))
    for number, name in stepped(classes, text_pair("run.share_densities")):
        own = counted.code == number
        rasters[name] = density(x[own], y[own], extent, cell_m=density_cell_m, bandwidth_m=bandwidth_m)
    return rasters
