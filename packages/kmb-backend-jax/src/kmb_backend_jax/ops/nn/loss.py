"""Encodings of classes."""

from typing import Any

import jax

from kmb_backend_jax.dtypes import native_dtype
from kmb_backend_jax.kernel import kernel
from kmb_core.dtypes import floatx

_one_hot = kernel(
    lambda x, num_classes, axis, dtype: jax.nn.one_hot(x, num_classes, dtype=dtype, axis=axis),
    static=("num_classes", "axis", "dtype"),
)


def one_hot(x: jax.Array, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> jax.Array:
    """1 at the place that an integer names along a new axis; zeros only for what is no class."""
    if sparse:
        raise ValueError("ops.one_hot: JAX's sparse tensors are not taken up")
    if not -x.ndim - 1 <= axis <= x.ndim:
        raise ValueError(f"ops.one_hot: axis {axis} is out of range for {x.ndim + 1} axes")
    return _one_hot(x, int(num_classes), axis, native_dtype(dtype or floatx()))
