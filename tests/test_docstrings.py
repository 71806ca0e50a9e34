"""Every public object is described, and what is described is so: numpydoc's checks over the whole package."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import Validator, validate

import jxgis

# What a reader would miss or be misled by. Not asked for: See Also, extended summaries and an example of everything
# (SA01, ES01, EX01); types that the hints hold already (PR04, RT02), and words where the first sentence says what comes
# out (RT01, RT03); that a description begins with a capital, since it may begin with a dtype (PR08, RT04); that a first
# sentence begins with a verb, since it says what a thing is, and fits on one line (SS05, SS06); and the signature's
# order, since parameters that mean the same everywhere are described together (PR03).
CHECKS = frozenset(
    f"{group}{n:02}"
    for group, numbers in {
        "GL": (1, 2, 3, 5, 6, 7, 8, 9, 10),
        "PR": (1, 2, 5, 6, 7, 9, 10),
        "RT": (5,),
        "SA": (2, 3, 4),
        "SS": (1, 2, 3, 4),
        "YD": (1,),
    }.items()
    for n in numbers
)


def _modules() -> list[str]:
    names = (module.name for module in pkgutil.walk_packages(jxgis.__path__, "jxgis."))
    return [name for name in names if not any(part.startswith("_") for part in name.split("."))]


def _public(module: str) -> Iterator[str]:
    """The functions and classes that the module defines, and the methods of its classes."""
    for name, found in vars(importlib.import_module(module)).items():
        if name.startswith("_") or getattr(found, "__module__", None) != module:
            continue
        if inspect.isfunction(found) or inspect.isclass(found):
            yield f"{module}.{name}"
        if inspect.isclass(found):
            for member, value in vars(found).items():
                # What a library puts into a class that is made of its own, as matplotlib does, is not ours.
                own = inspect.isfunction(value) and value.__code__.co_filename == inspect.getfile(found)
                if not member.startswith("_") and (own or isinstance(value, property)):
                    yield f"{module}.{name}.{member}"


def _faults(name: str) -> list[str]:
    doc = Validator(get_doc_object(Validator._load_obj(name)))
    # One sentence may be all of it; a list of parameters that is begun is finished.
    exempt = set() if doc.doc_parameters else {"PR01"}
    return [f"{name} {code}: {text}" for code, text in validate(name)["errors"] if code in CHECKS - exempt]


@pytest.mark.parametrize("module", _modules())
def test_what_is_public_is_described(module: str) -> None:
    assert importlib.import_module(module).__doc__, f"{module} has no docstring"
    assert not [fault for name in _public(module) for fault in _faults(name)]
