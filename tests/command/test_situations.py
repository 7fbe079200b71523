"""Some hundred runs of the command, as people try them: the right answer, or one helpful line."""

import gzip
import io
import zipfile
from typing import NamedTuple

import numpy as np
import pytest

from skdistill.command import run as command
from skdistill.command import tables
from skdistill.command.run import main
from skdistill.evaluation.show.results import Comparison

from ..evaluation.show.test_results import made_up

N_ROWS = 60
COLUMNS = {
    "size": [f"{3 + row % 13 / 8:.3f}" for row in range(N_ROWS)],
    "colour": [("red", "green", "blue")[row * 7 % 11 % 3] for row in range(N_ROWS)],
    "y": [("no", "yes")[row * 5 % 7 % 2] for row in range(N_ROWS)],
}
LEARNED = ("size", "colour")


class Run(NamedTuple):
    """A run: the file, options beside --target y, what is said, the exit code, what is learned."""

    file: bytes | None
    options: str = ""
    said: tuple[str, ...] = ()
    code: int = 0
    learned: tuple[str, ...] | None = LEARNED
    n_classes: int = 2
    name: str = "t.csv"
    target: str | None = "y"


def refused(file, *said, options="", **changes):
    """Return a run that must end with one line."""
    return Run(file, options, said, 2, None, **changes)


def cells(values):
    """Return a column that repeats some values, out of step with the others."""
    return [values[row * 3 % 17 % len(values)] for row in range(N_ROWS)]


def table(separator=",", encoding="utf-8", line_end="\n", **columns):
    """Return a file: the usual columns, and others before them."""
    named = {**columns, **{name: COLUMNS[name] for name in COLUMNS if name not in columns}}
    rows = [list(named), *zip(*named.values(), strict=True)]
    return (line_end.join(separator.join(map(str, row)) for row in rows) + line_end).encode(
        encoding
    )


def zipped(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("t.csv", data)
    return file.getvalue()


PRICES = [f"{1 + row % 9},{row % 4}5" for row in range(N_ROWS)]
QUOTED = [f'"{price}"' for price in PRICES]
KEYS = [f"k{row}" for row in range(N_ROWS)]
DAYS = [f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in range(N_ROWS)]
TIMES = [f"{day}T{row % 24:02d}:30:00Z" for row, day in enumerate(DAYS)]
DOTTED = [f"{1 + row % 28}.{1 + row % 12}.2024" for row in range(N_ROWS)]
SLASHED = [f"{1 + row % 12}/{1 + row % 12}/2024" for row in range(N_ROWS)]
STAMPS = [17 * row + row % 5 for row in range(N_ROWS)]
WIDE = {f"column{k}": cells("123") for k in range(600)}

ABOUT_FILES = {
    "plain": Run(table(), said=("t.csv: 42 rows to train and 18 to test, 2 features, 2 classes",)),
    "semicolons": Run(table(";"), said=("Separated by semicolons",)),
    "tabs": Run(table("\t"), said=("Separated by tabs",), name="t.tsv"),
    "bars": Run(table("|"), said=("Separated by bars",)),
    "white space": Run(table("  "), said=("Separated by white space",)),
    "semicolons, said": Run(table(";"), "--sep ;"),
    "tabs, said": Run(table("\t"), "--sep tab"),
    "spaces, said": Run(table(" "), "--sep space"),
    "wrong separator": refused(table(), "no column 'y'", options="--sep ;"),
    "separator of two letters": refused(table(), "--sep must be one character", options="--sep ;;"),
    "commas inside of semicolons": Run(
        table(";", note=cells(["a, b", "c, d", "e"])), learned=("note", *LEARNED)
    ),
    "decimal commas": Run(
        table(";", price=PRICES), said=("decimal commas: 'price'",), learned=("price", *LEARNED)
    ),
    "decimal commas in quotes": Run(
        table(price=QUOTED),
        said=("decimal commas: 'price'", "2 numbers"),
        learned=("price", *LEARNED),
    ),
    "decimal commas, said": Run(
        table(price=QUOTED), "--decimal ,", said=("2 numbers",), learned=("price", *LEARNED)
    ),
    "three decimals behind a comma": Run(
        table(";", n=cells(["1,234", "2,345", "3,456"])),
        said=("decimal commas: 'n'",),
        learned=("n", *LEARNED),
    ),
    "thousands": Run(
        table(n=cells(['"1,234"', '"2,345"', '"3,456"'])),
        said=("looks like numbers with commas: 'n'", "--decimal ,"),
        learned=("n", *LEARNED),
    ),
    "Latin-1": Run(
        table(encoding="cp1252", colour=cells(["rot", "grün", "blau"])),
        said=("Read as cp1252",),
        learned=("colour", "size"),
    ),
    "no letter of Windows": Run(table().replace(b"red", b"r\x81d"), said=("Read as latin-1",)),
    "a late letter": Run(
        table() + b"3.1,red,yes\n" * 300 + b"3.2,gr\xfcn,no\n", said=("Read as cp1252",)
    ),
    "UTF-16": Run(table(encoding="utf-16"), said=("Read as utf-16",)),
    "a mark of UTF-8": Run(table(encoding="utf-8-sig"), said=("2 features",)),
    "Latin-1, said": Run(
        table(colour=cells(["a", "é"]), encoding="cp1252"),
        "--encoding cp1252",
        learned=("colour", "size"),
    ),
    "wrong encoding": refused(
        table(colour=cells(["a", "é"]), encoding="cp1252"), "utf-8", options="--encoding utf-8"
    ),
    "no encoding": refused(table(), "--encoding must be an encoding", options="--encoding nope"),
    "Windows": Run(table(line_end="\r\n")),
    "gzip": Run(gzip.compress(table(";")), said=("semicolons",), name="t.csv.gz"),
    "zip": Run(zipped(table()), name="t.zip"),
    "gzip cut off": refused(gzip.compress(table())[:-9], "Could not read", name="t.csv.gz"),
    "no archive": refused(table(), "Could not read", name="t.csv.gz"),
    "no Parquet": refused(table(), "as a table", name="t.parquet"),
    "empty": refused(b"", "as CSV"),
    "header alone": refused(b"size,colour,y\n", "a header, and no row below it"),
    "white space around everything": Run(
        table(" , ").replace(b"\n", b" \n"), said=("2 features, 2 classes", "1 number, 1 text")
    ),
    "white space that tells names apart": Run(
        table(**{"size ": cells("123")}), learned=("size ", *LEARNED)
    ),
    "white space before quotes": Run(
        table(note=cells(["a", "b", "c"])).replace(b",a", b', "a, 1"'), learned=("note", *LEARNED)
    ),
    "no header": refused(table().split(b"\n", 1)[1], "there are: 3.000, red, no", name="t.csv"),
    "no header, and a value as target": Run(
        b"\n".join(b"%d.5,%d.25,%s" % (k % 9, k % 7, b"ny"[k % 2 :][:1]) for k in range(60)),
        said=("The first line is taken for the header, though it holds '0.5', '0.25'",),
        learned=("0.5", "0.25"),
        target="n",
    ),
    "JSON": refused(b'{"size": {"0": 1, "1": 2}, "y": {"0": "a"}}', "looks like JSON or HTML"),
    "lines of JSON": refused(b'{"size": 1, "y": "a"}\n' * 3, "looks like JSON or HTML"),
    "HTML": refused(b"<html><body></body></html>\n", "looks like JSON or HTML", target=None),
    "a remark above the header": refused(b"# by R\n" + table(), "Is the first line the header"),
    "no file": refused(None, "There is no file"),
}
ABOUT_TARGETS = {
    "no target": refused(table(), "there are: size, colour, y", target=None),
    "misspelt": refused(
        table(target=cells(["a", "b", "c"])), "did you mean 'target'?", target="tagret"
    ),
    "other case": refused(table(), "did you mean 'y'?", target="Y"),
    "unknown": refused(table(), "there are: size, colour, y", target="nothing"),
    "misspelt among 600": refused(table(**WIDE), "did you mean 'column77'?", target="colunm77"),
    "there twice": refused(
        table(a=cells("12"), y=cells(["no", "yes"])).replace(b"a,y", b"y,y"), "several columns 'y'"
    ),
    "alone": refused(b"y\nno\nyes\n", "no column beside"),
    "dropped": refused(table(), "column to predict", options="--drop y"),
    "NA is a class": Run(
        table(y=cells(["NA", "yes", "no"])), said=("'NA' is a class; --na",), n_classes=3
    ),
    "None is a class": Run(
        table(y=cells(["None", "some", "many"])), said=("'None' is a class",), n_classes=3
    ),
    "NA is missing": Run(table(y=cells(["NA", "yes", "no"])), "--na", said=("Left out 24 rows",)),
    "missing": Run(table(y=cells(["", "yes", "no"])), said=("Left out 24 rows whose 'y'",)),
    "ratings": Run(
        table(y=cells(["1", "1.5", "2"])),
        said=("3 different numbers, a quantity: regressors", "--task classes", "from 1 to 2."),
        n_classes=3,
    ),
    "ratings as classes": Run(table(y=cells(["1", "1.5", "2"])), "--task classes", n_classes=3),
    "ratings spelt differently": Run(
        table(y=cells(["1", "1.5", "1.50"])), "--task classes", said=("'1.5' = '1.50'",)
    ),
    "a count": Run(
        table(y=range(N_ROWS)), said=("60 different numbers", "numbers from 0 to "), n_classes=60
    ),
    "a price": Run(
        table(y=[3.5 * row for row in range(N_ROWS)]), said=("--task classes",), n_classes=60
    ),
    "a price with decimal commas": Run(
        table(";", y=PRICES), said=("36 different numbers", "numbers from 1.05 to "), n_classes=36
    ),
    "a price in another currency": Run(
        table(y=[3.5 * row for row in range(N_ROWS)], other=[200 - row for row in range(N_ROWS)]),
        said=("'other' (gives the target away)",),
        n_classes=60,
    ),
    "numbers wanted": refused(
        table(), "--task numbers: 'y' holds text, such as 'no'", options="--task numbers"
    ),
    "infinite numbers": refused(
        table(y=cells(["inf", "1", "2"])), "infinite numbers", options="--task numbers"
    ),
    "one number": refused(
        table(y=[1.5] * N_ROWS), "different numbers, found 1.5 alone", options="--task numbers"
    ),
    "few numbers": refused(b"a,y\n1,2.5\n2,3.5\n3,1.5\n", "at least 20 numbers, found 3"),
    "a small count": refused(
        table(y=[min(row, 9) for row in range(N_ROWS)]),
        "Class 0 has 1 row",
        "If it is a count, --task numbers",
    ),
    "a small count, said": Run(
        table(y=[min(row, 9) for row in range(N_ROWS)]),
        "--task numbers",
        said=("numbers from 0 to 9",),
        n_classes=10,
    ),
    "a rare word": refused(table(y=["rare"] + ["no", "yes"] * 29 + ["no"]), "'rare' has 1 row"),
    "one class": refused(table(y=["no"] * N_ROWS), "at least 2 classes"),
    "no label": refused(table(y=[""] * N_ROWS), "'y' is missing in every row"),
    "truth": Run(table(y=cells(["True", "false", "TRUE"])), said=("'True' = 'TRUE'",)),
    "amounts with a sign": refused(
        table(y=[f"{k}.50 €" for k in range(N_ROWS)]), "write them as plain numbers"
    ),
    "amounts with commas": refused(
        table(y=[f'"{k},500"' for k in range(1, N_ROWS + 1)]), "write them as plain numbers"
    ),
    "a class that is empty": refused(
        table(y=cells(["", "yes"])), "found ['yes']. Left out", "whose 'y' is missing"
    ),
    "capital letters": Run(
        table(y=cells(["no", "yes", "No"])),
        said=("differ in capital letters alone: 'No' and 'no'",),
        n_classes=3,
    ),
    "codes": Run(table(y=cells(["007", "7", "8"])), n_classes=3),
}
ABOUT_COLUMNS = {
    "constant": Run(table(c=["x"] * N_ROWS), said=("Left out: 'c' (the same in every row)",)),
    "constant, kept": Run(table(c=["x"] * N_ROWS), "--keep c", learned=("c", *LEARNED)),
    "empty": Run(table(c=[""] * N_ROWS), said=("Left out: 'c' (empty)",)),
    "names": Run(table(key=KEYS), said=("Left out: 'key' (differs in every row)",)),
    "names, kept": Run(table(key=KEYS), "--keep key", learned=("key", *LEARNED)),
    "row numbers": Run(
        table(**{"Unnamed: 0": range(N_ROWS)}), said=("'Unnamed: 0' (row numbers)",)
    ),
    "row numbers from 1, shuffled": Run(
        table(id=[1 + row * 7 % N_ROWS for row in range(N_ROWS)]), said=("'id' (row numbers)",)
    ),
    "stamps": Run(
        table(stamp=STAMPS),
        said=("Differs in every row, and is used: 'stamp'",),
        learned=("stamp", *LEARNED),
    ),
    "measured, never twice the same": Run(
        table(x=[row * 1.37 for row in range(N_ROWS)]), learned=("x", *LEARNED)
    ),
    "the target again": Run(
        table(**{"y.1": COLUMNS["y"]}), said=("'y.1' (equal to the target)", "--keep NAME")
    ),
    "the target as a code": Run(
        table(code=[int(label == "yes") for label in COLUMNS["y"]]),
        said=("'code' (gives the target away)",),
    ),
    "the target as a code, kept": Run(
        table(code=[int(label == "yes") for label in COLUMNS["y"]]),
        "--keep code",
        learned=("code", *LEARNED),
    ),
    "dates": Run(
        table(day=DAYS),
        said=("1 number, 1 text, 1 date", "split", "'day'"),
        learned=("day month", "day day", "day weekday", *LEARNED),
    ),
    "dates with times": Run(
        table(day=TIMES), learned=("day month", "day day", "day weekday", "day hour", *LEARNED)
    ),
    "dates with dots": Run(
        table(day=DOTTED), learned=("day month", "day day", "day weekday", *LEARNED)
    ),
    "dates with gaps": Run(
        table(day=["", *DAYS[1:]]), learned=("day month", "day day", "day weekday", *LEARNED)
    ),
    "dates with slashes": Run(
        table(day=SLASHED),
        said=("look alike in dates with slashes: 'day'",),
        learned=("day", *LEARNED),
    ),
    "no dates": Run(table(day=cells(["2024-13-45", "2024-99-01", "x"])), learned=("day", *LEARNED)),
    "a column called like a part": Run(
        table(**{"d": DAYS, "d day": cells("123")}), learned=("d", "d day", *LEARNED)
    ),
    "dropped": Run(table(), "--drop colour", learned=("size",), said=("1 feature,",)),
    "two dropped": Run(table(key=KEYS, a=cells("12345")), "--drop a --drop key"),
    "unknown, dropped": refused(
        table(), "(--drop); did you mean 'colour'?", options="--drop color"
    ),
    "unknown, kept": refused(table(), "(--keep)", options="--keep nothing"),
    "none is left": refused(
        table(size=KEYS, colour=["x"] * N_ROWS), "No column beside 'y'", "--keep NAME"
    ),
    "all dropped": refused(table(), "No column beside 'y'", options="--drop size --drop colour"),
    "shares": Run(
        table(share=[f"{k % 7} %" for k in range(N_ROWS)]),
        said=("looks like numbers with a sign behind or before them: 'share'",),
        learned=("share", *LEARNED),
    ),
    "infinity": Run(
        table(size=cells(["1", "inf", "2.5"])), said=("21 numbers for missing", "in 'size'")
    ),
    "truth with gaps": Run(
        table(flag=cells(["True", "False", ""])),
        said=("2 numbers, 1 text",),
        learned=("flag", *LEARNED),
    ),
    "a name that is long": Run(table(**{"x" * 300: cells("123")}), learned=("x" * 300, *LEARNED)),
    "twenty rows": Run(
        b"\n".join(table().split(b"\n")[:21]), said=("Only 6 rows to test", "rough")
    ),
}
ABOUT_OPTIONS = {
    "several students": Run(
        table(),
        "--student tree --student logistic --student tree",
        said=("Student: tree, logistic.",),
    ),
    "drawn": Run(table(), "--rows 40", said=("28 rows to train and 12 to test",)),
    "all rows": Run(table() * 1, "--rows all", said=("42 rows to train",)),
    "a booster's trees": Run(
        table(), "--teacher hist_gradient_boosting", said=("hist_gradient_boosting, 100 trees",)
    ),
    "no teacher": refused(table(), "--teacher must be one of", options="--teacher oracle"),
    "no student": refused(table(), "--student", options="--student oracle"),
    "a score": Run(table(), "--scoring roc_auc"),
    "misspelt score": refused(table(), "did you mean 'roc_auc'", options="--scoring roc_acu"),
    "no size": refused(table(), "number of bytes", options="--max-size big"),
    "no latency": refused(table(), "must be a time", options="--max-latency -3"),
    "saved as what": refused(table(), "files that end in .skops", options="--save student.txt"),
    "a URL": refused(None, "nothing is fetched unless --fetch", name="https://h.invalid/t.csv"),
    "unknown option": refused(table(), "--treacher", options="--treacher forest"),
}
RUNS = {
    f"{kind}: {name}": run
    for kind, runs in {
        "file": ABOUT_FILES,
        "target": ABOUT_TARGETS,
        "column": ABOUT_COLUMNS,
        "option": ABOUT_OPTIONS,
    }.items()
    for name, run in runs.items()
}


@pytest.fixture
def compared(monkeypatch):
    """Hold the table that would have been compared."""
    held = []

    def compare(table, *_):
        held.append(table)
        return Comparison([made_up("teacher"), made_up("labels")], {})

    monkeypatch.setattr(command, "_compare", compare)
    return held


def call(argv):
    """Return the exit code, argparse's too."""
    try:
        return main(argv)
    except SystemExit as end:
        return end.code


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_each_run_ends_as_it_should(run, compared, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if run.file is not None:
        (tmp_path / run.name).write_bytes(run.file)
    target = [] if run.target is None else ["--target", run.target]
    code = call([run.name, *target, *run.options.split()])
    out, err = capsys.readouterr()
    assert code == run.code, out + err
    for text in run.said:
        assert text in (err if code else out)
    if code:
        assert compared == []
        assert len(err.splitlines()[-1]) < 300
        assert err.count("\n") == 1 or err.startswith("usage: ")
    else:
        (table,) = compared
        assert err == ""
        assert table.columns == run.learned
        assert len(np.unique([*table.y_train, *table.y_test])) == run.n_classes


# ---- other ends ------------------------------------------------------------------------------


def test_rows_are_capped_and_the_cap_is_lifted(compared, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 50)
    path = tmp_path / "t.csv"
    path.write_bytes(table())
    assert main([str(path), "--target", "y"]) == 0
    assert "Drew 50 of 60 rows at random" in capsys.readouterr().out
    assert main([str(path), "--target", "y", "--rows", "all"]) == 0
    assert [len(one.y_train) for one in compared] == [35, 42]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [(KeyboardInterrupt(), 130, "stopped"), (MemoryError(), 2, "--rows N takes fewer")],
)
def test_what_ends_a_fit_is_told_in_one_line(capsys, tmp_path, monkeypatch, error, code, said):
    def compare(*_):
        raise error

    monkeypatch.setattr(command, "_compare", compare)
    path = tmp_path / "t.csv"
    path.write_bytes(table())
    assert main([str(path), "--target", "y"]) == code
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1
