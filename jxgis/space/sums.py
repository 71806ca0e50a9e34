"""What readers know to add up in the counts of areas that lie side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.space.overlay import filled_by
from jxgis.space.polygons import polygons_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

__all__ = ["sums_of"]


def sums_of(
    areas: gpd.GeoDataFrame,
    names: pd.Series,
    *,
    districts: gpd.GeoDataFrame | None,
    known: Sequence[pd.DataFrame] = (),
    of: str,
) -> list[list[str]]:
    """Name the sum that the count of each area is, or is a part of: the unit of its name, else a district that they fill.

    Parameters
    ----------
    areas
        (n,) polygons in a metric CRS.
    names
        (n,) what each is called.
    districts
        Polygons, whose issues are shown; None where there are none.
    known
        What readers know of counts already: see `small_counts.count_rows`.
    of
        What the areas are called among others that may fill the same district.

    Returns
    -------
    list of list of str
        As `small_counts.count_rows` names sums; ``unit:`` goes before the unit's. Empty where nothing is known.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd, shapely
    >>> halves = gpd.GeoDataFrame(geometry=shapely.box([0, 5], 0, [5, 9], 1), crs=4549)
    >>> city = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 9, 1)], crs=4549)
    >>> sums_of(halves, pd.Series(["a", "b"]), districts=city, of="weak")
    [['weak:0'], ['weak:0']]
    """
    units = {each for rows in known for each in rows["whole"] if isinstance(each, str) and each.startswith("unit:")}
    own = [[f"unit:{name}"] if f"unit:{name}" in units else [] for name in names]
    if districts is None or all(own):
        return own
    home = filled_by(areas.geometry.to_numpy(), polygons_of(districts.geometry.to_numpy()))
    return [some if some or at < 0 else [f"{of}:{at}"] for some, at in zip(own, home.tolist(), strict=True)]
