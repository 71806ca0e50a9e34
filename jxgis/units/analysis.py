"""`jxgis units`: cut blocks, describe them, propose units, measure them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from jxgis.crs import M2_PER_KM2
from jxgis.given import given_tables
from jxgis.i18n import listed
from jxgis.part import Given
from jxgis.settings import UnitSettings, with_options
from jxgis.units.result import UnitsResult

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.units.plan import Plan

__all__ = ["analyse", "propose_units"]

# The plans that a border is compared with lie along the dial, a third and three times it, far enough to draw other units
# and near enough to be a plan that one would take; they need only be good, not the best, so that a quarter of the search
# does.
_OTHER_DIAL = 3
_OTHER_ITERATIONS = 1_000


@with_options(UnitSettings)
def propose_units(
    districts: gpd.GeoDataFrame,
    *,
    blocks: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    waters: gpd.GeoDataFrame | None = None,
    issues: gpd.GeoDataFrame | None = None,
    land_use: gpd.GeoDataFrame | None = None,
    population: gpd.GeoDataFrame | None = None,
    keep_together: gpd.GeoDataFrame | None = None,
    keep_apart: gpd.GeoDataFrame | None = None,
    fixed_units: gpd.GeoDataFrame | None = None,
    unit_seeds: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    subdistricts: gpd.GeoDataFrame | None = None,
    units: gpd.GeoDataFrame | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> UnitsResult:
    """Propose units from whatever layers there are.

    Parameters
    ----------
    districts
        Polygons with ``name``, in a metric CRS; all layers share it.
    blocks
        The user's own blocks; else faces of ``streets`` and ``waters``; else cells of ``cell_m``. Faces above the
        maximum are cut; where a district cannot be divided so, those above the target too.
    streets, waters
        Lines or polygons: they cut blocks, and borders along them are credited.
    issues, land_use, population
        Layers that describe the blocks; see `units.attributes.block_attributes`.
    keep_together, keep_apart, unit_seeds, places, subdistricts
        See `units.delineate.delineate_units`.
    fixed_units
        Polygons that are units as they are, with their ``unit_id``. Cells and faces of streets are cut along them, blocks of
        your own are not.
    units
        Units that there are, or of an edited plan, with ``unit_id``: the plan is that nearest to them (``from_units``).
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.UnitSettings` holds: ``cell_m``, ``min_km2``, ``attributes``, ``seed`` and so on.

    Returns
    -------
    UnitsResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If a layer or an option cannot be used as it stands.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> district = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 3500, 2000)], crs=4549)
    >>> result = propose_units(district, cell_m=500, alternatives=False)
    >>> result.units["unit_id"].tolist(), result.units["in_bounds"].all()
    (['老城-01', '老城-02'], np.True_)
    >>> result.blocks_from, len(result.blocks)
    ('grid', 28)
    """
    layers = {
        "districts": districts, "blocks": blocks, "streets": streets, "waters": waters, "issues": issues,
        "land_use": land_use, "population": population, "keep_together": keep_together, "keep_apart": keep_apart,
        "fixed_units": fixed_units, "unit_seeds": unit_seeds, "places": places, "subdistricts": subdistricts,
        "units": units,
    }  # fmt: skip
    options = options if units is None else {"from_units": True} | options
    return analyse(given_tables(layers, needs=("districts",), lang=lang, sketch=sketch, units=options))


def analyse(given: Given) -> UnitsResult:
    """Propose units from what a part was handed; see :func:`propose_units`.

    Parameters
    ----------
    given
        The layers and ``[units]``.
    """
    from jxgis.units.delineate import ITERATIONS
    from jxgis.units.proof import bounded

    options = given.settings.units
    cut, blocks_from = _blocks(given)
    by_streets = blocks_from == "streets"
    described, used, plan = _planned(given, cut)
    finer = _to_cut_finer(plan.units, cut, options.target_km2) if by_streets else ()
    if finer:
        described, used, plan = _planned(given, _blocks(given, finer)[0])
    # Of the plan that stays alone.
    plan = bounded(plan, iterations=ITERATIONS if options.prove else 0)
    front = ["block_id", "unit_id", "district"]
    others = [column for column in plan.blocks.columns if column not in front]
    result = UnitsResult(
        given=given,
        units=_measured(given, plan, used.weights),
        blocks=plan.blocks[front + others],
        report=plan.report,
        blocks_from=blocks_from,
        cut_finer=finer,
    )
    # Whoever starts from the units that there are does not choose among others.
    free = options.alternatives and not options.from_units
    return _with_reasons(_with_stability(result, described, used) if free else result)


def _planned(given: Given, cut: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, UnitSettings, Plan]:
    """The blocks as they are described, the settings with the attributes used, and the units that they are joined to."""
    from jxgis.units.delineate import delineate_units

    described, used = _described(given, cut)
    plan = delineate_units(described, given.need("districts"), **_tables(given), options=used, prove=False)
    return described, used, plan


def _tables(given: Given) -> dict[str, Any]:
    """The layers that borders follow, and those that say what units are to hold."""
    asked = ("keep_together", "keep_apart", "fixed_units", "unit_seeds", "places", "subdistricts")
    barriers = _barriers(given.table("streets"), given.table("waters"))
    return {"barriers": barriers, "today": _today(given)} | {layer: given.table(layer) for layer in asked}


def _today(given: Given) -> gpd.GeoDataFrame | None:
    """The units that the plan starts from."""
    from jxgis.errors import InputError

    units = given.table("units") if given.settings.units.from_units else None
    if given.settings.units.from_units and (units is None or not len(units)):
        raise InputError(
            zh="from_units 要从现有单元出发，但没有现有单元（units）图层，或其中没有单元。",
            en="from_units starts from the units of today, but there is no layer units, or no unit in it.",
        )
    return units


def _described(given: Given, cut: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, UnitSettings]:
    """The blocks with what the layers say of them, and the settings with the attributes that they are to be alike in."""
    from jxgis.units.attributes import block_attributes, shared_weights

    options = given.settings.units
    issues, land_use, population = (given.table(layer) for layer in ("issues", "land_use", "population"))
    if issues is not None and "issue_class" not in issues.columns:
        issues = issues.assign(issue_class=None)
    cut = _with_bounded(given, cut)
    table = block_attributes(cut, issues=issues, land_use=land_use, population=population)
    used = tuple(table.columns) if options.attributes is None else options.attributes
    weights = shared_weights(used) | options.weights
    return _with_attributes(cut, table, used), options.model_copy(update={"attributes": used, "weights": weights})


def _with_bounded(given: Given, cut: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The blocks with what they hold of people and issues, where that is bounded and they do not say it themselves."""
    import numpy as np

    from jxgis.errors import InputError
    from jxgis.space.people import people_in
    from jxgis.space.points import locate

    held = {}
    population, issues = given.table("population"), given.table("issues")
    options = given.settings.units
    # People count for what a repair moves, bounded or not.
    counted = ["people"] if options.from_units and population is not None else []
    for name in dict.fromkeys([*options.bounds, *counted]):
        if name in cut.columns:
            continue
        if name == "people" and population is not None:
            held[name] = people_in(cut, population)
        elif name == "issues" and issues is not None:
            at = locate(issues, cut)
            held[name] = np.bincount(at[at >= 0], minlength=len(cut)).astype(np.float64)
        else:
            raise InputError(
                zh=f"[units.bounds.{name}] 限定了 {name}，但没有可以算出它的图层：people 需要 population，issues 需要 issues，"
                "其他名称须是自有地块（blocks）的数值列。",
                en=f"[units.bounds.{name}] bounds {name}, but no layer given tells it: people needs population, issues needs "
                "issues, any other name is a numeric column of your own blocks.",
            )
    return cut.assign(**held)


def _with_stability(result: UnitsResult, described: gpd.GeoDataFrame, used: UnitSettings) -> UnitsResult:
    """The result with how often each of its borders recurs in four quicker plans of the same blocks."""
    import numpy as np
    import pandas as pd

    from jxgis.units.alternatives import border_recurrence, propose_alternatives

    given = result.given
    found = propose_alternatives(
        described,
        given.need("districts"),
        dials=(used.compactness / _OTHER_DIAL, used.compactness * _OTHER_DIAL),
        seeds=(used.seed + 1, used.seed + 2),
        iterations=_OTHER_ITERATIONS,
        starts=1,
        options=used,
        **_tables(given),
    )
    unit = result.blocks["unit_id"]
    others = {name: plan.blocks["unit_id"] for name, plan in zip(found.table["plan"], found.plans, strict=True)}
    borders = border_recurrence(result.blocks, pd.DataFrame({"P0": unit} | others))
    named = unit.set_axis(result.blocks["block_id"])
    one, two = named[borders["block_a"]].to_numpy(), named[borders["block_b"]].to_numpy()
    drawn = one != two
    borders = borders[drawn].reset_index(drop=True)
    # Units in the order of their table, so that a pair is called by one name.
    place = pd.Index(result.units["unit_id"])
    turned = place.get_indexer(one[drawn]) > place.get_indexer(two[drawn])
    borders.insert(3, "unit_a", np.where(turned, two[drawn], one[drawn]))
    borders.insert(4, "unit_b", np.where(turned, one[drawn], two[drawn]))
    ends = pd.DataFrame({"unit": np.concatenate([one[drawn], two[drawn]])})
    ends["length_m"] = np.tile(borders["length_m"], 2)
    ends["firm_m"] = ends["length_m"] * np.tile(borders["stability"], 2)
    total = ends.groupby("unit")[["length_m", "firm_m"]].sum().reindex(result.units["unit_id"])
    stability = (total["firm_m"] / total["length_m"]).to_numpy()
    return replace(result, units=result.units.assign(stability=stability), borders=borders, alternatives=found.table)


def _with_reasons(result: UnitsResult) -> UnitsResult:
    """The result with what each border between two units follows, and what moving it would cost."""
    from jxgis.units.borders import explain_borders

    layers = {name: result.given.table(name) for name in ("streets", "waters", "subdistricts")}
    moves = result.report.moves
    return replace(result, why=explain_borders(result.units, **layers, stretches=result.borders, moves=moves))


def _with_attributes(cut: gpd.GeoDataFrame, made: pd.DataFrame, used: Sequence[str]) -> gpd.GeoDataFrame:
    """The blocks with the attributes that were made for them; refuses a column that neither has."""
    import pandas as pd

    from jxgis.errors import InputError

    table = cut.assign(**made)
    numeric = [column for column in table.columns if pd.api.types.is_numeric_dtype(table[column])]
    missing = [column for column in used if column not in table.columns]
    if missing:
        raise InputError(
            zh=f"没有属性列：{listed(missing, 'zh')}；可用的数值列：{listed(numeric, 'zh') or '无'}。",
            en=f"No attribute {listed(missing, 'en')}; numeric columns are: {listed(numeric, 'en') or 'none'}.",
        )
    return table


def _to_cut_finer(units: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame, target_km2: float) -> tuple[str, ...]:
    """Districts with units out of bounds and with blocks above the target, which leave the search little choice."""
    stuck = set(units.loc[~units["in_bounds"] & (units["reason"] != "fixed_unit"), "district"])
    coarse = set(blocks.loc[blocks.area > target_km2 * M2_PER_KM2, "district"])
    return tuple(sorted(stuck & coarse))


def _blocks(given: Given, finer: Collection[str] = ()) -> tuple[gpd.GeoDataFrame, Literal["own", "streets", "grid"]]:
    """The blocks, cut along fixed units and those of today unless they are the user's own; faces of streets at most as large as the target in
    some districts.
    """
    import pandas as pd

    from jxgis.space.blocks import grid_blocks, own_blocks, street_blocks
    from jxgis.units._rules import parted_by
    from jxgis.units.repair import lie_within

    options, districts, streets = given.settings.units, given.need("districts"), given.table("streets")
    blocks = given.table("blocks")
    today = _today(given)
    own = None if today is None else today[lie_within(today, districts)]
    fixed = [layer.geometry for layer in (given.table("fixed_units"), own) if layer is not None]
    if blocks is not None and not options.by_cells:
        return own_blocks(blocks, districts, tolerance_m=options.snap_m), "own"
    home = dict(zip(districts["name"], districts["name"], strict=True))
    if sum(map(len, fixed)):
        districts, home = parted_by(pd.concat(fixed).to_frame("geometry"), districts, tolerance_m=options.snap_m)
    if streets is None or options.by_cells:
        cut = grid_blocks(districts, cell_m=options.cell_m)
    else:
        largest = {zone: options.target_km2 if name in finer else options.max_km2 for zone, name in home.items()}
        cut = street_blocks(districts, streets=streets, waters=given.table("waters"), max_km2=largest)
    made: Literal["streets", "grid"] = "grid" if streets is None or options.by_cells else "streets"
    return cut.assign(district=cut["district"].map(home)), made


def _barriers(streets: gpd.GeoDataFrame | None, waters: gpd.GeoDataFrame | None) -> gpd.GeoSeries | None:
    import geopandas as gpd
    import numpy as np

    layers = [layer.geometry for layer in (streets, waters) if layer is not None]
    if not layers:
        return None
    return gpd.GeoSeries(np.concatenate([layer.to_numpy() for layer in layers]), crs=layers[0].crs)


def _measured(given: Given, plan: Plan, weights: Mapping[str, float]) -> gpd.GeoDataFrame:
    """The units with every measure of quality that the layers allow."""
    import pandas as pd

    from jxgis.units.attributes import standardise
    from jxgis.units.quality import unit_quality, within_share

    units, blocks, attributes = plan.units, plan.blocks, plan.report.attributes
    barriers = _barriers(given.table("streets"), given.table("waters"))
    measures = unit_quality(
        units, barriers=barriers, issues=given.table("issues"), functions=given.table("land_use"),
        narrow_m=given.settings.units.narrow_m,
    )  # fmt: skip
    area_m2 = blocks.area.to_numpy()
    used = {name: weight for name, weight in weights.items() if name in attributes}
    values = standardise(blocks[list(attributes)], area_m2=area_m2, weights=used).table.to_numpy()
    row = pd.Index(units["unit_id"]).get_indexer(blocks["unit_id"])
    measures["within_variance"] = within_share(values, area_m2, row)[1]
    return units.assign(**measures.drop(columns=[column for column in measures if column in units.columns]))
