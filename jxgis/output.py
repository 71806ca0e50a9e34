"""A result folder: staged beside its place, swapped in whole, and able to say what it holds."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import math
import os
import re
import shutil
import stat
import tempfile
import time
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from jxgis import i18n
from jxgis._files import require_name
from jxgis._postgis import require_folder
from jxgis.errors import NO_ROOM, JxgisError, OutputError, os_reason
from jxgis.i18n import few
from jxgis.schema.files import RUN

if TYPE_CHECKING:
    import pandas as pd

    from jxgis.load import Loaded

__all__ = ["Stage", "json_number", "safe_names", "staged", "write_csv", "write_rejects", "write_run"]

_MARK = ".jxgis-staging"
_STALE_S = 24 * 3600
_PATHS = {"path", "outline", "issue_classes", "profile"}
# More than any library keeps back when it fails to write: what can still be written tells a full disk from a fault.
_PROBE_BYTES = 1 << 25
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
# File systems hold 255 bytes or 255 UTF-16 units; Windows all of a path in 260. UTF-8 has three bytes a Chinese sign.
_NAME_BYTES = 120
# A spreadsheet runs a cell that begins with one of these, full-width ones too, once the separators before them are gone.
_RUNS = r"^[\s\x00\ufeff]*[=+\-@＝＋－＠]|^[\t\r\n\x00]"
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?%?"
_PACKAGES = ("jxgis", "geopandas", "shapely", "pyproj", "pyogrio", "numpy", "scipy", "pandas")


@dataclass(frozen=True)
class Stage:
    """The folder that a command writes to before its result is swapped in.

    Attributes
    ----------
    folder
        The staging folder.
    command
        The command that writes, such as ``"hotspots"``.
    """

    folder: Path
    command: str

    def path(self, name: str) -> Path:
        """Where to write the file ``name`` (``"maps/hotspots.html"``); its folder is made."""
        path = self.folder / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def files(self) -> list[str]:
        """Names of all files written so far, sorted, with ``/`` between folders."""
        return _files(self.folder)


@contextlib.contextmanager
def staged(out: str | Path, *, command: str, reads: Collection[str | Path] = ()) -> Iterator[Stage]:
    """Write a result folder whole or not at all.

    Everything is written to a folder beside ``out``; when the block ends, ``out`` is renamed to ``out.old``, the new
    folder to ``out``, and ``out.old`` goes. An exception, or a kill at any moment, leaves the old result or the new
    one, whole.

    Parameters
    ----------
    out
        The result folder. It is replaced only if it is absent, empty, or holds a ``run.json`` of the same command and
        no file that it does not list.
    command
        The command's name, as ``run.json`` records it.
    reads
        Files that the command reads; none may lie in ``out``, where the new result would take it away.

    Yields
    ------
    Stage
        Write to its paths, then call :func:`write_run`.

    Raises
    ------
    OutputError
        If the folder holds somebody's files, another command's result or a file that is read, cannot be written to
        (also when the disk fills up half-way, whichever library notices), or has a file open in another program.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with staged(f"{folder}/result", command="check") as stage:
    ...         _ = stage.path("rejects/issues.csv").write_text("row")
    ...         write_run(stage, settings={}, crs=None, loaded=[])
    ...     sorted(p.name for p in Path(folder, "result").iterdir())
    ['rejects', 'run.json']
    """
    for path in (out, *reads):
        require_name(path)
    require_folder(out)
    target = _real(out)
    if not target.name:
        raise OutputError(
            zh=f"{target} 是磁盘的根目录；请用 --out 指定一个新文件夹。",
            en=f"{target} is the root of the disk; give --out a new folder.",
        )
    old = target.with_name(target.name + ".old")
    try:
        _restore(target, old)
        _check_replaceable(target, command)
        _check_way(target, old)
        _check_reads(target, reads)
        folder = _staging_folder(target)
    except OSError as error:
        raise _cannot_write(target, error) from None
    try:
        yield Stage(folder, command)
        (folder / _MARK).unlink()
        _check_replaceable(target, command)
        _swap(target, old, folder)
    except Exception as error:
        # Asked of the disk, not read from the exception: every library that writes has a type of its own for this.
        refused = None if isinstance(error, JxgisError) else _refused(error, folder)
        if refused is None:
            raise
        raise _cannot_write(target, refused) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_run(
    stage: Stage,
    *,
    settings: Mapping[str, Any],
    crs: str | None,
    loaded: Iterable[Loaded],
    **more: Any,
) -> None:
    """Write ``run.json``: what was run, on what, with which settings, and every file it wrote.

    Parameters
    ----------
    stage
        The stage; all other files are written already.
    settings
        The settings that shaped the result; paths in it are cut to their file names.
    crs
        The metric CRS, such as ``"EPSG:4549"``.
    loaded
        The layers that were read.
    **more
        Further entries, such as ``outside_area=12``.
    """
    run = {
        "command": stage.command,
        "settings": _without_folders(dict(settings)),
        "versions": {name: metadata.version(name) for name in _PACKAGES},
        "crs": crs,
        "inputs": [row for layer in loaded for row in layer.account()],
        **more,
        "outputs": sorted([*stage.files(), RUN]),
    }
    stage.path(RUN).write_text(json.dumps(run, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")


def json_number(number: float) -> float | None:
    """Six decimals, or nothing where there is no number: JSON has none for it.

    Examples
    --------
    >>> json_number(0.1234567), json_number(float("nan"))
    (0.123457, None)
    """
    return None if math.isnan(number) else round(float(number), 6)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV that Excel and WPS open without asking: UTF-8 with its mark, formulas made harmless.

    Parameters
    ----------
    table
        Any table; its index is not written. A text, or a header, that a spreadsheet would run begins with an apostrophe
        unless the whole of it is a number.
    path
        The file.
    """
    safe = table.copy()
    for column in safe.columns:
        cells = safe[column]
        if not (cells.dtype == object or cells.dtype.name in {"str", "string", "category"}):
            continue
        # A carriage return alone would end the row: the writer quotes line feeds only.
        text = cells.astype("str").str.replace(r"\r\n?", "\n", regex=True)
        runs = text.str.contains(_RUNS).fillna(False) & ~text.str.fullmatch(_NUMBER).fillna(False)
        safe[column] = text.mask(runs, "'" + text).where(cells.notna())
    safe.columns = [re.sub(f"({_RUNS})", r"'\1", str(column).replace("\r", "\n")) for column in safe.columns]
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def write_rejects(stage: Stage, loaded: Iterable[Loaded], lang: str) -> None:
    """Write ``rejects/{layer}.csv`` for each layer that has any, reasons in words.

    Parameters
    ----------
    stage
        The stage.
    loaded
        The layers that were read.
    lang
        ``"zh"`` or ``"en"``.
    """
    for layer in loaded:
        if len(layer.rejects):
            write_csv(i18n.localise_reasons(layer.rejects, lang), stage.path(f"rejects/{layer.layer}.csv"))


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """File names, without ending, that every system takes and tells apart.

    Signs that no file name may hold become ``_``; a name that Windows keeps for a device gets one before it; a long one
    is cut and gets six digits of its hash; of two that a system would not tell apart the later gets a number.

    Parameters
    ----------
    names
        What the files are called after, each once.

    Returns
    -------
    dict of str to str
        Name to file name, in the order given.

    Examples
    --------
    >>> safe_names(["市容环境", "a/b", "a?b", "CON", "A_B", ".. "])
    {'市容环境': '市容环境', 'a/b': 'a_b', 'a?b': 'a_b_2', 'CON': '_CON', 'A_B': 'A_B_3', '.. ': '_'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = (
            unicodedata.normalize("NFC", re.sub(r'[\\/:*?"<>|\x00-\x1f\x7f-\x9f\ud800-\udfff]', "_", name)).strip(". ")
            or "_"
        )
        if _RESERVED.fullmatch(plain.split(".")[0].rstrip()):
            plain = f"_{plain}"
        if len(plain.encode()) > _NAME_BYTES:
            digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
            plain = f"{plain.encode()[:_NAME_BYTES].decode(errors='ignore')}_{digest}"
        stem, number = plain, 2
        # Windows and macOS do not tell capitals apart.
        while stem.casefold() in taken:
            stem, number = f"{plain}_{number}", number + 1
        taken.add(stem.casefold())
        found[name] = stem
    return found


def _real(path: str | Path) -> Path:
    """A path without links; one of a link to itself as it stands: whoever opens it says so."""
    return Path(os.path.realpath(path))


def _files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() and path.name != _MARK
    )


def _staging_folder(target: Path) -> Path:
    prefix = f"{target.name}.new-"
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f"{glob.escape(prefix)}*"):
        marks = [mark for mark in (left / _MARK, left / "old" / _MARK) if mark.is_file()]
        if marks and time.time() - marks[0].stat().st_mtime > _STALE_S:
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    (folder / _MARK).touch()
    folder.chmod(0o777 & ~_umask())
    return folder


def _refused(error: BaseException, folder: Path) -> OSError | None:
    """What the system refused when a file was written to a folder; None where it refuses nothing."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, OSError) and (link.errno in NO_ROOM or str(folder) in str(link.filename)):
            return link
        link = link.__cause__ or link.__context__
    probe = folder / f"{_MARK}-probe"
    try:
        probe.write_bytes(bytes(_PROBE_BYTES))
    except OSError as refused:
        return refused
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    return None


def _cannot_write(target: Path, error: OSError) -> OutputError:
    reason = os_reason(error)
    return OutputError(
        zh=f"无法写入 {target}（{reason.zh}），没有写入任何内容；请检查权限和剩余空间，或用 --out 换一个文件夹。",
        en=f"Cannot write {target} ({reason.en}); nothing was written. Check permissions and free space, "
        "or choose another --out.",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _run_of(folder: Path) -> dict[str, Any] | None:
    """What the folder's run.json says, or None where it is not a result of jxgis."""
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(run, dict) or "command" not in run or not isinstance(run.get("outputs"), list):
        return None
    return run if all(isinstance(name, str) for name in run["outputs"]) else None


def _is_result(folder: Path) -> bool:
    run = _run_of(folder)
    return run is not None and set(_files(folder)) <= set(run["outputs"])


def _restore(target: Path, old: Path) -> None:
    """Finish what a killed run began: put the old result back, or drop it where the new one stands."""
    if not _is_result(old):
        return
    if not target.exists():
        old.rename(target)
    elif _is_result(target):
        _discard(old, target)


def _check_replaceable(target: Path, command: str) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(
            zh=f"{target} 是一个文件；请用 --out 指定一个文件夹。",
            en=f"{target} is a file; give --out a folder.",
        )
    files = _files(target)
    run = _run_of(target)
    if not files and not any(target.iterdir()):
        return
    if run is None:
        raise OutputError(
            zh=f"{target} 里有别的文件（如 {files[0] if files else '子文件夹'}），未写入任何内容；请用 --out 指定空文件夹或新文件夹。",
            en=f"{target} holds other files (such as {files[0] if files else 'folders'}); nothing was written. "
            "Give --out an empty or a new folder.",
        )
    if run["command"] != command:
        raise OutputError(
            zh=f"{target} 是 jxgis {run['command']} 的结果，不能被 jxgis {command} 覆盖；请用 --out 换一个文件夹。",
            en=f"{target} is a result of jxgis {run['command']}, which jxgis {command} does not replace; "
            "choose another --out.",
        )
    foreign = sorted(set(files) - set(run["outputs"]))
    if foreign:
        raise OutputError(
            zh=f"{target} 里有不是 jxgis 写的文件：{few(foreign).zh}；请先移走它们，或用 --out 换一个文件夹。",
            en=f"{target} holds files that jxgis did not write: {few(foreign).en}; move them, or choose another --out.",
        )


def _check_way(target: Path, old: Path) -> None:
    if target.exists() and old.exists():
        raise OutputError(
            zh=f"{old} 已存在，无法换入新结果；请移走它后重试。原有结果没有改动。",
            en=f"{old} is in the way of the new result; move it and try again. The old result is unchanged.",
        )


def _check_reads(target: Path, reads: Iterable[str | Path]) -> None:
    inside = next((Path(read) for read in reads if _real(read).is_relative_to(target)), None)
    if inside is not None:
        raise OutputError(
            zh=f"要读取的 {inside.name} 就在结果文件夹 {target} 里，新结果会把它换掉；请先把它复制到别处（如项目的 data 文件夹），"
            "再从那里读取。",
            en=f"{inside.name}, which is to be read, lies in the result folder {target}: the new result would take it "
            "away. Copy it elsewhere (the project's data folder) and read it from there.",
        )


def _swap(target: Path, old: Path, folder: Path) -> None:
    replaced = target.exists()
    try:
        if replaced:
            _check_way(target, old)
            target.rename(old)
        try:
            folder.rename(target)
        except OSError:
            if replaced and not target.exists():
                old.rename(target)
            raise
    except OSError as error:
        raise OutputError(
            zh=f"无法替换 {target}（{os_reason(error).zh}）；可能有文件正在别的程序（Excel、WPS、QGIS）中打开，关闭后重试。原有结果没有改动。",
            en=f"Cannot replace {target} ({os_reason(error).en}); a file may be open in another program: close it and "
            "try again. The old result is unchanged.",
        ) from None
    # Without a result to replace, what bears the name of the old one is somebody else's.
    if replaced:
        _discard(old, target)


def _discard(old: Path, target: Path) -> None:
    """Remove an old result; renamed first, so that a kill half-way leaves nothing in the way of the next run."""
    with contextlib.suppress(OSError):
        old.chmod(old.stat().st_mode | stat.S_IRWXU)
        (old / _MARK).touch()
        waste = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=target.parent))
        old.rename(waste / "old")
        shutil.rmtree(waste)


def _without_folders(value: Any) -> Any:
    """Cut every path in the settings to its file name: no output holds a path of the machine."""
    if isinstance(value, Mapping):
        return {key: _file_name(item) if key in _PATHS else _without_folders(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_folders(item) for item in value]
    if isinstance(value, Path):
        return value.name
    if isinstance(value, str) and "://" in value:
        return value.split("://")[0] + "://…"
    if isinstance(value, str) and (Path(value).is_absolute() or value[1:3] in {":\\", ":/"}):
        return _file_name(value)
    return value


def _file_name(value: Any) -> Any:
    """The last part of a path, relative ones too; an address of a database is left to `_without_folders`."""
    if not isinstance(value, str) or "://" in value:
        return _without_folders(value)
    return value.replace("\\", "/").rsplit("/", 1)[-1]
