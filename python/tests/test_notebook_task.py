"""Executed notebooks as pages, with the real nbclient and nbconvert; the page is what the scheduler is given."""

import re
import subprocess
from html.parser import HTMLParser

import pytest
from values_route import task_environment

from sheaf_runtime.notebook_page import CONTENT_POLICY, InertHtml
from sheaf_runtime.notebook_source import HEADER

ACTIVE = ("script", "iframe", "frame", "object", "embed", "link", "base", "form", "input", "svg", "math", "audio", "video", "source")

LOUD = r"""
displayHTML("<script src=http://elsewhere/a.js></script><script>act()</script><b>bold</b>")

# COMMAND ----------
displayHTML("<img src=http://elsewhere/a.png><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' onerror=act() onload='act()'>")

# COMMAND ----------
from IPython.display import Javascript, SVG, display
display(Javascript("act()"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='act()'><script>act()</script></svg>"))
display({"text/html": "<script>act()</script>"}, metadata={"text/html": {"isolated": True}}, raw=True)

# COMMAND ----------
pixel = {"image/png": "iVBORw0KGgo="}
display(pixel, metadata={"image/png": {"width": "1 onload=act()"}}, raw=True)
display(pixel, metadata={"filenames": {"image/png": "http://elsewhere/b.png"}}, raw=True)

# COMMAND ----------
display({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "3 of 4"}, raw=True)
print("<script>act()</script> printed")

# COMMAND ----------
# MAGIC %md
# MAGIC # A title
# MAGIC <img src=x onerror=act()> ![remote](http://elsewhere/c.png) [link](http://elsewhere/) [odd](javascript:act())
"""

TABLE = """
displayHTML('''<style scoped>.dataframe tbody tr th {vertical-align: middle;} #T_1 td {color: rgb(1, 2, 3);}</style>
<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th>cups</th></tr></thead><tbody>
<tr><td colspan="2">18</td></tr></tbody></table>''')
"""


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.style = [], [], "", ""
        self._is_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._is_style = tag == "style"
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        self._is_style = False

    def handle_data(self, data):
        if self._is_style:
            self.style += data
        else:
            self.text += data

    def values(self, name):
        return [value for _, found, value in self.attributes if found == name]


def assert_inert(page):
    assert not set(page.tags) & set(ACTIVE), page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")], page.attributes
    assert all(value.startswith("data:image/") for value in page.values("src")), page.values("src")
    assert all(re.match("https?:|mailto:|#", value) for value in page.values("href")), page.values("href")
    assert not {name for _, name, _ in page.attributes} & {"srcset", "background", "poster", "action", "formaction"}
    assert not [text for text in [page.style, *page.values("style")] if re.search(r"url|@import|image", text, re.I)]


class Executed:
    def __init__(self, done, scheduler):
        self.status, self.stderr = done.returncode, done.stderr
        (self.document,) = scheduler.notebooks
        self.html = self.document["html"]
        self.page = Page(self.html)


@pytest.fixture
def execute(with_notebooks, scheduler, tmp_path):
    def run(source):
        (tmp_path / "n.py").write_text(f"{HEADER}\n{source}")
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "TMPDIR": str(tmp_path), "SHEAF_UV": "/bin/false",
                       **task_environment(scheduler.url, tmp_path / "values")}
        done = subprocess.run([with_notebooks.python, "-m", "sheaf_runtime.notebook_task", tmp_path / "n.py"], env=environment,
                              cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
        return Executed(done, scheduler)

    return run


def test_a_page_holds_no_script_and_fetches_nothing_whatever_cells_show(execute):
    executed = execute(LOUD)
    assert executed.status == 0, executed.stderr
    assert_inert(executed.page)
    text = executed.page.text
    assert "[script left out][script left out]bold" in text and text.count("[image left out]") == 4
    assert "A title" in text and "3 of 4" in text and "<script>act()</script> printed" in text
    shown = [value.partition(";")[0] for value in executed.page.values("src")]
    assert shown == ["data:image/gif", "data:image/svg+xml", "data:image/png"]
    assert executed.page.values("href")[-1:] == ["http://elsewhere/"]


def test_a_browser_is_told_the_same_before_anything_else_of_the_page(execute):
    executed = execute("1 + 1")
    assert executed.page.attributes[:3] == [
        ("meta", "charset", "utf-8"), ("meta", "http-equiv", "Content-Security-Policy"), ("meta", "content", CONTENT_POLICY)]
    allowed = dict(part.split(" ", 1) for part in CONTENT_POLICY.split("; "))
    assert allowed == {"default-src": "'none'", "img-src": "data:", "style-src": "'unsafe-inline'", "base-uri": "'none'",
                       "form-action": "'none'"}


def test_tables_keep_their_looks(execute):
    page = execute(TABLE).page
    assert {"table", "thead", "th", "tbody", "td"} <= set(page.tags)
    assert ("tr", "style", "text-align: right;") in page.attributes and ("td", "colspan", "2") in page.attributes
    assert page.tags.count("style") == 2


@pytest.mark.parametrize(("html", "inert"), [
    ("<p>a &lt;b&gt; &amp; c</p>", "<p>a &lt;b&gt; &amp; c</p>"),
    ("<SCRIPT>a</SCRIPT >b", "<em>[script left out]</em>b"),
    ("<script>'<b>'</script><script src=x>", "<em>[script left out]</em>" * 2),
    ("<svg><svg></svg><script>a</script><p onclick=a></svg><i>b</i>", "<em>[svg left out]</em><i>b</i>"),
    ("<a href=' javascript:a'>b</a>", "<a>b</a>"),
    ("<a href='java&#115;cript:a' title='&quot; onclick=a'>b</a>", '<a title="&quot; onclick=a">b</a>'),
    ("<p href=http://a src=data:image/png,b>c", "<p>c"),
    ("<img src=data:text/html,a><img srcset=a src=//a>", "<em>[image left out]</em>" * 2),
    ("<meta http-equiv=refresh content='0;url=//a'><base href=//a><link rel=stylesheet href=//a>b", "b"),
    ("<form action=//a><button formaction=//a>b</button></form>", "b"),
    ("<td background=//a style='background:url(//a)'>b</td>", "<td>b</td>"),
    ("<p style='background:\\75rl(a)'><p style='background:url(a)'><p style='background:image-set(\"a\")'>", "<p><p><p>"),
    ("<p style='color:rgba(1, 2, 3, .5)'>", '<p style="color:rgba(1, 2, 3, .5)">'),
    ("<style>@import '//a';</style><style>p{background:url(a)}</style>b", "b"),
    ("<style>p > b{color:#fff}</style>", "<style>p > b{color:#fff}</style>"),
    ("<style></style\n></p><!-- <script> --><br/>", "<style></style></p><br>"),
    ("<textarea><img src=x onerror=a></textarea>", None),
    ("<noscript><p title='</noscript><img src=x onerror=a>'>", None),
    ("<math><mtext><table><mglyph><style><img src=x onerror=a>", None),
])
def test_html_is_written_anew_from_what_does_nothing(html, inert):
    found = InertHtml().write(html)
    assert inert is None or found == inert
    assert_inert(Page(found))
    assert InertHtml().write(found) == found


def test_a_quote_that_does_not_end_fails_its_cell_and_the_page_is_kept(execute):
    executed = execute("print('before')\n# COMMAND ----------\n# MAGIC %pip install 'torch\n# COMMAND ----------\nprint('never')")
    assert executed.status == 1
    assert executed.stderr.endswith("cell 2 of n.py failed:\nValueError: %pip install 'torch: No closing quotation\n")
    assert "before" in executed.page.text and "No closing quotation" in executed.page.text and "never" not in executed.page.text


def test_a_kernel_that_does_not_start_fails_the_task_and_the_page_says_so(execute, tmp_path):
    (tmp_path / "ipykernel_launcher.py").write_text("raise SystemExit('no kernel today')")
    executed = execute("# MAGIC %md\n# MAGIC # Title\n# COMMAND ----------\nprint('never')")
    assert executed.status == 1
    assert "no kernel today" in executed.stderr and "the notebook could not be executed:" in executed.stderr
    assert executed.stderr.splitlines()[-1].startswith("RuntimeError: Kernel died")
    assert "RuntimeError: Kernel died" in executed.page.text


def test_the_page_is_kept_whatever_ends_the_launcher(with_notebooks, scheduler, tmp_path):
    (tmp_path / "n.py").write_text(f"{HEADER}\n1")
    code = f"""
from sheaf_runtime import notebook_task
def interrupted(run):
    raise KeyboardInterrupt
notebook_task.NotebookRun.run = interrupted
try:
    notebook_task.main([{str(tmp_path / "n.py")!r}])
except KeyboardInterrupt:
    print("interrupted")
"""
    environment = {**task_environment(scheduler.url, tmp_path / "values"), "TMPDIR": str(tmp_path)}
    assert with_notebooks.run(code, environment) == "interrupted\n"
    assert [document["name"] for document in scheduler.notebooks] == ["n.py"]
