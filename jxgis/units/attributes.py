"""What blocks are like: issues, land use, people; standardised, so that unlike columns can be weighed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.i18n import listed
from jxgis.space.overlay import pieces
from jxgis.space.people import people_in
from jxgis.space.points import locate
from jxgis.space.ratio import ratio

__all__ = ["Standardised", "block_attributes", "shared_weights", "standardise"]


def block_attributes(
    blocks: gpd.GeoDataFrame,
    *,
    issues: gpd.GeoDataFrame | None = None,
    mix_prior: float = 10.0,
    land_use: gpd.GeoDataFrame | None = None,
    population: gpd.GeoDataFrame | None = None,
    columns: Sequence[str] = (),
) -> pd.DataFrame:
    """Describe every block by the layers at hand.

    Parameters
    ----------
    blocks
        Polygons in a metric CRS.
    issues
        Points with ``issue_class``: gives the density and the mix of classes; a case without a class counts in the density only.
    mix_prior
        Cases of the city's mix added to each block's own, so that a block with one case is not 100 % of its class,
        and a block without any has the city's mix.
    land_use
        Polygons with their ``kind``: gives the share of each kind in the block's area.
    population
        Polygons (spread over their area) or points with ``people``: gives the density.
    columns
        Numeric columns of ``blocks`` to take as they are.

    Returns
    -------
    DataFrame
        On the index of ``blocks``, float64: ``issues_per_km2``, ``mix_{class}`` (0 to 1), ``land_{kind}`` (0 to 1),
        ``people_per_km2``, then ``columns``. Without any layer it has no columns.

    Raises
    ------
    InputError
        If a column is missing or not numeric.
    CrsError
        If a layer's CRS is not that of the blocks.

    Examples
    --------
    >>> import shapely
    >>> blocks = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)], crs=4549)
    >>> issues = gpd.GeoDataFrame(
    ...     {"issue_class": ["市容环境", "市容环境", "街面秩序"]}, geometry=shapely.points([[5, 5], [6, 6], [1500, 5]]), crs=4549
    ... )
    >>> block_attributes(blocks, issues=issues, mix_prior=0)
       issues_per_km2  mix_市容环境  mix_街面秩序
    0             2.0       1.0       0.0
    1             1.0       0.0       1.0
    """
    crs = require_metric(blocks, "blocks")
    area_km2 = shapely.area(blocks.geometry.to_numpy()) / M2_PER_KM2
    found: dict[str, NDArray[np.float64]] = {}
    if issues is not None:
        require_metric(issues, "issues", like=crs)
        found |= _issue_columns(blocks, issues, area_km2, mix_prior)
    if land_use is not None:
        require_metric(land_use, "land_use", like=crs)
        found |= _land_shares(blocks, land_use)
    if population is not None:
        require_metric(population, "population", like=crs)
        found["people_per_km2"] = people_in(blocks, population) / area_km2
    _require(blocks, columns, "blocks")
    for column in columns:
        found[column] = _numbers(blocks, column, "blocks")
    return pd.DataFrame(found, index=blocks.index)


def shared_weights(columns: Sequence[str]) -> dict[str, float]:
    """Weights by which a mix or the land use counts as one attribute, in however many shares it comes.

    Parameters
    ----------
    columns
        Names of attributes; see :func:`block_attributes`.

    Returns
    -------
    dict of str to float
        1 over their number for the columns ``mix_…`` and for the columns ``land_…``, 1 for any other.

    Examples
    --------
    >>> shared_weights(["issues_per_km2", "mix_市容环境", "mix_街面秩序"])
    {'issues_per_km2': 1.0, 'mix_市容环境': 0.5, 'mix_街面秩序': 0.5}
    """
    kinds = [next((kind for kind in ("mix_", "land_") if column.startswith(kind)), column) for column in columns]
    return {column: 1.0 / kinds.count(kind) for column, kind in zip(columns, kinds, strict=True)}


def _require(table: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(
            zh=f"{what} 缺少列：{listed(missing, 'zh')}；现有的列：{listed(table.columns, 'zh')}。",
            en=f"{what} has no column {listed(missing, 'en')}; it has {listed(table.columns, 'en')}.",
        )


def _numbers(table: pd.DataFrame, column: str, what: str) -> NDArray[np.float64]:
    if not pd.api.types.is_numeric_dtype(table[column]):
        raise InputError(
            zh=f"{what} 的列 {column} 不是数值；请先转换成数字。",
            en=f"column {column} of {what} is not numeric; convert it to numbers first.",
        )
    return table[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _issue_columns(
    blocks: gpd.GeoDataFrame, issues: gpd.GeoDataFrame, area_km2: NDArray[np.float64], prior: float
) -> dict[str, NDArray[np.float64]]:
    _require(issues, ["issue_class"], "issues")
    at = locate(issues, blocks)
    found = {"issues_per_km2": np.bincount(at[at >= 0], minlength=len(blocks)) / area_km2}
    classed = (at >= 0) & issues["issue_class"].notna().to_numpy()
    codes, names = pd.factorize(issues["issue_class"][classed], sort=True)
    if not len(names):
        return found
    cells = codes * len(blocks) + at[classed]
    counts = np.bincount(cells, minlength=len(names) * len(blocks)).reshape(len(names), len(blocks))
    city = counts.sum(axis=1, keepdims=True) / counts.sum()
    total = counts.sum(axis=0) + prior
    mix = ratio(counts + prior * city, total)
    return found | {f"mix_{name}": share for name, share in zip(names, mix, strict=True)}


def _land_shares(blocks: gpd.GeoDataFrame, land_use: gpd.GeoDataFrame) -> dict[str, NDArray[np.float64]]:
    _require(land_use, ["kind"], "land_use")
    ground = blocks.geometry.to_numpy()
    block, row, piece = pieces(ground, land_use.geometry.to_numpy())
    m2, area = shapely.area(piece), shapely.area(ground)
    codes, names = pd.factorize(land_use["kind"], sort=True)
    shares = {}
    for code, name in enumerate(names):
        own = codes[row] == code
        shares[f"land_{name}"] = np.bincount(block[own], weights=m2[own], minlength=len(blocks)) / area
    return shares


@dataclass(frozen=True)
class Standardised:
    """Attributes on one scale, and what had to be left out.

    Attributes
    ----------
    table
        Area-weighted z-scores times the square root of each weight, on the index of the attributes: a squared
        distance then counts a column with weight 2 twice.
    filled
        Column to the number of its nulls, which stand at the mean: such a block neither pulls nor is pulled.
    dropped
        Columns without any difference between blocks.
    """

    table: pd.DataFrame
    filled: dict[str, int]
    dropped: tuple[str, ...]


def standardise(
    attributes: pd.DataFrame, *, area_m2: NDArray[np.float64], weights: Mapping[str, float] | None = None
) -> Standardised:
    """Bring attributes to mean 0 and variance 1 over the ground, and weigh them.

    Parameters
    ----------
    attributes
        One numeric column an attribute; see :func:`block_attributes`.
    area_m2
        Area of each block: a large one counts for more.
    weights
        Column to its weight; 1 where none is given, 0 takes the column out.

    Returns
    -------
    Standardised

    Raises
    ------
    InputError
        If a weight names no column or is negative, or a column is not numeric.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [0.0, 2.0], "b": [5.0, 5.0]})
    >>> scaled = standardise(table, area_m2=np.array([1.0, 1.0]))
    >>> scaled.table["a"].tolist(), scaled.dropped
    ([-1.0, 1.0], ('b',))
    """
    weights = {} if weights is None else weights
    wrong = [name for name, weight in weights.items() if name not in attributes.columns or not weight >= 0]
    if wrong:
        raise InputError(
            zh=f"权重 {listed(wrong, 'zh')} 没有对应的属性列，或小于 0；属性列：{listed(attributes.columns, 'zh') or '无'}。",
            en=f"weights {listed(wrong, 'en')} name no attribute or are negative; "
            f"the attributes are {listed(attributes.columns, 'en') or 'none'}.",
        )
    scaled: dict[str, NDArray[np.float64]] = {}
    filled: dict[str, int] = {}
    dropped: list[str] = []
    for column in attributes.columns:
        weight = weights.get(column, 1.0)
        if weight == 0:
            continue
        value = _numbers(attributes, column, "attributes")
        known = np.isfinite(value)
        share = np.where(known, area_m2, 0) / max(area_m2[known].sum(), np.finfo(float).tiny)
        value = np.where(known, value, 0)
        mean = share @ value
        spread = np.sqrt(share @ np.where(known, value - mean, 0) ** 2)
        # Rounding leaves a constant column a spread of its last digits: no difference between blocks.
        if spread <= 1e-12 * max(abs(mean), 1e-300):
            dropped.append(str(column))
            continue
        if not known.all():
            filled[str(column)] = int((~known).sum())
        scaled[str(column)] = np.where(known, (value - mean) / spread, 0) * np.sqrt(weight)
    return Standardised(pd.DataFrame(scaled, index=attributes.index), filled, tuple(dropped))
