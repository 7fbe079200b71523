"""Answers that are kept serve as a distiller's memory, and say what they spared."""

import time

import numpy as np
from numpy.testing import assert_array_equal
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import LossCorrectedDistillerCV
from skdistill._utils.memory import KeptAnswers
from skdistill.evaluation import make_noisy_table


class CountingTeacher(DecisionTreeClassifier):
    """Counts its fits."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountingTeacher.fits += 1
        time.sleep(0.01)
        return super().fit(X, y, sample_weight)


def test_a_second_student_finds_the_answers_of_the_first():
    X, y, _ = make_noisy_table(200, random_state=0)
    memory = KeptAnswers()
    teacher = CountingTeacher(max_depth=3, random_state=0)
    CountingTeacher.fits = 0

    def model(depth, memory):
        student = DecisionTreeRegressor(max_depth=depth, random_state=0)
        return LossCorrectedDistillerCV(
            teacher,
            student,
            candidates=["labels", "cross_fit"],
            cv=3,
            random_state=0,
            memory=memory,
            rehearse=False,
        ).fit(X, y)

    model(1, memory)
    assert CountingTeacher.fits == 6
    assert memory.spared_seconds == 0
    found = model(4, memory)
    assert CountingTeacher.fits == 6
    assert memory.spared_seconds >= 6 * 0.01
    assert_array_equal(found.predict_proba(X), model(4, None).predict_proba(X))
    assert np.isfinite(found.best_score_)
