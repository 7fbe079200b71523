"""TabTune's GBDTStudent, on the out-of-bag probabilities of our teacher."""

from functools import partial
from typing import Any

from tabtune.distillation.students.gbdt_student import GBDTStudent

from .serving import Fitted, Job, serve

# As large as the others' student; its own depth of 6 would be a limit that they do not have.
OUR_SIZE = {"n_estimators": 100, "learning_rate": 0.1, "max_depth": -1}


def gbdt_student(job: Job, student: str, **size: Any) -> Fitted:
    model = GBDTStudent(n_classes=job.n_classes, random_state=job.seed, **size)
    model.fit(job.X, job.y, job.out_of_bag)
    rounds = [regressor.best_iteration_ for regressor in model.models_]
    return Fitted(model, teacher_seconds=job.teacher_seconds, notes=f"rounds {rounds}")


METHODS = {"gbdt_student": partial(gbdt_student, **OUR_SIZE), "gbdt_default": gbdt_student}

if __name__ == "__main__":
    serve(METHODS, ("tabtune", "lightgbm"))
