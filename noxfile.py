"""Every Python and every set of versions that we claim. The gate, `.ci/run`, runs on one Python.

python -m nox                    all sessions; a Python that is missing is skipped
python -m nox -s tests-3.13      one of them; what follows `--` goes to pytest
"""

import nox

# From the lowest of pyproject.toml to the highest that scikit-learn is released for.
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]

# As in the gate: fold fits and test workers are parallel already.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Lint, format and types, as the gate does."""
    session.run("bash", ".ci/run", "lint", "types", external=True)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on the newest versions of what we depend on."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs, env=ONE_THREAD)


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """Run the tests on the oldest versions, which have no wheels for newer Pythons."""
    session.install("-r", ".ci/oldest.txt", ".[test]")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs, env=ONE_THREAD)


@nox.session(venv_backend="none")
def docs(session: nox.Session) -> None:
    """Build the site and check its notebooks, as the gate does."""
    session.run("bash", ".ci/run", "docs", "notebooks", external=True)
