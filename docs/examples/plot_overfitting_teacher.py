"""
Rescue of an overfitting teacher
================================

An unpruned forest has learned most of each label by heart. Asked about its own
training rows, it repeats these labels to the student, noise included. Cross-fitting
asks it about rows that it has not seen.

The rows are simulated, so that the true probabilities are known, and we can measure
exactly how far a student is from the best possible model.
"""

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller
from skdistill.evaluation import make_noisy_table, student_on_labels

X, y, _ = make_noisy_table(2000, random_state=0)
X_test, _, truth = make_noisy_table(5000, random_state=1)


def excess(classifier):
    """Return the expected log loss, less that of the true probabilities."""
    proba = np.clip(classifier.predict_proba(X_test), 1 / 500, 1)
    return np.mean(np.sum(truth * (np.log(truth) - np.log(proba)), axis=1))


# %%
# What the teacher says
# ---------------------
# The rows are shown below, at the teacher's probability of class 1. In-sample
# answers stick to the labels: rows of class 1 are on the right, those of class 0 on
# the left. The true probabilities do not look like that at all. Out-of-bag answers
# overlap as they should.

teacher = RandomForestClassifier(200, random_state=0)
student = DecisionTreeRegressor(random_state=0)
answers = {}
for name, model in {
    "asked about its own rows": Distiller(
        teacher, student, store_teacher_proba=True
    ),
    "asked out-of-bag": CrossFitDistiller(
        teacher, student, cv="oob", store_teacher_proba=True
    ),
}.items():
    answers[name] = model.fit(X, y).teacher_proba_[:, 1]

fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
for ax, (name, proba) in zip(axes, answers.items(), strict=True):
    bins = np.linspace(0, 1, 31)
    ax.hist(
        proba[y == 0], bins, alpha=0.6, color="#b3a100", label="rows of class 0"
    )
    ax.hist(
        proba[y == 1], bins, alpha=0.6, color="#7a5195", label="rows of class 1"
    )
    ax.set(title=name, xlabel="teacher's probability of class 1")
axes[0].set_ylabel("rows")
axes[1].legend()
plt.show()

# %%
# What the student makes of it
# ----------------------------
# The larger the tree, the more of the noise it can repeat. On labels and on
# in-sample answers large trees get worse and worse; pruning is their cure. On
# cross-fitted answers the size hardly matters. With ``memory`` the forest is asked
# once in each way, whatever the number of students.

folder = TemporaryDirectory()
sizes = [4, 16, 64, 256, 1024]
curves = {"on labels": [], "in-sample": [], "cross-fit": []}
for size in sizes:
    tree = DecisionTreeRegressor(max_leaf_nodes=size, random_state=0)
    curves["on labels"].append(excess(student_on_labels(tree).fit(X, y)))
    in_sample = Distiller(teacher, tree, memory=folder.name)
    curves["in-sample"].append(excess(in_sample.fit(X, y)))
    cross_fit = CrossFitDistiller(
        teacher, tree, cv="oob", random_state=0, memory=folder.name
    )
    curves["cross-fit"].append(excess(cross_fit.fit(X, y)))
folder.cleanup()

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, values), colour in zip(
    curves.items(), ["#8c8c8c", "#d55e00", "#0072b2"], strict=True
):
    ax.plot(sizes, values, "o-", color=colour, label=name)
ax.axhline(
    excess(teacher.fit(X, y)), color="black", linestyle="--", label="teacher"
)
ax.set(xscale="log", yscale="log", xlabel="leaves of the student")
ax.set_xticks(sizes, sizes)
losses = [0.05, 0.1, 0.2, 0.5, 1]
ax.set_yticks(losses, losses)
ax.minorticks_off()
ax.set_ylabel("log loss above the best possible")
ax.legend()
plt.show()

for name, values in curves.items():
    print(f"{name:10} {'  '.join(f'{value:.3f}' for value in values)}")
