"""Teacher probabilities are reused where they must be equal, and never served damaged."""

import errno
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

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

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller, LossCorrectedDistillerCV
from skdistill._utils.memory import _write, fingerprint, reuse


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
        CountsFits(), tree(), rehearse=False, cv=n_folds, random_state=0, memory=tmp_path / "cache"
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
    model = CrossFitDistiller(
        CountsFits(), tree(), random_state=0, rehearse=False, store_teacher_proba=True
    )
    expected = model.fit(X, y).teacher_proba_
    model.set_params(memory=str(tmp_path / "cache"))
    fits()
    for expected_fits in (5, 0):
        assert_array_equal(model.fit(X, y).teacher_proba_, expected)
        assert fits() == expected_fits


@pytest.mark.parametrize(
    "model",
    [
        Distiller(CountsFits(), tree(), rehearse=False),
        LossCorrectedDistiller(CountsFits(), tree(), rehearse=False, cv="in_sample"),
        CrossFitDistiller(CountsFits(), tree(), rehearse=False, cv=KFold(3)),
        CrossFitDistiller(
            make_pipeline(StandardScaler(), CountsFits()), tree(), random_state=0, rehearse=False
        ),
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
    entries = list(tmp_path.rglob("*.npz"))
    assert_array_equal(model.fit(X, y).teacher_proba_, first)
    assert list(tmp_path.rglob("*.npz")) == entries
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
    model = CrossFitDistiller(
        CountsFits(), tree(), random_state=0, rehearse=False, memory=tmp_path / "cache"
    )
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
    model = CrossFitDistiller(CountsFits(), tree(), random_state=0, rehearse=False, memory=memory)
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
def test_damaged_entry_is_computed_anew_and_mended(binary, tmp_path, fits, damage):
    X, y = binary
    model = CrossFitDistiller(
        CountsFits(),
        tree(),
        rehearse=False,
        random_state=0,
        memory=tmp_path / "cache",
        store_teacher_proba=True,
    )
    expected = model.fit(X, y).teacher_proba_
    (entry,) = (tmp_path / "cache").rglob("*.npz")
    entry.write_bytes(damage(entry.read_bytes()))
    fits()
    for expected_fits in (5, 0):
        assert_array_equal(model.fit(X, y).teacher_proba_, expected)
        assert fits() == expected_fits


def put(folder, key, parts):
    """Keep parts with two columns under a key, and return the file."""
    reuse(folder, key, lambda: parts, [(len(out), 2) for out, _ in parts])
    return folder / "skdistill" / f"{key}.npz"


NEW = [(np.full((3, 2), 0.5), None)]


def finds_it(folder, parts=NEW, key="key"):
    """Tell whether NEW, or what stands in for it, is computed; what is returned is always that."""
    computed = []
    found = reuse(
        folder, key, lambda: computed.append(1) or parts, [(len(out), 2) for out, _ in parts]
    )
    for (out, inside), (expected, known) in zip(found, parts, strict=True):
        assert_array_equal(out, expected)
        assert (inside is None) == (known is None)
        if known is not None:
            assert_array_equal(inside, known)
    return not computed


def test_no_single_flipped_bit_is_served(tmp_path):
    """Every byte of a small entry, one bit each: the value comes out right or is made anew."""
    value = np.arange(4.0).reshape(2, 2)
    entry = put(tmp_path, "key", [(value, value)])
    content = entry.read_bytes()
    for place in range(len(content)):
        flipped = (
            content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :]
        )
        entry.write_bytes(flipped)
        ((out, inside),) = reuse(tmp_path, "key", lambda: [(value, value)], [(2, 2)])
        assert_array_equal(out, value)
        assert_array_equal(inside, value)


def test_numbers_that_are_changed_in_a_whole_entry_are_not_served(tmp_path):
    entry = put(tmp_path, "key", NEW)
    with np.load(entry) as file:
        content = dict(file)
    content["out0"] = content["out0"] * [0.5, 1.5]
    np.savez(entry, **content)
    assert [finds_it(tmp_path), finds_it(tmp_path)] == [False, True]


def test_entries_that_are_swapped_are_not_served(tmp_path):
    entry = put(tmp_path, "key", NEW)
    other = put(tmp_path, "other", [(np.ones((3, 2)), None)])
    content = entry.read_bytes()
    entry.write_bytes(other.read_bytes())
    other.write_bytes(content)
    assert [finds_it(tmp_path), finds_it(tmp_path)] == [False, True]


@pytest.mark.parametrize(
    "parts",
    [
        [(np.ones((4, 2)), None)],
        [(np.ones((3, 3)), None)],
        [(np.ones(3), None)],
        [(np.ones((3, 2)), np.ones((4, 2)))],
        [(np.ones((3, 2)), None), (np.ones((3, 2)), None)],
        [(np.full((3, 2), np.nan), None)],
        [(np.ones((3, 2), int), None)],
        [],
    ],
    ids=lambda parts: "-".join(str(out.shape) for out, _ in parts),
)
def test_whole_entry_of_another_shape_is_computed_anew(tmp_path, parts):
    """Even one whose digest is right: what is asked for decides, not what is there."""
    entry = put(tmp_path, "key", NEW)
    _write(entry, "key", parts)
    assert [finds_it(tmp_path), finds_it(tmp_path)] == [False, True]


def test_arrays_keep_their_bits_and_type(tmp_path):
    rng = np.random.default_rng(0)
    parts = [(rng.random((3, 2)), None), (rng.random((5, 2)), rng.random((5, 2)))]
    parts.append((rng.random((4, 2)).astype(np.float32), np.asfortranarray(rng.random((4, 2)))))
    put(tmp_path, "key", parts)
    assert finds_it(tmp_path, parts)
    (*_, (out, _)) = reuse(tmp_path, "key", None, [(3, 2), (None, 2), (4, 2)])
    assert out.dtype == np.float32


class Malicious:
    def __reduce__(self):
        return os.mkdir, (Malicious.folder,)


def as_pickle(file):
    file.write_bytes(pickle.dumps(Malicious()))


def as_object_array(file):
    with file.open("wb") as opened:
        np.savez(opened, out0=np.array([Malicious()], dtype=object), digest=np.zeros(32, np.uint8))


def as_npy(file):
    with file.open("wb") as opened:
        np.save(opened, np.ones((3, 2)))


def as_other_archive(file):
    with file.open("wb") as opened:
        np.savez(opened, out0=np.ones((3, 2)))


def as_folder_of_joblib(file):
    file.unlink()
    joblib.Memory(file.parents[1], verbose=0).cache(np.sqrt)(4.0)


@pytest.mark.parametrize(
    "place", [as_pickle, as_object_array, as_npy, as_other_archive, as_folder_of_joblib]
)
def test_foreign_file_is_replaced_and_never_executed(tmp_path, place):
    Malicious.folder = str(tmp_path / "executed")
    place(put(tmp_path, "key", NEW))
    assert [finds_it(tmp_path), finds_it(tmp_path)] == [False, True]
    assert not Path(Malicious.folder).exists()


def test_entry_that_a_folder_hides_is_no_reason_to_fail(tmp_path):
    (tmp_path / "skdistill" / "key.npz").mkdir(parents=True)
    with pytest.warns(UserWarning, match="cannot be written to now"):
        assert not finds_it(tmp_path)


def raises(number):
    def write(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return write


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("writer", ["np.savez", "os.replace", "Path.mkdir"])
def test_fit_goes_on_where_answers_cannot_be_written(
    binary, tmp_path, monkeypatch, fits, number, writer
):
    X, y = binary
    model = CrossFitDistiller(
        CountsFits(), tree(), random_state=0, rehearse=False, store_teacher_proba=True
    )
    expected = model.fit(X, y).teacher_proba_
    model.set_params(memory=tmp_path / "cache")
    monkeypatch.setattr("skdistill._utils.memory.Folder.check", lambda self: None)
    with monkeypatch.context() as patch:
        patch.setattr(f"skdistill._utils.memory.{writer}", raises(number))
        with pytest.warns(UserWarning, match=os.strerror(number)) as warned:
            model.fit(X, y)
    assert len(warned) == 1
    assert Path(warned[0].filename) == Path(__file__)
    assert_array_equal(model.teacher_proba_, expected)
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and file.name != "fits"]
    fits()
    for expected_fits in (5, 0):
        assert_array_equal(model.fit(X, y).teacher_proba_, expected)
        assert fits() == expected_fits


def test_disk_that_is_full_from_the_start_does_not_end_the_fit(binary, tmp_path, monkeypatch):
    X, y = binary
    monkeypatch.setattr("skdistill._utils.memory.tempfile.TemporaryFile", raises(errno.ENOSPC))
    monkeypatch.setattr("skdistill._utils.memory.np.savez", raises(errno.ENOSPC))
    with pytest.warns(UserWarning, match="No space left on device"):
        Distiller(GaussianNB(), tree(), memory=tmp_path).fit(X, y)


def test_folder_that_is_read_only_from_the_start_is_refused(binary, tmp_path, monkeypatch):
    X, y = binary
    monkeypatch.setattr("skdistill._utils.memory.tempfile.TemporaryFile", raises(errno.EROFS))
    with pytest.raises(ValueError, match="cannot be written to: .*Read-only"):
        Distiller(GaussianNB(), tree(), memory=tmp_path).fit(X, y)


def test_joblib_memory_without_location_keeps_nothing(binary, fits):
    X, y = binary
    model = Distiller(CountsFits(), tree(), rehearse=False, memory=joblib.Memory(None))
    assert model.fit(X, y).fit(X, y)
    assert fits() == 2


def test_half_written_entry_is_computed_anew(binary, tmp_path, fits):
    X, y = binary
    model = CrossFitDistiller(
        CountsFits(), tree(), random_state=0, rehearse=False, memory=tmp_path / "cache"
    )
    model.fit(X, y)
    (entry,) = (tmp_path / "cache").rglob("*.npz")
    entry.unlink()
    fits()
    model.fit(X, y)
    assert fits() == 5


def fit_with_cache(cache, X, y):
    model = CrossFitDistiller(
        RandomForestClassifier(5, random_state=0), tree(), random_state=0, memory=cache
    )
    return model.fit(X, y).predict_proba(X)


def ask_again_and_again(folder, start):
    while time.time() < start:
        pass
    for k in range(50):
        parts = [(np.full((200, 2), float(k % 5)), None)]
        finds_it(folder, parts, str(k % 5))  # which compares
        if k % 7 == 0:
            (folder / "skdistill" / f"{k % 5}.npz").write_bytes(b"damaged")


def test_two_processes_on_one_folder_are_both_right(tmp_path):
    start = time.time() + 1
    joblib.Parallel(n_jobs=2)(
        joblib.delayed(ask_again_and_again)(tmp_path, start) for _ in range(2)
    )
    assert not list(tmp_path.rglob("*.tmp"))


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


# ---- the code of the teacher -----------------------------------------------------------------

SCRIPT = """
import functools
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.metaestimators import available_if

SCALE = 1.0
COLUMNS = ["a", "b"]
WEIGHTS = np.array([1.0, 2.0])
MODEL = LogisticRegression(C=1.0)
CALLS = 0

def helper(X):
    return X + 0.5

def deeper(X):
    return helper(X) * 1.5

def loop(X, n=0):
    return X if n > 7 else pool(X, n + 1)

def pool(X, n):
    return loop(X, n + 1) - 8

def own(X, *, power=2):
    global CALLS
    CALLS += 1
    if "x" in {"x", "y", "z", "w"}:
        X = [row**power for row in X]
    return X * SCALE

def reads(X):
    return X[COLUMNS] @ WEIGHTS, MODEL, deeper(X), loop(X)

def shift(X, by=1):
    return X + by

def note(function):
    @functools.wraps(function)
    def noted(X):
        return function(X) + 11
    return noted

@note
def decorated(X):
    return X * 12

@functools.lru_cache
def cached(n):
    return n + 13

def uses_cached(X):
    return X * cached(3)

def says(self):
    return self.factor > 14

class Base(TransformerMixin, BaseEstimator):
    offset = 15
    fits = 0

    def transform(self, X):
        type(self).fits += 1
        return X + self.offset

class Step(Base):
    def __init__(self, factor=1):
        self.factor = factor

    def fit(self, X, y=None):
        return self

    @property
    def half(self):
        return self.factor / 16

    @staticmethod
    def fixed(X):
        return X + 17

    @classmethod
    def made(cls, X):
        return X + 18

    @available_if(says)
    def extra(self, X):
        return X + 19

    def method(self, X):
        return X - 20

def scores(y, proba):
    return (y - proba).mean() + 21

def local(X):
    def inner(Z):
        return [z + 22 for z in Z]
    return inner(X)

def key(X):
    return X + 23

def pipeline(function, **kwargs):
    return make_pipeline(FunctionTransformer(function, **kwargs), GaussianNB())

TEACHERS = {
    "own": lambda: pipeline(own),
    "reads": lambda: pipeline(reads),
    "partial": lambda: pipeline(partial(shift, by=3)),
    "decorated": lambda: pipeline(decorated),
    "cached": lambda: pipeline(cached),
    "uses_cached": lambda: pipeline(uses_cached),
    "step": lambda: make_pipeline(Step(), GaussianNB()),
    "voting": lambda: VotingClassifier([("a", make_pipeline(Step(), GaussianNB()))]),
    "bound": lambda: pipeline(Step().method),
    "made": lambda: pipeline(Step.made),
    "scores": lambda: GridSearchCV(GaussianNB(), {}, scoring=make_scorer(scores)),
    "local": lambda: pipeline(local),
    "kw_args": lambda: pipeline(shift, kw_args={"by": [key]}),
}
"""


@pytest.fixture(params=["own_module", "__main__"])
def ask(request, monkeypatch):
    """Run a script as a module or a notebook, and return the fingerprint of one of its teachers."""

    def ask(teacher, script=SCRIPT):
        module = ModuleType(request.param)
        monkeypatch.setitem(sys.modules, request.param, module)
        exec(script, vars(module))
        ask.module = module
        return fingerprint(module.TEACHERS[teacher](), np.eye(2))

    return ask


def edit(old, new, script=SCRIPT):
    assert script.count(old) == 1
    return script.replace(old, new)


@pytest.mark.parametrize(
    ("teacher", "old", "new"),
    [
        ("own", "X * SCALE", "X / SCALE"),
        ("own", "power=2", "power=3"),
        ("own", "SCALE = 1.0", "SCALE = 1"),
        ("own", '"w"', '"v"'),
        ("own", "row**power", "row*power"),
        ("reads", '["a", "b"]', '["a", "c"]'),
        ("reads", "[1.0, 2.0]", "[1.0, 2.5]"),
        ("reads", "C=1.0", "C=2.0"),
        ("reads", "X + 0.5", "X + 0.6"),
        ("reads", "* 1.5", "* 1.6"),
        ("reads", "- 8", "- 9"),
        ("reads", "n > 7", "n > 6"),
        ("partial", "by=1", "by=2"),
        ("partial", "by=3", "by=4"),
        ("partial", "X + by", "X - by"),
        ("decorated", "+ 11", "+ 10"),
        ("decorated", "* 12", "* 10"),
        ("cached", "+ 13", "+ 10"),
        ("uses_cached", "+ 13", "+ 10"),
        ("step", "> 14", "> 10"),
        ("step", "offset = 15", "offset = 10"),
        ("step", "X + self.offset", "X - self.offset"),
        ("step", "/ 16", "/ 10"),
        ("step", "+ 17", "+ 10"),
        ("step", "+ 18", "+ 10"),
        ("step", "+ 19", "+ 10"),
        ("voting", "- 20", "- 10"),
        ("bound", "- 20", "- 10"),
        ("made", "+ 18", "+ 10"),
        ("scores", "+ 21", "+ 10"),
        ("local", "+ 22", "+ 10"),
        ("kw_args", "+ 23", "+ 10"),
    ],
)
def test_edited_code_is_another_teacher(ask, teacher, old, new):
    assert ask(teacher) != ask(teacher, edit(old, new))


TEACHERS = [line.split('"')[1] for line in SCRIPT.splitlines() if ": lambda:" in line]


@pytest.mark.parametrize("teacher", TEACHERS)
def test_code_that_is_run_again_elsewhere_in_a_file_is_the_same_teacher(ask, teacher):
    moved = "# A comment\n\n\n" + SCRIPT.replace("def ", "# And another.\n\n\ndef ", 1)
    unrelated = edit("- 9", "- 10", SCRIPT + "\ndef unrelated(X):\n    return X - 9\n")
    assert ask(teacher) == ask(teacher) == ask(teacher, moved) == ask(teacher, unrelated)


def test_what_code_writes_itself_makes_no_difference(ask):
    keys = [ask("own"), ask("own", edit("CALLS = 0", "CALLS = 3"))]
    assert keys[0] == keys[1]
    keys = [ask("step"), ask("step", edit("fits = 0", "fits = 3"))]
    assert keys[0] == keys[1]


OWN_ATTRIBUTE = """
from sklearn.base import BaseEstimator

class Limited(BaseEstimator):
    limit = 24

    def reset(self):
        self.limit = 25

TEACHERS = {"limited": Limited}
"""


def test_what_objects_write_to_themselves_is_no_result_of_their_class(ask):
    edited = edit("limit = 24", "limit = 10", OWN_ATTRIBUTE)
    assert ask("limited", OWN_ATTRIBUTE) != ask("limited", edited)


def test_code_that_has_run_often_is_the_same(ask):
    """Python specialises bytecode while it runs."""
    before = ask("local")
    for _ in range(5000):
        ask.module.local([1.0])
    assert fingerprint(ask.module.TEACHERS["local"](), np.eye(2)) == before


@pytest.mark.parametrize("where", ["__main__", "own_module"])
def test_other_processes_find_the_same_teachers(tmp_path, where):
    tell = """
from skdistill._utils.memory import fingerprint
print([fingerprint(teacher(), np.eye(2)) for teacher in TEACHERS.values()])
"""
    if where == "own_module":
        (tmp_path / "own_module.py").write_text(SCRIPT)
        script = "import numpy as np\nfrom own_module import TEACHERS\n" + tell
    else:
        script = SCRIPT + tell
    (tmp_path / "script.py").write_text(script)
    said = [run(tmp_path, seed) for seed in ("0", "1")]
    assert said[0] == said[1]
    assert len(set(said[0].split())) == len(TEACHERS)


def run(folder, seed):
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


HELPS = "def clean(X):\n    return X + 24\n\ndef unrelated(X):\n    return X - 25\n"

IMPORTS = """
import helps
import numpy as np
from helps import clean
from sklearn.preprocessing import FunctionTransformer

from skdistill._utils.memory import fingerprint

def by_module(X):
    return helps.clean(X)

def by_name(X):
    return clean(X)

def inside(X):
    from helps import clean as tidy
    return tidy(X)

def module_inside(X):
    import helps as h
    return h.clean(X)

for function in (by_module, by_name, inside, module_inside):
    print(fingerprint(FunctionTransformer(function), np.eye(2)))
"""


def test_functions_of_other_modules_of_ones_own_are_seen(tmp_path):
    (tmp_path / "script.py").write_text(IMPORTS)

    def ask(helps):
        (tmp_path / "helps.py").write_text(helps)
        return run(tmp_path, "0").split()

    first, other = ask(HELPS), ask(edit("+ 24", "+ 204", HELPS))
    assert len({*first, *other}) == 8
    assert ask(edit("- 25", "- 205", HELPS)) == first


def test_keys_do_not_depend_on_who_imports_first(tmp_path, monkeypatch):
    (tmp_path / "helps.py").write_text(HELPS)
    monkeypatch.syspath_prepend(tmp_path)
    module = ModuleType("own_module")
    monkeypatch.setitem(sys.modules, "own_module", module)
    exec("def f(X):\n    from helps import clean\n    return clean(X)\n", vars(module))
    teacher = FunctionTransformer(module.f)
    before = fingerprint(teacher, np.eye(2))
    assert teacher.transform(1) == 25
    assert fingerprint(teacher, np.eye(2)) == before
    del sys.modules["helps"]


def test_teacher_of_many_kinds_of_classes_can_be_read():
    """Classes that hold descriptors, proxies and types of all sorts: our own searches."""
    teacher = LossCorrectedDistillerCV(GaussianNB(), tree())
    assert fingerprint(teacher, np.eye(2)) == fingerprint(clone(teacher), np.eye(2))


def test_edited_cell_is_fitted_anew(binary, tmp_path, monkeypatch):
    X, y = binary
    module = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    answers = []
    for cell in ("def f(X): return X[:, :2]", "def f(X): return -X[:, 2:]"):
        exec(cell, vars(module))
        teacher = make_pipeline(FunctionTransformer(module.f), GaussianNB())
        for memory in (tmp_path, None):
            model = CrossFitDistiller(
                teacher, tree(), random_state=0, memory=memory, store_teacher_proba=True
            )
            answers.append(model.fit(X, y).teacher_proba_)
    assert_array_equal(answers[0], answers[1])
    assert_array_equal(answers[2], answers[3])
    assert (answers[0] != answers[2]).any()
