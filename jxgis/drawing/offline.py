"""The page of a map as one file that asks for nothing: Leaflet, its style and its images stand inside it.

branca reads what a template has rendered as a template once more, and so would run a text of the data that looks like
one. :class:`Page` leaves it no text to read: while the elements of a map render, each rendered piece is kept aside, and
branca is handed an empty place in its stead, which is filled at the very end. This holds for every layer of folium,
whoever put it on the map, and whichever way the page is written: saved, shown in a notebook, or as text.
"""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from html import escape as quoted
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from branca.element import Element
from branca.element import Figure as PlainPage
from folium.elements import ElementAddToElement
from folium.map import Layer
from folium.template import Template
from jinja2 import TemplateSyntaxError

from jxgis import escape
from jxgis.drawing._added import Added, Scale, arranged, categories, literal, tree
from jxgis.drawing._controls import ASSETS
from jxgis.errors import JxgisError
from jxgis.i18n import listed, text
from jxgis.schema.files import BASEMAP_KEY

if TYPE_CHECKING:
    import folium

    from jxgis.datum import Datum
    from jxgis.drawing.figures import Figure

__all__ = ["Page", "framed", "head", "require_offline", "save_map", "to_html"]

_SCRIPTS = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_MARK = re.compile(r"<jxgis-piece-(\d+)>")
#: What ends a script, or begins one, wherever it stands in it; in texts of JavaScript "\\x3c" is the same sign.
_TAGS = re.compile(r"<(?=/?script|!--)", re.IGNORECASE)
#: Where the policy will stand. No text of the data can hold it, since "<" is escaped in all of them.
_POLICY = "<jxgis-policy>"
_LANGUAGES = {"zh": "zh-CN", "en": "en"}
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
#: Height of a map in a notebook: it is seen whole on a laptop.
_FRAME_PX = 560

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
    """What stands in the head of every page: the styles, Leaflet and the layers' script.

    Returns
    -------
    str
        HTML of about 190 kB. Leaflet comes from the installed package django-js-lib-leaflet.
    """
    ours = resources.files("jxgis.drawing").joinpath("static")
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
    own = {
        name: ours.joinpath(name).read_text(encoding="utf-8")
        for name in ("page.css", "page.js", "ground.js", "paper.js", *ASSETS)
    }
    styles = [style, *(words for name, words in own.items() if name.endswith(".css"))]
    scripts = [script + icons, *(words for name, words in own.items() if name.endswith(".js"))]
    return "\n".join([*(f"<style>{one}</style>" for one in styles), *(f"<script>{one}</script>" for one in scripts)])


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
    jxgis.errors.JxgisError: ...
    """
    # Data and code hold no markup that loads: "<" is escaped in the data. Only the markup is looked at.
    markup = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1</script>", html, flags=re.DOTALL | re.IGNORECASE)
    found = sorted({next(filter(None, groups)) for groups in _REQUESTS.findall(markup)})
    if found:
        raise JxgisError(
            zh=f"地图页面要从外部加载：{listed(found, 'zh')}；没有网络就打不开。请去掉用到它的图层或插件。",
            en=f"The page would load from outside: {listed(found, 'en')}; it would not open without internet. "
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


class _Places:
    """Rendered pieces, kept aside, and the marks of the places where they belong."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def keep(self, piece: str) -> str:
        """Take a piece; give the mark of its place."""
        self.pieces.append(piece)
        return f"<jxgis-piece-{len(self.pieces) - 1}>"

    def fill(self, page: str) -> str:
        """Put every piece in its place; marks inside pieces are text, and a piece of a script does not end it."""

        def filled(found: re.Match[str]) -> str:
            if found[1] is not None:
                return self.pieces[int(found[1])]
            return _MARK.sub(lambda mark: _TAGS.sub(r"\\x3c", self.pieces[int(mark[1])]), found[0])

        return re.sub(f"{_MARK.pattern}|{_SCRIPTS.pattern}", filled, page, flags=_SCRIPTS.flags)


class _Keeping:
    """An element's template that gives marks in place of what it renders."""

    def __init__(self, template: Any, places: _Places) -> None:
        self._template, self._places = template, places

    @property
    def module(self) -> SimpleNamespace:
        """The template's macros: what branca asks for of an element that has them."""
        macros = {name: self._template.module.__dict__.get(name) for name in ("header", "html", "script")}
        return SimpleNamespace(**{name: self._kept(macro) for name, macro in macros.items() if macro})

    def _kept(self, macro: Any) -> Any:
        return lambda this, kwargs: self._places.keep(str(macro(this, kwargs)))

    def render(self, **values: Any) -> str:
        return self._places.keep(self._template.render(**values))


@contextmanager
def _keeping(elements: Sequence[Element]) -> Iterator[_Places]:
    """For the time of a ``with`` block, keep aside what these elements render."""
    places = _Places()
    own = [element.__dict__.get("_template") for element in elements]
    for element in elements:
        element._template = _Keeping(element._template, places)  # type: ignore[assignment]  # all that branca asks for
    try:
        yield places
    finally:
        for element, template in zip(elements, own, strict=True):
            if template is None:
                del element._template
            else:
                element._template = template


class _Part(Element):
    """The head, the body or the script of a page; a piece that would be read as a template does not get in."""

    def add_child(self, child: Element, name: str | None = None, index: int | None = None) -> Element:
        """As branca's, but it looks at what is added."""
        if "class='maplegend'" in (child._template_str or "") and isinstance(self._parent, Page):
            self._parent.legends.append(categories(child._template_str or "", self._parent.last_layer()))
            return self
        if re.search(r"\{[{%#]", child._template_str or ""):
            raise _looks_like_a_template()
        return super().add_child(child, name, index)


def _refuse_templates(element: Element) -> None:
    """Refuse an element that was made of a text which would be read as a template, wherever it stands, as in a popup."""
    if re.search(r"\{[{%#]", element._template_str or ""):
        raise _looks_like_a_template()
    held = (part for part in vars(element).values() if isinstance(part, Element) and part is not element._parent)
    for part in [*element._children.values(), *held]:
        if part._parent is element:
            _refuse_templates(part)


def _looks_like_a_template() -> JxgisError:
    return JxgisError(
        zh="地图上有图层把含有 {{、{% 或 {# 的文字交给了模板引擎，可能被当作代码执行，页面没有写出。请去掉该图层或其中的这些文字。",
        en="A layer on the map hands text with {{, {% or {# to the template engine, which might run it; the page is not "
        "written. Leave out the layer, or these signs in its text.",
    )


class _Raw(Element):
    """Text that is put into the page as it is."""

    _template = Template("{{ this.content }}")

    def __init__(self, content: str) -> None:
        super().__init__()
        self.content = content


class Page(PlainPage):
    """The page that a map stands in: self-contained, and of its own scripts only.

    Parameters
    ----------
    title
        What the browser's tab says; plain text, it is escaped here.
    lang
        ``"zh"`` or ``"en"``.

    Attributes
    ----------
    online
        Whether layers may load from the internet what they show, such as the tiles of a background map. False at
        first: such a layer is left out of the page, and a warning says so.
    hosts
        Where the tiles of its base map come from, if it has one.
    key
        What their provider asks for. It stands in the head, in no script: whoever compares two pages can pass it over.
    datum
        That of the coordinates that it is drawn in.
    legends
        Legends of categories that were added to the page.
    """

    def __init__(self, title: str, lang: str = "zh") -> None:
        super().__init__(title=escape.html(title))
        self.name = title
        self.lang = lang
        self.online = False
        self.hosts: Sequence[str] = ()
        self.key = ""
        self.datum: Datum = "WGS-84"
        self.legends: list[Scale] = []
        self.added = Added([], [], [])
        for part in ("header", "html", "script"):
            of_branca, own = getattr(self, part), _Part()
            for name, child in of_branca._children.items():
                own.add_child(child, name=name)
            own._parent = self
            setattr(self, part, own)
        self.header.add_child(_Raw(_POLICY), name="jxgis_policy")
        self.header.add_child(_Raw(head()), name="jxgis_head")

    def _repr_html_(self, **kwargs: Any) -> str:
        """The page in a frame of a notebook."""
        return self.framed(**kwargs)

    def framed(self, behind: str = "", **kwargs: Any) -> str:
        """The page in a frame, and behind it what is seen where a notebook that is not trusted shows no frames.

        Parameters
        ----------
        behind
            HTML, such as a picture of the map.
        **kwargs
            Of branca's ``render``.
        """
        page = quoted(self.render(**kwargs))
        words = escape.html(text("maps.not_trusted", self.lang))
        return (
            f'<div style="display:grid"><div style="grid-area:1/1;max-height:{_FRAME_PX}px;overflow:hidden">{behind}'
            f'<p style="color:#5c6b78;margin:0">{words}</p></div><iframe srcdoc="{page}" title="{escape.html(self.name)}" '
            f'style="background:#e9edee;border:0;grid-area:1/1;height:{_FRAME_PX}px;position:relative;width:100%" '
            "allowfullscreen></iframe></div>"
        )

    def last_layer(self) -> Layer | None:
        """The layer that was added last."""
        layers = [element for child in self._children.values() for element in tree(child) if isinstance(element, Layer)]
        return layers[-1] if layers else None

    def render(self, **kwargs: Any) -> str:
        """The page as HTML.

        Raises
        ------
        JxgisError
            If a plugin on the map loads something from the internet, or a layer makes a template of text.
        """
        with arranged(self, online=self.online) as self.added:
            if self.added.loading:
                named = listed((f"{layer.layer_name} ({address})" for layer, address in self.added.loading), self.lang)
                warnings.warn(text("maps.left_out_online", self.lang, layers=named), stacklevel=2)
            return self._written(**kwargs)

    def _written(self, **kwargs: Any) -> str:
        for child in self._children.values():
            _number(child)
            _refuse_templates(child)
        parts = [(part, part._children.copy()) for part in (self.header, self.html, self.script)]
        try:
            elements = [element for child in self._children.values() for element in tree(child)]
            with literal(elements), _keeping(elements) as places:
                html = places.fill(super().render(**kwargs))
        except TemplateSyntaxError as error:
            raise _looks_like_a_template() from error
        finally:
            for part, children in parts:
                part._children = children
        require_offline(html)
        html = html.replace("<html>", f'<html lang="{_LANGUAGES[self.lang]}">', 1)
        # folium forbids to enlarge a page with two fingers. In texts of the data "<" is escaped.
        html = re.sub(r'<meta name="viewport"[^>]*>', _VIEWPORT, html, count=1)
        lines = (line.rstrip() for line in re.split(r"\r\n|\r|\n", html))
        html = "\n".join(line for line in lines if line) + "\n"
        elsewhere = [*self.hosts, *(["https:", "http:"] if self.online else [])]
        policy = escape.content_policy(_SCRIPTS.findall(html), images=elsewhere)
        key = f'\n<meta name="{BASEMAP_KEY}" content="{escape.html(self.key)}">' if self.key else ""
        return html.replace(_POLICY, f'<meta http-equiv="Content-Security-Policy" content="{policy}">{key}', 1)


def to_html(page: folium.Map, *, online: bool | None = None) -> str:
    """The whole page of a map: self-contained, and the same bytes for the same map.

    Parameters
    ----------
    page
        A map made by :func:`jxgis.drawing.base.new_map`, with any layers on it.
    online
        Whether layers may load from the internet what they show, such as the tiles of a background map; else they are
        left out with a warning. By default what the page says (:class:`Page`), which is no.

    Returns
    -------
    str

    Raises
    ------
    JxgisError
        If the map stands in no :class:`Page`, or a layer or plugin loads something from the internet or makes a
        template of text.
    """
    root = page.get_root()
    if not isinstance(root, Page):
        raise JxgisError(
            zh="这张地图不是用 jxgis.drawing.base.new_map 建立的，页面会从外部加载文件。请用 new_map 建立地图。",
            en="This map was not made by jxgis.drawing.base.new_map, so that its page would load files from outside. "
            "Start the map with new_map.",
        )
    if online is not None:
        root.online = online
    return root.render()


def framed(page: folium.Map, figure: Figure | None = None) -> str:
    """A map as a notebook shows it: in a frame, and behind it a figure for where a notebook shows no frames.

    Parameters
    ----------
    page
        A map made by :func:`jxgis.drawing.base.new_map`.
    figure
        A figure of the same.

    Returns
    -------
    str
        HTML.
    """
    behind = ""
    if figure is not None:
        data = base64.b64encode(figure.png(100)).decode("ascii")
        behind = f'<img alt="" src="data:image/png;base64,{data}" style="max-height:{_FRAME_PX - 40}px;max-width:100%">'
    root = page.get_root()
    return root.framed(behind) if isinstance(root, Page) else str(page._repr_html_())


def save_map(page: folium.Map, path: str | Path, *, online: bool | None = None) -> Path:
    """Write the page of a map to a file.

    Parameters
    ----------
    page, online
        As for :func:`to_html`.
    path
        The file.

    Returns
    -------
    pathlib.Path
        The file written.
    """
    target = Path(path)
    target.write_bytes(to_html(page, online=online).encode("utf-8"))
    return target
