"""The page that is kept of an executed notebook."""

import re
from html import escape
from html.parser import HTMLParser

MAX_HTML_BYTES = 20 * 1024 * 1024

# The second wall, behind InertHtml.
CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
PAGE_STYLE = ("body{font:14px sans-serif;max-width:70em;margin:2em auto}pre{background:#f6f6f6;padding:.6em;overflow:auto}"
              ".failure{background:#fdd}table{border-collapse:collapse}td,th{padding:.2em .6em;border:1px solid #ccc}")
# Richest first. A widget or a script is shown as the picture or the text that comes with it.
SHOWN_OUTPUTS = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]

_ELEMENTS = frozenset((
    "a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 "
    "hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var wbr"
).split())
_EMPTY_ELEMENTS = frozenset(("br", "col", "hr", "img", "wbr"))
_LEFT_OUT = frozenset(("audio", "iframe", "math", "object", "script", "svg", "template", "video"))
_ATTRIBUTES = frozenset("align alt border class colspan dir height id lang open reversed rowspan span start title valign width".split())
_LINK = re.compile(r"(?:https?:|mailto:|#)", re.IGNORECASE)
_EMBEDDED_IMAGE = re.compile(r"data:image/(?:gif|jpeg|png|svg\+xml|webp)[;,]", re.IGNORECASE)
# No quote, slash, backslash or @, and known functions only: CSS can name nothing to fetch.
_STYLE = re.compile(r"(?:\b(?:hsla?|linear-gradient|nth-child|rgba?)\(|[\w\s:;,.#%!+*>){}-])*")


class InertHtml(HTMLParser):
    """Writes HTML anew from elements and attributes that do nothing and fetch nothing, whatever it is given.

    Of other elements the text stays; in place of a script, a frame or an image from elsewhere stands a note.
    """

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self._parts = []
        self._skipped = ""  # The element that is left out up to its end.
        self._depth = 0
        self._style = None  # The pieces of a <style>, inside of one.

    def write(self, html):
        self.feed(html)
        self.close()
        return "".join(self._parts)

    def handle_starttag(self, tag, attrs):
        if self._skipped:
            self._depth += tag == self._skipped
        elif tag in _LEFT_OUT:
            self._skipped, self._depth = tag, 1
            self._note(tag)
        elif tag == "style":
            self._style = []
        elif tag in _ELEMENTS:
            kept = {name: value or "" for name, value in attrs if _is_inert(tag, name, value or "")}
            if tag == "img" and "src" not in kept:
                return self._note("image")
            attributes = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
            self._parts.append(f"<{tag}{attributes}>")

    def handle_endtag(self, tag):
        if self._skipped:
            self._depth -= tag == self._skipped
            self._skipped = self._skipped if self._depth else ""
        elif tag == "style":
            text, self._style = "".join(self._style or []), None
            self._parts.append(f"<style>{text}</style>" if _STYLE.fullmatch(text) else "")
        elif tag in _ELEMENTS - _EMPTY_ELEMENTS:
            self._parts.append(f"</{tag}>")

    def handle_data(self, data):
        if self._style is not None:
            self._style.append(data)
        elif not self._skipped:
            self._parts.append(escape(data))

    def _note(self, what):
        self._parts.append(f"<em>[{what} left out]</em>")


def _is_inert(tag, name, value):
    if name == "href":
        return tag == "a" and _LINK.match(value)
    if name == "src":
        return tag == "img" and _EMBEDDED_IMAGE.match(value)
    return _STYLE.fullmatch(value) if name == "style" else name in _ATTRIBUTES


def to_html(notebook, name, failure):
    """The executed notebook as a page of its own, with what made it fail behind it: no script, nothing from elsewhere."""
    try:
        from nbconvert import HTMLExporter
        from traitlets.config import Config

        # Its sanitize_html shows the tags of tables and headings as text, and its templates write some metadata as it is.
        exporter = HTMLExporter(template_name="basic", config=Config(NbConvertBase={"display_data_priority": SHOWN_OUTPUTS}))
        body, _ = exporter.from_notebook_node(notebook)
        page = _page(name, InertHtml().write(body), failure)
    except Exception as error:
        page = _page(name, f"<p>the notebook could not be shown: {type(error).__name__}</p>", failure)
    if len(page.encode("utf-8", "replace")) > MAX_HTML_BYTES:
        return "<!DOCTYPE html><p>the executed notebook is larger than 20 MiB and was not kept</p>"
    return page


def _page(name, content, failure):
    failure = f"<pre class=failure>{escape(failure)}</pre>" if failure else ""
    return (f'<!DOCTYPE html><html><head><meta charset=utf-8><meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
            f"<meta name=referrer content=no-referrer><title>{escape(name)}</title><style>{PAGE_STYLE}</style></head>"
            f"<body>{content}{failure}</body></html>")
