"""`jxgis verify`: the inputs by their hash, the same command once more, and every value of the two results side by side."""

from __future__ import annotations

import json
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis._files import split_layer
from jxgis.errors import InputError, SettingsError
from jxgis.i18n import Text, listed, text_pair
from jxgis.run.check_command import run_check
from jxgis.run.commands import run_demo, run_part, run_report
from jxgis.run.count_command import run_count
from jxgis.run.document import template_account
from jxgis.run.inputs import city_of
from jxgis.run.parts import PARTS
from jxgis.schema.files import RUN
from jxgis.settings import OutputSettings, make_settings
from jxgis.verify.compared import Compared, Difference, compare_files
from jxgis.verify.recorded import flat, recorded

if TYPE_CHECKING:
    from jxgis.part import Progress
    from jxgis.settings import Settings

__all__ = ["Verified", "run_verify"]

#: What run.json is not believed: where files lie, what is asked of a database, and which grids a CRS sends PROJ to.
_OF_FILES = {"path", "query", "table", "outline", "issue_classes", "profile", "template", "file"}
#: What is nobody else's to know.
_SECRET = {"report": {"tianditu_key"}}
#: Of a store the last run names its own files; all that are counted stand among the inputs.
_OF_LAST_RUN = ("settings.inputs.issues.path", "settings.inputs.issues.query")
_PLAIN_CRS = re.compile(r"(?i)(?:EPSG:\d{4,6}|GCJ-?02|BD-?09|WGS-?84)")


@dataclass
class Verified:
    """What became of a verification.

    Attributes
    ----------
    lines
        What is said, in the order in which it is said.
    equal
        Whether everything was made again and is the same.
    files, numbers
        How many were made again.
    differences
        Those that are named.
    """

    lines: list[Text] = field(default_factory=list)
    equal: bool = False
    files: int = 0
    numbers: int = 0
    differences: list[Difference] = field(default_factory=list)


def run_verify(
    folder: str | Path, settings: Settings, *, has_project: bool, progress: Progress = lambda _: None
) -> Verified:
    """Make a result again, and compare it with what lies in a folder.

    Parameters
    ----------
    folder
        The result. Nothing in it is trusted: links are not followed, no path that it names is opened.
    settings
        Where the inputs lie: a project's, or those of the command line. What ``run.json`` records beside files goes before.
    has_project
        Whether the settings come from a project.
    progress
        Called with each step.

    Returns
    -------
    Verified

    Raises
    ------
    InputError
        If the folder holds no result that can be made again, or an input is not given.
    """
    root = Path(folder)
    run = recorded(root, known=("demo", "report", "check", "count", *(part.command for part in PARTS)))
    command, lang = run["command"], run["settings"].get("lang", "zh")
    found = Verified()
    asked = settings if command == "demo" else _recorded(run, settings, found)
    if command != "demo":
        found.differences = list(_of_inputs(run, asked))
        if found.differences:
            found.lines += [*(each.line() for each in found.differences), text_pair("verify.inputs_differ")]
            return found
    progress(text_pair("verify.step"))
    with tempfile.TemporaryDirectory(prefix="jxgis-verify-") as place:
        again = Path(place) / "result"
        _run_again(
            command,
            run,
            asked.model_copy(update={"output": OutputSettings()}),
            again,
            has_project=has_project,
            lang=lang,
            progress=progress,
        )
        progress(text_pair("verify.step_comparing"))
        _compare(root, again, found, ("versions.", *(_OF_LAST_RUN if command == "count" else ())))
        found.lines = [*_versions(run, again), *found.lines]
    return found


def _recorded(run: Mapping[str, Any], given: Settings, found: Verified) -> Settings:
    """The settings that run.json records, with the files of those that are given."""
    base = given.model_dump(by_alias=True, exclude_unset=True)
    whole = given.model_dump(by_alias=True, exclude_none=True, exclude=_SECRET)
    said = run["settings"]
    inputs = said.get("inputs")
    lacking = [name for name in inputs if name not in whole.get("inputs", {})] if isinstance(inputs, dict) else []
    if lacking:
        # A project names more layers than a command reads: those that were read are what is missing first.
        read = {row["layer"] for row in run["inputs"]}
        keys = [f"inputs.{name}.path" for name in [name for name in lacking if name in read] or lacking]
        raise InputError(
            zh=f"结果用到的图层没有给出文件：{listed(keys, 'zh')}；请用 --project 给出项目，或用 --set 给出文件。",
            en=f"No file is given for layers that the result was made of: {listed(keys, 'en')}; give its --project, or files by --set.",
        )
    asked = dict(base)
    for section, options in said.items():
        if isinstance(options, dict) and section in whole:
            asked[section] = _laid_over(options, whole[section])
    if asked.get("report", {}).get("basemap") == "tianditu":
        # Nobody who checks a result has another's key; it is not a value of it.
        asked["report"] |= {"tianditu_key": "—"}
    try:
        made = make_settings(asked, RUN)
    except SettingsError as error:
        raise InputError(
            zh=f"run.json 记录的设置不能用：{error.message.zh}",
            en=f"The settings in run.json cannot be used: {error.message.en}",
        ) from None
    now = dict(flat(made.model_dump(by_alias=True, exclude_none=True, exclude=_SECRET)))
    for key, value in flat(whole):
        if key in now and now[key] != value:
            found.lines.append(text_pair("verify.setting", key=key, was=str(now[key]), now=str(value)))
    return made


def _laid_over(said: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """What is recorded, but for what says where files lie: that is the project's."""
    own = given if isinstance(given, Mapping) else {}
    made: dict[str, Any] = {key: value for key, value in own.items() if key in _OF_FILES}
    for key, value in said.items():
        if key in _OF_FILES:
            continue
        if key == "crs" and not (isinstance(value, str) and _PLAIN_CRS.fullmatch(value)):
            made[key] = own.get(key)
        elif isinstance(value, Mapping):
            made[key] = _laid_over(value, own.get(key))
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            # Ways of measuring may name rasters: they stand as the project has them.
            made[key] = own.get(key)
        else:
            made[key] = value
    return {key: value for key, value in made.items() if value is not None}


def _of_inputs(run: Mapping[str, Any], settings: Settings) -> Iterator[Difference]:
    """Files that are not those that the result was made of, by their hash."""
    from jxgis.load.readers import file_hash, find_files

    for row in run["inputs"]:
        own = getattr(settings.inputs, row["layer"], None)
        if own is None or "://" in own.path:
            continue
        name = row["name"].split("/", 1)[0]
        path = next((path for path in find_files(split_layer(own.path)[0]) if path.name == name), None)
        is_now = None if path is None or not path.is_file() else file_hash(path)
        if path is not None and path.is_dir():
            continue  # a geodatabase is a folder: its rows are compared
        if is_now != row["sha256"]:
            yield _input(f"inputs.{row['layer']}", name, row["sha256"], is_now)
    city = city_of(settings, has_project=True) if run.get("city_files") else None
    for row in run.get("city_files", []):
        files = [path for path in (city.files if city else ()) if path.name == row["name"] and path.exists()]
        hashes = [file_hash(path) for path in files]
        if row["sha256"] not in hashes:
            yield _input("city", row["name"], row["sha256"], next(iter(hashes), None))
    own_text = run.get("template")
    if isinstance(own_text, dict):
        now = template_account(settings).get("template", {})
        if now.get("sha256") != own_text.get("sha256"):
            yield _input("report.template", str(own_text.get("name")), str(own_text.get("sha256")), now.get("sha256"))


def _input(place: str, name: str, was: str, now: str | None) -> Difference:
    words = text_pair("verify.not_there") if now is None else Text(f"sha256 {now[:12]}…", f"sha256 {now[:12]}…")
    was_words = f"sha256 {was[:12]}…"
    return Difference(name, place, "", "", Text(was_words, was_words), words)


def _run_again(
    command: str,
    run: Mapping[str, Any],
    settings: Settings,
    out: Path,
    *,
    has_project: bool,
    lang: str,
    progress: Progress,
) -> None:
    if command == "demo":
        run_demo(out, lang=lang, progress=progress)
    elif command == "report":
        run_report(settings, out, lang=lang, progress=progress)
    elif command == "check":
        layers = list(dict.fromkeys(row["layer"] for row in run["inputs"]))
        run_check(layers[0] if layers else "", settings, out=out, has_project=has_project, lang=lang)
    elif command == "count":
        run_count(settings, out, has_project=has_project, lang=lang, progress=progress)
    else:
        run_part(command, settings, out, has_project=has_project, lang=lang, progress=progress)


def _compare(root: Path, again: Path, found: Verified, ignored: Sequence[str]) -> None:
    there, odd = _files(root)
    made, _ = _files(again)
    for name in odd:
        words = text_pair("verify.not_there" if name not in made else "verify.made_again")
        found.differences.append(Difference(name, "", "", "", text_pair("verify.no_file"), words))
    for name in sorted({*there, *made} - {*odd}):
        if name in there and name in made:
            one = compare_files(root / name, again / name, name, ignored=ignored if name == RUN else ())
        else:
            was, now = (text_pair("verify.there" if name in of else "verify.not_there") for of in (there, made))
            one = Compared(0, 1, [Difference(name, "", "", "", was, now)])
        found.files += name in made
        found.numbers += one.numbers
        found.differences += one.differences
        found.lines += [each.line() for each in one.differences]
        if more := one.differing - len(one.differences):
            found.lines.append(text_pair("verify.not_counted", file=name, n=f"{more:,}"))
    found.lines = [*(each.line() for each in found.differences if each.file in odd), *found.lines]
    found.equal = not found.differences
    counted = {"files": f"{found.files:,}", "numbers": f"{found.numbers:,}", "differing": f"{len(found.differences):,}"}
    if found.equal:
        del counted["differing"]
    found.lines.append(text_pair("verify.all_equal" if found.equal else "verify.some_differ", **counted))


def _files(root: Path) -> tuple[list[str], list[str]]:
    """The ordinary files of a folder by name, and what else lies there; no link is followed."""
    plain: list[str] = []
    odd: list[str] = []
    folders = [root]
    while folders:
        for path in folders.pop().iterdir():
            kind = path.lstat().st_mode
            if stat.S_ISDIR(kind):
                folders.append(path)
            else:
                (plain if stat.S_ISREG(kind) else odd).append(path.relative_to(root).as_posix())
    return sorted(plain), sorted(odd)


def _versions(run: Mapping[str, Any], again: Path) -> list[Text]:
    """Which packages are of other releases than those that made the result."""
    was = run.get("versions")
    now = json.loads((again / RUN).read_text(encoding="utf-8"))["versions"]
    return [
        text_pair("verify.version", name=name, was=str(was.get(name))[:40], now=version)
        for name, version in now.items()
        if isinstance(was, dict) and was.get(name) != version
    ]
