"""What a report says of the 15-minute circle: shares by kind and zone, the worst blind spots, and proposed facilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.circle.kinds import ALL_KINDS
from jxgis.i18n import listed, text
from jxgis.report.blocks import TOP, Block, Key, Paragraph, Section, TableBlock, method_note, of_city, table_block
from jxgis.report.columns import percent
from jxgis.schema.tables import table as declared

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["circle_section", "map_line", "share_column", "share_of"]


def share_column(circle: pd.DataFrame) -> str:
    """The column that counts: people where they are known, else housing."""
    return "people_coverage" if circle["people_coverage"].notna().any() else "coverage"


def share_of(circle: pd.DataFrame, lang: str) -> str:
    """Of what the shares are that count, in words: of people, or of housing."""
    return text(f"circle.of_{'people' if share_column(circle) == 'people_coverage' else 'housing'}", lang)


def circle_section(
    tables: Mapping[str, pd.DataFrame],
    settings: Settings,
    *,
    lacking: Sequence[str] = (),
    siting: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
    lang: str = "zh",
) -> Section:
    """The section of the 15-minute circle.

    Parameters
    ----------
    tables
        The contract's ``circle``, and of ``blind_spots`` and ``sites`` those that there are.
    settings
        What shaped them.
    lacking
        What the kinds are called whose layer was not given.
    siting
        ``before, after, gap, limited`` (by capacities), where facilities were sited.
    notes
        What a reader must know of how it was found.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> from jxgis.settings import Settings
    >>> circle = pd.DataFrame({"zone": "all", "level": "city", "kind": ["a", "all"], "label": ["学校", "全部"],
    ...     "coverage": [0.9, 0.5], "people_coverage": None, "mean_walk_m": [300.0, None]})
    >>> circle_section({"circle": circle}, Settings(), lang="en").keys[0].value
    '50.0 %'
    >>> by_zone = circle_section({"circle": pd.concat([circle, circle.assign(level="district", zone="老城")])}, Settings())
    >>> by_zone.blocks[-1].titles
    ['区域', '学校', '全部']
    """
    circle = tables["circle"]
    minutes, speed = f"{settings.circle.minutes:g}", f"{settings.parks.speed_m_per_min:g}"
    sheets = {name: table for name, table in tables.items() if declared(f"circle.{name}").sheet}
    return Section(
        part="circle",
        keys=_keys(circle, minutes, lang),
        blocks=_blocks(tables, minutes, lacking, siting, notes, lang),
        methods=[
            method_note("circle", "circle", lang, minutes=minutes, speed=speed, sample=f"{settings.parks.sample_m:g}")
        ],
        sheets=sheets,
    )


def map_line(settings: Settings, lang: str) -> str:
    """The line below the map's title: how long a walk, and how fast."""
    values = {"minutes": f"{settings.circle.minutes:g}", "speed": f"{settings.parks.speed_m_per_min:g}"}
    return text("circle.map_line", lang, **values)


def _keys(circle: pd.DataFrame, minutes: str, lang: str) -> list[Key]:
    column, city = share_column(circle), of_city(circle)
    every = city.loc[city["kind"] == ALL_KINDS, column]
    if every.isna().all():
        return []
    kinds = city[city["kind"] != ALL_KINDS].sort_values(column, kind="stable")
    least = kinds.iloc[0]
    note = text("circle.key_note", lang, n=len(kinds), least=least["label"], share=percent(float(least[column])))
    of = share_of(circle, lang)
    return [Key(text("circle.key", lang, minutes=minutes, of=of), percent(float(every.iloc[0])), note)]


def _blocks(
    tables: Mapping[str, pd.DataFrame],
    minutes: str,
    lacking: Sequence[str],
    siting: Mapping[str, float] | None,
    notes: Sequence[str],
    lang: str,
) -> list[Block]:
    circle = tables["circle"]
    city, column = of_city(circle), share_column(circle)
    of = share_of(circle, lang)
    every = city.loc[city["kind"] == ALL_KINDS, column]
    if every.isna().all():
        return [Paragraph(text("circle.no_housing", lang), "none")]
    lead = text("circle.lead", lang, minutes=minutes, of=of, share=percent(float(every.iloc[0])), n=len(city) - 1)
    blocks: list[Block] = [Paragraph(lead), *(Paragraph(note, "sub") for note in notes)]
    if lacking:
        blocks.append(Paragraph(text("circle.lacking", lang, names=listed(lacking, lang)), "sub"))
    shown = ["label", "things", "coverage", "people_coverage", "mean_walk_m"]
    heading = text("circle.table_city", lang, minutes=minutes)
    blocks.append(
        table_block(heading, city, lang, of="circle.circle", columns=shown, strong=list(city["kind"] == ALL_KINDS))
    )
    for level in ("area", "district"):
        rows = circle[circle["level"] == level]
        if len(rows):
            heading = text(f"circle.by_{level}", lang, minutes=minutes, of=of)
            blocks.append(_matrix(heading, rows, column, lang, folded=False))
    for level in [name for name in dict.fromkeys(circle["level"]) if name not in ("city", "area", "district", "unit")]:
        called = declared("circle.circle").columns["level"].word(level, lang)
        heading = text("circle.by_level", lang, level=called, minutes=minutes, of=of)
        blocks.append(_matrix(heading, circle[circle["level"] == level], column, lang, folded=True))
    spots = tables.get("blind_spots")
    if spots is not None:
        worst = spots[(spots["rank"] <= 3) & (spots["kind"] != ALL_KINDS)]
        if len(worst):
            heading = text("circle.table_spots", lang)
            blocks.append(table_block(heading, worst, lang, of="circle.blind_spots", folded=len(worst) > TOP))
    sites = tables.get("sites")
    if sites is not None and siting is not None:
        key = "sites" if len(sites) else "no_sites" if np.isfinite(siting["gap"]) else "sites_unknown"
        values = {name: percent(siting[name]) for name in ("before", "after", "gap")}
        reached = text(f"circle.reached{'_room' if siting['limited'] else ''}", lang, of=of)
        blocks.append(Paragraph(text(f"circle.{key}", lang, n=len(sites), reached=reached, **values), "sub"))
        if len(sites):
            blocks.append(table_block(text("circle.table_sites", lang), sites, lang, of="circle.sites"))
    return blocks


def _matrix(heading: str, rows: pd.DataFrame, column: str, lang: str, *, folded: bool) -> TableBlock:
    """A row a zone, a column a kind."""
    labels, zone = dict(zip(rows["kind"], rows["label"], strict=True)), declared("circle.circle").columns["zone"]
    zones = list(dict.fromkeys(rows["zone"]))
    cells = {(z, k): v for z, k, v in zip(rows["zone"], rows["kind"], rows[column], strict=True)}
    made = [[zone, *("—" if np.isnan(cells[zone, k]) else percent(cells[zone, k]) for k in labels)] for zone in zones]
    return TableBlock(
        heading, [zone.title.of(lang), *labels.values()], [False, *[True] * len(labels)], made, folded=folded
    )
