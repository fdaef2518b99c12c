"""Kernels compiled by numba: twins of NumPy's with the same names, arguments and results, in one pass each.

Only kernels that gain from it have a twin. They walk arrays of equal shape in plain loops, which the compiler turns
into vector instructions. Apart from ``backend.py``, nothing else in the package knows about numba.
"""

from . import cells, dense, losses, optimizers, rows, training

COMPILED = dense.KERNELS | {
    function.__name__: function for module in (cells, losses, optimizers, rows, training) for function in module.KERNELS
}
