"""
Text, gaps and numbers: Pipelines on both sides
===============================================

Frames reach the teacher and the student as they are. So each can have a Pipeline of
its own, which prepares the columns in the way that suits it: one-hot columns for a
forest, say, and ordinal codes for a tree.

The table is simulated: loans, with a text column and missing values.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import RocCurveDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller
from skdistill.evaluation import student_on_labels

rng = np.random.default_rng(0)
n = 3000
loans = pd.DataFrame(
    {
        "income": rng.lognormal(10.3, 0.5, n),
        "debt": rng.lognormal(9, 0.8, n),
        "age": rng.integers(20, 70, n).astype(float),
        "purpose": rng.choice(["car", "home", "education", "holiday"], n),
    }
)
risk = (
    np.log(loans["debt"] / loans["income"])
    + loans["purpose"].eq("holiday")
    - 0.02 * loans["age"]
)
y = np.where(rng.random(n) < expit(1.5 * (risk + 1.6)), "late", "paid")
loans.loc[rng.random(n) < 0.1, "income"] = np.nan
print(loans.head())

X_train, X_test, y_train, y_test = train_test_split(
    loans, y, test_size=0.5, random_state=0
)

# %%
# Two ways to prepare the same columns:

is_text, is_number = (
    make_column_selector(dtype_exclude="number"),
    make_column_selector(dtype_include="number"),
)
teacher = make_pipeline(
    make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), is_text),
        (SimpleImputer(add_indicator=True), is_number),
    ),
    RandomForestClassifier(200, random_state=0),
)
student = make_pipeline(
    make_column_transformer(
        (OrdinalEncoder(), is_text),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ),
    DecisionTreeRegressor(max_leaf_nodes=128, random_state=0),
)

# %%
# ``cv="oob"`` works for a Pipeline that ends in a forest, too. The labels are text;
# the distiller answers with the same text.

model = CrossFitDistiller(teacher, student, cv="oob").fit(X_train, y_train)
print(model.classes_, model.predict(X_test[:3]))

# %%
# The student in ``classifier_`` is the whole Pipeline, so it takes frames with text
# and gaps.

alone = student_on_labels(student).fit(X_train, y_train)
teacher.fit(X_train, y_train)

fig, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for name, classifier, colour in [
    ("forest, one-hot columns", teacher, "black"),
    ("tree taught by it, ordinal codes", model.classifier_, "#0072b2"),
    ("the same tree on labels", alone, "#8c8c8c"),
]:
    # Of the names in classes_, the second is the positive class.
    RocCurveDisplay.from_predictions(
        y_test == model.classes_[1],
        classifier.predict_proba(X_test)[:, 1],
        name=name,
        curve_kwargs={"color": colour},
        ax=ax,
    )
plt.show()
