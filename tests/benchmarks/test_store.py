"""A stopped run leaves a store that the next one can go on with."""

import pytest

from benchmarks.paper.cell import Cell
from benchmarks.runner import check_settings
from benchmarks.store import Store, missing

FIRST = Cell("tabular", "magic", 1, 10, "none")
SECOND = FIRST._replace(curve="ours")


def test_what_was_appended_is_read(tmp_path):
    store = Store(tmp_path / "cells.jsonl", Cell)
    store.append(FIRST, {"auc": [0.5, 0.25]})
    store.append(SECOND, {"auc": [1.0]})
    records = store.read()
    assert list(records) == [FIRST, SECOND]
    assert records[FIRST]["auc"] == [0.5, 0.25]
    assert missing([SECOND, FIRST, FIRST._replace(size=1)], records) == [FIRST._replace(size=1)]


def test_unfinished_line_is_ignored_and_then_cut_off(tmp_path):
    store = Store(tmp_path / "cells.jsonl", Cell)
    store.append(FIRST, {"auc": [0.5]})
    whole = store.path.read_bytes()
    store.path.write_bytes(whole + b'{"figure": "tabu')
    assert list(store.read()) == [FIRST]
    with store.opened():
        assert store.path.read_bytes() == whole
        store.append(SECOND, {"auc": [1.0]})
    assert list(store.read()) == [FIRST, SECOND]


def test_a_store_that_is_one_unfinished_line_is_empty(tmp_path):
    store = Store(tmp_path / "cells.jsonl", Cell)
    store.path.write_bytes(b'{"figure": ')
    assert store.read() == {}
    with store.opened():
        assert store.path.read_bytes() == b""


def test_second_run_is_kept_out(tmp_path):
    pytest.importorskip("fcntl")
    store = Store(tmp_path / "cells.jsonl", Cell)
    refused = pytest.raises(SystemExit, match="Another run is writing")
    with store.opened(), refused, store.opened():
        pass
    with store.opened():
        store.append(FIRST, {"auc": [0.5]})


def test_other_settings_are_refused(tmp_path):
    records = {FIRST: {"settings": {"trees": 500}}}
    check_settings(records, {"tabular": {"trees": 500}}, tmp_path)
    with pytest.raises(SystemExit, match=r"'trees': 500.*not.*'trees': 20"):
        check_settings(records, {"tabular": {"trees": 20}}, tmp_path)
