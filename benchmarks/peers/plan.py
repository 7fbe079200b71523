"""What is measured: which peer, by which methods, with which students, on which tables."""

from typing import NamedTuple

from .. import NAMES

# Table: its students. Few on the table of six classes, where a booster grows six times the trees.
STUDENTS = NAMES["peers"]["students"]
TEACHER = "forest500"
TITLES = {**STUDENTS, TEACHER: "the teacher, 500 trees"}
FEW = ("tree64", "unpruned", "forest10", "lgbm")
TREES = ("tree16", "tree64", "tree256", "unpruned")
COMPILED = "boosted2"
ALL = tuple(name for name in STUDENTS if name != COMPILED)
NUMERIC = (*ALL, COMPILED)
TABLES = {"fico_heloc": NUMERIC, "magic": NUMERIC, "satimage": FEW, "adult": ALL}
MULTICLASS = ("satimage",)


class Cell(NamedTuple):
    """What is measured at once: one student by one method, on one split."""

    peer: str
    table: str
    seed: int
    method: str
    student: str

    shared = slice(1, 3)  # cells of a split share rows and the teacher


class Method(NamedTuple):
    """A way to come to a model that predicts, and who may claim what it reaches.

    "both" are ours on a peer's probabilities or in its format. A method that is the `same_as`
    another in another format answers as that does but for rounding: it is measured on one split.
    What comes of the `fit_of` another has no costs of its own.
    """

    peer: str
    title: str
    students: tuple[str, ...] = ALL
    side: str = "peer"
    two_classes_only: bool = False
    same_as: str = ""
    fit_of: str = ""


BOOSTED = ("tree64", "unpruned", "lgbm")
METHODS = {
    "teacher": Method("teacher", "the teacher itself", (TEACHER,), "teacher"),
    "labels": Method("sklearn", "labels", NUMERIC),
    "tuned_log_loss": Method("sklearn", "labels, tuned by log loss", NUMERIC),
    "tuned_auc": Method("sklearn", "labels, tuned by AUC", NUMERIC),
    "shrinkage": Method("imodels", "hierarchical shrinkage", (*TREES, "forest10")),
    "distilled_regressor": Method("imodels", "DistilledRegressor", two_classes_only=True),
    "autogluon": Method("autogluon", "AutoGluon distill", FEW),
    "autogluon_cross_fit": Method("autogluon", "ours on AutoGluon's out-of-fold", BOOSTED, "both"),
    "gbdt_student": Method("tabtune", "TabTune GBDTStudent", ("lgbm",)),
    "gbdt_default": Method("tabtune", "TabTune GBDTStudent, 500 rounds", ("lgbm",)),
    "compiled": Method("compileml", "compileml", (COMPILED,)),
    "onnx": Method("onnx", "the teacher in ONNX", (TEACHER,), same_as="teacher"),
    "cross_fit": Method("ours", "ours, out-of-bag", NUMERIC, "ours"),
    "tuned": Method("ours", "ours, tuned", NUMERIC, "ours"),
    "uncalibrated": Method("ours", "ours, tuned, no sigmoid", NUMERIC, "ours", fit_of="tuned"),
}
# What speaks for us: the default that needs no choice, so that none is made by the test score.
OURS = "tuned"
UNCALIBRATED = "uncalibrated"
CHOSE = "chose "  # how the notes of both begin
SIGMOID, NO_SIGMOID = "a sigmoid was kept", "no sigmoid was kept"  # how those of the latter end
# In the order in which they are measured: the teacher first, its answers serve others.
PEERS = tuple(dict.fromkeys(method.peer for method in METHODS.values()))
ASK_TEACHER = ("imodels", "tabtune", "compileml", "onnx")


def plan(table: str, seed: int, first_seed: int, peers: tuple[str, ...]) -> list[Cell]:
    """Return the cells of a split."""
    return [
        Cell(method.peer, table, seed, name, student)
        for name, method in METHODS.items()
        if method.peer in peers
        and not (method.two_classes_only and table in MULTICLASS)
        and not (method.same_as and seed != first_seed)
        for student in method.students
        if student == TEACHER or student in TABLES[table]
    ]
