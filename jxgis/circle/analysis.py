"""`jxgis circle`: walk from housing to every kind of facility, find the blind spots, and site new ones on foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jxgis import parse
from jxgis.circle.result import CircleResult
from jxgis.errors import InputError, NotGivenError, SettingsError
from jxgis.given import given_tables, named_tables
from jxgis.i18n import listed, text, text_pair
from jxgis.part import Given
from jxgis.report.columns import percent
from jxgis.settings import CircleSettings, with_options

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.circle.kinds import Kind
    from jxgis.circle.reach import Demand, Reach
    from jxgis.i18n import Table, Text
    from jxgis.settings import Settings
    from jxgis.space.network import StreetGraph

__all__ = ["analyse", "measure_circle"]

#: Spacing of the lattice of sites, and the plot that each needs, where no plots are given.
_SPACING_M, _PLOT_M2 = 150.0, 400.0
#: Of a share that is less nothing is said.
_SOME = 0.0005


@with_options(CircleSettings)
def measure_circle(
    facilities: Mapping[str, gpd.GeoDataFrame],
    residential: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    *,
    units: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    gates: gpd.GeoDataFrame | None = None,
    historic: gpd.GeoDataFrame | None = None,
    population: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    vacant: gpd.GeoDataFrame | None = None,
    levels: Mapping[str, gpd.GeoDataFrame] | None = None,
    settings: Settings | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> CircleResult:
    """Measure what share of housing, and people, has each kind of facility within a walk, and all kinds together.

    Parameters
    ----------
    facilities
        Layer to its facilities: points, lines or polygons in a metric CRS, which all layers share; those outside the
        districts serve too. Without ``kinds`` each layer is a kind.
    residential
        Polygons; ``people`` is used where it is there.
    districts
        Polygons with ``name`` and, where known, ``area``.
    streets, barriers
        What one walks on, and cannot cross.
    gates, historic
        Of parks: points where one walks in, and polygons where the standard counts smaller ones.
    units
        Polygons with ``unit_id``.
    population
        Points or polygons with ``people``: they replace those of the housing.
    places
        Names for blind spots.
    vacant
        Plots for new facilities; a lattice inside the blind spots where not given.
    levels
        Further zones by the name of their layer (``communities``): polygons with ``name``.
    settings
        Settings whose ``[parks]`` (speed, spacing of points) holds; the defaults where not given.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.CircleSettings` holds: ``minutes``, ``kinds``, ``site``, ``new_sites`` and so on.

    Returns
    -------
    CircleResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If a layer cannot be used as it stands.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (2000, 0)])], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 25)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> shops = {name: gpd.GeoDataFrame(geometry=gpd.points_from_xy([x], [0]), crs=4549) for name, x in (("a", 0), ("b", 2000))}
    >>> found = measure_circle(shops, homes, zone, street).circle
    >>> found.loc[found["level"] == "city", ["kind", "coverage"]].values.tolist()
    [['a', 0.5625], ['b', 0.5625], ['all', 0.125]]
    """
    own = named_tables(facilities, "facilities")
    kinds = {} if options.get("kinds") else {"kinds": {name: {"layer": name} for name in own}}
    layers = {
        "districts": districts, "residential": residential, "streets": streets, "units": units, "barriers": barriers,
        "gates": gates, "historic": historic, "population": population, "places": places, "vacant": vacant,
        **named_tables(levels, "levels"),
    }  # fmt: skip
    given = given_tables(
        layers, further=own, needs=("districts", "residential", "streets"), lang=lang, sketch=sketch, settings=settings,
        circle={**options, **kinds},
    )  # fmt: skip
    return analyse(given)


def analyse(given: Given) -> CircleResult:
    """Measure what a part was handed; see :func:`measure_circle`.

    Parameters
    ----------
    given
        The layers, ``[circle]`` and ``[parks]``; the units that were proposed, where there are any and the user has none.

    Raises
    ------
    NotGivenError
        If no layer of facilities was given.
    """
    from jxgis.circle.kinds import ALL_KINDS, select_kinds
    from jxgis.circle.reach import circle_table, reach, unserved_housing
    from jxgis.city import layer_title
    from jxgis.schema.layers import layers as known
    from jxgis.space.levels import zones_by_level
    from jxgis.space.network import street_graph

    options, walking = given.settings.circle, given.settings.parks
    layers = None if given.city is None else (*known(), *given.city.layers)
    chosen = select_kinds(options.kinds, layers)
    there = _kinds_there(given, chosen)
    things = {name: _things(given, kind) for name, kind in there.items()}
    title = layer_title(given.city)
    labels = {kind.id: kind.said.label or title(kind.said.layer).of(given.lang) for kind in chosen}
    minutes = {name: kind.said.minutes or options.minutes for name, kind in there.items()}
    for name in _with_own_minutes(minutes, options.minutes):
        labels[name] = text("circle.own_minutes", given.lang, label=labels[name], minutes=f"{minutes[name]:g}")
    labels[ALL_KINDS] = text("circle.all_kinds", given.lang)
    districts, barriers = given.need("districts"), given.table("barriers")
    zones = zones_by_level(districts, given.units(), given.levels())
    graph = street_graph(given.need("streets"), barriers=barriers)
    people, gates = _people(given, districts), _gates(given, there)
    found = reach(
        things, given.need("residential"), districts, graph, minutes=minutes, options=walking, people=people,
        barriers=barriers, gates=gates,
    )  # fmt: skip
    names = [str(name) for name in districts["name"]]
    unserved = {
        kind: unserved_housing(found, kind, names, districts.crs, sample_m=walking.sample_m)
        for kind in (*things, ALL_KINDS)
    }
    site, sites, change = options.site, None, None
    if site is not None and options.new_sites:
        sites, change = _sited(given, there[site], things[site], found, unserved[site], graph, gates.get(site))
        sites = _labelled(sites, labels)
    return CircleResult(
        given=given,
        circle=_labelled(circle_table(found, zones, things), labels),
        zones=zones,
        spots=_spots(unserved, labels, given, people),
        housing=_by_house(found, things, labels, names, given),
        things=things,
        minutes=minutes,
        labels=labels,
        lacking=tuple(kind.id for kind in chosen if kind.id not in there),
        sites=sites,
        siting=change,
        noticed=[*_limits_said(labels, minutes, options.minutes), *_noticed(found, labels, walking.max_snap_m)],
    )


def _labelled(table: Table, labels: Mapping[str, str]) -> Table:
    """Rows with what people call their kind."""
    return table.assign(label=table["kind"].map(labels).astype("str"))


def _with_own_minutes(minutes: Mapping[str, float], common: float) -> list[str]:
    """The kinds whose longest walk is another than that of the circle."""
    return [name for name, own in minutes.items() if own != common]


def _limits_said(labels: Mapping[str, str], minutes: Mapping[str, float], common: float) -> list[Text]:
    """A note on the kinds that have a limit of their own, where titles say the circle's."""
    own = [labels[name] for name in _with_own_minutes(minutes, common)]
    return [text_pair("circle.own_limits", kinds=own, minutes=f"{common:g}")] if own else []


def _noticed(found: Reach, labels: Mapping[str, str], max_snap_m: float) -> list[Text]:
    """What of the housing and the facilities no way leads to or from, and people who are not counted."""
    import numpy as np

    housing, far, notes = found.housing, f"{max_snap_m:g}", []
    whole = float(housing.weight.sum())
    away = housing.snapped.edge < 0
    lost = ~away & np.logical_and.reduce([np.isinf(way) for way in found.way_m.values()])
    for key, some in {"off_streets": away, "cut_off": lost}.items():
        share = float(housing.weight[some].sum()) / whole if whole > 0 else 0.0
        if share >= _SOME:
            notes.append(text_pair(f"circle.{key}", share=percent(share), far=far))
    shut = [text_pair("circle.shut_kind", label=labels[kind], n=n) for kind, n in found.shut.items() if n]
    if shut:
        notes.append(text_pair("circle.shut", n=sum(found.shut.values()), kinds=shut, far=far))
    people = found.pieces.people
    if found.people is None and people is not None and not np.isnan(people).all():
        area = found.pieces.area_m2
        unknown = np.isnan(people)
        of_area = percent(float(area[unknown].sum() / area.sum()))
        notes.append(text_pair("circle.people_unknown", n=int(unknown.sum()), share=of_area))
    return notes


def _kinds_there(given: Given, chosen: Sequence[Kind]) -> dict[str, Kind]:
    """The kinds whose layer was given, by id; refused where these are not a circle, or lack the kind to be sited."""
    options = given.settings.circle
    there = {kind.id: kind for kind in chosen if kind.said.layer in given.layers}
    # Parks have a part of their own: they alone are not a circle, unless they are asked for.
    if not any(kind.said.layer != "parks" or options.kinds for kind in there.values()):
        raise NotGivenError.saying(text_pair("circle.no_facilities"))
    site = options.site
    if site is not None and site not in there:
        raise SettingsError(
            zh=f"circle.site = {site}：没有这一种设施，或没有提供它的图层；可选：{listed(there, 'zh')}。",
            en=f"circle.site = {site}: there is no such kind, or its layer was not given; there are {listed(there, 'en')}.",
        )
    return there


def _spots(
    unserved: Mapping[str, gpd.GeoDataFrame], labels: Mapping[str, str], given: Given, people: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame | None:
    """The blind spots of every kind, with names; None where there are none."""
    import pandas as pd

    from jxgis.parks.gaps import blind_spot_names, blind_spots

    tables = []
    for kind, table in unserved.items():
        if len(table):
            spots = blind_spots(table, places=given.table("places"), people=people)
            tables.append(spots.assign(name=blind_spot_names(spots, given.need("districts"), given.lang), kind=kind))
    return _labelled(pd.concat(tables, ignore_index=True), labels) if tables else None


def _things(given: Given, kind: Kind) -> gpd.GeoDataFrame:
    """The facilities of a kind; of parks those that the standard counts, whole."""
    from jxgis.circle.kinds import rows_of_kind
    from jxgis.parks.coverage import standard_of
    from jxgis.parks.radius import classify_parks
    from jxgis.parks.whole import merge_parks

    rows = rows_of_kind(given.need(kind.said.layer), kind)
    if kind.said.layer != "parks":
        return rows
    walking = given.settings.parks
    whole = merge_parks(rows, merge_gap_m=walking.merge_gap_m).parks
    sized = classify_parks(whole, standard_of(given), historic=given.table("historic"))
    counted: gpd.GeoDataFrame = sized[sized["radius_m"].notna()]
    return counted


def _gates(given: Given, there: Mapping[str, Kind]) -> dict[str, gpd.GeoDataFrame]:
    """Where one walks into the facilities of each kind that is of parks, where gates are given."""
    gates = given.table("gates")
    return {} if gates is None else {name: gates for name, kind in there.items() if kind.said.layer == "parks"}


def _people(given: Given, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """People given beside the housing, as points; None where none are."""
    from jxgis.parks.coverage import CoverageInputs, standard_of

    ground = CoverageInputs(
        homes=given.need("residential"), no_file=False, standard=standard_of(given), options=given.settings.parks,
        graph=None, gates=None, barriers=None, people=given.table("population"), raster=given.people_raster,
    )  # fmt: skip
    return ground.people_points(districts)


def _by_house(
    found: Reach, kinds: Mapping[str, gpd.GeoDataFrame], labels: Mapping[str, str], names: Sequence[str], given: Given
) -> gpd.GeoDataFrame:
    """Each piece of housing: how many kinds it has within a walk, and which most of it lacks."""
    import geopandas as gpd
    import numpy as np

    from jxgis.space.ratio import ratio

    n, piece, weight = len(found.pieces.geometry), found.points.piece, found.points.area_m2
    share = {
        kind: np.clip(
            ratio(np.bincount(piece, weights=weight * found.served(kind), minlength=n), found.pieces.area_m2), 0, 1
        )
        for kind in kinds
    }
    lacks = [[labels[kind] for kind in kinds if share[kind][at] < 0.5] for at in range(n)]
    return gpd.GeoDataFrame(
        {
            "zone": np.array(names, dtype=object)[found.pieces.zone],
            "m2": found.pieces.area_m2,
            "kinds_reached": np.sum([*share.values()], axis=0) if share else np.zeros(n),
            "lacks": [listed(some, given.lang) or None for some in lacks],
        },
        geometry=found.pieces.geometry,
        crs=given.crs,
    ).astype({"zone": "str", "lacks": "str"})


def _sited(
    given: Given,
    kind: Kind,
    things: gpd.GeoDataFrame,
    found: Reach,
    unserved: gpd.GeoDataFrame,
    graph: StreetGraph,
    gates: gpd.GeoDataFrame | None,
) -> tuple[gpd.GeoDataFrame, dict[str, float]]:
    """New facilities where they serve most people, or housing, that has none within a walk or no room."""
    import numpy as np

    from jxgis.circle.siting import choose_sites, choose_with_capacity, within_walk
    from jxgis.indicators.foot import doors

    options, column = given.settings.circle, kind.said.capacity
    limited = column is not None or options.capacity is not None
    demand = _demand(found, limited=limited)
    candidates = _candidates(given.table("vacant"), given.need("residential") if limited else unserved)

    def near(some: gpd.GeoDataFrame, gates: gpd.GeoDataFrame | None = None) -> Any:
        entries, of = doors(some, graph, options=given.settings.parks, barriers=given.table("barriers"), gates=gates)
        return within_walk(graph, entries, of, demand.snapped, n=len(some), limit_m=found.limit_m[kind.id])

    whole = float(demand.weight.sum())
    if limited:
        room = np.full(len(things), np.inf)
        if column is not None:
            room = parse.numbers(things[column])[0].to_numpy() * kind.said.people_per_place
        capacity = np.inf if options.capacity is None else options.capacity
        sited = choose_with_capacity(
            near(things, gates), np.minimum(room, whole), near(candidates), demand.weight, sites=options.new_sites,
            capacity=capacity,
        )  # fmt: skip
    else:
        served = found.served(kind.id, of_people=found.people is not None)
        sited = choose_sites(near(candidates), demand.weight, served, sites=options.new_sites)
    table = _as_sites(candidates.iloc[sited.chosen], given.need("districts"))
    table = table.assign(kind=kind.id, **{"gain_m2" if found.people is None else "gain_people": sited.gain})
    return table, {
        "before": sited.before / whole,
        "after": sited.after / whole,
        "gap": sited.gap,
        "whole": whole,
        "limited": limited,
    }


def _demand(found: Reach, *, limited: bool) -> Demand:
    """Whom new facilities serve: people where they are known, else housing, which has no room to be counted in."""
    if limited and found.people is None:
        raise InputError(
            zh="按容量选址需要人口：请给出 [inputs.population]，或给居住用地逐块补上 people 列。",
            en="Siting by capacity needs people: give [inputs.population], or fill in the column people of the housing.",
        )
    demand = found.housing if found.people is None else found.people
    if not demand.weight.sum() > 0:
        raise InputError(
            zh="范围内没有居民（或没有居住用地），无法选址；请检查居住用地的位置和 people 列，或去掉 circle.site。",
            en="Nobody lives within the districts, or there is no housing there: nothing can be sited. Check where the housing "
            "lies and its column people, or take circle.site out.",
        )
    return demand


def _candidates(plots: gpd.GeoDataFrame | None, ground: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Where new facilities may go: the plots given, else a lattice in the ground."""
    from jxgis.indicators.standing import spots
    from jxgis.parks.lattice import candidate_lattice

    candidates = candidate_lattice(ground, spacing_m=_SPACING_M, min_plot_m2=_PLOT_M2) if plots is None else plots
    if len(candidates):
        return candidates
    # No plot fits into what is left: a place on each piece of it.
    return ground[["geometry"]].set_geometry(spots(ground).to_numpy(), crs=ground.crs)


def _as_sites(chosen: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Chosen candidates as points with rank, name and district; one without a name has its district's and a number."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import shapely

    from jxgis.space.nearest import nearest

    shape = shapely.point_on_surface(chosen.geometry.to_numpy())
    names = districts["name"].astype(str).to_numpy()
    zone = [names[at] for at in nearest(shape, districts.geometry.to_numpy())] if len(shape) else []
    own = chosen["name"] if "name" in chosen.columns else [None] * len(shape)
    called = [f"{z} {k}" if pd.isna(n) else str(n) for k, (n, z) in enumerate(zip(own, zone, strict=True), start=1)]
    sites = {"rank": np.arange(1, len(shape) + 1), "name": called, "zone": zone}
    return gpd.GeoDataFrame(sites, geometry=shape, crs=chosen.crs)
