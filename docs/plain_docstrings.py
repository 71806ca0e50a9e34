"""Docstrings as the pages of the API show them: cross-references as code, an entry for each parameter, no empty ones."""

from __future__ import annotations

import re
from typing import Any

import griffe

_REFERENCE = re.compile(r":(?:class|func|meth|mod|attr):`~?([^`]+)`")
#: ``lang, sketch`` and what is said of both, as numpydoc allows; griffe gives all the type and default of the first.
_SEVERAL = re.compile(r"^(?P<names>\*{0,2}\w+(?:, \*{0,2}\w+)+)\n(?P<said>(?:[ ]+\S.*\n?)+)", re.MULTILINE)

#: ``Returns`` with a type and nothing said of it: the signature above has the type.
_UNSAID = re.compile(r"^Returns\n-+\n(?:\S.*(?:\n|\Z))+(?:\n+|\Z)", re.MULTILINE)


def plain(docstring: str) -> str:
    r"""A docstring without Sphinx's roles, with an entry for each parameter and none that says nothing.

    Examples
    --------
    >>> print(plain("See :func:`~a.b`.\n\nlang, sketch\n    Both."))
    See `a.b`.
    <BLANKLINE>
    lang
        Both.
    sketch
        Both.
    <BLANKLINE>
    >>> plain("One.\n\nReturns\n-------\nint\n\nRaises\n------\nE\n    If not.")
    'One.\n\nRaises\n------\nE\n    If not.'
    >>> print(plain("Returns\n-------\nint\n    How many.").splitlines()[-1])
        How many.
    """

    def each(found: re.Match[str]) -> str:
        said = found["said"].rstrip("\n")
        return "".join(f"{name}\n{said}\n" for name in found["names"].split(", "))

    return _UNSAID.sub("", _SEVERAL.sub(each, _REFERENCE.sub(r"`\1`", docstring)))


class Plain(griffe.Extension):
    """Every docstring by `plain`, before it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one thing."""
        if obj.docstring is not None:
            obj.docstring.value = plain(obj.docstring.value)
