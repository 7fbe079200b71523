"""Runs workers in the environments of peers, and scores what they hand back: one code for all."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..data import FIRST_SEED, paper_split
from ..ours import onehot, reliability
from ..page import HERE
from ..scores import auc, row_losses
from .plan import ASK_TEACHER, PEERS, Cell

# What a worker imports. Peers without an entry run where the benchmark runs.
MODULES = {
    "imodels": "imodels",
    "autogluon": "autogluon.tabular",
    "tabtune": "tabtune.distillation.students.gbdt_student",
    "compileml": "compileml",
    "onnx": "skl2onnx, onnxruntime",
}
WORKERS = {peer: f"{peer}_worker" if peer in MODULES else "own_worker" for peer in PEERS}


# ---- environments: each peer has its own, so that its requirements disturb nobody ------------


class PeerMissingError(Exception):
    """A peer is not installed, or what is installed cannot be imported."""


def requirements(peer: str) -> Path:
    return Path(__file__).parent / "requirements" / f"{peer}.txt"


def check(peer: str, folder: Path) -> Path:
    """Return a peer's Python after having seen that it imports what the worker needs."""
    if peer not in MODULES:
        return Path(sys.executable)
    python = folder / f"peer_{peer}" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    repeat = f"python -m benchmarks.peers --setup {peer} --envs {folder}"
    if not python.exists():
        raise PeerMissingError(f"{peer} is left out: there is no {python}. To have it: {repeat}")
    command = [python, "-c", f"import {MODULES[peer]}"]
    found = subprocess.run(command, capture_output=True, text=True, env=one_thread())
    if found.returncode:
        reason = (found.stderr.strip().splitlines() or ["no message"])[-1]
        raise PeerMissingError(f"{peer} is left out: {reason} To install it anew: {repeat}")
    return python


def set_up(peer: str, folder: Path) -> None:
    """Make a peer's environment."""
    if peer not in MODULES:
        raise SystemExit(f"{peer} needs no environment; those that do: {', '.join(MODULES)}.")
    place = folder / f"peer_{peer}"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if subprocess.run([python, "-m", "pip", "install", "-r", requirements(peer)]).returncode:
        raise SystemExit(f"{peer} does not install; its other peers can be measured without it.")


def one_thread() -> dict[str, str]:
    """Return an environment in which every library finds a single core, and workers this code."""
    limits = {f"{n}_NUM_THREADS": "1" for n in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    limits |= {"LOKY_MAX_CPU_COUNT": "1", "PYTHONPATH": str(HERE.parent)}
    return {**os.environ, **limits}


# ---- one split -------------------------------------------------------------------------------


def measure(
    cells: list[Cell],
    settings: dict[str, Any],
    folder: Path,
    pythons: dict[str, Path],
    chosen: dict[Cell, str] | None = None,
) -> Iterator[tuple]:
    """Yield the cells of one split, and what was measured or an error.

    Prediction times are taken on the first split: they hardly depend on it. `chosen` are the
    winners of searches that were measured before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table, seed = cells[0][1:3]
    X, X_test, y, y_test = paper_split(table, seed)
    np.savez(folder / "split.npz", X=X, y=y, X_test=X_test)
    winners = {c.student: name for c, name in (chosen or {}).items() if c[1:3] == (table, seed)}
    for peer, own in by_peer(cells, folder).items():
        wanted = [[cell.method, cell.student] for cell in own]
        job = {"seed": seed, **settings, "timed": seed == FIRST_SEED, "wanted": wanted}
        job["chosen"] = winners
        (folder / "job.json").write_text(json.dumps(job))
        for cell, found in run_worker(peer, own, folder, pythons[peer]):
            if cell in cells:
                told = found.get("error") or score(cell, found, y_test, folder) | settings
                yield cell, told


def by_peer(cells: list[Cell], folder: Path) -> dict[str, list[Cell]]:
    """Group cells by worker, and let the teacher come first where somebody asks it."""
    groups: dict[str, list[Cell]] = {}
    asked = any(cell.peer in ASK_TEACHER or cell.method == "cross_fit" for cell in cells)
    if asked and not (folder / "teacher.npz").exists():
        groups["teacher"] = [Cell("teacher", *cells[0][1:3], "teacher", "forest500")]
    for cell in cells:
        group = groups.setdefault(cell.peer, [])
        group += [cell] if cell not in group else []
    return groups


def run_worker(peer: str, cells: list[Cell], folder: Path, python: Path) -> Iterator[tuple]:
    """Start a worker, and yield its lines as they come."""
    left = {(cell.method, cell.student): cell for cell in cells}
    log = folder / f"{peer}.log"
    command = [python, "-m", f"{__package__}.workers.{WORKERS[peer]}", folder]
    pipes = {"stdout": subprocess.PIPE, "text": True, "env": one_thread()}
    with log.open("w") as errors, subprocess.Popen(command, stderr=errors, **pipes) as worker:
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
    error = reliability(onehot(y, np.arange(proba.shape[1])), proba).error
    loss = float(row_losses(y, proba).mean())
    scores = {"auc": auc(y, proba), "log_loss": loss, "calibration_error": error}
    return {name: round(value, 6) for name, value in scores.items()} | found
