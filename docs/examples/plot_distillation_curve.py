"""
How large must the student be?
==============================

:class:`~skdistill.DistillationCurveDisplay` draws the score of a student against
one of its parameters, once for each way of teaching it. It is shaped like
scikit-learn's ``ValidationCurveDisplay``. The figures of the paper are such curves.

The table is scikit-learn's diabetes data: 442 patients, and whether the disease got
worse than it did for half of them.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from skdistill import DistillationCurveDisplay

X, progression = load_diabetes(return_X_y=True, as_frame=True)
y = (progression > progression.median()).astype(int)

# %%
# The student is a small forest of one to twenty trees. In each of the outer folds
# the teacher is fitted once, and all students share its answers.

DistillationCurveDisplay.from_estimator(
    RandomForestClassifier(200, random_state=0),
    RandomForestRegressor(random_state=0),
    X,
    y,
    param_name="n_estimators",
    param_range=[1, 2, 5, 10, 20],
    methods=["labels", "in_sample", "cross_fit"],
    scoring="roc_auc",
    score_name="AUC on held-out patients",
    cv=5,
    teacher_cv="oob",
    random_state=0,
)
plt.show()

# %%
# One tree gains most from a teacher. The more trees a student has, the closer all
# curves come: a large forest needs no teacher. Bands are one standard error over
# folds. Folds share their test rows, so two curves can differ clearly even where
# their bands overlap.
