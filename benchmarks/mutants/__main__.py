"""Draw mutants of the package, let the tests look for them, and write down which survive.

    SKDISTILL_DATA=/folder/of/tables python -m benchmarks.mutants

writes benchmarks/results/mutants.jsonl, a line for each mutant, and benchmarks/results/mutants.md.
A run that was stopped goes on where it was; `--again` tries the survivors anew. Why one may survive
is written by hand in `survivors.toml` beside this file.
"""

import argparse
import gc
import importlib
import tempfile
import tomllib
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from time import perf_counter

from ..page import RESULTS, blocks, fill, heading, table, write
from ..store import Records, Store, missing
from .changes import Mutant, draw
from .trial import ROOT, Trials, measure_reach

STORE = Store(RESULTS / "mutants.jsonl", Mutant)
# What tests import, so that forked trials find it loaded.
LOADED = [
    "catboost",
    "distributed",
    "hypothesis.strategies",
    "matplotlib.pyplot",
    "pandas",
    "polars",
    "scipy.stats",
]
LOADED += ["sklearn.datasets", "sklearn.ensemble", "sklearn.utils.estimator_checks", "xgboost"]
REASONS = Path(__file__).with_name("survivors.toml")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", nargs="*", help="only mutants of these files, for a trial")
    parser.add_argument("--again", action="store_true", help="try the survivors anew")
    parser.add_argument("--page", action="store_true", help="try nothing, only write the page")
    parser.add_argument("--seconds", type=float, default=20, help="of tests elsewhere")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "mutants")
    options = parser.parse_args()
    drawn = draw(ROOT, options.number, options.seed)
    if not options.page:
        options.work.mkdir(parents=True, exist_ok=True)
        with STORE.opened():
            records = STORE.read()
            if options.again:
                records = {m: r for m, r in records.items() if r["killer"]}
            wanted = [m for m in missing(drawn, records) if m.file in (options.files or [m.file])]
            run(wanted, drawn, Trials(options.work, measure_reach(options.work), options.seconds))
    records = STORE.read()
    tried = {m: records[m] | {"line": drawn[m][0]} for m in drawn if m in records}
    write(RESULTS / "mutants.md", page(tried, options))


def run(wanted: list[Mutant], drawn: dict, trials: Trials) -> None:
    """Try mutants one by one, and keep what came of each."""
    for name in LOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # spare forked trials looking through all that
    for k, mutant in enumerate(wanted, start=1):
        line, source = drawn[mutant]
        start = perf_counter()
        killer = trials.kill(mutant.file, line, source)
        STORE.append(mutant, {"killer": killer, "seconds": round(perf_counter() - start, 1)})
        said = killer or f"SURVIVES: {mutant.before} -> {mutant.after}"
        print(f"{k}/{len(wanted)} {mutant.file}:{line} {said}", flush=True)


def page(tried: Records, options: argparse.Namespace) -> str:
    """Lay out the share that was noticed, by file, and each survivor with its reason."""
    known = tomllib.loads(REASONS.read_text(encoding="utf-8"))["survivor"]
    reasons = {(r["file"], r["text"], r["after"]): r["reason"] for r in known}
    by_file = defaultdict(list)
    for mutant, record in tried.items():
        by_file[mutant.file].append(bool(record["killer"]))
    survivors = [
        [
            f"`{m.file}:{record['line']}`",
            *(f"`{_cell(text)}`" for text in (m.text, m.before, m.after)),
            reasons.get((m.file, m.text, m.after), "(none yet)"),
        ]
        for m, record in tried.items()
        if not record["killer"]
    ]
    killed, seconds = len(tried) - len(survivors), [r["seconds"] for r in tried.values()]
    about = fill(
        "mutants", "about", number=len(tried), seed=options.seed, killed=killed,
        share=round(100 * killed / len(tried), 1), mean=round(sum(seconds) / len(tried), 1),
    )  # fmt: skip
    files = [[f"`{f}`", len(found), sum(found)] for f, found in by_file.items()]
    parts = [
        heading("Mutants", f"mutants --seed {options.seed} --number {options.number}", about),
        fill("mutants", "files", table=table(["file", "mutants", "noticed"], files)),
        fill("mutants", "survivors", table=table(["place", "line", "was", "is", "why"], survivors)),
    ]
    return blocks(parts)


def _cell(text: str) -> str:
    short = " ".join(text.split()).replace("|", "\\|").replace("`", "'")
    return short if len(short) <= 70 else short[:69] + "…"


if __name__ == "__main__":
    main()
