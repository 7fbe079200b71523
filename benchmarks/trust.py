"""Count what is tried against the package so that no wrong number looks right.

    SKDISTILL_DATA=/folder/of/tables python -m benchmarks.trust

runs the tests that try bad calls, faults, doors and properties, and writes
benchmarks/results/trust.md.
"""

import re
import subprocess
import sys
from time import perf_counter

from .page import RESULTS, heading, table, write

ROOT = RESULTS.parents[1]
TRIED = {
    "Bad calls of every public callable": ["tests/test_bad_calls.py"],
    "Members that cannot learn or answer, at every door": ["tests/test_rehearsal.py"],
    "Checks and warnings, at every door": [
        "tests/test_doors.py",
        "tests/_utils/test_validation.py",
    ],
    "Containers, formats and categories of rows": ["tests/rows"],
    "Students that weighted copies would mislead": ["tests/students/test_copies.py"],
    "Faults, each in a process of its own": ["tests/test_faults.py"],
    "The cache of answers": ["tests/_utils/test_memory.py"],
    "Properties of any table": ["tests/test_properties.py"],
    "Digests over processes, threads and layouts": ["tests/test_determinism.py"],
    "Tables handed to the command line": ["tests/command"],
}
ABOUT = """\
What the tests try so that no wrong number looks right. Each case passes only if the answer is the
right one, or a refusal or warning in the words that the test expects, with no teacher fitted where
that can be known, and nothing modified. Real tables come from `SKDISTILL_DATA`. What mistakes
these and the other tests notice stands on the page `mutants.md`."""


def main() -> None:
    rows: list[list[object]] = []
    for what, files in TRIED.items():
        start = perf_counter()
        found = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
            cwd=ROOT,
            capture_output=True,
            text=True,
        ).stdout.splitlines()[-1]
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", found)}
        failed = counts.get("failed", 0) + counts.get("error", 0)
        passed, skipped = counts.get("passed", 0), counts.get("skipped", 0)
        rows.append([what, passed, failed, skipped, f"{perf_counter() - start:.0f}"])
        print(rows[-1], flush=True)
    rows.append(["All", *(sum(int(str(row[k])) for row in rows) for k in (1, 2, 3, 4))])
    head = heading("No silent wrong answer", "trust", ABOUT)
    write(
        RESULTS / "trust.md",
        f"{head}\n\n{table(['tried', 'passed', 'failed', 'skipped', 'seconds'], rows)}\n",
    )


if __name__ == "__main__":
    main()
