"""Figures of park coverage: by zone, and the map of it with blind spots and proposed parks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import BORDER, COVERAGE, GAIN, INK, LOSS, ON_FOOT, PARK, POCKET, SERVED, SITE, SMALL
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.drawing.layers import TOP
from jxgis.drawing.legend import LegendSection, Swatch, classify
from jxgis.drawing.print_map import Sheet, map_sheet
from jxgis.i18n import Sketch, number_words, text
from jxgis.parks.gaps import blind_spot_names
from jxgis.parks.land_words import denominator_of, land_words
from jxgis.parks.map import coverage_breaks, met_exactly
from jxgis.settings import PARKS
from jxgis.zones import ALL

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["coverage_chart", "park_sheet"]


def coverage_chart(
    coverage: pd.DataFrame, *, target: float = PARKS.target, lang: str = "zh", sketch: Sketch = False
) -> Figure:
    """Coverage by zone, by radius and on foot, against the target.

    Parameters
    ----------
    coverage
        The contract's ``coverage``: ``zone, method, coverage``.
    target
        The coverage asked for, 0 to 1.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
        Zones from least to most covered; one without residential land is written as such, never as zero.
    """
    table = coverage.pivot_table(index="zone", columns="method", values="coverage", dropna=False, observed=False)
    methods = [m for m in ("radius", "walking") if m in table.columns]
    table = table.astype(float).sort_values(methods[0], ascending=False, na_position="first")
    looks = {"radius": GAIN, "walking": ON_FOOT}
    with figure_style():
        figure = Figure(figsize=(7.2, 0.42 * len(table) + 1.3), layout="constrained")
        ax = figure.subplots()
        height = 0.8 / len(methods)
        for at, method in enumerate(methods):
            place = np.arange(len(table)) + (len(methods) / 2 - at - 0.5) * height
            values = table[method].to_numpy()
            ax.barh(
                place,
                np.nan_to_num(values) * 100,
                height,
                color=looks[method],
                label=text(f"maps.method_{method}", lang),
            )
            for y, value in zip(place, values, strict=True):
                known = bool(np.isfinite(value))
                # At the foot of the bar, where the target's line never is; a bar too short for it has it outside.
                inside = known and value > 0.12
                words = f"{100 * value:.1f}" if known else text("maps.no_data", lang)
                ax.annotate(words, (100 * value if known and not inside else 0, y), (4, 0), va="center", ha="left",
                            fontsize=7.5, textcoords="offset points",
                            color="white" if inside else INK if known else BORDER)  # fmt: skip
        ax.margins(y=0.02)
        ax.axvline(
            100 * target,
            color=SITE,
            linewidth=1.4,
            linestyle="--",
            label=text("maps.target", lang, n=f"{100 * target:g}"),
        )
        axis = text("maps.coverage_axis", lang, **land_words(denominator_of(coverage), lang))
        zones = [text("common.whole_area", lang) if zone == ALL else short_label(zone) for zone in table.index]
        ax.set(yticks=np.arange(len(table)), yticklabels=zones, xlim=(0, 112), xlabel=axis)
        ax.set_title(text("maps.coverage_chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def park_sheet(
    coverage: gpd.GeoDataFrame,
    housing: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    sites: gpd.GeoDataFrame,
    blind_spots: gpd.GeoDataFrame,
    *,
    parks: gpd.GeoDataFrame,
    target: float = PARKS.target,
    canvas: Canvas = BLANK,
) -> Figure:
    """Parks, coverage by zone, housing that none serves, the worst blind spots and the proposed parks on one map.

    Parameters
    ----------
    coverage
        The contract's ``coverage``, with the zones' polygons: by radius, or on foot where there is none by radius.
    housing
        Housing served and not: the contract's ``served`` and ``unserved``.
    sites, blind_spots, parks
        Of the contract: the first ten blind spots are numbered.
    target
        The coverage asked for, 0 to 1.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    rows = coverage[(coverage["zone"] != ALL) & coverage["geometry"].notna()]
    by = next((m for m in ("radius", "walking") if (rows["method"] == m).any()), "radius")
    rows = rows[rows["method"] == by]
    land = land_words(denominator_of(coverage), lang)
    value = met_exactly(rows["coverage"], target)
    classes = classify(value, breaks=coverage_breaks(target), colours=COVERAGE, percent=True, unit="%", lang=lang)
    with map_sheet(canvas, rows, title=text("maps.parks_title", lang)) as sheet:
        sheet.map.land(rows.geometry, [classes.colours[row] for row in classes.row])
        drawn = []
        small = parks["radius_m"].isna()
        for table, colour, label in (
            (housing[0][housing[0]["method"] == by], SERVED, text("maps.served", lang, **land)),
            (housing[1][housing[1]["method"] == by], LOSS, text("maps.unserved", lang, **land)),
            (parks[small], SMALL, text("maps.park_small", lang)),
            (parks[~small], PARK, text("maps.parks", lang)),
        ):
            if len(table):
                sheet.map.areas(table.geometry, colour)
                drawn.append(Swatch(colour, label))
        _number_sites(sheet, sites, drawn, lang)
        spots = blind_spots.sort_values("rank").head(TOP)
        sheet.map.pins(spots.geometry.representative_point(), spots["rank"], LOSS)
        shares = ["—" if pd.isna(share) else f"{100 * share:.1f} %" for share in value]
        sheet.name_land = False
        sheet.map.unnamed = sheet.map.name_areas(rows["zone"], rows.geometry, size=7, values=shares)
        note = text("maps.coverage_note", lang, target=f"{100 * target:g}", **land)
        heading = text(f"maps.method_{by}", lang)
        sheet.legend([LegendSection(heading, classes.swatches(), note), LegendSection(text("maps.drawn", lang), drawn)])
        _list_sites(sheet, sites, lang)
        if len(spots):
            by_people = "people" in spots.columns and bool(spots["people"].notna().all())
            said = [
                text("maps.n_people", lang, n=f"{people:,.0f}")
                if by_people
                else text("maps.n_hectares", lang, n=number_words(m2 / 1e4, 1))
                for people, m2 in zip(spots["people"] if by_people else spots["m2"], spots["m2"], strict=True)
            ]
            names = blind_spot_names(spots, canvas.ground.land, lang)
            key = "maps.blind_spots_people" if by_people else "maps.blind_spots"
            sheet.listing(text(key, lang, n=len(spots)), zip(spots["rank"], names, said, strict=True), LOSS)
    return sheet.figure


def _number_sites(sheet: Sheet, sites: gpd.GeoDataFrame, drawn: list[Swatch], lang: str) -> None:
    """Proposed parks with their priority; pocket parks, which do not count, apart."""
    counts = sites["counts"].to_numpy(dtype=bool)
    for own, colour, key in ((sites[counts], SITE, "sites"), (sites[~counts], POCKET, "sites_pocket")):
        if len(own):
            sheet.map.pins(own.geometry.representative_point(), own["rank"], colour)
            drawn.append(Swatch(colour, text(f"maps.{key}", lang), "pin"))


def _list_sites(sheet: Sheet, sites: gpd.GeoDataFrame, lang: str) -> None:
    if sites.empty:
        return
    own = sites.sort_values("rank")
    called = own["name"] if "name" in own.columns else own["zone"]
    gains = [f"+{text('maps.n_hectares', lang, n=number_words(m2 / 1e4, 1))}" for m2 in own["gain_m2"]]
    rows = zip(own["rank"], called.fillna(own["zone"]).astype(str), gains, strict=True)
    colours = np.where(own["counts"].to_numpy(dtype=bool), SITE, POCKET).tolist()
    sheet.listing(text("maps.sites_list", lang), rows, SITE, colours=colours)
