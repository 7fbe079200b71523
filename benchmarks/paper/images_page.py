"""The page and the picture of the figure "images"."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .. import NAMES, page
from ..colours import COLOURS
from ..page import blocks, explanation, table
from ..scores import PROBA_FLOOR, mean_and_error, standard_error
from .cell import Cell
from .figures import legend, line, panels
from .image_sets import FLIPPED
from .image_sets import NAMES as SETS
from .images import ALONE
from .images import NAME as FIGURE
from .results import Results, not_measured, progress_table

EXPLANATION = "## Explanation"
PICTURE = "images.png"
TITLES = NAMES["images"]
STEPS = (
    ("in_sample", "labels"),
    ("cross_fit", "labels"),
    ("cross_fit", "in_sample"),
    ("share", "cross_fit"),
    ("residual", "cross_fit"),
    ("residual", "trees"),
)
MEASURES = {"accuracy": "accuracy", "log_loss": "log loss"}
SMALLEST_T = 2  # standard errors from which a difference is printed bold
fill = partial(page.fill, "images")


def write(
    results: Results, planned: Sequence[Cell], absent: Iterable[str], picture: str, by_hand: str
) -> str:
    """Return the page."""
    records = [*results.records.values()]
    dates = sorted({record["date"] for record in records})
    introduction = fill(
        "introduction",
        **records[-1]["settings"],
        floor=PROBA_FLOOR,
        first=dates[0],
        last=dates[-1],
        versions=", ".join(sorted({record["torch"] for record in records})),
        progress=progress_table(results, planned, "table", ("minutes", 60), title="images"),
        absent=not_measured(absent),
        picture=fill("picture", picture=picture) if picture else "",
    )
    sets = [set_part(results, name) for name in sets_of(results)]
    return blocks([introduction, *sets, explanation(EXPLANATION, by_hand)])


# ---- an image set ----------------------------------------------------------------------------


def set_part(results: Results, name: str) -> str:
    """Tell of one image set: means, teachers, what each step changes, temperatures."""
    widths = results.sizes(FIGURE, name)
    if not widths:
        return ""
    return fill(
        "set",
        title=_title(results, name),
        width=_settings(results, name)["student"],
        **{measure: _means(results, name, widths, measure) for measure in MEASURES},
        smallest_t=SMALLEST_T,
        steps=_steps(results, name, widths),
        teachers=_teachers(results, name, widths),
        temperatures=_temperatures(results, name, widths[-1]),
    )


def sets_of(results: Results) -> list[str]:
    """Return the image sets that have been measured."""
    return sorted(results.tables(FIGURE), key=SETS.index)


def _settings(results: Results, name: str) -> dict[str, Any]:
    record = next(r for c, r in results.found(FIGURE).items() if c.table == name)
    return record["settings"][name.removesuffix(FLIPPED)] | {"all": record["settings"]}


def _title(results: Results, name: str) -> str:
    if not name.endswith(FLIPPED):
        return name
    flips = _settings(results, name)["all"]["flips"]
    return f"{name.removesuffix(FLIPPED)}, {flips:.0%} of the training labels flipped"


def _curves(results: Results, name: str, *, alone: bool = False) -> list[str]:
    found = {cell.curve for cell in results.found(FIGURE) if cell.table == name}
    return [curve for curve in TITLES if curve in found and (alone or curve not in ALONE)]


def splits_of(results: Results, name: str, width: int, curve: str, measure: str) -> np.ndarray:
    """Return a number for each split; without a teacher, its width does not matter."""
    return results.splits(FIGURE, name, 0 if curve in ALONE else width, curve, measure)


def _means(results: Results, name: str, widths: list[int], measure: str) -> str:
    curves = _curves(results, name, alone=True)
    numbers = [[splits_of(results, name, width, c, measure) for c in curves] for width in widths]
    rows = [[w, *map(mean_and_error, own)] for w, own in zip(widths, numbers, strict=True)]
    return table(["teacher's width", *(TITLES[curve] for curve in curves)], rows)


def _steps(results: Results, name: str, widths: list[int]) -> str:
    steps = [step for step in STEPS if step[0] in _curves(results, name)]
    rows = [[w, *(_difference(results, name, w, *step) for step in steps)] for w in widths]
    short = {
        c: title.rpartition(", ")[2].removeprefix("student on ") for c, title in TITLES.items()
    }
    header = [f"{short[upper]} − {short[lower]}" for upper, lower in steps]
    return table(["teacher's width", *header], rows)


def _difference(results: Results, name: str, width: int, upper: str, lower: str) -> str:
    gaps = {m: paired(results, name, width, upper, lower, m) for m in ("log_loss", "accuracy")}
    if not len(gaps["log_loss"]):
        return ""
    return f"{_signed(1000 * gaps['log_loss'])} ({_signed(100 * gaps['accuracy'])})"


def paired(
    results: Results, name: str, width: int, upper: str, lower: str, measure: str
) -> np.ndarray:
    """Return the differences of two curves on the splits that both have."""
    ends = [Cell(FIGURE, name, 0, 0 if c in ALONE else width, c) for c in (upper, lower)]
    pairs = results.pairs(*ends, what=measure)
    return np.array([one.mean() for one, _ in pairs]) - np.array([o.mean() for _, o in pairs])


def _signed(gaps: np.ndarray) -> str:
    told, error = mean_and_error(gaps, "+.1f"), standard_error(gaps)
    return f"**{told}**" if abs(gaps.mean()) >= SMALLEST_T * error > 0 else told


def _teachers(results: Results, name: str, widths: list[int]) -> str:
    rows = []
    for width in widths:
        seeds = results.seeds(FIGURE, name, width, "teacher")
        records = [results.records[Cell(FIGURE, name, s, width, "teacher")] for s in seeds]
        if records:
            known = ("train_accuracy", "fold_accuracy", "overfit_share")
            means = [f"{np.mean([record[what] for record in records]):.3f}" for what in known]
            rows.append([width, f"{records[0]['weights']:,}", *means])
    return table(["width", "weights", "labels repeated", "labels guessed", "overfit share"], rows)


def _temperatures(results: Results, name: str, width: int) -> str:
    """Tell how temperature and floor matter, with the widest teacher."""
    usual = f"{_settings(results, name)['all']['temperature']:g}"
    cells = [cell for cell in results.found(FIGURE) if cell.table == name and cell.size == width]
    others = {cell.curve.partition("@")[2] for cell in cells} - {""}
    curves = [curve for curve in _curves(results, name) if curve != "teacher"]
    if not others:
        return ""
    rows = []
    for how in sorted({usual, *others}):
        temperature, _, floor = how.partition("/")
        named = [curve + ("" if how == usual else f"@{how}") for curve in curves]
        for measure, title in MEASURES.items():
            told = [mean_and_error(results.splits(FIGURE, name, width, c, measure)) for c in named]
            rows.append([temperature, floor or f"{PROBA_FLOOR:g}", title, *told])
    header = ["temperature", "proba_floor", "test", *(TITLES[curve] for curve in curves)]
    return fill("temperatures", width=width, table=table(header, rows))


# ---- the picture -----------------------------------------------------------------------------


def write_figure(results: Results, folder: Path) -> str:
    """Draw what has been measured; return the file's name, nothing without matplotlib."""
    return page.draw(folder / PICTURE, lambda: draw(results))


def draw(results: Results) -> Any:
    """Draw accuracy and log loss against the width of the teacher, a column for each set."""
    names = sets_of(results)
    picture, axes = panels(len(MEASURES), len(names), 5, 3.8)
    for row, (measure, title) in zip(axes, MEASURES.items(), strict=True):
        for panel, name in zip(row, names, strict=True):
            _draw_set(results, panel, name, measure)
            panel.set(xlabel="width of the teacher", ylabel=f"test {title}")
    for panel, name in zip(axes[0], names, strict=True):
        panel.set_title(_title(results, name))
        place = (_settings(results, name)["student"], 0.02, "student's width ")
        style = {"rotation": 90, "color": "0.6", "fontsize": 8, "ha": "right"}
        panel.text(*place, transform=panel.get_xaxis_transform(), **style)
    legend(picture, axes[0][0], 7)
    return picture


def _draw_set(results: Results, panel: Any, name: str, measure: str) -> None:
    widths = results.sizes(FIGURE, name)
    for curve, title in TITLES.items():
        points = {width: splits_of(results, name, width, curve, measure) for width in widths}
        style = {"ls": "--" if curve in ("teacher", *ALONE) else "-", "lw": 1.5}
        line(panel, points, title, color=COLOURS[curve], **style)
    panel.axvline(_settings(results, name)["student"], color="0.85", lw=1, zorder=0)
    panel.set_xscale("log", base=2)
    panel.set_xticks(widths, widths)
    panel.minorticks_off()
