"""A project in a notebook: its layers load once, on first use, and each part is one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis import escape
from jxgis._toml import validated
from jxgis.city import contract_of
from jxgis.errors import InputError, SettingsError
from jxgis.i18n import Text, text_pair
from jxgis.part import Given, Part, Progress, Result, require_table
from jxgis.progress import shown
from jxgis.run.inputs import city_of, read_given
from jxgis.run.parts import PARTS
from jxgis.schema.layers import nearest
from jxgis.scoring.part import candidates_of
from jxgis.settings import Settings, load_settings

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.city import City
    from jxgis.hotspots.result import HotspotsResult
    from jxgis.parks.result import ParksResult
    from jxgis.scoring.result import ScoreResult
    from jxgis.units.result import UnitsResult

__all__ = ["Project", "open_project"]


def open_project(path: str | Path, *, lang: str | None = None, progress: Progress | bool = False) -> Project:
    """Open a project: its jxgis.toml is read, its layers are not until they are used.

    Parameters
    ----------
    path
        The project's ``jxgis.toml``, or the folder that holds it.
    lang
        Language of what is shown and written, ``"zh"`` or ``"en"``; that of ``[report]`` by default.
    progress
        True: what takes long shows on one line how far it is and how long it still takes. A function is called with each
        step instead. Nothing is said by default.

    Returns
    -------
    Project

    Raises
    ------
    SettingsError
        If the file is missing, no TOML, or holds an unknown key or a value out of range; one message for all.
    """
    path = Path(path)
    settings = load_settings(path / "jxgis.toml" if path.is_dir() else path)
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

    def __init__(self, settings: Settings, *, lang: str = "zh", progress: Progress | bool = False) -> None:
        self.settings = settings
        self.lang = lang
        self.city: City | None = city_of(settings, has_project=True)
        self._progress = progress
        self._read: Given | None = None
        self._found: dict[str, Result] = {}

    @property
    def given(self) -> Given:
        """What the parts are handed: every layer that the settings name, loaded on first use."""
        if self._read is None:
            of_parts = (layer for part in PARTS for layer in part.reads_in_report)
            layers = tuple(dict.fromkeys([*of_parts, *(() if self.city is None else self.city.layers)]))
            with self._telling() as tell:
                self._read = read_given(self.settings, layers, has_project=True, lang=self.lang, progress=tell)
        return self._read

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """The rows of a layer that were kept, in the metric CRS.

        Raises
        ------
        InputError
            If the project has no such layer; the nearest name is suggested.
        """
        if name not in self.given.layers:
            hint, there = nearest(name, self.given.layers), self.given.layers
            raise InputError(
                zh=f"项目没有图层“{name}”{hint.zh}已有：{'、'.join(there)}。",
                en=f"The project has no layer {name!r}{hint.en} It has: {', '.join(there)}.",
            )
        return self.given.layers[name]

    def layers(self) -> pd.DataFrame:
        """The layers, a row a file: ``layer, name, rows_in, rows_kept, rows_rejected, rows_left_out``."""
        import pandas as pd

        rows = [
            (layer.layer, source.name, source.rows_in, source.rows_kept, source.rows_rejected, source.rows_left_out)
            for layer in self.given.loaded.values()
            for source in layer.sources
        ]
        columns = ["layer", "name", "rows_in", "rows_kept", "rows_rejected", "rows_left_out"]
        return pd.DataFrame(rows, columns=columns)

    def rejects(self, name: str) -> pd.DataFrame:
        """The rows of a layer that were rejected: ``source, row, field, value`` (identifiers masked) and ``reason`` in words.

        Raises
        ------
        InputError
            If the project has no such layer.
        """
        from jxgis.i18n import localise_reasons

        self.layer(name)
        return localise_reasons(self.given.loaded[name].rejects, self.lang)

    def hotspots(self, **options: Any) -> HotspotsResult:
        """Hot spots of the issues; options of ``[hotspots]`` by name, those of jxgis.toml where not given."""
        found: HotspotsResult = self._run("hotspots", options)
        return found

    def parks(self, **options: Any) -> ParksResult:
        """Coverage of housing by parks; options of ``[parks]`` by name."""
        found: ParksResult = self._run("parks", options)
        return found

    def units(self, **options: Any) -> UnitsResult:
        """Units of the districts; options of ``[units]`` by name."""
        found: UnitsResult = self._run("units", options)
        return found

    def scores(self, candidates: gpd.GeoDataFrame | None = None, **options: Any) -> ScoreResult:
        """Scores of candidates; options of ``[scoring]`` by name.

        Parameters
        ----------
        candidates
            Polygons, such as the units that `units` proposed; the project's candidates, else its units, by default.
        **options
            Of ``[scoring]``.
        """
        layers = {} if candidates is None else {"candidates": candidates}
        if candidates is not None:
            require_table(candidates, "candidates", like=self.given.crs)
        found: ScoreResult = self._run("scores", options, layers)
        return found

    def report(self, out: str | Path) -> Path:
        """Write the report of everything that the inputs allow; see `jxgis.run.run_report`.

        Returns
        -------
        pathlib.Path
            Its page, to be opened in a browser. What was refused stands on it.
        """
        from jxgis.run.commands import run_report

        with self._telling() as tell:
            run_report(self.settings, out, lang=self.lang, progress=tell)
        return Path(out) / "index.html"

    @contextmanager
    def _telling(self) -> Iterator[Progress]:
        """What is told of each step, for the time of a ``with`` block."""
        if self._progress is True:
            with shown(self.lang) as tell:
                yield tell
        else:
            yield self._progress or (lambda _: None)

    def _run(self, name: str, options: dict[str, Any], layers: dict[str, gpd.GeoDataFrame] | None = None) -> Any:
        """Run a part with the project's options, some of them overridden; without a change it is run once."""
        changed = bool(options) or bool(layers)
        if not changed and name in self._found:
            return self._found[name]
        part = next(part for part in PARTS if part.name == name)
        found, refused = self._before(part, layers or {})
        given = replace(self.given, layers={**self.given.layers, **(layers or {})}, results=found, refused=refused)
        if options:
            given = replace(given, settings=_overridden(self.settings, part, options))
        lacking = [layer for layer in part.lacks(given) if not (name == "scores" and candidates_of(given) is not None)]
        if lacking:
            titles = "、".join(f"[inputs.{layer}]" for layer in lacking)
            raise InputError(zh=f"项目缺少图层：{titles}。", en=f"The project lacks: {titles.replace('、', ', ')}.")
        with self._telling() as tell:
            tell(text_pair(f"pipeline.step_{name}"))
            result = part.analyse(given.of(part.reads_in_report))
        if not changed:
            self._found[name] = result
        return result

    def _before(self, part: Part, layers: Mapping[str, gpd.GeoDataFrame]) -> tuple[dict[str, Result], dict[str, Text]]:
        """What the parts before it found, run with the project's own options, and why those did that refused their input."""
        there = {*self.given.layers, *layers}
        # Units are only searched for where nothing else is to be scored.
        names = [*part.after, *(["units"] if part.name == "scores" and not {"candidates", "units"} & there else [])]
        others = [other for other in PARTS if other.name in names and not other.lacks(self.given)]
        found: dict[str, Result] = {}
        refused: dict[str, Text] = {}
        for other in others:
            try:
                found[other.name] = self._run(other.name, {})
            except SettingsError:
                raise
            except InputError as error:
                # As for the command: what it would have given is missing, and that is said.
                refused[other.name] = error.message
                with self._telling() as tell:
                    tell(error.message)
        return found, refused

    def _repr_html_(self) -> str:
        """What a notebook shows: the city, the CRS, the layers with their rows, and what was noticed."""
        from jxgis.report.blocks import Sources
        from jxgis.report.page import blocks_html

        given = self.given
        table = self.layers()
        table["layer"] = [contract_of(layer, self.city).title.of(self.lang) for layer in table["layer"]]
        name = "" if self.city is None else self.city.name.of(self.lang)
        note = escape.html(given.crs_note.of(self.lang))
        shown = blocks_html(Sources(table=table, notes=given.load_notes(), in_notebook=True).blocks(self.lang))
        return f'<div class="jxgis"><h3>{escape.html(name)}</h3><p>{note}</p>{shown}</div>'


def _overridden(settings: Settings, part: Part, options: dict[str, Any]) -> Settings:
    asked = getattr(settings, part.section)
    known = asked.model_dump(by_alias=True, exclude_unset=True) | options
    return settings.model_copy(update={part.section: validated(type(asked), known, f"[{part.section}]")})
