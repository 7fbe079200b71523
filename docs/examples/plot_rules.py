"""
Read a distilled tree as rules
==============================

A small tree can be read, printed and discussed. One that was taught by a forest
says in a few rules what the forest says, as far as a few rules can.

The table is scikit-learn's breast cancer data.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    cross_validate,
    train_test_split,
)
from sklearn.tree import DecisionTreeRegressor, plot_tree

from skdistill import CrossFitDistiller
from skdistill.evaluation import neg_log_loss_floored, student_on_labels
from skdistill.export import rules

data = load_breast_cancer(as_frame=True)
X, y = data.data, data.target  # 1 is benign
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, random_state=0
)

model = CrossFitDistiller(
    RandomForestClassifier(100, random_state=0),
    DecisionTreeRegressor(max_leaf_nodes=6, random_state=0),
    cv="oob",
).fit(X_train, y_train)

# %%
# Each leaf is a rule, told with the probability that such a tumour is benign, in
# the forest's opinion, and with the share of test rows for which it holds. Exactly
# one holds for each row, and ``or missing`` says where one with a gap would go.
# Splits on one column are joined to an interval; where a Pipeline scales or encodes
# first, rules are in the units and categories of the table all the same.

found = rules(model, X_test)
found

# %%
# To a program a rule is plain values:

for condition in found[0].conditions:
    print(condition.column, condition.intervals, condition.missing)
print(found[0].n_rows, found[0].probabilities)

# %%
# ``student_`` is an ordinary scikit-learn tree, so everything that scikit-learn has
# for trees works.

fig, ax = plt.subplots(figsize=(11, 5.5), layout="constrained")
plot_tree(
    model.student_,
    feature_names=list(X.columns),
    impurity=False,
    filled=True,
    rounded=True,
    precision=2,
    fontsize=9,
    ax=ax,
)
plt.show()

# %%
# How faithful are six rules to 100 trees? Two numbers, on test rows: the share of
# rows in which both say the same, and how much of the variation of the forest's
# probabilities the tree explains.

teacher = RandomForestClassifier(100, random_state=0).fit(X_train, y_train)
agreement = (teacher.predict(X_test) == model.predict(X_test)).mean()
explained = r2_score(
    teacher.predict_proba(X_test)[:, 1], model.predict_proba(X_test)[:, 1]
)
print(f"same answer as the forest: {agreement:.3f} of rows")
print(f"R² of its probabilities:   {explained:.3f}")

# %%
# And what is lost? By cross-validation, because 143 test rows tell little:

classifiers = {
    "forest": teacher,
    "taught tree": model,
    "tree on labels": student_on_labels(model.student),
}
folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
for name, classifier in classifiers.items():
    scores = cross_validate(
        classifier,
        X,
        y,
        cv=folds,
        scoring={"accuracy": "accuracy", "loss": neg_log_loss_floored},
    )
    accuracy, loss = scores["test_accuracy"].mean(), -scores["test_loss"].mean()
    print(f"{name:15} accuracy {accuracy:.3f}  log loss {loss:.3f}")

# %%
# Six rules lose some of the forest's accuracy, taught or not. What teaching
# improves here are the probabilities, as the log loss says: a leaf of the tree on
# labels is surer than it should be.
