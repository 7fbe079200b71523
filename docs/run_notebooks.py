"""Execute the notebooks that the site offers for download, each in a kernel of its own.

Build the site first; that makes the notebooks, and runs the scripts that they are made from.

    python docs/run_notebooks.py [--jobs 2] [docs/gallery/plot_rules.ipynb ...]

With `--check` nothing is executed: a notebook must be valid, and its code must be its script's.
"""

from __future__ import annotations

import argparse
import ast
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import nbformat
from nbclient import NotebookClient

GALLERY = Path(__file__).parent / "gallery"
EXAMPLES = Path(__file__).parent / "examples"
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


def problem_of(path: Path) -> str | None:
    """Say why a notebook might fail although its script ran, or return None."""
    if not path.exists():
        return "there is no such notebook"
    notebook = nbformat.read(path, as_version=4)
    try:
        nbformat.validate(notebook)
        cells = [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    except (nbformat.ValidationError, SyntaxError) as error:
        return f"{type(error).__name__}: {error}"
    script = ast.parse((EXAMPLES / f"{path.stem}.py").read_text("utf-8"))
    if any(isinstance(node, ast.Name) and node.id == "__file__" for node in ast.walk(script)):
        return "its script uses __file__, which a notebook has not"
    # The first statement of a script is its text.
    if [ast.dump(node) for cell in cells for node in cell.body] != [
        ast.dump(node) for node in script.body[1:]
    ]:
        return "its code is not that of its script"
    return None


def check(paths: list[Path]) -> None:
    """Check without executing."""
    problems = {path.name: problem for path in paths if (problem := problem_of(path))}
    for name, problem in problems.items():
        print(f"{name}: {problem}")
    if problems:
        sys.exit(f"{len(problems)} of {len(paths)} notebooks are not as they should be")
    print(f"{len(paths)} notebooks are valid and hold the code of their scripts")


def execute(paths: list[Path], jobs: int) -> None:
    """Execute, so many at a time; a notebook that fails does not keep others from running."""
    failed = []
    with ProcessPoolExecutor(jobs) as pool:
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


def main() -> None:
    """Execute or check those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of the gallery by default")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--check", action="store_true", help="compare with scripts, do not execute")
    options = parser.parse_args()
    scripts = sorted(EXAMPLES.glob("plot_*.py"))
    paths = options.notebooks or [GALLERY / f"{script.stem}.ipynb" for script in scripts]
    if not GALLERY.exists():
        sys.exit(f"There is no {GALLERY}: build the site first.")
    if options.check:
        check(paths)
    else:
        execute(paths, options.jobs)


if __name__ == "__main__":
    main()
