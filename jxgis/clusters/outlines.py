"""The ground that clusters lie on: outlines that keep close to their points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MARGIN", "densest_spots", "outline_clusters"]

MARGIN = 0.25
"""How far an outline lies from the outermost points, as a share of the distance of neighbours."""


def outline_clusters(
    x: NDArray[np.float64], y: NDArray[np.float64], cluster: NDArray[np.int64], *, eps_m: float
) -> NDArray[np.object_]:
    """Draw each cluster: all that lies within ``eps_m`` of its points, drawn in again by three quarters of it.

    Points within ``eps_m`` of each other are so joined, gaps narrower than that are filled, and the border runs a quarter of
    ``eps_m`` outside the outermost points: a cluster on one point is a disc of that radius. Outlines may overlap at their
    edges.

    Parameters
    ----------
    x, y
        (n,) metres.
    cluster
        (n,) number of each point's cluster, 0 and up without gaps; -1 for none.
    eps_m
        How far apart neighbours are at most, metres.

    Returns
    -------
    numpy.ndarray of shapely.Geometry
        One a cluster, valid polygons; a cluster whose points lie farther apart has several parts.

    Examples
    --------
    >>> line = outline_clusters(np.array([0.0, 100, 200]), np.zeros(3), np.zeros(3, dtype=np.int64), eps_m=100)
    >>> line[0].geom_type, [round(end) for end in line[0].bounds]
    ('Polygon', [-25, -25, 225, 25])
    """
    # The points of each cell of a lattice as their hull: as close to the points, and far fewer shapes to join.
    cells = _in_cells(x, y, cluster, eps_m / 2)
    points = shapely.points(np.column_stack([x, y])[cells["row"]])
    hulls = shapely.convex_hull(shapely.multipoints(np.asarray(points), indices=cells["cell"].to_numpy()))
    owner = cells.groupby("cell")["cluster"].first().to_numpy()
    wide: NDArray[np.object_] = np.asarray(shapely.buffer(hulls, eps_m, quad_segs=8), dtype=object)
    ends = np.flatnonzero(np.diff(owner)) + 1
    joined = [shapely.union_all(own) for own in np.split(wide, ends) if len(own)]
    drawn: NDArray[np.object_] = shapely.buffer(np.array(joined, dtype=np.object_), (MARGIN - 1) * eps_m, quad_segs=8)
    return drawn


def densest_spots(
    x: NDArray[np.float64], y: NDArray[np.float64], cluster: NDArray[np.int64], *, side_m: float
) -> NDArray[np.object_]:
    """Where in each cluster the points lie densest: the middle of those in the square that holds most of them.

    Parameters
    ----------
    x, y
        (n,) metres.
    cluster
        (n,) number of each point's cluster, 0 and up without gaps; -1 for none.
    side_m
        Side of the squares, metres.

    Returns
    -------
    numpy.ndarray of shapely.Point
        One a cluster; of squares that hold as many the westernmost, then the southernmost.

    Examples
    --------
    >>> spots = densest_spots(np.array([0.0, 10, 20, 400]), np.zeros(4), np.zeros(4, dtype=np.int64), side_m=100)
    >>> spots.tolist()
    [<POINT (10 0)>]
    """
    cells = _in_cells(x, y, cluster, side_m)
    rows = cells["row"].to_numpy()
    per_cell = (
        cells.assign(x=x[rows], y=y[rows])
        .groupby("cell")
        .agg(cluster=("cluster", "first"), n=("x", "size"), x=("x", "mean"), y=("y", "mean"))
    )
    best = per_cell.sort_values(["cluster", "n"], ascending=[True, False], kind="stable").drop_duplicates("cluster")
    found: NDArray[np.object_] = np.asarray(shapely.points(best["x"], best["y"]), dtype=object).reshape(-1)
    return found


def _in_cells(
    x: NDArray[np.float64], y: NDArray[np.float64], cluster: NDArray[np.int64], side_m: float
) -> pd.DataFrame:
    """The points of clusters by cluster, then cell from the west and the south, then place: ``row, cluster, cell``."""
    rows = np.flatnonzero(cluster >= 0)
    table = pd.DataFrame({"row": rows, "cluster": cluster[rows], "x": x[rows], "y": y[rows]})
    for axis in ("x", "y"):
        table[f"of_{axis}"] = np.floor(table[axis] / side_m).astype(np.int64)
    table = table.sort_values(["cluster", "of_x", "of_y", "x", "y"], kind="stable", ignore_index=True)
    table["cell"] = table.groupby(["cluster", "of_x", "of_y"], sort=True).ngroup().to_numpy(dtype=np.int64)
    return table[["row", "cluster", "cell"]]
