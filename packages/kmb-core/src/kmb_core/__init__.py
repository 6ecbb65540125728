"""kmb: the API of Keras 3 over any number of installed backends.

`import kmb_core as keras` is a drop-in. Names are imported when they are used, so importing the package costs next to
nothing and imports no framework; `__init__.pyi` tells type checkers and editors the same.
"""

from kmb_core import _namespaces
from kmb_core._lazy import lazy_names

__version__ = "0.1.0"

_NAMES = {
    "DTypePolicy": "kmb_core.dtype_policies",
    "FloatDTypePolicy": "kmb_core.dtype_policies",
    "Function": "kmb_core.graph",
    "Initializer": "kmb_core.initializers",
    "Input": "kmb_core.layers",
    "InputSpec": "kmb_core.layers",
    "KerasTensor": "kmb_core.ops.operators",
    "Layer": "kmb_core.layers",
    "Loss": "kmb_core.losses",
    "Metric": "kmb_core.metrics",
    "Model": "kmb_core.models",
    "Operation": "kmb_core.ops.operation",
    "Optimizer": "kmb_core.optimizers",
    "Quantizer": "kmb_core.quantizers",
    "Regularizer": "kmb_core.regularizers",
    "RematScope": "kmb_core.backend",
    "Sequential": "kmb_core.models",
    "StatelessScope": "kmb_core.backend",
    "SymbolicScope": "kmb_core.backend",
    "Variable": "kmb_core.ops.operators",
    "benchmark": "kmb_core.comparison.benchmark",
    "compare_backends": "kmb_core.comparison.differences",
    "device": "kmb_core.backend",
    "hookimpl": "kmb_core.plugins",
    "hookspec": "kmb_core.plugins",
    "name_scope": "kmb_core.backend",
    "remat": "kmb_core.ops.remat",
    "use_backend": "kmb_core.backend",
}
_NAMESPACES = (
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "data",
    "datasets",
    "distillation",
    "distribution",
    "dtype_policies",
    "errors",
    "export",
    "initializers",
    "layers",
    "legacy",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "plugins",
    "preprocessing",
    "quantizers",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
    "visualization",
    "wrappers",
)

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES, _NAMESPACES)
__all__ += ["__version__", "version"]


def version() -> str:
    """The version of kmb-core.

    Example:
        >>> import kmb_core
        >>> kmb_core.version() == kmb_core.__version__
        True
    """
    return __version__


def _resolver(namespace: str):
    def resolve(name: str):
        module = __getattr__(namespace) if namespace else None
        return getattr(module, name) if module is not None else __getattr__(name)

    return resolve


def _architecture_resolver(module: str):
    return lambda name: getattr(getattr(__getattr__("applications"), module), name)


for _name in ("activations", "constraints", "dtype_policies", "initializers", "layers", "losses", "metrics", "models"):
    _namespaces.RESOLVERS[f"keras.{_name}"] = _resolver(_name)
for _name in ("ops", "optimizers", "quantizers", "random", "regularizers", "callbacks", "distillation"):
    _namespaces.RESOLVERS[f"keras.{_name}"] = _resolver(_name)
_namespaces.RESOLVERS["keras"] = _resolver("")
_namespaces.RESOLVERS["keras.src.models.functional"] = lambda name: getattr(__getattr__("models"), name)
for _name in ("convnext", "inception_resnet_v2"):  # architectures with layers of their own
    _namespaces.RESOLVERS[f"keras.src.applications.{_name}"] = _architecture_resolver(_name)
