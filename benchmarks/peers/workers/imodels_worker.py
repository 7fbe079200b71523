"""imodels: hierarchical shrinkage, and its own distillation (in-sample, of two classes)."""

from imodels import HSTreeClassifierCV
from imodels.util.distillation import DistilledRegressor
from sklearn.frozen import FrozenEstimator

from ...ours import pickled_size
from .serving import ByFunction, Fitted, Job, as_proba, classifier, regressor, serve


def shrinkage(job: Job, student: str) -> Fitted:
    """Fit a tree on labels, and shrink it by a strength that its own cross-validation finds."""
    model = HSTreeClassifierCV(classifier(student, job.seed)).fit(job.X, job.y)
    return Fitted(model, notes=f"reg_param={model.reg_param:g}")


def distilled_regressor(job: Job, student: str) -> Fitted:
    """Let a student learn what the teacher says about rows that it was fitted on."""
    # The teacher is fitted already: its cost is added, not paid again for each student.
    model = DistilledRegressor(FrozenEstimator(job.teacher()), regressor(student, job.seed))
    own = model.fit(job.X, job.y).student
    classifier_ = ByFunction(lambda X: as_proba(own.predict(X)))
    # Pickled whole it would hold the teacher; the student alone is what one ships.
    return Fitted(classifier_, size=pickled_size(own), teacher_seconds=job.teacher_seconds)


METHODS = {"shrinkage": shrinkage, "distilled_regressor": distilled_regressor}

if __name__ == "__main__":
    serve(METHODS, ("imodels", "lightgbm"))
