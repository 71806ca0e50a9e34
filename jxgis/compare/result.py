"""Two results compared: tables of what differs and of why, which show and write themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from jxgis.compare import differences as of
from jxgis.compare.causes import (
    Causes,
    changed_inputs,
    changed_settings,
    changed_versions,
    option_title,
    reached,
    sections_alone,
)
from jxgis.compare.headlines import headline_differences
from jxgis.errors import InputError
from jxgis.i18n import clauses, few, listed, number_words, text
from jxgis.report.blocks import Key, Paragraph, Section, TableBlock, table_block
from jxgis.report.columns import in_writing, write_value
from jxgis.schema.check import hold
from jxgis.schema.layers import nearest
from jxgis.schema.tables import Table, table, tables

if TYPE_CHECKING:
    from jxgis.compare.folder import Folder
    from jxgis.output import Stage
    from jxgis.part import Part
    from jxgis.report.blocks import Block
    from jxgis.units.alternatives import Comparison

__all__ = ["ResultComparison", "compare_folders"]

#: How many rows of a table a page shows, how many things a sentence names, and signs of the longest name in it.
_MOST_ROWS = 40
#: Which tables say of a part what differs.
_OWN = {
    "hotspots": ("places",),
    "parks": ("coverage",),
    "units": ("units", "moved"),
    "scores": ("ranks",),
    "allocation": ("years",),
    "weak": ("weak",),
    "scorecard": ("statuses",),
    "circle": ("circle",),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ResultComparison:
    """What differs between two results, A and B, and why.

    Attributes
    ----------
    a, b
        The results.
    lang
        ``"zh"`` or ``"en"``.
    causes
        Part to what it can have read of what differs.
    plans
        The two plans of units; None where one has none.
    frames
        The tables by their names.
    notes
        What a reader must know of the two.
    """

    a: Folder = field(repr=False)
    b: Folder = field(repr=False)
    lang: str
    causes: Mapping[str, Causes]
    plans: Comparison | None = field(repr=False)
    frames: Mapping[str, pd.DataFrame] = field(repr=False)
    notes: Sequence[str] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """What differs, by the names of the contract (``compare.…``): codes and numbers."""
        return dict(self.frames)

    def table(self, name: str = "figures") -> pd.DataFrame:
        """One of the tables as people read it.

        Parameters
        ----------
        name
            One of `tables`.

        Raises
        ------
        InputError
            If there is no table of that name; the nearest is suggested.
        """
        if name not in self.frames:
            hint = nearest(name, self.frames)
            raise InputError(
                zh=f"没有“{name}”{hint.zh}可用：{listed(self.frames, 'zh')}。",
                en=f"No table {name!r}{hint.en} There are: {listed(self.frames, 'en')}.",
            )
        return in_writing(self.frames[name], table(f"compare.{name}"), self.lang)

    @property
    def same(self) -> bool:
        """Whether no table of the results differs."""
        return not self.frames["parts"]["differs"].any()

    @property
    def names(self) -> dict[str, str]:
        """What the two are called: by their folders, and by those above as far as these are called alike."""
        a, b = (folder.root.resolve().parts for folder in (self.a, self.b))
        n = next((n for n in range(1, min(len(a), len(b)) + 1) if a[-n:] != b[-n:]), 1)
        return {"a": "/".join(a[-n:]), "b": "/".join(b[-n:])}

    def sentences(self) -> list[str]:
        """What changed in what they were made of, what changed in what was found, and what can have caused it."""
        made_of = [self._inputs(), self._settings(), self._versions()]
        nothing = all(self.frames[name].empty for name in ("inputs", "settings", "versions"))
        if self.same and nothing and not (self.frames["parts"]["state"] != "both").any():
            return [self._say("nothing")]
        said = [clauses(made_of, self.lang) + ("." if self.lang == "en" else "。")]
        if self.lang == "en":
            said[0] = said[0][0].upper() + said[0][1:]
        if self.same:
            what = [self._say(f"kind_{kind}") for kind, name in _KINDS if not self.frames[name].empty]
            return [*said, self._say("nothing_found", what=listed(what, self.lang))] if what else said
        return [*said, self._say("changed", said=clauses(self._found(), self.lang)), *self._why()]

    def _say(self, key: str, /, **values: object) -> str:
        return text(f"compare.{key}", self.lang, **values)

    def _named(self, names: Sequence[str]) -> str:
        return few(names).of(self.lang)

    def _inputs(self) -> str:
        rows = self.frames["inputs"]
        if rows.empty:
            return self._say("same_inputs")
        said = []
        for state, key in (("other", "was_inputs"), ("gone", "inputs_a"), ("new", "inputs_b")):
            own = rows[rows["state"] == state]
            if len(own):
                said.append(self._say(key, n=len(own), named=self._named(list(dict.fromkeys(own["title"])))))
        return self._say("inputs", said=listed(said, self.lang))

    def _settings(self) -> str:
        rows = self.frames["settings"]
        if rows.empty:
            return self._say("same_settings")
        return self._say(
            "was_settings",
            n=len(rows),
            named=self._named(
                [
                    *map(
                        self._from_to,
                        *self._three(rows.assign(key=[option_title(key, self.lang) for key in rows["key"]])),
                    )
                ]
            ),
        )

    def _versions(self) -> str:
        rows = self.frames["versions"].rename(columns={"package": "key"})
        if rows.empty:
            return self._say("same_version")
        return self._say("was_version", named=self._named([*map(self._from_to, *self._three(rows))]))

    @staticmethod
    def _three(rows: pd.DataFrame) -> list[list[Any]]:
        return [rows[name].tolist() for name in ("key", "a", "b")]

    def _from_to(self, key: str, a: Any, b: Any) -> str:
        a, b = (self._say("not_set") if pd.isna(value) else value for value in (a, b))
        return self._say("from_to", key=key, a=a, b=b)

    def _part(self, part: str) -> str:
        return text(f"report.part_{part}", self.lang)

    def differing(self) -> list[str]:
        """The parts that differ."""
        parts = self.frames["parts"]
        return parts.loc[parts["differs"].astype(bool), "part"].tolist()

    def _found(self) -> list[str]:
        """What changed, part by part: the first figure that is another, and what is peculiar to the part."""
        comma = ", " if self.lang == "en" else "，"
        return [
            self._say("said_part", part=self._part(part), said=comma.join(self._of_part(part)))
            for part in self.differing()
        ]

    def _of_part(self, part: str) -> list[str]:
        said: list[str] = []
        figures = self.frames["figures"]
        for row in _records(figures[figures["part"] == part].head(1)):
            values = {name: row[name] for name in ("figure", "a", "b", "difference")}
            said.append(self._say("said_figure", of=self._of(row), **values))
        if part == "hotspots" and len(places := self.frames["places"]):
            every = places[places["issue_class"] == "all"]
            words = table("compare.places").columns["state"]
            counted = every["state"].value_counts()
            states = [
                self._say("said_state", state=words.word(key, self.lang), n=n)
                for key in words.words
                if (n := counted.get(key, 0))
            ]
            said += [self._say("said_places", states=listed(states, self.lang))] if states else []
        if part == "units" and self.plans is not None and self.plans.totals["moved_km2"]:
            totals = self.plans.totals
            share = write_value(totals["moved_share"], "percent", self.lang, 1)
            moved = self._say("said_moved", km2=number_words(totals["moved_km2"], 2), share=share)
            if "moved_people" in totals:
                moved += self._say("said_people", people=f"{totals['moved_people']:,.0f}")
            said.append(moved)
        state = {name: frame["state"].value_counts() for name, frame in self.frames.items() if "state" in frame}
        for of_part, name, states_of in (("scores", "ranks", ("up", "down")), ("weak", "weak", ("new", "gone"))):
            counts = {key: int(state[name].get(key, 0)) for key in states_of}
            if part == of_part and any(counts.values()):
                said.append(self._say(f"said_{name}", **counts))
        judged = self.frames["statuses"].dropna(subset=["status_a", "status_b"])
        changed = {
            "allocation": ("years", len(self.frames["years"])),
            "scorecard": ("statuses", len(judged)),
        }
        if part in changed and changed[part][1]:
            name, n = changed[part]
            said.append(self._say(f"said_{name}", n=f"{n:,}", indicators=judged["indicator"].nunique()))
        return said or [self._say("said_tables")]

    def _why(self) -> list[str]:
        """What can have caused it: parts of the same causes together."""
        groups: dict[Causes, list[str]] = {}
        for part in self.differing():
            groups.setdefault(self.causes[part], []).append(self._part(part))
        lines = []
        for causes, parts in groups.items():
            named = {"parts": listed(parts, self.lang), "named": causes.words(self.lang)}
            if causes.code == "none":
                lines.append(self._say("why_none", parts=named["parts"]))
            elif causes.code == "several":
                lines.append(self._say("why_several", **named))
            else:
                kind = self._say(f"kind_{causes.code}")
                lines.append(self._say("why_one", parts=named["parts"], cause=self._which(kind, causes)))
        parts_of = self.frames["parts"]
        same = parts_of.loc[(parts_of["state"] == "both") & ~parts_of["differs"].astype(bool), "part"].tolist()
        return lines + ([self._say("same_parts", parts=listed(map(self._part, same), self.lang))] if same else [])

    def keys(self) -> list[Key]:
        """The figures that are others, those of each part that stand first."""
        figures = self.frames["figures"]
        first = figures.drop_duplicates(["part", "figure"]).groupby("part", sort=False).head(2).head(8)
        return [
            Key(f"{row['figure']}{self._of(row)}", f"{row['a']} → {row['b']}", row["difference"])
            for row in _records(first)
        ]

    def _of(self, row: Mapping[str, Any]) -> str:
        return self._say("said_of", of=row["of"]) if row["of"] else ""

    def sections(self) -> dict[str, tuple[str, list[Block]]]:
        """What the page says: id of a section to its heading, sentences and tables."""
        found: dict[str, tuple[str, list[Block]]] = {}
        made: list[Block] = [self._block(name) for name in ("inputs", "settings", "versions") if len(self.frames[name])]
        found["made"] = (self._say("heading_inputs"), made or [Paragraph(self._say("no_difference"))])
        if len(self.frames["figures"]):
            found["figures"] = (self._say("heading_figures"), [self._block("figures", heading=False)])
        for part in self.differing():
            own = [name for name in _OWN.get(part, ()) if len(self.frames[name])]
            blocks: list[Block] = [Paragraph(self._cause_line(part))]
            blocks += [each for name in own for each in self._blocks(name)]
            if part == "hotspots" and "places" in own:
                blocks.append(Paragraph(self._say("few_cases"), "sub"))
            found[part] = (self._part(part), blocks if own else [*blocks, Paragraph(self._say("no_own"), "sub")])
        if not self.same:
            found["tables"] = (self._say("heading_tables"), self._all_tables())
        return found

    def _cause_line(self, part: str) -> str:
        causes = self.causes[part]
        if causes.code == "none":
            return self._say("cause_none")
        cause = table("compare.parts").columns["cause"].word(causes.code, self.lang)
        return self._say("cause_line", cause=self._which(cause, causes))

    def _which(self, kind: str, causes: Causes) -> str:
        """A kind of causes, and which they are; of the version nothing more is known."""
        return kind if causes.code == "version" else kind + self._say("said_of", of=causes.words(self.lang))

    def _blocks(self, name: str) -> list[Block]:
        left = len(self.frames[name]) - _MOST_ROWS
        more = [Paragraph(self._say("more_rows", n=f"{left:,}"), "sub")] if left > 0 else []
        return [self._block(name), *more]

    def _block(self, name: str, *, heading: bool = True) -> TableBlock:
        declared = table(f"compare.{name}")
        frame = self.frames[name].head(_MOST_ROWS)
        if name == "settings":
            frame = frame.fillna(dict.fromkeys("ab", self._say("not_set")))
        return table_block(declared.title.of(self.lang) if heading else "", frame, self.lang, of=declared.name)

    def _all_tables(self) -> list[Block]:
        rows = self.frames["tables"]
        there = rows["rows_a"].notna() & rows["rows_b"].notna()
        shown = rows[there & ((rows["only_a"] > 0) | (rows["only_b"] > 0) | rows["only_a"].isna())]
        blocks: list[Block] = [table_block("", shown, self.lang, of="compare.tables")] if len(shown) else []
        if not there.all():
            alone = [f"{self._part_or(row['part'])} · {row['title']}" for row in _records(rows[~there])]
            blocks.append(Paragraph(self._say("missing_tables", tables=listed(alone, self.lang)), "sub"))
        return blocks

    def _part_or(self, part: str) -> str:
        return table("compare.tables").columns["part"].word(part, self.lang)

    def lines(self) -> list[str]:
        """What the command says."""
        return [*self.notes, *self.sentences()]

    def write_tables(self, stage: Stage) -> None:
        """Write ``compare.json`` and ``compare.xlsx`` into a stage."""
        from jxgis.report.workbook import report_workbook

        for name, frame in self.frames.items():
            hold(frame, table(f"compare.{name}"))
        rows = {name: json.loads(frame.to_json(orient="records")) for name, frame in self.frames.items()}
        said = {**self.names, "same": self.same, "said": self.lines(), **rows}
        stage.path("compare.json").write_text(
            json.dumps(said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n"
        )
        report_workbook(
            stage.path("compare.xlsx"),
            [
                Section(
                    part="compare", blocks=(), sheets={name: frame for name, frame in self.frames.items() if len(frame)}
                )
            ],
            title=self._say("title"),
            lines=[self._say("subtitle", **self.names), *self.lines(), self._say("few_cases")],
            lang=self.lang,
        )

    def __repr__(self) -> str:
        """What a terminal shows: the sentences, and by which names tables are had."""
        names = ", ".join(f"{name} ({len(frame):,})" for name, frame in self.frames.items())
        return "\n  ".join([f"{type(self).__name__}:", *self.lines(), f".table(): {names}"])

    def _repr_html_(self) -> str:
        """What a notebook shows: the sentences, and the figures that are others."""
        from jxgis.report.page import blocks_html

        blocks: list[Block] = [Paragraph(line) for line in self.lines()]
        return blocks_html([*blocks, *([self._block("figures")] if len(self.frames["figures"]) else [])])


_KINDS = (("inputs", "inputs"), ("settings", "settings"), ("version", "versions"))


def compare_folders(a: Folder, b: Folder, parts: Sequence[Part], *, lang: str) -> ResultComparison:
    """Compare two results.

    Parameters
    ----------
    a, b
        The results.
    parts
        The parts that there are.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        If no part is in both, or they are of ground that has nothing in common.
    """
    both = [name for name in a.parts if name in b.parts]
    if not both:
        zh, en = (
            [listed((text(f"report.part_{part}", words) for part in of.parts), words) for of in (a, b)]
            for words in ("zh", "en")
        )
        raise InputError(
            zh=f"两个结果没有共同的部分，无法比较：{a.root} 有{zh[0] or '（无）'}，{b.root} 有{zh[1] or '（无）'}。",
            en=f"The two results have no part in common: {a.root} has {en[0] or 'none'}, {b.root} has {en[1] or 'none'}.",
        )
    _refuse_other_ground(a, b)
    frames = {
        "inputs": changed_inputs(a, b, lang),
        "settings": changed_settings(a, b, lang, sections_alone(both, parts)),
        "versions": changed_versions(a, b),
    }
    every = of.table_differences(a, b)
    every["title"] = [table(f"{row.part}.{row.table}").title.of(lang) for row in every.itertuples()]
    causes = reached(both, parts, (a, b), frames["inputs"], frames["settings"], frames["versions"], lang)
    figures = _figures(a, b, causes, lang)
    plans = of.plans(a, b) if "units" in both else None
    found = _of_parts(a, b, both, plans)
    rows = []
    for part in parts:
        if part.name not in (*a.parts, *b.parts):
            continue
        state = "both" if part.name in both else "only_a" if part.name in a.parts else "only_b"
        files = _files(part.name)
        own = every[[table(f"{row.part}.{row.table}").file in files for row in every.itertuples()]]
        said = (own[["only_a", "only_b"]].fillna(0).sum(axis=None) > 0) or (figures["part"] == part.name).any()
        said |= any(len(found[name]) for name in _OWN.get(part.name, ()))
        differs = bool(said) and state == "both"
        told = (causes[part.name].code, causes[part.name].words(lang)) if differs else (None, None)
        rows.append((part.name, state, differs, *told))
    frames = {
        "parts": pd.DataFrame(rows, columns=["part", "state", "differs", "cause", "because"]),
        **frames,
        "figures": figures,
        **found,
        "tables": every,
    }
    return ResultComparison(
        a=a,
        b=b,
        lang=lang,
        causes=causes,
        plans=plans,
        frames={name: _typed(frame, table(f"compare.{name}")) for name, frame in frames.items()},
        notes=_notes(a, b, frames["parts"], lang),
    )


def _of_parts(a: Folder, b: Folder, both: Sequence[str], plans: Comparison | None) -> dict[str, pd.DataFrame]:
    """The tables that say of each part what differs."""
    made: dict[str, Callable[[Folder, Folder], pd.DataFrame]] = {
        "places": of.place_differences,
        "coverage": of.coverage_differences,
        "units": lambda a, b: of.unit_differences(a, b, plans),
        "moved": lambda *_: _moved(plans),
        "ranks": of.rank_differences,
        "years": of.year_differences,
        "weak": of.weak_differences,
        "statuses": of.status_differences,
        "circle": of.circle_differences,
    }
    return {name: made[name](a, b) if part in both else _none(name) for part, names in _OWN.items() for name in names}


def _files(part: str) -> set[str]:
    """The files that a part writes its tables to."""
    return {found.file for name in tables() if (found := table(name)).file and name.startswith(f"{part}.")}


def _figures(a: Folder, b: Folder, causes: Mapping[str, Causes], lang: str) -> pd.DataFrame:
    rows = []
    for figure, named, one, other in headline_differences(a, b):
        cause = causes[figure.part]
        values = (figure.written(one, lang), figure.written(other, lang), figure.change(one, other, lang))
        words = (text(f"compare.figure_{figure.name}", lang), _of_words(figure.part, named, b, lang))
        rows.append((figure.part, *words, *values, cause.code, cause.words(lang), one, other))
    columns = ["part", "figure", "of", "a", "b", "difference", "cause", "because", "value_a", "value_b"]
    return pd.DataFrame(rows, columns=columns)


def _of_words(part: str, code: str, folder: Folder, lang: str) -> str:
    """What a figure is of, in words: a class, a method, a state; kinds of facilities as the result calls them."""
    if part == "effect":
        return text(f"compare.of_{code}", lang)
    declared = {"hotspots": ("hotspots.places", "issue_class"), "parks": ("parks.coverage", "method")}
    declared |= {"scorecard": ("scorecard.scorecard", "status")}
    declared |= {name: (f"{name}.clusters", "issue_class") for name in ("clusters", "scan")}
    declared |= {"trends": ("trends.places", "issue_class")}
    if part in declared:
        name, column = declared[part]
        return "" if code == "all" and part == "parks" else table(name).columns[column].word(code, lang)
    if part == "circle" and (frame := folder.tables.get("circle.circle")) is not None:
        return str(frame.drop_duplicates("kind").set_index("kind")["label"].get(code, code))
    return code


def _moved(plans: Comparison | None) -> pd.DataFrame:
    columns = ["from_unit", "to_unit", "m2", "people"]
    if plans is None:
        return pd.DataFrame(columns=columns)
    return pd.DataFrame(plans.moved.drop(columns="geometry")).reindex(columns=columns)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _none(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(table(f"compare.{name}").required))


def _typed(frame: pd.DataFrame, declared: Table) -> pd.DataFrame:
    """The columns of a table in their order, with the dtypes of their kinds: what two files hold may be mixed."""
    columns: dict[str, pd.Series[Any]] = {}
    for name in declared.required:
        values, column = frame[name], declared.columns[name]
        if column.dtype == "number":
            columns[name] = pd.to_numeric(values, errors="coerce").astype("float64")
        elif column.dtype == "flag":
            columns[name] = values.astype(bool)
        else:
            columns[name] = pd.Series([None if pd.isna(value) else str(value) for value in values], dtype="str")
    return pd.DataFrame(columns).reset_index(drop=True)


def _refuse_other_ground(a: Folder, b: Folder) -> None:
    """Two cities have nothing in common: each place of one would be gone, each of the other new."""
    for name in ("units.units", "parks.coverage", "hotspots.zones", "scores.scores", "weak.areas"):
        one, other = a.layer(name), b.layer(name)
        if one is None or other is None or one.empty or other.empty:
            continue
        mine, theirs = one.total_bounds, other.to_crs(one.crs).total_bounds
        if mine[0] > theirs[2] or theirs[0] > mine[2] or mine[1] > theirs[3] or theirs[1] > mine[3]:
            raise InputError(
                zh=f"{a.root} 和 {b.root} 不在同一个地方，没有共同的范围：请比较同一城市的两次结果。",
                en=f"{a.root} and {b.root} lie in other places and share no ground: compare two results of one city.",
            )
        return


def _notes(a: Folder, b: Folder, parts: pd.DataFrame, lang: str) -> list[str]:
    notes = []
    if a.lang != b.lang:
        notes.append(text("compare.other_lang", lang, a=a.lang, b=b.lang))
    if a.crs != b.crs:
        notes.append(text("compare.other_crs", lang, a=a.crs, b=b.crs))
    profiles = [of.run["settings"].get("city") for of in (a, b)]
    named = [str(said.get("profile")) if isinstance(said, dict) else "—" for said in profiles]
    if named[0] != named[1]:
        notes.append(text("compare.other_profile", lang, a=named[0], b=named[1]))
    for state, of_one in (("only_a", "A"), ("only_b", "B")):
        own = [text(f"report.part_{name}", lang) for name in parts.loc[parts["state"] == state, "part"]]
        if own:
            notes.append(text("compare.only_one", lang, of=of_one, parts=listed(own, lang)))
    return notes
