"""The page of a map as one file that asks for nothing: Leaflet, its style and its images stand inside it."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from branca.element import Figure
from folium.elements import ElementAddToElement

from jxgis._errors import JxgisError

if TYPE_CHECKING:
    import folium
    from branca.element import Element

__all__ = ["CONTENT_POLICY", "figure_of", "head", "require_offline", "save_map", "to_html"]

#: What the page may load: nothing but what it holds. A browser refuses the rest even if a text got through.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)

_REQUESTS = re.compile(
    r"""<(?:script|link|img|iframe|object|embed|source)\b[^>]*?\b(?:src|href|data)\s*=\s*["']?(?!data:|\#)([^"'\s>]+)"""
    r"""|url\(\s*["']?(?!data:|\#)([^"')]+)|@import\s+["']([^"']+)""",
    re.IGNORECASE,
)


def _leaflet(name: str) -> bytes:
    return resources.files("js_lib_leaflet").joinpath("static", "js_lib_leaflet", *name.split("/")).read_bytes()


def _data_uri(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(_leaflet(name)).decode("ascii")


@cache
def head() -> str:
    """What stands in the head of every page: the policy, the styles, Leaflet and the layers' script.

    Returns
    -------
    str
        HTML of about 190 kB. Leaflet comes from the installed package django-js-lib-leaflet.
    """
    ours = resources.files("jxgis.maps").joinpath("static")
    style = _leaflet("leaflet.css").decode("utf-8")
    # Internet Explorer's vector language; and markers' images, which the script sets below.
    style = style.replace("behavior: url(#default#VML);", "")
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    style = re.sub(r"url\((images/[^)]+)\)", lambda found: f"url({_data_uri(found[1])})", style)
    script = re.sub(r"\n//# sourceMappingURL=.*\s*$", "\n", _leaflet("leaflet.js").decode("utf-8"))
    # Leaflet looks for its marker images beside its style sheet: here there is none.
    icons = (
        "delete L.Icon.Default.prototype._getIconUrl;L.Icon.Default.mergeOptions({"
        f"iconUrl:'{_data_uri('images/marker-icon.png')}',iconRetinaUrl:'{_data_uri('images/marker-icon-2x.png')}',"
        f"shadowUrl:'{_data_uri('images/marker-shadow.png')}'}});"
    )
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        f"<style>{style}</style>\n<style>{ours.joinpath('page.css').read_text(encoding='utf-8')}</style>\n"
        f"<script>{script}{icons}</script>\n<script>{ours.joinpath('page.js').read_text(encoding='utf-8')}</script>"
    )


def require_offline(html: str) -> None:
    """Refuse a page that would load anything from outside itself.

    Raises
    ------
    JxgisError
        Naming what it would load.

    Examples
    --------
    >>> require_offline('<img src="data:image/png;base64,AA"><a href="https://example.org">')
    >>> require_offline('<script src="https://example.org/a.js"></script>')
    Traceback (most recent call last):
    jxgis._errors.JxgisError: ...
    """
    # Data and code hold no markup that loads: "<" is escaped in the data. Only the markup is looked at.
    markup = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1</script>", html, flags=re.DOTALL | re.IGNORECASE)
    found = sorted({next(filter(None, groups)) for groups in _REQUESTS.findall(markup)})
    if found:
        raise JxgisError(
            zh=f"地图页面要从外部加载：{'、'.join(found)}；没有网络就打不开。请去掉用到它的图层或插件。",
            en=f"The page would load from outside: {', '.join(found)}; it would not open without internet. "
            "Leave out the layer or plugin that needs it.",
        )


def _number(element: Element, count: int = 0) -> int:
    """Give every element its place in the tree as its id, so that two runs write the same bytes."""
    element._id = f"{count:x}"
    count += 1
    for name, child in list(element._children.items()):
        if isinstance(child, ElementAddToElement):
            # Left by an earlier rendering of the same map, under names that are no longer there.
            del element._children[name]
        else:
            count = _number(child, count)
    return count


def figure_of(page: folium.Map) -> Figure:
    """The figure that a map stands in: the page with its head."""
    root = page.get_root()
    if not isinstance(root, Figure):
        raise TypeError("a folium map is made inside a figure")
    return root


def to_html(page: folium.Map) -> str:
    """The whole page of a map: self-contained, and the same bytes for the same map.

    Parameters
    ----------
    page
        A map made by :func:`jxgis.maps.base.new_map`, with any layers on it.

    Returns
    -------
    str

    Raises
    ------
    JxgisError
        If a layer or plugin added to the map loads something from the internet.
    """
    root = figure_of(page)
    _number(page)
    root.script._children.clear()
    root.html._children.clear()
    html = root.render()
    require_offline(html)
    return "\n".join(line.rstrip() for line in html.splitlines() if line.strip()) + "\n"


def save_map(page: folium.Map, path: str | Path) -> Path:
    """Write the page of a map to a file.

    Returns
    -------
    pathlib.Path
        The file written.
    """
    target = Path(path)
    target.write_bytes(to_html(page).encode("utf-8"))
    return target
