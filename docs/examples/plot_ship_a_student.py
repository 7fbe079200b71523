"""
A student as a file
===================

A student is made to be used somewhere else: in firmware, in a database, in a
program that is not in Python. Here one tree is written as C, as SQL and as ONNX,
each is run where it belongs, and each is as exact as it should be.

The table is scikit-learn's breast cancer data: 569 tumours, 30 measurements of
their cell nuclei, and whether they were benign.
"""

import ctypes
import pickle
import shutil
import sqlite3
import subprocess
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from timeit import Timer

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller
from skdistill.export import to_c, to_onnx, to_sql, verify

frame, y = load_breast_cancer(return_X_y=True, as_frame=True)
X = frame.to_numpy()

teacher = RandomForestClassifier(200, random_state=0).fit(X, y)
student = DecisionTreeRegressor(max_leaf_nodes=16, random_state=0)
model = CrossFitDistiller(teacher, student, cv="oob").fit(X, y)
row, expected = X[:1], model.predict_proba(X)
folder = Path(mkdtemp())

# %%
# C
# -
#
# One file of C99 and its header, which names columns and classes. These are its
# functions:

code = to_c(model, name="tumour", path=folder / "tumour.c")
lines = code.header.splitlines()
print(*[line for line in lines if line.startswith("int ")], sep="\n")

# %%
# Any program can call it. Here Python does by ``ctypes``, if there is a compiler.

compiler = next(filter(None, map(shutil.which, ["cc", "gcc", "clang"])), None)
if compiler:
    source, library = folder / "tumour.c", folder / "tumour.so"
    flags = ["-O2", "-shared", "-fPIC", "-o", library]
    subprocess.run([compiler, *flags, source, "-lm"], check=True)
    predict_proba = ctypes.CDLL(str(library)).tumour_predict_proba
    proba = (ctypes.c_double * 2)()
    predict_proba((ctypes.c_double * 30)(*row[0]), proba)
    print(f"C            {list(proba)}\nscikit-learn {expected[0].tolist()}")
else:
    print("There is no C compiler here.")

# %%
# ``verify`` compiles and asks it too: about all rows, and about rows that lie just
# beside each threshold of the tree.

if compiler:
    found = verify(model, code, X)
    print(f"{found.n_rows} rows, largest difference {found.largest_difference:.1g}")

# %%
# SQL
# ---
#
# One SELECT. Its columns are named as those of the table, and a view of it reads
# like a table. In SQLite, which comes with Python:

query = to_sql(model, frame.columns, dialect="sqlite", table="tumours", keep=["id"])
base = sqlite3.connect(":memory:")
frame.to_sql("tumours", base, index_label="id")
base.execute(f"CREATE VIEW scored AS {query}")
answers = base.execute(
    "SELECT probability_0, probability_1 FROM scored ORDER BY id"
)
print(
    f"largest difference {abs(np.array(answers.fetchall()) - expected).max():.1g}"
)

# %%
# The three about which it is least sure:

asked = "SELECT id, label, probability_1 FROM scored"
least_sure = base.execute(f"{asked} ORDER BY abs(probability_1 - 0.5), id LIMIT 3")
print(*least_sure, sep="\n")

# %%
# The same in DuckDB, where it is installed. It reads frames as they are.

try:
    import duckdb
except ImportError:
    print("DuckDB is not installed.")
else:
    query = to_sql(model, frame.columns, dialect="duckdb", table="tumours")
    base = duckdb.connect()
    base.register("tumours", frame)
    base.execute(f"CREATE VIEW scored AS {query}")
    print(
        base.sql("SELECT label, count(*) FROM scored GROUP BY label ORDER BY label")
    )

# %%
# ONNX
# ----
#
# A file for Java, .NET, Rust and :doc:`browsers </user_guide/in_the_browser>`. It
# takes rows of ``float32``, and is compared with the student before it is handed
# over. skl2onnx writes the teacher, to compare with.

try:
    import onnxruntime
    import skl2onnx
except ImportError:
    skl2onnx = None
    print("ONNX wants more: python -m pip install onnxruntime skl2onnx")
else:
    tree = to_onnx(model, X)
    narrow = row.astype(np.float32)
    forest = skl2onnx.to_onnx(teacher, narrow, options={"zipmap": False})
    found = verify(model, tree, X)
    print(f"{found.n_rows} rows, largest difference {found.largest_difference:.1g}")

# %%
# What it is worth
# ----------------
#
# Size, and the time of one row as Python sees it. The forest is there in both
# ways: what is fair to compare with a tree in a file is a forest in a file.


def microseconds(call):
    """Return the time of a call: that of ten in a row, the best of five."""
    return 1e6 * min(Timer(call).repeat(5, number=10)) / 10


cost = {}
for name, classifier in {
    "forest, scikit-learn": teacher,
    "tree, scikit-learn": model.classifier_,
    "tree, compiled()": model.classifier_.compiled(),
}.items():
    time = microseconds(partial(classifier.predict_proba, row))
    cost[name] = len(pickle.dumps(classifier)), time
if skl2onnx:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    fed = {"X": narrow}
    for name, file in {"tree, ONNX": tree, "forest, ONNX": forest}.items():
        content = file.SerializeToString()
        session = onnxruntime.InferenceSession(content, options)
        cost[name] = len(content), microseconds(partial(session.run, None, fed))
if compiler:
    values = (ctypes.c_double * 30)(*row[0])
    time = microseconds(partial(predict_proba, values, proba))
    cost["tree, C"] = library.stat().st_size, time

cost = dict(sorted(cost.items(), key=lambda item: item[1][1]))
for name, (size, time) in cost.items():
    print(f"{name:22} {size / 1000:9,.1f} kB {time:10,.1f} µs")

# %%
# Both axes are logarithmic: from one line to the next it is ten times as much.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, (size, time) in cost.items():
    color = "black" if name.startswith("forest") else "#0072b2"
    ax.plot(size / 1000, time, "o", color=color)
    ax.annotate(name, (size / 1000, time), (6, 5), textcoords="offset points")
ax.margins(x=0.4, y=0.12)
ax.set(xscale="log", yscale="log", xlabel="size, kB", ylabel="time of one row, µs")
ax.grid(color="0.9")
plt.show()

# %%
# In scikit-learn most of a tree's time is checks of the input, in ONNX the call:
# shallow trees on so small a table hardly count beside it, not even two hundred of
# them. Against a forest in a file this tree wins by its size, and in C by its time
# as well.
