"""What a report says of change over time: what emerges and fades, what changed, who sees it, and how it is handled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from jxgis.hotspots.caution import are_told, at_one_point
from jxgis.hotspots.map import class_label
from jxgis.i18n import Text, few, listed, text, text_pair
from jxgis.period_words import change_lines, days_said, gap_lines
from jxgis.report.blocks import TOP, Answer, Block, Key, Paragraph, Section, method_note, of_all, table_block
from jxgis.report.columns import write_value
from jxgis.schema.tables import table as declared
from jxgis.small_counts import count_said
from jxgis.statistics.overdispersion import batch_words
from jxgis.trends.map import COMING, ONE_SOURCE, change_words, place_words, seen_by_one, slice_names
from jxgis.zones import ALL

if TYPE_CHECKING:
    from jxgis.trends.result import TrendsResult

__all__ = ["compared_line", "in_a_line", "notes_of", "trends_section"]

_GOING = ("diminishing_hot", "historical_hot")
_STAYING = ("persistent_hot",)
#: What a table of handling is called by: those of its columns that hold something.
_HANDLED = ("rate", "rework")


def trends_section(result: TrendsResult, lang: str) -> Section:
    """The section of change over time.

    Parameters
    ----------
    result
        What was found.
    lang
        ``"zh"`` or ``"en"``.
    """
    shown = {name: result.given.in_words(table) for name, table in result.shown_tables().items()}
    values = _values(result, lang)
    places = of_all(shown["places"])
    kinds = {"coming": COMING, "staying": _STAYING, "going": _GOING}
    numbers = {key: int(places["pattern"].isin(patterns).sum()) for key, patterns in kinds.items()}
    numbers["other"] = len(places) - sum(numbers.values())
    coming = places[places["pattern"].isin(COMING)]
    first = _first(coming, place_words(coming.head(3), lang), lang)
    lead = text(f"trends.lead_{'some' if len(coming) else 'none'}", lang, first=first, **numbers, **values)
    keys = [Key(text("trends.key", lang), str(numbers["coming"]), text("trends.key_note", lang, **values))]
    answers = [Answer(text("answers.trends", lang), lead)]
    blocks: list[Block] = [Paragraph(lead)]
    leads = [lead]
    blocks += _tables(shown["places"], "places", lang)
    methods = [method_note("trends", "trends", lang, **values)]
    if result.changes is not None:
        changes = of_all(shown["changes"])
        rose, fell = (changes[changes["direction"] == direction] for direction in ("rose", "fell"))
        said = text(
            "trends.lead_change",
            lang,
            rose=len(rose),
            fell=len(fell),
            first=text("trends.first", lang, names=_first(rose, change_words(rose.head(3), lang), lang))
            if len(rose)
            else "",
            **_compared(result, lang),
            **values,
        )
        if result.change_sources:
            by_source = [
                f"{name} {write_value(value, 'change', lang, 0)}" for name, value in result.change_sources.items()
            ]
            said = f"{said}{text('trends.lead_sources', lang, said=listed(by_source, lang))}"
        keys.append(
            Key(text("trends.key_change", lang), str(len(rose)), text("trends.key_change_note", lang, **values))
        )
        answers.append(Answer(text("answers.trends_change", lang), said))
        blocks += [Paragraph(said), *_tables(shown["changes"], "changes", lang)]
        leads.append(said)
        methods.append(method_note("trends", "trends_change", lang, **values))
    blocks += [*_sources(result, lang), *_handling(shown["response"], result.response, lang)]
    if len(shown["response"]):
        methods.append(method_note("trends", "trends_response", lang, **values))
    blocks += [Paragraph(note.of(lang), "sub") for note in notes_of(result)]
    named = ("places", "changes", "sources", "response", "series", "profile")
    sheets = {name: shown[name] for name in named if len(shown.get(name, ()))}
    return Section(
        part="trends",
        keys=keys,
        blocks=blocks,
        answers=answers,
        checks=[note.of(lang) for note in at_one_point(of_all(_told_places(result)))],
        methods=methods,
        sheets={name: table.drop(columns="geometry", errors="ignore") for name, table in sheets.items()},
        lines=leads,
    )


def _handling(shown: pd.DataFrame, response: pd.DataFrame, lang: str) -> list[Block]:
    """Closing in time and rework of all months by each kind of group, all but departments folded; what is not shown has its name."""
    blocks: list[Block] = []
    for by in ("district", "department", "source", "class"):
        own, there = (table[(table["by"] == by) & (table["month"] == ALL)] for table in (shown, response))
        known = [name for name in _HANDLED if there[name].notna().any()] or ["days_to_close"]
        what = listed((text(f"trends.handled_{name}", lang) for name in known), lang)
        heading = text(f"trends.table_{by}", lang, what=what)
        if len(own) and own["cases"].isna().all():
            blocks.append(Paragraph(text("trends.untold", lang, table=heading), "sub"))
        elif len(own):
            blocks.append(table_block(heading, own, lang, of="trends.response", folded=by != "department"))
    return blocks


def _first(places: pd.DataFrame, words: list[str], lang: str) -> str:
    said = [text("trends.one", lang, name=name, said=word) for name, word in zip(places["name"], words, strict=False)]
    return listed(said, lang)


def _tables(table: pd.DataFrame, name: str, lang: str) -> list[Block]:
    """The first places of all issues, and those of the classes, folded."""
    everything, of_classes = of_all(table), table[table["issue_class"] != ALL]
    blocks: list[Block] = []
    if len(everything):
        heading = text(f"trends.table_{name}", lang, n=min(len(everything), TOP))
        blocks.append(table_block(heading, everything.head(TOP), lang, of=f"trends.{name}"))
    if len(of_classes):
        top = of_classes[of_classes["rank"] <= TOP]
        heading = text(f"trends.table_{name}_classes", lang, n=TOP)
        columns = ["issue_class", *declared(f"trends.{name}").shown]
        blocks.append(table_block(heading, top, lang, of=f"trends.{name}", columns=columns, folded=True))
    return blocks


def _sources(result: TrendsResult, lang: str) -> list[Block]:
    """The zones whose mix of sources differs from the city's beyond chance, the farthest first."""
    sources = result.shown_tables()["sources"]
    if sources.empty:
        return []
    share, q = (pd.to_numeric(sources[name], errors="coerce") for name in ("share", "q"))
    off = (share - sources["city_share"]).abs()
    differ = sources[(q <= result.given.settings.trends.alpha).to_numpy()]
    differ = differ.loc[off[differ.index].sort_values(ascending=False, kind="stable").index].head(TOP)
    if q.isna().all():
        return [Paragraph(text("trends.untold", lang, table=text("trends.table_sources", lang)), "sub")]
    if differ.empty:
        return [Paragraph(text("trends.sources_alike", lang), "sub")]
    return [table_block(text("trends.table_sources", lang), differ, lang, of="trends.sources", folded=True)]


def in_a_line(result: TrendsResult, lang: str) -> str:
    """The line below the map's title."""
    return text("trends.line", lang, **_values(result, lang))


def _compared(result: TrendsResult, lang: str) -> dict[str, str]:
    """The two periods, and by how much the city changed between them; nothing where there are not two."""
    periods = result.comparison.periods
    if periods is None:
        return {}
    return {
        "recent": days_said(periods.split, periods.end).of(lang),
        "before": days_said(*periods.earlier).of(lang),
        "city": write_value(result.change_city, "change", lang, 1),
    }


def compared_line(result: TrendsResult, lang: str) -> str:
    """What stands below the legend of what changed; empty where no two periods are compared."""
    values = _compared(result, lang)
    return text("trends.map_note_change", lang, **values) if values else ""


def _called(issue_class: str, result: TrendsResult) -> Text:
    """What a class is called: some in the city's words of each language, others and all issues as everywhere."""
    city = result.given.city
    own = None if city is None else city.class_names.get(issue_class)
    return own or Text(class_label(issue_class, "zh"), class_label(issue_class, "en"))


def notes_of(result: TrendsResult) -> list[Text]:
    """What a reader must know: what the data do not cover, which periods are compared, whether it is the patrols."""
    slices, settings = result.slices, result.given.settings
    options, notes = settings.trends, []
    if result.band_covers_city:
        notes.append(text_pair("trends.wide_note", band=f"{options.band_m:g}"))
    if not slices.whole.all():
        names = {lang: slice_names(slices.start[~slices.whole], options.by, lang) for lang in ("zh", "en")}
        which = Text(zh=few(names["zh"]).zh, en=few(names["en"]).en)
        notes.append(text_pair("trends.left_out_note", slices=which))
    if slices.gaps:
        notes.append(text_pair("trends.gap_note", gaps=gap_lines(slices.gaps)))
    notes += change_lines(result.comparison)
    unseen = {*result.classes} - {*result.given.need("issues")["issue_class"].unique()} if result.classes else ()
    if unseen:
        notes.append(
            text_pair(
                "trends.no_issue_note", names=[_called(name, result) for name in result.classes if name in unseen]
            )
        )
    if result.without_time:
        notes.append(
            text_pair("trends.no_time_note", n=count_said(result.without_time, result.given.settings.report.min_count))
        )
    if result.change is not None and options.batches == "estimated" and not result.band_covers_city:
        notes += _batches_said(of_all(result.change.dropna(subset="p"))["batch"])
    if result.detectable:
        said = [_found_from(before, *times) for before, times in result.detectable.items()]
        notes.append(text_pair("trends.power_note", places=said))
    if result.changes is not None and len(result.changes):
        notes.append(text_pair("trends.band_note", band=f"{options.band_m:g}"))
    for key, around in (("hot_around_note", result.hot_around), ("around_note", result.changed_around)):
        named = [text_pair("trends.around_class", name=_called(name, result), n=n) for name, n in around.items()]
        if named:
            notes.append(text_pair(f"trends.{key}", names=named, band=f"{options.band_m:g}"))
    notes += at_one_point(_told_places(result))
    if result.sources.empty:
        notes.append(text_pair("trends.one_source_note"))
    else:
        seen = _of_one_source(result)
        if seen:
            notes.append(
                text_pair("trends.seen_by_one_note", names=few(seen, " 处"), share=f"{100 * ONE_SOURCE:.0f} %")
            )
        own = None if result.changes is None else of_all(result.changes)
        if own is not None and own["only_source"].notna().any():
            changed = own.loc[own["only_source"].notna(), "name"]
            notes.append(text_pair("trends.only_source_note", names=few(changed, " 处")))
    if result.response.empty:
        notes.append(text_pair("trends.no_response_note"))
    if result.closed_too_early:
        notes.append(
            text_pair(
                "trends.too_early_note", n=count_said(result.closed_too_early, result.given.settings.report.min_count)
            )
        )
    if getattr(settings.inputs, "exposure", None) is not None or settings.hotspots.strata is not None:
        notes.append(text_pair("trends.exposure_note"))
    return [*notes, text_pair("trends.patrol_note")]


def _batches_said(batch: pd.Series) -> list[Text]:
    """How many times as much as by chance counts vary around cells, and around how many of them more than around the others."""
    if batch.empty:
        return []
    city, part = batch_words(float(batch.min()), float(batch.max()))
    swing = text_pair("trends.batch_times", batch=city) if city else text_pair("trends.batch_alike")
    parts = Text("", "")
    if part:
        share = f"{100 * (batch > batch.min()).mean():.0f} %"
        parts = text_pair("trends.batch_parts", share=share, most=part)
    return [text_pair("trends.batch_note", swing=swing, parts=parts)]


def _found_from(before: int, rise: float, fall: float) -> Text:
    """From what change on a place of so many issues would be found."""
    more, less = (f"{100 * abs(times - 1):.0f} %" for times in (rise, fall))
    key = "power_none" if pd.isna(rise) else "power_rise" if pd.isna(fall) else "power_both"
    return text_pair(f"trends.{key}", n=before, rise=more, fall=less)


def _told_places(result: TrendsResult) -> pd.DataFrame:
    """The places, of course and of change, whose shares are spoken of."""
    shown = result.shown_tables()
    own = pd.concat([shown[name] for name in ("places", "changes") if name in shown])
    return own[are_told(own["issues"])]


def _of_one_source(result: TrendsResult) -> list[str]:
    """Places that come or rose, whose issues nearly all come from one source."""
    names: list[str] = []
    for table, column, values in ((result.places, "pattern", COMING), (result.changes, "direction", ("rose",))):
        if table is not None and len(table):
            own = of_all(table)
            names += own.loc[own[column].isin(values) & seen_by_one(own), "name"].tolist()
    return list(dict.fromkeys(names))


def _values(result: TrendsResult, lang: str) -> dict[str, str]:
    options, kept = result.given.settings.trends, result.slices.kept()
    names = slice_names(kept.start[[0, -1]], options.by, lang)
    against = text(f"trends.against_{options.compare_with}", lang, window=options.window)
    return {
        "n": str(len(kept)),
        "unit": text(f"trends.unit_{options.by}", lang),
        "first_slice": names[0],
        "last_slice": names[1],
        "compared": against,
        "cell": f"{options.cell_m:g}",
        "band": write_value(options.band_m, "number", lang, 0),
        "alpha": f"{options.alpha:g}",
        "batches": text(f"trends.batches_{options.batches}", lang),
    }
