"""The report is one page that needs nothing else."""

import os
import re
import stat
import sys
from base64 import b64decode
from html.parser import HTMLParser

import matplotlib
import pytest

from skdistill.evaluation.show.report import Section, html_report, write_page
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


def test_names_are_printable_and_can_be_written():
    name = "\x1b[31m\n\ud800 $_{"
    found = [made_up("teacher"), made_up("labels", student=name)]
    page = html_report(name, [Section(name, f"One {name}.", Comparison(found, {}))])
    assert "\x1b" not in page
    assert "<h2>\\x1b[31m\\n\\ud800 $_{</h2>" in page
    assert page.encode("utf-8")


# ---- the file --------------------------------------------------------------------------------


def test_new_page_may_be_read_like_any_other_file(tmp_path):
    write_page(str(tmp_path / "new.html"), "µ")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "new.html").read_text(encoding="utf-8") == "µ"
    assert os.stat(tmp_path / "new.html").st_mode == os.stat(tmp_path / "other").st_mode


def test_new_page_takes_the_place_of_the_old_one_and_links_stay(tmp_path):
    old, link = tmp_path / "old.html", tmp_path / "link.html"
    old.write_text("old")
    old.chmod(0o640)
    link.symlink_to(old)
    write_page(str(link), "new")
    assert link.is_symlink()
    assert old.read_text() == "new"
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


@pytest.mark.parametrize("page", ["half \ud800", None])
def test_old_page_stays_whole_where_the_new_one_fails(tmp_path, page):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises((UnicodeEncodeError, TypeError)):
        write_page(str(path), page)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_name_of_a_file_keeps_what_it_held(tmp_path):
    table, link = tmp_path / "table.csv", tmp_path / "report.html"
    table.write_text("a,b")
    os.link(table, link)
    write_page(str(link), "page")
    assert (table.read_text(), link.read_text()) == ("a,b", "page")


def test_pipe_is_written_to_and_stays_one(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write_page(str(path), "page")
    assert os.read(reader, 10) == b"page"
    os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="needs matplotlib: pip install matplotlib$"):
        html_report("Title", [])
