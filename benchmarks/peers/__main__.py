"""Our distillers beside what people use: same tables, same splits, same sizes of students.

    python benchmarks/peers --setup imodels autogluon tabtune onnx --envs FOLDER   # once
    python benchmarks/peers --envs FOLDER              # may be stopped, and goes on
    python benchmarks/peers --render                   # the page and the figure of what there is

Each peer has an environment of its own below FOLDER, by `requirements/PEER.txt`; one that is not
there, or does not import, is left out with a message. All run on one core. What is measured goes to
`cells.jsonl`, a line for each cell.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from datasets import TableNotFoundError, load_numbers
from protocol import FIRST_SEED, write_whole, written_by_hand
from report import RESULTS

from peers import page, picture
from peers.environments import MODULES, PeerMissingError, check, set_up
from peers.plan import PEERS, TABLES, Cell, plan
from peers.runner import How, PeerStore, measure

WORK = Path(tempfile.gettempdir()) / "skdistill_peers"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--setup", nargs="+", metavar="PEER", help="only make environments")
    parser.add_argument("--envs", type=Path, default=WORK / "envs", help="their folder")
    parser.add_argument("--peers", nargs="+", default=[*PEERS], choices=[*PEERS])
    parser.add_argument("--tables", nargs="+", default=[*TABLES], choices=[*TABLES])
    parser.add_argument("--seeds", type=int, default=3, help="number of splits")
    parser.add_argument("--render", action="store_true", help="only write page and figure")
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


def find_tables(tables: list[str]) -> list[str]:
    """Return the tables that are on hand."""
    found = []
    for table in tables:
        try:
            load_numbers(table)
            found.append(table)
        except TableNotFoundError as missing:
            print(f"{missing} It is left out.", flush=True)
    return found


def run(store: PeerStore, options: argparse.Namespace) -> list[Cell]:
    """Measure what is missing, split by split over all tables; return what failed."""
    pythons = find_peers(options)
    peers = tuple(peer for peer in options.peers if peer in pythons)
    tables, failed = find_tables(options.tables), []
    how = How(options.trees, options.work, pythons, FIRST_SEED)
    for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
        for table in tables:
            known = store.read()
            planned = plan(table, seed, FIRST_SEED, peers)
            cells = [cell for cell in planned if is_missing(cell, known)]
            start = time.perf_counter()
            for cell, values in measure(table, seed, cells, how) if cells else ():
                took, start = time.perf_counter() - start, time.perf_counter()
                if "error" in values:
                    failed.append(cell)
                    print(f"{cell} FAILED\n{values['error']}", flush=True)
                    continue
                store.append(cell, {**values, "trees": options.trees})
                print(f"{cell}: AUC {values['auc']:.4f}; {took:.0f} s", flush=True)
    return failed


def is_missing(cell: Cell, known: dict[Cell, dict]) -> bool:
    """Whether a cell has not been measured, or has no times although it is of the first split."""
    return cell not in known or (cell.seed == FIRST_SEED and "us_one_row" not in known[cell])


def refuse_mixture(store: PeerStore, trees: int) -> None:
    """Keep what other teachers taught out of one file."""
    if any(record["trees"] != trees for record in store.read().values()):
        raise SystemExit(f"{store.path} is of teachers of another size: use another --out.")


def main() -> None:
    options = parse()
    if options.setup:
        for peer in options.setup:
            set_up(peer, options.envs)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped. The same command goes on."))
    store = PeerStore(options.out / "cells.jsonl")
    refuse_mixture(store, options.trees)
    failed = []
    if not options.render:
        with store.opened():
            failed = run(store, options)
    records = store.read()
    if not records:
        raise SystemExit("Nothing has been measured yet.")
    absent = [peer for peer in MODULES if all(cell.peer != peer for cell in records)]
    path = options.out / "README.md"
    picture.draw(records, options.out / "peers.png")
    write_whole(path, page.write(records, absent, written_by_hand(path, page.BY_HAND)))
    print(f"The page is {path}.")
    if failed:
        raise SystemExit(f"{len(failed)} cells failed: {', '.join(map(str, failed))}")


if __name__ == "__main__":
    main()
