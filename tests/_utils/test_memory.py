"""Teacher probabilities are reused where they must be equal, and never served damaged."""

import os
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from lightgbm import LGBMClassifier
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller
from skdistill._utils.memory import fingerprint, open_memory, reuse


class CountsFits(GaussianNB):
    """A teacher that counts how often any of its clones is fitted, in a file."""

    log = None

    def fit(self, X, y, sample_weight=None):
        with Path(CountsFits.log).open("a") as file:
            file.write("x")
        return super().fit(X, y, sample_weight=sample_weight)


@pytest.fixture
def fits(tmp_path):
    CountsFits.log = tmp_path / "fits"

    def count():
        number = CountsFits.log.stat().st_size if CountsFits.log.exists() else 0
        CountsFits.log.unlink(missing_ok=True)
        return number

    return count


def tree(**kwargs):
    return DecisionTreeRegressor(random_state=0, **kwargs)


@pytest.mark.parametrize("n_folds", [2, 3])
def test_search_fits_the_teachers_of_each_outer_fold_once(binary, tmp_path, fits, n_folds):
    X, y = binary
    model = LossCorrectedDistiller(
        CountsFits(), tree(), cv=n_folds, random_state=0, memory=tmp_path / "cache"
    )
    grid = [
        {"student__max_depth": [1, 2, 3, 4], "c": [0.1, 1.0]},
        {"correction": ["slow", "orthogonal", 0.2, 0.4]},
    ]
    search = GridSearchCV(model, grid, cv=5).fit(X, y)
    assert len(search.cv_results_["params"]) == 12
    assert fits() == 5 * n_folds + n_folds


def test_reused_probabilities_are_the_same(binary, tmp_path, fits):
    X, y = binary
    model = CrossFitDistiller(CountsFits(), tree(), random_state=0, store_teacher_proba=True)
    expected = model.fit(X, y).teacher_proba_
    model.set_params(memory=str(tmp_path / "cache"))
    fits()
    for expected_fits in (5, 0):
        assert_array_equal(model.fit(X, y).teacher_proba_, expected)
        assert fits() == expected_fits


@pytest.mark.parametrize(
    "model",
    [
        Distiller(CountsFits(), tree()),
        LossCorrectedDistiller(CountsFits(), tree(), cv="in_sample"),
        CrossFitDistiller(CountsFits(), tree(), cv=KFold(3)),
        CrossFitDistiller(make_pipeline(StandardScaler(), CountsFits()), tree(), random_state=0),
    ],
)
def test_every_source_is_reused(binary, tmp_path, fits, model):
    X, y = binary
    model = clone(model).set_params(memory=joblib.Memory(tmp_path / "cache", verbose=0))
    model.fit(X, y)
    assert fits() > 0
    model.set_params(student__max_depth=2).fit(X, y, sample_weight=None)
    assert fits() == 0


def test_out_of_bag_probabilities_are_reused(binary, tmp_path):
    X, y = binary
    model = CrossFitDistiller(
        RandomForestClassifier(40, random_state=0),
        tree(),
        cv="oob",
        memory=tmp_path,
        store_teacher_proba=True,
    )
    first = model.fit(X, y).teacher_proba_
    entries = list(tmp_path.rglob("output.pkl"))
    assert_array_equal(model.fit(X, y).teacher_proba_, first)
    assert list(tmp_path.rglob("output.pkl")) == entries
    assert len(entries) == 1


def change_weights(X, y, model):
    return X, y, {"sample_weight": np.arange(len(y)) % 2 + 1.0}


def change_labels(X, y, model):
    return X, np.roll(y, 1), {}


def change_rows(X, y, model):
    return X + 1e-9, y, {}


def change_folds(X, y, model):
    model.set_params(random_state=1)
    return X, y, {}


def change_number_of_folds(X, y, model):
    model.set_params(cv=4)
    return X, y, {}


def change_teacher(X, y, model):
    model.set_params(teacher__var_smoothing=1e-3)
    return X, y, {}


def rename_labels(X, y, model):
    return X, np.where(y == "benign", "fine", y), {}


@pytest.mark.parametrize(
    "change",
    [
        change_weights,
        change_labels,
        change_rows,
        change_folds,
        change_number_of_folds,
        change_teacher,
        rename_labels,
    ],
)
def test_what_changes_the_probabilities_is_fitted_anew(binary, tmp_path, fits, change):
    X, y = binary
    model = CrossFitDistiller(CountsFits(), tree(), random_state=0, memory=tmp_path / "cache")
    model.fit(X, y)
    fits()
    X, y, params = change(X, y, model)
    model.fit(X, y, **params)
    assert fits() > 0


FRAME = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": ["x", "y", "x"]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(6.0).reshape(3, 2), np.asfortranarray(np.arange(6.0).reshape(3, 2))),
        (np.arange(8.0).reshape(4, 2)[::2], np.arange(8.0).reshape(4, 2)[::2].copy()),
        (FRAME, FRAME[["b", "a"]][["a", "b"]]),
        (FRAME, pd.concat([FRAME[["a"]], FRAME[["b"]]], axis=1)),
        (sparse.csr_array(np.eye(3)), sparse.csc_array(np.eye(3))),
    ],
)
def test_layout_in_memory_makes_no_difference(one, other):
    assert fingerprint(GaussianNB(), one) == fingerprint(GaussianNB(), other)


def test_memory_map_is_the_array_it_maps(tmp_path):
    X = np.arange(6.0).reshape(3, 2)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert fingerprint(GaussianNB(), X) == fingerprint(GaussianNB(), mapped)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FRAME, FRAME.rename(columns={"a": "c"})),
        (FRAME, FRAME[["b", "a"]]),
        (FRAME, FRAME.assign(b=["x", "y", "y"])),
        (
            pd.DataFrame({"c": pd.Categorical(list("ab"), list("ab"))}),
            pd.DataFrame({"c": pd.Categorical(list("ab"), list("ba"))}),
        ),
        (
            pd.DataFrame({"c": pd.Categorical(list("ab"), list("ab"))}),
            pd.DataFrame({"c": pd.Categorical(list("ab"), list("ab"), ordered=True)}),
        ),
        (np.eye(3), np.eye(3, dtype=np.float32)),
        (sparse.csr_array(np.eye(3)), np.eye(3)),
    ],
)
def test_other_rows_have_another_fingerprint(one, other):
    assert fingerprint(GaussianNB(), one) != fingerprint(GaussianNB(), other)


def test_number_of_jobs_and_being_fitted_make_no_difference():
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    one = make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=0))
    other = make_pipeline(StandardScaler(), RandomForestClassifier(3, n_jobs=2, random_state=0))
    assert fingerprint(one, X) == fingerprint(other.fit(X, y), X)
    assert other[-1].n_jobs == 2


def test_fingerprint_leaves_the_teacher_alone(binary):
    X, y = binary
    shipped = Distiller(GaussianNB(), RandomForestRegressor(3, n_jobs=2)).fit(X, y).classifier_
    fingerprint(VotingClassifier([("a", shipped)]), X)
    assert shipped.student.n_jobs == 2


def test_routing_makes_a_difference():
    with config_context(enable_metadata_routing=True):
        on = fingerprint(GaussianNB(), np.eye(2))
    assert on != fingerprint(GaussianNB(), np.eye(2))


def test_version_of_a_package_makes_a_difference(monkeypatch):
    before = fingerprint(LGBMClassifier(), np.eye(2))
    monkeypatch.setattr("lightgbm.__version__", "0.0")
    assert before != fingerprint(LGBMClassifier(), np.eye(2))


def test_cache_that_maps_files_is_used(binary, tmp_path, fits):
    X, y = binary
    memory = joblib.Memory(tmp_path / "cache", mmap_mode="r", verbose=0)
    model = CrossFitDistiller(CountsFits(), tree(), random_state=0, memory=memory)
    for _ in range(3):
        model.fit(X, y)
    assert fits() == 5


def test_teacher_that_cannot_be_hashed_is_named(binary, tmp_path):
    X, y = binary
    teacher = make_pipeline(FunctionTransformer(lambda X: X), GaussianNB())
    with pytest.raises(ValueError, match="memory cannot tell.*instead of lambdas"):
        Distiller(teacher, tree(), memory=tmp_path).fit(X, y)


def damage_by_truncation(content):
    return content[: len(content) // 2]


def damage_by_emptying(content):
    return b""


def damage_by_a_flipped_bit(content):
    middle = len(content) - len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage", [damage_by_truncation, damage_by_emptying, damage_by_a_flipped_bit]
)
@pytest.mark.filterwarnings("ignore:Exception while loading results")
def test_damaged_entry_is_computed_anew_and_mended(binary, tmp_path, fits, damage):
    X, y = binary
    model = CrossFitDistiller(
        CountsFits(), tree(), random_state=0, memory=tmp_path / "cache", store_teacher_proba=True
    )
    expected = model.fit(X, y).teacher_proba_
    (entry,) = (tmp_path / "cache").rglob("output.pkl")
    entry.write_bytes(damage(entry.read_bytes()))
    fits()
    for expected_fits in (5, 0):
        assert_array_equal(model.fit(X, y).teacher_proba_, expected)
        assert fits() == expected_fits


def test_no_single_flipped_bit_is_served(tmp_path):
    """Every byte of a small entry, one bit each: the value comes out right or is made anew."""
    value = np.arange(4.0)
    memory = open_memory(str(tmp_path))
    reuse(memory, "key", lambda: value)
    (entry,) = tmp_path.rglob("output.pkl")
    content = entry.read_bytes()
    for place in range(len(content)):
        flipped = (
            content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :]
        )
        entry.write_bytes(flipped)
        assert_array_equal(reuse(memory, "key", lambda: value), value)


def test_half_written_entry_is_computed_anew(binary, tmp_path, fits):
    X, y = binary
    model = CrossFitDistiller(CountsFits(), tree(), random_state=0, memory=tmp_path / "cache")
    model.fit(X, y)
    (entry,) = (tmp_path / "cache").rglob("output.pkl")
    entry.unlink()
    fits()
    model.fit(X, y)
    assert fits() == 5


def fit_with_cache(cache, X, y):
    model = CrossFitDistiller(
        RandomForestClassifier(5, random_state=0), tree(), random_state=0, memory=cache
    )
    return model.fit(X, y).predict_proba(X)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_workers_may_duplicate_a_fit_but_spoil_none(binary, tmp_path, backend):
    X, y = binary
    with parallel_config(backend=backend, n_jobs=2):
        results = joblib.Parallel()(
            joblib.delayed(fit_with_cache)(str(tmp_path), X, y) for _ in range(6)
        )
    expected = fit_with_cache(None, X, y)
    for result in [*results, fit_with_cache(str(tmp_path), X, y)]:
        assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ("params", "warns"),
    [
        ({"random_state": None}, True),
        ({"random_state": np.random.RandomState(0)}, True),
        ({"cv": StratifiedKFold(3, shuffle=True)}, True),
        ({"random_state": 0}, False),
        ({"cv": StratifiedKFold(3)}, False),
        ({"cv": StratifiedKFold(3, shuffle=True, random_state=0)}, False),
    ],
)
@pytest.mark.parametrize("with_memory", [True, False])
def test_folds_that_change_with_every_fit_warn(
    binary, tmp_path, recwarn, params, warns, with_memory
):
    X, y = binary
    memory = tmp_path if with_memory else None
    CrossFitDistiller(GaussianNB(), tree(), memory=memory, **params).fit(X, y)
    messages = [str(w.message) for w in recwarn]
    assert any("give random_state an int" in m for m in messages) == (warns and with_memory)


def test_kept_teachers_are_fitted_anew(binary, tmp_path):
    X, y = binary
    model = CrossFitDistiller(
        GaussianNB(), tree(), random_state=0, memory=tmp_path, store_teachers=True
    )
    assert len(model.fit(X, y).fit(X, y).teachers_) == 5


def test_memory_is_not_part_of_what_is_shipped(binary, tmp_path):
    X, y = binary
    model = Distiller(LogisticRegression(max_iter=5000), tree(), memory=tmp_path).fit(X, y)
    assert os.fsencode(tmp_path) not in joblib.hashing.pickle.dumps(model.classifier_)


@pytest.mark.parametrize(
    ("memory", "message"),
    [
        (3, "memory must be None, a path or a joblib.Memory, found 3"),
        ("/dev/null/cache", "memory='/dev/null/cache' cannot be written to"),
    ],
)
def test_unusable_memory(binary, memory, message):
    X, y = binary
    with pytest.raises(ValueError, match=message):
        Distiller(GaussianNB(), tree(), memory=memory).fit(X, y)
