"""scikit-learn's own checks, for every distiller and several pairs of teacher and student."""

import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    parametrize_with_checks,
)

from skdistill import (
    CrossFitDistiller,
    CrossFitDistillerRegressor,
    Distiller,
    DistillerRegressor,
    LGBMSoftClassifier,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    LossCorrectedDistillerRegressor,
    LossCorrectedDistillerRegressorCV,
    SoftLabelClassifier,
    SoftmaxRegression,
)

ON_SPARSE = "check_sample_weight_equivalence_on_sparse_data"
WEIGHT_EQUIVALENCE = ("check_sample_weight_equivalence_on_dense_data", ON_SPARSE)
WEIGHT_CHECKS = (
    *WEIGHT_EQUIVALENCE,
    "check_classifiers_one_label_sample_weights",
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series",
    "check_sample_weights_shape",
)


def tree():
    return DecisionTreeRegressor(random_state=0)


def teacher_tree():
    return DecisionTreeClassifier(random_state=0)


def mixed_leaves():
    return DecisionTreeClassifier(min_weight_fraction_leaf=0.2, random_state=0)


def mixed_numbers():
    return DecisionTreeRegressor(min_weight_fraction_leaf=0.2, random_state=0)


def forest():
    return RandomForestClassifier(n_estimators=10, random_state=0)


def booster():
    return LGBMSoftClassifier(
        n_estimators=10, min_child_samples=1, min_data_in_bin=1, random_state=0, n_jobs=1
    )


PLAIN = [
    Distiller(teacher_tree(), tree()),
    Distiller(teacher_tree(), tree(), loss="squared_error_logit"),
    Distiller(teacher_tree(), teacher_tree()),
    # Leaves of mixed classes, whose means differ in the last bit where rows are repeated.
    Distiller(mixed_leaves(), tree(), loss="squared_error_logit"),
    Distiller(mixed_leaves(), teacher_tree(), temperature=2.0),
    CrossFitDistiller(mixed_leaves(), teacher_tree(), cv=3, random_state=0),
    CrossFitDistiller(teacher_tree(), tree(), cv=3, random_state=0),
    CrossFitDistiller(GaussianNB(), tree(), cv=2, random_state=0),
    CrossFitDistiller(
        LogisticRegression(), LogisticRegression(), cv=3, random_state=0, temperature=2.0
    ),
    LossCorrectedDistiller(teacher_tree(), tree(), cv=3, random_state=0),
    LossCorrectedDistiller(teacher_tree(), tree(), correction="slow", cv="in_sample"),
    LossCorrectedDistiller(
        GaussianNB(),
        tree(),
        correction="relative",
        loss="squared_error_logit",
        cv=3,
        random_state=0,
    ),
    LossCorrectedDistillerCV(GaussianNB(), tree(), cv=3, random_state=0),
    LossCorrectedDistillerCV(
        teacher_tree(),
        LogisticRegression(),
        candidates=["labels", "cross_fit", 0.3],
        calibrate=True,
        cv=3,
        random_state=0,
    ),
    SoftLabelClassifier(LogisticRegression()),
    SoftLabelClassifier(teacher_tree()),
    SoftmaxRegression(),
    SoftmaxRegression(C=100.0, fit_intercept=False),
    CrossFitDistiller(GaussianNB(), SoftmaxRegression(), cv=2, random_state=0),
    CrossFitDistiller(teacher_tree(), booster(), cv=3, random_state=0),
    LossCorrectedDistiller(GaussianNB(), booster(), correction="fast", cv=3, random_state=0),
    # Numbers as outcomes.
    DistillerRegressor(tree(), tree()),
    CrossFitDistillerRegressor(Ridge(), tree(), cv=3, random_state=0),
    LossCorrectedDistillerRegressor(mixed_numbers(), Ridge(), cv=3, random_state=0),
    LossCorrectedDistillerRegressor(tree(), tree(), correction="relative", cv="in_sample"),
    LossCorrectedDistillerRegressorCV(mixed_numbers(), Ridge(), cv=3, random_state=0),
]
RANDOM = [
    CrossFitDistiller(forest(), tree(), cv=3, random_state=0),
    Distiller(forest(), RandomForestRegressor(n_estimators=5, random_state=0)),
    CrossFitDistillerRegressor(
        RandomForestRegressor(n_estimators=60, random_state=0), tree(), cv="oob", random_state=0
    ),
]
BREAKS_TIES = [booster()]
UNWEIGHTED_SCALER = [
    LossCorrectedDistiller(
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), LinearRegression()),
        correction=0.5,
        cv=3,
        random_state=0,
    ),
]
WITHOUT_WEIGHTS = [Distiller(teacher_tree(), KNeighborsRegressor(3))]
WITHOUT_WEIGHTS_OR_SPARSE_ROWS = [
    CrossFitDistiller(LinearDiscriminantAnalysis(), tree(), cv=3, random_state=0),
]

ALL = [
    *PLAIN,
    *RANDOM,
    *BREAKS_TIES,
    *UNWEIGHTED_SCALER,
    *WITHOUT_WEIGHTS,
    *WITHOUT_WEIGHTS_OR_SPARSE_ROWS,
]


def expected_failures(estimator):
    """Name only what a member fails alone. Strict: that each of these fails is checked too."""
    if any(estimator is other for other in RANDOM):
        return dict.fromkeys(WEIGHT_EQUIVALENCE, "a forest draws rows, not weights")
    if any(estimator is other for other in BREAKS_TIES):
        # Its 15 rows in 30 columns leave many splits of equal gain. In our distillers every row is
        # in a fold with weight as well, so that no tie is open.
        return dict.fromkeys(
            WEIGHT_EQUIVALENCE, "LightGBM breaks ties by rounding; rows of weight 0 show it"
        )
    if any(estimator is other for other in UNWEIGHTED_SCALER):
        # Only scikit-learn 1.6 asks for sparse rows, which the scaler refuses to centre.
        return dict.fromkeys(WEIGHT_EQUIVALENCE, "a Pipeline weighs its last step only")
    if any(estimator is other for other in WITHOUT_WEIGHTS):
        return dict.fromkeys(WEIGHT_CHECKS, "a member takes no weights")
    if any(estimator is other for other in WITHOUT_WEIGHTS_OR_SPARSE_ROWS):
        # scikit-learn 1.6 asks for sparse rows and lets a TypeError pass; later ones do not ask.
        return dict.fromkeys(set(WEIGHT_CHECKS) - {ON_SPARSE}, "a member takes no weights")
    return {}


@parametrize_with_checks(ALL, expected_failed_checks=expected_failures)
@pytest.mark.filterwarnings("default")
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ALL)
def test_columns_of_a_frame_are_compared(estimator):
    check_dataframe_column_names_consistency(type(estimator).__name__, estimator)
