"""What users call `keras.mixed_precision`: dtype policies and loss scaling, under the names that they had first."""

from kmb_core._lazy import lazy_names

_NAMES = {
    "DTypePolicy": "kmb_core.dtype_policies",
    "LossScaleOptimizer": "kmb_core.optimizers",
    "Policy": "kmb_core.dtype_policies:DTypePolicy",
    "dtype_policy": "kmb_core.dtype_policies:current_policy",
    "global_policy": "kmb_core.dtype_policies:current_policy",
    "set_dtype_policy": "kmb_core.dtype_policies:set_current_policy",
    "set_global_policy": "kmb_core.dtype_policies:set_current_policy",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
