"""How each figure of a report was measured and over what: the lines that stand beside every number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import text
from jxgis.report.tables import MethodNote, ReportTables

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["map_line", "method_notes"]


def _note(part: str, key: str, lang: str, **values: object) -> MethodNote:
    figure, method, denominator = (
        text(f"report.note_{key}_{piece}", lang, **values) for piece in ("figure", "method", "denominator")
    )
    return MethodNote(part, figure, method, denominator)


def _denominator(coverage: pd.DataFrame, asked: str | None) -> str:
    """What coverage is a share of, as its rows say."""
    told = list(coverage["denominator"].dropna()) if "denominator" in coverage.columns else []
    return str(told[0]) if told else asked or "residential"


def _p_method(cells: pd.DataFrame | None, lang: str) -> str:
    if cells is None or "p_method" not in cells.columns:
        return text("report.p_method_unknown", lang)
    found = [str(m) for m in pd.unique(cells["p_method"].dropna())]
    known = {"exact", "normal", "saddlepoint", "saddlepoint_rough"}
    words = [text(f"report.p_method_{m}", lang) if m in known else m for m in found]
    return ("; " if lang == "en" else "；").join(words) or text("report.p_method_none", lang)


def _hotspot_notes(tables: ReportTables) -> list[str]:
    """Only what the report shows is explained."""
    asked = {
        "gi": True,
        "places": True,
        "change": True,
        "peaks": tables.peaks is not None and len(tables.peaks) > 0,
        "rates": tables.rate_places is not None,
        "density": tables.zones is not None,
        "quotient": tables.zones is not None,
    }
    return [key for key, shown in asked.items() if shown]


def method_notes(
    tables: ReportTables, settings: Settings, *, standard: str | None = None, lang: str = "zh"
) -> list[MethodNote]:
    """The method and the denominator of each figure that a report shows.

    Parameters
    ----------
    tables
        What was measured: only these parts are described.
    settings
        The settings that shaped it.
    standard
        The park standard in words; its preset's name if not given.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of MethodNote
        In the order of the report.

    Examples
    --------
    >>> from jxgis.settings import Settings
    >>> tables = ReportTables(units=pd.DataFrame())
    >>> [note.figure for note in method_notes(tables, Settings())]
    ['单元面积', '紧凑度']
    """
    notes: list[MethodNote] = []
    if tables.places is not None:
        spots = settings.hotspots
        cells = "—" if tables.cells is None else f"{tables.cells['cell_id'].nunique():,}"
        values = {
            "cell": f"{spots.cell_m:g}",
            "band": f"{spots.band_m:g}",
            "alpha": f"{spots.alpha:g}",
            "p_method": _p_method(tables.cells, lang),
            "cells": cells,
        }
        notes.extend(_note("hotspots", key, lang, **values) for key in _hotspot_notes(tables))
    if tables.coverage is not None:
        parks = settings.parks
        values = {
            "standard": standard or parks.standard,
            "gap": f"{parks.merge_gap_m:g}",
            "minutes": f"{parks.minutes:g}",
            "speed": f"{parks.speed_m_per_min:g}",
            "land": text(f"parks.of_{_denominator(tables.coverage, parks.denominator)}", lang),
            "sample": f"{parks.sample_m:g}",
        }
        used = set(tables.coverage["method"].dropna())
        notes.extend(_note("parks", key, lang, **values) for key in ("radius", "walking") if key in used)
        if tables.unserved_places is not None and len(tables.unserved_places):
            notes.append(_note("parks", "blind", lang))
        if tables.sites is not None and len(tables.sites):
            notes.append(_note("parks", "sites", lang, what=text(f"report.what_{parks.objective}", lang)))
    if tables.units is not None:
        units = settings.units
        values = {
            "low": f"{units.min_km2:g}",
            "high": f"{units.max_km2:g}",
            "target": f"{units.target:g}",
            "seed": str(units.seed),
        }
        notes.extend(_note("units", key, lang, **values) for key in ("area", "compactness"))
    if tables.scores is not None:
        scoring = settings.scoring
        weights = text(f"report.weights_{scoring.weights}", lang)
        notes.extend(
            _note("scores", key, lang, weights=weights, share=f"{100 * scoring.min_completeness:g}")
            for key in ("score", "completeness")
        )
    return notes


def map_line(
    part: str,
    settings: Settings,
    *,
    cells: pd.DataFrame | None = None,
    standard: str | None = None,
    denominator: str | None = None,
    lang: str = "zh",
) -> str:
    """The line below a map's title: by which method and settings it was made.

    Parameters
    ----------
    part
        One of :data:`jxgis.report.tables.PARTS`.
    settings
        The settings that shaped it.
    cells
        For hot spots: the cells, which name their p.
    standard
        For parks: the standard in words; its preset's name if not given.
    denominator
        For parks: of which land coverage is a share; the settings' own, or residential land, if not given.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> from jxgis.settings import Settings
    >>> map_line("units", Settings())
    '面积 2–5 km²，目标 3.5 km² · 连片、不跨片区 · 随机种子 0'
    """
    spots, parks, units, scoring = settings.hotspots, settings.parks, settings.units, settings.scoring
    lines: dict[str, dict[str, object]] = {
        "hotspots": {
            "cell": f"{spots.cell_m:g}",
            "band": f"{spots.band_m:g}",
            "p_method": _p_method(cells, lang),
            "family": text(f"maps.family_{spots.family}", lang),
            "alpha": f"{spots.alpha:g}",
        },
        "parks": {
            "standard": standard or parks.standard,
            "minutes": f"{parks.minutes:g}",
            "speed": f"{parks.speed_m_per_min:g}",
            "denominator": text(f"parks.of_{denominator or parks.denominator or 'residential'}", lang),
        },
        "units": {
            "low": f"{units.min_km2:g}",
            "high": f"{units.max_km2:g}",
            "target": f"{units.target:g}",
            "seed": str(units.seed),
        },
        "scores": {
            "weights": text(f"report.weights_{scoring.weights}", lang),
            "share": f"{100 * scoring.min_completeness:g}",
        },
    }
    return text(f"maps.line_{part}", lang, **lines[part])
