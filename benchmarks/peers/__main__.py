"""Our distillers beside what people use: same tables, same splits, same sizes of students.

    python -m benchmarks.peers --setup imodels autogluon tabtune onnx --envs FOLDER   # once
    python -m benchmarks.peers --envs FOLDER              # may be stopped, and goes on
    python -m benchmarks.peers --render                   # the page and the figure of what there is

Each peer has an environment of its own below FOLDER, by `requirements/PEER.txt`; one that is not
there, or does not import, is left out with a message. All run on one core. What is measured goes to
`cells.jsonl`, a line for each cell.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

from .. import runner
from ..data import FIRST_SEED, why_absent
from ..page import RESULTS, by_hand, write
from ..store import Records, Store
from . import page
from .measuring import MODULES, PeerMissingError, check, measure, set_up
from .plan import CHOSE, OURS, PEERS, TABLES, Cell, plan

WORK = Path(tempfile.gettempdir()) / "skdistill_peers"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = runner.parser(__doc__, peers=[*PEERS], tables=[*TABLES])
    parser.add_argument("--setup", nargs="+", metavar="PEER", help="only make environments")
    parser.add_argument("--envs", type=Path, default=WORK / "envs", help="their folder")
    parser.add_argument("--seeds", type=int, default=7, help="number of splits")
    parser.add_argument("--out", type=Path, default=RESULTS / "peers")
    parser.add_argument("--work", type=Path, default=WORK, help="for splits and teachers")
    trying = parser.add_argument_group("to try the program (with another --out)")
    trying.add_argument("--trees", type=int, default=500, help="trees of the teacher")
    return parser.parse_args(arguments)


def find_peers(options: argparse.Namespace) -> dict[str, Path]:
    """Return the interpreters of the peers that are there, and tell why the others are not."""
    pythons = {}
    for peer in dict.fromkeys(["teacher", *options.peers]):
        try:
            pythons[peer] = check(peer, options.envs)
        except PeerMissingError as missing:
            print(missing, flush=True)
    return pythons


def run(store: Store, options: argparse.Namespace) -> list[Cell]:
    """Measure what is missing, split by split over all tables; return what failed."""
    pythons = find_peers(options)
    peers = tuple(peer for peer in options.peers if peer in pythons)
    for reason in filter(None, map(why_absent, options.tables)):
        print(f"{reason} It is left out.", flush=True)
    splits = [(t, FIRST_SEED + k) for k in range(options.seeds) for t in options.tables]
    cells = [c for t, s in splits if not why_absent(t) for c in plan(t, s, FIRST_SEED, peers)]
    settings = {runner.SAME: {"trees": options.trees}}
    work = options.work / str(options.trees)
    given = {"pythons": pythons, "chosen": winners(store.read())}
    how = runner.How(partial(measure, **given), settings, work)
    own = {"score": lambda values: f"AUC {values['auc']:.4f}", "lacks": lacks_times}
    return runner.measure_all(cells, store, how, **own)


def winners(records: Records) -> dict[Cell, str]:
    """Return what searches chose."""
    own = {cell: record for cell, record in records.items() if cell.method == OURS}
    return {cell: record["notes"].removeprefix(CHOSE) for cell, record in own.items()}


def lacks_times(cell: Cell, record: dict) -> bool:
    """Whether a cell is of the first split, and has no times."""
    return cell.seed == FIRST_SEED and "us_one_row" not in record


def main() -> None:
    options = parse()
    if options.setup:
        for peer in options.setup:
            set_up(peer, options.envs)
        return
    store = Store(options.out / "cells.jsonl", Cell)
    failed = [] if options.render else run(store, options)
    records = store.read()
    if not records:
        raise SystemExit("Nothing has been measured yet.")
    absent = [peer for peer in MODULES if all(cell.peer != peer for cell in records)]
    path = options.out / "README.md"
    page.draw(records, options.out / "peers.png")
    write(path, page.write(records, absent, by_hand(path, page.BY_HAND)))
    runner.report(failed)


if __name__ == "__main__":
    main()
