"""Where the next parks go: the p that serve most, and the fewest that reach a target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array

from jxgis.bounds import at_least, widened
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.i18n import text_pair
from jxgis.parks._tally import Study, study_of
from jxgis.parks.cover import CoverSolution, cover_most, fewest_to_cover
from jxgis.parks.housing import sample_points
from jxgis.parks.radius import classify_parks, radius_coverage, served_points
from jxgis.parks.standards import Standard
from jxgis.progress import stepped
from jxgis.settings import PARKS, ParkSettings
from jxgis.space.nearest import nearest
from jxgis.space.points import locate_each
from jxgis.space.polygons import polygons_of
from jxgis.zones import ALL

__all__ = ["FewestParks", "Siting", "fewest_parks", "radius_sensitivity", "site_parks"]

Floats = npt.NDArray[np.float64]

_ROUNDS = 4
#: By how much sample points move together where a plan that they chose falls short of the target as measured.
_FINER = (1, 2, 4)


@dataclass(frozen=True, eq=False)
class Siting:
    """Proposed parks and what they change.

    Attributes
    ----------
    sites
        The contract's layer ``sites``: ``rank``, ``m2`` (of the plot), ``name``, ``zone``, ``radius_m``, ``counts``
        (whether the standard counts a park of that size; else it is a pocket park beside it), ``gain_m2`` (housing that
        the site serves and neither a park nor a site before it does; sample points times area), ``gain_people`` where
        people are known, ``candidate`` (row of the candidates), geometry.
    before_after
        ``zone``, ``residential_m2``, ``coverage_before``, ``coverage_after`` (what the standard counts),
        ``coverage_with_pocket`` (pocket parks too), measured exactly by radius; ``no_site``, why no site serves more of
        the zone: ``no_plot_there``, ``more_elsewhere``, or none where one does or nothing is open; ``reason``.
    solution
        The optimiser's answer with its bound and gap.
    plots
        Every candidate, in the candidates' order: ``radius_m, counts``, geometry.
    """

    sites: gpd.GeoDataFrame
    before_after: pd.DataFrame
    solution: CoverSolution
    plots: gpd.GeoDataFrame

    def why_not(self, spots: gpd.GeoSeries) -> list[str | None]:
        """Why no site serves a spot: ``plan_serves``, ``no_plot_there``, ``more_elsewhere``, or None where one does.

        Parameters
        ----------
        spots
            Polygons of unserved housing, as of `gaps.blind_spots`; empty where the plan's parks serve all of it.
        """
        plot, spot = shapely.STRtree(spots.to_numpy()).query(
            self.plots.geometry.to_numpy(), predicate="dwithin", distance=widened(self.plots["radius_m"].to_numpy())
        )
        in_reach, helped = np.zeros(len(spots), dtype=np.bool_), np.zeros(len(spots), dtype=np.bool_)
        in_reach[spot] = True
        helped[spot[np.isin(plot, self.solution.chosen)]] = True
        why = ["plan_serves", "", "no_plot_there"]
        codes = np.select([spots.is_empty.to_numpy(), helped, ~in_reach], why, "more_elsewhere")
        return [code or None for code in codes.tolist()]


@dataclass(frozen=True, eq=False)
class FewestParks:
    """The fewest parks for a target, by sample points: as measured by area fewer may do.

    Attributes
    ----------
    siting
        The sites, and coverage before and after; no site where the target holds already.
    zones
        ``zone, coverage_before, best`` (with all candidates together, both measured exactly), ``needed`` (new parks in
        the answer that serve the zone), ``reason``: ``target_held``, ``target_out_of_reach`` (no candidate
        reaches it: left out of the condition), ``target_missed`` (the answer, right for its sample points, falls short
        of it as measured: too few parks), or none.
    target
        What was asked for, 0–1.
    """

    siting: Siting
    zones: pd.DataFrame
    target: float


@dataclass(frozen=True, eq=False)
class _Open:
    """Points that no park serves yet, each with what it stands for; ``served`` and ``total`` by zone."""

    spot: npt.NDArray[np.object_]
    weight: Floats
    zone: npt.NDArray[np.int64]
    served: Floats
    total: Floats


class _Ground(NamedTuple):
    """What parks are sited on."""

    parks: gpd.GeoDataFrame
    housing: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    standard: Standard
    historic: gpd.GeoDataFrame | None
    radius_m: float | None

    def coverage(self, more: gpd.GeoDataFrame) -> pd.DataFrame:
        """Coverage by radius, measured exactly, with more parks beside those of today."""
        every = gpd.GeoDataFrame(
            {"radius_m": np.concatenate([self.parks["radius_m"], more["radius_m"]])},
            geometry=np.concatenate([self.parks.geometry.to_numpy(), more.geometry.to_numpy()]),
            crs=self.parks.crs,
        )
        return radius_coverage(every, self.housing, self.zones, standard=self.standard).coverage


@dataclass(frozen=True, eq=False)
class _Demand:
    """What is open, by area and by people, and which of the objective's points each candidate serves."""

    ground: _Ground
    study: Study
    area: _Open
    people: _Open | None
    wanted: _Open
    cover: csr_array
    plots: npt.NDArray[np.object_]
    counts: npt.NDArray[np.bool_]
    radius_m: Floats


def _demand(ground: _Ground, objective: str, people: gpd.GeoDataFrame | None, sample_m: float) -> _Demand:
    parks, housing, zones, candidates, standard, historic, radius_m = ground
    crs = require_metric(candidates, "candidates", require_metric(zones, "zones"))
    study = study_of(housing, zones)
    points = sample_points(study.pieces, sample_m=sample_m)
    zone, n = study.pieces.zone[points.piece], len(study.zones)
    sample = np.asarray(shapely.points(points.x, points.y), dtype=object)
    area = _open(parks, sample, points.area_m2, zone, n)
    some = None
    if people is not None:
        row, of = locate_each(people, gpd.GeoSeries(polygons_of(zones.geometry.to_numpy()), crs=crs))
        spot = people.geometry.to_numpy()[row]
        count = people["people"].to_numpy(dtype=np.float64)[row]
        some = _open(parks, spot, count, of, n)
    elif study.pieces.people is not None and not np.isnan(study.pieces.people).any():
        count = points.area_m2 * (study.pieces.people / study.pieces.area_m2)[points.piece]
        some = _open(parks, sample, count, zone, n)
    if objective == "people" and some is None:
        raise InputError(
            zh="没有完整的人口数据，不能按人口选址；请给出 [inputs.population]（分母是建成区时只有这一种办法，带 people 列的"
            '居住用地也可以），或给居住用地逐块补上 people 列，或改用 [parks] objective = "area"。',
            en="People are not fully known, so parks cannot be sited by them; give [inputs.population] (the only way where "
            "coverage is a share of built-up land; residential land with people will do), or fill in the column people of "
            'the residential layer, or use [parks] objective = "area".',
        )
    wanted = area if objective == "area" or some is None else some
    plots = polygons_of(candidates.geometry.to_numpy())
    sized = classify_parks(
        gpd.GeoDataFrame({"area_m2": shapely.area(plots)}, geometry=plots, crs=crs), standard, historic=historic
    )
    counts = sized["radius_m"].notna().to_numpy()
    # A plot below every band is a pocket park, which serves by the standard's least radius.
    radii = sized["radius_m"].fillna(min(band.radius_m for band in standard.bands)).to_numpy(dtype=np.float64)
    if radius_m is not None:
        radii = np.full(len(plots), radius_m)
    site, point = shapely.STRtree(wanted.spot).query(plots, predicate="dwithin", distance=widened(radii))
    cover = csr_array((np.ones(len(site), dtype=np.int8), (point, site)), shape=(len(wanted.spot), len(plots)))
    return _Demand(ground, study, area, some, wanted, cover, plots, counts, radii)


def _open(
    parks: gpd.GeoDataFrame,
    spot: npt.NDArray[np.object_],
    weight: Floats,
    zone: npt.NDArray[np.int64],
    n_zones: int,
) -> _Open:
    served = served_points(parks, spot)
    left = np.flatnonzero(~served)
    return _Open(
        spot=spot[left],
        weight=weight[left],
        zone=zone[left],
        served=np.bincount(zone[served], weights=weight[served], minlength=n_zones).astype(np.float64),
        total=np.bincount(zone, weights=weight, minlength=n_zones).astype(np.float64),
    )


def _gains(some: _Open, plots: npt.NDArray[np.object_], radius_m: Floats) -> Floats:
    """What each of the plots serves that none before it does."""
    site, point = shapely.STRtree(some.spot).query(plots, predicate="dwithin", distance=widened(radius_m))
    first = np.full(len(some.spot), len(plots), dtype=np.int64)
    np.minimum.at(first, point, site)
    return np.bincount(first, weights=some.weight, minlength=len(plots) + 1)[: len(plots)].astype(np.float64)


def site_parks(
    parks: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    standard: Standard,
    historic: gpd.GeoDataFrame | None = None,
    people: gpd.GeoDataFrame | None = None,
    radius_m: float | None = None,
    options: ParkSettings = PARKS,
    **changed: Any,
) -> Siting:
    """Choose the sites of new parks that serve the most housing that no park serves yet.

    Parameters
    ----------
    parks
        From `radius.classify_parks`: what they serve already is no reason for another park.
    housing, zones, standard
        As for `radius.radius_coverage`.
    candidates
        Sites, polygons: vacant plots, or from `lattice.candidate_lattice`; ``name`` is used where it is there.
    historic
        Historic areas, where the standard counts smaller parks.
    people
        Points with ``people``, which replace those of the housing.
    radius_m
        Service radius of a new park, from the edge of its plot; where not given the standard's for the plot's size,
        and the standard's least for plots smaller than it counts (pocket parks).
    options, **changed
        :class:`jxgis.settings.ParkSettings`, and its options by name: ``new_parks``, ``objective`` and ``sample_m``, the
        spacing of the points that stand for housing while choosing; what is chosen is measured exactly.

    Returns
    -------
    Siting

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If there are no people to site by.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> from jxgis.parks.radius import classify_parks
    >>> from jxgis.parks.standards import load_standard
    >>> park = gpd.GeoDataFrame({"area_m2": [1e4]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 3000, 100)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 3000, 2000)], crs=4549)
    >>> plots = gpd.GeoDataFrame(geometry=[shapely.box(x, 100, x + 50, 140) for x in (200, 1500, 2900)], crs=4549)
    >>> standard = load_standard()
    >>> found = site_parks(classify_parks(park, standard), homes, zone, plots, new_parks=1, standard=standard)
    >>> found.sites["candidate"].tolist(), found.solution.gap
    ([1], 0.0)
    """
    options = options.but(changed)
    ground = _Ground(parks, housing, zones, candidates, standard, historic, radius_m)
    demand = _demand(ground, options.objective, people, options.sample_m)
    return _siting(demand, cover_most(demand.cover, demand.wanted.weight, sites=options.new_parks))


def _siting(demand: _Demand, solution: CoverSolution) -> Siting:
    chosen, zones, candidates = solution.chosen, demand.ground.zones, demand.ground.candidates
    plots, radius_m = demand.plots[chosen], demand.radius_m[chosen]
    middle = shapely.point_on_surface(plots)
    in_zone = np.array(demand.study.zones, dtype=object)[nearest(middle, zones.geometry.to_numpy())]
    given = candidates["name"].to_numpy()[chosen] if "name" in candidates.columns else [None] * len(chosen)
    names = [
        f"{where} {rank}" if pd.isna(name) else str(name)
        for rank, (name, where) in enumerate(zip(given, in_zone, strict=True), start=1)
    ]
    sites = gpd.GeoDataFrame(
        {
            "rank": np.arange(1, len(chosen) + 1),
            "m2": shapely.area(plots),
            "name": pd.Series(names, dtype=object),
            "zone": pd.Series(in_zone, dtype=object),
            "radius_m": radius_m,
            "counts": demand.counts[chosen],
            "gain_m2": _gains(demand.area, plots, radius_m),
            **({} if demand.people is None else {"gain_people": _gains(demand.people, plots, radius_m)}),
            "candidate": chosen,
        },
        geometry=plots,
        crs=candidates.crs,
    )
    before_after = _before_after(demand.ground, sites)
    before_after.insert(len(before_after.columns) - 1, "no_site", _no_site(demand, chosen))
    every = gpd.GeoDataFrame(
        {"radius_m": demand.radius_m, "counts": demand.counts}, geometry=demand.plots, crs=candidates.crs
    )
    return Siting(sites=sites, before_after=before_after, solution=solution, plots=every)


def _no_site(demand: _Demand, chosen: npt.NDArray[np.int64]) -> list[str | None]:
    """Why no site serves more of a zone, for each zone and for the whole."""
    n, zone, some = len(demand.study.zones), demand.wanted.zone, demand.wanted.weight > 0

    def of_zones(held: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        here = np.bincount(zone[held & some], minlength=n) > 0
        return np.append(here, here.any())

    left = of_zones(np.ones(len(zone), dtype=np.bool_))
    in_reach = of_zones(np.diff(demand.cover.indptr) > 0)
    helped = of_zones(np.diff(demand.cover[:, chosen].tocsr().indptr) > 0)
    codes = np.select([~left | helped, ~in_reach], ["", "no_plot_there"], "more_elsewhere")
    return [code or None for code in codes.tolist()]


def _before_after(ground: _Ground, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    before, after = ground.coverage(sites.iloc[:0]), ground.coverage(sites[sites["counts"]])
    both = after if sites["counts"].all() else ground.coverage(sites)
    return pd.DataFrame(
        {
            "zone": before["zone"],
            "residential_m2": before["residential_m2"],
            "coverage_before": before["coverage"],
            "coverage_after": after["coverage"],
            "coverage_with_pocket": both["coverage"],
            "reason": before["reason"],
        }
    )


def fewest_parks(
    parks: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    standard: Standard,
    historic: gpd.GeoDataFrame | None = None,
    radius_m: float | None = None,
    every_zone: bool = False,
    options: ParkSettings = PARKS,
    **changed: Any,
) -> FewestParks:
    """Choose the fewest new parks that bring coverage to a target, altogether and, if asked, in every zone.

    The target is the standard's: it is reached by area of housing, and by plots that the standard counts. The fewest are
    proven for the sample points; by the areas as measured, by which coverage is said, fewer may do.

    Parameters
    ----------
    parks, housing, zones, candidates, standard, historic, radius_m
        As for `site_parks`.
    every_zone
        Whether each zone must reach it too. Zones that no choice of candidates brings there are named and left out
        of the condition, and so is the whole.
    options, **changed
        :class:`jxgis.settings.ParkSettings`, and its options by name: ``target`` and ``sample_m``.

    Returns
    -------
    FewestParks

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> from jxgis.parks.radius import classify_parks
    >>> from jxgis.parks.standards import load_standard
    >>> park = gpd.GeoDataFrame({"area_m2": [1e4]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 3000, 100)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 3000, 2000)], crs=4549)
    >>> plots = gpd.GeoDataFrame(geometry=[shapely.box(x, 100, x + 50, 140) for x in (200, 1500, 2900)], crs=4549)
    >>> standard = load_standard()
    >>> found = fewest_parks(classify_parks(park, standard), homes, zone, plots, standard=standard, target=0.4)
    >>> len(found.siting.sites)
    1
    """
    options = options.but(changed)
    ground = _Ground(parks, housing, zones, candidates, standard, historic, radius_m)
    for finer in _FINER:
        demand = _demand(ground, "area", None, options.sample_m / finer)
        found = _fewest_of(demand, options.target, every_zone=every_zone)
        if found.siting.solution.status != "optimal" or not (found.zones["reason"] == "target_missed").any():
            break
    return found


def _fewest_of(demand: _Demand, target: float, *, every_zone: bool) -> FewestParks:
    """The fewest parks by one set of sample points, measured exactly."""
    demand = replace(demand, cover=csr_array(demand.cover.multiply(demand.counts[None, :])))
    demand.cover.eliminate_zeros()
    some = demand.area
    in_reach = np.diff(demand.cover.indptr) > 0
    best = some.served + np.bincount(some.zone[in_reach], weights=some.weight[in_reach], minlength=len(some.total))
    served, most, total = (np.append(one, one.sum()) for one in (some.served, best, some.total))
    # Sample points choose; what is reached, today and with every plot that counts, is measured exactly.
    plots = gpd.GeoDataFrame({"radius_m": demand.radius_m}, geometry=demand.plots, crs=demand.study.crs)
    now, then = (demand.ground.coverage(more) for more in (plots.iloc[:0], plots[demand.counts]))
    today, at_best = (exact["coverage"].to_numpy(dtype=np.float64) for exact in (now, then))
    lacking, held = ~at_least(at_best, target), at_least(today, target)
    gap = np.fmax(target * total - served, (target - today) * now["residential_m2"].to_numpy(dtype=np.float64))
    wanted = ~(lacking | held)
    if not every_zone:
        wanted[:-1] = False
    # Of sample points no more can be asked than all candidates reach.
    asked = np.where(wanted, np.maximum(np.minimum(gap, most - served), 0.0), 0.0)
    siting = _fewest(demand, asked, target)
    solution = siting.solution
    chosen = demand.cover[:, solution.chosen].tocoo()
    pairs = np.unique(np.stack([some.zone[chosen.row], chosen.col], axis=1), axis=0)
    table = pd.DataFrame(
        {
            "zone": [*demand.study.zones, ALL],
            "coverage_before": today,
            "best": at_best,
            "needed": np.append(
                np.bincount(pairs[:, 0].astype(np.int64), minlength=len(some.total)), len(solution.chosen)
            ),
            "reason": np.select([total == 0, held, lacking], ["no_housing", "target_held", "target_out_of_reach"], ""),
        }
    )
    missed = wanted & ~at_least(siting.before_after["coverage_after"].to_numpy(dtype=np.float64), target)
    table["reason"] = table["reason"].mask(missed, "target_missed").replace("", None)
    return FewestParks(siting=siting, zones=table, target=target)


def _fewest(demand: _Demand, asked: Floats, target: float) -> Siting:
    """Solve, measure exactly, and ask for a little more where sample points promised more than there is."""
    found: Siting | None = None
    for _ in range(_ROUNDS):
        solution = fewest_to_cover(
            demand.cover, demand.area.weight, need=asked[:-1], group=demand.area.zone, need_all=asked[-1]
        )
        if solution is None:
            break
        found = _siting(demand, solution)
        table = found.before_after
        short = (target - table["coverage_after"]).to_numpy() * table["residential_m2"].to_numpy()
        short = np.where((asked > 0) & (short > 0), short, 0.0)
        # One that was stopped is not improved by a harder question.
        if not short.any() or solution.status != "optimal":
            break
        asked = asked + short
    if found is None:
        raise AssertionError("every condition was checked to be within reach")
    return found


def radius_sensitivity(
    parks: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    standard: Standard,
    historic: gpd.GeoDataFrame | None = None,
    people: gpd.GeoDataFrame | None = None,
    options: ParkSettings = PARKS,
    **changed: Any,
) -> pd.DataFrame:
    """Site again with other radii of the new parks: how much of the answer hangs on that number.

    Parameters
    ----------
    parks, housing, zones, candidates, standard, historic, people, options, **changed
        As for `site_parks`; the radii are ``radii_m`` of the options.

    Returns
    -------
    pandas.DataFrame
        ``radius_m, coverage_before, coverage_after, coverage_with_pocket`` (of the whole), ``same_sites`` (how many of the
        sites are also chosen at the radius before it in the list), ``gap`` and ``status``.
    """
    options = options.but(changed)
    rows: list[dict[str, object]] = []
    last: set[int] = set()
    for radius_m in stepped(options.radii_m, text_pair("run.share_siting")):
        found = site_parks(
            parks, housing, zones, candidates, standard=standard, historic=historic, people=people, radius_m=radius_m,
            options=options,
        )  # fmt: skip
        now, whole = set(found.sites["candidate"]), found.before_after.iloc[-1]
        rows.append(
            {
                "radius_m": radius_m,
                "coverage_before": whole["coverage_before"],
                "coverage_after": whole["coverage_after"],
                "coverage_with_pocket": whole["coverage_with_pocket"],
                "same_sites": len(now & last) if rows else np.nan,
                "gap": found.solution.gap,
                "status": found.solution.status,
            }
        )
        last = now
    return pd.DataFrame(rows)
