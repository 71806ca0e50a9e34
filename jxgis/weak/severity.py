"""How weak an area is: how many times as many issues as its reference has, beyond chance, and how that changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from jxgis.settings import WEAK
from jxgis.space.grid import Grid, grid_over
from jxgis.space.points import locate_touching
from jxgis.space.ratio import ratio
from jxgis.space.window import disc_sums
from jxgis.statistics.beta_binomial import beta_binomial_tails
from jxgis.statistics.overdispersion import TOUCHING, Overdispersion, more_of_parts, overdispersion_on_grid
from jxgis.statistics.shares import SharesOf
from jxgis.statistics.tails import two_sided
from jxgis.weak.areas import HOT_PLACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.settings import Reference
    from jxgis.weak.exposure import Denominator

__all__ = ["CITY", "Yardstick", "change_of", "lay_yardstick", "measure_severity"]

CITY = "city"
_LEAST_CELLS = 2
_FLOOR = 1e-12  # the accuracy that is vouched for, as of the hot spots: never 0


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What areas are measured against: the city, and all places of each kind together.

    Attributes
    ----------
    denominator
        What exposure is.
    grid
        Cells with an exposure, by which it is told how far counts vary.
    cells
        (n_cells,) their exposure.
    references
        ``kind`` (``city`` for the whole), ``exposure, squares`` and polygons: places that overlap count once.
    """

    denominator: Denominator
    grid: Grid
    cells: NDArray[np.float64]
    references: gpd.GeoDataFrame

    def inside(self, issues: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The issues inside the city: those outside count nowhere."""
        point, _ = locate_touching(issues, self.references.iloc[:1])
        return cast("gpd.GeoDataFrame", issues.iloc[np.unique(point)])

    def counts(self, issues: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> NDArray[np.int64]:
        """(n,) issues of the city in each area; one that lies in several counts in each."""
        return _counts(self.inside(issues), areas).astype(np.int64)

    def dispersion(self, issues: gpd.GeoDataFrame) -> Overdispersion:
        """How far the counts of cells vary beyond chance, found from each cell beside those that touch it.

        Parameters
        ----------
        issues
            Those `inside` the city: cells on its edge reach beyond it.
        """
        counts = self._of_cells(issues)
        if len(self.grid) < _LEAST_CELLS or not counts.any():
            return Overdispersion(1.0, 0.0)
        return overdispersion_on_grid(counts, self.cells, self.grid)

    def more_batches(
        self, issues: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, dispersion: Overdispersion
    ) -> NDArray[np.float64]:
        """(n,) by how much the φ of the part that each area lies in is above that of the city.

        Parameters
        ----------
        issues
            Those `inside` the city.
        areas
            Polygons, of which the nearest cell tells.
        dispersion
            Of the city.
        """
        counts = self._of_cells(issues)
        if not counts.any():
            return np.zeros(len(areas))
        sums, weights = (
            disc_sums(values, self.grid, band_m=TOUCHING * self.grid.cell_m).astype(np.float64)
            for values in (counts, self.cells)
        )
        centres = np.column_stack(self.grid.centres())
        more = more_of_parts(counts, self.cells, sums, weights, centres, dispersion)
        middle = shapely.get_coordinates(areas.geometry.representative_point())
        return np.asarray(more[KDTree(centres).query(middle)[1]])

    def _of_cells(self, issues: gpd.GeoDataFrame) -> NDArray[np.float64]:
        at = self.grid.index_of(issues.geometry.x, issues.geometry.y)
        return np.bincount(at[at >= 0], minlength=len(self.grid)).astype(np.float64)


def lay_yardstick(
    areas: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, denominator: Denominator, *, cell_m: float
) -> Yardstick:
    """Measure the city and all places of each kind together.

    Parameters
    ----------
    areas
        ``kind, reason``, polygons; what has a reason is left out.
    districts
        Polygons of the city.
    denominator
        What exposure is.
    cell_m
        Side of the cells, metres.
    """
    grid = grid_over(districts.geometry, cell_m=cell_m)
    cells = denominator.of(grid.cells())
    kinds = (
        areas[areas["reason"].isna()]
        .groupby("kind", sort=False)
        .geometry.agg(lambda own: shapely.union_all(own.to_numpy()))
    )
    references = gpd.GeoDataFrame(
        {"kind": [CITY, *kinds.index]},
        geometry=[shapely.union_all(districts.geometry.to_numpy()), *kinds],
        crs=districts.crs,
    )
    exposure = denominator.of(references)
    references = references.assign(exposure=exposure, squares=denominator.squares(references, exposure, grid))
    return Yardstick(denominator, grid.where(cells > 0), cells[cells > 0], references)


def measure_severity(
    areas: gpd.GeoDataFrame,
    issues: gpd.GeoDataFrame,
    yardstick: Yardstick,
    *,
    reference: Reference,
    min_expected: float = WEAK.min_expected,
    chosen: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Count the issues of each area and set them against what its exposure would hold at the rate of its reference.

    Severity is (issues + φ/2) / (expected + φ/2), φ being how many cases come together by the cells: with few cases it
    stays near 1 (Norén, Hopstadius & Bate 2013), and no other area changes it.

    Parameters
    ----------
    areas
        ``kind, reason``, polygons inside the city.
    issues
        Points of the period, in the same CRS.
    yardstick
        From `lay_yardstick`.
    reference
        ``kind``: all places of its own kind together; hot places, drawn round what is much, have the city. ``city``: the
        city for all.
    min_expected
        Fewest cases that the rate of its reference makes expect of an area that is judged: what shrinks few cases does not
        shrink many where nearly nobody lives, or hardly a street lies.
    chosen
        (n,) which areas these same issues chose: they are not tested on them once more.

    Returns
    -------
    pandas.DataFrame
        On the index of the areas: ``issues, exposure, against, expected, severity, low, high`` (95 % of the ratio of
        the rates, not shrunk), ``p`` (one-sided: so many or more by chance), ``reason``. Those that the issues chose have
        neither p nor interval.

    References
    ----------
    Norén, G. N., Hopstadius, J., & Bate, A. (2013). Shrinkage observed-to-expected ratios for robust and transparent
    large-scale pattern discovery. Statistical Methods in Medical Research 22.
    """
    there = yardstick.references
    inside = yardstick.inside(issues)
    dispersion = yardstick.dispersion(inside)
    totals = _counts(inside, there)
    kind = areas["kind"].to_numpy(dtype=object)
    own = np.where((kind == HOT_PLACE) | (reference == CITY), CITY, kind)
    row = pd.Index(there["kind"]).get_indexer(own)
    count, exposure = _counts(inside, areas), yardstick.denominator.of(areas)
    squares = yardstick.denominator.squares(areas, exposure, yardstick.grid)
    total, of = totals[row], there["exposure"].to_numpy()[row]
    known = areas["reason"].notna().to_numpy()
    few = ratio(total * exposure, of) < min_expected
    reason = np.select(
        [known, row < 0, exposure <= 0, total == 0, exposure >= of * (1 - 1e-9), few],
        [
            areas["reason"].fillna(""),
            "no_reference",
            "no_exposure",
            "none_of_kind",
            "alone_of_kind",
            "weak_few_expected",
        ],
        "",
    )
    usable = reason == ""
    more = np.zeros(len(areas))
    more[usable] = yardstick.more_batches(inside, areas[usable], dispersion)
    shares = SharesOf(total[usable], of[usable], there["squares"].to_numpy()[row][usable], dispersion)
    expected, p, low, high = (np.full(len(areas), np.nan) for _ in range(4))
    expected[usable] = shares.expected(exposure[usable])
    tested = usable if chosen is None else usable & ~chosen
    asked = tested[usable]
    shares = SharesOf(shares.total[asked], shares.exposure[asked], shares.squares[asked], dispersion, more[tested])
    upper, _ = shares.tails(count[tested], exposure[tested], squares[tested])
    p[tested] = np.maximum(upper, _FLOOR)
    low[tested], high[tested] = shares.interval(count[tested], exposure[tested], squares[tested])
    prior = dispersion.batch / 2
    return pd.DataFrame(
        {
            "issues": count.astype(np.int64),
            "exposure": exposure,
            "against": pd.Series(own, areas.index, dtype="str"),
            "expected": expected,
            "severity": (count + prior) / (expected + prior),
            "low": low,
            "high": high,
            "p": p,
            "reason": pd.Series(reason, areas.index, dtype="str").mask(usable),
        },
        index=areas.index,
    )


def change_of(
    before: NDArray[np.int64], recent: NDArray[np.int64], city: tuple[int, int], dispersion: Overdispersion
) -> pd.DataFrame:
    """How counts changed between two periods, and whether otherwise than the city's.

    Parameters
    ----------
    before, recent
        (n,) cases in each period.
    city
        The city's.
    dispersion
        How far counts vary: of one place, its batches alone, since the place is the same in both periods.

    Returns
    -------
    pandas.DataFrame
        ``change`` (recent / before − 1; NaN where there were none), ``change_city``, ``change_p``: two-sided, given the
        cases of both periods together.

    Examples
    --------
    >>> change_of(np.array([40, 0]), np.array([20, 3]), (1000, 1000), Overdispersion(1.0, 0.0)).round(3).values.tolist()
    [[-0.5, 0.0, 0.013], [nan, 0.0, 0.25]]
    """
    both, all_of_them = before + recent, sum(city)
    p = np.full(len(both), np.nan)
    if min(city) > 0:
        there = both > 0
        upper, lower = beta_binomial_tails(recent[there], both[there], city[1] / all_of_them, dispersion.batch)
        p[there] = two_sided(upper, lower)
    change = ratio(recent, before) - 1
    of_city = city[1] / city[0] - 1 if city[0] else np.nan
    return pd.DataFrame({"change": change, "change_city": of_city, "change_p": p})


def _counts(issues: gpd.GeoDataFrame, polygons: gpd.GeoDataFrame) -> NDArray[np.float64]:
    _, at = locate_touching(issues, polygons)
    return np.bincount(at, minlength=len(polygons)).astype(np.float64)
