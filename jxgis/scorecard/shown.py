"""The scorecard as people are shown it: no small count of issues, and nothing that tells one beside what other parts show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.indicators.figures import cases_of, few_cases
from jxgis.indicators.rows import holds
from jxgis.scorecard.targets import WHOLES
from jxgis.small_counts import MIN_RANGE
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.part import Result
    from jxgis.scorecard.targets import PlanTarget
    from jxgis.settings import MeasureSettings

__all__ = ["class_of_cases", "counts_elsewhere", "show_card"]

_KEYS = ["level", "zone", "issue_class"]


def class_of_cases(issues: pd.DataFrame, way: MeasureSettings) -> str:
    """The class that all issues are of which a measure counts; ``all`` where they are of several."""
    if "issue_class" not in issues.columns:
        return ALL
    where = {column: wanted for column, wanted in way.where.items() if column in issues.columns}
    found = issues.loc[holds(issues, where), "issue_class"].unique()
    return str(found[0]) if len(found) == 1 and pd.notna(found[0]) else ALL


def counts_elsewhere(known: pd.DataFrame, results: Mapping[str, Result]) -> pd.DataFrame:
    """The counts of zones and units that other parts have shown or hidden: ``level, zone, issue_class, count, lost``.

    Parameters
    ----------
    known
        From `Given.known_counts`.
    results
        Name of a part to what it found: hot spots and units name the rows of ``known`` that are theirs.
    """
    named: dict[str, pd.DataFrame] = {}
    if "hotspots" in results and "zones" in results["hotspots"].tables():
        named["zones"] = results["hotspots"].tables()["zones"]
    if "units" in results:
        units = results["units"].tables()["units"]
        named["units"] = pd.DataFrame({"level": "unit", "zone": units["unit_id"].astype(str), "issue_class": ALL})
    found = [pd.DataFrame(columns=[*_KEYS, "count", "lost"])]
    for name, table in named.items():
        rows = known[known["of"] == name]
        if len(rows):
            found.append(pd.DataFrame(table[_KEYS]).assign(**{key: rows[key].to_numpy() for key in ("count", "lost")}))
    return pd.concat([each for each in found if len(each)] or found, ignore_index=True).drop_duplicates(_KEYS)


def show_card(
    table: gpd.GeoDataFrame,
    targets: Sequence[PlanTarget],
    by_issues: Mapping[str, str],
    *,
    classes: Mapping[str, str],
    elsewhere: pd.DataFrame,
    least: int,
) -> gpd.GeoDataFrame:
    """A scorecard for people's eyes: numbers of so few cases are left out, and with them those that would tell them.

    Parameters
    ----------
    table
        The contract's ``scorecard``.
    targets
        The plan's.
    by_issues
        The targets that were measured by issues, each to its measure.
    classes
        Each of these to the class that its cases are of: from `class_of_cases`.
    elsewhere
        From `counts_elsewhere`.
    least
        The least number of cases that is shown.
    """
    measured = table["counted"].isin(["measured", "nothing"]).to_numpy()
    few = measured & few_cases(table, by_issues, least)
    hidden = few | (measured & _tells_elsewhere(table, by_issues, classes, elsewhere, least))
    # What is made of numbers of cases in another way holds them too: a rate by area, the squares of shares.
    made = measured & table["indicator"].isin(list(by_issues)).to_numpy() & np.isnan(cases_of(table, by_issues))
    made &= least >= MIN_RANGE
    hidden |= made & _hidden_elsewhere(table, classes, elsewhere, least)
    first = hidden.copy()
    further = [level for level in dict.fromkeys(table["level"]) if level not in WHOLES]
    for level, others in (("district", WHOLES), *((one, (one,)) for one in further)):
        # One that is hidden is what the others leave of the whole, and of the larger zone that it lies in.
        names = set(table.loc[first & (table["level"] == level), "indicator"])
        hidden |= (table["indicator"].isin(names) & table["level"].isin(others)).to_numpy(dtype=bool)
    # A ratio in all its digits is its numerator and denominator.
    value = table["value"].where(~hidden, [float(f"{number:.3g}") for number in table["value"]])
    better = {target.id: 1 if target.direction == "at_least" else -1 for target in targets}
    gap = table["gap"].where(
        ~hidden, (table["gap"] + table["indicator"].map(better) * (value - table["value"])).round(6)
    )
    # What is a number of cases, or one per square kilometre, tells it in any digits.
    counted = table["indicator"].isin(
        [name for name, measure in by_issues.items() if measure.startswith(("count", "relative"))]
    )
    untold = few | (hidden & measured & counted.to_numpy())
    shown: gpd.GeoDataFrame = table.assign(
        **{name: table[name].mask(hidden | made, np.nan) for name in ("numerator", "denominator")},
        value=value.mask(untold),
        gap=gap.mask(untold),
    )
    return shown


def _hidden_elsewhere(
    table: pd.DataFrame, classes: Mapping[str, str], elsewhere: pd.DataFrame, least: int
) -> NDArray[np.bool_]:
    """Figures of a zone and class whose number of cases is small or missing where other parts show it."""
    if elsewhere.empty:
        return np.zeros(len(table), dtype=np.bool_)
    there = _of_zone_and_class(table, classes, elsewhere)
    count = there["count"].to_numpy(dtype=np.float64)
    found: NDArray[np.bool_] = ((count > 0) & (count < least)) | there["lost"].fillna(value=False).to_numpy(dtype=bool)
    return found


def _of_zone_and_class(table: pd.DataFrame, classes: Mapping[str, str], elsewhere: pd.DataFrame) -> pd.DataFrame:
    own = table[["level", "zone"]].assign(issue_class=table["indicator"].map(classes).astype(object))
    return elsewhere.set_index(_KEYS).reindex(pd.MultiIndex.from_frame(own))


def _tells_elsewhere(
    table: pd.DataFrame, by_issues: Mapping[str, str], classes: Mapping[str, str], elsewhere: pd.DataFrame, least: int
) -> NDArray[np.bool_]:
    """Figures whose cases are nearly all issues of their class in the zone: they tell its count where that is hidden, and
    where it is shown the few that are not among them.
    """
    if least < MIN_RANGE or elsewhere.empty:
        return np.zeros(len(table), dtype=np.bool_)
    cases = cases_of(table, by_issues)
    there = _of_zone_and_class(table, classes, elsewhere)
    left = there["count"].to_numpy(dtype=np.float64) - cases
    lost = there["lost"].fillna(value=False).to_numpy(dtype=bool)
    found: NDArray[np.bool_] = (cases > 0) & (left >= 0) & (left < least) & (lost | (left > 0))
    return found
