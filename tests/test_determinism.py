"""The same results in every process: hash seeds, threads, backends, jobs and layouts of rows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.digests import CONTAINERS

# Backend, jobs, threads of BLAS and OpenMP, hash seed.
SETTINGS = [("threading", 2, 1, 1), ("loky", 2, 2, 2), ("dask", 2, 1, 3)]


def digests(backend, n_jobs, n_threads, hash_seed, containers=("array",)):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    env = {**os.environ, **dict.fromkeys(names, str(n_threads)), "PYTHONHASHSEED": str(hash_seed)}
    env["OMP_WAIT_POLICY"] = "passive"  # many short fits: idle threads would take their time
    found = subprocess.run(
        [sys.executable, "-m", "tests.digests", backend, str(n_jobs), *containers],
        env=env,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def expected():
    return digests("sequential", 1, 1, 0, CONTAINERS)


@pytest.mark.parametrize("kind", ["exact", "near"])
@pytest.mark.parametrize("other", list(CONTAINERS)[1:])
def test_layout_of_rows(expected, kind, other):
    def of(container):
        named = {name.rpartition(", ")[::2]: found for name, found in expected[kind].items()}
        return {fit: found for (fit, own), found in named.items() if own == container}

    assert len(of("array")) >= 3
    assert of(other) == of("array")


@pytest.mark.parametrize(("backend", "n_jobs", "n_threads", "hash_seed"), SETTINGS)
def test_processes(expected, backend, n_jobs, n_threads, hash_seed):
    if backend == "dask":
        pytest.importorskip("distributed")
    found = digests(backend, n_jobs, n_threads, hash_seed)
    for kind in ("exact", "near"):
        assert len(found[kind]) >= 8
        assert found[kind] == {name: expected[kind][name] for name in found[kind]}
