"""
Search over the student with GridSearchCV
=========================================

A distiller is a scikit-learn classifier, so
:class:`~sklearn.model_selection.GridSearchCV` can tune it. Parameters of the
student are called ``student__...``, those of the teacher ``teacher__...``.

With ``memory`` the teacher is asked once for each fold of the search and not once
for each candidate. That needs an int as ``random_state``, so that the folds are the
same each time.
"""

from tempfile import TemporaryDirectory
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeRegressor

from skdistill import LossCorrectedDistiller
from skdistill.evaluation import neg_log_loss_floored

X, y = load_breast_cancer(return_X_y=True)

model = LossCorrectedDistiller(
    RandomForestClassifier(50, random_state=0),
    DecisionTreeRegressor(random_state=0),
    cv="oob",
    random_state=0,
)
grid = {"student__max_leaf_nodes": [4, 8, 16], "c": [0.0, 0.2, 0.5]}

# %%
# ``c`` is the share of the label in the corrected target. The scorer floors
# probabilities at 1/500; scikit-learn's ``"neg_log_loss"`` would count one sure
# mistake of a tree more than all else.

seconds = {}
with TemporaryDirectory() as folder:
    for name, memory in {"without memory": None, "with memory": folder}.items():
        search = GridSearchCV(
            clone(model).set_params(memory=memory),
            grid,
            scoring=neg_log_loss_floored,
            cv=3,
        )
        start = perf_counter()
        search.fit(X, y)
        seconds[name] = perf_counter() - start
        print(f"{name:15} {seconds[name]:5.1f} s, best: {search.best_params_}")

# %%
# Both find the same. All candidates:

results = pd.DataFrame(search.cv_results_)
table = results.pivot(
    index="param_student__max_leaf_nodes",
    columns="param_c",
    values="mean_test_score",
)
losses = -table
print(losses.round(4))

fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
image = ax.imshow(losses, cmap="viridis_r", aspect="auto")
ax.set_xticks(range(losses.shape[1]), losses.columns)
ax.set_yticks(range(losses.shape[0]), losses.index)
ax.set(xlabel="c, share of the label", ylabel="leaves of the student")
for (row, column), value in np.ndenumerate(losses.to_numpy()):
    ax.text(
        column,
        row,
        f"{value:.3f}",
        ha="center",
        va="center",
        color="white",
        bbox={"facecolor": "black", "alpha": 0.35, "edgecolor": "none", "pad": 2},
    )
fig.colorbar(image, label="log loss")
plt.show()
