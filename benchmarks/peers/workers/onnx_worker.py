"""The teacher itself in ONNX, because a user may just do that; and our students so too."""

from typing import Any

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

from skdistill import CrossFitDistiller

from .serving import ByFunction, Fitted, Job, as_proba, regressor, serve


def convert(model: Any, n_features: int, **options: Any) -> bytes:
    """Return a fitted estimator as an ONNX file's content."""
    rows = [("X", FloatTensorType([None, n_features]))]
    return to_onnx(model, initial_types=rows, options={id(model): options}).SerializeToString()


def session(content: bytes) -> onnxruntime.InferenceSession:
    """Load a model for one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def teacher(job: Job, student: str) -> Fitted:
    content = convert(job.teacher(), job.X.shape[1], zipmap=False)
    run = session(content).run

    def predict_proba(X: np.ndarray) -> np.ndarray:
        return run(["probabilities"], {"X": X.astype(np.float32)})[0]

    return Fitted(ByFunction(predict_proba), len(content), job.teacher_seconds)


def ours(job: Job, student: str) -> Fitted:
    """Distil from the out-of-bag probabilities, and convert the student."""
    distiller = CrossFitDistiller(None, regressor(student, job.seed))
    distiller.fit(job.X, job.y, teacher_proba=job.out_of_bag)
    content = convert(distiller.student_, job.X.shape[1])
    run = session(content).run

    def predict_proba(X: np.ndarray) -> np.ndarray:
        shares = run(["variable"], {"X": X.astype(np.float32)})[0]
        return as_proba(shares[:, 0] if shares.shape[1] == 1 else shares)

    return Fitted(ByFunction(predict_proba), len(content), job.teacher_seconds)


if __name__ == "__main__":
    serve({"onnx": teacher, "onnx_ours": ours}, ("skl2onnx", "onnxruntime"))
