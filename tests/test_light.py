"""What ships is light: it needs the student's own package, and few rooms of ours."""

import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

import skdistill
from skdistill import CrossFitDistiller, SoftmaxRegression

ROOT = Path(skdistill.__file__).parents[1]
STUDENTS = {
    "tree": DecisionTreeRegressor(max_leaf_nodes=8, random_state=0),
    "forest": RandomForestRegressor(3, max_leaf_nodes=8, random_state=0),
    "softmax": SoftmaxRegression(),
}


LACKING = f"""
import sys

class Lacking:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in ("lightgbm", "matplotlib", "pandas"):
            raise ModuleNotFoundError(f"No module named {{name!r}}")

sys.meta_path.insert(0, Lacking)
sys.path.insert(0, {str(ROOT)!r})
"""


def run(code, *arguments):
    """Run code in a process that lacks packages which others have."""
    command = [sys.executable, "-W", "error", "-c", LACKING + textwrap.dedent(code)]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout


class TeacherOfAnotherPackage(GaussianNB):
    """Stands for a teacher whose package is not there where its student predicts."""

    __module__ = "large_package"


@pytest.fixture
def elsewhere(monkeypatch):
    module = type(sys)("large_package")
    module.TeacherOfAnotherPackage = TeacherOfAnotherPackage
    monkeypatch.setitem(sys.modules, "large_package", module)


@pytest.mark.usefixtures("elsewhere")
def test_what_ships_predicts_without_lightgbm_pandas_and_the_teachers_package(tmp_path):
    X, y = make_classification(300, 6, n_informative=4, n_classes=3, random_state=0)
    fitted = {
        name: CrossFitDistiller(TeacherOfAnotherPackage(), student, cv=2, random_state=0).fit(X, y)
        for name, student in STUDENTS.items()
    }
    shipped = {name: model.classifier_ for name, model in fitted.items()}
    (tmp_path / "shipped.pickle").write_bytes(pickle.dumps(shipped))
    np.save(tmp_path / "rows.npy", X)
    run(
        """
        import pickle
        from pathlib import Path
        import numpy as np
        folder = Path(sys.argv[1])
        rows = np.load(folder / "rows.npy")
        shipped = pickle.loads((folder / "shipped.pickle").read_bytes())
        for name, model in shipped.items():
            np.save(folder / f"{name}.npy", model.predict_proba(rows))
        rooms = {name.split(".")[1] for name in sys.modules if name.startswith("skdistill.")}
        assert rooms == {"_utils", "rows", "students", "targets"}, rooms
        assert "skdistill.targets.strategies" not in sys.modules
        """,
        tmp_path,
    )
    for name, model in fitted.items():
        assert_array_equal(np.load(tmp_path / f"{name}.npy"), model.predict_proba(X))


def test_distilling_needs_lightgbm_where_something_is_boosted():
    run(
        """
        import numpy as np
        from sklearn.naive_bayes import GaussianNB
        from sklearn.tree import DecisionTreeRegressor
        import skdistill
        X = np.arange(40.0)[:, None] % 7
        y = X.ravel() > 3
        for name in skdistill.__all__:
            getattr(skdistill, name)
        model = skdistill.CrossFitDistiller(
            GaussianNB(), DecisionTreeRegressor(), cv=2, random_state=0
        ).fit(X, y)
        assert model.score(X, y) == 1
        try:
            skdistill.LGBMSoftClassifier().fit(X, y)
        except ImportError as error:
            assert "lightgbm" in str(error)
        else:
            raise AssertionError
        """
    )


def test_importing_the_package_imports_nothing_heavy():
    run(
        """
        import skdistill
        assert skdistill.__version__
        heavy = {"numpy", "scipy", "sklearn", "joblib"} & set(sys.modules)
        assert not heavy, heavy
        """
    )


def test_names_are_listed_before_they_are_asked_for():
    printed = run("import skdistill\nprint(*dir(skdistill))")
    assert {*skdistill.__all__, "evaluation", "__version__"} <= set(printed.split())
    assert skdistill.evaluation.compare_students is skdistill.compare_students
    with pytest.raises(AttributeError, match="module 'skdistill' has no attribute 'nothing'"):
        skdistill.nothing  # noqa: B018
