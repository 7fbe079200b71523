"""The page of the benchmark of numbers: goals, gains over tuned labels, regret, worlds, tables."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import NAMES
from ..page import blocks, counted, fill, heading, measured, table, write, yes
from ..scores import mean_and_error
from .tables import LICENCES, SOURCES
from .worlds import WORLDS

PURE = ("labels", "in_sample", "cross_fit")
TUNED, SEARCH, SEARCH_TUNED = "tuned_labels", "search", "search_tuned"
ITS_TEACHER = "its teacher"
TITLES = NAMES["regression"]
Records = list[dict[str, Any]]

# ---- numbers ---------------------------------------------------------------------------------


def grouped(records: Records, *fields: str) -> dict[tuple, Records]:
    """Return records by some fields, in the order in which they came."""
    groups: dict[tuple, Records] = {}
    for record in records:
        groups.setdefault(tuple(record[field] for field in fields), []).append(record)
    return groups


def values(records: Records, method: str, what: str) -> np.ndarray:
    """Return a number of a method in each cell that has it."""
    found = [record["methods"].get(method, {}).get(what) for record in records]
    return np.array([value for value in found if value is not None])


def by_table(records: Records, method: str, what: str) -> np.ndarray:
    """Return a number's mean on each table: splits of one table are no further tables."""
    means = [values(own, method, what) for own in grouped(records, "table").values()]
    return np.array([found.mean() for found in means if len(found)])


class Signs(NamedTuple):
    """In how many cells a method is better or worse than tuned labels by two standard errors."""

    wins: int
    losses: int
    cells: int

    @classmethod
    def of(cls, records: Records, method: str) -> "Signs":
        """Count cells, where a method was measured."""
        gain, error = (values(records, method, what) for what in ("gain", "gain_se"))
        return cls(int((gain > 2 * error).sum()), int((gain < -2 * error).sum()), len(gain))


def no_regret(records: Records) -> np.ndarray:
    """Say where the search is at most one paired error worse than the best of the pure ones."""
    over, error = (values(records, SEARCH, what) for what in ("over_pure", "over_pure_se"))
    return over >= -error


# ---- goals -----------------------------------------------------------------------------------

LARGE, SMALL = ("unpruned tree", "tree of 64 leaves"), ("forest of 10", "LightGBM 100×31")


def goals(records: Records) -> str:
    """Say of each goal whether it holds on the tables measured so far, and how much is missing."""
    rows = []
    for students, least, most_losses in ((LARGE, 0.020, 0.02), (SMALL, -0.003, 0.08)):
        for student in students:
            cells = [record for record in records if record["student"] == student]
            for method in (SEARCH, SEARCH_TUNED):
                rows += student_goals(student, cells, method, least, most_losses)
    near = no_regret(records)
    measured = f"{100 * near.mean():.1f} % of {len(near)}"
    told = verdict(near.mean() - 0.92, lambda gap: f"{100 * gap:.1f} points")
    rows.append(["all", TITLES[SEARCH], "no regret", "≥ 92 %", measured, *told])
    return table(["student", "by", "what", "goal", "measured", "holds", "missed by"], rows)


def student_goals(
    student: str, cells: Records, method: str, least: float, most_losses: float
) -> list[list]:
    """Return the two goals of a student: how much it gains in the mean, how often it loses."""
    gain, signs = by_table(cells, method, "gain"), Signs.of(cells, method)
    if not signs.cells:
        return []
    share = signs.losses / signs.cells
    return [
        [
            *(student, TITLES[method], "R² over tuned labels, mean over tables"),
            f"≥ {least:+.3f}",
            mean_and_error(gain, "+.4f"),
            *verdict(
                gain.mean() - least, lambda gap: f"{gap:.4f}" if gap >= 1e-4 else "less than 0.0001"
            ),
        ],
        [
            *(student, TITLES[method], "significant losses"),
            f"≤ {100 * most_losses:.0f} %",
            f"{signs.losses} of {signs.cells}, {100 * share:.1f} %",
            *verdict(most_losses - share, lambda gap: f"{100 * gap:.1f} points"),
        ],
    ]


def verdict(room: float, tell: Callable[[float], str]) -> list[str]:
    """Say whether there is room to a goal, and else how much is missing."""
    return [yes(room >= 0), "" if room >= 0 else tell(-room)]


# ---- other tables ----------------------------------------------------------------------------


def students_table(records: Records, what: str, spec: str = ".3f") -> str:
    """Show a score's mean over tables by each method."""
    rows = []
    for names, cells in grouped(records, "teacher", "student").items():
        scores = [by_table(cells, method, what) for method in TITLES]
        told = [f"{score.mean():{spec}}" if len(score) else "" for score in scores]
        rows.append([*names, len(cells), *told])
    return table(["teacher", "student", "cells", *TITLES.values()], rows)


def gains_table(records: Records) -> str:
    """Show each method's gain over tuned labels, with its significant wins and losses."""
    shown = [method for method in TITLES if method not in (TUNED, "teacher")]
    rows = []
    for names, cells in grouped(records, "teacher", "student").items():
        rows.append([*names, *(gain_of(cells, method) for method in shown)])
    return table(["teacher", "student", *(TITLES[method] for method in shown)], rows)


def gain_of(cells: Records, method: str) -> str:
    signs = Signs.of(cells, method)
    if not signs.cells:
        return ""
    return (
        f"{mean_and_error(by_table(cells, method, 'gain'), '+.3f')}, {signs.wins} / {signs.losses}"
    )


def regret_table(records: Records) -> str:
    """Show how often the search regrets, and which of the pure was the best in hindsight."""
    rows = []
    for names, cells in grouped(records, "teacher", "student").items():
        best = counted([cell["best_pure"] for cell in cells], lambda name, n: f"{name} {n}")
        over = mean_and_error(by_table(cells, SEARCH, "over_pure"), "+.4f")
        chosen = [cell["choices"][SEARCH]["best"] for cell in cells]
        told = counted(chosen, lambda name, n: f"{name} {n}")
        rows.append([*names, f"{100 * no_regret(cells).mean():.0f} %", over, best, told])
    header = ["teacher", "student", "no regret", "R² over the best pure", "best pure", "chosen"]
    return table(header, rows)


def tables_table(records: Records) -> str:
    """Show the search's gain over tuned labels on each table, by student."""
    students = [student for (student,) in grouped(records, "student")]
    rows = []
    for (name,), cells in grouped(records, "table").items():
        own = {student: found for (student,), found in grouped(cells, "student").items()}
        gains = [values(own.get(student, []), SEARCH, "gain") for student in students]
        told = [f"{gain.mean():+.3f}" if len(gain) else "" for gain in gains]
        rows.append([name, f"{values(cells, 'teacher', 'r2').mean():.3f}", *told])
    return table(["table", "R² of the teacher", *students], rows)


def losses_table(records: Records) -> str:
    """List the cells where the search loses against tuned labels by two standard errors."""
    rows = []
    for record in records:
        if Signs.of([record], SEARCH).losses:
            names = [record[field] for field in ("table", "teacher", "student", "seed")]
            own = record["methods"][SEARCH]
            told = [f"{own['gain']:+.4f}", f"{own['gain_se']:.4f}"]
            rows.append([*names, record["choices"][SEARCH]["best"], *told])
    header = ["table", "teacher", "student", "seed", "chosen", "R² over tuned labels", "1 se"]
    return table(header, sorted(rows, key=lambda row: row[-2], reverse=True)) if rows else "None."


def regrets_table(records: Records) -> str:
    """List the cells where the search is more than one error worse than the best of the pure."""
    rows = []
    for record in records:
        if not no_regret([record]).all():
            names = [record[field] for field in ("table", "teacher", "student", "seed")]
            own = record["methods"][SEARCH]
            told = [f"{own['over_pure']:+.4f}", f"{own['over_pure_se']:.4f}"]
            rows.append([*names, record["best_pure"], record["choices"][SEARCH]["best"], *told])
    header = ["table", "teacher", "student", "seed", "best pure", "chosen", "R² over it", "1 se"]
    return table(header, sorted(rows, key=lambda row: row[-2], reverse=True)) if rows else "None."


def sources_table() -> str:
    """Say where tables come from, under which licences, and what is left out of them."""
    rows = []
    for name, source in SOURCES.items():
        target = source.target
        if source.scale is not None:
            target = f"{source.scale.__name__} of {target}"
        licence = LICENCES[source.package] + (f"; {source.note}" if source.note else "")
        place = f"{source.package}: `{source.file}`"
        rows.append([name, place, licence, target, ", ".join(source.without)])
    return table(
        ["table", "package and file", "licence of the package", "target", "left out"], rows
    )


# ---- AutoGluon -------------------------------------------------------------------------------


def autogluon_section(records: Records, rivals: Sequence[dict[str, Any]]) -> list[str]:
    """Show AutoGluon's distillation beside what others reached in the same cells."""
    if not rivals:
        return []
    failed = [record for record in rivals if "error" in record]
    versions = {record["versions"]["autogluon.tabular"] for record in rivals}
    numbers = {record["settings"]["trees"] for record in rivals}
    how = {"versions": ", ".join(sorted(versions)), "trees": ", ".join(map(str, numbers))}
    told = [fill("regression", "autogluon", **how), autogluon_table(records, rivals)]
    if failed:
        names = ("table", "seed", "student", "error")
        told += [
            fill("regression", "autogluon failed", n=len(failed), of=len(rivals)),
            table([*names], [[record[name] for name in names] for record in failed]),
        ]
    return ["## AutoGluon", *told]


def autogluon_table(records: Records, rivals: Sequence[dict[str, Any]]) -> str:
    """Compare cells of the same table, split and student; the search there has our forest."""
    known = {
        (record["table"], record["seed"], record["student"]): record
        for record in records
        if record["teacher"] == "forest, out-of-bag"
    }
    reached = {tuple(r[f] for f in ("table", "seed", "student")): r.get("r2") for r in rivals}
    rows = []
    for student in dict.fromkeys(student for _, _, student in known):
        cells = []
        for place, record in known.items():
            own = {"autogluon": {"r2": reached.get(place)}}
            teacher = {"autogluon's teacher": {"r2": reached.get((*place[:2], ITS_TEACHER))}}
            if place[2] == student and own["autogluon"]["r2"] is not None:
                cells.append({**record, "methods": {**record["methods"], **own, **teacher}})
        if cells:
            rows.append([student, *autogluon_row(cells)])
    header = ["student", "cells", "tables", "its teacher", "our teacher", "tuned labels"]
    header += ["AutoGluon", "search", "AutoGluon over tuned labels", "search over AutoGluon"]
    return table([*header, "tables where the search is ahead"], rows)


def autogluon_row(cells: Records) -> list[Any]:
    """Return scores, means over tables, and two differences with their errors over tables."""
    names = ("autogluon's teacher", "teacher", TUNED, "autogluon", SEARCH)
    r2 = {name: by_table(cells, name, "r2") for name in names}
    over = mean_and_error(r2["autogluon"] - r2[TUNED], "+.4f")
    ahead = r2[SEARCH] - r2["autogluon"]
    means = [f"{found.mean():.3f}" if len(found) else "" for found in r2.values()]
    wins = f"{int((ahead > 0).sum())} of {len(ahead)}"
    return [len(cells), len(ahead), *means, over, mean_and_error(ahead, "+.4f"), wins]


# ---- the whole page --------------------------------------------------------------------------


def write_page(
    records: Records, settings: dict[str, Any], out: Path, rivals: Sequence[dict[str, Any]] = ()
) -> None:
    """Write the page of what has been measured; `rivals` are AutoGluon's records."""
    real = [record for record in records if record["table"] not in WORLDS]
    worlds = [record for record in records if record["table"] in WORLDS]
    about = fill(
        "regression",
        "about",
        n=len(records),
        tables=len(grouped(real, "table")),
        worlds=len(grouped(worlds, "table")),
        teachers=", ".join(name for (name,) in grouped(records, "teacher")),
        splits=counted([r["seed"] for r in records], lambda seed, n: f"{n} cells of split {seed}"),
    )
    setting = fill("regression", "setting", share=100 * settings["train_share"], **settings)
    title = "Numbers as outcomes"
    parts = [heading(title, "regression", about, measured(records)), setting]
    parts += real_sections(real) if real else []
    parts += autogluon_section(real, rivals)
    parts += world_sections(worlds) if worlds else []
    parts += ["## Where the tables come from", fill("regression", "sources"), sources_table()]
    write(out / "README.md", blocks(parts))


def real_sections(records: Records) -> list[str]:
    """Return headings and tables of the real tables."""
    return [
        *("## Goals", fill("regression", "goals"), goals(records)),
        *("## R², mean over tables", students_table(records, "r2")),
        *("## R² over tuned labels", fill("regression", "gains"), gains_table(records)),
        *("## Regret", fill("regression", "regret"), regret_table(records)),
        *("## Cells with regret", regrets_table(records)),
        *("## The search's R² over tuned labels, by table", tables_table(records)),
        *("## Cells where the search loses by two standard errors", losses_table(records)),
    ]


def world_sections(records: Records) -> list[str]:
    """Return headings and tables of simulated worlds."""
    return [
        *("## Worlds: distance from the truth", fill("regression", "worlds")),
        students_table(records, "excess"),
        *("## Worlds: R² over tuned labels", gains_table(records)),
        *("## Worlds: regret", regret_table(records)),
        *("## Worlds: cells where the search loses by two standard errors", losses_table(records)),
    ]
