"""The page and the picture of the figure "images"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from protocol import PROBA_FLOOR, mean_and_error, standard_error
from report import table

from .figures import COLOURS, legend, line, panels
from .image_sets import FLIPPED, NAMES
from .images import ALONE
from .images import NAME as FIGURE
from .progress import not_measured, progress_table
from .results import Results
from .store import Cell

EXPLANATION = "## Explanation"
COMMAND = "python benchmarks/paper --figures images"
PICTURE = "images.png"

TITLES = {
    "teacher": "teacher",
    "labels": "student on labels",
    "trees": "cross-fit, boosted trees",
    "in_sample": "in-sample",
    "cross_fit": "cross-fit",
    "share": "corrected, share",
    "residual": "corrected, `residual`",
}
STEPS = (
    ("in_sample", "labels"),
    ("cross_fit", "labels"),
    ("cross_fit", "in_sample"),
    ("share", "cross_fit"),
    ("residual", "cross_fit"),
    ("residual", "trees"),
)
MEASURES = {"accuracy": "accuracy", "log_loss": "log loss"}
LINES = {"share": "tab:purple", "trees": "tab:brown"}
LINES |= {curve: COLOURS[curve] for curve in TITLES if curve not in LINES}
SMALLEST_T = 2  # standard errors from which a difference is printed bold


def write(
    results: Results,
    planned: Sequence[Cell],
    absent: Iterable[str],
    picture: str,
    by_hand: str,
) -> str:
    """Return the page."""
    parts = [
        "# Image networks, distilled\n",
        introduction(results),
        progress(results, planned, absent),
        f"![Accuracy and log loss against the width of the teacher]({picture})\n" * bool(picture),
        *(set_part(results, name) for name in sets_of(results)),
        f"{EXPLANATION}\n\n{by_hand.strip() or '(not written yet)'}\n",
    ]
    return "\n".join(part for part in parts if part)


def introduction(results: Results) -> str:
    """Say what is measured, and how."""
    records = [*results.records.values()]
    how = records[-1]["settings"]
    dates = sorted({record["date"] for record in records})
    versions = ", ".join(sorted({record["torch"] for record in records}))
    return (
        "T. Dao, G. Kamath, V. Syrgkanis, L. Mackey, *Knowledge Distillation as Semiparametric "
        "Inference* (ICLR 2021), distil image networks besides forests, and show how students fare "
        "whose teachers over- or underfit. Here a small convolutional network is taught by "
        "networks of the same kind with fewer or more filters (the width), through skorch and the "
        "public distillers: `Distiller` (in-sample), `CrossFitDistiller`, and "
        f"`LossCorrectedDistiller` with a share of {how['share']:g} and with its default "
        f'`residual`; `loss="cross_entropy"`, `temperature={how["temperature"]:g}`, '
        f"{how['folds']} folds. All networks are trained long enough for wide ones to know their "
        "labels by heart, without augmentation, weight decay or early stopping, so that a teacher "
        "that overfits is to be had.\n\n"
        f"With flips, {how['flips']:.0%} of the training labels, drawn at random, have become "
        "another class. Accuracy is that on test labels as they are; the log loss is the expected "
        "one if test labels were flipped in the same way, as that is what is learned "
        f"(probabilities are floored at {PROBA_FLOOR:g}). Each seed has its own test images (half "
        "of the digits), flips and first weights; mean ± standard error over seeds.\n\n"
        f"Measured {dates[0]} to {dates[-1]} with PyTorch {versions}, one thread. "
        f"To repeat: `{COMMAND}`. With CIFAR-10 in its published form in the folder "
        "`SKDISTILL_DATA` the same command adds it.\n"
    )


def progress(results: Results, planned: Sequence[Cell], absent: Iterable[str]) -> str:
    """Say how much of what is planned has been measured."""
    measured = progress_table(results, planned, "table", ("minutes", 60), title="images")
    return measured + not_measured(absent)


# ---- an image set ----------------------------------------------------------------------------


def set_part(results: Results, name: str) -> str:
    """Tell of one image set: means, teachers, what each step changes, temperatures."""
    widths = results.sizes(FIGURE, name)
    if not widths:
        return ""
    how = _settings(results, name)
    parts = [f"## {_title(results, name)}\n\nThe student has width {how['student']}.\n"]
    for measure, title in MEASURES.items():
        parts.append(f"Test {title}:\n\n" + _means(results, name, widths, measure))
    parts.append(
        "Differences, split by split, in log loss × 1000 (accuracy in points); less log loss is "
        f"better, bold from {SMALLEST_T} standard errors:\n\n" + _steps(results, name, widths)
    )
    parts.append(
        "What teachers know by heart: the share of the training labels that they repeat, the share "
        "that teachers of the other folds, which have not seen them, guess, and the overfit share "
        "of `skdistill.sources.overfit` (0: nothing is memorised, 1: labels are repeated):\n\n"
        + _teachers(results, name, widths)
    )
    parts.append(_temperatures(results, name, widths[-1]))
    return "\n".join(part for part in parts if part)


def sets_of(results: Results) -> list[str]:
    """Return the image sets that have been measured."""
    return sorted(results.tables(FIGURE), key=NAMES.index)


def _settings(results: Results, name: str) -> dict[str, Any]:
    record = next(r for c, r in results.found(FIGURE).items() if c.table == name)
    return record["settings"][name.removesuffix(FLIPPED)]


def _title(results: Results, name: str) -> str:
    if not name.endswith(FLIPPED):
        return name
    flips = next(iter(results.records.values()))["settings"]["flips"]
    return f"{name.removesuffix(FLIPPED)}, {flips:.0%} of the training labels flipped"


def _curves(results: Results, name: str) -> list[str]:
    found = {cell.curve for cell in results.found(FIGURE) if cell.table == name}
    return [curve for curve in TITLES if curve in found and curve not in ALONE]


def splits_of(results: Results, name: str, width: int, curve: str, measure: str) -> np.ndarray:
    """Return a number for each split; without a teacher, its width does not matter."""
    size = 0 if curve in ALONE else width
    return results.splits(FIGURE, name, size, curve, measure)


def _means(results: Results, name: str, widths: list[int], measure: str) -> str:
    found = {cell.curve for cell in results.found(FIGURE) if cell.table == name}
    curves = [curve for curve in TITLES if curve in found]
    rows = []
    for width in widths:
        numbers = [splits_of(results, name, width, curve, measure) for curve in curves]
        rows.append([width, *(mean_and_error(n) if len(n) else "" for n in numbers)])
    return table(["teacher's width", *(TITLES[curve] for curve in curves)], rows)


def _steps(results: Results, name: str, widths: list[int]) -> str:
    steps = [step for step in STEPS if step[0] in _curves(results, name)]
    rows = []
    for width in widths:
        cells = [_difference(results, name, width, *step) for step in steps]
        rows.append([width, *cells])
    header = [f"{_short(upper)} − {_short(lower)}" for upper, lower in steps]
    return table(["teacher's width", *header], rows)


def _short(curve: str) -> str:
    return TITLES[curve].rpartition(", ")[2].removeprefix("student on ")


def _difference(results: Results, name: str, width: int, upper: str, lower: str) -> str:
    told = []
    for measure, scale in (("log_loss", 1000), ("accuracy", 100)):
        gaps = scale * paired(results, name, width, upper, lower, measure)
        if not len(gaps):
            return ""
        told.append(_signed(gaps))
    return f"{told[0]} ({told[1]})"


def paired(
    results: Results, name: str, width: int, upper: str, lower: str, measure: str
) -> np.ndarray:
    """Return the differences of two curves on the splits that both have."""
    cells = [Cell(FIGURE, name, 0, 0 if c in ALONE else width, c) for c in (upper, lower)]
    seeds = [results.seeds(FIGURE, name, cell.size, cell.curve) for cell in cells]
    both = [seed for seed in seeds[0] if seed in seeds[1]]
    one, other = (
        np.array([results.students(cell._replace(seed=seed), measure).mean() for seed in both])
        for cell in cells
    )
    return one - other


def _signed(gaps: np.ndarray) -> str:
    error = standard_error(gaps)
    if np.isnan(error):
        return f"{gaps.mean():+.1f}"
    told = f"{gaps.mean():+.1f} ± {error:.1f}"
    return f"**{told}**" if abs(gaps.mean()) >= SMALLEST_T * error > 0 else told


def _teachers(results: Results, name: str, widths: list[int]) -> str:
    rows = []
    for width in widths:
        seeds = results.seeds(FIGURE, name, width, "teacher")
        if not seeds:
            continue
        records = [results.records[Cell(FIGURE, name, s, width, "teacher")] for s in seeds]
        means = [
            np.mean([record[what] for record in records])
            for what in ("train_accuracy", "fold_accuracy", "overfit_share")
        ]
        rows.append([width, f"{records[0]['weights']:,}", *(f"{mean:.3f}" for mean in means)])
    return table(["width", "weights", "labels repeated", "labels guessed", "overfit share"], rows)


def _temperatures(results: Results, name: str, width: int) -> str:
    """Tell how temperature and floor matter, with the widest teacher."""
    usual = f"{next(iter(results.records.values()))['settings']['temperature']:g}"
    cells = [cell for cell in results.found(FIGURE) if cell.table == name and cell.size == width]
    others = {cell.curve.partition("@")[2] for cell in cells} - {""}
    curves = [curve for curve in _curves(results, name) if curve != "teacher"]
    if not others:
        return ""
    rows = []
    for how in sorted({usual, *others}):
        temperature, _, floor = how.partition("/")
        ending = "" if how == usual else f"@{how}"
        for measure, title in MEASURES.items():
            numbers = [
                results.splits(FIGURE, name, width, curve + ending, measure) for curve in curves
            ]
            told = [mean_and_error(n) if len(n) else "" for n in numbers]
            rows.append([temperature, floor or f"{PROBA_FLOOR:g}", title, *told])
    header = ["temperature", "proba_floor", "test", *(TITLES[curve] for curve in curves)]
    return f"Temperatures and floors, taught by width {width}:\n\n" + table(header, rows)


# ---- the picture -----------------------------------------------------------------------------


def write_figure(results: Results, folder: Path) -> str:
    """Draw what has been measured; return the file's name, nothing without matplotlib."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        print("The figure is left out: matplotlib is not installed.")
        return ""
    picture = draw(results)
    picture.savefig(folder / PICTURE, dpi=110, bbox_inches="tight")
    return PICTURE


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
        own = _settings(results, name)["student"]
        panel.text(
            own,
            0.02,
            "student's width ",
            transform=panel.get_xaxis_transform(),
            rotation=90,
            color="0.6",
            fontsize=8,
            ha="right",
        )
    legend(picture, axes[0][0], 7)
    return picture


def _draw_set(results: Results, panel: Any, name: str, measure: str) -> None:
    widths = results.sizes(FIGURE, name)
    own = _settings(results, name)["student"]
    for curve, title in TITLES.items():
        points = {width: splits_of(results, name, width, curve, measure) for width in widths}
        points = {width: numbers for width, numbers in points.items() if len(numbers)}
        if not points:
            continue
        style = {"ls": "--" if curve in ("teacher", *ALONE) else "-", "lw": 1.5}
        line(panel, [*points], [*points.values()], title, color=LINES[curve], **style)
    panel.axvline(own, color="0.85", lw=1, zorder=0)
    panel.set_xscale("log", base=2)
    panel.set_xticks(widths, widths)
    panel.minorticks_off()
