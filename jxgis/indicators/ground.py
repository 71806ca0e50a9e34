"""The ground that a run measures indicators on: its layers, and what the park standard makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.city import layer_title
from jxgis.given import with_files
from jxgis.i18n import Text, text_pair
from jxgis.indicators.measures import IndicatorInputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from jxgis.city import City
    from jxgis.indicators.measures import Measured
    from jxgis.part import Given

__all__ = ["ground_of", "methods_of"]


def ground_of(given: Given, **found: gpd.GeoDataFrame) -> tuple[IndicatorInputs, dict[str, Text]]:
    """What a part was handed as ground for indicators, and how parks are measured on it, in words.

    Parameters
    ----------
    given
        The layers, ``[parks]`` and the city's park standards.
    **found
        What other parts found that indicators measure, such as ``hot_cells``.

    Returns
    -------
    IndicatorInputs
        With ``park_land`` where parks and the land that the standard covers are there.
    dict
        Name of a measure to how it was measured, where that says more than `Measured.method`.
    """
    from jxgis.parks.coverage import of_built_up, served_land, standard_of

    layers, options, standard = {**given.layers, **found}, given.settings.parks, None
    words: dict[str, Text] = {}
    if "issues" in layers:
        layers["issues"] = with_files(given)
    if "parks" in layers:
        standard = standard_of(given)
        land = served_land(given, standard)
        if land is not None:
            layers["park_land"] = land
        of = text_pair(f"parks.of_{'built_up' if of_built_up(given, standard) else 'residential'}")
        words["park_coverage"] = text_pair("scoring.by_radius", standard=standard.title, of=of)
    return IndicatorInputs(layers, parks=options, standard=standard), words


def methods_of(found: Mapping[str, Measured], words: Mapping[str, Text], city: City | None) -> dict[str, Text]:
    """How each indicator was measured, in the words of `ground_of` where it has any; without those that nothing measures."""
    title = layer_title(city)
    return {
        name: words.get(some.how.measure) or some.method(title) for name, some in found.items() if some.how is not None
    }
