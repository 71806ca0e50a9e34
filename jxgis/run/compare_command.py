"""`jxgis compare`: what differs between two results, and which inputs, settings or versions can have caused it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jxgis import output
from jxgis.errors import OutputError, require_lang
from jxgis.i18n import text_pair
from jxgis.run.parts import PARTS
from jxgis.schema.files import RUN

if TYPE_CHECKING:
    from jxgis.compare.result import ResultComparison
    from jxgis.part import Progress

__all__ = ["compare_results", "run_compare"]


def compare_results(
    a: str | Path, b: str | Path, *, lang: str = "zh", progress: Progress = lambda _: None
) -> ResultComparison:
    """Compare two results: of `jxgis report`, or of the command of one part.

    Parameters
    ----------
    a, b
        The result folders. Nothing in them is trusted.
    lang
        ``"zh"`` or ``"en"``.
    progress
        Called with each step.

    Returns
    -------
    ResultComparison
        Tables of what differs and of what can have caused it; it shows itself in a notebook.

    Raises
    ------
    InputError
        If a folder holds no result, or the two have nothing in common.
    """
    from jxgis.compare import compare_folders, read_folder

    require_lang(lang)
    folders = []
    for root in (a, b):
        progress(text_pair("compare.step_reading", folder=Path(root).name))
        folders.append(read_folder(root, PARTS))
    progress(text_pair("compare.step_comparing"))
    return compare_folders(folders[0], folders[1], PARTS, lang=lang)


def run_compare(
    a: str | Path, b: str | Path, out: str | Path, *, lang: str = "zh", progress: Progress = lambda _: None
) -> ResultComparison:
    """`jxgis compare`: compare two results, and write what differs as a page and as tables.

    Parameters
    ----------
    a, b, lang, progress
        As for :func:`compare_results`.
    out
        The result folder: ``compare.html``, ``compare.xlsx``, ``compare.json``, the maps that differ and ``run.json``.

    Returns
    -------
    ResultComparison

    Raises
    ------
    JxgisError
        If the two cannot be compared, or the folder cannot be written or lies in one of them; nothing is changed then.
    """
    from jxgis.compare import write_page

    _refuse_within(out, (a, b))
    with output.staged(out, command="compare", reads=[Path(root) / RUN for root in (a, b)]) as stage:
        found = compare_results(a, b, lang=lang, progress=progress)
        progress(text_pair("run.step_writing"))
        found.write_tables(stage)
        write_page(found, stage)
        compared = [{"folder": folder.name, "command": folder.run["command"]} for folder in (found.a, found.b)]
        output.write_run(stage, settings={"lang": lang}, crs=found.a.crs, loaded=[], compared=compared)
    return found


def _refuse_within(out: str | Path, roots: tuple[str | Path, ...]) -> None:
    """Refuse a result folder inside of one that is compared: what lies in a result that it does not name is somebody else's."""
    around = next((root for root in roots if Path(root).resolve() in Path(out).resolve().parents), None)
    if around is not None:
        raise OutputError(
            zh=f"--out {out} 在要比较的结果 {around} 里面，会改动它；请用 --out 换一个文件夹。",
            en=f"--out {out} lies in {around}, which is compared and would be changed; choose another --out.",
        )
