"""Ours: taught out-of-bag, and with the honest search."""

from __future__ import annotations

import json
from typing import Any

from serving import Fitted, Job, cpu_seconds, serve
from sizes import BOOSTING, regressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, LGBMSoftClassifier, LossCorrectedDistillerCV


def own_student(student: str, seed: int) -> Any:
    if student == "lgbm":
        return LGBMSoftClassifier(**BOOSTING, random_state=seed)
    return regressor(student, seed)


def teacher(job: Job) -> RandomForestClassifier:
    return RandomForestClassifier(job.trees, random_state=job.seed, n_jobs=1)


def search(job: Job, student: Any) -> LossCorrectedDistillerCV:
    return LossCorrectedDistillerCV(
        teacher(job),
        student,
        teacher_cv="oob",
        random_state=job.seed,
        memory=str(job.folder / "memory"),
    ).fit(job.X, job.y)


def ask_teachers(job: Job) -> float:
    """Have the search's teachers answered, for all students; return their CPU seconds."""
    kept = job.folder / "asked.json"
    if not kept.exists():
        start = cpu_seconds()
        search(job, DecisionTreeRegressor(max_depth=1))
        kept.write_text(json.dumps(cpu_seconds() - start))
    return json.loads(kept.read_text())


def cross_fit(job: Job, student: str) -> Fitted:
    """Fit on out-of-bag probabilities: the teacher's fit is the one that all others share."""
    model = CrossFitDistiller(None, own_student(student, job.seed))
    model.fit(job.X, job.y, teacher_proba=job.out_of_bag)
    return Fitted(model.classifier_, teacher_seconds=job.teacher_seconds)


def tuned(job: Job, student: str) -> Fitted:
    seconds, _ = job.aside("asked", lambda: ask_teachers(job))
    model = search(job, own_student(student, job.seed))
    notes = f"chose {model.best_candidate_}"
    return Fitted(model.classifier_, teacher_seconds=seconds, notes=notes)


if __name__ == "__main__":
    serve({"cross_fit": cross_fit, "tuned": tuned}, ("skdistill", "lightgbm"))
