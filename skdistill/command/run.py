"""The order of it all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from .._utils.names import did_you_mean
from .models import GIVEN, check_students, default_trees, make_student, make_teacher
from .options import parse
from .target import FOLDS
from .terminal import (
    BadInputError,
    at_work,
    reason,
    say,
    spell_for_terminal,
    tell,
    warnings_told,
)

# A forest of this many trees answers out-of-bag, which spares the fits of folds; with fewer, some
# rows would have hardly any tree that has not seen them.
TREES_OUT_OF_BAG = 100
N_JOBS = -1
BAD_INPUT, STOPPED = 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code: 0, 2 for bad input, 130 when it is stopped."""
    spell_for_terminal()
    try:
        arguments = parse(list(sys.argv[1:] if argv is None else argv))
        with warnings_told():
            if arguments.command == "predict":
                predict(arguments)
            else:
                compare(arguments)
    except BadInputError as error:
        tell(error)
        return BAD_INPUT
    except KeyboardInterrupt:
        tell("stopped.")
        return STOPPED
    except MemoryError:
        tell("Out of memory; --rows N takes fewer rows.")
        return BAD_INPUT
    return 0


def predict(arguments: argparse.Namespace) -> None:
    """Print a line of CSV for each row of a table."""
    with at_work("starting"):
        from .predict import answer

    answer(arguments)


def compare(arguments: argparse.Namespace) -> None:
    """Compare on each table, print, and write what is wanted."""
    with at_work("starting", quiet=arguments.quiet):
        from . import output, saving

    output.check_report(arguments.html, arguments.table)
    wish = saving.check_save(
        arguments.save,
        arguments.table,
        overwrite=arguments.overwrite,
        database=arguments.dialect,
    )
    _check_scoring(arguments.scoring)
    students = list(dict.fromkeys(arguments.student or ["tree"]))
    writes = arguments.html is not None or wish is not None
    sections = []
    for table in _tables(arguments):
        check_students(students, table.task)
        teacher, told = _teacher(arguments, table)
        if wish is not None:
            with at_work("trying whether the students can be saved", quiet=arguments.quiet):
                saving.rehearse_save(wish, students, table, arguments.seed)
        lines = output.heading(table, told, students)
        read = say("\n".join(lines) + "\n")
        # What is to be written is wanted also where nobody reads what is printed.
        if not read and not writes:
            return
        comparison = _compare(table, teacher, students, arguments)
        given = arguments.teacher.lower().endswith(GIVEN)
        read = say(output.text_of(comparison, teacher_is_given=given) + "\n")
        if not read and not writes:
            return
        if wish is not None:
            with at_work(f"writing {arguments.save}", quiet=arguments.quiet):
                saved = saving.save_best(wish, comparison, table)
            say(saved)
        if arguments.html is not None:
            sections.append(output.section(table, lines, comparison))
    if arguments.html is not None:
        with at_work("drawing the report", quiet=arguments.quiet):
            output.write_report(arguments.html, sections)


# ---- tables ----------------------------------------------------------------------------------


def _tables(arguments: argparse.Namespace) -> Iterator[Any]:
    from . import tables
    from .reading import How

    if arguments.table is None:
        if arguments.target is not None:
            raise BadInputError("--target goes with the name of a table.")
        if arguments.teacher.lower().endswith(GIVEN):
            raise BadInputError("--teacher FILE.csv goes with the name of a table.")
        yield tables.digits(arguments.rows, arguments.seed)
        yield tables.simulated(arguments.rows, arguments.seed)
        return
    how = How(arguments.sep, arguments.decimal, arguments.encoding, arguments.fetch, arguments.na)
    wanted = tables.Wanted(
        arguments.table,
        arguments.target,
        how,
        arguments.rows,
        arguments.seed,
        arguments.drop,
        arguments.keep,
        arguments.task,
        named_rows=arguments.teacher.lower().endswith(GIVEN),
    )
    with at_work(f"reading {arguments.table}", quiet=arguments.quiet):
        table = tables.own_table(wanted)
    yield table


def _teacher(arguments: argparse.Namespace, table: Any) -> tuple[Any, str]:
    """Return the teacher, and what it is called."""
    name = arguments.teacher
    if name.lower().endswith(GIVEN):
        from .given import given_teacher
        from .reading import How, file_name

        return given_teacher(name, table, How(fetch=arguments.fetch)), file_name(name)
    trees = arguments.trees or default_trees(name)
    teacher = make_teacher(name, arguments.seed, trees, table.X_train, table.task)
    return teacher, f"{name}, {trees:,} trees"


# ---- comparison ------------------------------------------------------------------------------


def _check_scoring(name: str | None) -> None:
    from sklearn.metrics import get_scorer_names

    if name is None or name in get_scorer_names():
        return
    near = did_you_mean(name, get_scorer_names())
    raise BadInputError(f"--scoring must be a score of scikit-learn, found {name!r}{near}")


def compare_students(*args: Any, **options: Any) -> Any:
    """Call the library's own, which is imported now: help is to be quick."""
    from ..evaluation import compare_students

    return compare_students(*args, **options)


def _compare(table: Any, teacher: Any, students: list[str], arguments: argparse.Namespace) -> Any:
    forest = arguments.teacher == "forest"
    trees = arguments.trees or default_trees(arguments.teacher)
    try:
        return compare_students(
            teacher,
            {
                name: make_student(name, arguments.seed, table.X_train, table.task)
                for name in students
            },
            table.X_train,
            table.y_train,
            X_test=table.X_test,
            y_test=table.y_test,
            bayes_proba=table.bayes_proba,
            cv=FOLDS,
            teacher_cv="oob" if forest and trees >= TREES_OUT_OF_BAG else None,
            scoring=arguments.scoring,
            max_latency=arguments.max_latency,
            max_size=arguments.max_size,
            random_state=arguments.seed,
            n_jobs=N_JOBS,
            verbose=int(not arguments.quiet),
        )
    except Exception as error:  # of any of the libraries that learn
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise BadInputError(f"{table.name} cannot be learned: {kind}{reason(error)}") from error
