"""Dense groups whose densities differ: HDBSCAN, through scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jxgis.clusters.dbscan import NOISE, numbered_by_size
from jxgis.errors import InputError, MissingPackageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_POINTS", "stable_groups"]

MOST_POINTS = 100_000
"""Its time grows with the square of the points: more than these take minutes, a million hours."""


def stable_groups(x: NDArray[np.float64], y: NDArray[np.float64], *, min_points: int) -> NDArray[np.int64]:
    """Group points that lie densely beside what is around them: HDBSCAN of Campello, Moulavi & Sander (2013).

    Parameters
    ----------
    x, y
        (n,) metres.
    min_points
        How many points a cluster has at least, and by how many neighbours density is measured.

    Returns
    -------
    numpy.ndarray of int64
        (n,) number of each point's cluster, 0 the largest; -1 for none. The same whatever the order of the points.

    Raises
    ------
    InputError
        If there are more than 100,000 points.
    MissingPackageError
        If scikit-learn is not installed.

    Examples
    --------
    >>> x = np.concatenate([np.arange(12.0), 500 + 20 * np.arange(12.0)])
    >>> stable_groups(x, np.zeros(24), min_points=5).tolist()
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    n = len(x)
    if n > MOST_POINTS:
        raise InputError(
            zh=f"method = “hdbscan” 至多用于 {MOST_POINTS:,} 件问题（耗时随件数的平方增长），这里有 {n:,} 件；"
            "请改用 dbscan，或用 from、to 缩短时段。抽样会漏掉密集区，所以没有替你抽样。",
            en=f"method = 'hdbscan' takes at most {MOST_POINTS:,} issues (its time grows with their square); there are {n:,}. "
            "Use dbscan, or a shorter period by from and to. A sample would miss clusters, and is not taken for you.",
        )
    try:
        from sklearn.cluster import HDBSCAN
    except ImportError:
        raise MissingPackageError(
            zh="method = “hdbscan” 需要 scikit-learn；请运行 pip install 'jxgis[clusters]'，或改用 dbscan。",
            en="method = 'hdbscan' needs scikit-learn; run pip install 'jxgis[clusters]', or use dbscan.",
        ) from None
    xy = np.column_stack([x, y])
    found = np.full(n, NOISE, dtype=np.int64)
    # More neighbours than there are points are refused: they make no cluster.
    if n <= min_points:
        return found
    # Of ties the first point decides: by place, not by row. Squares of differences keep more digits near the middle.
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    near = xy[order] - xy.mean(axis=0).round()
    model = HDBSCAN(min_cluster_size=min_points, algorithm="kd_tree", copy=True)
    found[order] = numbered_by_size(xy[order], model.fit_predict(near).astype(np.int64))
    return found
