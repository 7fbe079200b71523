"""
An honest search beside a leaky one
===================================

How far should a target move from the teacher towards the label? A search over the
share of the label can find out, if it is honest. There is a tempting way that is
not: make the teacher's out-of-fold probabilities once, from all rows, and search
with them as often as you like.

It leaks. The probability of a training row comes from a teacher that has seen the
labels of the validation rows. This example shows how far a leaky search is off, and
what is right instead.
"""

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict

from skdistill import LossCorrectedDistiller, LossCorrectedDistillerCV
from skdistill.evaluation import make_noisy_table, neg_log_loss_floored

shares = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
X, y, _ = make_noisy_table(600, random_state=0)
X_test, y_test, _ = make_noisy_table(10_000, random_state=1)

# %%
# The teacher overfits on purpose: 150 boosted trees on 600 noisy rows.

fast = {"n_jobs": 1, "verbose": -1, "random_state": 0}
teacher = LGBMClassifier(
    n_estimators=150, num_leaves=31, min_child_samples=5, **fast
)
student = LGBMRegressor(n_estimators=50, num_leaves=15, min_child_samples=5, **fast)
folds = StratifiedKFold(5, shuffle=True, random_state=0)

# %%
# The leaky search hands over ``teacher_proba``:

proba = cross_val_predict(teacher, X, y, cv=folds, method="predict_proba")
given = LossCorrectedDistiller(None, student, cv=5, random_state=0, correction=0.0)
leaky = GridSearchCV(
    given, {"correction": shares}, scoring=neg_log_loss_floored, cv=folds
)
leaky.fit(X, y, teacher_proba=proba)
print(leaky.best_params_, f"log loss {-leaky.best_score_:.3f}")

# %%
# The honest search lets the distiller fit its own teachers, on training rows alone.
# ``memory`` keeps their answers, so that each is fitted once for all shares.

with TemporaryDirectory() as folder:
    own = LossCorrectedDistiller(
        teacher, student, cv=5, random_state=0, correction=0.0, memory=folder
    )
    honest = GridSearchCV(
        own, {"correction": shares}, scoring=neg_log_loss_floored, cv=folds
    )
    honest.fit(X, y)
print(honest.best_params_, f"log loss {-honest.best_score_:.3f}")

# %%
# What the two searches believed, and what is true on 10,000 fresh rows:

truth = [
    -neg_log_loss_floored(
        LossCorrectedDistiller(None, student, correction=share).fit(
            X, y, teacher_proba=proba
        ),
        X_test,
        y_test,
    )
    for share in shares
]
seen = {
    "leaky": -leaky.cv_results_["mean_test_score"],
    "honest": -honest.cv_results_["mean_test_score"],
}
print("share            " + "  ".join(f"{share:5}" for share in shares))
for name, losses in {**seen, "true": truth}.items():
    print(f"{name:16} " + "  ".join(f"{loss:.3f}" for loss in losses))

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(
    shares,
    seen["leaky"],
    "o-",
    color="#7a5195",
    label="what the leaky search sees",
)
ax.plot(
    shares,
    seen["honest"],
    "o-",
    color="#b3a100",
    label="what the honest search sees",
)
ax.plot(shares, truth, "s--", color="black", label="fresh rows")
ax.set(xlabel="share of the label in the target", ylabel="log loss")
ax.legend(loc="lower right")
plt.show()

# %%
# The leaky search promises far more than fresh rows hold, and most where the target
# has least of the label. So it takes too small a share. The honest search is a
# little pessimistic, because its models have fewer rows than the last one, but it
# is right about the shape.
#
# In one line
# -----------
# :class:`~skdistill.LossCorrectedDistillerCV` is the honest search with all savings
# built in. It also tries labels alone, plain distillation, a learned correction and
# a blend (further rows in its place for trees and networks).

model = LossCorrectedDistillerCV(teacher, student, cv=4, random_state=0).fit(X, y)
for candidate, score in zip(
    model.cv_results_["candidate"],
    model.cv_results_["mean_test_score"],
    strict=True,
):
    print(f"{candidate:10} {-score:.3f}")
print(f"chosen: {model.best_candidate_}")
