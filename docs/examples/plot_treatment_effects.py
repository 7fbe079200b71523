"""
A tree of treatment effects
===========================

Who gains from a treatment? Nobody has ever seen an effect: each patient was treated
or was not. So effects are estimated, by a causal forest, a T-learner or another
model of that kind, and such models are large, and say nothing that a doctor could
read. A small tree can learn what they say. All it needs are their predictions,
wherever they come from, such as ``effect(X)`` of EconML; here a T-learner is made
by hand.

The trial is simulated, so that the true effects are known: the treatment helps
where the disease is severe, and less in old age.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeRegressor, plot_tree

from skdistill import DistillerRegressor, LossCorrectedDistillerRegressor


def make_trial(n, seed):
    """Return patients, who of them was treated, the outcome and the true effect."""
    rng = np.random.default_rng(seed)
    patients = pd.DataFrame(
        {
            "age": rng.uniform(20, 80, n),
            "severity": rng.uniform(0, 10, n),
            "weight": rng.normal(75, 12, n),
            "pressure": rng.normal(130, 15, n),
        }
    )
    severe = patients["severity"] > 6
    effect = np.where(severe, 4, 1) - 0.06 * (patients["age"] - 50).clip(lower=0)
    untreated = (
        40
        + 0.2 * patients["age"]
        - 2 * patients["severity"]
        + 0.1 * patients["pressure"]
        + 3 * np.sin(patients["weight"] / 6)
    )
    treated = rng.integers(0, 2, n)
    outcome = untreated + treated * effect + rng.normal(0, 4, n)
    return patients, treated, outcome, effect


X, treated, y, _ = make_trial(2_000, seed=0)

# %%
# A T-learner is two models, one of the treated and one of the others. The effect is
# the difference of their answers. Each patient is answered by models that have not
# seen the patient.


def two_models(X, treated, y):
    """Return a model of outcomes without the treatment, and one with it."""
    model = LGBMRegressor(n_estimators=60, num_leaves=8, n_jobs=1, verbose=-1)
    arms = [treated == 0, treated == 1]
    return [clone(model).fit(X[arm], y[arm]) for arm in arms]


def unseen_outcomes(X, treated, y):
    """Return what is predicted for each patient without and with the treatment."""
    outcomes = np.empty((len(X), 2))
    for train, rest in KFold(3, shuffle=True, random_state=0).split(X):
        models = two_models(X.iloc[train], treated[train], y.iloc[train])
        answers = [model.predict(X.iloc[rest]) for model in models]
        outcomes[rest] = np.transpose(answers)
    return outcomes


outcomes = unseen_outcomes(X, treated, y)
effect = outcomes[:, 1] - outcomes[:, 0]

# %%
# These predictions are all that the student learns from. There is no teacher to
# fit, hence ``None``, and there are no labels: no ``y`` is given.

tree = DecisionTreeRegressor(max_leaf_nodes=6, min_samples_leaf=50, random_state=0)
taught = DistillerRegressor(None, tree).fit(X, teacher_prediction=effect)

fig, ax = plt.subplots(figsize=(9, 4.5), layout="constrained")
plot_tree(
    taught.student_,
    feature_names=list(X),
    impurity=False,
    label="none",
    precision=1,
    filled=True,
    fontsize=8,
    ax=ax,
)
plt.show()

# %%
# Each box holds a question, the number of patients and their mean effect. The tree
# has found both reasons: a severity of about 6, and the age. Its lowest questions
# are about noise. How close are its answers to the truth?
#
# Labels that nobody has seen
# ---------------------------
# In a trial each patient has a number whose mean is the effect, though it is very
# noisy: the *doubly robust score*, the predicted effect and twice what the
# patient's own outcome differs from its prediction, with the sign of the arm. As
# its mean is right, it can stand where labels do. A tree may learn it alone, which
# is known as a DR-learner, or it corrects what is taught. One trial proves little,
# so here are eight.


def far_off(answer, truth):
    """Return the mean squared distance, as a share of the effects' variance."""
    return np.mean((answer - truth) ** 2) / truth.var()


left = {}
for seed in range(8):
    X, treated, y, _ = make_trial(2_000, seed)
    X_test, _, _, truth = make_trial(5_000, seed + 100)
    outcomes = unseen_outcomes(X, treated, y)
    effect = outcomes[:, 1] - outcomes[:, 0]
    own = outcomes[np.arange(len(X)), treated]
    score = effect + np.where(treated == 1, 2, -2) * (y - own)

    without, with_it = two_models(X, treated, y)
    taught = DistillerRegressor(None, tree).fit(X, teacher_prediction=effect)
    corrected = LossCorrectedDistillerRegressor(None, tree, random_state=0)
    corrected.fit(X, score, teacher_prediction=effect)
    for name, answer in {
        "T-learner": with_it.predict(X_test) - without.predict(X_test),
        "tree on scores": tree.fit(X, score).predict(X_test),
        "tree, taught effects": taught.predict(X_test),
        "the same, corrected by scores": corrected.predict(X_test),
    }.items():
        left.setdefault(name, []).append(far_off(answer, truth))

print("squared distance from the true effects, whose variance is 1:")
for name, values in left.items():
    error = np.std(values, ddof=1) / len(values) ** 0.5
    print(f"{name:30} {np.mean(values):.2f} ± {error:.2f}")

# %%
# The tree is closer to the truth than what taught it: effects are simple here, and
# six leaves cannot repeat the noise of two boosted models. Where true effects are
# as complicated as the models, a tree tells only the largest part of them. The
# scores alone are too noisy for a trial of this size; as a correction they help.
