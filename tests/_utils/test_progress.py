"""What a fit says of itself: to scikit-learn's callbacks, and in print."""

import pickle
import re
import threading

import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
)
from skdistill._utils import progress as progress_module
from skdistill._utils.progress import Progress

try:
    from sklearn.callback import ProgressBar
except ImportError:
    ProgressBar = None

needs_callbacks = pytest.mark.skipif(ProgressBar is None, reason="scikit-learn before 1.9")

STEPS = {
    "plain": (Distiller, {}, ["teacher", "student"]),
    "folds": (CrossFitDistiller, {"cv": 3}, ["teachers/3", "student"]),
    "bag": (CrossFitDistiller, {"cv": "oob"}, ["teacher", "student"]),
    "corrected": (LossCorrectedDistiller, {"cv": 3}, ["teachers/3", "correction", "student"]),
    "share": (LossCorrectedDistiller, {"cv": 3, "correction": 0.5}, ["teachers/3", "student"]),
    "search": (
        LossCorrectedDistillerCV,
        {"cv": 3, "candidates": ["cross_fit", 0.3, "blend"]},
        ["teachers/6", "targets", "candidates/6", "blend/3", "student"],
    ),
    "bagged search": (
        LossCorrectedDistillerCV,
        {"cv": 3, "candidates": ["cross_fit", 0.3], "teacher_cv": "oob"},
        ["teachers/4", "targets", "candidates/6", "student"],
    ),
}


class Clock:
    """Goes on when it is told to."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress_module, "time", clock)
    return clock


class Recorder:
    """A callback that writes down what begins and ends."""

    def __init__(self):
        self.events = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def on_fit_task_begin(self, estimator, context):
        name = context.task_name + (f"/{context.max_subtasks}" if context.max_subtasks else "")
        self.events.append(("begin", name, context))

    def on_fit_task_end(self, estimator, context):
        self.events.append(("end", context.task_name, context))

    def teardown(self, estimator, context):
        self.events.append("teardown")


class Counting(RandomForestClassifier):
    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counting.fits += 1
        return super().fit(X, y, sample_weight)

    def set_callbacks(self, *callbacks):
        self._skl_callbacks = list(callbacks)
        return self


@pytest.fixture
def table():
    return make_classification(120, random_state=0)


def distiller(name):
    kind, params, steps = STEPS[name]
    teacher = RandomForestClassifier(40, random_state=0)
    return kind(teacher, DecisionTreeRegressor(random_state=0), **params), steps


@pytest.mark.parametrize("name", STEPS)
def test_verbose_prints_a_line_for_each_step(table, capsys, name):
    model, steps = distiller(name)
    model.set_params(verbose=1).fit(*table)
    lines = capsys.readouterr().out.splitlines()
    expected = [
        rf"\[{type(model).__name__}\] {step} \({fits} fits\): [\d.]+ s"
        if fits
        else rf"\[{type(model).__name__}\] {step}: [\d.]+ s"
        for step, _, fits in (s.partition("/") for s in steps)
    ]
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line), line


@pytest.mark.parametrize("name", STEPS)
def test_nothing_is_printed_otherwise(table, capfd, name):
    distiller(name)[0].fit(*table)
    assert capfd.readouterr() == ("", "")


def do(task, n_fits, seconds, clock):
    """Fit something a number of times, each in its time."""
    with task:
        for _ in range(n_fits):
            with task.part("fits"):
                clock.now += seconds


@pytest.mark.parametrize(
    ("n_fits", "seconds", "expected"),
    [
        # Slow fits are told one by one, with what is left; the last one ends the step.
        (3, 5, ["fits: 1 of 3, 5.0 s, about 10 s left", "fits: 2 of 3, 5.0 s, about 5 s left"]),
        # Of quick ones one is told every two seconds.
        (8, 0.5, ["fits: 4 of 8, 0.5 s, about 2 s left"]),
        (3, 0.1, []),
    ],
)
def test_call_that_fits_much_says_so_on_the_stream_of_errors(
    clock, capsys, n_fits, seconds, expected
):
    do(Progress.of_call("compare", 1).part("fits", n_fits), n_fits, seconds, clock)
    last = f"fits ({n_fits} fits): {n_fits * seconds:.1f} s"
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [f"[compare] {line}" for line in [*expected, last]]
    assert shown.out == ""


def test_call_that_is_not_verbose_says_nothing(clock, capsys):
    do(Progress.of_call("compare", 0).part("fits", 3), 3, 5, clock)
    assert capsys.readouterr() == ("", "")


def test_tasks_within_others_say_what_they_are_part_of(clock, capsys):
    whole = Progress.of_call("compare", 1).within("fold 1 of 2").within("tuned")
    do(whole.part("fits", 2), 2, 3, clock)
    assert capsys.readouterr().err.splitlines() == [
        "[compare] fold 1 of 2: tuned: fits: 1 of 2, 3.0 s, about 3 s left",
        "[compare] fold 1 of 2: tuned: fits (2 fits): 6.0 s",
    ]


def test_silence_is_broken_while_something_takes_long(monkeypatch, capsys):
    monkeypatch.setattr(progress_module, "SECONDS_OF_SILENCE", 0.01)
    lines = []
    with Progress.of_call("compare", 1) as whole, whole.within("tuned").part("fits", 2) as step:
        whole.say("begun")
        with step.part("fits"), step.part("fits"):
            while not any("so far" in line for line in lines):
                lines += capsys.readouterr().err.splitlines()
    assert lines[0] == "[compare] begun"
    assert "[compare] tuned: fits: 2 of 2, 0 s so far" in lines
    capsys.readouterr()
    threads = [thread for thread in threading.enumerate() if "_beat" in thread.name]
    for thread in threads:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in threads)


def test_silence_ends_with_an_error_too():
    before = threading.active_count()

    def fail():
        with Progress.of_call("compare", 1):
            assert threading.active_count() == before + 1
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    for thread in threading.enumerate():
        if "_beat" in thread.name:
            thread.join(timeout=10)
    assert threading.active_count() == before


def test_what_goes_to_a_worker_tells_its_fits_and_does_not_beat():
    task = pickle.loads(pickle.dumps(Progress.of_call("compare", 1).part("fits", 2)))
    before = threading.active_count()
    with task.part("fits"):
        assert task.voice.pulse is not None
        assert threading.active_count() == before


def test_watched_fit_speaks_with_the_voice_of_what_it_is_part_of(table, capsys):
    model, steps = distiller("folds")
    Progress.of_call("compare", 1).within("tuned").watch(model)
    model.fit(*table)
    shown = capsys.readouterr()
    assert shown.out == ""
    begins = [line.partition(" (")[0].rpartition(": ")[0] for line in shown.err.splitlines()]
    assert [step.partition("/")[0] for step in steps] == ["teachers", "student"]
    assert begins == ["[compare] tuned", "[compare] tuned: student"]
    clone(model).fit(*table)
    assert capsys.readouterr() == ("", "")


def test_fit_that_is_part_of_a_task_leaves_its_pulse_alone(table, capsys):
    model, _ = distiller("folds")
    with Progress.of_call("compare", 1) as whole:
        thread = whole.pulse.thread
        whole.within("tuned").watch(model)
        model.fit(*table)
        assert whole.pulse.thread is thread
        assert thread.is_alive()
    assert not thread.is_alive()
    capsys.readouterr()


@needs_callbacks
@pytest.mark.parametrize("name", STEPS)
def test_callbacks_hear_of_each_step_and_each_of_its_fits(table, name):
    model, steps = distiller(name)
    recorder = Recorder()
    model.set_callbacks(recorder).fit(*table)
    assert recorder.events[0] == "setup"
    assert recorder.events[-1] == "teardown"
    began = [e[1:] for e in recorder.events[1:-1] if e[0] == "begin"]
    ended = [e[1:] for e in recorder.events[1:-1] if e[0] == "end"]
    root = began[0][1]
    assert [name for name, context in began if context.parent is root] == steps
    n_fits = sum(int(step.partition("/")[2] or 0) for step in steps)
    leaves_in_steps = [c for _, c in began if c.parent not in (root, None)]
    assert len(leaves_in_steps) == n_fits
    assert len(ended) == len(began)


@needs_callbacks
def test_a_failing_teacher_still_tears_callbacks_down(table):
    class Failing(GaussianNB):
        def fit(self, X, y):
            raise ArithmeticError("no")

    recorder = Recorder()
    model = CrossFitDistiller(Failing(), DecisionTreeRegressor(), rehearse=False).set_callbacks(
        recorder
    )
    with pytest.raises(RuntimeError, match="fold 1 of 5"):
        model.fit(*table)
    assert recorder.events[-1] == "teardown"


@needs_callbacks
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_bars_inside_a_search(table, capfd, n_jobs):
    pytest.importorskip("rich")
    model = CrossFitDistiller(
        RandomForestClassifier(20, random_state=0), DecisionTreeRegressor(), cv=3
    )
    search = GridSearchCV(model, {"student__max_depth": [2, 3]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(ProgressBar()).fit(*table)
    shown = capfd.readouterr().out
    assert "CrossFitDistiller - fit" in shown
    assert "CrossFitDistiller - teachers" in shown


@needs_callbacks
def test_callbacks_of_the_teacher_do_not_make_memory_forget(table, tmp_path):
    model = CrossFitDistiller(
        Counting(5, random_state=0),
        DecisionTreeRegressor(),
        cv=3,
        random_state=0,
        memory=tmp_path,
        rehearse=False,
    )
    Counting.fits = 0
    model.fit(*table)
    model.teacher.set_callbacks(Recorder())
    model.fit(*table)
    assert Counting.fits == 3


@pytest.mark.skipif(ProgressBar is not None, reason="scikit-learn has callbacks")
def test_older_scikit_learn_has_no_callbacks():
    assert not hasattr(Distiller(GaussianNB(), DecisionTreeRegressor()), "set_callbacks")
