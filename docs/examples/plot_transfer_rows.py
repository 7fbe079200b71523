"""
More rows than were ever labelled
=================================

A teacher answers about any row, not only about those with labels. So a student can
learn from far more rows than there are labels for, if somebody makes them. Large
trees gain most: each of their leaves has few rows, too few to know what to say.

Here we make rows in three ways: inside the nodes of the teacher's own trees, by
exchanges between nearest neighbours, and by a density that another package
estimates.
"""

import matplotlib.pyplot as plt
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KernelDensity
from sklearn.tree import DecisionTreeRegressor

from skdistill import LossCorrectedDistiller, MungeSampler
from skdistill.evaluation import make_noisy_table, neg_log_loss_floored

X, y, _ = make_noisy_table(1000, random_state=0)
X_test, y_test, _ = make_noisy_table(10_000, random_state=1)

# %%
# ``transfer="nodes"`` asks the distiller to make rows itself. Any other value is an
# object with ``fit(X)`` and ``sample(n_samples)``. Scikit-learn's ``KernelDensity``
# has both; it has never heard of us.

ways = {
    "no further rows": None,
    "nodes of the teacher": "nodes",
    "nearest neighbours": MungeSampler(random_state=0),
    "KernelDensity": KernelDensity(bandwidth=0.3),
}

# %%
# The teacher is a forest, asked out-of-bag: about a made row only those of its
# trees answer that have not seen the row that it was made of. ``KernelDensity``
# does not say what its rows were made of, so that all trees answer about them.

teacher = RandomForestClassifier(100, random_state=0)
sizes = [8, 32, 128, None]
losses = {name: [] for name in ways}
for name, transfer in ways.items():
    for leaves in sizes:
        student = DecisionTreeRegressor(max_leaf_nodes=leaves, random_state=0)
        model = LossCorrectedDistiller(
            teacher, student, cv="oob", transfer=transfer, random_state=0
        )
        model.fit(X, y)
        losses[name].append(-neg_log_loss_floored(model, X_test, y_test))
    print(f"{name:21}", *(f"{loss:.3f}" for loss in losses[name]))

# %%
# All trees learn from 1,000 labels, and where rows are made from 6,000 of these
# besides. A large tree gains, a small one does not: its few leaves had rows enough.
# The density is at its best here, since the columns of this table are normal and
# independent; codes, words and missing values it cannot take, while the other two
# can.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.set_prop_cycle(color=["#009e73", "#56b4e9", "#7a5195", "#b3a100"])
for name, values in losses.items():
    style = "--" if ways[name] is None else "-"
    ax.plot(range(len(sizes)), values, "o" + style, label=name)
ax.set_xticks(range(len(sizes)), [size or "unpruned" for size in sizes])
ax.set_xlabel("leaves of the tree")
ax.set_ylabel("log loss on test rows")
ax.legend()
plt.show()
