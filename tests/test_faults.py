"""Faults, each in a process of its own: what is said, what is left behind, what works afterwards.

A script runs after ``from tests.faults import *``, with warnings as errors, in a folder of its own.
More faults of a cache's files are in _utils/test_memory.py.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGTERM
from textwrap import dedent

import psutil
import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

ROOT = Path(__file__).parents[1]
# Until a process counts as hanging: on a busy machine the longest of them take one minute.
SECONDS = 180
# It tells where it hangs, should it. Not a line of faults.py, which pytest imports as well to look
# for doctests: in a process that works on, writing down what all threads do may end it.
PREAMBLE = f"""
from tests.faults import *
faulthandler.dump_traceback_later({SECONDS - 5})
"""

# LightGBM 4.6 names the columns of arrays, and then misses the names.
LIGHTGBM = "ignore:X does not have valid feature names, but LGBM"


def start(script, folder, warnings="error", **environment):
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    with (folder / "output").open("a") as output:
        return subprocess.Popen(
            [
                sys.executable,
                "-W",
                warnings,
                "-W",
                LIGHTGBM,
                "-c",
                PREAMBLE + dedent(script),
            ],
            cwd=folder,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "2"}
            | environment,
            stdout=output,
            stderr=output,
            # So that whatever it leaves behind can be found.
            start_new_session=True,
        )


def alive_in_session(leader):
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, ProcessLookupError):  # gone in between
            continue
    return found


def finish(process, folder, returncode=0):
    """Wait for a process, and see that it ends as it should and that nobody survives it."""
    try:
        process.wait(SECONDS)
        deadline = time.monotonic() + 10
        while (left := alive_in_session(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.05)
        survivors = [orphan.cmdline() for orphan in left]
    finally:
        for orphan in alive_in_session(process.pid):
            orphan.kill()
        process.wait()
    output = (folder / "output").read_text()
    assert process.returncode == returncode, output
    assert not survivors, output
    return output


def run(script, folder, returncode=0, **how):
    return finish(start(script, folder, **how), folder, returncode)


# ---- a teacher fails in one fold -------------------------------------------------------------

FAILING = {
    "error that cannot be unpickled": ("raises(BetrayedError, 'one', 'another')", "one betrays an"),
    "error that cannot be pickled": ("raises(LockedError, 'no key')", "LockedError: no key"),
    "sys.exit": ("lambda: sys.exit(3)", "SystemExit: 3"),
    "memory": ("lambda: np.ones(2**50)", "MemoryError: Unable to allocate"),
    "recursion": ("endless", "RecursionError: maximum recursion depth"),
    "warning as error": ("lambda: warnings.warn('beware')", "UserWarning: beware"),
    "cannot answer": ("says=raises(OSError, 'gone')", "OSError: gone"),
}
ANSWERS = [
    ("proba * np.nan", "returned NaN or infinite"),
    ("proba[:, [0, 1, 1]]", "returned shape (20, 3)"),
    ("proba[:1]", "must have 20 rows, as X has, found 1"),
    ("100 * proba", "must be probabilities in [0, 1]"),
    ("proba ** 0", "must sum to 1, found one that is off by 1"),
]


@pytest.mark.parametrize(("teacher", "told"), FAILING.values(), ids=FAILING)
def test_failing_teacher(tmp_path, teacher, told):
    """Before any fit, and after one on other columns."""
    run(
        f"""
        failing = Teacher({teacher}, when=second_fold)
        model = distiller(failing)
        told = "The teacher failed in fold 2 of 3", {told!r}
        struck(model, *told)
        works_again(model)
        fitted = model.predict_proba(X)
        model.set_params(teacher=failing)
        struck(model, *told, act=lambda model: model.fit(np.column_stack([X, X]), y))
        assert model.n_features_in_ == 3
        np.testing.assert_array_equal(model.predict_proba(X), fitted)
        """,
        tmp_path,
    )


def test_teacher_answers_nonsense_in_one_fold(tmp_path):
    run(
        f"""
        for answer, told in {ANSWERS!r}:
            says = eval(f"lambda proba: {{answer}}")
            model = distiller(Teacher(when=second_fold, says=says))
            struck(model, "The teacher failed in fold 2 of 3: ValueError", told)
            works_again(model)
        """,
        tmp_path,
    )


def test_failing_member_in_a_worker(tmp_path):
    """Errors that do not travel as they are, of teachers and of a search's student."""
    run(
        """
        betrayed = raises(BetrayedError, "one", "another")
        for backend, happens, told in [
            ("loky", betrayed, "BetrayedError: one betrays another"),
            ("multiprocessing", betrayed, "BetrayedError: one betrays another"),
            ("loky", raises(LockedError, "no key"), "LockedError: no key"),
            ("multiprocessing", raises(LockedError, "no key"), "LockedError: no key"),
            ("multiprocessing", raises(SystemExit, 3), "SystemExit: 3"),
        ]:
            model = distiller(Teacher(happens, when=second_fold), n_jobs=2)
            with joblib.parallel_config(backend):
                struck(model, "The teacher failed in fold 2 of 3", told)
        works_again(model)
        model = search(student=Student(betrayed, when=second_fold), n_jobs=2)
        with joblib.parallel_config("multiprocessing"):
            told = "The student failed for candidate", "in fold 2 of 3", "one betrays another"
            struck(model, *told)
            works_again(model)

        # The cause is at hand, with its traceback once.
        for n_jobs in (1, 2):
            failing = Teacher(raises(KeyError, "lost"), when=second_fold)
            try:
                fit(distiller(failing, n_jobs=n_jobs))
            except RuntimeError as error:
                assert type(error.__cause__) is KeyError
                told = "".join(traceback.format_exception(error))
                # joblib 1.4 tells it once more.
                assert told.count("in raise_it") in (1, 2), told
        """,
        tmp_path,
    )


# ---- workers ---------------------------------------------------------------------------------


def test_killed_worker(tmp_path):
    run(
        """
        kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
        model = distiller(Teacher(kill, when=second_fold), n_jobs=2)
        struck(model, "The teachers did not come back from their workers", "TerminatedWorkerError")
        works_again(model)
        """,
        tmp_path,
    )


def test_killed_worker_of_dask(tmp_path):
    pytest.importorskip("distributed")
    run(
        """
        from distributed import Client, LocalCluster

        # Once: dask would try the same elsewhere, and might be done before anybody looks.
        def once():
            if os.path.exists("killed"):
                time.sleep(2)
            else:
                Path("killed").touch()
                os.kill(os.getpid(), 9)

        model = distiller(Teacher(once, when=second_fold))
        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
            ) as cluster,
            Client(cluster) as client,
            joblib.parallel_config(backend="dask"),
        ):
            struck(model, "lost dask worker tcp://")
            client.wait_for_workers(2)
            works_again(model)
        """,
        tmp_path,
        warnings="default",
    )


def test_teacher_that_cannot_come_back(tmp_path):
    run(
        """
        model = distiller(Keeper(), n_jobs=2, store_teachers=True)
        struck(model, "The teachers did not come back", "cannot pickle", "works with n_jobs=1")
        assert len(fit(model.set_params(n_jobs=1)).teachers_) == 3
        works_again(model, n_jobs=2)
        """,
        tmp_path,
    )


def test_no_worker_survives_its_parent(tmp_path):
    run(
        """
        send_when_hanging(signal.SIGTERM, n_processes=2)
        fit(distiller(Teacher(hang, when=fold), n_jobs=2))
        """,
        tmp_path,
        returncode=-SIGTERM,
    )


# ---- interrupts ------------------------------------------------------------------------------

HANGING = "Teacher(hang, when=second_fold)"
INTERRUPTED = {
    "teacher": f"distiller({HANGING})",
    "teacher in a worker": f"distiller({HANGING}, n_jobs=2)",
    "student": "distiller(student=Student(hang), rehearse=False)",
    "teacher of a search": f"search({HANGING})",
    "student of a search": "search(student=Student(hang, when=second_fold))",
    "last student of a search": "search(student=Student(hang, when=all_rows), rehearse=False)",
}


@pytest.mark.parametrize("model", INTERRUPTED.values(), ids=INTERRUPTED)
def test_interrupted_fit(tmp_path, model):
    run(
        f"""
        model = {model}
        send_when_hanging(signal.SIGINT)
        struck(model, "KeyboardInterrupt")
        works_again(model, n_jobs=None)
        """,
        tmp_path,
    )


@pytest.mark.parametrize("name", ["compare_students", "diagnose_teacher"])
def test_interrupted_evaluation(tmp_path, name):
    run(
        f"""
        def ask(teacher):
            if {name!r} == "diagnose_teacher":
                return skdistill.diagnose_teacher(teacher, X, y, cv=FOLDS, random_state=0)
            tested = {{"X_test": X, "y_test": y}}
            return skdistill.compare_students(
                teacher, [tree()], X, y, **tested, cv=FOLDS, random_state=0
            )

        send_when_hanging(signal.SIGINT)
        try:
            ask(Teacher(hang, when=fold))
        except KeyboardInterrupt:
            assert str(ask(GaussianNB()))
        """,
        tmp_path,
    )


# ---- students, scorers, splitters, callbacks -------------------------------------------------


def test_student_fails_in_the_last_fit_of_a_search(tmp_path):
    """Nothing of the new fit stands beside the old one."""
    run(
        """
        model = fit(search(calibrate=True, rehearse=False))
        before = model.predict_proba(X)
        model.set_params(student=Student(raises(OSError, "gone"), when=all_rows), calibrate=False)
        struck(model, "OSError: gone")
        assert model.classifier_.calibration == model.calibration_.as_dict()
        np.testing.assert_array_equal(model.predict_proba(X), before)
        works_again(model)
        """,
        tmp_path,
    )


def test_student_of_a_search_fails_in_one_fold(tmp_path):
    run(
        """
        model = search(student=Student(raises(OSError, "gone"), when=second_fold))
        struck(model, "The student failed for candidate 'labels' in fold 2 of 3: OSError: gone")
        works_again(model)
        """,
        tmp_path,
    )


def test_student_answers_too_few_rows(tmp_path):
    run(
        """
        model = distiller(student=Student(says=lambda answer: answer[:1]), rehearse=False)
        struck(model, "What the student Student answers must have 60 rows, as X has, found 1")
        works_again(model)
        """,
        tmp_path,
    )


def test_scorer_fails_in_one_fold(tmp_path):
    run(
        """
        def score(model, X, y):
            if len(X) == 20 and 25 in X[:, -1]:
                raise ZeroDivisionError("nobody there")
            return model.score(X, y)

        model = search(scoring=score)
        told = "scoring failed for candidate 'labels' in fold 2 of 3", "nobody there"
        struck(model, *told)
        works_again(model, scoring=None)
        """,
        tmp_path,
    )


def test_splitter_breaks_off(tmp_path):
    run(
        """
        class BreaksOff:
            def get_n_splits(self, X=None, y=None, groups=None):
                return 3

            def split(self, X, y=None, groups=None):
                yield from list(FOLDS.split(X))[:2]
                raise LookupError("no third fold")

        def generate():
            yield from BreaksOff().split(X)

        for model in (distiller(cv=BreaksOff()), distiller(cv=generate()), search(cv=generate())):
            struck(model, "LookupError: no third fold")
            works_again(model, cv=FOLDS)
        """,
        tmp_path,
    )


def test_generator_of_folds_gives_too_few(tmp_path):
    run(
        """
        model = distiller(cv=(pair for pair in list(FOLDS.split(X))[:2]))
        struck(model, "20 rows are never predicted")
        works_again(model, cv=FOLDS)
        """,
        tmp_path,
    )


def test_callback_fails(tmp_path):
    pytest.importorskip("sklearn.callback")
    run(
        """
        model = distiller().set_callbacks(FailsWhenTeachersEnd())
        struck(model, "A callback failed: ArithmeticError: lost count")
        works_again(model.set_callbacks())
        """,
        tmp_path,
    )


# ---- threads ---------------------------------------------------------------------------------


def test_fits_in_threads(tmp_path):
    """They find what they find alone, and switch no warnings off.

    Which of them are errors may be lost: scikit-learn's calls empty the filters of the process, and
    before Python 3.14 another thread may find them so and bring that back later.
    """
    run(
        """
        from concurrent.futures import ThreadPoolExecutor
        from sklearn.ensemble import RandomForestClassifier

        def models():
            forest = RandomForestClassifier(60, random_state=0)
            return [
                distiller(),
                distiller(kind=LossCorrectedDistiller, random_state=0),
                CrossFitDistiller(forest, tree(), cv="oob"),
                search(random_state=0),
                Distiller(forest, tree()),
            ] * 3

        expected = [fit(model).predict_proba(X) for model in models()]
        with ThreadPoolExecutor(5) as pool:
            found = [model.predict_proba(X) for model in pool.map(fit, models())]
        np.testing.assert_array_equal(found, expected)
        for kind in (UserWarning, RuntimeWarning, FutureWarning):
            with warnings.catch_warnings(record=True) as shown:
                try:
                    warnings.warn("beware", kind)
                except kind:
                    continue
            assert shown, f"{kind} is ignored"
        """,
        tmp_path,
    )


# ---- the cache -------------------------------------------------------------------------------


def test_two_processes_share_a_cache(tmp_path):
    script = """
        models = [distiller(memory="cache", kind=kind, cv=cv, random_state=0)
                  for kind in (CrossFitDistiller, LossCorrectedDistiller) for cv in (2, 3, 4)]
        for model in models * 2:
            works_again(model)
        assert len(list(Path("cache").rglob("*.npz"))) == 3
        assert not list(Path("cache").rglob("*.tmp"))
        """
    script = "works_again(distiller())\n" + dedent(script)
    both = [start(script, tmp_path) for _ in range(2)]
    for process in both:
        finish(process, tmp_path)


def test_read_only_cache(tmp_path):
    """Refused from the start; what becomes read-only later is warned of."""
    run(
        """
        model = distiller(memory="cache")
        works_again(model)  # loads what it needs
        (entry,) = Path("cache").rglob("*.npz")
        entry.unlink()
        with read_only("cache/skdistill"):
            struck(model, "cannot be written to: [Errno 13] Permission denied")
            model.set_params(teacher=Teacher(raises(OSError, "not even asked")))
            struck(model, "cannot be written to: [Errno 13] Permission denied")
        works_again(model)
        """,
        tmp_path,
    )


def test_cache_is_removed_meanwhile(tmp_path):
    run(
        """
        model = distiller(Teacher(remove_cache, when=second_fold), memory="cache/of/mine")
        fit(model)
        assert len(list(Path("cache").rglob("*.npz"))) == 1
        works_again(model)
        """,
        tmp_path,
    )


def test_cache_is_closed_meanwhile(tmp_path):
    run(
        """
        model = distiller(Teacher(close_cache, when=second_fold), memory="cache")
        with warned("cannot be written to now"):
            fit(model)
        assert Path("cache").is_file()
        Path("cache").unlink()
        works_again(model)
        assert len(list(Path("cache").rglob("*.npz"))) == 1
        """,
        tmp_path,
    )


def test_full_disk(tmp_path):
    run(
        """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        model = distiller(memory="cache")
        with limited(resource.RLIMIT_FSIZE, 0):
            with warned("cannot be written to now (File too large)"):
                fit(model)
        assert not [file for file in Path("cache").rglob("*") if file.is_file()]
        works_again(model)
        assert list(Path("cache").rglob("*.npz"))
        """,
        tmp_path,
    )


# ---- what the system gives -------------------------------------------------------------------


def test_no_place_for_large_rows(tmp_path):
    run(
        """
        large = np.repeat(X, 2000, axis=0), np.repeat(y, 2000)
        model = distiller(n_jobs=2)
        os.environ["JOBLIB_TEMP_FOLDER"] = "/dev/null/none"
        struck(model, "The teachers did not come back", act=lambda model: model.fit(*large))
        del os.environ["JOBLIB_TEMP_FOLDER"]
        model.fit(*large)
        works_again(model)
        """,
        tmp_path,
    )


def test_too_few_open_files(tmp_path):
    run(
        """
        model = distiller(n_jobs=2)
        with limited(resource.RLIMIT_NOFILE, len(os.listdir("/dev/fd")) + 2):
            struck(model, "The teachers did not come back", "Too many open files")
        works_again(model)
        """,
        tmp_path,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="others do not limit it")
def test_too_little_memory(tmp_path):
    run(
        """
        model = distiller(Teacher(lambda: np.ones(2**30), when=second_fold))
        with limited(resource.RLIMIT_AS, 6 * 2**30):
            struck(model, "The teacher failed in fold 2 of 3", "MemoryError: Unable to allocate")
        works_again(model)
        """,
        tmp_path,
    )


@pytest.mark.parametrize(
    "close", ["os.close(1)", "sys.stdout.close()", "setattr(sys, 'stdout', None)"]
)
def test_nobody_reads_the_output(tmp_path, close):
    run(
        f"""
        model = distiller(verbose=1)
        {close}
        works_again(model)
        os._exit(0)  # Python itself tells of an output that it cannot flush
        """,
        tmp_path,
    )


# ---- forks after LightGBM --------------------------------------------------------------------

BOOSTER = "LGBMClassifier(n_estimators=2, min_child_samples=5, n_jobs=2, verbose=-1)"
LEARNED_CORRECTION = "distiller(kind=LossCorrectedDistiller, random_state=0)"


@pytest.mark.parametrize(
    ("model", "way"),
    [
        (f"distiller({BOOSTER})", "spawn"),
        (f"distiller({BOOSTER})", "loky"),
        # Our own LightGBM models have one thread, and need no care.
        (LEARNED_CORRECTION, "fork"),
    ],
)
def test_child_fits_after_its_parent(tmp_path, model, way):
    run(
        f"""
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        from lightgbm import LGBMClassifier

        model = {model}
        expected = fit(model).predict_proba(X)
        pool = (
            joblib.externals.loky.ProcessPoolExecutor(1)
            if {way!r} == "loky"
            else ProcessPoolExecutor(1, get_context({way!r}))
        )
        with pool:
            found = pool.submit(fit, model).result(30).predict_proba(X)
        np.testing.assert_array_equal(found, expected)
        """,
        tmp_path,
    )
