"""Every type that a signature names can be imported from a public place."""

from __future__ import annotations

import builtins
import importlib
import inspect
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest

#: Where people look for what jxgis names, and the modules of others by the names that its code gives them.
PLACES = ["jxgis", *(f"jxgis.{name}" for name in (
    "allocate", "circle", "city", "clusters", "compare", "crs", "datum", "drawing", "effect", "errors", "hotspots", "i18n", "load", "output", "parks", "part", "periods", "reference", "report",
    "run", "scan", "schema", "scorecard", "scoring", "settings", "space", "statistics", "trends", "units", "weak",
))]  # fmt: skip
OTHERS = {"gpd": "geopandas", "pd": "pandas", "np": "numpy", "npt": "numpy.typing", "folium": "folium", "pyproj": "pyproj",
          "shapely": "shapely"}  # fmt: skip
#: Named by their own name, from elsewhere.
ELSEWHERE = {"Path", "NDArray", "ArrayLike", "Graph", "Figure", "Unpack"}
FRONT = ["jxgis", "jxgis.hotspots", "jxgis.load", "jxgis.parks", "jxgis.scoring", "jxgis.units"]


def functions(place: str) -> Iterator[Callable[..., Any]]:
    module = importlib.import_module(place)
    for name in module.__all__:
        found = getattr(module, name)
        if inspect.isfunction(found):
            yield found
        elif inspect.isclass(found):
            yield from (each for key, each in vars(found).items() if inspect.isfunction(each) and key[0] != "_")


@pytest.mark.parametrize("place", FRONT)
def test_a_signature_names_no_type_that_cannot_be_imported(place: str) -> None:
    public = {name for each in PLACES for name in importlib.import_module(each).__all__}
    known = public | ELSEWHERE | {*dir(builtins), *dir(typing), *dir(importlib.import_module("collections.abc"))}
    lost: dict[str, str] = {}
    for function in functions(place):
        signature = inspect.signature(function)
        kinds = [*(each.annotation for each in signature.parameters.values()), signature.return_annotation]
        for kind in kinds:
            words = kind if isinstance(kind, str) else inspect.formatannotation(kind)
            for word in re.findall(r"[A-Za-z_][\w.]*", re.sub(r"(['\"]).*?\1", "", words)):
                head, _, rest = word.partition(".")
                there = hasattr(importlib.import_module(OTHERS[head]), rest) if head in OTHERS else word in known
                if kind is not inspect.Parameter.empty and not there:
                    lost[word] = function.__qualname__
    assert not lost


def test_options_have_plain_types() -> None:
    import jxgis

    front = (jxgis.find_hotspots, jxgis.measure_parks, jxgis.propose_units, jxgis.score_candidates)
    kinds = {name: each.annotation for one in front for name, each in inspect.signature(one).parameters.items()}
    assert {
        name: kinds[name] for name in ("cell_m", "min_issues", "target_km2", "radii_m", "n_units", "indicators")
    } == {
        "cell_m": "float",
        "min_issues": "int",
        "target_km2": "float | None",
        "radii_m": "tuple[float, ...]",
        "n_units": "dict[str, int]",
        "indicators": "dict[str, IndicatorSettings]",
    }
    assert kinds["family"] == "Literal['class', 'all']"
