"""What a part is: the layers it reads, the analysis it runs, and a result that shows, writes and draws itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias, TypeVar, cast

from jxgis import output
from jxgis.drawing.ground import NO_GROUND, Ground
from jxgis.errors import InputError, MissingPackageError, require_lang
from jxgis.i18n import Sketch, Text, clauses, listed, text, text_pair
from jxgis.progress import stepped

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    import pandas as pd
    import pyproj

    from jxgis.city import City
    from jxgis.drawing.canvas import Canvas
    from jxgis.drawing.figures import Figure
    from jxgis.load import Loaded
    from jxgis.report.blocks import Section
    from jxgis.settings import Settings

__all__ = ["Given", "Option", "Part", "Progress", "Raster", "Result"]

Progress: TypeAlias = Callable[[Text], object]
Table = TypeVar("Table", bound="pd.DataFrame")
Named = TypeVar("Named")
_SOURCES = 6
"""Layers that a map for print names as its sources."""


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
        key = "pipeline.period_and_outside" if len(outside) else "pipeline.period"
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
        from jxgis.schema.tables import class_columns

        words = {} if self.city is None else {name: of.of(self.lang) for name, of in self.city.class_names.items()}
        own = [column for column in class_columns() if column in table.columns]
        return table.assign(**{column: table[column].replace(words) for column in own})

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


@dataclass(frozen=True, eq=False, kw_only=True)
class Result(ABC):
    """What a part found: tables, notes and an account, which write and draw themselves.

    Attributes
    ----------
    part
        The part that found it.
    given
        What the part was handed.
    """

    part: ClassVar[Part]
    given: Given = field(repr=False)
    _drawn: dict[tuple[str, str], Any] = field(init=False, repr=False, default_factory=dict)

    @abstractmethod
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables that there are, by the names of the contract."""

    @abstractmethod
    def write_tables(self, stage: output.Stage) -> None:
        """Write the files of the contract that hold tables."""

    @abstractmethod
    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        """Name of the file without its ending to what draws the map, the part's own first."""

    @abstractmethod
    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """Likewise for the figures."""

    @abstractmethod
    def section(self) -> Section:
        """What a report says of it."""

    def canvas(self, method: str = "", period: str | None = None) -> Canvas:
        """What its maps are drawn on; ``method``: the line below their heading; ``period``: where not all issues count."""
        from jxgis.city import layer_title
        from jxgis.drawing.canvas import Canvas

        given = self.given
        titles = [
            given.titles.get(name, layer_title(given.city)(name)).of(given.lang)
            for name in dict.fromkeys((*self.part.needs, *self.part.reads, *given.layers))
            if name in given.layers
        ]
        key = "source" if len(titles) <= _SOURCES else "sources"
        layers = text(f"figures.{key}", given.lang, layers=listed(titles[:_SOURCES], given.lang), n=len(titles))
        days = given.period() if period is None else period
        source = clauses([layers, days, text("figures.crs", given.lang, crs=given.crs.to_string())], given.lang)
        return Canvas(ground=given.ground, method=method, source=source, lang=given.lang, sketch=given.sketch)

    def draws(self, what: str) -> list[str]:
        """Names of its maps or its figures (``"map"``, ``"figure"``), the part's own first: of the files, without endings."""
        return list(self._maps() if what == "map" else self._figures())

    def maps(self) -> dict[str, folium.Map]:
        """The maps by name, the part's own first."""
        return {name: self.map(name) for name in self.draws("map")}

    def figures(self) -> dict[str, Figure]:
        """The figures by name, the part's own first."""
        return {name: self.figure(name) for name in self.draws("figure")}

    def notes(self) -> list[Text]:
        """What a reader must know of how it was found."""
        return []

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says of it beside the settings."""
        return {}

    def shown_tables(self) -> Mapping[str, pd.DataFrame]:
        """Tables as people are shown them, by the names of `tables`: those that hide what others would tell."""
        return {}

    def known_counts(self) -> pd.DataFrame | None:
        """What readers know of counts after it, those that it was told before among them: see `Given.known_counts`."""
        return None

    def completed(self, results: Mapping[str, Result]) -> Result:  # noqa: ARG002  (parts that use it override it)
        """The result with what the other parts of a report make possible; itself where they make nothing possible.

        Parameters
        ----------
        results
            Name of a part to what it found, of all parts.
        """
        return self

    def write_report(self, stage: output.Stage) -> None:  # noqa: B027  (most parts have nothing else to write)
        """Write what stands in the report's files where there is one, for the command of the part alone."""

    def write_files(self, stage: output.Stage) -> None:
        """Write tables, maps and figures into a stage."""
        from jxgis.drawing.figures import save_figure
        from jxgis.drawing.offline import save_map
        from jxgis.schema.check import hold
        from jxgis.schema.tables import table

        for name, frame in self.tables().items():
            declared = table(f"{self.part.name}.{name}")
            if not declared.file.endswith(".gpkg"):  # write_gpkg holds the others to theirs
                hold(frame, declared)
        self.write_tables(stage)
        figures = self._figures()
        drawings = [*(("map", name) for name in self.draws("map")), *(("figure", name) for name in figures)]
        for what, name in stepped(drawings, text_pair("pipeline.share_drawing")):
            if what == "map":
                save_map(self.map(name), stage.path(f"maps/{name}.html"))
            else:
                save_figure(figures[name](), stage.path(f"figures/{name}"))

    def write(self, out: str | Path) -> Path:
        """Write the result folder that the part's command writes.

        Parameters
        ----------
        out
            The folder; it is replaced only where it holds a result of the same command.

        Returns
        -------
        pathlib.Path
            The folder.

        Raises
        ------
        OutputError
            If the folder cannot be written; nothing is changed then.
        """
        from jxgis.settings import files_read

        reads = files_read(self.given.settings)
        with self.given.telling(), output.staged(out, command=self.part.command, reads=reads) as stage:
            self.write_command(stage)
        return Path(out)

    def write_command(self, stage: output.Stage) -> None:
        """Write what the part's command writes into a stage."""
        self.write_files(stage)
        self.write_report(stage)
        account = self.account()
        if self.part.after:
            refused = self.given.refused.items()
            account |= {"refused": [{"part": part, "message": why.of(self.given.lang)} for part, why in refused]}
        self.given.finish(stage, self.part.settings, account)

    def map(self, name: str | None = None) -> folium.Map:
        """A map to look at, and to add layers to: the part's own, or another by name.

        Raises
        ------
        InputError
            If there is no map of that name.
        """
        return cast("folium.Map", self._drawing("map", name))

    def figure(self, name: str | None = None) -> Figure:
        """A figure for print: the part's own, or another by name, as `map`."""
        return cast("Figure", self._drawing("figure", name))

    def _drawing(self, what: str, name: str | None) -> Any:
        """A copy of what is drawn once: what people add to theirs stays with it."""
        there = self._maps() if what == "map" else self._figures()
        draw, key = _named(there, name, what), (what, name or next(iter(there)))
        if key not in self._drawn:
            with self.given.telling() as tell:
                tell(text_pair("pipeline.share_drawing"))
                self._drawn[key] = draw()
        return deepcopy(self._drawn[key])

    def table(self, name: str | None = None) -> pd.DataFrame:
        """A table for people: titles, numbers as they are written, codes in words, small counts as ranges.

        Parameters
        ----------
        name
            Name of the table, of `tables`; the first by default.

        Returns
        -------
        pandas.DataFrame
            Texts. The tables for computing are the attributes of the result, with the names of the contract.

        Raises
        ------
        InputError
            If there is no table of that name; the nearest is suggested.
        """
        from jxgis.report.columns import in_writing
        from jxgis.schema.tables import table

        found = self.tables()
        frame, name = _named(found, name, "table"), name or next(iter(found))
        declared = table(f"{self.part.name}.{name}")
        shown = self.given.in_words(self.shown_tables().get(name, frame))
        if declared.counts_cases and name not in self.shown_tables():
            shown = self.given.shown(frame)
        return in_writing(shown, declared, self.given.lang, self.column_titles())

    def column_titles(self) -> Mapping[str, str]:
        """Titles of the columns that no contract has, such as indicators."""
        return {}

    def __repr__(self) -> str:
        """What a terminal shows: the numbers that come first, and by which names tables, maps and figures are had."""
        lines = [f"{type(self).__name__}: {text(f'report.part_{self.part.name}', self.given.lang)}"]
        lines += [f"{key.label} {key.value}" for key in self.section().keys]
        had = {".table()": [f"{name} ({len(rows):,})" for name, rows in self.tables().items()]}
        had |= {f".{what}()": self.draws(what) for what in ("map", "figure")}
        return "\n  ".join([*lines, *(f"{ask}: {listed(names, 'en')}" for ask, names in had.items() if names)])

    def _repr_html_(self) -> str:
        """What a notebook shows: the numbers that come first, the first table, and the map."""
        from jxgis.drawing.offline import framed
        from jxgis.report.page import result_html

        # The map on paper, where there is one.
        figures = sorted(self.draws("figure"), key=lambda name: name != f"{self.part.name}_map")[:1]
        drawings = [*(("figure", name) for name in figures), *(("map", name) for name in self.draws("map")[:1])]
        drawn: dict[str, Any] = {}
        with self.given.telling():
            for what, name in stepped(drawings, text_pair("pipeline.share_drawing")):
                # Without a Chinese font there is the map still.
                with suppress(MissingPackageError) if what == "figure" else nullcontext():
                    drawn[what] = self._drawing(what, name)
        maps = [framed(drawn["map"], drawn.get("figure"))] if "map" in drawn else []
        return result_html(self.section(), *maps, lang=self.given.lang)


def _named(there: Mapping[str, Named], name: str | None, what: str) -> Named:
    if name is None:
        if not there:
            raise InputError(zh="这个结果没有图。", en=f"This result has no {what}.")
        return next(iter(there.values()))
    if name not in there:
        from jxgis.schema.layers import nearest

        hint = nearest(name, there)
        raise InputError(
            zh=f"没有“{name}”{hint.zh}可用：{listed(there, 'zh')}。",
            en=f"No {what} {name!r}{hint.en} There are: {listed(there, 'en')}.",
        )
    return there[name]


class Option(NamedTuple):
    """An option of a part's command.

    Parameters
    ----------
    key
        The key of jxgis.toml that it gives; ``inputs.LAYER`` is the layer's file.
    words
        What help says of it; what is said of the key or the layer where not given.
    metavar
        What help calls its value.
    """

    key: str
    words: Text | None = None
    metavar: str = "N"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part: what it reads, how it is run, and its command. The list of parts is `jxgis.run.parts`.

    Attributes
    ----------
    name
        Its name: of its result and the files of it, its section of the report, and in ``refused`` of run.json.
    command
        The command that runs it alone.
    title
        What help says of the command.
    options
        The options of the command, in the order of its help.
    reads
        The layers that it can use.
    needs
        The layers that it cannot do without. Districts may be made of sub-districts.
    also_reads
        Further layers that it can use, by the settings, such as those that the indicators name.
    also_needs
        What its command refuses to go without beside them, by the settings; a report says what is missing instead.
    implied
        The settings that options of the command imply beside what they give, such as ``{"units": {"by_cells": True}}``.
    analyse
        Runs it; a `NotGivenError` says that it has nothing to work on, though its layers are there.
    settings_key
        Its own section of the settings.
    settings
        The sections of the settings that shape it.
    after
        Parts whose results it uses where there are any.
    beside
        A layer that it uses in a report and in a notebook only, named after the part that else proposes it: parks
        measure units too, scores take them for candidates. What :meth:`Result.completed` refuses is that part's.
    instead
        A layer that it needs to what then stands in for it: ``beside``.
    blames
        Layers whose flaws are drawn where it refuses: seeing them is half of the mending.
    by_level
        Whether its tables are made by the zones of ``[report] levels`` too.
    knows
        Whether the layers that it ``reads`` tell what the parts before it would find: none of them is run then.
    less_before
        Options by which it is run for a part after it: they leave out what no other part reads.
    """

    name: str
    command: str
    title: Text
    options: Mapping[str, Option]
    reads: tuple[str, ...]
    needs: tuple[str, ...]
    analyse: Callable[[Given], Result]
    settings_key: str
    settings: tuple[str, ...]
    after: tuple[str, ...] = ()
    beside: str | None = None
    instead: Mapping[str, str] = field(default_factory=dict)
    blames: tuple[str, ...] = ()
    by_level: bool = False
    also_reads: Callable[[Settings], Sequence[str]] = field(default_factory=lambda: lambda _: ())
    also_needs: Callable[[Settings], Sequence[str]] = field(default_factory=lambda: lambda _: ())
    implied: Callable[[Collection[str]], Mapping[str, Any]] = field(default_factory=lambda: lambda _: {})
    knows: Callable[[Given], bool] = field(default_factory=lambda: lambda _: False)
    less_before: Mapping[str, Any] = field(default_factory=dict)

    def layers_for(self, settings: Settings, *, alone: bool = False) -> tuple[str, ...]:
        """The layers that it can use by the settings, in a report, or ``alone``: by its command."""
        beside = () if alone or self.beside is None else (self.beside,)
        levels = settings.report.levels if self.by_level else ()
        return tuple(dict.fromkeys((*self.reads, *beside, *levels, *self.also_reads(settings))))

    @property
    def layer_options(self) -> dict[str, str]:
        """The options that give layers, by layer."""
        return {
            layer: name for name, (key, *_) in self.options.items() for layer in self.reads if key == f"inputs.{layer}"
        }

    def lacks(self, there: Collection[str], *, alone: bool = False) -> list[str]:
        """The layers that it needs and that are not there, nor what stands in for them; ``alone``: by its command."""
        instead = {"districts": "subdistricts"} | ({} if alone else dict(self.instead))
        return [layer for layer in self.needs if layer not in there and instead.get(layer) not in there]
