"""
Everything in one table
=======================

Does distillation pay on this table? Which kind, and for which student? One call
answers: :func:`~skdistill.compare_students` trains each student in each way, and
measures what it costs and how well it does on rows that nobody has seen.

The rows are simulated, and their labels are noisy. Because the true probabilities
are known, we hand them over as ``bayes_proba``, and scores are those expected over
labels. Leave that out for a table of your own.
"""

import matplotlib.pyplot as plt
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from skdistill import compare_students
from skdistill.evaluation import make_noisy_table

X, y, _ = make_noisy_table(2000, random_state=0)
X_test, y_test, bayes_proba = make_noisy_table(10_000, random_state=1)

students = {
    "tree, unpruned": DecisionTreeRegressor(random_state=0),
    "tree of 16 leaves": DecisionTreeRegressor(max_leaf_nodes=16, random_state=0),
    "forest of 10": RandomForestRegressor(10, max_leaf_nodes=64, random_state=0),
}
comparison = compare_students(
    RandomForestClassifier(300, random_state=0),
    students,
    X,
    y,
    X_test=X_test,
    y_test=y_test,
    bayes_proba=bayes_proba,
    methods=["labels", "in_sample", "cross_fit", "corrected"],
    teacher_cv="oob",
    max_latency=2000,
    random_state=0,
)

# %%
# In a notebook the comparison shows itself as a table:

comparison

# %%
# Accuracy against prediction time. The dashed line is the Pareto front: nothing
# below it is worth its time. Here 2 ms per row was the budget, which the teacher
# misses.

comparison.plot()
plt.show()

# %%
# Are the probabilities right? Where a line lies on the diagonal, of the rows with
# "30 %" it was 30 % that came true. An unpruned tree on labels is always certain.

comparison.plot_reliability(student="tree, unpruned")
plt.show()

# %%
# What you would ship is in ``classifiers``:

small = comparison.classifiers["tree of 16 leaves", "corrected"]
print(small.predict_proba(X_test[:3]).round(3))
