"""C code compiles without a word, and answers to the last bit."""

import subprocess

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from skdistill import Distiller
from skdistill.export.c import CompiledCode, CompilerError, find_compiler, to_c
from skdistill.export.values import values_of
from skdistill.export.verification import verify

from ..models import (
    OF_NUMBERS,
    OF_TREES,
    STUDENTS,
    amounts,
    classifiers,
    of_frame,
    regressor,
    regressor_of_frame,
    table,
)

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler on hand")
WITH_MANY_CLASSES = ["tree", "forest", "our booster", "softmax", "ridge", "network"]
TREES = {"tree", "forest", "scaled tree", "scaled forest"}


@needs_compiler
@pytest.mark.parametrize(
    ("name", "n_classes"),
    [(name, n) for name in STUDENTS for n in (2, 3)] + [(name, 10) for name in WITH_MANY_CLASSES],
)
@pytest.mark.once
def test_code_answers_as_the_classifier(name, n_classes):
    X = table(n_classes)[0]
    of_all = classifiers(name, n_classes)
    # Plain after the first loss, calibrated after the last.
    found = [verify(c, to_c(c), X) for c in (of_all[0], of_all[-1])]
    assert all(one.agrees for one in found)
    assert found[0].n_rows > len(X) or name not in TREES
    if name in TREES and n_classes < 8:  # NumPy adds eight numbers in another order
        assert found[0].largest_difference == 0


@needs_compiler
@pytest.mark.parametrize("name", ["tree", "forest", "our booster", "ridge", "scaled tree"])
def test_small_machines(name):
    X = table(3)[0]
    classifier = classifiers(name, 3)[0]
    small, whole = (to_c(classifier, X, number=number) for number in ("float", "double"))
    assert small.n_bytes < 0.8 * whole.n_bytes
    assert "double *x" not in small
    assert f"{small.n_bytes:,} bytes" in small


@needs_compiler
@pytest.mark.parametrize("name", ["tree", "ridge", "rare", "dropped", "booster", "histogram"])
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_text_gaps_and_categories(name):
    classifier, rows = of_frame(name)
    code = to_c(classifier, rows, name="shop")
    assert "case 1: texts = shop_categories_1;" in code or name in ("booster", "histogram")
    assert "shop_code(int column, const char *text)" in code.header


@needs_compiler
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_code_answers_as_the_regressor(name):
    X = amounts()[0]
    found = verify(regressor(name), to_c(regressor(name)), X)
    assert found.largest_difference <= (0.0 if name in OF_TREES else 1e-13)


@needs_compiler
@pytest.mark.parametrize("unit", [1e-9, 1e9])
@pytest.mark.parametrize("name", ["tree", "ridge"])
def test_numbers_of_any_size_on_small_machines(name, unit):
    shipped = regressor(name, unit)
    assert to_c(shipped, amounts()[0], number="float").n_bytes < to_c(shipped).n_bytes


@needs_compiler
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_text_and_gaps_of_a_regressor():
    shipped, rows = regressor_of_frame("tree")
    assert verify(shipped, to_c(shipped), rows).largest_difference == 0


@needs_compiler
def test_a_program_of_its_own(tmp_path):
    """The file as a user has it: with the header, from a program in C."""
    classifier, rows = of_frame("tree")
    to_c(classifier, name="shop", path=tmp_path / "shop.c")
    numbers = values_of(to_c(classifier).program, rows.iloc[:1])[0]
    row = ", ".join("NAN" if np.isnan(v) else repr(float(v)) for v in numbers)
    (tmp_path / "main.c").write_text(
        f"""
        #include <math.h>
        #include <stdio.h>
        #include "shop.h"
        int main(void) {{
            double x[SHOP_N_COLUMNS] = {{{row}}}, proba[SHOP_N_CLASSES];
            x[1] = shop_code(1, "Oslo");
            printf("%d %s ", shop_predict_proba(x, proba), shop_classes[shop_predict(x)]);
            printf("%.17g\\n", proba[2]);
            x[0] = HUGE_VAL;
            printf("%d %s\\n", shop_predict(x), shop_columns[-shop_predict(x) - 1]);
            return 0;
        }}
        """
    )
    command = [*find_compiler(), "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    sources = [str(tmp_path / name) for name in ("main.c", "shop.c")]
    subprocess.run([*command, *sources, "-o", str(tmp_path / "a.out"), "-lm"], check=True)
    ran = subprocess.run([str(tmp_path / "a.out")], capture_output=True, text=True, check=True)
    one = rows.iloc[:1].assign(town="Oslo")
    proba = classifier.predict_proba(one)[0]
    first, second = ran.stdout.splitlines()
    assert first == f"0 {classifier.predict(one)[0]} {proba[2]:.17g}"
    assert second == "-1 size"


@needs_compiler
def test_a_program_of_its_own_that_predicts_a_number(tmp_path):
    X, shipped = amounts()[0], regressor("tree")
    code = to_c(shipped, name="cost", path=tmp_path / "cost.c")
    assert "It predicts a number." in code.header
    assert "lass" not in code.header
    row = ", ".join(map(repr, X[0].tolist()))
    (tmp_path / "main.c").write_text(
        f"""
        #include <math.h>
        #include <stdio.h>
        #include "cost.h"
        int main(void) {{
            double x[COST_N_COLUMNS] = {{{row}}}, number = 0;
            const int fault = cost_predict(x, &number);
            printf("%d %.17g\\n", fault, number);
            x[2] = HUGE_VAL;
            printf("%s\\n", cost_columns[cost_predict(x, &number) - 1]);
            return 0;
        }}
        """
    )
    command = [*find_compiler(), "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    sources = [str(tmp_path / name) for name in ("main.c", "cost.c")]
    subprocess.run([*command, *sources, "-o", str(tmp_path / "a.out"), "-lm"], check=True)
    ran = subprocess.run([str(tmp_path / "a.out")], capture_output=True, text=True, check=True)
    assert ran.stdout == f"0 {shipped.predict(X[:1])[0]:.17g}\nx2\n"


@needs_compiler
def test_what_the_student_refuses_is_refused():
    X = table(2)[0]
    code = CompiledCode(to_c(classifiers("ridge", 2)[0]))
    for value in (np.nan, np.inf, -np.inf):
        rows = X[:3].copy()
        rows[1, 4] = value
        with pytest.raises(ValueError, match="Column 'x4' holds what the student refuses"):
            code.ask(rows)
    trees = CompiledCode(to_c(classifiers("tree", 2)[0]))
    rows = X[:2].copy()
    rows[0, 2] = 1e39  # infinity in 32 bits
    with pytest.raises(ValueError, match="Column 'x2'"):
        trees.ask(rows)
    assert_array_equal(trees.ask(X[:0]), np.empty((0, 2)))


@needs_compiler
@pytest.mark.parametrize("unknown", ["ignore", "error"])
def test_an_encoder_refuses_infinite_numbers_but_not_what_a_frame_makes_missing(unknown):
    kind, proba = np.arange(60.0) % 3, np.tile([[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]], (20, 1))
    encoder = OneHotEncoder(handle_unknown=unknown, sparse_output=False)
    rows = {"numbers": pd.DataFrame({"kind": kind})}
    rows["categories"] = rows["numbers"].astype("category")
    model = {
        name: Distiller(None, make_pipeline(encoder, DecisionTreeRegressor()))
        .fit(own, kind == 1, teacher_proba=proba)
        .classifier_
        for name, own in rows.items()
    }
    infinite = pd.DataFrame({"kind": [np.inf]})
    for name, is_refused in (("numbers", True), ("categories", unknown == "error")):
        code = CompiledCode(to_c(model[name]))
        asks = [model[name].predict_proba, model[name].compiled().predict_proba]
        for ask, own in [*((one, infinite) for one in asks), (code.ask, infinite.to_numpy())]:
            if is_refused:
                with pytest.raises(ValueError, match="infinit|unknown"):
                    ask(own)
            else:
                assert_array_equal(ask(own), model[name].predict_proba(infinite))


def test_files_are_never_written_over(tmp_path):
    classifier = classifiers("tree", 2)[0]
    (tmp_path / "model.h").write_text("mine")
    with pytest.raises(FileExistsError, match=r"model\.h exists: .*overwrite=True"):
        to_c(classifier, path=tmp_path / "model.c")
    assert not (tmp_path / "model.c").exists()
    code = to_c(classifier, path=tmp_path / "model.c", overwrite=True)
    assert (tmp_path / "model.c").read_text() == code
    assert (tmp_path / "model.h").read_text() == code.header


@pytest.mark.parametrize("name", ["model.h", "model.H"])
def test_the_header_does_not_take_the_place_of_the_code(name, tmp_path):
    with pytest.raises(ValueError, match=r"path must be .* such as model\.c, found '.*\.[hH]'"):
        to_c(classifiers("tree", 2)[0], path=tmp_path / name, overwrite=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "3d", "double", "a-b", "größe", None])
def test_names_that_c_has_not(name):
    with pytest.raises(ValueError, match="name must be a name in C"):
        to_c(classifiers("tree", 2)[0], name=name)


def test_other_numbers():
    with pytest.raises(ValueError, match="number must be 'double' or 'float', found 'half'"):
        to_c(classifiers("tree", 2)[0], number="half")


@needs_compiler
def test_odd_names_and_labels(tmp_path):
    rows = table(2)[0][:, :3]
    y = np.where(rows[:, 0] > 0, 'say "*/ ??/\\', "größer\n/*")
    frame = pd.DataFrame(rows, columns=["*\\ int x;", 'a"b\\', "%s éé/"])
    proba = np.where((y == np.unique(y)[1])[:, None], [0.25, 0.75], [0.75, 0.25])
    model = Distiller(None, DecisionTreeRegressor()).fit(frame, y, teacher_proba=proba)
    path = tmp_path / "odd.c"
    assert verify(model, to_c(model, frame, name="odd", path=path), frame).agrees
    library = CompiledCode(to_c(model, name="odd"))
    assert library.ask(frame.to_numpy()).shape == (300, 2)


def test_no_compiler(monkeypatch):
    monkeypatch.setenv("CC", "")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CompilerError, match="There is no C compiler: install gcc"):
        to_c(classifiers("tree", 2)[0], table(2)[0])


@needs_compiler
def test_message_of_a_compiler_that_fails(monkeypatch):
    monkeypatch.setenv("CC", f"{find_compiler()[0]} -DNAN=@")
    monkeypatch.setattr("skdistill.export.c.compiler.FLAGS", ("-std=c99", "-fno-such-flag"))
    with pytest.raises(CompilerError, match="-fno-such-flag"):
        to_c(classifiers("tree", 2)[0], table(2)[0])
