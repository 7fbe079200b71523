"""Tables as they are met with: broken, odd, or made to break something."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from typing import NamedTuple

import numpy as np

NAMES = [
    ["size", "colour", "flag", "age"],
    ["", "", "", ""],
    ["same", "same", "same", "other"],
    ["$x$", "$_{", "\\frac{1", "$"],
    ["\x1b[31mred", "two\nlines", "tab\there", "bell\x07"],
    ["\u202eturned", "\u2028", "\ufeffmark", "nul\x01"],
    ["größe", "色", "👩‍👧", "a b "],
    ["self", "index", "columns", "name"],
    ['{"a": 1}', "[b]", "c:d", '"quoted"'],
    ["x" * 300, "1", "1.0", "nan"],
]
TARGET_NAMES = ["target", "my target", "$y_{", "\x1b]0;t\x07y", "zwei\nZeilen", "größe?", "self"]

# What is in a target, and the number of classes that a reader means; None is for the command to
# refuse.
TARGETS = {
    "words": (["no", "yes"], 2),
    "three words": (["a", "b", "c c"], 3),
    "digits": (["0", "1"], 2),
    "negative": (["-1", "0", "1"], 3),
    "floats": (["1.0", "2.0"], 2),
    "beyond int64": (["1e300", "1e301"], 2),
    "beyond any float": (["1e400", "1e401", "-1e400"], 3),
    "exponents of twenty digits": (["1e99999999999999999999", "2"], 2),
    "long ids": ([str(2**53), str(2**53 + 1), str(2**53 + 2)], 3),
    "longest ids": ([str(2**63 - 1), str(2**63 - 2)], 2),
    "longer ids": ([str(2**64), str(2**64 + 1)], 2),
    "ids of 5,000 digits": (["1" * 5000, "1" * 4999 + "2"], 2),
    "spellings of numbers": (["1", "1.0", "2"], 2),
    "codes": (["7", "007", "8"], 3),
    "spellings of truth": (["True", "true", "False"], 2),
    "truth and numbers": (["True", "1", "0"], 3),
    "infinity": (["inf", "-inf", "1"], 3),
    "unicode": (["ja ✓", "nein ✗"], 2),
    "control": (["\x1b[2J", "\x1b[1m", "\u202e"], 3),
    "lines": (["a\nb", "c"], 2),
    "dates": (["2024-01-01", "2024-01-02"], 2),
    "constant": (["1"], None),
    "missing": ([""], None),
    "fractions": (["0.5", "1.5"], None),
}


def _numbers(rng, n_rows):
    return [f"{value:.4g}" for value in rng.standard_normal(n_rows)]


def _among(*values):
    return lambda rng, n_rows: [values[k] for k in rng.randint(len(values), size=n_rows)]


FEATURES = {
    "numbers": _numbers,
    "whole numbers": _among("0", "1", "2", "3"),
    "gaps": _among("1", "2.5", "", "-4"),
    "huge": _among("1", "1e39", "-1e300", "2"),
    "beyond floats": _among("1", "1e400", "2"),
    "infinite": _among("1", "inf", "-inf", "nan"),
    "all infinite": _among("inf", "-inf"),
    "tiny": _among("1e-320", "0", "-1e-45"),
    "long": _among("1", "2", "1" * 30),
    "longest": _among("1", "1" * 5000),
    "near int64": _among(str(2**63), str(2**64 - 1), "-1"),
    "truth": _among("True", "False"),
    "truth with gaps": _among("True", "False", ""),
    "dates": _among("2024-01-01", "2023-05-17", "never"),
    "mixed": _among("1", "one", "True", "", "2.5"),
    "missing": _among("", "NA", "nan"),
    "hardly ever": lambda rng, n_rows: ["5"] + [""] * (n_rows - 1),
    "hardly ever a word": lambda rng, n_rows: ["x"] + [""] * (n_rows - 1),
    "constant": _among("3"),
    "one word": _among("same"),
    "words": _among("ä", "色", "\x1b[31m", "$x$", "two\nlines", 'quo"te'),
    "keys": lambda rng, n_rows: [f"k{row}" for row in range(n_rows)],
    "complex": _among("1+2j", "3j"),
    "thousands": _among("1,000", "2,000"),
    "long words": _among("x" * 10_000, "y"),
}


class OddTable(NamedTuple):
    """Arguments of the command, and the number of classes where it is known."""

    argv: list[str]
    n_classes: int | None
    what: str


def _cell(text):
    quoted = any(c in text for c in ',"\n\r') or text != text.strip()
    return '"' + text.replace('"', '""') + '"' if quoted else text


def _csv(rows, separator=",", line_end="\n"):
    return line_end.join(separator.join(map(_cell, row)) for row in rows) + line_end


# ---- what is done to its text ------------------------------------------------------------------


def _semicolons(rows, rng):
    return _csv(rows, ";").encode()


def _ragged(rows, rng):
    rows = [list(row) for row in rows]
    for row in rng.randint(1, max(len(rows), 2), size=3):
        rows[min(row, len(rows) - 1)] = rows[0][: rng.randint(1, 3)] * rng.randint(1, 4)
    return _csv(rows).encode()


def _row_names(rows, rng):
    return _csv([rows[0], *[[f"r{k}", *row] for k, row in enumerate(rows[1:])]]).encode()


def _random_bytes(rows, rng):
    data = bytearray(_csv(rows).encode())
    for place in rng.randint(len(data), size=5):
        data[place] = rng.randint(256)
    return bytes(data)


TEXTS = {
    "plain": lambda rows, rng: _csv(rows).encode(),
    "windows": lambda rows, rng: _csv(rows, line_end="\r\n").encode(),
    "old mac": lambda rows, rng: _csv(rows, line_end="\r").encode(),
    "BOM": lambda rows, rng: _csv(rows).encode("utf-8-sig"),
    "UTF-16": lambda rows, rng: _csv(rows).encode("utf-16"),
    "latin-1": lambda rows, rng: _csv(rows).encode("latin-1", errors="replace") + b"\xe9,\xe9\n",
    "NUL": lambda rows, rng: _csv(rows).encode().replace(b"1", b"\0"),
    "NUL names": lambda rows, rng: b"\0" + _csv(rows).encode(),
    "blank lines": lambda rows, rng: b"\n\n" + _csv(rows, line_end="\n\n").encode(),
    "trailing commas": lambda rows, rng: _csv(rows, line_end=",\n").encode(),
    "semicolons": _semicolons,
    "tabs": lambda rows, rng: _csv(rows, "\t").encode(),
    "ragged": _ragged,
    "row names": _row_names,
    "header alone": lambda rows, rng: _csv(rows[:1]).encode(),
    "one row": lambda rows, rng: _csv(rows[:2]).encode(),
    "target alone": lambda rows, rng: _csv([row[-1:] for row in rows]).encode(),
    "no header": lambda rows, rng: _csv(rows[1:]).encode(),
    "empty": lambda rows, rng: b"",
    "white space": lambda rows, rng: b" \n\t\n ",
    "open quote": lambda rows, rng: _csv(rows).encode() + b'"open',
    "cut": lambda rows, rng: _csv(rows).encode()[: rng.randint(1, 200)],
    "random bytes": _random_bytes,
    "noise": lambda rows, rng: rng.bytes(500),
    "zeros": lambda rows, rng: bytes(500),
}
# After these the classes are still what they were.
HARMLESS = ("plain", "windows", "BOM", "UTF-16", "blank lines", "row names", "semicolons", "tabs")


# ---- what it is stored as ----------------------------------------------------------------------


def _zip(data, n_members=1):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for k in range(n_members):
            archive.writestr(f"{k}.csv", data)
    return file.getvalue()


def _tar(data):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


FILES = {
    **{name: lambda data: data for name in ("t.csv", "t", "-t.csv", "é $x$ t.csv", "two\nlines")},
    "\x1b[31mred.csv": lambda data: data,
    "http:colon.csv": lambda data: data,
    "t.csv.gz": gzip.compress,
    "t.csv.bz2": bz2.compress,
    "t.csv.xz": lzma.compress,
    "t.zip": _zip,
    "t.tar": _tar,
}
BROKEN_FILES = {
    **{f"none.csv.{end}": lambda data: data for end in ("gz", "bz2", "zip", "xz", "zst", "tar")},
    **{f"none.{end}": lambda data: b"" for end in ("gz", "tar.gz", "zip", "xz", "zst")},
    "cut.gz": lambda data: gzip.compress(data)[:-9],
    "cut.xz": lambda data: lzma.compress(data)[:-9],
    "cut.zip": lambda data: _zip(data)[:-9],
    "two.zip": lambda data: _zip(data, 2),
    "no.zip": lambda data: _zip(data, 0),
    "torn.gz": lambda data: gzip.compress(data)[:20] + b"torn" + gzip.compress(data)[24:],
}
NO_FILES = [
    "nowhere.csv",
    ".",
    "",
    "x" * 300,
    "http://h.invalid/t.csv",
    "s3://b/t.csv",
    "a::file://t",
]


def odd_table(seed, folder):
    """Write a table and return how the command is called with it."""
    rng = np.random.RandomState(seed)
    folder.mkdir(exist_ok=True)
    n_rows = rng.randint(60, 90)
    target_kind = str(rng.choice(list(TARGETS)))
    rows, n_classes = _rows(rng, n_rows, target_kind)
    # Half of the tables are whole files, so that their cells are met.
    text_kind = str(rng.choice(list(TEXTS))) if rng.random_sample() < 0.4 else "plain"
    files = FILES if rng.random_sample() < 0.8 else BROKEN_FILES
    file_kind = str(rng.choice(list(files))) if rng.random_sample() < 0.5 else "t.csv"
    files = FILES | BROKEN_FILES
    path = folder / file_kind
    path.write_bytes(files[file_kind](TEXTS[text_kind](rows, rng)))
    known = text_kind in HARMLESS and file_kind in FILES
    name = str(path) if rng.random_sample() > 0.05 else str(rng.choice(NO_FILES))
    target = rows[0][-1] if rng.random_sample() > 0.05 else "no such \x1b target"
    return OddTable(
        [name, f"--target={target}", *_options(rng, path)],
        n_classes if known else None,
        f"seed {seed}: target {target_kind}, text {text_kind}, file {file_kind!r}",
    )


def _rows(rng, n_rows, target_kind):
    values, n_classes = TARGETS[target_kind]
    labels = [values[row % len(values)] for row in range(n_rows)]
    if rng.random_sample() < 0.3:
        labels = ["" if row % 9 == 8 else label for row, label in enumerate(labels)]
    kinds = rng.choice(list(FEATURES), size=rng.randint(1, 5), replace=False)
    names = list(NAMES[rng.randint(len(NAMES))][: len(kinds)])
    columns = [FEATURES[kind](rng, n_rows) for kind in kinds]
    target = str(rng.choice(TARGET_NAMES))
    if rng.random_sample() < 0.05:
        names[0] = target
    return [[*names, target], *zip(*columns, labels, strict=True)], n_classes


def _options(rng, path):
    options = [
        ["--student", str(rng.choice(["tree", "tree256", "forest10", "lightgbm", "logistic"]))],
        ["--teacher", str(rng.choice(["forest", "extra_trees", "lightgbm"]))],
        ["--rows", str(rng.randint(20, 90))],
        ["--html", str(path)],
        ["--html", str(path.parent / "nowhere" / "report.html")],
    ]
    shares = [0.5, 0.5, 0.2, 0.05, 0.05]
    return [
        word
        for words, share in zip(options, shares, strict=True)
        if rng.random_sample() < share
        for word in words
    ]
