"""The teacher, scikit-learn alone and ours: all that runs where the benchmark runs."""

import json
import pickle
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, LGBMSoftClassifier, LossCorrectedDistillerCV
from skdistill.evaluation import neg_log_loss_floored

from ...models import without_calibration
from ...ours import can_shrink, shrinkage_for_bags
from ..plan import CHOSE, NO_SIGMOID, SIGMOID
from .serving import BOOSTERS, LEAVES, Fitted, Job, classifier, cpu_seconds, regressor, serve

SMALLEST_LEAVES = [1, 5, 20, 80]


def teacher(job: Job, student: str) -> Fitted:
    """Fit the teacher once for each split, for all who ask it."""
    start = cpu_seconds()
    forest = RandomForestClassifier(job.trees, oob_score=True, random_state=job.seed, n_jobs=1)
    proba = forest.fit(job.X, job.y).oob_decision_function_
    seconds = cpu_seconds() - start
    with (job.folder / "teacher.pickle").open("wb") as file:
        pickle.dump(forest, file)
    # This one last: it tells that the others are whole.
    np.savez(job.folder / "teacher.npz", out_of_bag=proba, seconds=seconds)
    return Fitted(forest)


# ---- scikit-learn alone: the student learns labels, as it is or with its size tuned ----------


def grid(student: str) -> dict[str, list[Any]]:
    """Return what is tried: never more than the student's own size."""
    if student == "lgbm":
        return {"num_leaves": [8, 16, 31], "learning_rate": [0.05, 0.1]}
    if student == "boosted2":
        return {"n_estimators": [20, 40, 80, 160], "max_depth": [1, 2]}
    if student == "forest10":
        return {"max_leaf_nodes": [128, 512, None], "min_samples_leaf": [1, 5, 20]}
    most = LEAVES[student]
    leaves = [32, 128, 512, None] if most is None else [most // 4, most // 2, most]
    return {"max_leaf_nodes": leaves, "min_samples_leaf": SMALLEST_LEAVES}


def search_labels(job: Job, student: str) -> GridSearchCV:
    """Return a search that both scores are read from."""
    by_auc = "roc_auc" if job.n_classes == 2 else "roc_auc_ovr"
    how = {"scoring": {"log_loss": neg_log_loss_floored, "auc": by_auc}, "refit": False}
    how["cv"] = StratifiedKFold(5, shuffle=True, random_state=job.seed)
    return GridSearchCV(classifier(student, job.seed), grid(student), **how).fit(job.X, job.y)


def labels(job: Job, student: str) -> Fitted:
    return Fitted(classifier(student, job.seed).fit(job.X, job.y))


def tuned_labels(job: Job, student: str, *, score: str) -> Fitted:
    """Fit the student with the parameters of the best score."""
    found, seconds = job.aside(("search", student), lambda: search_labels(job, student))
    results = found.cv_results_
    best = results["params"][int(np.argmax(results[f"mean_test_{score}"]))]
    model = clone(found.estimator).set_params(**best).fit(job.X, job.y)
    chosen = ", ".join(f"{name}={value}" for name, value in best.items())
    return Fitted(model, search_seconds=seconds, notes=chosen)


# ---- ours: taught out-of-bag, and with the honest search -------------------------------------


def own_student(student: str, seed: int) -> Any:
    if student in BOOSTERS:
        return LGBMSoftClassifier(**BOOSTERS[student], random_state=seed)
    return regressor(student, seed)


def bag(job: Job) -> RandomForestClassifier:
    return RandomForestClassifier(job.trees, random_state=job.seed, n_jobs=1)


def search(job: Job, student: Any, **own: Any) -> LossCorrectedDistillerCV:
    how = {"teacher_cv": "oob", "random_state": job.seed, "memory": str(job.folder / "memory")}
    return LossCorrectedDistillerCV(bag(job), student, **how, **own).fit(job.X, job.y)


def search_again(job: Job, student: str) -> LossCorrectedDistillerCV:
    """Search, among few candidates where the winner of them all is known.

    Folds, teachers and targets do not depend on who else is tried, so the student is the same, and
    so are its answers out of fold and the sigmoid.
    """
    own, chosen = own_student(student, job.seed), job.chosen.get(student)
    if chosen in (None, "blend"):
        return search(job, own)
    found = search(job, own, candidates=few(chosen, own))
    return found if str(found.best_candidate_) == chosen else search(job, own)


def few(chosen: str, student: Any) -> list[Any]:
    """Return a winner, and those for which the same questions are asked as for all candidates."""
    if chosen == "labels":
        return ["labels"]
    asked = ["in_sample", "transfer"] if can_shrink(student) else ["in_sample"]
    return [*asked, *({chosen if chosen.isidentifier() else float(chosen)} - {*asked})]


def ask_teachers(job: Job, *, of_trees: bool) -> float:
    """Have the search's teachers answered, for trees about further rows too; return CPU seconds.

    The student is a stump, whose own fits cost nothing beside them; all others find the answers.
    """
    kept = job.folder / f"asked_{of_trees}.json"
    if not kept.exists():
        start = cpu_seconds()
        stump: Any = DecisionTreeRegressor(max_leaf_nodes=2, random_state=job.seed)
        if not of_trees:
            stump = LGBMSoftClassifier(n_estimators=1, num_leaves=2, n_jobs=1)
        search(job, stump)
        kept.write_text(json.dumps(cpu_seconds() - start))
    return json.loads(kept.read_text())


def cross_fit(job: Job, student: str) -> Fitted:
    """Fit on out-of-bag probabilities: the teacher's fit is the one that all others share.

    A tree is shrunk as `cv="oob"` shrinks it.
    """
    own = own_student(student, job.seed)
    model = CrossFitDistiller(None, own, shrinkage=shrinkage_for_bags(own))
    model.fit(job.X, job.y, teacher_proba=job.out_of_bag)
    return Fitted(model.classifier_, teacher_seconds=job.teacher_seconds)


def searched(job: Job, student: str) -> tuple[LossCorrectedDistillerCV, dict[str, float]]:
    """Return a fitted search, the same for all who ask, and what it cost."""
    of_trees = can_shrink(own_student(student, job.seed))
    asked, _ = job.aside(("asked", of_trees), lambda: ask_teachers(job, of_trees=of_trees))
    model, seconds = job.aside(("found", student), lambda: search_again(job, student))
    return model, {"teacher_seconds": asked, "search_seconds": seconds}


def tuned(job: Job, student: str) -> Fitted:
    model, seconds = searched(job, student)
    return Fitted(model.classifier_, **seconds, notes=f"{CHOSE}{model.best_candidate_}")


def uncalibrated(job: Job, student: str) -> Fitted:
    """Return the same student without the sigmoid that the search may have kept."""
    model, seconds = searched(job, student)
    told = NO_SIGMOID if model.calibration_ is None else SIGMOID
    notes = f"{CHOSE}{model.best_candidate_}, {told}"
    return Fitted(without_calibration(model), **seconds, notes=notes)


METHODS = {
    "teacher": teacher,
    "labels": labels,
    "tuned_log_loss": partial(tuned_labels, score="log_loss"),
    "tuned_auc": partial(tuned_labels, score="auc"),
    "cross_fit": cross_fit,
    "tuned": tuned,
    "uncalibrated": uncalibrated,
}

if __name__ == "__main__":
    serve(METHODS, ("skdistill", "lightgbm"))
