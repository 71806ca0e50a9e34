"""What a report says of the clusters: where, how large, since when, and how many times as many issues as expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.hotspots.caution import are_told, at_one_point
from jxgis.i18n import Text, listed, sentences, text, text_pair
from jxgis.period_words import gap_lines
from jxgis.report.blocks import TOP, Answer, Block, Key, Paragraph, Section, method_note, of_all, table_block
from jxgis.report.columns import write_value
from jxgis.scan.map import cluster_words
from jxgis.scan.slices import Slices, uncut_said
from jxgis.small_counts import count_said
from jxgis.statistics.overdispersion import batch_words
from jxgis.zones import ALL

if TYPE_CHECKING:
    from jxgis.scan.result import ScanResult

__all__ = ["in_a_line", "map_note", "notes_of", "scan_section"]


def scan_section(result: ScanResult, lang: str) -> Section:
    """The section of the scan.

    Parameters
    ----------
    result
        What was found.
    lang
        ``"zh"`` or ``"en"``.
    """
    shown, values = result.shown_tables(), _values(result, lang)
    clusters = shown["clusters"]
    keys: list[Key] = []
    blocks: list[Block] = []
    answers: list[Answer] = []
    leads: list[str] = []
    checks: list[str] = []
    scans = list(dict.fromkeys(result.scans["scan"]))
    for scan in scans:
        own = clusters[clusters["scan"] == scan]
        everything = of_all(own)
        n = len(everything)
        keys.append(Key(text(f"scan.key_{scan}", lang), str(n), text(f"scan.key_{scan}_note", lang, **values)))
        first = [
            text("scan.one", lang, name=name, said=said)
            for name, said in zip(everything["name"].head(3), cluster_words(everything.head(3), lang), strict=True)
        ]
        found = "some" if n else "none"
        lead = text(f"scan.lead_{scan}_{found}", lang, n=n, first=listed(first, lang), **values)
        leads.append(lead)
        piled = [note.of(lang) for note in at_one_point(everything.head(3))]
        checks += piled
        answers.append(Answer(text(f"answers.scan_{scan}", lang), sentences([lead, *piled], lang)))
        blocks.append(Paragraph(lead))
        if n:
            heading = text(f"scan.table_{scan}", lang, n=min(n, TOP))
            blocks.append(table_block(heading, everything.head(TOP), lang, of="scan.clusters", columns=_columns(scan)))
        of_classes = own[own["issue_class"] != ALL]
        if len(of_classes):
            heading = text(f"scan.table_{scan}_classes", lang, n=len(of_classes))
            columns = ["issue_class", *_columns(scan)]
            blocks.append(table_block(heading, of_classes, lang, of="scan.clusters", columns=columns, folded=True))
    blocks.append(table_block(text("scan.table_scans", lang), shown["scans"], lang, of="scan.scans", folded=True))
    blocks += [Paragraph(note.of(lang), "sub") for note in notes_of(result)]
    return Section(
        part="scan",
        keys=keys,
        blocks=blocks,
        answers=answers,
        checks=checks,
        methods=[method_note("scan", f"scan_{scan}", lang, **values) for scan in scans],
        sheets={"clusters": clusters, "scans": shown["scans"]},
        lines=leads,
    )


def _columns(scan: str) -> list[str]:
    days = ["start", "end"] if scan == "space_time" else []
    return ["rank", "name", "district", *days, "observed", "expected", "times", "radius_m", "p"]


def in_a_line(result: ScanResult, lang: str) -> str:
    """The line below the map's title."""
    return text("scan.line", lang, **_values(result, lang))


def map_note(result: ScanResult, scan: str, lang: str) -> str:
    """What is said below the legend of a scan: what its clusters are, and how many issues it could not look at."""
    exposed = scan == "space" or result.given.settings.scan.model == "poisson"
    notes = [_note_of(result, scan), *(_without_exposure(result) if exposed else [])]
    return sentences([note.of(lang) for note in notes], lang)


def _note_of(result: ScanResult, scan: str) -> Text:
    always = scan == "space_time" and result.given.settings.scan.model == "poisson"
    return text_pair("scan.map_note_always" if always else f"scan.map_note_{scan}")


def _without_exposure(result: ScanResult) -> list[Text]:
    return _counted(result, result.without_exposure, "exposure_note")


def _counted(result: ScanResult, count: int, key: str) -> list[Text]:
    said = count_said(count, result.given.settings.report.min_count)
    return [text_pair(f"scan.{key}", n=said)] if count else []


def notes_of(result: ScanResult) -> list[Text]:
    """What a reader must know: what is left out, what could not be scanned, how counts vary, whether it is the patrols."""
    options, scans = result.given.settings.scan, result.scans
    notes = []
    if "space_time" in options.scans and not isinstance(result.slices, Slices):
        notes.append(text_pair("scan.time_note", why=uncut_said(result.slices, unit=options.slices)))
    notes += [*_without_exposure(result), *_counted(result, result.without_time, "no_time_note")]
    if result.silent:
        notes.append(text_pair("scan.silent_note", gaps=gap_lines(result.silent)))
    if result.wider_than_city:
        notes.append(
            text_pair("scan.wide_note", metres=f"{options.radius_max_m:g}", share=f"{100 * options.max_share:g} %")
        )
    clusters = result.shown_tables()["clusters"]
    told = (clusters["issue_class"] == ALL) | are_told(clusters["observed"])
    notes += at_one_point(clusters[told])
    thin = int((result.clusters["expected"] < 1).sum())
    if thin and result.of_layer:
        notes.append(text_pair("scan.thin_note", n=thin))
    batch = scans[(scans["issue_class"] == ALL) & scans["batch"].notna()]
    said = [
        text_pair(f"scan.batch_{scan}", batch=text_pair("scan.batch_most", batch=city, most=part) if part else city)
        for scan, *times in zip(batch["scan"], batch["batch"], batch["batch_most"], strict=True)
        for city, part in [batch_words(*times)]
        if city
    ]
    if said:
        notes.append(text_pair("scan.batch_note", batch=said))
    if options.model == "poisson" and "space_time" in set(scans["scan"]):
        notes.append(_note_of(result, "space_time"))
    return [*notes, text_pair("scan.secondary_note"), text_pair("scan.patrol_note")]


def _values(result: ScanResult, lang: str) -> dict[str, str]:
    options, slices = result.given.settings.scan, result.slices
    ellipses = max(options.shapes) > 1
    unit = text(f"scan.unit_{options.slices}", lang)
    longest = int((slices.stretches.end - slices.stretches.first).max()) if isinstance(slices, Slices) else 0
    alive = "alive" if options.recent else "ever"
    return {
        "cell": f"{options.cell_m:g}",
        "radius": write_value(options.radius_max_m, "number", lang, 0),
        "share": f"{100 * options.max_share:g} %",
        "shapes": text("scan.ellipses" if ellipses else "scan.circles", lang),
        "exposure": text("scan.exposure_layer" if result.of_layer else "scan.exposure_land", lang),
        "model": text(f"scan.model_{options.model}", lang),
        "unit": unit,
        "longest": text(f"scan.longest_{options.slices}", lang, n=longest),
        "alive": text(f"scan.{alive}", lang),
        "replicates": str(options.replicates),
        "alpha": f"{options.alpha:g}",
    }
