"""
A student that needs fewer columns
==================================

Some columns are expensive: a laboratory test, a slow service, something that is
known only a day later. The teacher may use them in training, and the student learns
to do without.

In scikit-learn's breast cancer data there are 30 measurements of cell nuclei: ten
means, ten standard errors and ten "worst" values. Say that at prediction time we
have the means alone.
"""

import matplotlib.pyplot as plt
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller
from skdistill.evaluation import neg_log_loss_floored, student_on_labels

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
cheap = [name for name in X.columns if name.startswith("mean ")]
print(
    f"{X.shape[1]} columns, {len(cheap)} of them cheap: {', '.join(cheap[:3])}, ..."
)

# %%
# A Pipeline whose first step picks columns makes the difference. The distiller
# hands the whole frame to both.

teacher = make_pipeline(StandardScaler(), LogisticRegression())
student = make_pipeline(
    make_column_transformer(("passthrough", cheap)),
    DecisionTreeRegressor(min_samples_leaf=5, random_state=0),
)
model = CrossFitDistiller(teacher, student, cv=5, random_state=0)

folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=4, random_state=0)
scores = {}
for name, classifier in {
    "teacher,\nall columns": teacher,
    "taught tree,\ncheap columns": model,
    "tree on labels,\ncheap columns": student_on_labels(student),
}.items():
    scores[name] = -cross_val_score(
        classifier, X, y, cv=folds, scoring=neg_log_loss_floored
    )
    print(f"{name.replace(chr(10), ' '):30} log loss {scores[name].mean():.3f}")

# %%
# At prediction time the cheap columns suffice:

model.fit(X, y)
print(model.predict(X[cheap][:5]))

# %%
# How much was gained, fold by fold:

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.boxplot(list(scores.values()), tick_labels=list(scores), widths=0.5)
ax.set_ylabel("log loss on held-out rows")
ax.set_ylim(bottom=0)
plt.show()
