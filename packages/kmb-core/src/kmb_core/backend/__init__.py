"""The current backend, and the stateful and symbolic things that stand on it.

The functions here work on the current backend's tensors without being ops: they record nothing and promote nothing.
"""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from kmb_core.backend.keras_tensor import KerasTensor, SymbolicValueError, is_keras_tensor
from kmb_core.backend.names import auto_name, clear_session, get_uid, reset_names, to_snake_case
from kmb_core.backend.node import Node, producer
from kmb_core.backend.scopes import (
    AutocastScope,
    DeviceScope,
    RematScope,
    StatelessScope,
    SymbolicScope,
    current_path,
    name_scope,
)
from kmb_core.backend.selection import backend, current_backend, is_current, set_backend, use_backend
from kmb_core.backend.state import process, state
from kmb_core.backend.variable import Variable
from kmb_core.dtypes import is_float as is_float_dtype
from kmb_core.dtypes import is_integer as is_int_dtype
from kmb_core.dtypes import result_type, standardize_dtype
from kmb_core.settings import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)

__all__ = [
    "AutocastScope",
    "KerasTensor",
    "Node",
    "RematScope",
    "StatelessScope",
    "SymbolicScope",
    "SymbolicValueError",
    "Variable",
    "auto_name",
    "backend",
    "cast",
    "clear_session",
    "convert_to_numpy",
    "convert_to_tensor",
    "current_backend",
    "current_path",
    "device",
    "dtype_of",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_current",
    "is_keras_tensor",
    "is_tensor",
    "name_scope",
    "process",
    "producer",
    "reset_names",
    "result_type",
    "set_backend",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
    "state",
    "to_snake_case",
    "use_backend",
]


def convert_to_tensor(x: Any, dtype: str | None = None) -> Any:
    """A tensor of the current backend; a variable gives its value."""
    if isinstance(x, Variable):
        x = x.value
    return current_backend().convert(x, None if dtype is None else standardize_dtype(dtype))


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values on the host; tensors of other loaded backends and array-likes are taken too."""
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, Variable):
        return x.numpy()
    here = current_backend()
    return here.to_numpy(x if here.is_tensor(x) else here.convert(x))


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor of the current backend."""
    return current_backend().is_tensor(x)


def cast(x: Any, dtype: str) -> Any:
    """A tensor with another dtype; symbolic tensors and variables are taken too."""
    dtype = standardize_dtype(dtype)
    if isinstance(x, KerasTensor):
        tensor = KerasTensor.like(x.shape, dtype)
        tensor._uncast, tensor._keras_mask = x._uncast or x, x._keras_mask
        return tensor
    return current_backend().cast(convert_to_tensor(x), dtype)


def dtype_of(x: Any) -> str:
    """The canonical dtype name of a tensor, variable, symbolic tensor or array."""
    if isinstance(x, (KerasTensor, Variable)):
        return x.dtype
    here = current_backend()
    return here.dtype_name(x) if here.is_tensor(x) else standardize_dtype(x.dtype)


def device(device_name: str) -> AbstractContextManager[Any]:
    """Place tensors and variables made inside on a device, "cpu:0" or "gpu:0" for instance.

    Example:
        >>> import kmb_core
        >>> with kmb_core.device("cpu:0"):
        ...     kmb_core.ops.ones((2,)).shape[0]
        2
    """
    return DeviceScope(device_name, current_backend().implementation.device_scope(device_name))
