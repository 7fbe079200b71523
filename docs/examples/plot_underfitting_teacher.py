"""
Rescue of an underfitting teacher
=================================

A teacher that is too simple is wrong in the same way on all rows, seen or not.
Cross-fitting does not help. The labels do:
:class:`~skdistill.LossCorrectedDistiller` learns from them where the teacher is
wrong, and the student can end up better than its teacher.

The rows are simulated and their true probabilities known. The teacher is a forest
whose trees may ask 1 to 12 questions in a row.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller
from skdistill.evaluation import make_noisy_table, student_on_labels

X, y, _ = make_noisy_table(2000, random_state=0)
X_test, _, truth = make_noisy_table(5000, random_state=1)


def excess(classifier):
    """Return the expected log loss, less that of the true probabilities."""
    proba = np.clip(classifier.predict_proba(X_test), 1 / 500, 1)
    return np.mean(np.sum(truth * (np.log(truth) - np.log(proba)), axis=1))


# %%
# The student is a tree of 64 leaves. On labels alone it learns a lot of noise.

student = DecisionTreeRegressor(max_leaf_nodes=64, random_state=0)

depths = [1, 2, 4, 8, 12]
curves = {"teacher": [], "in-sample": [], "cross-fit": [], "corrected": []}
for depth in depths:
    teacher = RandomForestClassifier(60, max_depth=depth, random_state=0)
    models = {
        "teacher": teacher,
        "in-sample": Distiller(teacher, student),
        "cross-fit": CrossFitDistiller(teacher, student, cv="oob"),
        "corrected": LossCorrectedDistiller(
            teacher, student, cv="oob", random_state=0
        ),
    }
    for name, model in models.items():
        curves[name].append(excess(model.fit(X, y)))
on_labels = excess(student_on_labels(student).fit(X, y))

# %%
# In-sample and cross-fitted students inherit the bias of a simple teacher. The
# corrected student is better than such a teacher, and far better than the same tree
# on labels. The deeper the teacher, the less there is to correct.

looks = {
    "teacher": {"color": "black", "linestyle": "--"},
    "in-sample": {"color": "#d55e00", "marker": "o"},
    "cross-fit": {"color": "#0072b2", "marker": "o"},
    "corrected": {"color": "#009e73", "marker": "o"},
}
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, values in curves.items():
    ax.plot(depths, values, label=name, **looks[name])
ax.axhline(on_labels, color="#8c8c8c", label="student on labels")
ax.set_xticks(depths)
ax.set(xlabel="depth of the teacher's trees", ylim=(0, None))
ax.set_ylabel("log loss above the best possible")
ax.legend()
plt.show()

print(f"depth      {'  '.join(f'{depth:5}' for depth in depths)}")
for name, values in curves.items():
    print(f"{name:10} {'  '.join(f'{value:.3f}' for value in values)}")
print(f"student on labels: {on_labels:.3f}")
