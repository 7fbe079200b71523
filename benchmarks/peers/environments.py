"""Each peer has an environment of its own, so that its requirements disturb nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# What a worker imports. Peers without an entry run where the benchmark runs.
MODULES = {
    "imodels": "imodels",
    "autogluon": "autogluon.tabular",
    "tabtune": "tabtune.distillation.students.gbdt_student",
    "onnx": "skl2onnx, onnxruntime",
}


class PeerMissingError(Exception):
    """A peer is not installed, or what is installed cannot be imported."""


def requirements(peer: str) -> Path:
    return HERE / "requirements" / f"{peer}.txt"


def interpreter(peer: str, folder: Path) -> Path:
    """Return a peer's Python, in its environment below `folder`."""
    if peer not in MODULES:
        return Path(sys.executable)
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return folder / f"peer_{peer}" / inside


def check(peer: str, folder: Path) -> Path:
    """Return a peer's Python after having seen that it imports what the worker needs."""
    python = interpreter(peer, folder)
    if peer not in MODULES:
        return python
    repeat = f"python benchmarks/peers --setup {peer} --envs {folder}"
    if not python.exists():
        raise PeerMissingError(f"{peer} is left out: there is no {python}. To have it: {repeat}")
    found = subprocess.run(
        [python, "-c", f"import {MODULES[peer]}"], capture_output=True, text=True, env=one_thread()
    )
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
    command = [interpreter(peer, folder), "-m", "pip", "install", "-r", requirements(peer)]
    if subprocess.run(command).returncode:
        raise SystemExit(f"{peer} does not install; its other peers can be measured without it.")


def one_thread() -> dict[str, str]:
    """Return an environment in which every library finds a single core."""
    names = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
    limits = {f"{name}_NUM_THREADS": "1" for name in names}
    return {**os.environ, **limits, "LOKY_MAX_CPU_COUNT": "1"}
