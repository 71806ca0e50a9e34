"""compare.html: first in words what changed and why, then the tables, then the maps of both side by side."""

from __future__ import annotations

import filecmp
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from jxgis._files import reading
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.figures import screen_png
from jxgis.drawing.offline import save_map
from jxgis.errors import InputError
from jxgis.i18n import Text, listed, text
from jxgis.report.page import FileLink, template
from jxgis.units.change_map import change_map

if TYPE_CHECKING:
    from pathlib import Path

    from jxgis.compare.result import ResultComparison
    from jxgis.output import Stage

__all__ = ["write_page"]

_PICTURE = Text(zh="不是可读的图片。", en="is not a picture that can be read.")


class _Pair(NamedTuple):
    """A map of both results: pictures for the page and for paper, and pages to move."""

    title: str
    pictures: list[tuple[str, bytes]]
    pages: list[tuple[str, str]]


def write_page(compared: ResultComparison, stage: Stage) -> None:
    """Write ``compare.html``, and the maps that it opens: those of the two results that differ.

    Parameters
    ----------
    compared
        What differs.
    stage
        Where it is written; the tables are there already.
    """
    lang = compared.lang
    maps, same = _maps(compared, stage)
    files = [FileLink(f"compare.{ending}", text(f"compare.file_{ending}", lang)) for ending in ("xlsx", "json")]
    if compared.plans is not None and len(compared.plans.moved):
        plans = compared.plans
        page = change_map(plans.units, plans.moved, plans.borders, canvas=Canvas(lang=lang))
        save_map(page, stage.path("maps/units_change.html"))
        files.insert(0, FileLink("maps/units_change.html", text("compare.units_map", lang)))
    html = template("compare.html").render(
        title=text("compare.title", lang),
        subtitle=text("compare.subtitle", lang, **compared.names),
        notes=compared.notes,
        sentences=compared.sentences(),
        first=compared.keys(),
        sections=compared.sections(),
        maps=maps,
        same=listed(same, lang) if same else "",
        files=files,
        lang=lang,
    )
    stage.path("compare.html").write_text(html, encoding="utf-8", newline="\n")


def _maps(compared: ResultComparison, stage: Stage) -> tuple[list[_Pair], list[str]]:
    """The maps of parts that differ, copied beside the page, and the titles of those that are the same."""
    lang, both = compared.lang, {"A": compared.a, "B": compared.b}
    pages = {of: folder.files("maps", ".html") for of, folder in both.items()}
    figures = {of: folder.files("figures", ".png") for of, folder in both.items()}
    found, same = [], []
    for name in [name for name in pages["A"] if name in pages["B"]]:
        title = _title(name, lang)
        alike = not any(name == part or name.startswith(f"{part}_") for part in compared.differing())
        if alike or filecmp.cmp(pages["A"][name], pages["B"][name], shallow=False):
            same.append(title)
            continue
        for of, there in pages.items():
            shutil.copyfile(there[name], stage.path(f"maps/{of.lower()}_{name}.html"))
        said = {of: text("compare.map_of", lang, of=of, map=title) for of in both}
        pictures = [
            (said[of], picture)
            for of, there in figures.items()
            if (picture := _picture(there.get(f"{name}_map"))) is not None
        ]
        moved = [(said[of], f"maps/{of.lower()}_{name}.html") for of in both]
        found.append(_Pair(title, pictures if len(pictures) == len(both) else [], moved))
    return found, same


def _title(name: str, lang: str) -> str:
    """What a map is called; its own name where it is of another version."""
    with suppress(KeyError):
        return text(f"run.map_{name}", lang)
    return name


def _picture(path: Path | None) -> bytes | None:
    if path is None:
        return None
    with suppress(InputError), reading(path.name, _PICTURE):
        return screen_png(path, width_px=800)
    return None
