"""
Fifty boosted models in one
===========================

Averaging many boosted models, each fitted on a bootstrap sample, takes noise away.
It also costs fifty times as much in production. Here one LightGBM learns what the
fifty say together.

The student is :class:`~skdistill.LGBMSoftClassifier`: LightGBM that learns
probabilities by the same cross-entropy with which LightGBM learns labels. The rows
are simulated, so that the true probabilities are known.
"""

import matplotlib.pyplot as plt
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.ensemble import BaggingClassifier

from skdistill import CrossFitDistiller, LGBMSoftClassifier
from skdistill.evaluation import make_noisy_table

X, y, _ = make_noisy_table(2000, random_state=0)
X_test, _, truth = make_noisy_table(5000, random_state=1)


def excess(classifier):
    """Return the expected log loss, less that of the true probabilities."""
    proba = np.clip(classifier.predict_proba(X_test), 1 / 500, 1)
    return np.mean(np.sum(truth * (np.log(truth) - np.log(proba)), axis=1))


# %%
# A bag can be asked out-of-bag: about each row, the models that have not seen it.
# So the teacher is fitted once.

size = {"num_leaves": 15, "n_jobs": 1, "verbose": -1, "random_state": 0}
teacher = BaggingClassifier(
    LGBMClassifier(n_estimators=40, **size), 50, random_state=0
)

# %%
# The teacher's answers are the same for each student. We ask once, and hand them on
# as ``teacher_proba``. This is safe here, because nothing is chosen by them; see
# :ref:`sphx_glr_gallery_plot_honest_search.py` for where it is not.

asked = CrossFitDistiller(
    teacher,
    LGBMSoftClassifier(n_estimators=5, **size),
    cv="oob",
    store_teacher_proba=True,
    store_teachers=True,
).fit(X, y)
teacher_loss = excess(asked.teachers_[0])

rounds = [10, 20, 40, 80, 160]
curves = {"student, taught": [], "student, on labels": []}
for n in rounds:
    student = LGBMSoftClassifier(n_estimators=n, **size)
    taught = CrossFitDistiller(None, student).fit(
        X, y, teacher_proba=asked.teacher_proba_
    )
    curves["student, taught"].append(excess(taught))
    curves["student, on labels"].append(excess(student.fit(X, y)))

# %%
# The result
# ----------
# On labels, more rounds soon mean more noise learned. The taught student goes on
# towards its teacher.

print(f"teacher, 50 × 40 rounds: {teacher_loss:.3f}")
for name, values in curves.items():
    print(f"{name:20} {'  '.join(f'{value:.3f}' for value in values)}")

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.axhline(
    teacher_loss, color="black", linestyle="--", label="teacher, 50 × 40 rounds"
)
for (name, values), colour in zip(
    curves.items(), ["#0072b2", "#8c8c8c"], strict=True
):
    ax.plot(rounds, values, "o-", color=colour, label=name)
ax.set(xscale="log", xlabel="rounds of the student", ylim=(0, None))
ax.set_xticks(rounds, rounds)
ax.minorticks_off()
ax.set_ylabel("log loss above the best possible")
ax.legend()
plt.show()
