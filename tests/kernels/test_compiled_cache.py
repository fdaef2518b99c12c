"""Where compiled code is kept, and that fits work, and do not compile again, wherever they run."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

import numpy as np
import pytest

import skbackprop
from skbackprop.kernels import backend
from tests.processes import ROOT, python

pytestmark = pytest.mark.skipif(not backend.numba_is_there(), reason="numba is not installed")
PACKAGE = Path(skbackprop.__file__).parent

FIT = """
import numpy as np
from skbackprop import BatchMLPRegressor

def fit(seed=0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    model = BatchMLPRegressor(hidden_layer_sizes=5, max_iter=2, n_iter_no_change=np.inf, random_state=seed)
    assert model.fit(X, X[:, 0]).kernel_backend_ == "numba"
    return float(model.loss_)

def compiled_here():
    from skbackprop.kernels.compiled import pointers, training
    misses = sum(training.steps.stats.cache_misses.values())
    made = pointers.pointers("relu", "squared_error", "adam", np.dtype(np.float64))
    return misses + sum(not pointer.cache_hits for pointer in made if hasattr(pointer, "cache_hits"))
"""


def run(code, root=ROOT, **environment):
    """The words that a process prints which has the package from ``root``: it looks first where it runs."""
    return python("-c", FIT + code, cwd=root, PYTHONPATH=str(root), **environment).stdout.split()


SEARCH = """
def work(seed):
    fit(seed)
    return compiled_here()

if __name__ == "__main__":
    from joblib import Parallel, delayed
    print(*Parallel(n_jobs=2)(delayed(work)(seed) for seed in range(4)))
"""


def test_neither_a_second_process_nor_workers_of_loky_compile_anything(tmp_path):
    code, environment = "fit(); print(compiled_here())", {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    (first,), (second,) = (run(code, **environment) for _ in range(2))
    assert (int(first), int(second)) == (6, 0)  # the loop, and what it calls
    script = tmp_path / "search.py"
    script.write_text(FIT + SEARCH, encoding="utf-8")
    assert python(script, **environment).stdout.split() == ["0"] * 4


def test_a_change_in_a_file_that_a_kernel_is_made_of_makes_it_anew(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "skbackprop", ignore=shutil.ignore_patterns("__pycache__"))
    copy = {"root": tmp_path, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    code = """
from skbackprop.kernels.compiled.dense import KERNELS
kernel, Z = KERNELS["relu_dense"], np.ones((2, 2))
kernel(Z, Z[0], Z, ())
print(sum(kernel.stats.cache_misses.values()))
"""
    (before,) = run(code, **copy)
    with (tmp_path / "skbackprop/kernels/compiled/slopes.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    (after,), (again,) = (run(code, **copy) for _ in range(2))
    assert (before, after, again) == ("1", "1", "0")


def test_kernels_are_kept_apart_for_what_blas_does_well():
    code = """
from types import SimpleNamespace
import threadpoolctl
found = threadpoolctl.ThreadpoolController().select(user_api="blas")
for library in found.lib_controllers:
    library.architecture = ARCHITECTURE
threadpoolctl.ThreadpoolController = lambda: SimpleNamespace(select=lambda user_api: found)
from skbackprop.kernels.compiled import compiler, products
print(compiler.MADE_FROM, products.SMALL)
"""
    made, small = zip(*(run(f"ARCHITECTURE = {each!r}{code}") for each in ("Haswell", "SkylakeX")), strict=True)
    assert (made[0] == made[1]) == (small[0] == small[1])


def test_no_two_kernels_are_kept_under_one_name():
    from skbackprop.kernels.compiled import COMPILED
    from skbackprop.kernels.compiled.pointers import ADAPTERS, pointers

    kept = [kernel.py_func for kernel in COMPILED.values() if hasattr(kernel, "py_func")]
    assert len({(function.__module__, function.__qualname__) for function in kept}) == len(kept) > len(ADAPTERS)
    both = [pointers("relu", "squared_error", "adam", np.dtype(dtype)) for dtype in (np.float32, np.float64)]
    names = [pointer.__wrapped__.__qualname__ for made in both for pointer in made if hasattr(pointer, "__wrapped__")]
    assert len({*names, *(function.__qualname__ for function in kept)}) == len(names) + len(kept)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_worker_fits_like_its_parent():
    code = """
import os
here = fit()
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, str(fit()).encode())
    os._exit(0)
print(here, os.read(reading, 100).decode(), os.wait()[1])
"""
    here, there, status = run(code)
    assert here == there
    assert status == "0"


AS_A_USER_WHO_MAY_NOT_WRITE = """
import os, sys
if os.geteuid() == 0:  # root may write everywhere, and others may not read root's Python: load that first
    import numba, scipy.special, sklearn.neural_network, threadpoolctl
    numba.njit(lambda x: x + 1)(1.0)
    os.seteuid(65534)
sys.path.insert(0, sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_read_only_installation_without_a_cache_works():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copied = shutil.copytree(PACKAGE, root / "skbackprop", ignore=shutil.ignore_patterns("__pycache__"))
        paths = [root, *root.rglob("*")]
        for path in paths:
            path.chmod((stat.S_IMODE(path.stat().st_mode) | 0o555) & ~0o222)
        code = AS_A_USER_WHO_MAY_NOT_WRITE + FIT + "fit(); import skbackprop; print(skbackprop.__path__[0])"
        try:
            done = python("-c", code, folder, cwd="/", HOME=folder, NUMBA_CACHE_DIR="", PYTHONPATH="")
        finally:
            for path in paths:
                path.chmod(0o755)
        assert done.stdout.split() == [str(copied)]
        assert not list(root.rglob("*.nb?"))


def test_code_without_a_place_for_its_cache_is_compiled_all_the_same():
    from skbackprop.kernels.compiled.compiler import compiled

    namespace = {}
    exec("def twice(x):\n    return 2 * x", namespace)
    assert compiled(namespace["twice"])(3.0) == 6.0


def test_importing_the_package_does_not_import_numba():
    code = "import sys, skbackprop; BatchMLPRegressor().get_params(); print('numba' in sys.modules)"
    assert run(code) == ["False"]
