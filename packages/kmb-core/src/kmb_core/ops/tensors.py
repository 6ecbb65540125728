"""Questions to tensors that are no ops: nothing is recorded, no dtype is promoted."""

from typing import Any

import numpy as np

from kmb_core import backend
from kmb_core.backend import KerasTensor, Variable, current_backend
from kmb_core.dtypes import standardize_dtype


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor of the current backend; symbolic tensors and variables are none.

    Example:
        >>> from kmb_core import ops
        >>> ops.is_tensor(ops.ones((2,))), ops.is_tensor([1.0])
        (True, False)
    """
    return current_backend().is_tensor(x)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values of a tensor, variable or array-like as a NumPy array on the host.

    Raises:
        ValueError: for a symbolic tensor, which has no values.

    Example:
        >>> from kmb_core import ops
        >>> ops.convert_to_numpy(ops.ones((2,))).tolist()
        [1.0, 1.0]
    """
    return backend.convert_to_numpy(x)


def dtype(x: Any) -> str:
    """The canonical name of a dtype.

    Args:
        x: tensor, symbolic tensor, variable or array; of numbers and lists the dtype that a tensor of them would have.

    Example:
        >>> from kmb_core import ops
        >>> ops.dtype(ops.ones((2,), "int8"))
        'int8'
    """
    if hasattr(x, "dtype"):
        return backend.dtype_of(x)
    return standardize_dtype({"i": int, "u": int, "f": float}.get(np.asarray(x).dtype.kind, np.asarray(x).dtype))


def static_shape(x: Any) -> tuple[int | None, ...]:
    """The sizes that are known without running anything, None for the others."""
    if isinstance(x, (KerasTensor, Variable)):
        return x.shape
    here = current_backend()
    return here.static_shape(x) if here.is_tensor(x) else np.shape(x)


def shape(x: Any) -> tuple[Any, ...]:
    """The shape of a tensor, as sizes that a computation can use.

    Args:
        x: tensor, symbolic tensor, variable or array-like.

    Returns:
        A tuple. Sizes that a symbolic tensor does not know are None; those that a framework does not know while it
        traces a function are its scalar tensors (backends supply `dynamic_shape` for that).

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.ones((2, 3)))
        (2, 3)
    """
    sizes = static_shape(x)
    if None not in sizes or isinstance(x, KerasTensor):
        return tuple(sizes)
    dynamic = getattr(current_backend().implementation, "dynamic_shape", None)
    return tuple(sizes) if dynamic is None else tuple(dynamic(x))
