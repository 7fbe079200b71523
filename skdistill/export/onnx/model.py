"""The file: inputs, features, learners and the way to answers, as one model of ONNX."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rows import as_rows
from ..columns import UnknownPartError
from ..files import refuse_existing, write_new
from ..program import Exp, Program, Trees
from ..reading import read_program
from .ends import write_end
from .features import write_features
from .graph import ML_VERSION, OLDEST_OPSET, Graph, check_installed
from .inputs import Input, inputs_of, outputs_of, write_inputs
from .layers import write_layers
from .trees import write_trees


def to_onnx(
    model: Any,
    X: Any,
    *,
    target_opset: int | None = None,
    path: str | Path | None = None,
    overwrite: bool = False,
) -> Any:
    """Convert a distilled student, with all that makes of its answers what it ships, to ONNX.

    The file takes numbers in float32, which knows whole numbers up to 16,777,216, and calculates
    in float64 from there on. Before it is handed over, it is compared with the student by
    :func:`verify`: probabilities may differ by 1e-6, labels only where two classes are as probable
    as that, and numbers by the same share.

    The file refuses no row: where the student does, as for a category that is new, it answers
    something.

    Parameters
    ----------
    model : distiller, DistilledClassifier or DistilledRegressor
        A fitted distiller, or its `classifier_` or `regressor_`.
    X : {array-like, frame} of shape (n_samples, n_features)
        Rows by which the file is verified, and which say what its inputs are: of an array one,
        called ``X``, of a frame one for each column that the student reads, under its name. Text
        becomes ONNX's text, all else float32. Where text is missing, ONNX gets an empty one.
    target_opset : int or None, default=None
        The version of ONNX's operators, 15 or newer. None means 15, which anything reads.
    path : str, Path or None, default=None
        Where the file is written, if anywhere.
    overwrite : bool, default=False
        Whether a file that is there already is replaced.

    Returns
    -------
    onnx.ModelProto
        The model, with the outputs ``label`` and ``probabilities``, the latter of shape
        (n_samples, n_classes), or with the output ``prediction``, in float32 too, of shape
        (n_samples, 1).

    Raises
    ------
    FileExistsError
        If there is a file already, and it is not to be replaced.
    ImportError
        If what writes or runs ONNX is not installed.
    ValueError
        If the student, or what goes before it, cannot be converted, or the file would answer
        otherwise than the student does.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import CrossFitDistiller
    >>> from skdistill.export import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> teacher = RandomForestClassifier(50, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = CrossFitDistiller(teacher, student, cv="oob").fit(X, y)
    >>> exported = to_onnx(model, X)

    It runs wherever ONNX does:

    >>> from onnxruntime import InferenceSession
    >>> session = InferenceSession(exported.SerializeToString())
    >>> labels, probabilities = session.run(None, {"X": X[:2].astype("float32")})
    >>> labels.tolist()
    [0, 0]
    """
    paths = [] if path is None else [Path(path)]
    refuse_existing(paths, overwrite=overwrite)
    check_installed("onnx", "onnxruntime")
    from ..verification import refuse_different

    opset, X = _check_opset(target_opset), as_rows(X)
    program = read_program(model)
    exported = _model(program, inputs_of(program, X), opset)
    refuse_different(model, exported, X)
    write_new({one: exported.SerializeToString() for one in paths}, overwrite=overwrite)
    return exported


def _check_opset(target_opset: int | None) -> int:
    from onnx.defs import onnx_opset_version

    if target_opset is None:
        return OLDEST_OPSET
    newest = onnx_opset_version()
    if not isinstance(target_opset, int) or not OLDEST_OPSET <= target_opset <= newest:
        raise ValueError(
            f"target_opset must be None or a whole number from {OLDEST_OPSET} to {newest}, the "
            f"newest that onnx knows, found {target_opset!r}."
        )
    return target_opset


# ---- what it is made of ----------------------------------------------------------------------


def _model(program: Program, inputs: list[Input], opset: int) -> Any:
    """Return a program as a model."""
    from onnx import TensorProto, helper

    from ... import __version__

    taken, numbers = {one.name for one in inputs}, count()
    graph = Graph(lambda word: next(n for k in numbers if (n := f"{word}_{k}") not in taken))
    *choice, answer = outputs_of(program.kind)
    write_outputs(graph, program, inputs, [*choice, answer], "FLOAT")
    ends = [helper.make_tensor_value_info(name, _of_label(program), [None]) for name in choice]
    shape = [None, program.kind.n_columns]
    ends.append(helper.make_tensor_value_info(answer, TensorProto.FLOAT, shape))
    begins = [
        helper.make_tensor_value_info(
            one.name, TensorProto.DataType.Value(one.kind), [None, len(one.columns)]
        )
        for one in inputs
    ]
    versions = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ML_VERSION)]
    return helper.make_model(
        helper.make_graph(graph.nodes, "skdistill", begins, ends),
        opset_imports=versions,
        ir_version=helper.find_min_ir_version_for(versions),
        producer_name="skdistill",
        producer_version=__version__,
    )


def _of_label(program: Program) -> Any:
    """Return the type of labels."""
    from onnx import TensorProto

    is_text = labels_of(program.kind.classes).dtype.kind == "U"
    return TensorProto.STRING if is_text else TensorProto.INT64


def write_outputs(
    graph: Graph, program: Program, inputs: list[Input], outputs: list[str], kind: str
) -> None:
    """Write what a program answers as numbers of a type and, before, the label of the largest."""
    *choice, answer = outputs
    found = _write_answer(graph, program, inputs)
    for name in choice:
        # The most probable class before probabilities are rounded to float32.
        best = graph.node("ArgMax", found, axis=1, keepdims=0)
        labels = graph.constant(labels_of(program.kind.classes))
        graph.node("Gather", labels, best, axis=0, out=name)
    graph.cast(found, kind, answer)


def _write_answer(graph: Graph, program: Program, inputs: list[Input]) -> str:
    """Write what a program answers, in float64."""
    x = write_features(graph, program, *write_inputs(graph, program, inputs))
    # Of a logarithm each digit counts.
    to_digits = Exp() in program.ends
    parts = [
        write_trees(graph, learner, x, to_digits=to_digits)
        if isinstance(learner, Trees)
        else write_layers(graph, learner, x)
        for learner in program.learners
    ]
    answer = graph.beside(parts)
    for end in program.ends:
        answer = write_end(graph, end, answer, program.kind.n_columns)
    return answer


def labels_of(classes: NDArray[Any]) -> NDArray[Any]:
    """Return class labels as ONNX knows them: whole numbers or text."""
    if classes.dtype.kind in "iub":
        return classes.astype(np.int64)
    if classes.dtype.kind == "f" and (classes == np.round(classes)).all():
        return classes.astype(np.int64)
    if all(isinstance(label, str) for label in classes.tolist()):
        return classes.astype(str)
    raise UnknownPartError(
        f"Class labels of an ONNX file are whole numbers or text, found {classes.tolist()[:3]}: "
        "fit the model to labels of one of these kinds."
    )
