"""One mutant, tried: the tests that concern it run on a copy of the package until one fails.

Tests of the same name come first, then others that execute the changed line, short ones first, up
to a limit of seconds. The process that runs them is forked from one that has everything imported,
so that a trial costs little more than its tests.
"""

import ast
import difflib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# Not tests of behaviour: they look at how the source is written, or at the benchmarks.
ASIDE = ["benchmarks", "test_docs.py", "test_docstrings.py", "test_house.py"]
EACH = 0.02  # seconds that a test costs beside its own
MEMORY = 12 * 2**30
PYTEST = ["-x", "-q", "-p", "no:cacheprovider"]
PYTEST += [*(f"--ignore=tests/{name}" for name in ASIDE)]


def copy_to(folder: Path) -> Path:
    """Copy what the tests need."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("skdistill", "tests", "benchmarks"):
        unwanted = shutil.ignore_patterns("__pycache__", "results")
        shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, copy / name)
    return copy


class Reach:
    """Which tests execute which lines, and how long they take."""

    def __init__(self, path: Path) -> None:
        found = json.loads(path.read_text(encoding="utf-8"))
        self.ids: list[str] = found["ids"]
        self.seconds: dict[str, float] = found["seconds"]
        self.sources: dict[str, list[str]] = found["sources"]
        self.tests: dict[str, dict[str, list[int]]] = found["tests"]
        seen = {k for lines in self.tests.values() for some in lines.values() for k in some}
        # They start a process of their own, whose lines nobody has noted.
        self.unseen = {test for k, test in enumerate(self.ids) if k not in seen}

    def of(self, file: str, line: int) -> set[str]:
        """Return the tests that execute a line: its statement, else its function, else its file."""
        source = (ROOT / file).read_text(encoding="utf-8").splitlines()
        before = self.sources.get(file, [])
        moves = difflib.SequenceMatcher(None, before, source, autojunk=False).get_matching_blocks()
        old = {m.b + k + 1: m.a + k + 1 for m in moves for k in range(m.size)}
        for first, last in _around("\n".join(source), line):
            places = (str(old[k]) for k in range(first, last + 1) if k in old)
            if tests := {test for k in places for test in self.tests[file].get(k, [])}:
                return {self.ids[k] for k in tests}
        return set()


def _around(source: str, line: int) -> list[tuple[int, int]]:
    """Return spans of lines whose tests reach a line, the narrowest first.

    What stands outside of functions runs at import, whoever is first: all tests of the file count.
    """
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.stmt)]
    nodes = [n for n in nodes if n.lineno <= line <= (n.end_lineno or n.lineno)]
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef)]
    if not functions:
        return [(1, source.count("\n") + 1)]
    inner = max(functions, key=lambda n: n.lineno)
    body = (inner.body[0].lineno, inner.end_lineno or line)
    if line < body[0]:
        return [body]
    spans = [(n.lineno, n.end_lineno or n.lineno) for n in nodes if n.lineno >= body[0]]
    for node in nodes:  # the head of an `if` or `for`
        first = getattr(node, "body", [node])[0].lineno
        if body[0] <= node.lineno <= line < first:
            spans.append((node.lineno, first - 1))
    return sorted({*spans, body}, key=lambda span: span[1] - span[0])


def measure_reach(folder: Path) -> Reach:
    """Run all tests once, and keep which lines each executes; from an earlier run if there is one.

    Fails if a test fails: what is broken without a mutant tells nothing.
    """
    path = folder / "reach.json"
    if not path.exists():
        copy = copy_to(folder)
        config, report = folder / "coveragerc", folder / "report.xml"
        config.write_text(f"[run]\nsource = skdistill\ndata_file = {folder / 'coverage'}\n")
        options = ["--cov=skdistill", "--cov-context=test", f"--cov-config={config}"]
        options += ["--cov-report=", f"--junitxml={report}", "-o", "junit_family=xunit1"]
        command = [sys.executable, "-m", "pytest", *PYTEST, *options]
        environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
        subprocess.run(command, cwd=copy, check=True, env=environment)
        path.write_text(json.dumps(_read_reach(folder / "coverage", report, copy)))
    return Reach(path)


def _read_reach(data: Path, report: Path, copy: Path) -> dict[str, Any]:
    from coverage import CoverageData

    found = CoverageData(str(data))
    found.read()
    seconds = {
        f"{case.get('file')}::{case.get('name')}": float(case.get("time", 0))
        for case in ElementTree.parse(report).iter("testcase")
    }
    ids = [*seconds]
    numbers = {f"{name}|{when}": k for k, name in enumerate(ids) for when in ("setup", "run")}
    tests, sources = {}, {}
    for name in found.measured_files():
        file = Path(name).relative_to(copy).as_posix()
        tests[file] = {
            line: sorted({numbers[c] for c in contexts if c in numbers})
            for line, contexts in found.contexts_by_lineno(name).items()
        }
        sources[file] = Path(name).read_text(encoding="utf-8").splitlines()
    return {"ids": ids, "tests": tests, "sources": sources, "seconds": seconds}


class Chooser:
    """A pytest plugin that runs chosen tests, short ones first, and says which failed."""

    def __init__(self, seconds: dict[str, float], told: Path, known: set[str] | None) -> None:
        self.seconds, self.told, self.known = seconds, told, known

    def pytest_collection_modifyitems(self, items: list) -> None:
        """Leave out what does not reach the mutant; tests that nobody has measured stay."""
        new = set() if self.known is None else {item.nodeid for item in items} - self.known
        chosen = [item for item in items if item.nodeid in new or item.nodeid in self.seconds]
        items[:] = sorted(chosen, key=lambda item: self.seconds.get(item.nodeid, 0))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Remember the first failure."""
        if report.failed:
            self.told.write_text(report.nodeid, encoding="utf-8")


class Trials:
    """A copy of the package in which one mutant after the other is tried."""

    def __init__(self, folder: Path, reach: Reach, seconds: float) -> None:
        self.copy, self.reach, self.told = copy_to(folder), reach, folder / "told"
        self.seconds = seconds
        self.sound = set[str]()  # files whose own tests pass as they are
        self.output = folder / "output"
        self.clock = time.time()

    def kill(self, file: str, line: int, source: str) -> str:
        """Return what noticed the mutant: a test, "a hang", or nothing, an empty string."""
        reached = self.reach.of(file, line)
        own = [path for path in _mirrors(file) if (self.copy / path).exists()]
        near = reached | self.reach.unseen
        at_home = {t for t in near if any(t.startswith(path) for path in own)}
        near = self._most_telling(at_home, 3 * self.seconds)
        far = self._most_telling(reached - at_home, self.seconds)
        if file not in self.sound:
            with self._changed(file, (ROOT / file).read_text(encoding="utf-8")):
                if fails := self._run(own, near, set(self.reach.seconds)):
                    raise SystemExit(f"{fails} fails without a mutant, which would tell nothing.")
            self.sound.add(file)
        with self._changed(file, source):
            killer = self._run(own, near, set(self.reach.seconds))
            return killer or self._run(sorted({t.partition("::")[0] for t in far}), far, None)

    def _most_telling(self, tests: set[str], limit: float) -> dict[str, float]:
        """Choose tests for the time there is: quick ones, from many functions and files."""
        met, costs = Counter[str](), {}
        for seconds, test in sorted((self.reach.seconds[t], t) for t in tests):
            function, file = test.partition("[")[0], test.partition("::")[0]
            met.update((function, file))
            costs[test] = (seconds + EACH) * (met[function] * met[file]) ** 0.5
        chosen: dict[str, float] = {}
        for test in sorted(costs, key=costs.__getitem__):
            limit -= self.reach.seconds[test] + EACH
            if limit > 0 or not chosen:
                chosen[test] = self.reach.seconds[test]
        return chosen

    @contextmanager
    def _changed(self, file: str, source: str) -> Iterator[None]:
        path = self.copy / file
        before = path.read_text(encoding="utf-8")
        try:
            self._write(path, source)
            yield
        finally:
            self._write(path, before)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        self.clock += 2  # compiled files are told apart by whole seconds
        os.utime(path, (self.clock, self.clock))

    def _run(self, paths: list[str], seconds: dict[str, float], known: set[str] | None) -> str:
        if not paths:
            return ""
        self.told.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            self._be_child(paths, Chooser(seconds, self.told, known))
        limit = time.monotonic() + 60 + 4 * sum(seconds.values())
        done, status = 0, 0
        while not done and time.monotonic() < limit:
            time.sleep(0.02)
            done, status = os.waitpid(child, os.WNOHANG)
        with suppress(ProcessLookupError):  # workers that a test left behind
            os.killpg(child, signal.SIGKILL)
        if not done:
            os.waitpid(child, 0)
            return "a hang"
        if status in (0, 5 << 8):
            return ""
        if self.told.exists():
            return self.told.read_text()
        if status == 2 << 8 or os.WIFSIGNALED(status):
            return "no test starts" if os.WIFEXITED(status) else "a crash"
        raise RuntimeError(f"pytest failed itself: {self.output.read_text(errors='replace')}")

    def _be_child(self, paths: list[str], chooser: Chooser) -> None:
        try:
            os.setpgid(0, 0)
            out = os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for stream in (1, 2):
                os.dup2(out, stream)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.chdir(self.copy)
            os.environ["PYTHONPATH"] = str(self.copy)
            sys.path[:] = [str(self.copy), *(p for p in sys.path if p not in ("", str(ROOT)))]
            for name in list(sys.modules):
                if name.partition(".")[0] in ("skdistill", "benchmarks", "tests"):
                    del sys.modules[name]
            # Plugins, and nicer messages of assertions, would load much anew.
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            os._exit(int(pytest.main([*PYTEST, "--assert=plain", *paths], plugins=[chooser])))
        except BaseException:
            traceback.print_exc()
            os._exit(70)


def _mirrors(file: str) -> list[str]:
    """Return the source, for its examples, and where the tests of the same name stand."""
    place = Path(file).relative_to("skdistill")
    name = f"test_{place.stem.strip('_')}.py"
    own = Path("tests") / place.parent / name
    return [file, own.as_posix() if (ROOT / own).exists() else own.parent.as_posix()]
