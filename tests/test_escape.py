"""Text that reaches a page says what it says, to a browser and to a template engine alike."""

from __future__ import annotations

import html
import json

import jinja2
from hypothesis import given
from hypothesis import strategies as st

from jxgis import escape

HOSTILE = (
    "{{7*7}}",
    "{% x %}",
    "{# x #}",
    "{{ cycler.__init__.__globals__.os.system('touch PWNED') }}",
    "</script><script>window.PWNED=1</script>",
    "`${7*7}`",
    "\\\"'\\",
    "a\u2028b\u2029c\u0085d\x7f",
    "\udcff",
)
#: Whatever is typed, and much of what means something to some reader.
TEXTS = st.text() | st.lists(st.sampled_from([*HOSTILE, "{", "%}", "\\", '"', "x"])).map("".join)


@given(TEXTS)
def test_javascript_gives_the_text_back_and_holds_no_sign_that_means_something(words):
    written = escape.javascript([words])
    assert json.loads(written) == [words]
    inside = written[2:-2]
    assert not set("{}<>&'`\"\u2028\u2029\u0085") & set(inside)
    assert written.isprintable() or not words.isprintable()
    written.encode("utf-8")


@given(st.recursive(st.none() | st.integers() | TEXTS, lambda t: st.lists(t) | st.dictionaries(TEXTS, t), max_leaves=9))
def test_javascript_of_any_table_is_its_json_and_no_template(value):
    written = escape.javascript(value)
    assert json.loads(written) == value
    assert jinja2.Template(written).render() == written


@given(TEXTS)
def test_html_gives_the_text_back_and_holds_no_sign_that_means_something(words):
    written = escape.html(words)
    assert not set("{}<>'`\"") & set(written)
    assert (
        jinja2.Template(written, keep_trailing_newline=True, newline_sequence="\n").render().split() == written.split()
    )
    plain = "".join(sign for sign in words if not 0xD800 <= ord(sign) < 0xE000)
    shown = html.unescape(written).replace("\ufffd", "")
    assert shown == plain.replace("\ufffd", "")
