"""The report is one page that needs nothing else."""

import re
import sys
from base64 import b64decode
from html.parser import HTMLParser

import matplotlib
import pytest

from skdistill.evaluation.show.report import Section, html_report
from skdistill.evaluation.show.results import Comparison

from .test_results import made_up

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def page():
    found = [made_up("teacher"), made_up("labels", student="a & b"), made_up("labels", student="c")]
    section = Section("Table <1>", "Two words.", Comparison(found, {}))
    return html_report("A & B", [section, section])


class Balanced(HTMLParser):
    """Notes the elements that are open."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_well_formed(page):
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []


def test_page_needs_no_other_file(page):
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(sources) == 6  # in each section a trade-off, and a reliability for each student
    for source in sources:
        kind, _, data = source.partition(",")
        assert kind == "data:image/png;base64"
        assert b64decode(data).startswith(b"\x89PNG")
    assert "http" not in page


def test_page_shows_and_escapes_what_it_is_told(page):
    assert page.count("<h2>Table &lt;1&gt;</h2>") == 2
    assert "<title>A &amp; B</title>" in page
    assert "of the teacher and of a &amp; b" in page
    assert page.count("<table") == 4


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install skdistill\[plot\]"):
        html_report("Title", [])
