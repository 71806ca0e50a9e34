"""What `jxgis hotspots` finds: its tables, and how they are written, drawn and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jxgis.hotspots.part import PART
from jxgis.part import Result
from jxgis.small_counts import as_words
from jxgis.zones import ALL

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    import pandas as pd

    from jxgis.drawing.figures import Figure
    from jxgis.hotspots.density import Density
    from jxgis.hotspots.places import HotPlaces
    from jxgis.hotspots.scale import Scale
    from jxgis.hotspots.shown import Shown
    from jxgis.hotspots.strata import Stratified
    from jxgis.output import Stage
    from jxgis.periods import Comparison
    from jxgis.report.blocks import Section

__all__ = ["HotspotsResult"]

#: Fewer make no series.
_FEWEST_MONTHS = 3
_FINDINGS = ("ring", "concentration", "overlap", "diversity")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class HotspotsResult(Result):
    """What `jxgis hotspots` finds, table by table.

    Attributes
    ----------
    cells
        The contract's layer ``cells``: see :func:`jxgis.hotspots.cells.judge_cells`.
    heavy
        Cells that hold much and are not hot: see :func:`jxgis.hotspots.heavy.heavy_cells`.
    levels
        One row a class: ``issue_class, issues, tested, hot_class, hot_all`` and what was asked, see
        :func:`jxgis.hotspots.cells.levels`.
    places, peaks
        Hot places by class, and the peaks inside them: see :class:`jxgis.hotspots.places.HotPlaces`.
    rate_places
        With an exposure: places where there is more than it explains, with their peaks, from ``rate_z`` and ``rate_q``
        in the place of ``gi_z`` and ``gi_q``; None without.
    zones
        The contract's layer ``zones``; empty without districts and sub-districts.
    overall
        Share of each class inside the ring; None without a ring.
    concentrated, different, diverse
        The other three findings: see :mod:`jxgis.hotspots.mix`; ``diverse`` is empty without zones.
    against_normal
        One row a class: cells that the exact and the normal p call hot or cold, and where they disagree.
    densities
        Class to its raster.
    classes
        The classes in their order, without ``all``.
    outside_area
        Issues in no cell.
    unclassified
        Issues in a cell and in none of the classes; they count in ``all``.
    without_exposure
        Issues in cells without exposure, which take no part in what is hot by rate; None without an exposure.
    comparison
        The two periods that ``change`` compares, what is left out of both, or why there are not two.
    scale
        The cell and the band that the issues themselves propose, beside those that were asked for, and why.
    strata
        What the cells are compared within; None: the whole city.
    """

    part = PART

    cells: gpd.GeoDataFrame
    heavy: gpd.GeoDataFrame
    levels: pd.DataFrame
    places: gpd.GeoDataFrame
    peaks: gpd.GeoDataFrame
    rate_places: HotPlaces | None
    zones: gpd.GeoDataFrame
    overall: pd.DataFrame | None
    concentrated: pd.DataFrame
    different: pd.DataFrame
    diverse: pd.DataFrame
    against_normal: pd.DataFrame
    densities: dict[str, Density]
    classes: tuple[str, ...]
    outside_area: int
    unclassified: int
    without_exposure: int | None
    comparison: Comparison
    scale: Scale
    strata: Stratified | None = None

    def judged_cells(self) -> gpd.GeoDataFrame | None:
        """The cells that were judged by all issues; None where none was: no hot cell does not mean no hot area then."""
        cells = self.cells[(self.cells["issue_class"] == ALL) & self.cells["gi_q"].notna()]
        return cells if len(cells) else None

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says beside the settings: issues in no cell or class, periods compared, scale proposed."""
        periods, gaps, reason = self.comparison
        return {
            "outside_area": self.outside_area,
            "unclassified": self.unclassified,
            "not_judged": self.levels.loc[~self.levels["tested"], "issue_class"].tolist(),
            "without_exposure": self.without_exposure,
            "periods": None if periods is None else _dates(periods[:3]),
            "periods_left_out": [] if periods is None else [_dates(stretch) for stretch in periods.left_out],
            "periods_reason": reason or None,
            "periods_gaps": [
                {"of": gap.kind, "name": gap.name, "from": str(gap.start.date()), "to": str(gap.end.date())}
                for gap in gaps
            ],
            "strata": None
            if self.strata is None
            else {"names": list(self.strata.names), "cells_outside": self.strata.outside},
            "suggested_scale": {
                "cell_m": self.scale.cell_m,
                "band_m": self.scale.band_m,
                "reason": self.scale.reason,
            },
        }

    def tables(self) -> dict[str, pd.DataFrame]:
        """The layers of ``hotspots.gpkg``, then the four findings and what stands beside the p."""
        found: dict[str, pd.DataFrame | None] = {
            **self._layers(),
            "ring": self.overall,
            "concentration": self.concentrated,
            "overlap": self.different,
            "diversity": self.diverse if len(self.diverse) else None,
            "levels": self.levels,
            "against_normal": self.against_normal,
        }
        return {name: table for name, table in found.items() if table is not None}

    def _layers(self) -> dict[str, gpd.GeoDataFrame]:
        layers = {"cells": self.cells, "places": self.places, "peaks": self.peaks, "zones": self.zones}
        if len(self.heavy):
            layers["heavy_cells"] = self.heavy
        if self.rate_places is not None:
            layers |= {"rate_places": self.rate_places.places, "rate_peaks": self.rate_places.peaks}
        return layers

    def write_tables(self, stage: Stage) -> None:
        """``hotspots.gpkg`` and ``density/*.tif``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.hotspots.density import write_cog
        from jxgis.i18n import text

        lang = self.given.lang
        write_gpkg(stage.path("hotspots.gpkg"), self._layers(), of=self.part.name, lang=lang)
        for issue_class, file in _density_files(self.densities).items():
            title = text("common.all_classes", lang) if issue_class == ALL else issue_class
            write_cog(stage.path(file), self.densities[issue_class], title=title)

    def write_report(self, stage: Stage) -> None:
        """``hotspots.xlsx``: the hot places and the plan's four findings, as they stand in ``report.xlsx``."""
        from jxgis.i18n import text
        from jxgis.report.workbook import report_workbook

        given, section = self.given, self.section()
        report_workbook(
            stage.path("hotspots.xlsx"),
            [section],
            title=text("run.file_hotspot_tables", given.lang),
            lines=[*given.notes(), *section.lines],
            lang=given.lang,
            sketch=given.sketch,
        )

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"hotspots": self._map}

    def _line(self) -> str:
        """The line below the heading of the maps: by which method and settings they were made."""
        from jxgis.hotspots.section import map_line

        layer = None if self.strata is None else self.strata.layer
        return map_line(self.given.settings.hotspots, self.cells, self.given.lang, strata=layer)

    def _map(self) -> folium.Map:
        from jxgis.hotspots.map import hotspot_map
        from jxgis.hotspots.months import by_month

        given = self.given
        told: dict[str, Any] = {name: given.in_words(table) for name, table in self.shown_tables().items()}
        return hotspot_map(
            given.in_words(self.cells.assign(shown=as_words(told["cells"]["count"]))),
            told["places"],
            peaks=told["peaks"],
            rate_places=told.get("rate_places"),
            rate_peaks=told.get("rate_peaks"),
            heavy_cells=told.get("heavy_cells"),
            canvas=self.canvas(given.with_period(self._line())),
            classes=[ALL, *self._class_words()],
            months=by_month(
                given.need("issues"),
                self.cells[self.cells["issue_class"] == ALL],
                min_count=given.settings.report.min_count,
            ),
            min_count=given.settings.report.min_count,
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        found = {"hotspots": self._panels, "hotspots_map": self._sheet, "scale": self._scale_chart}
        return {**found, "months": self._months_chart} if len(self._months) >= _FEWEST_MONTHS else found

    @cached_property
    def _months(self) -> pd.DataFrame:
        import pandas as pd

        from jxgis.hotspots.month_series import month_counts

        issues = self.given.need("issues")
        return month_counts(issues["time"] if "time" in issues.columns else pd.Series(dtype="datetime64[ns]"))

    def _months_chart(self) -> Figure:
        from jxgis.hotspots.month_series import months_chart

        given = self.given
        least = given.settings.report.min_count
        return months_chart(self._months, min_count=least, lang=given.lang, sketch=given.sketch)

    def _panels(self) -> Figure:
        from jxgis.hotspots.figures import hotspot_panels

        classes = self._class_words() or [ALL]
        return hotspot_panels(*self._drawn_tables(), classes=classes, canvas=self.canvas())

    def _sheet(self) -> Figure:
        from jxgis.hotspots.figures import hotspot_sheet

        canvas = self.canvas(self._line())
        return hotspot_sheet(*self._drawn_tables(), canvas=canvas)

    def _drawn_tables(self) -> list[gpd.GeoDataFrame]:
        """Cells, places and peaks, the classes in words."""
        shown, words = self.shown_tables(), self.given.in_words
        tables: list[Any] = [words(self.cells), words(shown["places"]), words(shown["peaks"])]
        return tables

    def _scale_chart(self) -> Figure:
        from jxgis.hotspots.figures import scale_chart

        found, given = self.scale, self.given
        return scale_chart(
            found.cells,
            found.profile,
            cell_m=found.cell_m,
            band_m=found.band_m,
            reason=found.reason,
            of_rates=found.of_rates,
            lang=given.lang,
            sketch=given.sketch,
        )

    def section(self) -> Section:
        """Hot places, the classes, the districts, the four findings, and what a reader must know of them."""
        from jxgis.hotspots.section import hotspot_section
        from jxgis.period_words import change_lines

        given = self.given
        return hotspot_section(
            self._listed(),
            given.settings.hotspots,
            cells=self.cells,
            lines=[line.of(given.lang) for line in change_lines(self.comparison)],
            strata=self.strata,
            outside_area=self.outside_area,
            without_exposure=self.without_exposure,
            min_count=given.settings.report.min_count,
            lang=given.lang,
        )

    def _listed(self) -> dict[str, pd.DataFrame]:
        """The tables that a report lists, in the order of its sheets, as people are shown them."""
        there = self.shown_tables()
        listed = ("places", "peaks", "rate_places", "zones", *_FINDINGS, "against_normal", "levels", "heavy_cells")
        told = [name for name in listed if name in there and (len(there[name]) or name not in _FINDINGS)]
        return {name: self.given.in_words(there[name]) for name in told}

    @cached_property
    def _shown(self) -> Shown:
        from jxgis.hotspots.shown import show

        options = self.given.settings
        return show(
            self.tables(),
            min_count=options.report.min_count,
            band_m=options.hotspots.band_m,
            stratified=self.strata is not None,
        )

    def shown_tables(self) -> Mapping[str, pd.DataFrame]:
        """All tables: they count the same issues, and hide what the others would tell."""
        return self._shown.tables

    def known_counts(self) -> pd.DataFrame | None:
        """Those of the city, the zones and the hot places."""
        return self._shown.counts

    def _class_words(self) -> list[str]:
        import pandas as pd

        return list(self.given.in_words(pd.DataFrame({"issue_class": list(self.classes)}))["issue_class"])


def _density_files(classes: Iterable[str]) -> dict[str, str]:
    """File of each class's density raster.

    Examples
    --------
    >>> _density_files(["all", "市容环境", "a/b"])
    {'all': 'density/all.tif', '市容环境': 'density/市容环境.tif', 'a/b': 'density/a_b.tif'}
    """
    from jxgis.output import safe_names

    return {issue_class: f"density/{stem}.tif" for issue_class, stem in safe_names(classes).items()}


def _dates(moments: Iterable[pd.Timestamp]) -> list[str]:
    return [str(moment.date()) for moment in moments]
