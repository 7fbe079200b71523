"""Execute the notebooks that the site offers for download, each in a kernel of its own.

Build the site first; that makes the notebooks.

    python docs/run_notebooks.py [docs/gallery/plot_rules.ipynb ...]
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import nbformat
from nbclient import NotebookClient

GALLERY = Path(__file__).parent / "gallery"
SECONDS = 300  # for one cell, and for a kernel to start


def run(path: Path) -> None:
    """Execute a notebook; a cell that fails is an error."""
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(
            notebook, timeout=SECONDS, startup_timeout=SECONDS, resources=resources
        ).execute()


def main() -> None:
    """Execute those that are named, or all."""
    paths = [Path(name) for name in sys.argv[1:]] or sorted(GALLERY.glob("plot_*.ipynb"))
    if not paths:
        sys.exit(f"There are no notebooks in {GALLERY}: build the site first.")
    for path in paths:
        start = perf_counter()
        run(path)
        print(f"{path.name}: {perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
