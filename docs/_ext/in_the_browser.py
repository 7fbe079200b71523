"""A student, and what runs it, beside the page on which a browser asks it.

The runtime comes from npm when the site is built, and is part of the site from then on: a visitor
loads nothing from elsewhere. Without npm the site is built without it, and the page says so. What
node, by the page's own code, hears from the file is compared with what Python says.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

PAGE = "user_guide/in_the_browser"
TAG = "has_onnxruntime_web"
# Later ones are larger: this has 11 MB, of which 2.9 are sent where a server compresses.
RUNTIME = "onnxruntime-web@1.22.0"
# What is taken of it, and its SHA-256.
FILES = {
    "ort.wasm.min.mjs": "6ef726f355b791129f7ddf3f62e7877a16b9b777abe87004b8ab306e6b9cf265",
    "ort-wasm-simd-threaded.mjs": (
        "30dd851d9c00622940500f71ddd2ff8820c5cb65270816080175b958705385a8"
    ),
    "ort-wasm-simd-threaded.wasm": (
        "71aef04959c5c1b6de461b6538e2058e306610034a85aad2742d0c7fd4533fe4"
    ),
}
SECONDS = 300
OWN_CODE = Path(__file__).parents[1] / "_static" / "browser" / "score.mjs"
# Outside a browser the runtime would take several threads, and fetch no file.
ASK = """
import { readFileSync } from "node:fs";
import { env } from "./ort.wasm.min.mjs";
import { load } from "./score.mjs";
env.wasm.numThreads = 1;
const score = await load(readFileSync("student.onnx")), answers = [];
for (const row of JSON.parse(process.argv[1])) answers.push((await score(row)).probabilities);
console.log(JSON.stringify(answers));
"""


def write_student(path: Path) -> tuple[Any, NDArray[np.float64]]:
    """Teach a tree about irises, and write it for the browser."""
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeRegressor

    from skdistill import CrossFitDistiller
    from skdistill.export import to_onnx

    X, y = load_iris(return_X_y=True)
    names = load_iris().target_names[y]
    teacher = RandomForestClassifier(200, random_state=0)
    student = DecisionTreeRegressor(max_leaf_nodes=12, random_state=0)
    model = CrossFitDistiller(teacher, student, cv="oob").fit(X, names)
    to_onnx(model, X, path=path, overwrite=True)
    return model, X


class LeftOutError(Exception):
    """Why the site is built without the runtime."""


def add_student(app: Sphinx) -> None:
    """Put student and runtime into the site, or leave both out."""
    app.tags.remove(TAG)
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "browser")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fetch_runtime(folder)
        model, X = write_student(folder / "student.onnx")
        difference = largest_difference(model, folder, X)
    except LeftOutError as reason:
        logger.info("%s is left out: %s", RUNTIME, reason)
        return
    if not difference <= 1e-6:
        logger.warning("the student in the browser is %.2g from that in Python", difference)
    app.tags.add(TAG)
    logger.info("the student in the browser is %.2g from that in Python", difference)


def fetch_runtime(folder: Path) -> None:
    """Get the runtime from npm, if it is not there from the build before."""
    if all(is_right(folder / name) for name in FILES):
        return
    with TemporaryDirectory() as elsewhere:
        run(["npm", "pack", "--loglevel=error", "--fetch-retries=1", RUNTIME], Path(elsewhere))
        [archive] = Path(elsewhere).glob("*.tgz")
        with tarfile.open(archive) as packed:
            for name in FILES:
                content = packed.extractfile(f"package/dist/{name}").read()
                (folder / name).write_bytes(content)
    wrong = [name for name in FILES if not is_right(folder / name)]
    if wrong:
        raise RuntimeError(f"{', '.join(wrong)} of {RUNTIME} is not what it was.")


def is_right(path: Path) -> bool:
    """Tell whether a file of the runtime is there, and what it was."""
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == FILES[path.name]


def largest_difference(model: Any, folder: Path, X: NDArray[np.float64]) -> float:
    """Return how far probabilities by the page's own code, run by node, are from Python's."""
    shutil.copy(OWN_CODE, folder)
    call = ["node", "--input-type=module", "--eval", ASK, json.dumps(X.tolist())]
    found = np.array(json.loads(run(call, folder)))
    return float(np.abs(found - model.predict_proba(X)).max())


def run(command: list[str], folder: Path) -> str:
    """Return what a program printed."""
    if (program := shutil.which(command[0])) is None:
        raise LeftOutError(f"there is no {command[0]}")
    try:
        ran = subprocess.run(
            [program, *command[1:]],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise LeftOutError(f"{command[0]} took more than {SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        raise LeftOutError(f"{command[0]} failed: {error.stderr[-500:].strip()}") from error
    return ran.stdout


def page_to_read(app: Sphinx, *_: Any) -> list[str]:
    """Have the page read anew: whether it has the runtime does not show in its source."""
    return [PAGE] if app.builder.format == "html" else []


def setup(app: Sphinx) -> dict[str, Any]:
    """Come before pages are read, which ask for the tag."""
    app.connect("builder-inited", add_student)
    app.connect("env-get-outdated", page_to_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
