"""Students in files of skops."""

import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

import skdistill
from skdistill import (
    DistilledClassifier,
    DistilledRegressor,
    Distiller,
    LGBMSoftClassifier,
    LossCorrectedDistillerCV,
    SoftLabelClassifier,
    SoftmaxRegression,
)
from skdistill.export.skops import load_skops, to_skops

from .models import amounts, regressor

pytest.importorskip("skops")

# What a linear model of counts holds, in scikit-learn 1.6 the last two as well.
LINKS = ["sklearn._loss.loss.HalfPoissonLoss"]
LINKS += ["sklearn._loss.link.LogLink", "sklearn._loss.link.Interval"]

BOOSTED = {"n_estimators": 3, "n_jobs": 1}
STUDENTS = {
    "tree": DecisionTreeRegressor(max_depth=3, random_state=0),
    "forest": RandomForestRegressor(3, max_depth=3, random_state=0),
    "boosted": LGBMSoftClassifier(**BOOSTED, random_state=0, max_bin=63),
    "softmax": SoftmaxRegression(),
    "copies": SoftLabelClassifier(LogisticRegression()),
    "linear": Ridge(),
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "student.skops"


@pytest.fixture(params=[2, 3])
def table(request):
    X, y = make_classification(
        200, 6, n_informative=4, n_classes=request.param, flip_y=0.1, random_state=0
    )
    return X, np.array(["red", "green", "blue"])[y]


class Own(DecisionTreeRegressor):
    """A student that nobody else knows."""


def shipped(student, table):
    return Distiller(GaussianNB(), student).fit(*table).classifier_


@pytest.mark.parametrize("student", STUDENTS.values(), ids=STUDENTS)
def test_what_is_read_predicts_what_was_written(student, table, file):
    X, y = table
    model = Distiller(GaussianNB(), student).fit(X, y)
    to_skops(model, file)
    again = load_skops(file)
    assert type(again) is DistilledClassifier
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert_array_equal(again.predict(X), model.predict(X))
    assert again.version == skdistill.__version__
    assert pickle.dumps(again.get_params()["classes"]) == pickle.dumps(model.classes_)


@pytest.mark.parametrize("name", ["tree", "forest", "ridge", "Poisson"])
def test_numbers_are_read_as_they_were_written(name, file):
    X, shipped = amounts()[0], regressor(name)
    to_skops(shipped, file)
    again = load_skops(file, trusted=LINKS if name == "Poisson" else [])
    assert type(again) is DistilledRegressor
    assert_array_equal(again.predict(X), shipped.predict(X))
    assert again.version == skdistill.__version__


def test_calibration_and_temperature_are_kept(table, file):
    X, y = table
    model = LossCorrectedDistillerCV(
        GaussianNB(),
        SoftmaxRegression(),
        candidates=["labels"],
        temperature=2.0,
        calibrate=True,
        random_state=0,
    ).fit(X, y)
    to_skops(model.classifier_, file)
    again = load_skops(file)
    assert again.calibration == model.calibration_.as_dict()
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def coded(estimator):
    one_hot = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((one_hot, ["colour"]), ("passthrough", ["a", "b", "c"]))
    return make_pipeline(columns, estimator)


@pytest.mark.parametrize(
    ("student", "values"),
    [
        (LGBMSoftClassifier(**BOOSTED), ["x", "y", "z"]),
        (SoftLabelClassifier(LogisticRegression()), [1, 2, 3]),
        (coded(DecisionTreeRegressor(max_depth=3, random_state=0)), ["x", "y", "z"]),
    ],
    ids=["boosted", "copies", "pipeline"],
)
def test_frames_with_categories_are_read_as_before(student, values, table, file):
    X, y = table
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    frame["colour"] = pd.Categorical(np.array(values)[np.digitize(X[:, 0], [-1, 1])])
    teacher = coded(RandomForestClassifier(2, random_state=0))
    model = Distiller(teacher, student).fit(frame, y)
    to_skops(model, file)
    again = load_skops(file)
    assert again.dtypes == model.classifier_.dtypes
    for rows in (frame, frame.astype({"colour": object})):
        assert_array_equal(again.predict_proba(rows), model.predict_proba(rows))


def test_a_type_that_nobody_trusts_is_named_and_may_be_trusted(table, file):
    classifier = shipped(Own(max_depth=2, random_state=0), table)
    to_skops(classifier, file)
    name = f"{Own.__module__}.Own"
    with pytest.raises(ValueError, match=rf"not trusted: \['{name}'\].* name them in trusted"):
        load_skops(file)
    with pytest.raises(ValueError, match="must be a list of names of types"):
        load_skops(file, trusted=name)
    again = load_skops(file, trusted=[name])
    assert_array_equal(again.predict_proba(table[0]), classifier.predict_proba(table[0]))


def test_private_parts_of_others_want_trust(table, file):
    classifier = shipped(HistGradientBoostingRegressor(max_iter=2), table)
    to_skops(classifier, file)
    try:
        again = load_skops(file)
    except ValueError as error:
        again = load_skops(
            file, trusted=str(error).partition("[")[2].partition("]")[0].split("'")[1::2]
        )
    assert_array_equal(again.predict_proba(table[0]), classifier.predict_proba(table[0]))


def test_no_pickle_is_in_a_file(table, file):
    for student in STUDENTS.values():
        to_skops(shipped(student, table), file, overwrite=True)
        with zipfile.ZipFile(file) as archive:
            kinds = {Path(name).suffix for name in archive.namelist()}
            schema = archive.read("schema.json").decode()
        assert kinds <= {".json", ".npy"}
        assert "ickle" not in schema
        assert "Booster" not in schema


def test_a_file_is_replaced_only_when_told_so(table, file):
    file.write_text("kept")
    classifier = shipped(STUDENTS["tree"], table)
    with pytest.raises(FileExistsError, match="another path, or overwrite=True"):
        to_skops(classifier, file)
    assert file.read_text() == "kept"
    to_skops(classifier, str(file), overwrite=True)
    assert load_skops(str(file)).n_features_in_ == 6


@pytest.mark.parametrize("model", [GaussianNB(), None, "a path"])
def test_other_models_are_refused(model, file):
    with pytest.raises(ValueError, match="model must be a fitted distiller, or its classifier_ or"):
        to_skops(model, file)
    assert not file.exists()


def test_an_unfitted_distiller_is_refused(file):
    with pytest.raises(NotFittedError, match=r"call Distiller\.fit first"):
        to_skops(Distiller(GaussianNB(), Ridge()), file)


def test_what_skops_cannot_write_is_refused(table, file):
    classifier = shipped(STUDENTS["tree"], table)
    classifier.student.odd = memoryview(b"")
    with pytest.raises(ValueError, match="skops cannot write this DecisionTreeRegressor and its"):
        to_skops(classifier, file)
    assert not file.exists()


def test_a_file_of_something_else_is_refused(file):
    import skops.io

    skops.io.dump(Ridge(), file)
    with pytest.raises(ValueError, match="holds a Ridge, no DistilledClassifier"):
        load_skops(file)


def test_a_file_of_another_major_version_is_read_with_a_warning(table, file):
    classifier = shipped(STUDENTS["tree"], table)
    classifier.version = "9.0.0"
    to_skops(classifier, file)
    with pytest.warns(UserWarning, match=r"made by skdistill 9\.0\.0"):
        load_skops(file)


def test_without_skops_it_says_what_to_install(table, file, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    for call in (
        lambda: to_skops(shipped(STUDENTS["tree"], table), file),
        lambda: load_skops(file),
    ):
        with pytest.raises(ImportError, match="needs skops: pip install skops$"):
            call()
