"""
A fast student of a quantile forest
===================================

A quantile forest keeps, in each leaf of each tree, the rows that fell there. Asked
about a new row it looks up all who share a leaf with it, and gives their median or
any other quantile. That is good and slow, and it must carry its rows around. A
student learns the quantile as a number, and carries nothing.

There are packages of such forests. To need none, here is one in twenty lines.
"""

import pickle
from textwrap import fill
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from lightgbm import LGBMRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistillerRegressor, LossCorrectedDistillerRegressor


class QuantileForest(RegressorMixin, BaseEstimator):
    """Answers a quantile of the rows that share leaves with the one in question."""

    def __init__(self, quantile=0.5):
        self.quantile = quantile

    def fit(self, X, y):
        forest = RandomForestRegressor(50, min_samples_leaf=10, random_state=0)
        self.forest_ = forest.fit(X, y)
        order = np.argsort(y)
        self.y_, self.leaves_ = y[order], forest.apply(X)[order]
        return self

    def predict(self, X):
        return np.array([self._of_row(leaves) for leaves in self.forest_.apply(X)])

    def _of_row(self, leaves):
        together = self.leaves_ == leaves
        weight = (together / together.sum(axis=0)).sum(axis=1).cumsum()
        return self.y_[np.searchsorted(weight, self.quantile * weight[-1])]


# %%
# The numbers are amounts with a long tail, longer in some rows than in others: mean
# and median are far apart.


def make_amounts(n, seed):
    X, signal = make_friedman1(n, random_state=seed)
    tail = np.random.default_rng(seed).lognormal(0, 0.3 + 0.7 * X[:, 0])
    return X, np.exp(signal / 8) * tail


X, y = make_amounts(1_500, seed=0)
X_test, y_test = make_amounts(2_000, seed=1)

# %%
# A distiller does not ask what a number means: its student learns what the teacher
# answers, here medians by forests that have not seen the row. The student's own
# loss may be the squared error, as medians have no outliers. Its rival is a tree
# that minimises the absolute error by itself, of the best size. Both are judged by
# the pinball loss, which is least for the true quantile; for the median it is half
# of the absolute error. Times are those of one row.

teacher = QuantileForest(0.5).fit(X, y)
student = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
taught = CrossFitDistillerRegressor(
    teacher, student, random_state=0, store_teacher_prediction=True
).fit(X, y)
alone = GridSearchCV(
    DecisionTreeRegressor(criterion="absolute_error", random_state=0),
    {"min_samples_leaf": [10, 20, 40, 80]},
    scoring="neg_mean_absolute_error",
).fit(X, y)
boosted = LGBMRegressor(objective="quantile", alpha=0.5, n_jobs=1, verbose=-1)


def pinball(model):
    return mean_pinball_loss(y_test, model.predict(X_test), alpha=0.5)


def milliseconds(model):
    start = perf_counter()
    model.predict(X_test[:100])
    return (perf_counter() - start) * 10


losses = {}
for name, model in {
    "quantile forest": teacher,
    "tree taught by it": taught.regressor_,
    "tree on amounts, tuned": alone.best_estimator_,
    "LightGBM on amounts": boosted.fit(X, y),
}.items():
    losses[name] = pinball(model)
    print(
        f"{name:23} pinball loss {losses[name]:.2f}, {milliseconds(model):.3f} ms, "
        f"{len(pickle.dumps(model)) / 1000:5,.0f} kB"
    )

# %%
# The tree is close to its teacher, in a small part of its time and size, and better
# than a tree without a teacher. It needs one. LightGBM does not: it can minimise
# the pinball loss by itself, and is as good as the forest here. Try that first.
#
# What must not be done
# ---------------------
# A correction moves what is learned towards ``y``, and so towards the mean. With a
# teacher that answers a median this would go wrong without a sign, so it is
# refused:

try:
    LossCorrectedDistillerRegressor(teacher, student).fit(X, y)
except ValueError as error:
    print(fill(str(error), 84))

# %%
# Predictions that were made elsewhere do not say what they are, so nobody can
# refuse them. Here is what a share of ``y`` does to these medians: all answers move
# towards the mean, and the pinball loss rises.

medians = taught.teacher_prediction_
shares = [0, 0.1, 0.2, 0.3, 0.5]
rising = []
for share in shares:
    wrong = LossCorrectedDistillerRegressor(None, student, correction=share)
    rising.append(pinball(wrong.fit(X, y, teacher_prediction=medians)))

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.plot(shares, rising, "o-", color="#0072b2", label="tree, with a share of y")
ax.axhline(losses["quantile forest"], color="black", ls="--", label="its teacher")
ax.set(xlabel="share of y in what is learned", ylabel="pinball loss of the median")
ax.legend()
plt.show()
