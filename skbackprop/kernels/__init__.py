"""Element-wise loops: plain functions on plain arrays, called as ``kernels.name(...)``.

They are called through this module, never imported by name: a call runs the kernel of that name in the table in force,
which is NumPy's own or its compiled twin. See `kernel_backend`.
"""

from . import activations, cells, losses, optimizers, rows, training
from .activations import *
from .backend import NUMPY, dispatched
from .backend import current_kernels as current_kernels
from .backend import fixed_kernels as fixed_kernels
from .backend import kernel_backend as kernel_backend
from .cells import *
from .dense import DENSE
from .losses import *
from .optimizers import *
from .products import product as product  # not dispatched: it has no compiled twin
from .rows import *
from .training import *

__all__ = [*activations.__all__, *cells.__all__, *losses.__all__, *optimizers.__all__, *rows.__all__, *training.__all__]

NUMPY.update(DENSE)
for _name in __all__:
    globals()[_name] = dispatched(globals()[_name])
