"""
A forest in one tree
====================

A forest of 100 trees predicts well and slowly. Here one tree learns its
probabilities.

The table is scikit-learn's diabetes data: 442 patients, ten measurements. We ask
whether the disease got worse than it did for half of the patients. Labels like
these are noisy: no model gets them all right. That is where a tree on its own does
badly, and where it gains most from a teacher.
"""

import pickle
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller
from skdistill.evaluation import student_on_labels

X, progression = load_diabetes(return_X_y=True, as_frame=True)
y = (progression > progression.median()).astype(int)

# %%
# The teacher is a forest, the student a tree of any size. With ``cv="oob"`` the
# forest is fitted once, and about each patient only those of its trees are asked
# that have not seen the patient.

teacher = RandomForestClassifier(100, random_state=0)
student = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
model = CrossFitDistiller(teacher, student, cv="oob")

# %%
# A fair comparison is on rows that none of them has seen. ``student_on_labels``
# makes a classifier of the same tree without a teacher.

folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
scores = {
    "forest": cross_val_score(teacher, X, y, cv=folds, scoring="roc_auc"),
    "tree taught by the forest": cross_val_score(
        model, X, y, cv=folds, scoring="roc_auc"
    ),
    "tree on labels": cross_val_score(
        student_on_labels(student), X, y, cv=folds, scoring="roc_auc"
    ),
}
for name, values in scores.items():
    print(f"{name:26} AUC {values.mean():.3f}")

# %%
# The taught tree comes close to the forest, far above the tree on labels. What does
# it cost? ``classifier_`` is the student alone, which is what you would ship.

model.fit(X, y)
teacher.fit(X, y)


def milliseconds(classifier):
    """Return the time that one row takes, the best of five."""
    times = []
    for _ in range(5):
        start = perf_counter()
        classifier.predict_proba(X[:1])
        times.append(perf_counter() - start)
    return 1000 * min(times)


for name, classifier in [("forest", teacher), ("taught tree", model.classifier_)]:
    size = len(pickle.dumps(classifier)) / 1000
    print(
        f"{name:12} {size:7,.0f} kB  {milliseconds(classifier):6.2f} ms for one row"
    )

# %%
# All folds in one picture: every line is one fold.

values = np.array(list(scores.values()))
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(values, color="0.8", linewidth=1)
ax.plot(values.mean(axis=1), "o-", color="#0072b2", linewidth=2, label="mean")
ax.set_xticks(range(3), scores)
ax.set_ylabel("AUC on held-out patients")
ax.legend()
plt.show()
