"""The teacher: fitted once for each split, for all who ask it."""

from __future__ import annotations

import pickle

import numpy as np
from serving import Fitted, Job, cpu_seconds, serve
from sklearn.ensemble import RandomForestClassifier


def teacher(job: Job, student: str) -> Fitted:
    start = cpu_seconds()
    forest = RandomForestClassifier(job.trees, oob_score=True, random_state=job.seed, n_jobs=1).fit(
        job.X, job.y
    )
    seconds = cpu_seconds() - start
    proba = forest.oob_decision_function_
    with (job.folder / "teacher.pickle").open("wb") as file:
        pickle.dump(forest, file)
    # This one last: it tells that the others are whole.
    np.savez(job.folder / "teacher.npz", out_of_bag=proba, seconds=seconds)
    return Fitted(forest)


if __name__ == "__main__":
    serve({"teacher": teacher}, ())
