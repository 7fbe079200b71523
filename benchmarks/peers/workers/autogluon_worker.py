"""AutoGluon: its own distillation of a bagged forest, and ours of what that forest says."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from autogluon.tabular import TabularPredictor

from skdistill import CrossFitDistiller, LGBMSoftClassifier

from .serving import BOOSTING, LEAVES, ByFunction, Fitted, Job, regressor, serve


def bagged(job: Job) -> TabularPredictor:
    """Return a predictor that holds the teacher, a forest.

    With bagging AutoGluon keeps for each row what trees say that have not seen it.
    """
    folder = job.folder / "autogluon"
    shutil.rmtree(folder, ignore_errors=True)
    how = {**problem(job), "path": str(folder), "verbosity": 1}
    return TabularPredictor("target", **how).fit(
        frame(job.X).assign(target=job.y),
        hyperparameters={"RF": {"n_estimators": job.trees, "random_state": job.seed}},
        num_bag_folds=5,
        num_stack_levels=0,
        fit_weighted_ensemble=False,
        ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
        num_cpus=1,
        num_gpus=0,
    )


def problem(job: Job) -> dict[str, str]:
    if job.of_numbers:
        return {"problem_type": "regression", "eval_metric": "mean_squared_error"}
    kind = "binary" if job.n_classes == 2 else "multiclass"
    return {"problem_type": kind, "eval_metric": "log_loss"}


def frame(X: Any) -> pd.DataFrame:
    return pd.DataFrame(X, columns=[f"x{k}" for k in range(X.shape[1])])


def hyperparameters(student: str) -> dict[str, dict[str, Any]]:
    """Return the student in AutoGluon's words; a tree is a forest of one, of all rows."""
    if student == "lgbm":
        own = {name: BOOSTING[name] for name in ("num_leaves", "learning_rate")}
        return {"GBM": {"num_boost_round": BOOSTING["n_estimators"], **own}}
    if student == "forest10":
        return {"RF": {"n_estimators": 10}}
    tree = {"n_estimators": 1, "bootstrap": False, "max_features": 1.0}
    return {"RF": {**tree, "max_leaf_nodes": LEAVES[student]}}


def distil(job: Job, student: str) -> Fitted:
    """Distil as AutoGluon does by default, with simulated rows that the teacher labels."""
    predictor, seconds = job.aside("bagged", lambda: bagged(job))
    names = predictor.distill(hyperparameters=hyperparameters(student), verbosity=1)
    place = job.folder / f"autogluon_{student}"
    shipped, _ = job.aside(student, lambda: ship(predictor, names[0], place))
    # Else it might be the best model, and so the teacher of the next student.
    gone = {"models_to_delete": names, "dry_run": False}
    job.aside((student, "gone"), lambda: predictor.delete_models(**gone))
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    return Fitted(ByFrame(shipped), size, teacher_seconds=seconds)


def ship(predictor: TabularPredictor, name: str, place: Path) -> TabularPredictor:
    """Return a predictor that is one student alone, loaded for use."""
    shutil.rmtree(place, ignore_errors=True)
    shipped = predictor.clone_for_deployment(str(place), model=name, return_clone=True)
    shipped.persist()
    return shipped


class ByFrame(ByFunction):
    """A predictor that is given arrays: it wants frames with names."""

    def __init__(self, predictor: TabularPredictor) -> None:
        super().__init__(lambda X: predictor.predict_proba(frame(X)).to_numpy())
        self.predict = lambda X: predictor.predict(frame(X)).to_numpy()


def teacher(job: Job, student: str) -> Fitted:
    """Return the teacher itself."""
    predictor, seconds = job.aside("bagged", lambda: bagged(job))
    return Fitted(ByFrame(predictor), 0, teacher_seconds=seconds)


def cross_fit(job: Job, student: str) -> Fitted:
    """Let ours learn the out-of-fold probabilities of AutoGluon's teacher."""
    predictor, seconds = job.aside("bagged", lambda: bagged(job))
    proba = predictor.predict_proba_oof().to_numpy()
    own = LGBMSoftClassifier(**BOOSTING) if student == "lgbm" else regressor(student, job.seed)
    model = CrossFitDistiller(None, own).fit(job.X, job.y, teacher_proba=proba)
    return Fitted(model.classifier_, teacher_seconds=seconds)


METHODS = {"autogluon": distil, "autogluon_teacher": teacher, "autogluon_cross_fit": cross_fit}

if __name__ == "__main__":
    serve(METHODS, ("autogluon.tabular", "lightgbm"))
