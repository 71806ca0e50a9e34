"""What a part is handed: settings, layers in one metric CRS, and what the parts before it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from jxgis import output
from jxgis.drawing.ground import NO_GROUND, Ground
from jxgis.errors import require_lang
from jxgis.i18n import Sketch, Text, text, text_pair

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import pyproj

    from jxgis.city import City
    from jxgis.i18n import Table
    from jxgis.load import Loaded
    from jxgis.part.entry import Part
    from jxgis.part.result import Result
    from jxgis.settings import Settings

__all__ = ["Given", "Progress", "Raster"]

Progress: TypeAlias = Callable[[Text], object]


@dataclass(frozen=True)
class Raster:
    """A raster: its file and its CRS."""

    path: Path
    crs: pyproj.CRS


@dataclass(frozen=True, eq=False, kw_only=True)
class Given:
    """What a part is handed: settings, layers in one metric CRS, and what the parts before it found.

    Attributes
    ----------
    settings
        The settings; each part reads its own section.
    city
        The project's city; None without a project.
    crs
        The metric CRS of every layer.
    crs_note
        What was chosen and why, and what it does to areas and lengths where that is to be known, for people.
    layers
        Layer name to its rows.
    titles
        What people call those of the layers that belong to no city.
    loaded
        Layer name to what was loaded, with the account of its rows; without those that came as tables.
    ground
        What lies under the maps.
    around
        Layer name to what was loaded for the ground; a part reads none of it.
    unread
        What is said of layers of the ground that cannot be used: the maps do without them.
    history
        All issues there are, with ``source`` and ``file`` where known: those of the layer are of the period analysed.
        None where there are no others.
    start, end
        The period analysed, half open; None where it was not limited.
    people_raster
        People per cell, where the people are a raster: it stays one, so that its cells are shared out by exact area.
    sketch
        Whether the polygons are marked as schematic, or as ``"borders"`` that nobody declared official.
    lang
        Language of what is written, ``"zh"`` or ``"en"``.
    progress
        Called with each step.
    telling
        Where a result shows, for the time of a ``with`` block, how far it has been drawn.
    results
        Name of a part to what it found, for the parts that go after it.
    refused
        Name of a part that refused its input to the reason, for the parts that go after it.
    in_report
        Whether a whole report is made: what a command would write for its own sake is then left out.
    """

    settings: Settings
    city: City | None
    crs: pyproj.CRS
    crs_note: Text
    layers: Mapping[str, gpd.GeoDataFrame]
    titles: Mapping[str, Text] = field(default_factory=dict)
    loaded: Mapping[str, Loaded] = field(default_factory=dict)
    ground: Ground = NO_GROUND
    around: Mapping[str, Loaded] = field(default_factory=dict)
    unread: Sequence[Text] = ()
    history: gpd.GeoDataFrame | None = None
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    people_raster: Raster | None = None
    sketch: Sketch = False
    lang: str = "zh"
    progress: Progress = field(default_factory=lambda: lambda _: None)
    telling: Callable[[], AbstractContextManager[Progress]] = field(
        default_factory=lambda: lambda: nullcontext(lambda _: None)
    )
    results: dict[str, Result] = field(default_factory=dict)
    refused: Mapping[str, Text] = field(default_factory=dict)
    in_report: bool = False

    def __post_init__(self) -> None:
        require_lang(self.lang)

    def table(self, layer: str) -> gpd.GeoDataFrame | None:
        """The layer's rows, or None where it was not given."""
        return self.layers.get(layer)

    def need(self, layer: str) -> gpd.GeoDataFrame:
        """The layer's rows, where a part has said that it needs them."""
        return self.layers[layer]

    def past(self) -> gpd.GeoDataFrame:
        """All issues there are, those before the period analysed too."""
        return self.need("issues") if self.history is None else self.history

    def units(self) -> gpd.GeoDataFrame | None:
        """The units: the user's own, else those that were proposed; None where there are neither."""
        if "units" in self.layers or "units" not in self.results:
            return self.table("units")
        return cast("gpd.GeoDataFrame", self.results["units"].tables()["units"])

    def levels(self) -> dict[str, gpd.GeoDataFrame]:
        """The further zones that tables are made by: see `space.levels.levels_of`."""
        from jxgis.space.levels import levels_of

        return levels_of(self.settings.report.levels, self.layers, self.city)

    def of(self, layers: Sequence[str]) -> Given:
        """The same with these layers and what was found so far: no part hangs on more than it says it reads."""
        return replace(
            self,
            layers={name: table for name, table in self.layers.items() if name in layers},
            loaded={name: loaded for name, loaded in self.loaded.items() if name in layers},
            results=dict(self.results),
        )

    def finish(
        self, stage: output.Stage, sections: Sequence[str], account: Mapping[str, Any], *page: Callable[[], None]
    ) -> None:
        """Write what every result folder holds: the rejects, the ground and the project for QGIS, and ``run.json``.

        Parameters
        ----------
        stage
            The stage; all other files are written already.
        sections, account, *page
            The sections of the settings that shaped the result; further entries of ``run.json``; what lists the files.
        """
        from jxgis.gpkg import write_for_qgis
        from jxgis.load.readers import file_hash

        loaded = list({**self.loaded, **self.around}.values())
        output.write_rejects(stage, loaded, self.lang)
        write_for_qgis(stage, {**{name: each.table for name, each in self.around.items()}, **self.layers}, self.lang)
        for write in page:
            write()
        files = [] if self.city is None else [path for path in self.city.files if path.exists()]
        output.write_run(
            stage,
            city_files=[{"name": path.name, "sha256": file_hash(path)} for path in files],
            settings={"lang": self.lang} | self.settings.shaping(sections),
            crs=self.crs.to_string(),
            loaded=loaded,
            crs_note=self.crs_note.of(self.lang),
            **account,
        )

    def period(self) -> str:
        """The period that the issues cover, in local dates, a mistyped year aside; empty where there are none."""
        from jxgis.periods import days_covered

        issues = self.table("issues")
        if issues is None or "time" not in issues or issues["time"].isna().all():
            return ""
        first, last, outside = days_covered(issues["time"])
        key = "run.period_and_outside" if len(outside) else "run.period"
        return text(key, self.lang, first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")

    def with_period(self, line: str) -> str:
        """The line below the title of a map whose cards count issues: which issues they count, too."""
        return " · ".join(filter(None, [line, self.period()]))

    def load_notes(self) -> list[str]:
        """What the loaders noticed: what they all say, such as the working CRS, once; conversions by their systems."""
        from jxgis.city import contract_of

        layers: dict[tuple[str, str], list[Text]] = {}
        own = {done.note for layer in self.loaded.values() for done in layer.converted}
        for name, layer in self.loaded.items():
            for done in layer.converted:
                layers.setdefault((done.source, done.target), []).append(contract_of(name, self.city).title)
        converted = [
            text_pair("load.converted", file=titles, source=source, target=target)
            for (source, target), titles in layers.items()
        ]
        further = [note for layer in self.loaded.values() for note in layer.notes if note not in own]
        return list(dict.fromkeys(note.of(self.lang) for note in [self.crs_note, *converted, *self.unread, *further]))

    def notes(self) -> list[str]:
        """Which counts are not shown, and what the loaders noticed."""
        from jxgis.small_counts import small_said

        said = small_said(self.settings.report.min_count, self.lang, blank=True) if "issues" in self.layers else ""
        return [*filter(None, [said]), *self.load_notes()]

    def in_words(self, table: Table) -> Table:
        """A copy of a table with the city's classes as the reader's language calls them; other values stand as they are."""
        from jxgis.city import UNCLASSIFIED
        from jxgis.schema.columns import column
        from jxgis.schema.tables import class_columns

        words = {} if self.city is None else {name: of.of(self.lang) for name, of in self.city.class_names.items()}
        words[UNCLASSIFIED] = column("issue_class", "issues").word(UNCLASSIFIED, self.lang)
        found = table.assign(**{name: table[name].replace(words) for name in class_columns() if name in table.columns})
        if {"by", "group"} <= {*table.columns}:
            found["group"] = table["group"].mask(table["by"] == "class", table["group"].replace(words))
        return found

    def shown(self, table: Table) -> Table:
        """A copy of a table of issues for people's eyes: classes in words, small counts as ranges; see `hide_small`."""
        from jxgis.small_counts import hide_small

        return hide_small(self.in_words(table), min_count=self.settings.report.min_count)

    def known_counts(self, part: Part) -> pd.DataFrame:
        """What readers know of counts before this part, for `space.sums.add_areas`."""
        from jxgis.space.sums import whole_zones

        before = takewhile(lambda name: name != part.name, self.results)
        told = [rows for name in before if (rows := self.results[name].known_counts()) is not None]
        return (told[-1] if told else whole_zones(self.table("districts"), self.table("issues"))).assign(known=True)
