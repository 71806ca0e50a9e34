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
from jxgis.hotspots._subset_sums import subset_sum_tails, sum_window
from jxgis.hotspots.getis_ord import GiResult
from jxgis.hotspots.permutation import P_FLOOR, PermutationP, normal_p, p_of_sums, two_sided, whole
from jxgis.i18n import Text, few, text_pair
from jxgis.space.grid import Grid
from jxgis.space.points import locate
from jxgis.space.window import disc_sums

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
    """

    of: Ints
    sizes: Ints

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
    return Strata(number.astype(np.int64), np.stack(own).astype(np.int64))


def within_strata(
    values: Numbers, sums: Numbers, strata: Strata, *, star: bool = True
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

    Returns
    -------
    tuple of GiResult and PermutationP
        ``reason`` is also ``band_covers_strata``: the neighbourhood holds all cells of the strata that it touches.
        ``method`` is ``exact``, as of the plain null where one stratum is drawn from, and ``normal`` where the
        distributions of several would take more than five million values.

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
        p[asked], method[asked] = _p(values, rest, sizes, drawn, strata.of, own, asked, z)
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
    of: Ints,
    own: Ints | None,
    asked: Ints,
    z: Floats,
) -> tuple[Floats, npt.NDArray[np.str_]]:
    """The p of the cells asked, and by which method: as of the plain null where one stratum is drawn from."""
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
    draws = [_draws(int(cell), sizes, drawn, of, own) for cell in several]
    tails = _tails({draw for each in draws for draw in each}, values, of)
    known: dict[tuple[tuple[_Draw, ...], int], float] = {}
    for cell, each in zip(several.tolist(), draws, strict=True):
        question = (each, int(rest[cell]))
        if question not in known:
            known[question] = _convolved([tails[draw] for draw in each], question[1])
        p[cell] = known[question]
    method[several] = np.where(np.isnan(p[several]), "normal", "exact")
    p[several] = np.where(np.isnan(p[several]), normal_p(z[several]), p[several])
    return np.maximum(p, P_FLOOR)[asked], method[asked]


class _Draw(NamedTuple):
    """So many values of a stratum, one value of it left out where ``own`` is one."""

    stratum: int
    size: int
    own: int | None


class _Tails(NamedTuple):
    """P(S >= s) and P(S <= s) for s from ``first`` on; beyond both ends they are 0 and 1."""

    first: int
    upper: Floats
    lower: Floats


def _draws(cell: int, sizes: Ints, drawn: npt.NDArray[np.bool_], of: Ints, own: Ints | None) -> tuple[_Draw, ...]:
    """What is drawn around a cell."""
    return tuple(
        _Draw(stratum, int(sizes[stratum, cell]), None if own is None or of[cell] != stratum else int(own[cell]))
        for stratum in np.flatnonzero(drawn[:, cell]).tolist()
    )


def _tails(asked: set[_Draw], values: Ints, of: Ints) -> dict[_Draw, _Tails | None]:
    """The tails of each draw over all sums that have a chance; None where they are too many, or not exact."""
    found: dict[_Draw, _Tails | None] = dict.fromkeys(asked)
    for stratum in sorted({draw.stratum for draw in asked}):
        own_values = values[of == stratum]
        for left_out in (False, True):
            draws = sorted(draw for draw in asked if draw.stratum == stratum and (draw.own is not None) == left_out)
            if draws:
                found |= dict(zip(draws, _tails_of(draws, own_values), strict=True))
    return found


def _tails_of(draws: list[_Draw], values: Ints) -> list[_Tails | None]:
    """The tails of draws of one stratum, all of which leave a value out, or none."""
    size = np.array([draw.size for draw in draws])
    own = None if draws[0].own is None else np.array([draw.own for draw in draws])
    low, high = sum_window(values, size)
    if own is not None:
        # A sum without the value has at most twice the chance of the same, or of the one with it, drawn from all.
        more = 2 * size > len(values)
        low_more, high_more = sum_window(values, np.minimum(size + 1, len(values)))
        low, high = np.where(more, low_more - own, low), np.where(more, high_more - own, high)
    span = high - low + 1
    if int(span.sum()) > _MOST_ASKED:
        return [None] * len(draws)
    which = np.repeat(np.arange(len(draws)), span)
    start = np.cumsum(span) - span
    sums = np.arange(len(which)) - start[which] + low[which]
    tails = subset_sum_tails(values, size[which], sums, None if own is None else own[which])
    return [
        _Tails(int(low[at]), tails.upper[a:b], tails.lower[a:b]) if tails.exact[a:b].all() else None
        for at, (a, b) in enumerate(zip(start.tolist(), (start + span).tolist(), strict=True))
    ]


def _convolved(parts: list[_Tails | None], total: int) -> float:
    """The two-sided p of a sum of independent draws; NaN where one of them is not known.

    The masses of all draws but the widest are differences of its tails: the errors of these cancel but for one.
    """
    if any(part is None for part in parts):
        return float("nan")
    known = sorted((part for part in parts if part is not None), key=lambda part: len(part.lower))
    mass, first = np.ones(1), 0
    for part in known[:-1]:
        mass, first = np.convolve(mass, np.diff(part.lower, prepend=0.0)), first + part.first
    widest = known[-1]
    at = total - first - np.arange(len(mass)) - widest.first
    inside = np.clip(at, 0, len(widest.lower) - 1)
    upper = np.where(at < 0, 1.0, np.where(at > inside, 0.0, widest.upper[inside]))
    lower = np.where(at < 0, 0.0, np.where(at > inside, 1.0, widest.lower[inside]))
    return float(two_sided(np.atleast_1d(mass @ upper), np.atleast_1d(mass @ lower))[0])
