"""What a report is made of: the result tables that there are, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from jxgis.i18n import text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PARTS", "FileLink", "MethodNote", "ReportTables", "of_all"]

#: The parts of a report, in the order in which planners ask.
PARTS: tuple[str, ...] = ("hotspots", "parks", "units", "scores")


class MethodNote(NamedTuple):
    """How one figure was measured, and over what.

    Parameters
    ----------
    part
        One of :data:`PARTS`.
    figure, method, denominator
        In words: what it is, how it was computed with which settings, and what it is divided by or counted over.
    """

    part: str
    figure: str
    method: str
    denominator: str


class FileLink(NamedTuple):
    """A file of the result folder: its path there, with ``/``, and what it is in words."""

    path: str
    label: str


@dataclass(frozen=True, eq=False, kw_only=True)
class ReportTables:
    """The tables of a report; ``None`` where a part was not measured.

    Attributes
    ----------
    places
        The contract's ``places``; ``street``, ``subdistrict``, ``main_department``, ``change`` where known.
    peaks
        Local maxima inside the places: ``rank, issue_class, name, place_rank, street, district, gi_z, issues``.
    rate_places
        As ``places``, where there is more than an exposure (people, streets) explains.
    zones
        The contract's ``zones``: counts, density and location quotients by district and sub-district.
    cells
        The contract's ``cells``: only counted for the report, never listed.
    findings
        Further tables of the plan's four findings by key: ``ring``, ``concentration``, ``overlap``, ``diversity``.
    against_normal
        ``issue_class, hot, cold, normal_hot, normal_cold, disagree``: cells by the p used and by the normal p.
    levels
        ``issue_class, issues, tested, hot_class, hot_all``: cells that are hot within the class and over all classes.
    heavy
        ``issue_class, cell_id, count, share_issues, times_mean, gi_p, gi_q, lone_p``: cells that hold much and are not
        hot.
    coverage, sites, unserved_places
        The contract's ``coverage`` and ``sites``; blind spots as named places, where made.
    targets
        What the target takes by zone, as `parks.analysis.ParksResult` has it.
    park_notes
        What stands beside the park figures, in words: gates that serve no park, a siting that was stopped.
    units, scores
        The contract's tables.
    unit_notes
        What a reader must know of the search for units, in words.
    indicators
        One row an indicator of the scores: ``label, weight, missing`` (candidates without it).
    load_notes
        What was noticed on reading, in words.
    inputs
        ``layer, name, rows_in, rows_kept, rows_rejected, rows_left_out``: a row a file read.
    change
        Which periods the places' ``change`` compares, in words, or why there is none.
    missing
        Part to the reason, in words, for which it is not there.
    min_count
        The least number of cases that the tables show: :func:`jxgis.small_counts.hide_small` has seen them.
    refused
        Part to the reason, in words, for which it could not be done with the inputs as they are.
    """

    places: pd.DataFrame | None = None
    peaks: pd.DataFrame | None = None
    rate_places: pd.DataFrame | None = None
    zones: pd.DataFrame | None = None
    cells: pd.DataFrame | None = None
    findings: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    against_normal: pd.DataFrame | None = None
    levels: pd.DataFrame | None = None
    heavy: pd.DataFrame | None = None
    coverage: pd.DataFrame | None = None
    sites: pd.DataFrame | None = None
    unserved_places: pd.DataFrame | None = None
    targets: pd.DataFrame | None = None
    park_notes: Sequence[str] = ()
    units: pd.DataFrame | None = None
    unit_notes: tuple[str, ...] = ()
    scores: pd.DataFrame | None = None
    indicators: pd.DataFrame | None = None
    load_notes: Sequence[str] = ()
    inputs: pd.DataFrame | None = None
    change: Sequence[str] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    min_count: int = 1
    refused: Mapping[str, str] = field(default_factory=dict)

    def has(self, part: str) -> bool:
        """Whether a part of :data:`PARTS` was measured."""
        table = {"hotspots": self.places, "parks": self.coverage, "units": self.units, "scores": self.scores}[part]
        return table is not None

    def absent(self, lang: str) -> dict[str, str]:
        """What is said of each part that is not there, in the order of :data:`PARTS`."""
        said: dict[str, str] = {}
        for part in PARTS:
            if self.has(part):
                continue
            key = "refused" if part in self.refused else "missing"
            why = self.refused.get(part) or self.missing.get(part) or text("report.missing_default", lang)
            said[part] = text(f"report.{key}", lang, part=text(f"report.part_{part}", lang), why=why)
        return said


def of_all(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of all issues together; a table without classes as it is."""
    return table[table["issue_class"] == "all"] if "issue_class" in table.columns else table
