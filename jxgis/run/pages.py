"""The report's page and workbook: what every part says, and what the report was made from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jxgis import __version__
from jxgis.city import contract_of
from jxgis.i18n import text
from jxgis.report.blocks import Absent, Picture, Section, Sources
from jxgis.run.document import unverified, wording_of, write_document
from jxgis.run.overview import overview
from jxgis.run.parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jxgis.i18n import Text
    from jxgis.output import Stage
    from jxgis.part import Given
    from jxgis.report.page import FileLink
    from jxgis.run.found import Found

__all__ = ["sources_of", "write_report"]

_DOCUMENTS = ("report.docx", "report.pdf")
#: Folders whose files are on the page.
_SHOWN = ("figures/", "maps/")


def write_report(found: Found, lines: Sequence[Text], stage: Stage, given: Given) -> None:
    """``report.xlsx``, ``report.docx``, ``report.pdf`` and ``index.html``; ``lines`` stand among the workbook's notes."""
    from jxgis.report.document.wording import Told
    from jxgis.report.page import report_page
    from jxgis.report.workbook import report_workbook

    lang, asked = given.lang, given.settings.report
    parts = _parts(found, lang)
    said = [line for part in parts if isinstance(part, Section) for line in part.lines]
    title = asked.title or text("run.report_title", lang, city=_city_name(given))
    sources = _sources(found, given)
    report_workbook(
        stage.path("report.xlsx"),
        parts,
        title=title,
        sources=sources,
        lines=[*given.notes(), *said, *(line.of(lang) for line in lines)],
        lang=lang,
        sketch=given.sketch,
    )
    figures = _figures(found, stage, lang)
    told = Told(
        parts=parts,
        own={"title": title, "city": _city_name(given), "period": given.period(), "version": __version__},
        sources=sources,
        figures=figures,
        warnings=unverified(found.results, lang),
        lang=lang,
    )
    write_document(stage, wording_of(given.settings, lang), told, given)
    maps = _maps(found, lang)
    page = report_page(
        parts,
        overview=overview(found.results, given),
        title=title,
        subtitle=given.period(),
        sources=sources,
        maps=maps,
        figures=figures,
        files=_files(stage, maps, lang),
        lang=lang,
        sketch=given.sketch,
    )
    stage.path("index.html").write_text(page, encoding="utf-8", newline="\n")


def _figures(found: Found, stage: Stage, lang: str) -> list[Picture]:
    from jxgis.drawing.figures import screen_png

    return [
        Picture(part, path, text(f"run.figure_{path.stem}", lang), screen_png(path))
        for part, result in found.results.items()
        for path in (stage.path(f"figures/{name}.png") for name in result.draws("figure"))
    ]


def _maps(found: Found, lang: str) -> list[FileLink]:
    from jxgis.report.page import FileLink

    return [
        FileLink(f"maps/{name}.html", text(f"run.map_{name}", lang))
        for result in found.results.values()
        for name in result.draws("map")
    ]


def _files(stage: Stage, maps: Sequence[FileLink], lang: str) -> list[FileLink]:
    """What the page lists: files and folders beside it, and the maps that no part is named after."""
    from jxgis.report.page import FileLink

    own = {f"maps/{part.name}.html" for part in PARTS}
    names = dict.fromkeys(re.sub("/.*", "/", name) for name in stage.files())
    beside = [FileLink(name, _label(name, lang)) for name in names if name not in _SHOWN]
    return [*beside, *(link for link in maps if link.path not in own)]


def _parts(found: Found, lang: str) -> list[Section | Absent]:
    """What every part says, or why it is not there."""
    refused = dict(found.refused)
    said: list[Section | Absent] = []
    for part in PARTS:
        section = found.results[part.name].section() if part.name in found.results else None
        if section is not None and section.blocks:
            said.append(section)
            continue
        why = refused.get(part.name) or found.missing.get(part.name)
        said.append(Absent(part.name, "" if why is None else why.of(lang), part.name in refused))
    return said


def _sources(found: Found, given: Given) -> Sources:
    accounts = [result.account() for result in found.results.values()]
    outside = next((account["outside_area"] for account in accounts if "outside_area" in account), None)
    return sources_of(given, outside_area=outside)


def sources_of(given: Given, **more: Any) -> Sources:
    """The files that were read, layers by their titles; ``more`` of `report.blocks.Sources`."""
    import pandas as pd

    rows = [
        row | {"layer": contract_of(name, given.city).title.of(given.lang)}
        for name, layer in given.loaded.items()
        for row in layer.account()
    ]
    return Sources(table=pd.DataFrame(rows), notes=given.load_notes(), **more)


def _city_name(given: Given) -> str:
    return "" if given.city is None else given.city.name.of(given.lang)


def _label(name: str, lang: str) -> str:
    stem, _, ending = name.removesuffix("/").partition(".")
    key = f"run.file_{ending if name in _DOCUMENTS else stem}"
    try:
        words = text(key, lang)
    except KeyError:
        # A part may come to write a file that nobody has described yet: its name is better than no report.
        return name
    return f"{name} · {words}"
