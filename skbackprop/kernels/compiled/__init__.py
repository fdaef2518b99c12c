"""Compiled twins of the kernels: the same names, arguments and results, in one pass each; by numba.

Only what gains by it has a twin. Arrays of one shape are walked by plain loops that the compiler turns into vector
instructions; nothing else in the package knows about numba.
"""

from . import cells, dense, losses, optimizers, rows, training

COMPILED = dense.KERNELS | {
    function.__name__: function for module in (cells, losses, optimizers, rows, training) for function in module.KERNELS
}
