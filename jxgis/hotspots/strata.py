"""Gi* where values are dealt anew within strata only: shops among shops, each beat within its beat.

Under the plain null a cell may be hot because it is of the inner city, of land with shops, of a beat that is walked more
often. Dealt within strata such differences are kept, and what is left is hot among its like. The sum around a cell is then
that of k_s values drawn without replacement from each stratum s, independently: its distribution is the convolution of
those of the strata, each of which is exact (see :mod:`jxgis.hotspots.permutation`).

Restricted randomisation: Edgington & Onghena (2007), Randomization Tests, 4th ed., ch. 9; within strata the moments of
Ord & Getis (1995) add up, for strata are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from jxgis.errors import InputError
from jxgis.hotspots._draws import draw_tails, grid_place
from jxgis.hotspots._subset_sums import subset_sum_tails, sum_window
from jxgis.hotspots.getis_ord import GiResult
from jxgis.hotspots.permutation import P_FLOOR, PermutationP, p_of_sums, whole
from jxgis.i18n import Text, few, text_pair
from jxgis.space.grid import Grid
from jxgis.space.points import locate
from jxgis.space.window import disc_sums
from jxgis.statistics.tails import two_sided

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Strata", "Stratified", "strata_around", "strata_of", "within_strata"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Numbers = Ints | Floats
_MOST_ASKED = 5_000_000
"""Tails asked of one stratum: some seconds, and 80 MB."""


@dataclass(frozen=True, eq=False)
class Strata:
    """The strata of cells, and how many cells of each lie around each cell.

    Parameters
    ----------
    of
        (n,) stratum of each cell, from 0 up.
    sizes
        (n_strata, n) cells of each stratum in the neighbourhood of each cell, the cell itself among them.
    grid
        The cells.
    band_m
        Radius of the neighbourhood, metres.
    """

    of: Ints
    sizes: Ints
    grid: Grid
    band_m: float

    def level(self, values: Numbers) -> tuple[Floats, Floats]:
        """The mean of each cell's stratum, and the sum of those of its neighbours without the cell itself."""
        means = _per_stratum(values, self.of) / np.bincount(self.of)
        return means[self.of], means @ self.sizes - means[self.of]


class Stratified(NamedTuple):
    """What cells are compared within, for people.

    Attributes
    ----------
    layer
        The title of the layer.
    names
        The strata that hold a cell.
    outside
        Cells that lie in none of them: one more stratum.
    """

    layer: Text
    names: tuple[str, ...]
    outside: int

    def said(self) -> Text:
        """The sentence of the report."""
        return text_pair(
            "report.strata_outside" if self.outside else "report.strata",
            layer=self.layer,
            names=few(self.names),
            n=len(self.names),
            outside=f"{self.outside:,}",
        )


def strata_of(grid: Grid, polygons: gpd.GeoDataFrame) -> tuple[Ints, list[str]]:
    """Find the stratum of each cell: the polygon that its centre is in; cells in none are one more stratum.

    Parameters
    ----------
    grid
        The cells.
    polygons
        In the CRS of the grid, with ``name``, else ``kind``: polygons of one name are one stratum, wherever they lie.

    Returns
    -------
    tuple
        (n,) int64 stratum of each cell, and the names of the strata; the cells in no polygon come last, called ``""``.

    Raises
    ------
    InputError
        If there is neither column, or no polygon.

    Examples
    --------
    >>> import geopandas as gpd, pyproj, shapely
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 4), dtype=bool))
    >>> land = gpd.GeoDataFrame({"kind": ["居住", "工业"]}, geometry=shapely.box([0, 200], 0, [200, 300], 100), crs=4549)
    >>> strata_of(grid, land)
    (array([0, 0, 1, 2]), ['居住', '工业', ''])
    """
    import geopandas as gpd
    import pandas as pd

    column = next((name for name in ("name", "kind") if name in polygons.columns), None)
    if column is None:
        raise InputError(
            zh="分层图层既没有 name 列，也没有 kind 列，无法知道哪些面属于同一层。",
            en="The layer of strata has neither a column name nor kind: which polygons are one stratum cannot be known.",
        )
    if not polygons.geom_type.isin(["Polygon", "MultiPolygon"]).any():
        raise InputError(
            zh="分层图层里没有面：[hotspots] strata 要指定面图层，例如 subdistricts、land_use。",
            en="The layer of strata holds no polygons: [hotspots] strata takes a layer of polygons, such as subdistricts or "
            "land_use.",
        )
    code, names = pd.factorize(polygons[column].astype("str"))
    nowhere = len(names)
    centres = gpd.GeoSeries(gpd.points_from_xy(*grid.centres()), crs=grid.crs)
    row = locate(centres, polygons)
    there, of = np.unique(np.append(np.where(code < 0, nowhere, code), nowhere)[row], return_inverse=True)
    return of.astype(np.int64), [[*names, ""][at] for at in there]


def strata_around(of: Ints, grid: Grid, *, band_m: float) -> Strata:
    """Count the cells of each stratum around each cell.

    Parameters
    ----------
    of
        (n,) number of each cell's stratum; those of the result go from 0 up.
    grid
        The cells.
    band_m
        Radius of the neighbourhood between cell centres, in metres.
    """
    there, number = np.unique(of, return_inverse=True)
    own = [disc_sums((of == stratum).astype(np.int64), grid, band_m=band_m) for stratum in there]
    return Strata(number.astype(np.int64), np.stack(own).astype(np.int64), grid, band_m)


def within_strata(
    values: Numbers, sums: Numbers, strata: Strata, *, star: bool = True, draws: int = 999, seed: int = 0
) -> tuple[GiResult, PermutationP]:
    """Compute Gi* or Gi and its p where the values are dealt anew within each stratum.

    Parameters
    ----------
    values
        (n,) counts.
    sums
        (n,) sum over the neighbourhood of each cell, with its own value where ``star``, without it elsewhere.
    strata
        From `strata_around`.
    star
        True: i is dealt too (the total null of Gi*). False: the value of i is kept (the conditional null, for Gi and local
        Moran).
    draws, seed
        Number and seed of the deals where neither the exact nor the gamma p holds: no p is below 2 / (draws + 1) there.

    Returns
    -------
    tuple of GiResult and PermutationP
        ``reason`` is also ``band_covers_strata``: the neighbourhood holds all cells of the strata that it touches.
        ``method`` is ``exact``, as of the plain null where one stratum is drawn from. Where the distributions of several
        would take more than five million values it is ``gamma`` (mean, variance and skewness of the sum; as long as no
        value lies further from the mean of its stratum than a standard deviation of the sum), else ``draws_<P>``.

    Raises
    ------
    InputError
        If a value is not an integer.

    Examples
    --------
    Twos stand in the east, where every value is at least one; among their like they are not many:

    >>> import pyproj
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 8), dtype=bool))
    >>> values, halves = np.array([0, 0, 1, 0, 1, 2, 2, 1]), np.repeat([0, 1], 4)
    >>> strata = strata_around(halves, grid, band_m=100)
    >>> gi, found = within_strata(values, disc_sums(values, grid, band_m=100), strata)
    >>> gi.z[5:6].tolist(), found.p[5:6].round(3).tolist()
    ([1.0], [1.0])
    """
    if not (whole(values) and whole(sums)):
        raise InputError(
            zh="分层置换只适用于整数计数。", en="Dealing within strata needs integer counts, not real values."
        )
    n_strata = len(strata.sizes)
    everyone = np.arange(len(values))
    sizes, members = strata.sizes.copy(), np.tile(np.bincount(strata.of, minlength=n_strata)[:, None], len(values))
    totals = np.tile(_per_stratum(values, strata.of)[:, None], len(values))
    squares = np.tile(_per_stratum(values.astype(np.float64) ** 2, strata.of)[:, None], len(values))
    if not star:
        sizes[strata.of, everyone] -= 1
        members[strata.of, everyone] -= 1
        totals[strata.of, everyone] -= values
        squares[strata.of, everyone] -= values.astype(np.float64) ** 2
    drawn = (sizes > 0) & (sizes < members)
    # What is drawn whole is certain.
    rest = sums - np.where((sizes > 0) & ~drawn, totals, 0).sum(axis=0).astype(np.int64)
    mean, variance = _moments(sizes, members, totals, squares, drawn)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (rest - mean) / np.sqrt(variance)
    weight = sizes.sum(axis=0)
    reason = np.select(
        [weight <= int(star), ~drawn.any(axis=0), variance <= 0],
        ["no_neighbours", "band_covers_strata", "all_equal"],
        default="",
    )
    z[reason != ""] = np.nan
    asked = np.flatnonzero(drawn.any(axis=0))
    p, method = np.full(len(values), np.nan), np.full(len(values), "", dtype="<U20")
    if len(asked):
        own = None if star else values
        p[asked], method[asked] = _p(values, rest, sizes, drawn, strata, own, asked, draws, seed)
    return GiResult(z=z, sums=sums, weight=weight, reason=reason), PermutationP(p=p, method=method)


def _per_stratum(values: Numbers, of: Ints) -> Floats:
    """Sums of the values of each stratum."""
    return np.bincount(of, weights=values.astype(np.float64)).astype(np.float64)


def _moments(
    sizes: Ints, members: Ints, totals: Floats, squares: Floats, drawn: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Mean and variance of the sum of what is drawn of each stratum; a variance that is rounding only is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = totals / members
        spread = squares / members - mean**2
        spread[spread <= 8 * np.finfo(np.float64).eps * members * squares / members] = 0.0
        variance = spread * sizes * (members - sizes) / (members - 1)
    return np.where(drawn, sizes * mean, 0.0).sum(axis=0), np.where(drawn, variance, 0.0).sum(axis=0)


def _p(
    values: Ints,
    rest: Ints,
    sizes: Ints,
    drawn: npt.NDArray[np.bool_],
    strata: Strata,
    own: Ints | None,
    asked: Ints,
    draws: int,
    seed: int,
) -> tuple[Floats, npt.NDArray[np.str_]]:
    """The p of the cells asked, and by which method: as of the plain null where one stratum is drawn from."""
    of, star = strata.of, own is None
    p, method = np.full(len(values), np.nan), np.full(len(values), "", dtype="<U20")
    number, first = drawn.sum(axis=0), drawn.argmax(axis=0)
    for stratum in range(len(sizes)):
        alone = asked[(number[asked] == 1) & (first[asked] == stratum)]
        inside = of[alone] == stratum
        for cells, left_out in ((alone[inside], own), (alone[~inside], None)):
            if len(cells):
                kept = None if left_out is None else left_out[cells]
                p[cells], method[cells] = p_of_sums(values[of == stratum], sizes[stratum, cells], rest[cells], kept)
    several = asked[number[asked] > 1]
    p[several], method[several] = _of_several(values, rest, sizes, drawn, of, several, star=star), "exact"
    long = several[np.isnan(p[several])]
    if len(long):
        p[long], smooth = _gamma(values, rest, sizes, drawn, of, long, star=star)
        method[long] = "gamma"
        rough = long[~smooth]
        if len(rough):
            p[rough], method[rough] = _dealt(values, strata, draws, seed, star=star)[rough], f"draws_{draws}"
    return np.maximum(p, P_FLOOR)[asked], method[asked]


class _Lower(NamedTuple):
    """P(S <= s) of so many values for s from ``first`` on: 0 there and before, 1 at the end and after; or a row each."""

    first: int
    p: Floats

    def at(self, sums: Ints) -> Floats:
        """P(S <= s), of each row its own sums."""
        where = np.clip(sums - self.first, 0, self.p.shape[-1] - 1)
        return self.p[where] if self.p.ndim == 1 else np.take_along_axis(self.p, where, axis=1)


def _of_several(
    values: Ints, rest: Ints, sizes: Ints, drawn: npt.NDArray[np.bool_], of: Ints, cells: Ints, *, star: bool
) -> Floats:
    """The p of cells whose neighbourhoods draw from several strata; NaN where a distribution would be too long."""
    tables: dict[int, list[_Lower]] = {}
    for stratum in np.flatnonzero(drawn[:, cells].any(axis=1)).tolist():
        most = int(sizes[stratum, cells[drawn[stratum, cells]]].max())
        tables[stratum] = _table(values[of == stratum], most)

    def p_of(cell: int, without: list[_Lower] | None) -> float:
        parts = []
        for stratum in np.flatnonzero(drawn[:, cell]).tolist():
            table, size = tables[stratum], int(sizes[stratum, cell])
            if not table:
                return float("nan")
            if without is None or of[cell] != stratum:
                parts.append(table[size])
                continue
            others = int((of == stratum).sum()) - 1
            if 2 * size > others:
                total = int(values[of == stratum].sum()) - int(values[cell])
                parts.append(_left_behind(without[others - size], total))
            else:
                parts.append(without[size])
        return _convolved(parts, int(rest[cell]))

    if star:
        return np.array([p_of(cell, None) for cell in cells.tolist()])
    p = np.full(len(values), np.nan)
    for stratum in np.unique(of[cells]).tolist():
        mine = cells[of[cells] == stratum]
        table = tables.get(stratum, [])
        left_out, which = np.unique(values[mine], return_inverse=True)
        at_once = max(1, _MOST_ASKED // max(sum(len(row.p) for row in table), 1))
        for start in range(0, len(left_out), at_once):
            some = left_out[start : start + at_once]
            without = _without(table, some, int((of == stratum).sum()))
            for cell, row in zip(mine.tolist(), (which - start).tolist(), strict=True):
                if 0 <= row < len(some):
                    p[cell] = p_of(cell, [_Lower(size.first, size.p[row]) for size in without])
    return p[cells]


def _gamma(
    values: Ints, rest: Ints, sizes: Ints, drawn: npt.NDArray[np.bool_], of: Ints, cells: Ints, *, star: bool
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The p of a gamma with mean, variance and skewness of each sum, and where no value lies a standard deviation off."""
    from scipy.stats import pearson3

    mean, variance, third, farthest = np.zeros((4, len(cells)))
    for stratum in range(len(sizes)):
        numbers = values[of == stratum].astype(np.float64)
        centre = numbers.mean()
        kept = np.where((of[cells] == stratum) & (not star), values[cells] - centre, np.nan)
        size = np.where(drawn[stratum, cells], sizes[stratum, cells], 0).astype(np.float64)
        n = len(numbers) - ~np.isnan(kept)
        first, second, cube = (
            (((numbers - centre) ** power).sum() - np.nan_to_num(kept**power)) / np.maximum(n, 1) for power in (1, 2, 3)
        )
        share = size * (n - size) / np.maximum(n - 1, 1)
        mean += size * (centre + first)
        variance += share * (second - first**2)
        third += share * (n - 2 * size) / np.maximum(n - 2, 1) * (cube - 3 * first * second + 2 * first**3)
        farthest = np.maximum(farthest, np.where(size > 0, np.abs(numbers - centre).max(), 0.0))
    deviation = np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny))
    skewness = third / deviation**3
    upper = pearson3.sf((rest[cells] - 0.5 - mean) / deviation, skewness)
    lower = pearson3.cdf((rest[cells] + 0.5 - mean) / deviation, skewness)
    return two_sided(upper, lower), np.asarray(farthest <= deviation)


def _dealt(values: Ints, strata: Strata, draws: int, seed: int, *, star: bool) -> Floats:
    """The p of every cell by seeded deals of the map, within the strata."""
    place = grid_place(strata.grid, band_m=strata.band_m, star=star)
    return two_sided(*draw_tails(values, place, total=star, draws=draws, seed=seed, strata=strata.of))


def _table(values: Ints, most: int) -> list[_Lower]:
    """The sums of 0, 1, … ``most`` values; empty where they are too many, or not exact."""
    size = np.arange(most + 1)
    low, high = sum_window(values, size)
    span = high - low + 1
    if int(span.sum()) > _MOST_ASKED:
        return []
    stop = np.cumsum(span)
    which = np.repeat(size, span)
    tails = subset_sum_tails(values, which, np.arange(len(which)) - (stop - span)[which] + low[which])
    if not tails.exact.all():
        return []
    rows = zip(low.tolist(), np.split(tails.lower, stop[:-1]), strict=True)
    return [_Lower(first - 1, np.concatenate([[0.0], lower])) for first, lower in rows]


def _without(table: list[_Lower], left_out: Ints, n: int) -> list[_Lower]:
    """The sums of up to half of all values but one, a row for each value left out.

    L_k(s) = k/n L'_(k-1)(s - y) + (n-k)/n L'_k(s), with L' without y, solved for L'_k. A sum without y has at most twice its
    chance with y among the n where no more than half are drawn: the windows are those of all.
    """
    found: list[_Lower] = []
    for size, row in enumerate(table[: (n - 1) // 2 + 1]):
        lower = np.tile(row.p, (len(left_out), 1))
        if size:
            sums = row.first + np.arange(len(row.p)) - left_out[:, None]
            lower = (n * lower - size * found[-1].at(sums)) / (n - size)
        found.append(_Lower(row.first, lower))
    return found


def _left_behind(drawn: _Lower, total: int) -> _Lower:
    """What is left of ``total`` when so much is drawn."""
    return _Lower(total - drawn.first - len(drawn.p), 1 - drawn.p[::-1])


def _convolved(parts: list[_Lower], total: int) -> float:
    """The two-sided p of a sum of independent draws.

    The masses of all draws but the widest are differences of its tails: the errors of these cancel but for one.
    """
    from scipy.signal import convolve

    *others, widest = sorted(parts, key=lambda part: len(part.p))
    mass, first = np.ones(1), 0
    for part in others:
        mass, first = convolve(mass, np.diff(part.p)), first + part.first + 1
    at = total - first - np.arange(len(mass))
    return float(two_sided(1 - mass @ widest.at(at - 1), mass @ widest.at(at)))
