"""The teacher itself in ONNX, because a user may just do that."""

from typing import Any

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

from .serving import ByFunction, Fitted, Job, serve


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


if __name__ == "__main__":
    serve({"onnx": teacher}, ("skl2onnx", "onnxruntime"))
