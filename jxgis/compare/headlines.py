"""The figures that stand first of each part, read from the tables of two results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from jxgis.report.blocks import of_city
from jxgis.report.columns import write_value
from jxgis.schema.columns import Writing
from jxgis.verify.compared import equal

if TYPE_CHECKING:
    from jxgis.compare.folder import Folder

__all__ = ["HEADLINES", "Headline", "headline_differences"]


class Headline(NamedTuple):
    """A figure: the part, its name, how it is written, and what it is of what in a result; None where that says nothing."""

    part: str
    name: str
    writing: Writing
    digits: int
    of: Callable[[Folder], Mapping[str, Any] | None]

    def written(self, value: Any, lang: str) -> str:
        """A value of it in words."""
        return write_value(value, self.writing, lang, self.digits)

    def change(self, a: Any, b: Any, lang: str) -> str:
        """What one is more than the other, in words, with its sign; shares in percentage points."""
        if pd.isna(a) or pd.isna(b):
            return "—"
        if self.writing in ("percent", "change"):
            return f"{write_value(b - a, 'points_change', lang, self.digits)} {'pp' if lang == 'en' else '个百分点'}"
        words = write_value(abs(b - a), self.writing, lang, self.digits)
        return f"{'+' if b > a else '−'}{words}"


def _with(folder: Folder, table: str, *columns: str) -> pd.DataFrame | None:
    """A table that has these columns; None where it has not, as of an older contract."""
    frame = folder.tables.get(table)
    return frame if frame is not None and {*columns} <= {*frame.columns} else None


def _rows(table: str, by: str | None = None) -> Callable[[Folder], dict[str, Any] | None]:
    """How many rows a table has, of each value of a column."""

    def count(folder: Folder) -> dict[str, Any] | None:
        frame = _with(folder, table, *([] if by is None else [by]))
        if frame is None:
            return None
        return (
            {"": len(frame)}
            if by is None
            else {str(of): int(n) for of, n in frame.groupby(by, sort=False).size().items()}
        )

    return count


def _values(table: str, value: str, by: str, **where: str) -> Callable[[Folder], dict[str, Any] | None]:
    """What a column of some rows holds, of each value of another."""

    def read(folder: Folder) -> dict[str, Any] | None:
        frame = _with(folder, table, value, by, *where)
        if frame is None:
            return None
        for column, only in where.items():
            frame = frame[frame[column] == only]
        return {
            str(of): number for of, number in zip(frame[by], frame[value], strict=True) if not pd.isna(number)
        } or None

    return read


def _hot_area(folder: Folder) -> dict[str, Any] | None:
    frame = _with(folder, "hotspots.places", "area_km2")
    if frame is None:
        return None
    return {str(of): own["area_km2"].sum() for of, own in frame.groupby("issue_class", sort=False)}


def _within(folder: Folder) -> dict[str, Any] | None:
    frame = _with(folder, "units.units", "in_bounds")
    return None if frame is None else {"": int(frame["in_bounds"].astype(bool).sum())}


def _ranked(folder: Folder) -> dict[str, Any] | None:
    frame = _with(folder, "scores.scores", "rank")
    return None if frame is None else {"": int(frame["rank"].notna().sum())}


def _statuses(folder: Folder) -> dict[str, Any] | None:
    frame = _with(folder, "scorecard.scorecard", "level", "status")
    if frame is None:
        return None
    found = of_city(frame)["status"]
    return {status: int((found == status).sum()) for status in ("met", "below", "no_data")}


def _effect(folder: Folder) -> dict[str, Any] | None:
    said = folder.said("effect.json")
    found = {name: said.get(name) for name in ("effect", "low", "high")} if isinstance(said, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


#: What is compared first; ``of``: classes, methods, kinds or states.
HEADLINES = (
    Headline("hotspots", "hot_places", "number", 0, _rows("hotspots.places", "issue_class")),
    Headline("hotspots", "hot_km2", "number", 2, _hot_area),
    Headline("parks", "coverage", "percent", 1, _values("parks.coverage", "coverage", "method", zone="all")),
    Headline(
        "parks", "people_coverage", "percent", 1, _values("parks.coverage", "people_coverage", "method", zone="all")
    ),
    Headline("parks", "parks", "number", 0, _rows("parks.parks")),
    Headline("parks", "blind_spots", "number", 0, _rows("parks.blind_spots")),
    Headline("parks", "sites", "number", 0, _rows("parks.sites")),
    Headline(
        "parks", "coverage_after", "percent", 1, _values("parks.coverage", "coverage_after", "method", zone="all")
    ),
    Headline("parks", "needed", "number", 0, _values("parks.targets", "needed", "zone", zone="all")),
    Headline("units", "units", "number", 0, _rows("units.units")),
    Headline("units", "in_bounds", "number", 0, _within),
    Headline("scores", "ranked", "number", 0, _ranked),
    Headline("allocation", "chosen", "number", 0, _rows("allocation.allocation", "year")),
    Headline("weak", "weak_areas", "number", 0, _rows("weak.weak_areas")),
    Headline("clusters", "clusters", "number", 0, _rows("clusters.clusters", "issue_class")),
    Headline("scan", "scan_clusters", "number", 0, _rows("scan.clusters", "issue_class")),
    Headline("trends", "trend_places", "number", 0, _rows("trends.places", "issue_class")),
    Headline("effect", "effect", "change", 1, _effect),
    Headline("scorecard", "statuses", "number", 0, _statuses),
    Headline("circle", "circle", "percent", 1, _values("circle.circle", "people_coverage", "kind", level="city")),
)


def headline_differences(a: Folder, b: Folder) -> list[tuple[Headline, str, Any, Any]]:
    """Headlines that are others: which, of what, and the two values; None where a result has none."""
    found = []
    for headline in HEADLINES:
        if headline.part not in a.parts or headline.part not in b.parts:
            continue
        mine, theirs = headline.of(a), headline.of(b)
        # Of what a table does not have there is nothing: no place of a class, no area of it.
        least = 0 if headline.writing == "number" else None
        for of in dict.fromkeys((*(mine or {}), *(theirs or {}))):
            one, other = (None if said is None else said.get(of, least) for said in (mine, theirs))
            if one is None or other is None or not equal(float(one), float(other)):
                found.append((headline, of, one, other))
    return found
