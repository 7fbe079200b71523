"""
XGBoost by its own interface
============================

Where a booster is trained by ``xgboost.train``, in a program that is already there,
no estimator of scikit-learn can be handed to a distiller. All that the program has
to change is the label:
:func:`~skdistill.distillation_targets` makes the numbers that go there.

The rows are simulated, so that the true probabilities are known. As often where one
class is plentiful, only a third of the rows of class 0 was kept. Each of them has a
weight of 3 to make up for it.
"""

import matplotlib.pyplot as plt
import numpy as np
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from skdistill import distillation_targets, teacher_probabilities
from skdistill.evaluation import make_noisy_table


def draw_training_rows(seed):
    """Return rows, labels and weights."""
    X, y, _ = make_noisy_table(3000, random_state=seed)
    kept = (y == 1) | (np.arange(len(y)) % 3 == 0)
    return X[kept], y[kept], np.where(y[kept] == 1, 1.0, 3.0)


X_test, y_test, truth = make_noisy_table(5000, random_state=100)


def excess(positive):
    """Return the expected log loss, less that of the true probabilities."""
    proba = np.clip(np.column_stack([1 - positive, positive]), 1 / 500, 1)
    return np.mean(np.sum(truth * (np.log(truth) - np.log(proba)), axis=1))


# %%
# Targets for the booster
# -----------------------
# The objective ``binary:logistic`` minimises the cross-entropy between the logistic
# function of the booster's score and its label. The label may be any number in
# [0, 1], and the booster learns the mean of such numbers.
#
# So ask for the targets of ``loss="squared_error"``, whatever the booster calls its
# own loss: they are probabilities of the second class, moved by the correction
# towards the label and never past it. Those of ``loss="cross_entropy"`` can be
# signed by a correction, mostly at a temperature other than 1, and XGBoost refuses
# labels outside [0, 1]. Those of ``loss="squared_error_logit"`` are log-odds.
#
# The teacher is asked once, out-of-bag, and its answers serve for both targets.

teacher = RandomForestClassifier(300, min_samples_leaf=3, random_state=0)


def targets_of(X, y, weight):
    """Return what three boosters learn."""
    asked = teacher_probabilities(teacher, X, y, cv="oob", sample_weight=weight)
    given = {
        "loss": "squared_error",
        "teacher_proba": asked,
        "sample_weight": weight,
        "random_state": 0,
    }
    return {
        "on labels": y,
        "cross-fit": distillation_targets(None, X, y, correction=None, **given),
        "corrected": distillation_targets(
            None, X, y, correction="residual", **given
        ),
    }


X, y, weight = draw_training_rows(0)
for name, target in targets_of(X, y, weight).items():
    print(f"{name}: {np.min(target):.2f} to {np.max(target):.2f}")

# %%
# Training
# --------
# The weights go to the teacher, to the correction and to the booster. The booster
# starts from the weighted mean of its targets, ``base_score``, which is a
# probability.

params = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "nthread": 1}
rounds = [10, 20, 40, 80, 160]
test_rows = xgboost.DMatrix(X_test)


def train(X, target, weight, n_rounds):
    """Return a booster; this is the part that a program already has."""
    start = float(np.average(target, weights=weight))
    rows = xgboost.DMatrix(X, label=target, weight=weight)
    return xgboost.train({**params, "base_score": start}, rows, n_rounds)


# %%
# A booster can be asked after fewer rounds than it has. For labels these matter, so
# the rival that counts is the booster on labels whose rounds were chosen by
# cross-validation. It needs no teacher.


def tuned_on_labels(X, y, weight):
    """Return a booster with the best number of rounds in five folds."""
    rows = xgboost.DMatrix(X, label=y, weight=weight)
    history = xgboost.cv(
        params,
        rows,
        rounds[-1],
        nfold=5,
        stratified=True,
        metrics="logloss",
        early_stopping_rounds=20,
        as_pandas=False,
        seed=0,
    )
    best = int(np.argmin(history["test-logloss-mean"])) + 1
    return train(X, y, weight, best)


losses = {name: [] for name in ["on labels", "cross-fit", "corrected"]}
areas = {name: [] for name in losses}
of_teacher, of_rival = [], []
for seed in range(5):
    X, y, weight = draw_training_rows(seed)
    for name, target in targets_of(X, y, weight).items():
        booster = train(X, target, weight, rounds[-1])
        answers = [
            booster.predict(test_rows, iteration_range=(0, n)) for n in rounds
        ]
        losses[name].append([excess(answer) for answer in answers])
        areas[name].append([roc_auc_score(y_test, answer) for answer in answers])
    fitted = teacher.fit(X, y, sample_weight=weight)
    answer = fitted.predict_proba(X_test)[:, 1]
    of_teacher.append([excess(answer), roc_auc_score(y_test, answer)])
    answer = tuned_on_labels(X, y, weight).predict(test_rows)
    of_rival.append([excess(answer), roc_auc_score(y_test, answer)])

# %%
# The result
# ----------
# Means over five draws of the training rows:

for title, table in {
    "log loss above the best possible": losses,
    "AUC": areas,
}.items():
    print(f"{title}, after {rounds} rounds")
    for name, values in table.items():
        means = np.mean(values, axis=0)
        print(f"{name:10} {'  '.join(f'{mean:.3f}' for mean in means)}")
for name, values in {"teacher": of_teacher, "on labels, tuned": of_rival}.items():
    loss, area = np.mean(values, axis=0)
    print(f"{name}: log loss {loss:.3f} above the best possible, AUC {area:.3f}")

# %%
# On labels the booster soon learns noise. Taught without a correction it ends where
# its teacher is, and this forest knows less than a booster that was stopped in
# time: following it hurts. With the learned correction the booster is better than
# its teacher, and may have any number of rounds from 40 on. Beyond the tuned
# booster on labels it gains little, if anything:

gain = [
    own[-1] - rival[0]
    for own, rival in zip(losses["corrected"], of_rival, strict=True)
]
error = np.std(gain, ddof=1) / np.sqrt(len(gain))
print(f"log loss, corrected less tuned: {np.mean(gain):+.4f} ± {error:.4f}")

# %%
# What came out is a booster of XGBoost's own. It is saved and asked as any other,
# and nothing of the teacher or of skdistill is needed where it answers.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, values), colour in zip(
    losses.items(), ["#8c8c8c", "#0072b2", "#009e73"], strict=True
):
    ax.plot(rounds, np.mean(values, axis=0), "o-", color=colour, label=name)
ax.axhline(
    np.mean(of_teacher, axis=0)[0], color="black", linestyle="--", label="teacher"
)
ax.axhline(
    np.mean(of_rival, axis=0)[0],
    color="#e69f00",
    linestyle=":",
    label="on labels, rounds tuned",
)
ax.set(xscale="log", xlabel="rounds of the booster", ylim=(0, None))
ax.set_xticks(rounds, rounds)
ax.minorticks_off()
ax.set_ylabel("log loss above the best possible")
ax.legend()
plt.show()
