"""Reads a student that was saved, whatever kind of file it is in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from numpy.typing import NDArray

from ..export import load_skops
from ..export.onnx import ask_session, open_session
from .models import reads_frames, text_read_by
from .saving import NOTE, TRUSTED, Distilled
from .terminal import BadInputError, reason


class Student(NamedTuple):
    """The columns that a student reads, those of text among them, and what it answers.

    `ask` takes a frame of these columns, and returns the place of the most probable class and the
    probabilities of each row; without `classes` a number.
    """

    columns: list[str]
    text: list[str]
    ask: Callable[[Any], Any]
    classes: NDArray[Any] | None = None

    def answer(self, X: Any) -> dict[str, Any]:
        """Return columns of what it answers, under their titles."""
        if self.classes is None:
            return {"prediction": self._asked(X) if len(X) else []}
        nothing = np.empty(0, dtype=int), np.empty((0, len(self.classes)))
        best, proba = self._asked(X) if len(X) else nothing
        titles = [f"probability {label}" for label in self.classes.tolist()]
        return {"class": self.classes[best], **dict(zip(titles, proba.T, strict=True))}

    def _asked(self, X: Any) -> Any:
        try:
            return self.ask(X)
        except ValueError as error:
            raise BadInputError(f"The student refuses these rows: {reason(error)}") from None


def load(path: str) -> Student:
    """Read what was saved, if its columns have names."""
    ending = Path(path).suffix.lower()
    if ending not in READERS:
        raise BadInputError(f"predict reads {', '.join(READERS)}, found {path!r}.")
    try:
        Path(path).stat()
        found = READERS[ending](path)
    except FileNotFoundError:
        raise BadInputError(f"There is no file {path!r}.") from None
    except Exception as error:  # a broken pickle has as many errors as there are types
        raise BadInputError(f"Could not read {path!r}: {reason(error)}") from error
    if found is None:
        raise BadInputError(f"{path!r} holds no student that --save has written.")
    return found


def _skops(path: str) -> Student | None:
    return _distilled(load_skops(path, trusted=TRUSTED))


def _pickle(path: str) -> Student | None:
    return _distilled(joblib.load(path))


def _distilled(model: Any) -> Student | None:
    """Return a student that Python holds."""
    if not isinstance(model, Distilled) or model.feature_names is None:
        return None
    by_name = reads_frames(model.student)

    def rows(X: Any) -> Any:
        return X if by_name else X.to_numpy(np.float64)

    def most_probable(X: Any) -> Any:
        proba = model.predict_proba(rows(X))
        return proba.argmax(axis=1), proba

    columns, text = list(map(str, model.feature_names)), text_read_by(model.student)
    if not hasattr(model, "classes_"):
        return Student(columns, text, lambda X: model.predict(rows(X)))
    return Student(columns, text, most_probable, model.classes_)


def _onnx(path: str) -> Student | None:
    """Return a student of ONNX, whose inputs are columns by their names, or one of them all."""
    session = open_session(path)
    said = json.loads(session.get_modelmeta().custom_metadata_map.get(NOTE, "null"))
    if said is None:
        return None
    inputs = session.get_inputs()
    # A column may be called as the input of all of them is.
    by_name = inputs[0].name in said["columns"] and inputs[0].shape[1] == 1
    columns = [one.name for one in inputs] if by_name else said["columns"]
    text = [one.name for one in inputs if one.type == "tensor(string)"]

    def ask(X: Any) -> Any:
        return ask_session(session, X if by_name else X.to_numpy(np.float64))

    if said["classes"] is None:
        return Student(columns, text, lambda X: ask(X)[1].ravel())
    # As ONNX knows no truth values, its labels are 0 and 1, which they are equal to.
    places = {label: place for place, label in enumerate(said["classes"])}

    def most_probable(X: Any) -> Any:
        labels, proba = ask(X)
        return np.array([places[label] for label in labels.tolist()]), proba

    return Student(columns, text, most_probable, np.array(said["classes"], dtype=object))


READERS: dict[str, Callable[[str], Student | None]] = {
    ".skops": _skops,
    ".joblib": _pickle,
    ".pkl": _pickle,
    ".onnx": _onnx,
}
