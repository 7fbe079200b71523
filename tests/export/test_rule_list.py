"""Rules say of each row what the student does, in the names of the table."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    DistillerRegressor,
    LGBMSoftClassifier,
    SoftLabelClassifier,
)
from skdistill.export import rules
from skdistill.export.columns import UnknownPartError, is_missing
from skdistill.export.neighbours import rows_beside
from skdistill.export.reading import read_program

from .models import (
    STUDENTS,
    TREE,
    amounts,
    calibrated,
    classifiers,
    frame,
    of_frame,
    regressor_of_frame,
    table,
)

# ---- brute force -----------------------------------------------------------------------------


def holds(condition, values, known):
    """Whether a condition holds for values of its column, read from its fields alone."""

    def one(value):
        if is_missing(value):
            return condition.missing
        if condition.intervals is not None:
            return any(low < value <= high for low, high in condition.intervals)
        return value in condition.categories if value in known else condition.unknown

    return np.array([one(value) for value in values])


def check_rows(shipped, X):
    """Check that one rule holds for each row, and that it says what the student answers.

    Rows beside each border, and with each category, are among them.
    """
    program, found = read_program(shipped), rules(shipped)
    known = {}
    for rule in found:
        for condition in rule.conditions:
            known.setdefault(condition.column, set()).update(condition.categories or ())
    for rows in [X, *rows_beside(program, X)]:
        columns = {c.name: np.asarray(_column(rows, j)) for j, c in enumerate(program.columns)}
        held = np.ones((len(found), len(rows)), dtype=bool)
        for rule, own in zip(found, held, strict=True):
            for condition in rule.conditions:
                name = condition.column
                own &= holds(condition, columns[name].tolist(), known[name])
        assert_array_equal(held.sum(axis=0), 1)
        told = np.array([said_by(rule) for rule in found])[held.argmax(axis=0)]
        assert_allclose(told, program.kind.ask(shipped, rows), rtol=1e-13, atol=1e-12)
    return found


def said_by(rule):
    return rule.probabilities if hasattr(rule, "probabilities") else (rule.prediction,)


def _column(rows, j):
    return rows.iloc[:, j] if hasattr(rows, "iloc") else rows[:, j]


TREES = {
    **{name: STUDENTS[name] for name in ("tree", "tree of labels", "scaled tree")},
    "pruned": DecisionTreeRegressor(ccp_alpha=0.002, random_state=0),
    "whole": make_pipeline(RobustScaler(), DecisionTreeRegressor(random_state=0)),
    "bins": make_pipeline(KBinsDiscretizer(4, encode="onehot-dense"), TREE),
    "bins in order": make_pipeline(KBinsDiscretizer(4, encode="ordinal"), TREE),
    "copies": SoftLabelClassifier(DecisionTreeClassifier(max_depth=4, random_state=0)),
    "searched": GridSearchCV(TREE, {"max_depth": [2, 3]}, cv=2),
    "forest of one": RandomForestRegressor(1, max_depth=4, random_state=0),
    "stump": DecisionTreeRegressor(max_depth=1),
    "leaf": DecisionTreeRegressor(min_samples_leaf=1000),
}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", TREES)
@pytest.mark.filterwarnings("ignore:.*quantile_method")
def test_one_rule_holds_for_each_row_and_says_its_probabilities(name, n_classes):
    if name == "searched" and n_classes > 2:
        pytest.skip("a search has one output, so that there is one for each class")
    X, y, proba = table(n_classes)
    model = Distiller(None, TREES[name]).fit(X, y, teacher_proba=proba)
    found = check_rows(model.classifier_, X)
    assert len({rule.conditions for rule in found}) == len(found)


@pytest.mark.parametrize("name", ["tree", "tree of labels"])
def test_probabilities_come_all_the_way_back(name):
    X = table(3)[0]
    for classifier in classifiers(name, 3):
        check_rows(classifier, X[:50])


@pytest.mark.parametrize("student", [LGBMClassifier, LGBMSoftClassifier])
def test_boosters_of_one_tree(student):
    X, y, proba = table(2)
    booster = student(n_estimators=1, num_leaves=7, min_child_samples=5, n_jobs=1, verbose=-1)
    found = check_rows(Distiller(None, booster).fit(X, y, teacher_proba=proba).classifier_, X)
    assert len(found) == 7
    assert_allclose(sum(rule.coverage for rule in found), 1)


@pytest.mark.parametrize("name", ["tree", "scaled tree", "stump", "leaf"])
def test_one_rule_holds_for_each_row_and_says_its_number(name):
    X, y = amounts()
    model = DistillerRegressor(None, TREES[name]).fit(X, teacher_prediction=y)
    found = check_rows(model.regressor_, X)
    assert len({rule.conditions for rule in found}) == len(found)
    assert rules(model, X)[0].n_rows == max(rule.n_rows for rule in rules(model, X))


def test_boosters_of_one_tree_of_logarithms():
    X, y = amounts()
    booster = LGBMRegressor(
        objective="gamma", n_estimators=1, num_leaves=5, min_child_samples=5, n_jobs=1, verbose=-1
    )
    model = DistillerRegressor(None, booster).fit(X, teacher_prediction=y)
    assert min(rule.prediction for rule in check_rows(model.regressor_, X)) > 0


@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_text_gaps_and_categories():
    for shipped, rows in (of_frame("tree"), of_frame("dropped"), regressor_of_frame("tree")):
        found = check_rows(shipped, rows)
        columns = {condition.column for rule in found for condition in rule.conditions}
        assert columns <= set(rows.columns)
        assert "town" in columns


@pytest.mark.parametrize(
    "student",
    [
        HistGradientBoostingClassifier(max_iter=1, categorical_features="from_dtype"),
        LGBMClassifier(n_estimators=1, n_jobs=1, cat_smooth=1, min_data_per_group=5, verbose=-1),
    ],
    ids=["histogram", "LightGBM"],
)
def test_categories_that_a_booster_knows_by_itself(student):
    rows, y, proba = frame()
    rows, two = rows.drop(columns="town"), np.where(y == "a", "a", "b")
    proba = np.column_stack([proba[:, 0], proba[:, 1:].sum(axis=1)])
    model = Distiller(None, student).fit(rows, two, teacher_proba=proba)
    found = check_rows(model.classifier_, rows)
    assert any(condition.categories for rule in found for condition in rule.conditions)


def test_numbers_that_are_codes_and_values_that_stand_for_gaps():
    X, y, proba = table(2)
    codes = np.digitize(X[:, 1], [-1, 0, 1]) * 10.0
    X = np.column_stack([np.where(X[:, 0] > 1, -1.0, X[:, 0]), codes])
    before = make_column_transformer(
        (SimpleImputer(missing_values=-1.0), [0]), (OneHotEncoder(handle_unknown="ignore"), [1])
    )
    model = Distiller(None, make_pipeline(before, TREE)).fit(X, y, teacher_proba=proba)
    texts = {c.text for rule in check_rows(model.classifier_, X) for c in rule.conditions}
    assert any("x1 = 10" in text for text in texts)
    assert any(" < -1 or " in text or "x0 = -1" in text for text in texts), texts


@pytest.mark.parametrize("seed", range(6))
def test_any_tree_of_any_table(seed):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "number": rng.normal(size=120).round(1) * 10.0 ** rng.integers(-3, 6),
            "whole": rng.integers(0, 9, 120),
            "text": rng.choice(list("abcdef"), 120).astype(object),
            "gaps": np.where(rng.random(120) < 0.2, np.nan, rng.normal(size=120)),
        }
    )
    y = rng.permutation(np.arange(120) % 3)
    coded = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    text = [coded, OneHotEncoder(handle_unknown="ignore"), OneHotEncoder(drop="first")][seed % 3]
    gaps = [SimpleImputer(add_indicator=True), "passthrough"][seed % 2]
    before = make_column_transformer(
        (text, ["text"]), (gaps, ["gaps"]), (StandardScaler(), ["number"]), remainder="passthrough"
    )
    student = make_pipeline(before, DecisionTreeRegressor(splitter="random", random_state=seed))
    model = Distiller(None, student).fit(rows, y, teacher_proba=rng.dirichlet(np.ones(3), 120))
    check_rows(model.classifier_, rows)


@pytest.mark.parametrize(
    "text",
    [
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        OneHotEncoder(handle_unknown="ignore", min_frequency=20),
    ],
    ids=["ordinal", "one-hot"],
)
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_a_real_table_of_numbers_and_text(data_folder, text):
    rows = pd.read_csv(data_folder / "adult.csv.gz", nrows=2500)
    X, y = rows.drop(columns="target"), rows["target"]
    choose = make_column_selector
    before = make_column_transformer(
        (text, choose(dtype_exclude="number")), (StandardScaler(), choose(dtype_include="number"))
    )
    student = make_pipeline(before, DecisionTreeRegressor(max_leaf_nodes=40, random_state=0))
    teacher = make_pipeline(before, DecisionTreeClassifier(min_samples_leaf=10, random_state=0))
    model = CrossFitDistiller(teacher, student, cv=2, random_state=0, shrinkage=5.0).fit(X, y)
    check_rows(calibrated(model.classifier_), X[:1000])
    found = rules(model, X)
    assert sum(rule.n_rows for rule in found) == len(X)
    # Thresholds of scaled numbers come back as what lies between two of the table.
    assert "capital-gain ≤ 5095.5" in str(found) or "capital-gain ≤ 5119" in str(found), str(found)


# ---- what rules say --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    model = Distiller(GaussianNB(), DecisionTreeRegressor(max_leaf_nodes=5, random_state=0))
    return model.fit(X, y), X


def test_coverage_is_that_of_training_rows_or_of_those_given(cancer):
    model, X = cancer
    found = rules(model)
    tree = model.student_.tree_
    shares = np.sort(tree.weighted_n_node_samples[tree.children_left < 0])[::-1] / len(X)
    assert_allclose([rule.coverage for rule in found], shares)
    assert {rule.n_rows for rule in found} == {None}
    given = rules(model, X[:100])
    assert sum(rule.n_rows for rule in given) == 100
    assert_allclose([rule.coverage for rule in given], [rule.n_rows / 100 for rule in given])
    assert [rule.n_rows for rule in given] == sorted((r.n_rows for r in given), reverse=True)
    leaves = model.student_.apply(X[:100])
    assert given[0].n_rows == np.bincount(leaves).max()


def test_weights_count_in_coverage():
    X, y, proba = table(2)
    weights = np.where(X[:, 0] > 0, 3.0, 1.0)
    model = Distiller(None, TREE).fit(X, y, sample_weight=weights, teacher_proba=proba)
    shares = np.bincount(model.student_.apply(X), weights) / weights.sum()
    assert_allclose(sorted(rule.coverage for rule in rules(model)), sorted(shares[shares > 0]))


def test_rules_beyond_a_number_are_counted(cancer):
    model, _ = cancer
    found, few = rules(model), rules(model, max_rules=2)
    assert few[:] == found[:2]
    assert (few.n_left_out, found.n_left_out) == (len(found) - 2, 0)
    share = 100 * sum(rule.coverage for rule in found[2:])
    assert str(few).endswith(f"\n3 more rules cover {share:.1f} %.")
    assert "more rule" not in str(found)
    assert f"<p>3 more rules cover {share:.1f} %.</p>" in few._repr_html_()
    assert str(rules(model, max_rules=4)).count("1 more rule covers ") == 1


def test_text_is_aligned_and_not_wide(cancer):
    model, _ = cancer
    found = rules(model)
    head, line, *lines = str(found).splitlines()
    assert head.startswith("coverage   P(1)  rule")
    assert set(line) == {"-"}
    assert len(line) == max(map(len, [head, *lines])) <= 100
    start = head.index("rule")
    for text, rule in zip([t for t in lines if t[:8].strip()], found, strict=True):
        assert text[:start].split() == [
            f"{100 * rule.coverage:.1f}", "%", f"{rule.probabilities[1]:.3f}"
        ]  # fmt: skip
    assert repr(found) == str(found)


def test_several_classes_and_many():
    X, y = load_wine(return_X_y=True)
    model = Distiller(GaussianNB(), DecisionTreeRegressor(max_leaf_nodes=4)).fit(X, y)
    assert "coverage   P(0)   P(1)   P(2)  rule" in str(rules(model))
    X, y, proba = table(10)
    found = rules(Distiller(None, TREE).fit(X, y, teacher_proba=proba))
    assert str(found).startswith("coverage  class  probability  rule")
    assert found[0].label == found.classes[np.argmax(found[0].probabilities)]


def test_rules_of_numbers_are_printed_with_their_places():
    X, y = amounts()
    student = DecisionTreeRegressor(max_leaf_nodes=3, random_state=0)
    found = rules(DistillerRegressor(None, student).fit(X, teacher_prediction=1000 * y), X)
    head, _, *lines = str(found).splitlines()
    assert head.split() == ["coverage", "prediction", "rule"]
    assert [line.split()[2] for line in lines] == [f"{rule.prediction:,.0f}" for rule in found]
    assert f">{found[0].prediction:,.0f}</td>" in found._repr_html_()
    assert len(found.classes) == 0
    assert found[0].n_rows == round(found[0].coverage * len(X))


class Cells(HTMLParser):
    """What the cells of a page say."""

    def __init__(self, page):
        super().__init__()
        self.said, self.kinds = [], set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.kinds.add(tag)
        if tag in ("td", "th"):
            self.said.append("")

    def handle_data(self, data):
        self.said[-1] += data


def test_names_are_data_in_text_and_html():
    X, y, proba = table(2)
    rows = pd.DataFrame({"<b>$x_{\n": X[:, 0], "k": np.where(X[:, 1] > 0, "a, <i>", "\x1b[31m")})
    before = make_column_transformer((OneHotEncoder(), ["k"]), remainder="passthrough")
    student = make_pipeline(before, DecisionTreeRegressor(max_leaf_nodes=6, random_state=0))
    labels = np.array(["<script>", "b\n"])[(y == "a").astype(int)]
    model = Distiller(None, student).fit(rows, labels, teacher_proba=proba)
    found = rules(model)
    assert str(found).replace("\n", "").isprintable()
    cells = Cells(found._repr_html_())
    assert cells.kinds == {"div", "table", "thead", "tbody", "tr", "th", "td", "span"}
    assert cells.said[:3] == ["coverage", "P(b\\n)", "rule"]
    assert cells.said[5::3] == [str(rule) for rule in found]
    assert any("'a, <i>'" in said for said in cells.said)
    # The colours are those of the page around it.
    assert "color" not in found._repr_html_()


def test_a_tree_of_one_leaf_is_one_rule():
    X, y, proba = table(2)
    model = Distiller(None, TREES["leaf"]).fit(X, y, teacher_proba=proba)
    (rule,) = rules(model)
    assert (str(rule), rule.coverage, rule.conditions) == ("any row", 1.0, ())


# ---- what cannot be said ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (RandomForestRegressor(4), r"RandomForestRegressor is 4 trees\. Rules need"),
        (make_pipeline(StandardScaler(), Ridge()), r"Ridge is no tree\. Rules need"),
        (LogisticRegression(), r"LogisticRegression is no tree"),
        (make_pipeline(PCA(2), TREE), r"PCA cannot be .* features come from one column each"),
        (GaussianNB(), r"GaussianNB cannot be .* DecisionTreeRegressor\(max_leaf_nodes=16\)"),
    ],
)
def test_what_is_not_one_tree_is_refused(student, message):
    X, y, proba = table(2)
    model = Distiller(None, student).fit(X, y, teacher_proba=proba)
    with pytest.raises(UnknownPartError, match=message):
        rules(model)


def test_one_tree_for_each_class_is_not_one_tree():
    X, y, proba = table(3)
    booster = LGBMSoftClassifier(n_estimators=1, n_jobs=1)
    model = Distiller(None, booster).fit(X, y, teacher_proba=proba)
    with pytest.raises(UnknownPartError, match="LGBMSoftClassifier is 3 trees"):
        rules(model)


@pytest.mark.parametrize("max_rules", [0, -1, 2.5, True, "all"])
def test_max_rules_is_a_number_of_rules(cancer, max_rules):
    with pytest.raises(ValueError, match="'max_rules' parameter of rules must be"):
        rules(cancer[0], max_rules=max_rules)


def test_rows_are_those_of_the_model(cancer):
    model, X = cancer
    with pytest.raises(ValueError, match="mean radius"):
        rules(model, X.drop(columns="mean radius"))
    with pytest.raises(ValueError, match="NaN"):
        rules(model, X.mask(X > 100))
    with pytest.raises(ValueError, match="must be a fitted distiller, or its classifier_ or"):
        rules(RandomForestClassifier())
