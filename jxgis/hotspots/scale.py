"""Choosing cell and band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.errors import InputError
from jxgis.hotspots.rates import LEAST_EXPOSED, exposure_on_grid, rate_residuals
from jxgis.i18n import text_pair
from jxgis.progress import stepped
from jxgis.space.count import count_points
from jxgis.space.grid import Grid, grid_over
from jxgis.space.window import disc_sums, pair_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CELLS_M", "Scale", "moran_profile", "rate_profile", "suggest_scale"]

CELLS_M = (50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0)
#: Issues that an average neighbourhood should hold, so that its sum can stand out from chance.
_MIN_IN_BAND = 10.0
#: The widest band tried: beyond, a neighbourhood is a district.
_MAX_BAND_M = 3000.0


@dataclass(frozen=True)
class Scale:
    """A proposed cell and band, and why.

    Attributes
    ----------
    cell_m, band_m
        The proposal, metres.
    cells
        One row a candidate cell: ``cell_m, cells, mean_count, empty_share, usable``.
    profile
        One row a band: ``band_m, neighbours, issues_in_band, moran_i, expected, z, peak, chosen``: what the figure
        shows.
    reason
        ``first_peak``; ``elbow`` (z has no peak: where Moran's I stops falling fast); ``few_issues`` (the widest
        candidates, a rough guide).
    of_rates
        Whether the profile is of what an exposure does not explain: ``moran_i`` is not Moran's I then, and passes 1
        where counts vary much more than Poisson counts.
    """

    cell_m: float
    band_m: float
    cells: pd.DataFrame
    profile: pd.DataFrame
    reason: str
    of_rates: bool = False


def moran_profile(counts: ArrayLike, grid: Grid, *, bands_m: Sequence[float]) -> pd.DataFrame:
    """Incremental spatial autocorrelation: global Moran's I and its z for growing bands.

    Parameters
    ----------
    counts
        (n_cells,) counts or rates.
    grid
        The cells.
    bands_m
        Radii of the neighbourhoods, metres; weights are binary, i itself left out.

    Returns
    -------
    pandas.DataFrame
        One row a band: ``band_m``, ``neighbours`` (mean number), ``moran_i``, ``expected`` (−1/(n−1)) and ``z`` under
        randomisation; NaN where no cell has a neighbour, all have all, or nothing varies.

    References
    ----------
    Cliff, A. D. and Ord, J. K. (1981). Spatial Processes, section 2.3: the moments under randomisation.

    Examples
    --------
    >>> import pyproj
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((4, 4), dtype=bool))
    >>> counts = np.repeat([0, 0, 5, 5], 4)
    >>> moran_profile(counts, grid, bands_m=[100])[["neighbours", "moran_i"]].round(3)
       neighbours  moran_i
    0         3.0    0.667
    """
    x = np.asarray(counts, dtype=np.float64)
    n = x.size
    if n != len(grid):
        raise InputError(
            zh=f"网格有 {len(grid)} 个格，数值有 {n} 个；请每格给一个数。",
            en=f"the grid has {len(grid)} cells, counts has {n} values; give one value a cell.",
        )
    deviation = x - x.mean()
    m2 = float((deviation**2).mean())
    kurtosis = float((deviation**4).mean()) / m2**2 if m2 > 0 else np.nan
    pairs = pair_sums(deviation, grid, bands_m=bands_m)
    rows = []
    for at, band_m in enumerate(stepped(bands_m, text_pair("run.share_bands"))):
        degree = disc_sums(np.ones(n, dtype=np.int64), grid, band_m=band_m).astype(np.float64) - 1
        s0 = float(degree.sum())
        row = {"band_m": float(band_m), "neighbours": s0 / n, "expected": -1 / (n - 1) if n > 1 else np.nan}
        if m2 > 0 and 0 < s0 < n * (n - 1) and n > 3:
            row["moran_i"] = n / s0 * float(pairs[at]) / (n * m2)
            # Binary symmetric weights: S1 = Σ(w_ij + w_ji)²/2 = 2 S0, S2 = Σ(row + column sums)² = 4 Σ degree².
            s1, s2 = 2 * s0, 4 * float((degree**2).sum())
            first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
            second = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
            variance = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - row["expected"] ** 2
            # Where nearly all cells are neighbours nothing is left to vary but rounding.
            if variance > 0:
                row["z"] = (row["moran_i"] - row["expected"]) / np.sqrt(variance)
        rows.append(row)
    return pd.DataFrame(rows, columns=["band_m", "neighbours", "moran_i", "expected", "z"])


def rate_profile(counts: ArrayLike, exposure: ArrayLike, grid: Grid, *, bands_m: Sequence[float]) -> pd.DataFrame:
    """Spatial autocorrelation of what an exposure does not explain, for growing bands.

    Σ w_ij r_i r_j over pairs of different cells, r being :func:`jxgis.hotspots.rates.rate_residuals`. Only products of
    two cells enter, so that mean and variance under independent counts follow from the variances v of r alone, however
    little a cell expects: with the total given, −Σ w_ij v_i v_j / V and
    2 [Σ w_ij v_i v_j − 2 Σ v_i (Σ_j w_ij v_j)² / V + (Σ w_ij v_i v_j)² / V²], V = Σ v.

    Parameters
    ----------
    counts, exposure
        (n_cells,) issues, and exposure above 0.
    grid, bands_m
        As in :func:`moran_profile`.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`moran_profile`; ``moran_i`` is the sum over Σ w_ij √(v_i v_j): a mean
        correlation where counts vary as Poisson counts do, and more than that, even above 1, where they vary more.

    References
    ----------
    Oden, N. (1995). Adjusting Moran's I for population density. Statistics in Medicine 14.
    """
    r, v = rate_residuals(counts, exposure, grid)
    total = v.sum()
    degree, scales, residuals = (pair_sums(x, grid, bands_m=bands_m) for x in (np.ones(len(v)), np.sqrt(v), r))
    rows = []
    for at, band_m in enumerate(stepped(bands_m, text_pair("run.share_bands"))):
        pairs, scale = round(degree[at]), float(scales[at])
        row = {"band_m": float(band_m), "neighbours": pairs / len(v)}
        if 0 < pairs < len(v) * (len(v) - 1) and scale > 0:
            beside = np.asarray(disc_sums(v, grid, band_m=band_m) - v, dtype=np.float64)
            both = float((v * beside).sum())
            variance = 2 * (both - 2 * float((v * beside**2).sum()) / total + both**2 / total**2)
            row["moran_i"] = float(residuals[at]) / scale
            row["expected"] = -both / total / scale
            if variance > 0:
                row["z"] = (row["moran_i"] - row["expected"]) * scale / np.sqrt(variance)
        rows.append(row)
    return pd.DataFrame(rows, columns=["band_m", "neighbours", "moran_i", "expected", "z"])


def suggest_scale(
    x: ArrayLike,
    y: ArrayLike,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    exposure: gpd.GeoDataFrame | None = None,
    exposure_column: str | None = None,
    cells_m: Sequence[float] = CELLS_M,
) -> Scale:
    """Propose a cell and a band for a set of issues.

    The cell is the smallest candidate whose cells hold one issue or more on average: smaller ones are mostly empty
    or ones. The band is where the z of global Moran's I first peaks among bands of whole and half cells whose
    neighbourhood holds ten issues or more on average: up to there, widening the neighbourhood adds more
    cells that are alike than cells that are not. Counts follow people, and a city has one centre: their z may rise
    without end. Then the band is the elbow of Moran's I, or, better, give an exposure: the profile is that of what it
    does not explain.

    Parameters
    ----------
    x, y
        (n,) coordinates in the area's CRS, metres.
    area
        Polygons of the study area.
    exposure, exposure_column
        See :func:`jxgis.hotspots.rates.exposure_on_grid`; not used where fewer than two cells have any.
    cells_m
        Candidates, metres; those are left out of which no cell has its centre in the area, or that are far too many.

    Returns
    -------
    Scale

    Raises
    ------
    InputError
        If no issue lies in the area.

    Notes
    -----
    A proposal to look at, with its figure, not a truth: where people are clustered at several scales the profile has
    several peaks, or none below 3 km.
    """
    tried = [(grid, count_points(grid, x, y)[0][0]) for grid in _grids(area, cells_m)]
    candidates = [grid.cell_m for grid, _ in tried]
    table = pd.DataFrame(
        {
            "cell_m": candidates,
            "cells": [len(grid) for grid, _ in tried],
            "mean_count": [counts.mean() for _, counts in tried],
            "empty_share": [(counts == 0).mean() for _, counts in tried],
        }
    )
    if not any(counts.any() for _, counts in tried):
        raise InputError(
            zh="研究范围内没有任何问题点；请检查坐标系和范围。",
            en="no issue lies in the area; check the reference system and the area.",
        )
    table["usable"] = table["mean_count"] >= 1
    enough = bool(table["usable"].any())
    chosen = int(table["usable"].to_numpy().argmax()) if enough else len(candidates) - 1
    grid, counts = tried[chosen]
    cell_m = candidates[chosen]
    steps = np.arange(1.0, max(_MAX_BAND_M / cell_m, 2.0) + 0.25, 0.5)
    bands_m = [float(step * cell_m) for step in steps]
    people = np.zeros(len(grid)) if exposure is None else exposure_on_grid(grid, exposure, column=exposure_column)
    has = people > 0
    if has.sum() < LEAST_EXPOSED:
        profile = moran_profile(counts, grid, bands_m=bands_m)
    else:
        profile = rate_profile(counts[has], people[has], grid.where(has), bands_m=bands_m)
    # Half a cell more may add no neighbour: the same disc twice is not a step.
    profile = profile[profile["neighbours"].diff().fillna(1) > 0].reset_index(drop=True)
    profile["issues_in_band"] = (profile["neighbours"] + 1) * counts.mean()
    allowed = (profile["issues_in_band"] >= _MIN_IN_BAND).to_numpy() & np.isfinite(profile["z"].to_numpy())
    profile["peak"] = _peaks(profile["z"].to_numpy()) & allowed
    if not enough or not allowed.any():
        at, reason = len(profile) - 1, "few_issues"
        if allowed.any():
            at = int(allowed.argmax())
    elif profile["peak"].any():
        at, reason = int(profile["peak"].to_numpy().argmax()), "first_peak"
    else:
        at, reason = _elbow(profile, allowed), "elbow"
    profile["chosen"] = np.arange(len(profile)) == at
    order = ["band_m", "neighbours", "issues_in_band", "moran_i", "expected", "z", "peak", "chosen"]
    return Scale(cell_m, float(profile["band_m"].iloc[at]), table, profile[order], reason, exposure is not None)


def _grids(area: gpd.GeoDataFrame | gpd.GeoSeries, cells_m: Sequence[float]) -> list[Grid]:
    """The cells of each size, from the smallest, that the area can be laid out in at all."""
    grids: list[Grid] = []
    refused: InputError | None = None
    for cell_m in sorted({float(cell_m) for cell_m in cells_m}):
        try:
            grids.append(grid_over(area, cell_m=cell_m))
        except InputError as error:
            refused = error
    if not grids and refused is not None:
        raise refused
    return grids


def _peaks(z: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Summits that stand out by a tenth of the range or more: wiggles and the ends are none."""
    from scipy.signal import find_peaks

    peaks = np.zeros(z.size, dtype=bool)
    if z.size > 2 and np.isfinite(z).all():
        peaks[find_peaks(z, prominence=0.1 * (z.max() - z.min()))[0]] = True
    return peaks


def _elbow(profile: pd.DataFrame, allowed: NDArray[np.bool_]) -> int:
    """Where Moran's I lies furthest below the chord from its first to its last allowed value."""
    at = np.flatnonzero(allowed)
    band, moran = profile["band_m"].to_numpy()[at], profile["moran_i"].to_numpy()[at]
    span, drop = band[-1] - band[0], moran[0] - moran[-1]
    if drop <= 0:
        return int(at[0])
    # On a line parallel to the chord the sum is the same everywhere.
    return int(at[np.argmin(band / span + moran / drop)])
