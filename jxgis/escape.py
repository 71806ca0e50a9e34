"""The two ways in which text of people reaches a page: as a value of JavaScript, and as text of HTML.

Names, classes, titles and file names go through one of these two functions, and through nothing else, wherever a page
is written. Braces are escaped like all signs that mean something to some reader of the page: a template engine that
reads the page once more finds nothing to run. What of a page may run at all is its policy.
"""

from __future__ import annotations

import base64
import hashlib
import html as _html
import json
import re
from collections.abc import Iterable

__all__ = ["SURROGATES", "content_policy", "html", "javascript", "line"]

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
#: In a JSON string: its own escapes, and what a reader of HTML, of JavaScript or of a template may take for its own.
_SIGNS = re.compile(r"\\.|[{}<>&'`\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DATE = re.compile(r"\b\d{4}-\d\d(?:-\d\d)?\b")
#: Halves of a pair, as Python keeps the bytes of a name that cannot be decoded; no UTF-8 holds them.
SURROGATES = re.compile("[\ud800-\udfff]")


def javascript(value: object) -> str:
    r"""Write a value as JavaScript that stands safely inside a ``<script>``, an attribute or a template.

    Parameters
    ----------
    value
        Numbers, texts, lists and dictionaries with texts as keys; no NaN.

    Returns
    -------
    str
        JSON in which braces, quotes, backticks, ``<``, ``>``, ``&`` and line separators of a text are ``\u`` escapes.

    Examples
    --------
    >>> print(javascript({"name": "</script>{{ 7*7 }}"}))
    {"name":"\u003c/script\u003e\u007b\u007b 7*7 \u007d\u007d"}
    """
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _STRING.sub(lambda string: f'"{_SIGNS.sub(_unicode, string[1])}"', written)


def _unicode(sign: re.Match[str]) -> str:
    found = sign[0]
    if found == '\\"':
        return "\\u0022"
    return found if found.startswith("\\") else f"\\u{ord(found):04x}"


def html(words: object) -> str:
    """Write a text as HTML that shows it to the letter, as the content of an element or of a quoted attribute.

    Parameters
    ----------
    words
        Anything that is shown by its ``str``.

    Examples
    --------
    >>> html("<b> & {{ 7*7 }}")
    '&lt;b&gt; &amp; &#123;&#123; 7*7 &#125;&#125;'
    """
    plain = _html.escape(SURROGATES.sub("\ufffd", str(words)))
    return plain.replace("{", "&#123;").replace("}", "&#125;").replace("`", "&#96;")


def line(words: object) -> str:
    """Write a text as the content of an element in which no line ends within a date or a month: browsers break after hyphens.

    Parameters
    ----------
    words
        Anything that is shown by its ``str``; the page says of the class ``jx-date`` that it is not broken.

    Examples
    --------
    >>> line("至 2023-12-31 <")
    '至 <span class="jx-date">2023-12-31</span> &lt;'
    """
    return _DATE.sub(r'<span class="jx-date">\g<0></span>', html(words))


def content_policy(scripts: Iterable[str], *, images: Iterable[str] = (), frames: str = "") -> str:
    """What a browser may load and run of a page: nothing but what stands in it, its scripts by their hashes.

    A script or an event handler that got into the page in a text is none of them, and is not run.

    Parameters
    ----------
    scripts
        The page's own, to the letter, with the line ends they will be written with.
    images
        Where images may come from beside the page itself: the tiles of a background map.
    frames
        Where pages inside the page may come from, as the policy has it: ``"'self' file:"``; nowhere if not given.

    Returns
    -------
    str
        The value of ``Content-Security-Policy``.

    Examples
    --------
    >>> content_policy(["1"]).split("; ")[1]
    "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    digests = dict.fromkeys(hashlib.sha256(script.encode("utf-8")).digest() for script in scripts)
    run = " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {run}; style-src 'unsafe-inline'; img-src {' '.join(['data:', *images])}; "
        f"{f'frame-src {frames}; ' if frames else ''}base-uri 'none'; form-action 'none'"
    )
