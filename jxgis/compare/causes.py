"""What two runs differ in, inputs, settings and versions, and which parts that can have reached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from jxgis.city import contract_of, load_city
from jxgis.errors import InputError, JxgisError, SettingsError
from jxgis.i18n import listed, text, typed
from jxgis.schema.files import RUN
from jxgis.settings import Settings, about, make_settings, option_at
from jxgis.verify.recorded import flat

if TYPE_CHECKING:
    from jxgis.city import City
    from jxgis.compare.folder import Folder
    from jxgis.part import Part

__all__ = [
    "Causes",
    "changed_inputs",
    "changed_settings",
    "changed_versions",
    "option_title",
    "reached",
    "sections_alone",
]

_ROWS = ("rows_in", "rows_kept", "rows_rejected", "rows_left_out")
#: Settings that say how a result is shown, not what it finds; of the report those of `_FINDS` do.
_SHOWN = ("lang", "report.")
_FINDS = "report.levels"
#: No file has more rows; a number beyond is none.
_MOST_COUNTED = 1 << 53
#: The files of the city stand among the layers under the name of their section in the settings.
_CITY = "city"
#: Those that run.json of early releases only names: whether they are others it does not say.
_NAMED = ("profile", "outline", "issue_classes")
#: What a profile that comes with jxgis may be called.
_SHIPPED = re.compile(r"[a-z0-9_-]+")

#: Where the first clause of what is said of an option ends, and how long it may be: Chinese, English.
_CLAUSE_ENDS = re.compile("[；。]|[;.] ")
_SHORT = (24, 48)


class Causes(NamedTuple):
    """What can have made a part find something else: layers of other content by their titles, settings by their keys, and whether versions differ."""

    inputs: tuple[str, ...]
    settings: tuple[str, ...]
    version: bool

    @property
    def code(self) -> str:
        """``inputs``, ``settings``, ``version``, ``several`` of these, or ``none``."""
        kinds = [kind for kind, there in zip(self._fields, self, strict=True) if there]
        return "none" if not kinds else kinds[0] if len(kinds) == 1 else "several"

    def words(self, lang: str) -> str:
        """Which they are."""
        settings = [option_title(key, lang) for key in self.settings]
        return listed([*self.inputs, *settings, *([text("compare.version", lang)] if self.version else [])], lang)


def option_title(key: str, lang: str) -> str:
    """An option in a few words: the first clause of what is said of it; its key where that is long or nothing is said.

    Examples
    --------
    >>> option_title("units.target_km2", "zh"), option_title("allocate.number.2025", "zh"), option_title("old.one", "zh")
    ('目标面积，平方公里', '某年正好几个（2025）', 'old.one')
    """
    said, (parent, _, entry) = _about(key, lang), key.rpartition(".")
    if not said and (said := _about(parent, lang)):
        return _first_clause(said, parent) + text("compare.said_of", lang, of=entry)
    return _first_clause(said, key)


def _first_clause(said: str, key: str) -> str:
    first = _CLAUSE_ENDS.split(said)[0]
    return first if 0 < len(first) <= _SHORT[first.isascii()] else key


def changed_inputs(a: Folder, b: Folder, lang: str) -> pd.DataFrame:
    """The files that one run read and the other did not, by their hash: the table ``compare.inputs``.

    A file that has only another name is not another file. Of cases no numbers of rows stand there that differ by as few as are
    hidden.
    """
    rows: list[dict[str, Any]] = []
    mine, theirs = ([dict(row) for row in folder.run["inputs"]] for folder in (a, b))
    if _recorded((a, b)):
        mine, theirs = (
            rows + [{"layer": _CITY, **row} for row in folder.run["city_files"]]
            for rows, folder in ((mine, a), (theirs, b))
        )
    for same in (("layer", "sha256"), ("layer", "name"), ("layer",)):
        for row in [*mine]:
            key = [row[name] for name in same]
            other = next((each for each in theirs if [each[name] for name in same] == key), None)
            if other is not None:
                mine.remove(row)
                theirs.remove(other)
                if row["sha256"] != other["sha256"]:
                    rows.append(_input(row, other))
    rows += [_input(row, None) for row in mine] + [_input(None, row) for row in theirs]
    _hide_few([row for row in rows if row["layer"] == "issues"], max(a.min_count, b.min_count))
    columns = ["layer", "title", "state", "name_a", "name_b", *(f"{name}_{of}" for name in _ROWS for of in "ab")]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(title=[_title(layer, (b, a), lang) for layer in found["layer"]]).sort_values(
        ["layer", "name_a", "name_b"], ignore_index=True
    )


def _input(a: dict[str, Any] | None, b: dict[str, Any] | None) -> dict[str, Any]:
    state = "new" if a is None else "gone" if b is None else "other"
    row = {"layer": (a or b or {})["layer"], "state": state}
    for of, said in (("a", a), ("b", b)):
        numbers = {name: said.get(name) if said else None for name in _ROWS}
        row |= {f"name_{of}": said["name"] if said else None}
        row |= {
            f"{name}_{of}": value if type(value) is int and 0 <= value <= _MOST_COUNTED else None
            for name, value in numbers.items()
        }
    return row


def _hide_few(rows: Sequence[dict[str, Any]], min_count: int) -> None:
    """Leave out, in place, the numbers of rows of files of cases where any is more or less by few.

    Of several files that differ none stands there: together they may hold a few more or fewer, as a file that was split.
    """
    pairs = [{name: (row[f"{name}_a"] or 0, row[f"{name}_b"] or 0) for name in _ROWS} for row in rows]
    few = any(0 < abs(one - other) < min_count for numbers in pairs for one, other in numbers.values())
    for row, numbers in zip(rows, pairs, strict=True):
        for name, (one, other) in numbers.items():
            if len(rows) > 1 or (few and one != other):
                row.update({f"{name}_a": None, f"{name}_b": None})


def changed_settings(a: Folder, b: Folder, lang: str, alone: frozenset[str] = frozenset()) -> pd.DataFrame:
    """The settings that differ, but for names of files: the table ``compare.settings``.

    Of sections that only parts of one of the two read (``alone``) nothing is said where the other run does not record them: it
    did not leave them unset, it had no use for them.
    """
    held = [folder.run["settings"] for folder in (a, b)]
    mine, theirs = (dict(_settings(folder)) for folder in (a, b))
    there = [{row["layer"] for row in folder.run["inputs"]} for folder in (a, b)]
    rows = []
    for key in dict.fromkeys((*mine, *theirs)):
        section, _, rest = key.partition(".")
        if section == "inputs" and not all(rest.partition(".")[0] in of for of in there):
            continue  # a layer that one of them did not read: that is said of the inputs
        if section in alone and not all(section in of for of in held):
            continue
        was, now = mine.get(key), theirs.get(key)
        if was != now:
            rows.append((key, _about(key, lang), _said(was, lang), _said(now, lang)))
    return pd.DataFrame(rows, columns=["key", "title", "a", "b"])


def sections_alone(both: Sequence[str], parts: Sequence[Part]) -> frozenset[str]:
    """The sections of the settings that no part of both results reads, nor one whose result it may use."""
    read = {
        section
        for part in parts
        if part.name in both
        for each in _with_those_before(part, parts, set(), None)
        for section in each.settings
    }
    return frozenset({section for part in parts for section in part.settings} - read - {"report"})


def _settings(folder: Folder) -> Iterator[tuple[str, Any]]:
    yield from ((key, value) for key, value in flat(folder.run["settings"]) if not key.endswith(".path"))
    yield "crs", folder.run.get("crs")


def _said(value: Any, lang: str) -> str | None:
    if isinstance(value, list):
        return listed(value, lang) if value else None
    if isinstance(value, bool):
        return text("report.yes" if value else "report.no", lang)
    return None if value is None else typed(value)


def _about(key: str, lang: str) -> str:
    """What is said of an option; nothing of one that there is no more."""
    if key == "crs":
        return text("compare.crs", lang)
    try:
        model, name = option_at(key)
        return about(model, name).of(lang)
    except (StopIteration, KeyError, AttributeError, TypeError):
        return ""


def changed_versions(a: Folder, b: Folder) -> pd.DataFrame:
    """The packages of other releases: the table ``compare.versions``."""
    mine, theirs = (folder.run.get("versions") for folder in (a, b))
    mine, theirs = (said if isinstance(said, dict) else {} for said in (mine, theirs))
    rows = [
        (name, *(None if of.get(name) is None else str(of[name])[:40] for of in (mine, theirs)))
        for name in dict.fromkeys((*mine, *theirs))
        if mine.get(name) != theirs.get(name)
    ]
    return pd.DataFrame(rows, columns=["package", "a", "b"])


def reached(
    names: Sequence[str],
    parts: Sequence[Part],
    folders: Sequence[Folder],
    inputs: pd.DataFrame,
    settings: pd.DataFrame,
    versions: pd.DataFrame,
    lang: str,
) -> dict[str, Causes]:
    """Which of the differences a part can have read, by what it declares: itself, or a part whose result it uses.

    Parameters
    ----------
    names
        The parts that are asked for.
    parts
        All of them.
    folders
        The two results.
    inputs, settings, versions
        What differs.
    lang
        ``"zh"`` or ``"en"``.
    """
    read: dict[str, set[str]] = {name: {_CITY} for name in names}
    sections: dict[str, set[str]] = {name: {"city", "crs"} for name in names}
    for folder in folders:
        there = {row["layer"] for row in folder.run["inputs"]}
        layers: dict[str, set[str]] = {}
        made = _settings_of(folder)
        if len(inputs) or settings["key"].str.startswith("inputs.").any():
            every = there | {*inputs["layer"]}
            layers = {part.name: every if made is None else {*part.layers_for(made, alone=True)} for part in parts}
        for part in parts:
            for each in _with_those_before(part, parts, there, made) if part.name in read else ():
                spared = {one.settings_key for one in parts if one.name in _spared(each, made)}
                read[part.name] |= layers.get(each.name, set())
                sections[part.name] |= {*each.settings} - {"report"} - spared | ({_FINDS} if each.by_level else set())
    named = [text("compare.only_named", lang, file=file) for file in _only_named(folders)]
    return {
        name: Causes(
            tuple(
                dict.fromkeys(
                    [*(row["title"] for row in inputs.to_dict("records") if row["layer"] in read[name]), *named]
                )
            ),
            tuple(key for key in settings["key"] if _reaches(key, read[name], sections[name])),
            bool(len(versions)),
        )
        for name in names
    }


def _recorded(folders: Sequence[Folder]) -> bool:
    """Whether both results say by hash which files of the city they were made of."""
    return all("city_files" in folder.run for folder in folders)


def _only_named(folders: Sequence[Folder]) -> list[str]:
    """Files of the city that both results name alike: what they held is not recorded, and every part may have read them."""
    if _recorded(folders):
        return []
    cities = [said if isinstance(said := folder.run["settings"].get("city"), dict) else {} for folder in folders]
    files = [cities[0].get(name) for name in _NAMED if all(name in of and of[name] == cities[0][name] for of in cities)]
    return [file for file in files if isinstance(file, str) and not _SHIPPED.fullmatch(file)]


def _reaches(key: str, read: set[str], sections: set[str]) -> bool:
    section, _, rest = key.partition(".")
    if key == _FINDS:
        return _FINDS in sections
    if key.startswith(_SHOWN):
        return False
    return rest.partition(".")[0] in read if section == "inputs" else section in sections


def _with_those_before(part: Part, parts: Sequence[Part], there: set[str], made: Settings | None) -> list[Part]:
    """A part and those whose results it uses, by themselves or by another."""
    names = {name for name in part.after if name not in there} - _spared(part, made)
    names |= {part.instead[layer] for layer in part.lacks(there) if layer in part.instead}
    return [part, *(each for one in parts if one.name in names for each in _with_those_before(one, parts, there, made))]


def _spared(part: Part, made: Settings | None) -> set[str]:
    """Parts whose results it does without, by the settings of its run: where these are not known, none."""
    return set() if made is None else {*part.spares(made)}


def _settings_of(folder: Folder) -> Settings | None:
    """The settings of a run, to ask a part which layers it reads by them; None where they cannot be made again."""
    said = folder.run["settings"]
    raw = {name: value for name, value in said.items() if isinstance(value, dict) and name not in ("city", "inputs")}
    try:
        city = _city(folder)
        return None if city is None else make_settings({**raw, "city": {"profile": said["city"]["profile"]}}, RUN)
    except JxgisError:
        return None


def _title(layer: str, folders: Sequence[Folder], lang: str) -> str:
    """What people call a layer; its own name where nobody would know."""
    if layer == _CITY:
        return text("compare.city_files", lang)
    for folder in folders:
        with suppress(InputError, SettingsError):
            return contract_of(layer, _city(folder)).title.of(lang)
    return layer


def _city(folder: Folder) -> City | None:
    """The city of a run, where its profile comes with jxgis: another is a file, and no file that run.json names is read."""
    said = folder.run["settings"].get("city")
    profile = said.get("profile") if isinstance(said, dict) else None
    return load_city(profile) if isinstance(profile, str) and _SHIPPED.fullmatch(profile) else None
