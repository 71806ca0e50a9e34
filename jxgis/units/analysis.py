"""`jxgis units`: cut blocks, describe them, propose units, measure them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.i18n import Text
    from jxgis.units.alternatives import Alternatives
    from jxgis.units.delineate import Plan, PlanReport

__all__ = ["UnitsResult", "analyse", "attribute_titles"]


@dataclass(frozen=True, eq=False)
class UnitsResult:
    """What `jxgis units` finds.

    Attributes
    ----------
    units
        The contract's layer ``units``: ``unit_id, district, area_km2, compactness, in_bounds, nearly, reason``, then
        ``blocks, parts, holes``, the measures of `units.quality.unit_quality`, and ``within_variance`` (of the
        standardised attributes; null without any).
    blocks
        The contract's layer ``blocks``: ``block_id, unit_id, district``, the attributes, and what the user's own
        blocks carried along.
    report
        What was searched, with which terms, and how good the plan is.
    blocks_from
        ``own``, ``streets`` or ``grid``.
    cut_finer
        Districts whose street faces above ``target_km2`` were cut too, because whole they left units out of bounds.
    borders
        Where alternatives were asked for: the plan's borders between blocks with ``stability``, the share of all
        plans that draw them; ``units`` then has the mean over each unit's borders.
    alternatives
        Where asked for, the table of `units.alternatives.Alternatives`.
    """

    units: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    report: PlanReport
    blocks_from: Literal["own", "streets", "grid"]
    cut_finer: tuple[str, ...]
    borders: gpd.GeoDataFrame | None = None
    alternatives: pd.DataFrame | None = None

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says beside the settings: what the plan was made of, and how good it is as a whole."""
        report = self.report
        return {
            "plan": {
                "blocks_from": self.blocks_from,
                "cut_finer": list(self.cut_finer),
                "terms": list(report.terms),
                "attributes": list(report.attributes),
                "constant_attributes": list(report.constant),
                "ssd_share": _rounded(report.ssd_share),
                "mean_compactness": _rounded(report.mean_compactness),
                "in_bounds_share": _rounded(report.in_bounds_share),
                "kept_together": [[str(row["name"]), bool(row["kept"])] for _, row in report.together.iterrows()],
                "apart_crossed_m": _rounded(report.apart_crossed_m),
                "scraps": [[str(name), int(count), round(m2, 1)] for name, count, m2 in report.scraps.to_numpy()],
                "notes": [note.en for note in self.notes()],
            }
        }

    def notes(self) -> tuple[Text, ...]:
        """What a reader must know of the search: scraps that joined, where it was rounder, what was tried in vain."""
        from jxgis.i18n import text_pair

        parts, found = self.report.parts, []
        for name, count, m2 in self.report.scraps.to_numpy():
            found.append(text_pair("units.note_scraps", district=name, n=int(count), m2=f"{m2:,.1f}"))
        for part in parts[parts["reason"] == "not_found"].to_dict("records"):
            counts, seeds = "、".join(map(str, sorted(part["counts_tried"]))), f"{part['seeds_tried']:,}"
            where = {"district": part["district"], "km2": f"{part['area_km2']:.2f}"}
            found.append(text_pair("units.note_tried", counts=counts, seeds=seeds, **where))
        found += [
            text_pair("units.note_rounder", district=name, times=int(times))
            for name, times in parts.loc[parts["rounder"] > 1, ["district", "rounder"]].to_numpy()
        ]
        found += [
            text_pair("units.note_flaws", district=name, n=int(flaws))
            for name, flaws in parts.loc[parts["flaws"] > 0, ["district", "flaws"]].to_numpy()
        ]
        return tuple(found)


def analyse(
    districts: gpd.GeoDataFrame,
    *,
    blocks: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    waters: gpd.GeoDataFrame | None = None,
    cell_m: float = 200.0,
    by_cells: bool = False,
    issues: gpd.GeoDataFrame | None = None,
    land_use: gpd.GeoDataFrame | None = None,
    population: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    attributes: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    min_km2: float = 2.0,
    max_km2: float = 5.0,
    target_km2: float = 3.5,
    compactness: float = 0.05,
    border_credit: float = 0.05,
    keep_together: gpd.GeoDataFrame | None = None,
    keep_apart: gpd.GeoDataFrame | None = None,
    n_units: Mapping[str, int] | None = None,
    exclaves: Literal["own", "attach"] = "own",
    mend_shapes: bool = True,
    snap_m: float = 1.0,
    alternatives: bool = False,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[int, int], bool | None] | None = None,
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
    cell_m
        Side of a cell where there are neither blocks nor streets.
    by_cells
        Cut by cells although there are streets; borders along them are credited all the same.
    issues, land_use, population, places
        Layers that describe the blocks; see `units.attributes.block_attributes`.
    attributes
        Columns to be alike in: of those that the layers give, or numeric ones of the user's own blocks. None: all that
        the layers give.
    weights
        Attribute to weight. Where not named, the shares of the classes (and those of the land uses) count together as
        one attribute, and every other as one.
    min_km2, max_km2, target_km2, compactness, border_credit, keep_together, keep_apart, n_units, exclaves, mend_shapes
        See `units.delineate.propose_units`.
    snap_m
        Widest gap, overlap or edge across a border of the user's own blocks that is snapped; see `own_blocks`.
    alternatives
        Propose four further plans, with a third and with three times the compactness, from two other seeds and with a
        quarter of the search: they say how stable each border of the plan is.
    seed, workers, progress
        See `units.delineate.propose_units`.

    Returns
    -------
    UnitsResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If a layer or a setting cannot be used as it stands.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> district = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 3500, 2000)], crs=4549)
    >>> result = analyse(district, cell_m=500)
    >>> result.units["unit_id"].tolist(), result.units["in_bounds"].all()
    (['老城-01', '老城-02'], np.True_)
    >>> result.blocks_from, len(result.blocks)
    ('grid', 28)
    """
    from jxgis.space.blocks import street_blocks
    from jxgis.units.alternatives import propose_alternatives
    from jxgis.units.attributes import block_attributes
    from jxgis.units.delineate import propose_units

    barriers = _barriers(streets, waters)
    asked: dict[str, Any] = {
        "min_km2": min_km2,
        "max_km2": max_km2,
        "target_km2": target_km2,
        "barriers": barriers,
        "border_credit": border_credit,
        "keep_together": keep_together,
        "keep_apart": keep_apart,
        "n_units": n_units,
        "exclaves": exclaves,
        "mend_shapes": mend_shapes,
        "workers": workers,
    }

    def described(cut: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
        table = block_attributes(cut, issues=issues, land_use=land_use, population=population, places=places)
        used = list(table.columns) if attributes is None else list(attributes)
        return _with_attributes(cut, table, used), used

    def plan_of(cut: gpd.GeoDataFrame, used: list[str]) -> Plan:
        return propose_units(
            cut,
            districts,
            attributes=used,
            weights=_weights(used, weights),
            compactness=compactness,
            seed=seed,
            progress=progress,
            **asked,
        )

    cutting = None if by_cells else streets
    cut, blocks_from = _blocks(districts, blocks, cutting, waters, cell_m=cell_m, max_km2=max_km2, snap_m=snap_m)
    table, used = described(cut)
    plan = plan_of(table, used)
    finer = _to_cut_finer(plan.units, cut, target_km2) if blocks_from == "streets" else ()
    if finer and streets is not None:
        largest = {name: target_km2 if name in finer else max_km2 for name in districts["name"]}
        table, used = described(street_blocks(districts, streets=streets, waters=waters, max_km2=largest))
        plan = plan_of(table, used)
    units = _measured(
        plan.units, plan.blocks, plan.report.attributes, _weights(used, weights), barriers, issues, land_use
    )
    front = ["block_id", "unit_id", "district"]
    others = [column for column in plan.blocks.columns if column not in front]
    result = UnitsResult(units, plan.blocks[front + others], plan.report, blocks_from, finer)
    if not alternatives:
        return result
    found = propose_alternatives(
        table,
        districts,
        dials=(compactness / 3, compactness * 3),
        seeds=(seed + 1, seed + 2),
        attributes=used,
        weights=_weights(used, weights),
        iterations=1000,
        starts=1,
        **asked,
    )
    return _with_stability(result, found)


def _with_stability(result: UnitsResult, found: Alternatives) -> UnitsResult:
    """The result with how often each of its borders recurs in the other plans."""
    import numpy as np
    import pandas as pd

    from jxgis.units.alternatives import border_recurrence

    unit = result.blocks["unit_id"]
    others = {name: plan.blocks["unit_id"] for name, plan in zip(found.table["plan"], found.plans, strict=True)}
    borders = border_recurrence(result.blocks, pd.DataFrame({"P0": unit} | others))
    named = unit.set_axis(result.blocks["block_id"])
    one, two = named[borders["block_a"]].to_numpy(), named[borders["block_b"]].to_numpy()
    drawn = one != two
    borders = borders[drawn].reset_index(drop=True)
    ends = pd.DataFrame({"unit": np.concatenate([one[drawn], two[drawn]])})
    ends["length_m"] = np.tile(borders["length_m"], 2)
    ends["firm_m"] = ends["length_m"] * np.tile(borders["stability"], 2)
    total = ends.groupby("unit")[["length_m", "firm_m"]].sum().reindex(result.units["unit_id"])
    stability = (total["firm_m"] / total["length_m"]).to_numpy()
    return replace(result, units=result.units.assign(stability=stability), borders=borders, alternatives=found.table)


def _weights(used: list[str], asked: Mapping[str, float] | None) -> dict[str, float]:
    from jxgis.units.attributes import shared_weights

    return shared_weights(used) | dict(asked or {})


def _with_attributes(cut: gpd.GeoDataFrame, made: pd.DataFrame, used: list[str]) -> gpd.GeoDataFrame:
    """The blocks with the attributes that were made for them; refuses a column that neither has."""
    import pandas as pd

    from jxgis.errors import InputError

    table = cut.assign(**made)
    numeric = [column for column in table.columns if pd.api.types.is_numeric_dtype(table[column])]
    missing = [column for column in used if column not in table.columns]
    if missing:
        raise InputError(
            zh=f"没有属性列：{'、'.join(missing)}；可用的数值列：{'、'.join(numeric) or '无'}。",
            en=f"No attribute {', '.join(missing)}; numeric columns are: {', '.join(numeric) or 'none'}.",
        )
    return table


def _to_cut_finer(units: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame, target_km2: float) -> tuple[str, ...]:
    """Districts with units out of bounds and with blocks above the target, which leave the search little choice."""
    stuck = set(units.loc[~units["in_bounds"], "district"])
    coarse = set(blocks.loc[blocks.area > target_km2 * 1e6, "district"])
    return tuple(sorted(stuck & coarse))


def _rounded(number: float) -> float | None:
    """Six decimals, or nothing where there is no number: JSON has none for it."""
    return None if math.isnan(number) else round(float(number), 6)


def _blocks(
    districts: gpd.GeoDataFrame,
    blocks: gpd.GeoDataFrame | None,
    streets: gpd.GeoDataFrame | None,
    waters: gpd.GeoDataFrame | None,
    *,
    cell_m: float,
    max_km2: float,
    snap_m: float,
) -> tuple[gpd.GeoDataFrame, Literal["own", "streets", "grid"]]:
    from jxgis.space.blocks import grid_blocks, own_blocks, street_blocks

    if blocks is not None:
        return own_blocks(blocks, districts, tolerance_m=snap_m), "own"
    if streets is not None:
        return street_blocks(districts, streets=streets, waters=waters, max_km2=max_km2), "streets"
    return grid_blocks(districts, cell_m=cell_m), "grid"


def _barriers(streets: gpd.GeoDataFrame | None, waters: gpd.GeoDataFrame | None) -> gpd.GeoSeries | None:
    import geopandas as gpd
    import numpy as np

    layers = [layer.geometry for layer in (streets, waters) if layer is not None]
    if not layers:
        return None
    return gpd.GeoSeries(np.concatenate([layer.to_numpy() for layer in layers]), crs=layers[0].crs)


def _measured(
    units: gpd.GeoDataFrame,
    blocks: gpd.GeoDataFrame,
    attributes: tuple[str, ...],
    weights: Mapping[str, float],
    barriers: gpd.GeoSeries | None,
    issues: gpd.GeoDataFrame | None,
    land_use: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    """The units with every measure of quality that the layers allow."""
    import pandas as pd

    from jxgis.units.attributes import standardise
    from jxgis.units.quality import unit_quality, within_share

    measures = unit_quality(units, barriers=barriers, issues=issues, functions=land_use)
    area_m2 = blocks.area.to_numpy()
    used = {name: weight for name, weight in weights.items() if name in attributes}
    values = standardise(blocks[list(attributes)], area_m2=area_m2, weights=used).table.to_numpy()
    row = pd.Index(units["unit_id"]).get_indexer(blocks["unit_id"])
    measures["within_variance"] = within_share(values, area_m2, row)[1]
    return units.assign(**measures.drop(columns=[column for column in measures if column in units.columns]))


def attribute_titles(columns: Iterable[str], lang: str) -> dict[str, str]:
    """Titles for people of the columns that are made of the user's own classes.

    Parameters
    ----------
    columns
        Columns of a table; those that are no share of a class are left out.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> attribute_titles(["unit_id", "mix_市容环境"], "zh")
    {'mix_市容环境': '市容环境占问题比例'}
    """
    from jxgis.i18n import text

    return {
        column: text(f"units.{kind}", lang, name=name)
        for column in columns
        for kind, _, name in [str(column).partition("_")]
        if kind in ("mix", "land") and name
    }
