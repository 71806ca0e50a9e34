"""What a part is in the list of parts: the layers it reads, the options of its command, the analysis that it runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from jxgis.i18n import Text
    from jxgis.part.given import Given
    from jxgis.part.result import Result
    from jxgis.settings import Settings

__all__ = ["Option", "Part"]


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
    settings_key
        Its folder, and its own section of the settings.
    settings
        The sections of the settings that shape it.
    after
        Parts whose results it uses where there are any.
    spares
        Which of these it does without, by the settings: its command does not run them.
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
    spares: Callable[[Settings], Collection[str]] = field(default_factory=lambda: lambda _: ())
    knows: Callable[[Given], bool] = field(default_factory=lambda: lambda _: False)
    less_before: Mapping[str, Any] = field(default_factory=dict)

    def analyse(self, given: Given) -> Result:
        """Run it; a `NotGivenError` says that it has nothing to work on, though its layers are there."""
        return cast("Result", import_module(f"jxgis.{self.settings_key}.analysis").analyse(given))

    def layers_for(self, settings: Settings, *, alone: bool = False) -> tuple[str, ...]:
        """The layers that it can use by the settings, in a report, or ``alone``: by its command."""
        beside = () if alone or self.beside is None else (self.beside,)
        levels = settings.report.levels if self.by_level else ()
        return tuple(dict.fromkeys((*self.reads, *beside, *levels, *self.also_reads(settings))))

    @property
    def layer_options(self) -> dict[str, str]:
        """The options that give layers, by layer."""
        return {
            key.removeprefix("inputs."): name
            for name, (key, *_) in self.options.items()
            if key.startswith("inputs.") and key.count(".") == 1
        }

    def lacks(self, there: Collection[str], *, alone: bool = False) -> list[str]:
        """The layers that it needs and that are not there, nor what stands in for them; ``alone``: by its command."""
        instead = {"districts": "subdistricts"} | ({} if alone else dict(self.instead))
        return [layer for layer in self.needs if layer not in there and instead.get(layer) not in there]
