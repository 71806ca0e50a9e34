"""`jxgis effect`: choose the periods and the controls, compare, and try what was compared where nothing was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.crs import M2_PER_KM2
from jxgis.effect.areas import all_areas, count_areas, shared_ground
from jxgis.effect.compare import Compared, compare_areas
from jxgis.effect.placebo import placebo_places
from jxgis.effect.result import EffectResult
from jxgis.effect.sources import moved_sources
from jxgis.effect.windows import Windows, choose_windows, placebo_dates
from jxgis.errors import InputError
from jxgis.given import given_tables
from jxgis.i18n import listed, text_pair
from jxgis.part import Given
from jxgis.settings import EffectSettings, with_options
from jxgis.space.points import locate

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["analyse", "measure_effect"]

_LAYERS = ("units", "subdistricts", "districts")


@with_options(EffectSettings)
def measure_effect(
    treated: gpd.GeoDataFrame,
    issues: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    subdistricts: gpd.GeoDataFrame | None = None,
    units: gpd.GeoDataFrame | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> EffectResult:
    """Say whether it worked: treated areas before and after a date, against similar untreated ones.

    Parameters
    ----------
    treated
        Polygons of the areas, in a metric CRS; ``name`` where known.
    issues
        Points with ``time``, in the same CRS as every other layer; where present ``source, file, issue_class``.
    districts
        Polygons of the city.
    subdistricts, units
        Polygons, among which controls may be found.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.EffectSettings` holds: ``at``, ``months``, ``controls`` and so on.

    Returns
    -------
    EffectResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If there is no date or no time, the date lies outside the data, the treated areas hold no issue, or no untreated
        area is left.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.uniform(0, 9000, (2, 40_000))
    >>> times = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 3 * 365, 40_000), unit="D")
    >>> issues = gpd.GeoDataFrame({"time": times}, geometry=gpd.points_from_xy(x, y), crs=4549)
    >>> city = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.box(0, 0, 9000, 9000)], crs=4549)
    >>> squares = [shapely.box(1500 * k, 1500 * k, 1500 * k + 500, 1500 * k + 500) for k in range(6)]
    >>> result = measure_effect(gpd.GeoDataFrame(geometry=squares, crs=4549), issues, city, at="2023-01-01")
    >>> bool(result.low < 0 < result.high), len(result.sets), int(result.sets["controls_n"].sum())
    (True, 6, 24)
    """
    layers = {
        "treated": treated,
        "issues": issues,
        "districts": districts,
        "subdistricts": subdistricts,
        "units": units,
    }
    given = given_tables(layers, needs=("treated", "issues", "districts"), lang=lang, sketch=sketch, effect=options)
    return analyse(given)


def analyse(given: Given) -> EffectResult:
    """Say whether it worked, of what a part was handed; see :func:`measure_effect`.

    Parameters
    ----------
    given
        The layers and ``[effect]``. All issues there are count, whatever window of time the others look at.
    """
    options = given.settings.effect
    issues = _issues(given)
    at = _date(options.at)
    windows = choose_windows(
        issues["time"],
        at,
        months=options.months,
        selecting_months=options.selecting_months,
        files=_column(issues, "file"),
        sources=_column(issues, "source"),
    )
    # Those that a report proposes only where they are asked for: a report then finds what the command finds.
    there = {name: given.table(name) for name in _LAYERS} | (
        {"units": given.units()} if options.controls == "units" else {}
    )
    layers = {name: table for name, table in there.items() if table is not None}
    areas, kind = all_areas(
        given.need("treated"), given.need("districts"), layers, controls=options.controls, spill_m=options.spill_m
    )
    periods = windows.counted(issues["time"])
    counts = count_areas(areas, issues, periods).assign(treated=areas["role"] == "treated")
    own = counts[counts["treated"]]
    if not (own["before"] + own["after"]).any():
        raise InputError.saying(text_pair("effect.treated_empty", n=len(own)))
    usable = counts[areas["role"] != "near"]
    compared = compare_areas(usable)
    if compared.sets.empty:
        raise InputError.saying(
            text_pair("effect.no_untreated", kind=text_pair(f"effect.controls_{kind}"), metres=f"{options.spill_m:g}")
        )
    return EffectResult(
        given=given,
        compared=compared,
        windows=windows,
        at=at,
        areas=_areas(areas, counts, compared),
        sets=_sets(areas, counts, compared, given.lang),
        placebo=_placebo(areas, usable, compared, windows, issues),
        sources=_sources(areas, issues, compared, periods),
        months=_months(areas, issues, compared, windows),
        power=_power(compared),
        controls_from=kind,
    )


def _issues(given: Given) -> gpd.GeoDataFrame:
    """All issues, of the class that was asked for."""
    issues = given.past()
    if "time" not in issues.columns:
        issues = issues.assign(time=pd.Series(pd.NaT, index=issues.index, dtype="datetime64[ns]"))
    asked = given.settings.effect.issue_class
    if asked is None:
        return issues
    known = sorted(issues["issue_class"].dropna().astype(str).unique()) if "issue_class" in issues.columns else []
    if asked not in known:
        raise InputError.saying(
            text_pair("effect.no_class", asked=asked, known=known or text_pair("effect.no_classes"))
        )
    return issues[issues["issue_class"] == asked]


def _column(issues: gpd.GeoDataFrame, name: str) -> pd.Series | None:
    return issues[name] if name in issues.columns else None


def _date(at: str | None) -> pd.Timestamp:
    if at is None:
        raise InputError.saying(text_pair("effect.no_date"))
    return pd.Timestamp(at)


def _areas(areas: gpd.GeoDataFrame, counts: pd.DataFrame, compared: Compared) -> gpd.GeoDataFrame:
    """Each area with its part in the comparison."""
    sets = compared.sets
    of = {i: areas["area_id"][t] for t, group in sets[["treated", "controls"]].to_numpy() for i in group}
    role = areas["role"].where(~areas.index.isin(list(of)), "control")
    none = (counts["before"] + counts["after"] == 0).to_numpy()
    shared = np.isin(np.arange(len(areas)), [row for pair in shared_ground(areas) for row in pair])
    lone = (role == "treated").to_numpy() & ~none & ~areas.index.isin(sets["treated"])
    reason = np.select(
        [none & shared, none, lone, (role == "near").to_numpy()],
        ["counted_in_another", "no_issues_compared", "no_control_left", "near_treated"],
        "",
    )
    change = counts["after"] / counts["before"].where(counts["before"] > 0) - 1
    return areas.assign(
        role=role,
        control_of=pd.Series(of, dtype="str").reindex(areas.index),
        area_km2=areas.area / M2_PER_KM2,
        cases_before=counts["before"],
        cases_after=counts["after"],
        change_cases=change,
        reason=pd.Series(reason, index=areas.index).where(reason != ""),
    )


def _sets(areas: gpd.GeoDataFrame, counts: pd.DataFrame, compared: Compared, lang: str) -> pd.DataFrame:
    """The sets for people: relative changes, names."""
    sets, names = compared.sets, areas["area_id"]
    groups = sets["controls"].map(list)
    return pd.DataFrame(
        {
            "area_id": names[sets["treated"]].to_numpy(),
            "controls_n": groups.map(len),
            "controls": groups.map(lambda group: listed(names[group], lang)),
            "cases_before": counts["before"][sets["treated"]].to_numpy(),
            "cases_after": counts["after"][sets["treated"]].to_numpy(),
            "controls_before": groups.map(lambda group: int(counts["before"][group].sum())),
            "controls_after": groups.map(lambda group: int(counts["after"][group].sum())),
            "change_cases": np.expm1(sets["change"]),
            "change_controls": np.expm1(sets["change_controls"]),
            "difference": np.expm1(sets["difference"]),
            "weight": sets["weight"],
        }
    )


def _placebo(
    areas: gpd.GeoDataFrame, usable: pd.DataFrame, compared: Compared, windows: Windows, issues: gpd.GeoDataFrame
) -> pd.DataFrame:
    """What the comparison finds where nothing was done: at earlier dates, and in untreated places."""
    rows: list[dict[str, Any]] = []

    def add(kind: str, at: str, found: Compared) -> None:
        effect, low, high = found.in_shares()
        rows.append(
            {
                "placebo": kind,
                "at": at,
                "programmes": 1,
                "effect": effect,
                "low": low,
                "high": high,
                "p": found.centre.p,
            }
        )

    near = usable.index
    files, sources = _column(issues, "file"), _column(issues, "source")
    for date, moved in placebo_dates(windows, issues["time"], files=files, sources=sources):
        counts = count_areas(areas.loc[near], issues, moved.counted(issues["time"])).assign(treated=usable["treated"])
        found = compare_areas(counts)
        if not found.sets.empty:
            add("date", f"{date:%Y-%m-%d}", found)
    # Places with far fewer issues than any treated one would show how well they can be told apart, not those.
    own = usable.loc[compared.sets["treated"], ["before", "after"]].sum(axis=1).min()
    alike = usable[usable[["before", "after"]].sum(axis=1) >= own / 2]
    pool = alike if (~alike["treated"]).sum() >= 2 * len(compared.sets) else usable
    tried = placebo_places(pool, treated=len(compared.sets))
    at_random = [found.in_shares() for kind, found in tried if kind == "random"]
    for kind, found in tried:
        if kind == "worst":
            add(kind, "", found)
    if at_random:
        effect, low, high = np.array(at_random).T
        ends = np.quantile(effect, [0.025, 0.975])
        rows.append(
            {
                "placebo": "random", "at": "", "programmes": len(effect), "effect": float(np.median(effect)),
                "low": float(ends[0]), "high": float(ends[1]), "p": np.nan,
                "covers": float(np.mean((low <= 0) & (high >= 0))),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["placebo", "at", "programmes", "effect", "low", "high", "p", "covers"])


def _place_of_sets(areas: gpd.GeoDataFrame, issues: gpd.GeoDataFrame, compared: Compared) -> NDArray[np.int64]:
    """The area of each issue, of those in the sets; -1 for none."""
    rows = areas.index.get_indexer(
        [*compared.sets["treated"], *(i for group in compared.sets["controls"] for i in group)]
    )
    place = locate(issues, areas.iloc[rows])
    return np.where(place >= 0, rows[place], -1)


def _sources(
    areas: gpd.GeoDataFrame, issues: gpd.GeoDataFrame, compared: Compared, periods: dict[str, NDArray[np.bool_]]
) -> pd.DataFrame:
    source = _column(issues, "source")
    if source is None:
        source = pd.Series(pd.NA, index=issues.index, dtype="str")
    place = _place_of_sets(areas, issues, compared)
    return moved_sources(compared, place, source, periods["before"], periods["after"])


def _months(areas: gpd.GeoDataFrame, issues: gpd.GeoDataFrame, compared: Compared, windows: Windows) -> pd.DataFrame:
    """Issues a month in the treated areas together and in their controls together."""
    place = _place_of_sets(areas, issues, compared)
    start = (windows.history or windows.before)[0]
    time = issues["time"].to_numpy(dtype="datetime64[ns]")
    inside = (place >= 0) & (time >= start.to_datetime64()) & (time < windows.after[1].to_datetime64())
    own = np.isin(place, compared.sets["treated"].to_numpy())
    month = pd.Series(time[inside]).dt.to_period("M")
    every = pd.period_range(start, windows.after[1] - pd.Timedelta(days=1), freq="M")
    counted = {
        name: month[mask[inside]].value_counts().reindex(every, fill_value=0).to_numpy()
        for name, mask in (("cases_treated", own), ("cases_controls", ~own))
    }
    return pd.DataFrame({"month": every.strftime("%Y-%m"), **counted})


def _power(compared: Compared) -> pd.DataFrame:
    drops = np.array([0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5])
    return pd.DataFrame({"drop": drops, "power": [compared.power(float(drop)) for drop in drops]})
