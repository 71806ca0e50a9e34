"""The map of park coverage: zones against the target, housing served and not, parks and proposed sites."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
import pandas as pd

from jxgis.bounds import at_least
from jxgis.drawing.base import add_notice
from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import COUNTED, COVERAGE, ISOCHRONES, LOSS, PARK, PARK_EDGE, POCKET, SERVED, SITE, SMALL
from jxgis.drawing.layers import (
    TOP,
    Field,
    PlaceList,
    add_group,
    add_place_lists,
    add_points,
    add_polygons,
    add_switch,
    dot,
    fields_of,
    fill,
    land_map,
)
from jxgis.drawing.legend import LegendSection, Swatch, add_legend, classify
from jxgis.i18n import localise_reasons, number_words, text
from jxgis.parks.gaps import blind_spot_names
from jxgis.parks.land_words import denominator_of, land_words
from jxgis.settings import PARKS
from jxgis.zones import ALL

if TYPE_CHECKING:
    import folium
    import geopandas as gpd

__all__ = ["coverage_breaks", "met_exactly", "parks_map"]


def coverage_breaks(target: float) -> tuple[float, float, float]:
    """The limits of the coverage classes: 20 and 10 points below the target, and the target.

    Examples
    --------
    >>> [round(b, 2) for b in coverage_breaks(0.9)]
    [0.7, 0.8, 0.9]
    """
    return (target - 0.2, target - 0.1, target)


def met_exactly(coverage: pd.Series, target: float) -> pd.Series:
    """Coverage where what meets the target stands in its class, whatever rounding left of it.

    Examples
    --------
    >>> met_exactly(pd.Series([0.9 - 1e-12, 0.89]), 0.9).tolist()
    [0.9, 0.89]
    """
    value = pd.to_numeric(coverage, errors="coerce")
    return value.mask(at_least(value.to_numpy(dtype=np.float64), target) & (value < target), target)


def _coverage_fields(lang: str) -> list[Field]:
    after = ["coverage_after", "coverage_with_pocket", "residential_m2", "served_m2", "people_coverage", "mean_walk_m"]
    return [
        *fields_of("parks.coverage", ["coverage"], lang),
        *fields_of("parks.wide", ["deficit"], lang),
        *fields_of("parks.coverage", [*after, "unreachable_share", "standard", "reason"], lang),
    ]


def _of_method(table: gpd.GeoDataFrame | None, method: str) -> gpd.GeoDataFrame | None:
    kept = None if table is None else table[table["method"] == method]
    return kept if _some(kept) else None


def _after(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Coverage with the proposed parks, where it was measured, to be switched against today's; nothing else of today's."""
    if "coverage_after" not in rows.columns or rows["coverage_after"].isna().all():
        return None
    known = rows[rows["coverage_after"].notna()].drop_duplicates("zone")
    today = ["coverage_after", "served_m2", "people_coverage"]
    return known.assign(coverage=known["coverage_after"]).drop(columns=today, errors="ignore")


def _add_method(
    page: folium.Map,
    rows: gpd.GeoDataFrame,
    method: str,
    housing: tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None],
    *,
    target: float,
    show: bool,
    lang: str,
) -> tuple[folium.FeatureGroup, list[Swatch]]:
    group = add_group(page, name=text(f"maps.method_{method}", lang), show=show)
    value = met_exactly(rows["coverage"], target)
    classes = classify(value, breaks=coverage_breaks(target), colours=COVERAGE, percent=True, unit="%", lang=lang)
    shown = rows.assign(coverage=value, deficit=(target - value).clip(lower=0))
    add_polygons(
        group, shown, styles=[fill(c, weight=1) for c in classes.colours], style=classes.row,
        heading="zone", fields=_coverage_fields(lang), simplify_m=2,
    )  # fmt: skip
    looks = (fill(SERVED, weight=0), fill(LOSS, weight=0))
    for table, look in zip(housing, looks, strict=True):
        if table is not None:
            add_polygons(group, table, styles=[look], level=2, simplify_m=0.5)
    return group, classes.swatches()


def _add_sites(page: folium.Map, sites: gpd.GeoDataFrame, lang: str) -> list[Swatch]:
    fields = [
        *fields_of("parks.sites", ["zone", "gain_m2", "gain_people", "m2"], lang),
        Field("what", text("maps.site_counts", lang)),
    ]
    shown = sites.sort_values("rank")
    counts = shown["counts"].to_numpy(dtype=bool)
    shown = shown.assign(what=[text("maps.site_counted" if held else "maps.site_pocket", lang) for held in counts])
    add_points(
        page, shown, name=text("maps.sites", lang), styles=[dot(SITE, radius_px=9), dot(POCKET, radius_px=9)],
        style=(~counts).astype(np.int64), heading="name" if "name" in shown.columns else None,
        fields=fields, number="rank",
    )  # fmt: skip
    swatches = [Swatch(SITE, text("maps.sites", lang), "pin")] if counts.any() else []
    return [*swatches, *([] if counts.all() else [Swatch(POCKET, text("maps.sites_pocket", lang), "pin")])]


def _add_isochrones(page: folium.Map, isochrones: gpd.GeoDataFrame, lang: str) -> LegendSection:
    """Ground within so many minutes of a park, the widest below; the legend tells it while it is shown."""
    group = add_group(page, name=text("maps.isochrones", lang), overlay=True, show=False)
    ordered = isochrones.sort_values("minutes", ascending=False).reset_index(drop=True)
    shades = [ISOCHRONES[max(0, len(ISOCHRONES) - len(ordered) + at) % len(ISOCHRONES)] for at in range(len(ordered))]
    add_polygons(
        group, ordered, styles=[fill(c, weight=0) for c in shades],
        style=np.arange(len(ordered)), level=1, simplify_m=2,
    )  # fmt: skip
    swatches = [
        Swatch(shade, text("maps.isochrone", lang, n=f"{minutes:g}"))
        for shade, minutes in zip(shades, ordered["minutes"], strict=True)
    ]
    return LegendSection(text("maps.isochrones", lang), swatches[::-1], "", [group])


def _add_blind_spots(
    page: folium.Map,
    group: folium.FeatureGroup,
    spots: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | None,
    land: dict[str, str],
    lang: str,
) -> Swatch:
    """The worst blind spots with their numbers, and as a list that leads to them, with what they are ranked by."""
    top = spots.sort_values("rank").head(TOP)
    notes = [text("maps.n_hectares", lang, n=number_words(m2 / 1e4, 1)) for m2 in top["m2"]]
    by_people = "people" in top.columns and bool(top["people"].notna().all())
    if by_people:
        people = [text("maps.n_people", lang, n=f"{n:,.0f}") for n in top["people"]]
        notes = [f"{who} · {much}" for who, much in zip(people, notes, strict=True)]
    heading = text("maps.blind_spots_people" if by_people else "maps.blind_spots", lang, n=len(top))
    named = top.assign(name=blind_spot_names(top, zones, lang), note=np.asarray(notes, dtype=object))
    add_place_lists(page, [PlaceList(group, heading, named)])
    fields = [Field("note", text("maps.unserved", lang, **land))]
    add_points(group, named, styles=[dot(LOSS, radius_px=9)], heading="name", fields=fields, number="rank")
    return Swatch(LOSS, text("maps.blind_pins", lang), "pin")


def _add_parks(page: folium.Map, parks: gpd.GeoDataFrame, lang: str) -> list[Swatch]:
    """Parks by the radius that their size gives them, those too small to count apart."""
    fields, radius = fields_of("parks.parks", ["kind", "area_m2", "radius_m"], lang), parks["radius_m"]
    # The widest first, in the darkest green; what does not count comes last.
    classes = sorted(radius.dropna().unique(), reverse=True)
    greens = [COUNTED[min(at, len(COUNTED) - 1)] for at in range(len(classes))]
    small = radius.isna().to_numpy()
    looks = [fill(green, border=PARK_EDGE, weight=0.8) for green in greens]
    looks.append(fill(SMALL, border=PARK, weight=0.8))
    row = np.asarray([classes.index(r) if r in classes else len(classes) for r in radius], dtype=np.int64)
    add_polygons(
        page, parks, name=text("maps.parks", lang), styles=looks, style=row, heading="name", fields=fields, level=3,
        simplify_m=0.5,
    )  # fmt: skip
    counted = [
        Swatch(green, text("parks.of_radius", lang, radius=f"{found:g}"))
        for green, found in zip(greens, classes, strict=True)
    ]
    return [*counted, *([Swatch(SMALL, text("maps.park_small", lang))] if small.any() else [])]


def parks_map(
    coverage: gpd.GeoDataFrame,
    served: gpd.GeoDataFrame | None = None,
    unserved: gpd.GeoDataFrame | None = None,
    sites: gpd.GeoDataFrame | None = None,
    *,
    canvas: Canvas = BLANK,
    parks: gpd.GeoDataFrame | None = None,
    isochrones: gpd.GeoDataFrame | None = None,
    blind_spots: gpd.GeoDataFrame | None = None,
    target: float = PARKS.target,
) -> folium.Map:
    """Draw coverage by zone with a switch by method, the housing served and not, the parks and the proposed ones.

    Parameters
    ----------
    coverage
        The contract's ``coverage``: ``zone, method, residential_m2, served_m2, coverage, standard, reason`` and the
        zones' polygons. A column ``coverage_after`` is shown beside.
    served, unserved
        Polygons with ``method``.
    sites
        Proposed parks, with ``rank``, ``counts`` and, where known, ``name`` and ``m2``.
    canvas
        What it is drawn on, and what is said around it.
    parks
        As `parks.radius.classify_parks` gives them: ``name, kind, area_m2, radius_m`` and polygons.
    isochrones
        Polygons within ``minutes`` of a park.
    blind_spots
        Unserved housing by radius as places: ``rank, name, zone, m2``, ``people`` where known, and geometry; the first
        ten stand in a list.
    target
        The coverage asked for, 0 to 1.

    Returns
    -------
    folium.Map
    """
    lang, ground = canvas.lang, replace(canvas.ground, parks=None)
    rows = localise_reasons(coverage[coverage["zone"] != ALL], lang)
    page = land_map(replace(canvas, ground=ground), rows, title=text("maps.parks_title", lang))
    drawn = _add_parks(page, parks, lang) if _some(parks) else []
    walks = [_add_isochrones(page, isochrones, lang)] if _some(isochrones) else []
    groups: dict[str, folium.FeatureGroup] = {}
    sections: list[LegendSection] = []
    # What only one method has is told while that one is shown.
    of_method: dict[str, list[Swatch]] = {}
    land = land_words(denominator_of(coverage), lang)
    covered, note = (
        text(f"maps.coverage_{key}", lang, **land, target=f"{100 * target:g}") for key in ("legend", "note")
    )
    looks = [Swatch(SERVED, text("maps.served", lang, **land)), Swatch(LOSS, text("maps.unserved", lang, **land))]
    for at, name in enumerate(m for m in ("radius", "walking") if (rows["method"] == m).any()):
        housing = (_of_method(served, name), _of_method(unserved, name))
        own = rows[rows["method"] == name]
        groups[name], swatches = _add_method(page, own, name, housing, target=target, show=at == 0, lang=lang)
        sections.append(LegendSection(covered, swatches, note, [groups[name]]))
        of_method[name] = [look for look, table in zip(looks, housing, strict=True) if table is not None]
    after = _after(rows)
    if after is not None:
        group, swatches = _add_method(page, after, "after", (None, None), target=target, show=False, lang=lang)
        sections.append(LegendSection(covered, swatches, note, [group]))
    if _some(sites):
        drawn += _add_sites(page, sites, lang)
    if _some(blind_spots) and "radius" in groups:
        of_method["radius"].append(_add_blind_spots(page, groups["radius"], blind_spots, ground.land, land, lang))
    heading = text("maps.drawn", lang)
    sections.append(LegendSection(heading, drawn))
    sections += [LegendSection("" if drawn else heading, told, "", [groups[name]]) for name, told in of_method.items()]
    sections += walks
    add_legend(page, [s for s in sections if s.swatches], lang=lang)
    _say_why(page, rows, lang)
    add_switch(page)
    return page


def _some(table: gpd.GeoDataFrame | None) -> TypeGuard[gpd.GeoDataFrame]:
    return table is not None and not table.empty


def _say_why(page: folium.Map, rows: gpd.GeoDataFrame, lang: str) -> None:
    """Where no zone has a coverage, the reasons in words on the map."""
    if np.isfinite(pd.to_numeric(rows["coverage"], errors="coerce")).any():
        return
    why = "；".join(str(reason) for reason in pd.unique(rows["reason"].dropna()))
    add_notice(page, text("maps.coverage_missing", lang, why=why))
