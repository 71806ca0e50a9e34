"""The cells of the hot spots: every class tested, against chance and against an exposure, and what of it counts as hot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from jxgis.settings import Family, HotspotSettings
    from jxgis.space.grid import Grid

__all__ = ["judge_cells", "judged", "levels"]


def judge_cells(
    counts: Mapping[str, NDArray[np.int64]],
    grid: Grid,
    options: HotspotSettings,
    *,
    built_up_land: gpd.GeoDataFrame | None = None,
    exposure: gpd.GeoDataFrame | None = None,
    exposure_column: str | None = None,
    strata: NDArray[np.int64] | None = None,
) -> gpd.GeoDataFrame:
    """Test all classes, one below the other, each with every cell of the grid.

    Parameters
    ----------
    counts
        Class to its (n_cells,) counts.
    grid
        The cells.
    options
        The neighbourhood, the level of the false discovery rate, over which tests it holds for what is called hot, and
        the least number of issues: classes with fewer are not judged, their reason is ``few_issues``.
    built_up_land, exposure
        As ``built_up`` and ``exposure`` of :func:`jxgis.hotspots.analysis.find_hotspots`.
    exposure_column
        The column of the exposure to spread; None: points count one each, lines their length, polygons their area.

    strata
        (n_cells,) stratum of each cell, where counts are compared among their like: see :mod:`jxgis.hotspots.strata`. Rates
        are compared with the exposure as ever.

    Returns
    -------
    geopandas.GeoDataFrame
        The contract's ``cells`` with ``gi_q_all`` (Benjamini-Hochberg over all classes) and ``is_hot``; with an exposure
        ``exposure, rate, rate_expected, rate_z, rate_p, rate_p_method, rate_q, rate_q_all, rate_bin, rate_reason``.
        Bins are by the q of ``family``.
    """
    import geopandas as gpd
    import numpy as np
    import pandas as pd

    from jxgis.hotspots.rates import built_up, exposure_on_grid
    from jxgis.i18n import text_pair
    from jxgis.progress import stepped
    from jxgis.statistics.fdr import benjamini_hochberg, gi_bin, is_hot

    band_m, alpha, family = options.band_m, options.alpha, options.family
    keep = np.ones(len(grid), dtype=bool) if built_up_land is None else built_up(grid, built_up_land)
    people = None if exposure is None else np.where(keep, exposure_on_grid(grid, exposure, column=exposure_column), 0.0)
    squares = grid.cells()
    tables = []
    for issue_class, count in stepped(list(counts.items()), text_pair("run.share_classes")):
        few = int(count[keep].sum()) < options.min_issues
        table = _by_number(count, grid, keep, options, strata, few=few)
        if people is not None:
            table = table.join(_by_rate(count, people, grid, band_m, few=few))
        table.insert(0, "issue_class", issue_class)
        table.insert(0, "cell_id", squares["cell_id"])
        tables.append(table)
    cells = pd.concat(tables, ignore_index=True)
    for basis in ("gi", "rate")[: 1 + (people is not None)]:
        cells[f"{basis}_q_all"] = benjamini_hochberg(cells[f"{basis}_p"])
        cells[f"{basis}_bin"] = gi_bin(cells[_q(basis, family)], cells[f"{basis}_z"])
    cells["is_hot"] = is_hot(cells["gi_z"], cells[_q("gi", family)], alpha)
    geometry = np.tile(squares.geometry.to_numpy(), len(tables))
    return gpd.GeoDataFrame(cells, geometry=geometry, crs=grid.crs)


def judged(cells: gpd.GeoDataFrame, family: Family, *, by: Literal["gi", "rate"] = "gi") -> gpd.GeoDataFrame:
    """The cells with ``gi_z`` and ``gi_q`` being what decides: by number or by rate, by the q of the family."""
    return cells.assign(gi_z=cells[f"{by}_z"], gi_q=cells[_q(by, family)])


def levels(cells: pd.DataFrame, *, alpha: float, family: Family, min_issues: int) -> pd.DataFrame:
    """Count what is hot under either family.

    Returns
    -------
    pandas.DataFrame
        One row a class: ``issue_class, issues, tested`` (whether it was judged at all), ``hot_class`` and ``hot_all``
        (cells hot at the level within the class, and over all classes); ``alpha, family, min_issues`` as given.
    """
    import pandas as pd

    from jxgis.statistics.fdr import is_hot

    rows = [
        {
            "issue_class": name,
            "issues": int(own["count"].sum()),
            "tested": bool(own["gi_q"].notna().any()),
            "hot_class": int(is_hot(own["gi_z"], own["gi_q"], alpha).sum()),
            "hot_all": int(is_hot(own["gi_z"], own["gi_q_all"], alpha).sum()),
            "alpha": alpha,
            "family": family,
            "min_issues": min_issues,
        }
        for name, own in cells.groupby("issue_class", sort=False)
    ]
    return pd.DataFrame(rows)


def _q(basis: str, family: Family) -> str:
    return f"{basis}_q" if family == "class" else f"{basis}_q_all"


def _by_number(
    count: NDArray[np.int64],
    grid: Grid,
    keep: NDArray[np.bool_],
    options: HotspotSettings,
    strata: NDArray[np.int64] | None,
    *,
    few: bool,
) -> pd.DataFrame:
    """Gi* and local Moran among the cells that take part; the others keep their count."""
    import numpy as np

    from jxgis.hotspots.inference import hotspot_table

    part = grid if keep.all() else grid.where(keep)
    among = None if strata is None else strata[keep]
    table = hotspot_table(count[keep], part, band_m=options.band_m, alpha=options.alpha, strata=among)
    if few:
        table = _unjudged(table, ["gi_z", "gi_p", "gi_p_normal", "p_method", "gi_q"]).assign(lisa="ns")
    if not keep.all():
        table = table.set_axis(np.flatnonzero(keep), axis=0).reindex(range(len(grid)))
        table.loc[~keep, "reason"] = "not_built_up"
    return table.assign(count=count, lisa=table["lisa"].fillna("ns"))


def _by_rate(
    count: NDArray[np.int64], people: NDArray[np.float64], grid: Grid, band_m: float, *, few: bool
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from jxgis.hotspots.inference import text_column
    from jxgis.hotspots.rates import LEAST_EXPOSED, hot_rates

    has = people > 0
    if has.sum() < LEAST_EXPOSED:
        empty = dict.fromkeys(["rate", "rate_expected", "rate_z", "rate_p"], np.nan)
        reason = text_column(np.where(has, "no_neighbours", "no_exposure"))
        no_method = text_column(np.full(len(people), ""))
        return pd.DataFrame(
            {"exposure": people, **empty, "rate_p_method": no_method, "rate_q": np.nan, "rate_reason": reason}
        )
    table = hot_rates(count, people, grid, band_m=band_m)
    if few:
        table = _unjudged(table, ["rate", "gi_z", "gi_p", "p_method", "gi_q"])
    renamed = {
        "exposure": "exposure",
        "rate": "rate",
        "expected": "rate_expected",
        "gi_z": "rate_z",
        "gi_p": "rate_p",
        "p_method": "rate_p_method",
        "gi_q": "rate_q",
        "reason": "rate_reason",
    }
    return table[list(renamed)].rename(columns=renamed)


def _unjudged(table: pd.DataFrame, figures: list[str]) -> pd.DataFrame:
    """The table without its figures; a cell that had none for a reason of its own keeps that."""
    emptied = table[figures].iloc[:0].reindex(table.index)
    return table.assign(
        **{str(name): column for name, column in emptied.items()}, reason=table["reason"].fillna("few_issues")
    )
