"""The rules of the house that a machine can hold: who may import whom, sizes, names, and the lazy front door."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

import skbackprop
from tests.processes import python

PACKAGE = Path(skbackprop.__file__).parent
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}

# Which rooms each room reads, besides itself.
READS = {
    "frozen": set(),
    "ranges": set(),
    "kernels": set(),
    "network": {"frozen", "kernels", "ranges"},
    "optimize": {"frozen", "kernels", "ranges"},
    "checks": {"network", "ranges"},
    "deploy": {"kernels", "network", "ranges"},  # of kernels, the constants of a polynomial
    "estimators": {"frozen", "kernels", "network", "optimize", "ranges", "deploy"},  # deploy only inside of a method
}
CORE = {"checks", "frozen", "ranges", "kernels", "network", "optimize"}
COMPILER = {"numba", "llvmlite"}
LIBRARIES = {"threadpoolctl"}  # tells which are loaded


def room(name):
    """The folder, or the module, right under the package."""
    return Path(name).parts[0].removesuffix(".py")


@cache
def parsed(name):
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def imports(name):
    """Every imported (module, name) of a file, absolute; the name is empty where the module itself is imported."""
    folder = ("skbackprop", *Path(name).parts[:-1])
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def rooms_read(name):
    """The rooms of this package that a file imports from."""
    for module, imported in imports(name):
        parts = [*module.split("."), imported]
        if parts[0] == "skbackprop":
            yield parts[1]


def length(function):
    """Lines of a function without its docstring."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines


def offenders(rule):
    """The modules for which a rule tells something, with what it tells."""
    return {name: told for name in MODULES if (told := rule(name))}


def packages(name):
    return {module.split(".")[0] for module, _ in imports(name)}


def test_a_room_reads_only_the_rooms_it_may():
    """But for the front door: it names everything for type checkers, and that it imports nothing is tested below."""
    rooms = {room(name) for name in MODULES} - {"__init__"}
    assert rooms == set(READS), "a room is new, or gone: say in READS what it reads"
    assert (
        offenders(lambda name: room(name) in READS and set(rooms_read(name)) - READS[room(name)] - {room(name)}) == {}
    )


def test_the_core_stands_on_numpy_and_scipy_alone():
    def others(name):
        allowed = {"numpy", "scipy", "skbackprop"}
        if name.startswith("kernels/compiled/"):
            allowed |= COMPILER | LIBRARIES
        return room(name) in CORE and packages(name) - set(sys.stdlib_module_names) - allowed

    assert offenders(others) == {}


def test_only_compiled_kernels_know_numba():
    assert offenders(lambda name: not name.startswith("kernels/compiled/") and packages(name) & COMPILER) == {}


def test_only_estimators_know_scikit_learn():
    assert offenders(lambda name: room(name) != "estimators" and packages(name) & {"sklearn"}) == {}


def test_nothing_reads_deploy_at_import():
    """But for type checkers: what is indented there is not run."""

    def above(name):
        modules = [node.module or "" for node in parsed(name).body if isinstance(node, ast.ImportFrom)]
        return room(name) != "deploy" and [module for module in modules if "deploy" in module.split(".")]

    assert offenders(above) == {}


def test_nobody_imports_what_is_private_in_scikit_learn():
    """All but ``_safe_indexing``, which the public ``sklearn.utils`` hands out and its own documentation uses."""

    def private(name):
        return [
            (module, imported)
            for module, imported in imports(name)
            if module.split(".")[0] == "sklearn" and (module, imported) != ("sklearn.utils", "_safe_indexing")
            if any(part.startswith("_") for part in (*module.split("."), imported))
        ]

    assert offenders(private) == {}


def test_a_module_is_under_300_lines_and_opens_with_a_sentence():
    assert offenders(lambda name: len(MODULES[name].read_text(encoding="utf-8").splitlines()) >= 300) == {}
    assert offenders(lambda name: not ast.get_docstring(parsed(name))) == {}


def test_a_function_is_under_60_lines():
    def long(name):
        functions = [
            node for node in ast.walk(parsed(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        return {f.name: length(f) for f in functions if length(f) > 60}

    assert offenders(long) == {}


def test_no_module_is_a_lumber_room():
    lumber = {"utils", "common", "misc", "helpers"}
    assert offenders(lambda name: lumber & {part.removesuffix(".py").strip("_") for part in Path(name).parts}) == {}


def in_a_fresh_interpreter(code):
    return python("-c", code).stdout.split()


LOADED = "print(*({'numpy', 'numba', 'scipy', 'sklearn'} & {name.split('.')[0] for name in sys.modules}))"


def test_importing_the_package_imports_nothing_else():
    assert in_a_fresh_interpreter(f"import sys, skbackprop; {LOADED}") == []
    assert in_a_fresh_interpreter(f"import sys, skbackprop; skbackprop.__version__; {LOADED}") == []


def test_asking_for_a_name_of_the_core_does_not_import_scikit_learn():
    loaded = in_a_fresh_interpreter(f"import sys, skbackprop; skbackprop.Dense, skbackprop.Cosine; {LOADED}")
    assert sorted(loaded) == ["numpy", "scipy"]


def test_the_core_imports_without_the_estimators():
    code = "import sys, skbackprop.network.model, skbackprop.network.objective, skbackprop.optimize.training; "
    code += "import skbackprop.optimize.full_batch, skbackprop.optimize.progress; "
    assert sorted(in_a_fresh_interpreter(code + LOADED)) == ["numpy", "scipy"]


def test_a_star_import_brings_the_public_names():
    code = "from skbackprop import *; print(Dense.__name__, Adam.__name__, SquaredError.__name__)"
    assert in_a_fresh_interpreter(code) == ["Dense", "Adam", "SquaredError"]


def test_dir_lists_public_names_and_every_one_resolves():
    names = dir(skbackprop)
    assert names == sorted(set(names))
    assert {"Dense", "Adam", "Cosine", "SquaredError", "ReLU", "Network", "Objective", "LBFGS"} <= set(names)
    assert [name for name in names if name.startswith("_")] == ["__version__"]
    for name in names:
        assert getattr(skbackprop, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'skbackprop' has no attribute 'Nothing'"):
        skbackprop.Nothing  # noqa: B018


def test_the_page_of_public_names_has_them_all():
    page = (Path(__file__).parents[1] / "docs/api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    assert {*skbackprop.__all__} - {"__version__"} <= named
    registries = [registry for name in skbackprop.__all__ if isinstance(registry := getattr(skbackprop, name), dict)]
    assert {name for registry in registries for name in registry} <= named | {"glorot", "he", "lecun"}
