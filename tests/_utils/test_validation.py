"""What bad input is told, and that nothing is fitted before."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier, StackingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    SoftLabelClassifier,
)
from skdistill._utils.validation import class_columns
from skdistill.targets.losses import make_loss

X = np.random.default_rng(0).normal(size=(30, 2))
Y = np.array([0, 1] * 15)
PROBA = np.full((30, 2), 0.5)


class CountsFits(ClassifierMixin, BaseEstimator):
    """A teacher that counts how often any of its clones is fitted."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountsFits.fits += 1
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


class NoWeights(CountsFits):
    """The same, without weights."""

    def fit(self, X, y):
        return super().fit(X, y)


class KernelTeacher(CountsFits):
    """A teacher of kernel values."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = True
        return tags


TREE = DecisionTreeRegressor()
TEACHER = CountsFits()


def refused(distiller, message, *, error=ValueError, y=Y, X=X, **fit):
    CountsFits.fits = 0
    with pytest.raises(error, match=message):
        distiller.fit(X, y, **fit)
    assert CountsFits.fits == 0


@pytest.mark.parametrize("distiller", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
@pytest.mark.parametrize(
    ("teacher", "student", "message"),
    [
        (LinearSVC(), TREE, "teacher must have predict_proba; LinearSVC has none"),
        (make_pipeline(StandardScaler(), LinearSVC()), TREE, "LinearSVC has none"),
        (Ridge(), TREE, "teacher must have predict_proba; Ridge has none"),
        (RandomForestClassifier, TREE, "teacher must be a classifier instance"),
        ("forest", TREE, "teacher must be a classifier instance, found 'forest'"),
        (None, TREE, "teacher is None: pass a classifier, or teacher_proba"),
        (TEACHER, KMeans(), "student must be a regressor or a classifier; KMeans is neither"),
        (TEACHER, StandardScaler(), "StandardScaler is neither"),
        (TEACHER, DecisionTreeRegressor, "student must be an estimator instance"),
        (TEACHER, None, "student must be an estimator instance, found None"),
        (TEACHER, FrozenEstimator(TREE), "student must not be frozen"),
        (TEACHER, KNeighborsClassifier(), "student KNeighborsClassifier takes no sample_weight"),
        (
            TEACHER,
            make_pipeline(StandardScaler(), KNeighborsClassifier()),
            "student KNeighborsClassifier takes no sample_weight",
        ),
        (TEACHER, SVC(), "classifier as student must have predict_proba; SVC has none"),
        (TEACHER, SGDClassifier(), "must have predict_proba; SGDClassifier has none"),
        (TEACHER, SoftLabelClassifier(LinearSVC()), "must have predict_proba"),
        (TEACHER, SoftLabelClassifier(KNeighborsClassifier()), "takes no sample_weight"),
        (
            TEACHER,
            CalibratedClassifierCV(KNeighborsClassifier()),
            "student CalibratedClassifierCV takes no sample_weight",
        ),
        (TEACHER, GaussianProcessClassifier(), "GaussianProcessClassifier takes no sample_weight"),
        (KernelTeacher(), TREE, "teacher KernelTeacher wants a matrix of distances"),
    ],
)
def test_unusable_teacher_or_student(distiller, teacher, student, message):
    refused(distiller(teacher, student), message)


@pytest.mark.parametrize("distiller", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
@pytest.mark.parametrize(
    ("student", "params", "message"),
    [
        (TREE, {"loss": "hinge"}, "loss must be 'auto' or one of .*, found 'hinge'"),
        (TREE, {"loss": None}, "loss must be 'auto' or one of"),
        (TREE, {"loss": "cross_entropy"}, "loss='cross_entropy' needs a classifier as student"),
        (LogisticRegression(), {"loss": "squared_error"}, "needs a regressor as student"),
        (LogisticRegression(), {"loss": "squared_error_logit"}, "needs a regressor as student"),
        (TREE, {"temperature": 2}, "temperature must be 1 with loss='squared_error', found 2"),
        (
            LogisticRegression(),
            {"temperature": 0},
            "'temperature' parameter of .* float in the range",
        ),
        (
            LogisticRegression(),
            {"temperature": "hot"},
            "'temperature' parameter of .* float in the range",
        ),
        (
            LogisticRegression(),
            {"temperature": np.inf},
            "'temperature' parameter of .* float in the range",
        ),
        (TREE, {"proba_floor": 0}, "proba_floor must lie between 0 and 1 / n_classes = 0.5"),
        (
            LogisticRegression(),
            {"proba_floor": 0.5},
            "proba_floor must lie between 0 and 1 / n_classes = 0.5",
        ),
        (TREE, {"proba_floor": None}, "proba_floor must lie between"),
    ],
)
def test_unusable_parameter(distiller, student, params, message):
    refused(distiller(TEACHER, student, **params), message)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"correction": "quick"}, "correction.*quick"),
        ({"correction": 1.5}, "correction.*1.5"),
        ({"correction": -0.1}, "correction.*-0.1"),
        ({"correction": True}, "correction.*True"),
        ({"correction": None}, "correction.*None"),
        ({"correction": lambda proba, y, *, link: np.nan}, "correction returned NaN"),
        ({"correction": lambda proba, y, *, link: np.ones(3)}, "correction returned an array of"),
        ({"correction": "fast", "c": 0}, "c must be.*positive.*0"),
        ({"correction": "slow", "c": -1.0}, "c must be.*positive"),
        ({"correction": "power", "c": np.nan}, "c must be.*positive"),
        ({"correction": "relative", "c": "small"}, "c must be.*positive"),
        ({"c": 1.5}, r"c must be a share in \[0, 1\]"),
    ],
)
def test_unusable_correction(params, message):
    refused(LossCorrectedDistiller(TEACHER, TREE, **params), message)


@pytest.mark.parametrize("distiller", [CrossFitDistiller, LossCorrectedDistiller])
@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (1, "cv must be at least 2 folds"),
        (16, "cv=16 folds need at least 16 rows of each class, but class 0 has 15"),
        ("out_of_bag", "cv must be .*a number of folds, a splitter or an iterable"),
        (ShuffleSplit(2), "cv must predict every row exactly once"),
        ([(np.arange(10), np.arange(10, 20))], "20 rows are never predicted"),
    ],
)
def test_unusable_folds(distiller, cv, message):
    refused(distiller(TEACHER, TREE, cv=cv), message)


def test_in_sample_is_no_folds_for_cross_fitting():
    refused(CrossFitDistiller(TEACHER, TREE, cv="in_sample"), "cv must be 'oob', a number of folds")


@pytest.mark.parametrize("distiller", [CrossFitDistiller, LossCorrectedDistiller])
@pytest.mark.parametrize(
    "wrap", [lambda frozen: frozen, lambda frozen: make_pipeline(None, frozen)]
)
def test_frozen_teacher_cannot_be_cross_fitted(distiller, wrap):
    frozen = wrap(FrozenEstimator(GaussianNB().fit(X, Y)))
    message = r"frozen teacher cannot be cross-fitted: use Distiller, or LossCorrectedDistiller\("
    refused(distiller(frozen, TREE), message)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(30), "y must hold at least 2 classes to learn from, found one class"),
        (Y[:20], "inconsistent numbers of samples"),
        (None, "requires y to be passed, but the target y is None"),
        (np.linspace(0, 1, 30), "Unknown label type"),
        (np.where(Y == 0, np.nan, 1.0), "NaN"),
        (np.column_stack([Y, Y]), "y should be a 1d array"),
        (np.array(["a", None] * 15, dtype=object), "y must hold labels of one kind|NaN|None"),
    ],
)
def test_unusable_labels(y, message):
    refused(CrossFitDistiller(TEACHER, TREE), message, y=y)


def with_entry(value):
    proba = PROBA.copy()
    proba[3, 1] = value
    return proba


@pytest.mark.parametrize(
    ("proba", "message"),
    [
        (PROBA[:, :1], r"teacher_proba must have one row per sample.*\(30, 2\), found.*\(30, 1\)"),
        (PROBA[:20], r"shape \(30, 2\), found shape \(20, 2\)"),
        (np.full((30, 3), 1 / 3), r"shape \(30, 2\), found shape \(30, 3\)"),
        (PROBA[:, 1], r"shape \(30, 2\), found shape \(30,\)"),
        (with_entry(np.nan), "teacher_proba contains NaN"),
        (with_entry(np.inf), "teacher_proba contains infinity"),
        (with_entry(-0.1), "teacher_proba must not be negative, found -0.1"),
        (with_entry(0.7), "rows of teacher_proba must sum to 1, found one that is off by 0.2"),
    ],
)
@pytest.mark.parametrize("distiller", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
def test_unusable_given_probabilities(distiller, proba, message):
    refused(distiller(None, TREE), message, teacher_proba=proba)


def test_given_probabilities_of_low_precision_are_fine():
    proba = np.random.default_rng(0).dirichlet(np.ones(2), size=30).astype(np.float32)
    Distiller(None, TREE).fit(X, Y, teacher_proba=proba)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.r_[-1.0, np.ones(29)], "Negative values in data passed to sample_weight"),
        (np.r_[np.nan, np.ones(29)], "sample_weight contains NaN"),
        (np.zeros(30), "sample_weight is all zero"),
        (np.ones(29), r"sample_weight must have one weight per row, shape \(30,\)"),
        (np.ones((30, 1)), r"found shape \(30, 1\)"),
        (1.0, r"sample_weight must have one weight per row, shape \(30,\), found shape \(\)"),
    ],
)
def test_unusable_weights(weight, message):
    refused(CrossFitDistiller(TEACHER, TREE), message, sample_weight=weight)


@pytest.mark.parametrize(
    ("teacher", "student", "message"),
    [
        (NoWeights(), TREE, "the teacher NoWeights takes none in fit"),
        (make_pipeline(StandardScaler(), NoWeights()), TREE, "the teacher NoWeights takes none"),
        (TEACHER, KNeighborsRegressor(), "the student KNeighborsRegressor takes none in fit"),
        (
            TEACHER,
            GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [1, 2]}),
            "the student GridSearchCV takes none",
        ),
        (CalibratedClassifierCV(KNeighborsClassifier()), TREE, "the teacher Calibrated"),
        (TEACHER, TransformedTargetRegressor(KNeighborsRegressor()), "the student Transformed"),
    ],
)
def test_weights_that_a_member_would_drop(teacher, student, message):
    refused(CrossFitDistiller(teacher, student), message, sample_weight=np.ones(30))


def test_weights_need_no_teacher_that_takes_them_where_probabilities_are_given():
    model = Distiller(NoWeights(), TREE)
    model.fit(X, Y, sample_weight=np.ones(30), teacher_proba=PROBA)


@pytest.mark.parametrize(
    ("model", "fit"),
    [
        (Distiller(TEACHER, TREE), {}),
        (CrossFitDistiller(TEACHER, TREE), {"teacher_proba": PROBA}),
    ],
)
def test_groups_without_a_splitter(model, fit):
    refused(model, "groups was given, but .* splits no rows", groups=Y, **fit)


def test_given_frame_is_put_in_the_order_of_the_classes():
    proba = np.random.default_rng(0).dirichlet(np.ones(2), size=30)
    frame = pd.DataFrame(proba, columns=["no", "yes"])
    labels = np.array(["no", "yes"])[Y]
    models = [
        Distiller(None, Ridge()).fit(X, labels, teacher_proba=given)
        for given in (proba, frame, frame[["yes", "no"]])
    ]
    for model in models[1:]:
        assert_array_equal(model.student_.coef_, models[0].student_.coef_)


@pytest.mark.parametrize(
    ("labels", "names"),
    [([0.0, 1.0], [0, 1]), ([0, 1], [0.0, 1.0]), ([False, True], [0, 1]), ([0, 1], ["0", "1"])],
)
def test_columns_may_name_classes_by_value_or_in_words(labels, names):
    proba = np.random.default_rng(0).dirichlet(np.ones(2), size=30)
    frame = pd.DataFrame(proba, columns=names)[names[::-1]]
    y = np.array(labels)[Y]
    found, expected = (
        Distiller(None, Ridge()).fit(X, y, teacher_proba=given).student_.coef_
        for given in (frame, proba)
    )
    assert_array_equal(found, expected)


def test_columns_that_name_some_classes_are_refused_unless_they_are_numbers():
    proba = np.random.default_rng(0).dirichlet(np.ones(2), size=30)
    labels = np.array(["no", "yes"])[Y]
    given = pd.DataFrame(proba, columns=["yes", "No"])
    refused(
        Distiller(None, Ridge()),
        r"columns of teacher_proba name some classes.*'yes', 'No'",
        y=labels,
        teacher_proba=given,
    )
    # A frame that was made without names counts its columns from 0.
    Distiller(None, Ridge()).fit(X, Y + 1, teacher_proba=pd.DataFrame(proba))


@pytest.mark.parametrize("dtype", [object, "U"])
def test_rare_class_is_named_whatever_its_type(dtype):
    y = np.array(["yes", "no", "rare"], dtype=dtype)[np.r_[Y[:-1], 2]]
    refused(CrossFitDistiller(TEACHER, TREE), "class 'rare' has 1", y=y)


def test_floor_matters_only_where_a_logarithm_is_taken():
    assert make_loss("squared_error", 600).proba_floor == 0.002
    for name, n_classes, params in [
        ("squared_error", 15, {"proba_floor": 0.1}),
        ("squared_error_logit", 15, {"proba_floor": 0.1}),
        ("squared_error_logit", 600, {}),
    ]:
        with pytest.raises(ValueError, match="proba_floor must lie between"):
            make_loss(name, n_classes, **params)


def test_text_is_no_table_to_learn_a_correction_from():
    text = np.array(["good", "bad"] * 15, dtype=object)
    student = make_pipeline(TfidfVectorizer(), Ridge())
    counting = LossCorrectedDistiller(make_pipeline(TfidfVectorizer(), TEACHER), student)
    refused(counting, "X must have two dimensions", X=text)
    teacher = make_pipeline(TfidfVectorizer(), LogisticRegression())
    LossCorrectedDistiller(teacher, student, correction="fast").fit(text, Y)


def test_wrapped_student_must_ask_for_label_weights_with_routing():
    student = GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2)
    with sklearn.config_context(enable_metadata_routing=True):
        refused(Distiller(TEACHER, student), r"must ask for them: set_fit_request")
        student = GridSearchCV(
            LogisticRegression()
            .set_fit_request(sample_weight=True)
            .set_score_request(sample_weight=False),
            {"C": [1]},
            cv=2,
        )
        Distiller(GaussianNB(), student).fit(X, Y)


def test_stacked_regressor_cannot_be_repeated_per_class():
    student = StackingRegressor([("a", Ridge())])
    refused(
        Distiller(TEACHER, student), "must have predict before it is fitted", y=np.arange(30) % 3
    )


def test_further_parameters_need_routing():
    refused(Distiller(TEACHER, TREE), r"fit got \['colour'\].*enable_metadata_routing", colour=1)


def test_good_input_fits_one_teacher_per_fold():
    CountsFits.fits = 0
    CrossFitDistiller(TEACHER, TREE, cv=KFold(4), rehearse=False).fit(X, Y)
    assert CountsFits.fits == 4
    CrossFitDistiller(TEACHER, TREE, cv=KFold(4)).fit(X, Y)
    assert CountsFits.fits == 4 + 5


def test_columns_are_put_where_the_classes_are():
    classes = np.array(["a", "b", "c"])
    fitted = GaussianNB().fit(X, np.where(Y, "c", "a"))
    aligned = class_columns(classes, fitted, fitted.predict_proba(X))
    assert_array_equal(aligned[:, [0, 2]], fitted.predict_proba(X))
    assert_array_equal(aligned[:, 1], 0)


def test_columns_of_a_frame_count_by_their_names():
    fitted = GaussianNB().fit(X, np.array(["no", "yes"])[Y])
    proba = pd.DataFrame(fitted.predict_proba(X), columns=fitted.classes_)
    found = class_columns(fitted.classes_, fitted, proba[["yes", "no"]])
    assert_array_equal(found, fitted.predict_proba(X))
    for names in ([0, 1], ["a", "b"]):  # names of nothing count by their places
        found = class_columns(fitted.classes_, fitted, proba.set_axis(names, axis=1))
        assert_array_equal(found, fitted.predict_proba(X))
    with pytest.raises(ValueError, match="what GaussianNB.predict_proba returned name some"):
        class_columns(fitted.classes_, fitted, proba.set_axis(["yes", "other"], axis=1))


def test_answers_are_no_memory_of_the_teachers():
    fitted = GaussianNB().fit(X, Y)
    memory = fitted.predict_proba(X)
    found = class_columns(fitted.classes_, fitted, memory)
    memory[:] = 0.5
    assert_array_equal(found, fitted.predict_proba(X))


def test_wrong_number_of_columns_is_refused():
    fitted = GaussianNB().fit(X, Y)
    with pytest.raises(ValueError, match="expected one column for each of its 2 classes"):
        class_columns(np.array([0, 1]), fitted, np.ones((30, 3)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_entry_that_is_not_finite_is_refused(value):
    X = np.arange(30.0)[:, None]
    fitted = GaussianNB().fit(X, np.arange(30) % 2)
    proba = fitted.predict_proba(X)
    proba[7, 1] = value
    with pytest.raises(ValueError, match="GaussianNB.predict_proba returned NaN or infinite"):
        class_columns(np.array([0, 1]), fitted, proba)
