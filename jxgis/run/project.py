"""A project in a notebook: its layers load once, on first use, and each part is one call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis import escape
from jxgis.city import contract_of
from jxgis.crs import require_table
from jxgis.errors import InputError, JxgisError, collect, require_lang
from jxgis.i18n import listed, text, text_pair
from jxgis.load.handed import as_layer
from jxgis.part import Given, Part, Progress, Result
from jxgis.progress import shown, watched
from jxgis.run.commands import run_report
from jxgis.run.found import Found, find_before, knows
from jxgis.run.inputs import GROUND, Reader, named
from jxgis.run.pages import sources_of
from jxgis.run.parts import PARTS
from jxgis.schema.layers import nearest
from jxgis.settings import (
    AllocateSettings,
    CircleSettings,
    ClusterSettings,
    EffectSettings,
    HotspotSettings,
    ParkSettings,
    ScanSettings,
    ScorecardSettings,
    ScoringSettings,
    Settings,
    TrendSettings,
    UnitSettings,
    WeakSettings,
    load_settings,
    with_options,
)

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.allocate.result import AllocationResult
    from jxgis.circle.result import CircleResult
    from jxgis.city import City
    from jxgis.clusters.result import ClustersResult
    from jxgis.effect.result import EffectResult
    from jxgis.hotspots.result import HotspotsResult
    from jxgis.load import Loaded
    from jxgis.parks.result import ParksResult
    from jxgis.scan.result import ScanResult
    from jxgis.scorecard.result import ScorecardResult
    from jxgis.scoring.result import ScoresResult
    from jxgis.trends.result import TrendsResult
    from jxgis.units.result import UnitsResult
    from jxgis.weak.result import WeakResult

__all__ = ["Project", "open_project"]


def open_project(path: str | Path, *, lang: str | None = None, progress: Progress | bool | None = None) -> Project:
    """Open a project: its jxgis.toml is read, its layers are not until they are used.

    Parameters
    ----------
    path
        The project's ``jxgis.toml``, or the folder that holds it.
    lang
        Language of what is shown and written, ``"zh"`` or ``"en"``; that of ``[report]`` by default.
    progress
        True: what takes long shows on one line how far it is and how long it still takes; by default in a notebook and at
        a terminal. False: nothing is said. A function is called with each step instead.

    Returns
    -------
    Project

    Raises
    ------
    SettingsError
        If the file is missing, no TOML, or holds an unknown key or a value out of range; one message for all.
    """
    settings = load_settings(path)
    return Project(settings, lang=lang or settings.report.lang, progress=progress)


class Project:
    """A city's layers and options, and what the parts make of them.

    Parameters
    ----------
    settings
        The settings, paths absolute.
    lang
        Language of what is shown and written, ``"zh"`` or ``"en"``.
    progress
        As of `open_project`.

    Attributes
    ----------
    settings, lang
        As given.
    city
        The city of the profile.
    """

    def __init__(self, settings: Settings, *, lang: str = "zh", progress: Progress | bool | None = None) -> None:
        require_lang(lang)
        self.settings = settings
        self.lang = lang
        self._reader = Reader(settings, has_project=True, lang=lang)
        self.city: City | None = self._reader.city
        self._progress = progress
        self._found: dict[str, Result] = {}
        self._found_before: dict[str, Result] = {}

    @property
    def given(self) -> Given:
        """Every layer that the settings name, and districts made of sub-districts, as a part is handed them."""
        return self._given([*named(self.settings), "districts"])

    def _given(self, layers: Iterable[str]) -> Given:
        """These of the layers; of a city that has no CRS the ground says where they are."""
        known = self.city is not None and self.city.crs is not None
        with self._telling() as tell:
            return self._reader.read([*layers, *(() if known else GROUND)], tell)

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """The rows of a layer that were kept, in the metric CRS.

        Raises
        ------
        InputError
            If the project has no such layer; the nearest name is suggested.
        """
        return self._loaded(name).table

    def _loaded(self, name: str) -> Loaded:
        there = self._names()
        if name not in there:
            hint = nearest(name, there)
            raise InputError(
                zh=f"项目没有图层“{name}”{hint.zh}已有：{listed(there, 'zh')}。",
                en=f"The project has no layer {name!r}{hint.en} It has: {listed(there, 'en')}.",
            )
        made = name not in named(self.settings)
        return self._given((name, "subdistricts") if made else (name,)).loaded[name]

    def _names(self) -> list[str]:
        there = named(self.settings)
        return there if "districts" in there or "subdistricts" not in there else [*there, "districts"]

    def layers(self) -> pd.DataFrame:
        """The layers that can be read, a row a file: ``layer, name, rows_in, rows_kept, rows_rejected, rows_left_out``."""
        import pandas as pd

        read, refused = self._each()
        if not read:
            collect(refused.values()) if refused else self._given(())
        return pd.DataFrame([row for layer in read for row in layer.account()]).drop(columns="sha256")

    def _each(self) -> tuple[list[Loaded], dict[str, JxgisError]]:
        """Each layer that can be read, and why the others cannot."""
        read: list[Loaded] = []
        refused: dict[str, JxgisError] = {}
        for name in self._names():
            try:
                read.append(self._loaded(name))
            except JxgisError as error:
                refused[name] = error
        return read, refused

    def rejects(self, name: str) -> pd.DataFrame:
        """The rows of a layer that were rejected: ``source, row, field, value`` (identifiers masked) and ``reason`` in words.

        Raises
        ------
        InputError
            If the project has no such layer.
        """
        from jxgis.i18n import localise_reasons

        return localise_reasons(self._loaded(name).rejects, self.lang)

    def overview(self, name: str = "places") -> pd.DataFrame:
        """A table for people of the districts, or of the departments, side by side, as the report's page has it.

        Parameters
        ----------
        name
            ``"places"``: the whole, the areas and the districts with their share of issues closed in time, their main
            department, and what the parts that were run (`hotspots`, `parks`, `units`) found there. ``"departments"``:
            how many issues each has, and how many of them were closed in time and sent back.

        Returns
        -------
        pandas.DataFrame
            Texts. Shares stand only where there are 30 issues or more that were due.

        Raises
        ------
        InputError
            If the project's layers do not tell.
        """
        import pandas as pd

        from jxgis.report.blocks import TableBlock
        from jxgis.run.overview import overview

        departments = text("report.departments", self.lang)
        blocks = [block for block in overview(self._found, self.given) if isinstance(block, TableBlock)]
        there = {"departments" if block.heading == departments else "places": block for block in blocks}
        if name not in there:
            hint = nearest(name, there)
            raise InputError(
                zh=f"没有“{name}”这张表{hint.zh}可用：{listed(there, 'zh') or '—'}。",
                en=f"There is no table {name!r}{hint.en} There are: {listed(there, 'en') or '—'}.",
            )
        return pd.DataFrame(there[name].rows, columns=list(there[name].titles))

    @with_options(HotspotSettings)
    def hotspots(self, **options: Any) -> HotspotsResult:
        """Hot spots of the issues, with the options of ``[hotspots]`` in jxgis.toml where none is given here.

        Parameters
        ----------
        **options
            Of ``[hotspots]``.
        """
        found: HotspotsResult = self._run("hotspots", options)
        return found

    @with_options(ParkSettings)
    def parks(self, **options: Any) -> ParksResult:
        """Coverage of housing by parks, with the options of ``[parks]`` in jxgis.toml where none is given here.

        Parameters
        ----------
        **options
            Of ``[parks]``.
        """
        found: ParksResult = self._run("parks", options)
        return found

    @with_options(UnitSettings)
    def units(
        self,
        fixed_units: gpd.GeoDataFrame | None = None,
        unit_seeds: gpd.GeoDataFrame | None = None,
        units: gpd.GeoDataFrame | None = None,
        **options: Any,
    ) -> UnitsResult:
        """Units of the districts, with the options of ``[units]`` in jxgis.toml where none is given here.

        Parameters
        ----------
        fixed_units
            Polygons that are units as they are, such as some of those that a run before proposed; the project's by default.
        unit_seeds
            Points each of which is to lie in a unit of its own; the project's by default.
        units
            Units of today, or of an edited plan: the plan is that nearest to them (``from_units``).
        **options
            Of ``[units]``.
        """
        asked = {"fixed_units": fixed_units, "unit_seeds": unit_seeds, "units": units}
        options = options if units is None else {"from_units": True} | options
        layers = {layer: table for layer, table in asked.items() if table is not None}
        found: UnitsResult = self._run("units", options, layers)
        return found

    @with_options(ScoringSettings)
    def scores(self, candidates: gpd.GeoDataFrame | None = None, **options: Any) -> ScoresResult:
        """Scores of candidates, with the options of ``[scoring]`` in jxgis.toml where none is given here.

        Parameters
        ----------
        candidates
            Polygons, such as the units that `units` proposed; the project's candidates, else its units, by default.
        **options
            Of ``[scoring]``.
        """
        layers = {} if candidates is None else {"candidates": candidates}
        found: ScoresResult = self._run("scores", options, layers)
        return found

    @with_options(AllocateSettings)
    def allocation(self, candidates: gpd.GeoDataFrame | None = None, **options: Any) -> AllocationResult:
        """The choice of each year, with the options of ``[allocate]`` in jxgis.toml where none is given here.

        Parameters
        ----------
        candidates
            Polygons; the project's candidates, else its units, by default. Where they have no column ``score`` they are
            scored first.
        **options
            Of ``[allocate]``.
        """
        layers = {} if candidates is None else {"candidates": candidates}
        found: AllocationResult = self._run("allocation", options, layers)
        return found

    @with_options(EffectSettings)
    def effect(self, treated: gpd.GeoDataFrame | None = None, **options: Any) -> EffectResult:
        """Whether it worked: treated areas before and after, with the options of ``[effect]`` in jxgis.toml where none is given.

        Parameters
        ----------
        treated
            Polygons; the project's treated areas by default.
        **options
            Of ``[effect]``.
        """
        layers = {} if treated is None else {"treated": treated}
        found: EffectResult = self._run("effect", options, layers)
        return found

    @with_options(WeakSettings)
    def weak(self, **options: Any) -> WeakResult:
        """Weak areas among units, hot places and places of the plan's kinds, and what became of last year's, with the
        options of ``[weak]`` in jxgis.toml where none is given here.

        Parameters
        ----------
        **options
            Of ``[weak]``.
        """
        found: WeakResult = self._run("weak", options)
        return found

    @with_options(ClusterSettings)
    def clusters(self, **options: Any) -> ClustersResult:
        """Clusters of points: where issues lie densely, with the options of ``[clusters]`` in jxgis.toml where none is given
        here.

        Parameters
        ----------
        **options
            Of ``[clusters]``.
        """
        found: ClustersResult = self._run("clusters", options)
        return found

    @with_options(ScanSettings)
    def scan(self, **options: Any) -> ScanResult:
        """Clusters in space and time by the scan statistic, with the options of ``[scan]`` in jxgis.toml where none is given
        here.

        Parameters
        ----------
        **options
            Of ``[scan]``.
        """
        found: ScanResult = self._run("scan", options)
        return found

    @with_options(TrendSettings)
    def trends(self, **options: Any) -> TrendsResult:
        """Change over time: what emerges, fades and differs from the period before, with the options of ``[trends]`` in
        jxgis.toml where none is given here.

        Parameters
        ----------
        **options
            Of ``[trends]``.
        """
        found: TrendsResult = self._run("trends", options)
        return found

    @with_options(ScorecardSettings)
    def scorecard(self, **options: Any) -> ScorecardResult:
        """The plan's targets against what is measured and brought, with the options of ``[scorecard]`` in jxgis.toml where
        none is given here.

        Parameters
        ----------
        **options
            Of ``[scorecard]``.
        """
        found: ScorecardResult = self._run("scorecard", options)
        return found

    @with_options(CircleSettings)
    def circle(self, **options: Any) -> CircleResult:
        """The 15-minute circle, with the options of ``[circle]`` in jxgis.toml where none is given here.

        Parameters
        ----------
        **options
            Of ``[circle]``.
        """
        found: CircleResult = self._run("circle", options)
        return found

    def report(self, out: str | Path) -> Path:
        """Write the report of everything that the inputs allow; see `jxgis.run.run_report`.

        Returns
        -------
        pathlib.Path
            Its page, to be opened in a browser. What was refused stands on it.
        """
        with self._telling() as tell:
            run_report(self.settings, out, lang=self.lang, progress=tell)
        return Path(out) / "index.html"

    @contextmanager
    def _telling(self) -> Iterator[Progress]:
        """What is told of each step, for the time of a ``with`` block."""
        asked = watched() if self._progress is None else self._progress
        if asked is True:
            with shown(self.lang) as tell:
                yield tell
        else:
            yield asked or (lambda _: None)

    def _run(self, name: str, options: dict[str, Any], layers: Mapping[str, gpd.GeoDataFrame] | None = None) -> Any:
        """Run a part with the project's options, some of them overridden; without a change it is run once."""
        if not options and not layers and name in self._found:
            return self._found[name]
        part = next(part for part in PARTS if part.name == name)
        settings = self.settings.overridden(part.settings_key, options) if options else self.settings
        there = {*named(settings), *(layers or {})}
        before = self._before(part, there, settings, layers or {})
        refused = dict(before.refused)
        lacking = part.lacks({*there, *before.results})
        for other in (part.instead[layer] for layer in lacking if part.instead.get(layer) in refused):
            raise InputError.saying(refused[other])
        if lacking:
            titles = [f"[inputs.{layer}]" for layer in lacking]
            raise InputError(
                zh=f"项目缺少图层：{listed(titles, 'zh')}。", en=f"The project lacks: {listed(titles, 'en')}."
            )
        given = replace(self._with(part.layers_for(settings), layers or {}), settings=settings, telling=self._telling)
        with self._telling() as tell:
            given = self._reader.with_ground(replace(given, results=before.results, refused=refused, progress=tell))
        with self._telling() as tell:
            tell(text_pair(f"run.step_{name}"))
            result = part.analyse(given)
        if not options and not layers:
            self._found[name] = result
        return result

    def _with(self, names: Iterable[str], layers: Mapping[str, gpd.GeoDataFrame]) -> Given:
        """These of the project's layers, and layers that were handed over in their place."""
        given = self._given(names)
        for layer, table in layers.items():
            require_table(table, layer, like=given.crs)
        handed = {layer: as_layer(table, contract_of(layer, self.city)) for layer, table in layers.items()}
        return replace(given, layers={**given.layers, **handed})

    def _before(
        self, part: Part, there: Collection[str], settings: Settings, layers: Mapping[str, gpd.GeoDataFrame]
    ) -> Found:
        """What the parts before it found, run with the project's own options, and why those did that refused their input."""
        if knows(part, there, lambda: replace(self._with(part.reads, layers), settings=settings)):
            return Found()
        found = find_before(part, there, settings, partial(self._run_before, layers))
        with self._telling() as tell:
            for line in found.lines():
                tell(line)
        return found

    def _run_before(self, layers: Mapping[str, gpd.GeoDataFrame], part: Part) -> Result:
        """What a part before another finds: once, unless it reads layers that were handed over."""
        own = {layer: table for layer, table in layers.items() if layer in part.reads}
        options = dict(part.less_before)
        found: Result
        if own or not options:
            found = self._run(part.name, options, own)
            return found
        known = self._found_before | self._found
        if part.name not in known:
            known[part.name] = self._found_before[part.name] = self._run(part.name, options)
        return known[part.name]

    def __repr__(self) -> str:
        """What a terminal shows: the city, the layers by name, none of them read, and what can be asked."""
        name = "" if self.city is None else f": {self.city.name.of(self.lang)}"
        asked = ", ".join(f".{part.name}()" for part in PARTS if not part.lacks(named(self.settings)))
        return "\n  ".join([f"Project{name}", f".layer: {', '.join(self._names())}", *filter(None, [asked])])

    def _repr_html_(self) -> str:
        """What a notebook shows: the city, the CRS, the layers with their rows, what was noticed, and what is missing."""
        from jxgis.report.blocks import Block, Paragraph
        from jxgis.report.page import blocks_html

        read, refused = self._each()
        shown: list[Block] = []
        for layer, error in refused.items():
            words = text_pair("run.not_read", layer=contract_of(layer, self.city).title, why=error.message)
            shown.append(Paragraph(words.of(self.lang), "none"))
        note = ""
        if read or not refused:
            given = self._given([layer.layer for layer in read])
            note = escape.html(given.crs_note.of(self.lang))
            shown += sources_of(given, in_notebook=True).blocks(self.lang)
        name = "" if self.city is None else self.city.name.of(self.lang)
        return f'<div class="jxgis"><h3>{escape.html(name)}</h3><p>{note}</p>{blocks_html(shown)}</div>'
