"""What a part found: tables, notes and an account, which show, write and draw themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from jxgis import output
from jxgis.errors import InputError, MissingPackageError
from jxgis.i18n import Text, clauses, listed, text, text_pair
from jxgis.part.given import Given
from jxgis.progress import stepped

if TYPE_CHECKING:
    import folium
    import pandas as pd

    from jxgis.drawing.canvas import Canvas
    from jxgis.drawing.figures import Figure
    from jxgis.part.entry import Part
    from jxgis.report.blocks import Section

__all__ = ["Result"]

Named = TypeVar("Named")
_SOURCES = 6
"""Layers that a map for print names as its sources."""


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
        for what, name in stepped(drawings, text_pair("run.share_drawing")):
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
        from jxgis.database import publishing
        from jxgis.settings import files_read

        settings, reads = self.given.settings, files_read(self.given.settings)
        with (
            self.given.telling(),
            publishing(settings.output, self.given.progress) as publish,
            output.staged(out, command=self.part.command, reads=reads) as stage,
        ):
            self.write_command(stage)
            publish(stage)
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
                tell(text_pair("run.share_drawing"))
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
            for what, name in stepped(drawings, text_pair("run.share_drawing")):
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
