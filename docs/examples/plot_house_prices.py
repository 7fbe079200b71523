"""
House prices: one tree out of a boosted ensemble
================================================

Boosted trees are hard to beat on a table of houses, and hard to read, to send or to
run where a spreadsheet is all there is. Here one tree learns what a boosted
ensemble says about prices.

The houses are made up: no table of sales comes with scikit-learn, and this site
fetches nothing. Prices are multiplied together from what buyers pay for, with a
deviation of a fifth that nobody can explain. What can be learned from them is true
of these houses alone.
"""

import pickle
from tempfile import TemporaryDirectory
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistillerRegressor, LossCorrectedDistillerRegressorCV
from skdistill.export import rules, to_sql


def make_houses(n, seed=0):
    """Return houses, and their prices in thousands."""
    rng = np.random.default_rng(seed)
    area = rng.lognormal(4.7, 0.35, n)
    houses = pd.DataFrame(
        {
            "area": area,
            "plot": area * rng.lognormal(1, 0.5, n),
            "rooms": np.clip(np.round(area / 28 + rng.normal(0, 1, n)), 1, 12),
            "year": np.round(rng.triangular(1900, 1975, 2020, n)),
            "quality": rng.integers(1, 11, n),
            "km_to_centre": rng.gamma(2, 4, n),
            "minutes_to_train": rng.gamma(2, 6, n),
            "garages": rng.integers(0, 3, n),
        }
    )
    log_price = (
        5
        + 0.75 * np.log(area / 100)
        + 0.08 * np.log(houses["plot"] / 300)
        + 0.07 * (houses["quality"] - 5)
        - 0.9 * np.log1p(houses["km_to_centre"] / 10)
        - 0.012 * houses["minutes_to_train"].clip(upper=30)
        + 0.25 * ((houses["year"] > 2000) | (houses["year"] < 1920))
        + 0.05 * houses["garages"] * (houses["km_to_centre"] > 6)
    )
    return houses, np.exp(log_price + rng.normal(0, 0.2, n))


X, y = make_houses(12_000)
X, X_test, y, y_test = train_test_split(X, y, train_size=2_000, random_state=0)

# %%
# The teacher is the ensemble. What it says about a house must not come from trees
# that have seen the price, so it is fitted five times, each time without a fifth of
# the houses. Further houses are made besides (``transfer="nodes"``), about which
# the ensemble is asked as well. ``memory`` keeps its answers for all sizes of the
# student.

sizes = [8, 16, 32, 64, 128, 256, 512]
teacher = HistGradientBoostingRegressor(max_iter=100, random_state=0)
tree = DecisionTreeRegressor(random_state=0)
taught = CrossFitDistillerRegressor(teacher, tree, transfer="nodes", random_state=0)

r2 = {"tree on prices": [], "tree taught by the ensemble": []}
with TemporaryDirectory() as folder:
    taught.set_params(memory=folder)
    for leaves in sizes:
        tree.set_params(max_leaf_nodes=leaves)
        models = [tree, taught]
        for scores, model in zip(r2.values(), models, strict=True):
            scores.append(model.fit(X, y).score(X_test, y_test))
teacher.fit(X, y)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
best = teacher.score(X_test, y_test)
ax.axhline(best, color="black", linestyle="--", label="ensemble")
for (name, scores), colour in zip(r2.items(), ["0.55", "#0072b2"], strict=True):
    ax.semilogx(sizes, scores, "o-", base=2, color=colour, label=name)
ax.set_xticks(sizes, sizes)
ax.set(xlabel="leaves", ylabel="R² on 10,000 houses", ylim=(0.4, 0.8))
ax.legend(loc="lower right")
plt.show()

# %%
# A tree on prices gets worse when it grows beyond some dozen leaves, as it learns
# the fifth that cannot be explained. What the ensemble says has no such noise, and
# the taught tree may grow.
#
# With nothing to choose
# ----------------------
# The search tries prices alone, and all kinds of teaching, shrinks the tree as far
# as is best, and keeps what does best on houses that it has not learned from. Its
# rival is the tree with the best size on prices. Errors are in thousands, times
# those of one house.

tree.set_params(max_leaf_nodes=512)
search = LossCorrectedDistillerRegressorCV(teacher, tree, cv=3, random_state=0)
search.fit(X, y)
print(f"chosen: {search.best_candidate_}, shrunk by {search.shrinkage_:g}\n")


def milliseconds(model):
    """Return the time that one house takes, the best of five."""
    times = []
    for _ in range(5):
        start = perf_counter()
        model.predict(X_test[:1])
        times.append(perf_counter() - start)
    return 1000 * min(times)


tuned = GridSearchCV(tree, {"max_leaf_nodes": sizes}).fit(X, y).best_estimator_
for name, model in {
    "ensemble": teacher,
    "tree, tuned on prices": tuned,
    "tree, by the search": search.regressor_,
}.items():
    error = np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2))
    print(
        f"{name:22} R² {model.score(X_test, y_test):.3f}, off by {error:.1f}, "
        f"{len(pickle.dumps(model)) / 1000:3.0f} kB, {milliseconds(model):.2f} ms"
    )

# %%
# ``regressor_`` is the tree without its teacher: that is what ships, as a pickle or
# as :ref:`a file for another place <ship_it>`. To SQLite, say:

query = to_sql(
    search, dialect="sqlite", X=X_test[:1_000], table="houses", keep=["id"]
)
print(f"{len(query) / 1000:.0f} kB of SQL, compared with the tree on 1,000 houses")

# %%
# Who wants to read the tree gives it few leaves, and gains little, as the picture
# shows: it is not noise that such a tree suffers from. Each leaf is a rule, told
# with its price, in thousands, and its share of the other houses:

small = DecisionTreeRegressor(max_leaf_nodes=6, random_state=0)
rules(CrossFitDistillerRegressor(teacher, small, random_state=0).fit(X, y), X_test)
