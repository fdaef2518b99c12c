"""Neural networks for scikit-learn, trained by backpropagation written out in NumPy.

Names are loaded on first access: importing the package imports nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import *
    from .estimators import *
    from .kernels.backend import *
    from .network.activations import *
    from .network.cells import *
    from .network.contract import *
    from .network.embedding import *
    from .network.initializers import *
    from .network.layers import *
    from .network.losses import *
    from .network.network import *
    from .network.objective import *
    from .network.parameters import *
    from .network.penalties import *
    from .network.recurrent import *
    from .network.sequence_objective import *
    from .network.sequences import *
    from .network.windows import *
    from .optimize.full_batch import *
    from .optimize.optimizers import *
    from .optimize.schedules import *

__version__ = "0.1.0"

_OWN = ("checks", "deploy", "estimators", "frozen", "kernels", "network", "optimize", "ranges")
_MODULES = (
    "estimators",
    "kernels.backend",
    "network.activations",
    "network.cells",
    "network.contract",
    "network.embedding",
    "network.initializers",
    "network.layers",
    "network.losses",
    "network.network",
    "network.objective",
    "network.parameters",
    "network.penalties",
    "network.recurrent",
    "network.sequence_objective",
    "network.sequences",
    "network.windows",
    "optimize.full_batch",
    "optimize.optimizers",
    "optimize.schedules",
    "checks",
)


def __getattr__(name: str) -> Any:
    """Look for a public name in one module after the other (PEP 562)."""
    if name == "__all__":
        return __dir__()
    # Importing a subpackage or module looks up its name here first, and that must not import another.
    if not name.startswith("_") and name not in _OWN:
        for module in _MODULES:
            loaded = import_module(f".{module}", __name__)
            if name in loaded.__all__:
                return getattr(loaded, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({"__version__"}.union(*(import_module(f".{module}", __name__).__all__ for module in _MODULES)))
