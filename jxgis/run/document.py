"""The report as a document: the text that the settings name, filled in with what was found, as .docx and .pdf."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jxgis._files import require_name, require_ordinary
from jxgis.errors import InputError, os_reason
from jxgis.i18n import Text, text_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jxgis.output import Stage
    from jxgis.parks.result import ParksResult
    from jxgis.part import Given, Result
    from jxgis.report.document.wording import Line, Told
    from jxgis.settings import Settings

__all__ = ["template_account", "unverified", "wording_of", "write_document"]

#: No text of a report is longer, bytes.
_MOST = 1 << 20


def wording_of(settings: Settings, lang: str) -> list[Line]:
    """The text of the document: the project's own, else that which comes with jxgis.

    Raises
    ------
    InputError
        If the file cannot be read, or a line of it cannot be used.
    """
    from jxgis.load.readers import decode
    from jxgis.report.document.wording import read_wording, shipped_wording

    if settings.report.template is None:
        return read_wording(shipped_wording(lang), "")
    path = Path(settings.report.template)
    return read_wording(decode(_content(path), encoding=None, what=path.name), path.name)


def template_account(settings: Settings) -> dict[str, Any]:
    """What ``run.json`` says of the project's own text."""
    if settings.report.template is None:
        return {}
    path = Path(settings.report.template)
    return {"template": {"name": path.name, "sha256": hashlib.sha256(_content(path)).hexdigest()}}


def _content(path: Path) -> bytes:
    require_name(path)
    require_ordinary(path)
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
    except OSError as error:
        reason = os_reason(error)
        raise InputError(
            zh=f"无法读取报告模板 {path}（{reason.zh}）；请检查 [report] template。",
            en=f"Cannot read the report's template {path} ({reason.en}); see [report] template.",
        ) from None
    if len(content) > _MOST:
        raise InputError(
            zh=f"报告模板 {path} 超过 1 MB，不像是文字模板；请检查 [report] template。",
            en=f"The report's template {path} has more than 1 MB, which no text has; see [report] template.",
        )
    return content


def unverified(results: dict[str, Result], lang: str) -> list[str]:
    """What is said of standards whose clause nobody has held in hand."""
    if "parks" not in results:
        return []
    standard = cast("ParksResult", results["parks"]).standard
    said = text_pair("document.unverified", name=standard.title, source=standard.source)
    return [] if standard.verified else [said.of(lang)]


def write_document(stage: Stage, lines: Sequence[Line], told: Told, given: Given) -> None:
    """``report.docx`` and ``report.pdf``; what a text of one's own asks for and was not found is said."""
    from jxgis.report.document.fields import near_key
    from jxgis.report.document.model import Document
    from jxgis.report.document.pdf import write_pdf
    from jxgis.report.document.word import write_docx
    from jxgis.report.document.wording import composed

    items, missing = composed(lines, told)
    document = Document(
        title=told.own["title"], subtitle=given.period(), items=items, lang=told.lang, sketch=given.sketch
    )
    write_docx(document, stage.path("report.docx"))
    write_pdf(document, stage.path("report.pdf"))
    if given.settings.report.template is not None:
        for line, field in missing:
            # What is said of a part that is not there at all is enough.
            if (said := told.section(field.partition(".")[0])) is not None:
                hint = near_key(said, field)
                given.progress(Text(*text_pair("document.left_out", line=line.number, field=field, hint=hint)))
