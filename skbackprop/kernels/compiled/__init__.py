"""Compiled twins of the kernels: the same names, arguments and results, in one pass each; by numba.

Only what gains by it has a twin. Arrays of one shape are walked by plain loops that the compiler turns into vector
instructions; nothing else in the package knows about numba.
"""

from . import activations, cells, losses, optimizers, rows

COMPILED = {
    function.__name__: function
    for module in (activations, cells, losses, optimizers, rows)
    for function in module.KERNELS
}
