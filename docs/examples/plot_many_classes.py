"""
Many classes
============

With many classes a teacher says more than "it is a 3". It says "a 3, and if not, an
8". A student that learns these probabilities makes fewer sure mistakes.

The table is scikit-learn's handwritten digits: 1,797 images of 8 × 8 pixels, ten
classes.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller
from skdistill.evaluation import neg_log_loss_floored, student_on_labels

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, random_state=0
)

# %%
# Nothing needs to be said about the number of classes. A regressor as student
# learns one output for each: a tree does that by itself, and other regressors are
# fitted once for each class.

teacher = RandomForestClassifier(200, random_state=0)
student = DecisionTreeRegressor(max_leaf_nodes=200, random_state=0)

models = {
    "forest": teacher,
    "tree on labels": student_on_labels(student),
    "tree, in-sample": Distiller(teacher, student),
    "tree, cross-fit": CrossFitDistiller(teacher, student, cv="oob"),
    "tree, corrected": LossCorrectedDistiller(
        teacher, student, cv="oob", random_state=0
    ),
}
for name, model in models.items():
    model.fit(X_train, y_train)
    loss = -neg_log_loss_floored(model, X_test, y_test)
    print(
        f"{name:16} accuracy {model.score(X_test, y_test):.3f}  log loss {loss:.3f}"
    )

# %%
# These labels are clean. Then a teacher that sticks to its training labels does no
# harm, and cross-fitting gains nothing over in-sample answers. Compare
# :ref:`sphx_glr_gallery_plot_overfitting_teacher.py`, where labels are noisy.
#
# What each tree answers
# ----------------------
# The mean probability of each class, for images of each digit. The tree on labels
# is always certain: where it errs, it errs completely. The taught tree keeps what
# the forest takes for similar.

fig, axes = plt.subplots(
    1, 2, figsize=(9.5, 4.3), sharey=True, layout="constrained"
)
for ax, name in zip(axes, ["tree on labels", "tree, in-sample"], strict=True):
    wrong = models[name].predict(X_test) != y_test
    surest = models[name].predict_proba(X_test)[wrong].max(axis=1)
    surely = f"{np.mean(surest > 0.9):.0%} of them surely"
    print(f"{name:16} {wrong.sum()} of {len(wrong)} wrong, {surely}")
    proba = models[name].predict_proba(X_test)
    mean = np.array([proba[y_test == digit].mean(axis=0) for digit in range(10)])
    image = ax.imshow(
        mean.clip(0.001), cmap="Blues", norm="log", vmin=0.001, vmax=1
    )
    ax.set(title=name, xlabel="class", xticks=range(10), yticks=range(10))
axes[0].set_ylabel("digit in the image")
fig.colorbar(image, ax=axes, label="mean probability (logarithmic)")
plt.show()
