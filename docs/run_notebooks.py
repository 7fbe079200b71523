"""Execute the notebooks that the site offers for download, each in a kernel of its own.

Build the site first; that makes the notebooks.

    python docs/run_notebooks.py [--jobs 2] [docs/gallery/plot_rules.ipynb ...]
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import nbformat
from nbclient import NotebookClient

GALLERY = Path(__file__).parent / "gallery"
SECONDS = 300  # for one cell, and for a kernel to start


def run(path: Path) -> float:
    """Execute a notebook, and return the seconds that it took; a cell that fails is an error."""
    start = perf_counter()
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(
            notebook, timeout=SECONDS, startup_timeout=SECONDS, resources=resources
        ).execute()
    return perf_counter() - start


def main() -> None:
    """Execute those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of the gallery by default")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    options = parser.parse_args()
    paths = options.notebooks or sorted(GALLERY.glob("plot_*.ipynb"))
    if not paths:
        sys.exit(f"There are no notebooks in {GALLERY}: build the site first.")
    failed = []
    with ProcessPoolExecutor(options.jobs) as pool:
        running = {pool.submit(run, path): path for path in paths}
        for done in as_completed(running):
            name = running[done].name
            if done.exception() is None:
                print(f"{name}: {done.result():.0f} s", flush=True)
            else:
                print(f"{name} failed: {done.exception()}", flush=True)
                failed.append(name)
    if failed:
        sys.exit(f"{len(failed)} of {len(paths)} notebooks failed: {', '.join(sorted(failed))}")


if __name__ == "__main__":
    main()
