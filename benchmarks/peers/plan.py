"""What is measured: which peer, by which methods, with which students, on which tables."""

from __future__ import annotations

from typing import NamedTuple

# Table: its students. Few on the table of six classes, where a booster grows six times the trees.
STUDENTS = {
    "tree16": "tree of 16 leaves",
    "tree64": "tree of 64 leaves",
    "tree256": "tree of 256 leaves",
    "unpruned": "unpruned tree",
    "forest10": "forest of 10 trees",
    "lgbm": "LightGBM 100 × 31",
}
TEACHER = "forest500"
TITLES = {**STUDENTS, TEACHER: "the teacher, 500 trees"}
FEW = ("tree64", "unpruned", "forest10", "lgbm")
TREES = ("tree16", "tree64", "tree256", "unpruned")
TABLES = {
    "fico_heloc": tuple(STUDENTS),
    "magic": tuple(STUDENTS),
    "satimage": FEW,
    "adult": tuple(STUDENTS),
}
MULTICLASS = ("satimage",)


class Cell(NamedTuple):
    """What is measured at once: one student by one method, on one split."""

    peer: str
    table: str
    seed: int
    method: str
    student: str

    def __str__(self) -> str:
        return "/".join(map(str, self))


class Method(NamedTuple):
    """A way to come to a model that predicts.

    Attributes
    ----------
    peer : str
        Whose worker measures it.
    title : str
        What the page calls it.
    students : tuple of str
        The models it makes.
    side : {"ours", "peer", "both", "teacher"}
        Who may claim what it reaches; "both" are ours on a peer's probabilities or in its format.
    two_classes_only : bool
        Whether it cannot do more.
    same_as : str
        Which method it is in another format: its answers are that method's but for rounding, and
        it is measured on the first split alone.
    """

    peer: str
    title: str
    students: tuple[str, ...] = tuple(STUDENTS)
    side: str = "peer"
    two_classes_only: bool = False
    same_as: str = ""


METHODS = {
    "teacher": Method("teacher", "the teacher itself", (TEACHER,), "teacher"),
    "labels": Method("sklearn", "labels"),
    "tuned_log_loss": Method("sklearn", "labels, tuned by log loss"),
    "tuned_auc": Method("sklearn", "labels, tuned by AUC"),
    "shrinkage": Method("imodels", "hierarchical shrinkage", (*TREES, "forest10")),
    "distilled_regressor": Method("imodels", "DistilledRegressor", two_classes_only=True),
    "autogluon": Method("autogluon", "AutoGluon distill", FEW),
    "autogluon_cross_fit": Method(
        "autogluon", "ours on AutoGluon's out-of-fold", ("tree64", "unpruned", "lgbm"), "both"
    ),
    "gbdt_student": Method("tabtune", "TabTune GBDTStudent", ("lgbm",)),
    "gbdt_default": Method("tabtune", "TabTune GBDTStudent, 500 rounds", ("lgbm",)),
    "onnx": Method("onnx", "the teacher in ONNX", (TEACHER,), same_as="teacher"),
    "onnx_ours": Method("onnx", "ours, out-of-bag, in ONNX", FEW[:3], "both", same_as="cross_fit"),
    "cross_fit": Method("ours", "ours, out-of-bag", side="ours"),
    "tuned": Method("ours", "ours, tuned", side="ours"),
}
# In the order in which they are measured: the teacher first, its answers serve others.
PEERS = tuple(dict.fromkeys(method.peer for method in METHODS.values()))
ASK_TEACHER = ("imodels", "tabtune", "onnx")


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
