"""Runs workers, and scores what they hand back: one code for all of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from paper.store import Store
from protocol import split
from report import machine
from sklearn.metrics import roc_auc_score

from skdistill.evaluation.measure.scores import log_losses, onehot, reliability

from .environments import one_thread
from .plan import ASK_TEACHER, Cell

WORKERS = Path(__file__).parent / "workers"
SCRIPTS = {
    "teacher": "teacher.py",
    **{name: f"{name}_worker.py" for name in ("sklearn", "imodels", "autogluon", "tabtune")},
    "onnx": "onnx_worker.py",
    "ours": "ours_worker.py",
}


class PeerStore(Store):
    """A file of records, one for each cell."""

    cell_type = Cell


class How(NamedTuple):
    """What is the same for all splits.

    Attributes
    ----------
    trees : int
        Trees of the teacher.
    work : Path
        Where splits and teachers are kept while they are needed.
    pythons : dict
        Each peer's interpreter.
    timed_seed : int
        The split on which prediction times are taken: they hardly depend on it.
    """

    trees: int
    work: Path
    pythons: dict[str, Path]
    timed_seed: int


def measure(table: str, seed: int, cells: list[Cell], how: How) -> Iterator[tuple[Cell, dict]]:
    """Yield the cells of one split, and what was measured or an error."""
    folder = how.work / f"{table}-{seed}-{how.trees}"
    folder.mkdir(parents=True, exist_ok=True)
    X, X_test, y, y_test = split(table, seed)
    np.savez(folder / "split.npz", X=X, y=y, X_test=X_test)
    failed = False
    for peer, own in by_peer(table, seed, cells, folder).items():
        job = {
            "seed": seed,
            "trees": how.trees,
            "timed": seed == how.timed_seed,
            "wanted": [[cell.method, cell.student] for cell in own],
        }
        (folder / "job.json").write_text(json.dumps(job))
        for cell, found in run_worker(peer, own, folder, how.pythons[peer]):
            failed |= "error" in found
            if cell in cells:
                yield cell, found if "error" in found else score(cell, found, y_test, folder)
    if not failed:
        shutil.rmtree(folder, ignore_errors=True)


def by_peer(table: str, seed: int, cells: list[Cell], folder: Path) -> dict[str, list[Cell]]:
    """Group cells by worker, and let the teacher come first where somebody asks it."""
    groups: dict[str, list[Cell]] = {}
    asked = any(cell.peer in ASK_TEACHER or cell.method == "cross_fit" for cell in cells)
    if asked and not (folder / "teacher.npz").exists():
        groups["teacher"] = [Cell("teacher", table, seed, "teacher", "forest500")]
    for cell in cells:
        group = groups.setdefault(cell.peer, [])
        if cell not in group:
            group.append(cell)
    return groups


def run_worker(
    peer: str, cells: list[Cell], folder: Path, python: Path
) -> Iterator[tuple[Cell, dict]]:
    """Start a worker, and yield its lines as they come."""
    left = {(cell.method, cell.student): cell for cell in cells}
    log = folder / f"{peer}.log"
    command = [python, WORKERS / SCRIPTS[peer], folder]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=one_thread()
        ) as worker,
    ):
        try:
            for line in worker.stdout or ():
                found = json.loads(line)
                yield left.pop((found.pop("method"), found.pop("student"))), found
        except BaseException:  # this run was stopped
            worker.terminate()
            raise
    for cell in left.values():
        yield cell, {"error": f"The worker ended with {worker.returncode}; see {log}."}


def score(cell: Cell, found: dict[str, Any], y: np.ndarray, folder: Path) -> dict[str, Any]:
    """Return what is stored of a cell."""
    answers = folder / f"{cell.method}-{cell.student}.npy"
    proba = np.load(answers)
    answers.unlink()
    truth = onehot(y, np.arange(proba.shape[1]))
    two = proba.shape[1] == 2
    auc = roc_auc_score(y, proba[:, 1] if two else proba, multi_class="ovr")
    return {
        "auc": round(float(auc), 6),
        "log_loss": round(float(log_losses(truth, proba).mean()), 6),
        "calibration_error": round(reliability(truth, proba).error, 6),
        **found,
        "date": date.today().isoformat(),
        "machine": machine(),
    }
