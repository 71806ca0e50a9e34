"""`jxgis init`: a project folder to fill in."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from jxgis.errors import OutputError, os_reason, require_lang
from jxgis.report.document.wording import shipped_wording
from jxgis.run.template import template

__all__ = ["init_project"]

#: What `[report] template` names once it is edited.
_WORDING = "report.txt"
_FOLDERS = ("data/boundaries", "data/issues", "data/layers")


def init_project(folder: str | Path, *, lang: str = "zh") -> Path:
    """Make a project: a commented jxgis.toml, the text of the report to be edited, and empty data folders.

    Parameters
    ----------
    folder
        The folder; it may exist, but must not hold a jxgis.toml.
    lang
        Language of the comments, ``"zh"`` or ``"en"``.

    Returns
    -------
    pathlib.Path
        The settings file.

    Raises
    ------
    OutputError
        If no folder is named, there is a jxgis.toml already, or the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     init_project(f"{folder}/city").name
    'jxgis.toml'
    """
    require_lang(lang)
    if not str(folder).strip():
        raise OutputError(
            zh="没有写项目文件夹的名称；请写一个，如 jxgis init 嘉兴。",
            en="The project's folder has no name; give one, such as jxgis init jiaxing.",
        )
    path = Path(folder) / "jxgis.toml"
    # The innermost first.
    wording = path.with_name(_WORDING)
    made = [path, wording, *(path.parent / name for name in reversed(_FOLDERS)), path.parent / "data", *path.parents]
    made = [place for place in made if not os.path.lexists(place)]
    try:
        for name in _FOLDERS:
            (path.parent / name).mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(template(lang))
        if not os.path.lexists(wording):
            wording.write_text(shipped_wording(lang), encoding="utf-8-sig")
    except FileExistsError:
        raise OutputError(
            zh=f"{path} 已经存在，没有改动；请换一个文件夹，或直接编辑它。",
            en=f"{path} exists already and was not changed; choose another folder, or edit it.",
        ) from None
    except OSError as error:
        # Half a project would be in the way of the next try.
        for place in made:
            with contextlib.suppress(OSError):
                place.unlink() if place in (path, wording) else place.rmdir()
        raise OutputError(
            zh=f"无法在 {path.parent} 中写入（{os_reason(error).zh}）；请检查权限，或换一个文件夹。",
            en=f"Cannot write in {path.parent} ({os_reason(error).en}); check its permissions or choose another folder.",
        ) from None
    return path
