"""`jxgis scan`: count, scan in space and in space and time, name what is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2
from jxgis.errors import InputError
from jxgis.given import AREA, districts_at, given_tables, with_files
from jxgis.hotspots.counted import Counted, classes_asked, count_issues, number_points, same_point_share
from jxgis.hotspots.names import distinct_names
from jxgis.hotspots.rates import built_up, exposure_on_grid
from jxgis.i18n import text_pair
from jxgis.part import Given
from jxgis.periods import find_gaps
from jxgis.progress import stepped
from jxgis.scan.result import ScanResult
from jxgis.scan.slices import Slices, Uncut, cut_time, uncut_said
from jxgis.scan.statistic import LEAST_CASES, Scanned, Window, scan_cases, scan_times
from jxgis.scan.varying import varying_in_time, varying_of
from jxgis.scan.windows import grow_shapes
from jxgis.schema.tables import table as declared
from jxgis.settings import ScanSettings, with_options
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jxgis.gaps import Gap
    from jxgis.scan.windows import Shape
    from jxgis.space.grid import Grid
    from jxgis.statistics import Overdispersion

__all__ = ["analyse", "scan_clusters"]


@with_options(ScanSettings)
def scan_clusters(
    issues: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    exposure: gpd.GeoDataFrame | None = None,
    districts: gpd.GeoDataFrame | None = None,
    subdistricts: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    built_up: gpd.GeoDataFrame | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> ScanResult:
    """Scan all issues and each class for clusters in space, and in space and time.

    Parameters
    ----------
    issues
        Points in a metric CRS; where present ``issue_class``, and ``time``, without which space alone is scanned.
    area
        Polygons of the study area, in the same CRS as every other layer.
    exposure
        Points, lines or polygons to set the issues against: ``people`` where there is such a column, else points count one
        each, lines their length, polygons their area. Without it issues are set against the ground.
    districts, subdistricts, places, streets
        ``name``: what clusters are named after.
    built_up
        Polygons; cells that hold none of it take no part.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.ScanSettings` holds: ``radius_max_m``, ``scans``, ``replicates`` and so on.

    Returns
    -------
    ScanResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If no issue lies in the area or where there is exposure, or only space and time are to be scanned and no times are
        known, or too few.
    SettingsError
        If an option is unknown or out of range.

    References
    ----------
    Kulldorff, M. (1997). A spatial scan statistic. Communications in Statistics: Theory and Methods 26.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.uniform(0, 6000, (2, 3000))
    >>> x[:200], y[:200] = 3000 + rng.uniform(-300, 300, (2, 200))
    >>> issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=4549)
    >>> found = scan_clusters(issues, gpd.GeoSeries([shapely.box(0, 0, 6000, 6000)], crs=4549))
    >>> found.clusters[["rank", "observed", "expected", "radius_m", "p"]].round(1).values.tolist()
    [[1.0, 270.0, 70.0, 547.2, 0.0]]
    """
    layers = {
        "issues": issues, "exposure": exposure, "districts": districts, "subdistricts": subdistricts, "places": places,
        "streets": streets, "built_up": built_up,
        "area": area.geometry if isinstance(area, gpd.GeoDataFrame) else area,
    }  # fmt: skip
    given = given_tables(
        layers, needs=("issues", "area"), lang=lang, sketch=sketch, contracts={"area": AREA}, scan=options
    )
    return analyse(given)


@dataclass(frozen=True, eq=False)
class _Scene:
    """What is scanned: the cells, the issues in them, what they are set against, and when they were reported.

    ``exposure`` (n_cells,) is above 0; ``cell``, ``code`` and ``point`` (k,) are the cell, the class and the point of each
    issue, equal for equal coordinates.
    """

    grid: Grid
    exposure: NDArray[np.float64]
    cell: NDArray[np.int64]
    code: NDArray[np.int64]
    point: NDArray[np.int64]
    classes: list[str]
    slices: Slices | Uncut

    def own(self, scan: str, name: str) -> NDArray[np.bool_]:
        """(k,) which issues a scan of a class looks at."""
        of_class = np.ones(len(self.cell), dtype=bool) if name == ALL else self.code == self.classes.index(name)
        if scan == "space" or not isinstance(self.slices, Slices):
            return of_class
        return of_class & (self.slices.of >= 0)


def analyse(given: Given) -> ScanResult:
    """Scan for clusters in what a part was handed; see :func:`scan_clusters`.

    Parameters
    ----------
    given
        The layers and ``[scan]``; without an ``area`` of their own ``districts`` are it.
    """
    options = given.settings.scan
    area = given.need("area" if "area" in given.layers else "districts")
    counted = count_issues(
        with_files(given), area, {}, cell_m=options.cell_m, classes=classes_asked(given, options.classes)
    )
    ground, exposure, of_layer = _exposure(given, counted.grid)
    exposed = _scene(given, counted, exposure)
    # What is set against its own total needs no exposure.
    in_time = _scene(given, counted, ground) if of_layer and options.model == "permutation" else exposed
    scenes = {"space": exposed, "space_time": in_time}
    scans = [scan for scan in dict.fromkeys(options.scans) if scan == "space" or isinstance(in_time.slices, Slices)]
    if not scans and not isinstance(in_time.slices, Slices):
        why = uncut_said(in_time.slices, unit=options.slices)
        raise InputError.saying(text_pair("scan.no_times", why=why))
    radius_m = min(options.radius_max_m, options.cell_m * float(np.hypot(*counted.grid.mask.shape)))
    shapes = grow_shapes(
        tuple(dict.fromkeys(options.shapes)), cell_m=options.cell_m, radius_max_m=radius_m, penalty=options.penalty
    )
    asked = [(scan, name) for scan in scans for name in (ALL, *counted.classes)]
    found = [
        (scan, name, *_scanned(scenes[scan], scan, name, shapes, options))
        for scan, name in stepped(asked, text_pair("scan.share"))
    ]
    clusters = [
        _clusters(given, scenes[scan], scan, name, scanned, shapes)
        for scan, name, scanned, *_ in found
        if scanned is not None and scanned.clusters
    ]
    columns = declared("scan.clusters").required
    empty = gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=given.crs)
    return ScanResult(
        given=given,
        clusters=gpd.GeoDataFrame(pd.concat(clusters, ignore_index=True))[[*columns, "geometry"]]
        if clusters
        else empty,
        scans=_told(found),
        of_layer=of_layer,
        slices=in_time.slices,
        outside_area=len(counted.located) - len(counted.inside),
        without_exposure=len(counted.inside) - len(exposed.cell),
        without_time=int((in_time.slices.of < 0).sum()) if isinstance(in_time.slices, Slices) else 0,
        wider_than_city=options.radius_max_m > radius_m,
        silent=_silent(counted.inside) if "space_time" in scans else (),
    )


def _silent(issues: gpd.GeoDataFrame) -> tuple[Gap, ...]:
    """When a file or a source is silent and others are not: what these see then seems to rise beside the rest."""
    files, sources = (issues[name] if name in issues.columns else None for name in ("file", "source"))
    if not issues["time"].notna().any():
        return ()
    _, gaps = find_gaps(issues["time"], files=files, sources=sources)
    return tuple(gap for gap in gaps if gap.kind != "all")


def _exposure(given: Given, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """(n_cells,) the ground that takes part, what issues are set against, and whether that is a layer's."""
    options, layer, built = given.settings.scan, given.table("exposure"), given.table("built_up")
    if options.against == "layer" and layer is None:
        raise InputError.saying(text_pair("scan.no_exposure"))
    ground = np.full(len(grid), grid.cell_m**2 / M2_PER_KM2)
    if built is not None:
        ground = np.where(built_up(grid, built), ground, 0.0)
    if layer is None or options.against == "land":
        return ground, ground, False
    exposure = exposure_on_grid(grid, layer, column="people" if "people" in layer.columns else None)
    return ground, np.where(ground > 0, exposure, 0.0), True


def _scene(given: Given, counted: Counted, exposure: NDArray[np.float64]) -> _Scene:
    """The cells that have any exposure, and the issues in them."""
    options, grid = given.settings.scan, counted.grid
    kept = exposure > 0
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    cell = number[grid.index_of(counted.x, counted.y)]
    here = cell >= 0
    if not here.any():
        raise InputError.saying(text_pair("scan.none_exposed", n=f"{len(cell):,}"))
    point = number_points(counted.x, counted.y)
    times = counted.inside["time"][here] if "time" in counted.inside.columns else pd.Series(dtype="datetime64[ns]")
    slices = cut_time(times, unit=options.slices, longest=options.longest, recent=options.recent)
    return _Scene(
        grid.where(kept), exposure[kept], cell[here], counted.code[here], point[here], counted.classes, slices
    )


def _scanned(
    scene: _Scene, scan: str, name: str, shapes: Sequence[Shape], options: ScanSettings
) -> tuple[Scanned | None, Overdispersion | None, float, str | None]:
    """What one scan of one class found, how its counts vary, in the cell where φ is most, and why there is nothing."""
    own = scene.own(scan, name)
    keys: dict[str, Any] = {
        "max_share": options.max_share, "replicates": options.replicates, "seed": options.seed, "alpha": options.alpha,
    }  # fmt: skip
    grid, slices, n = scene.grid, scene.slices, len(scene.grid)
    if scan == "space" or not isinstance(slices, Slices):
        of, parts = np.zeros(len(own), dtype=np.int64), 1
    else:
        of, parts = slices.of, slices.stretches.slices
    cells, of = scene.cell[own], of[own]
    if len(cells) < LEAST_CASES:
        return None, None, np.nan, "scan_few_issues"
    cases, batch = np.bincount(cells * parts + of, minlength=n * parts).reshape(n, parts), None
    if scan == "space" or not isinstance(slices, Slices):
        varying = varying_of(cases, scene.exposure[:, None], grid)
        found = scan_cases(cases, scene.exposure, grid, shapes, varying=varying, **keys)
    elif options.model == "permutation":
        varying, batch = varying_in_time(cases, grid)
        found = scan_times(cells, of, grid, shapes, slices.stretches, varying=varying, batch=batch, **keys)
    else:
        # Slices without any issue are missing data, not a time in which nothing happened.
        days = np.where(np.bincount(slices.of[slices.of >= 0], minlength=parts) > 0, slices.days(), 0.0)
        time = days / days.sum()
        varying = varying_of(cases, scene.exposure[:, None] * time, grid)
        found = scan_cases(
            cases, scene.exposure, grid, shapes, varying=varying, stretches=slices.stretches, time=time, **keys
        )
    most = float(batch.max()) if batch is not None else varying.batch
    return found, varying, most, None if found.replicates.any() else "scan_no_window"


def _told(found: Sequence[tuple[str, str, Scanned | None, Overdispersion | None, float, str | None]]) -> pd.DataFrame:
    """A row a scan: how many clusters, how sure the most likely is, how the counts vary, and why there is nothing."""
    rows = []
    for scan, name, scanned, varying, most, reason in found:
        some = scanned is not None and scanned.best > 0
        rows.append(
            {
                "scan": scan,
                "issue_class": name,
                "clusters_n": 0 if scanned is None else len(scanned.clusters),
                "llr": scanned.best if scanned is not None and some else np.nan,
                "p": scanned.p(scanned.best) if scanned is not None and some else np.nan,
                "p_gumbel": scanned.p_gumbel(scanned.best) if scanned is not None and some else np.nan,
                "batch": np.nan if varying is None else float(varying.batch),
                "batch_most": most,
                "spread": np.nan if varying is None else float(varying.spread),
                "reason": reason,
            }
        )
    return pd.DataFrame(rows)


def _clusters(
    given: Given, scene: _Scene, scan: str, name: str, scanned: Scanned, shapes: Sequence[Shape]
) -> gpd.GeoDataFrame:
    """The contract's ``clusters`` of one scan of one class."""
    grid, found = scene.grid, scanned.clusters
    squares = grid.cells()
    middle = squares.iloc[[window.centre for window in found]].reset_index(drop=True)
    total = scanned.total
    half = grid.cell_m / 2
    reach = np.array([shapes[window.shape].reach[window.size] for window in found]) * grid.cell_m
    ratio = np.array([shapes[window.shape].ratio for window in found])
    observed, expected = (
        np.array([getattr(window, of) for window in found], dtype=float) for of in ("observed", "expected")
    )
    dates = (
        [scene.slices.dates(window.stretch) for window in found]
        if scan == "space_time" and isinstance(scene.slices, Slices)
        else []
    )
    outside = (total - observed) / (total - expected)
    return gpd.GeoDataFrame(
        {
            "rank": np.arange(1, len(found) + 1),
            "scan": scan,
            "issue_class": name,
            "name": distinct_names(middle, given.ground, lang=given.lang),
            "district": districts_at(given, middle),
            "observed": observed.astype(np.int64),
            "expected": expected,
            "times": observed / expected,
            "relative_risk": np.divide(
                observed / expected, outside, out=np.full(len(found), np.nan), where=outside > 0
            ),
            "llr": [window.llr for window in found],
            "p": [scanned.p(window.llr) for window in found],
            "p_gumbel": [scanned.p_gumbel(window.llr) for window in found],
            "start": pd.Series(
                [first for first, _ in dates] or pd.NaT, index=range(len(found)), dtype="datetime64[us]"
            ),
            "end": pd.Series([last for _, last in dates] or pd.NaT, index=range(len(found)), dtype="datetime64[us]"),
            "radius_m": reach + half,
            "radius_minor_m": reach / ratio + half,
            "angle": np.where(ratio > 1, [shapes[window.shape].angle for window in found], np.nan),
            "same_point_share": [_same_point(scene, scan, name, window) for window in found],
            "area_km2": np.array([len(window.cells) for window in found]) * grid.cell_m**2 / M2_PER_KM2,
        },
        geometry=[shapely.union_all(squares.geometry.to_numpy()[window.cells]) for window in found],
        crs=grid.crs,
    )


def _same_point(scene: _Scene, scan: str, name: str, window: Window) -> float:
    """Share of a cluster's issues that have its most common coordinates."""
    own = scene.own(scan, name) & np.isin(scene.cell, window.cells)
    if scan == "space_time" and isinstance(scene.slices, Slices):
        first, end = (of[window.stretch] for of in (scene.slices.stretches.first, scene.slices.stretches.end))
        own &= (scene.slices.of >= first) & (scene.slices.of < end)
    return float(same_point_share(np.where(own, 0, -1), scene.point, 1)[0])
