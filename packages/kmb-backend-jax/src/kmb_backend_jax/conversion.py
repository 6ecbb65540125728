"""Taking values in and handing them out.

Arrays and scalars go through a jitted identity: its C++ argument handling is four times faster than `jnp.asarray`.
Tensors of other frameworks come as arrays.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.dtypes import native_dtype
from kmb_backend_jax.kernel import kernel
from kmb_core.backend import KerasTensor, Variable
from kmb_core.backend.foreign import array_of, as_array, is_foreign
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import DTypeError, message

_SCALARS = (bool, int, float, complex)


@kernel(static=("dtype",))
def _cast(x: jax.Array, dtype: np.dtype) -> jax.Array:
    return jax.lax.convert_element_type(x, dtype)


def cast(x: jax.Array, dtype: str) -> jax.Array:
    """The tensor in another dtype; itself when it has it."""
    native = native_dtype(dtype)
    if x.dtype == native:
        return x
    if not jnp.issubdtype(native, jnp.complexfloating) and jnp.issubdtype(x.dtype, jnp.complexfloating):
        x = jnp.real(x)
    return _cast(x, native)


def convert(x: Any, dtype: str | None = None) -> jax.Array:
    """A tensor from an array, a scalar, a nested list or another framework's tensor; dtype None keeps x's."""
    if isinstance(x, jax.Array):
        return x if dtype is None else cast(x, dtype)
    if isinstance(x, np.ndarray):
        return _from_numpy(x, dtype)
    return _from_other(x, dtype)


def _from_numpy(x: np.ndarray, dtype: str | None) -> jax.Array:
    if x.dtype.kind in "OSUTMm":
        raise DTypeError(
            message(
                f"the jax backend has no tensors of dtype {x.dtype}",
                "JAX computes with numbers and booleans only.",
                "Turn text into integers first, for instance in the data pipeline.",
            )
        )
    native = native_dtype(dtype or standardize_dtype(x.dtype))
    # A copy: JAX would otherwise share the memory of some arrays on the host, and see what is written there later.
    return _own(np.array(x, dtype=native, order="C"))


def _own(x: np.ndarray) -> jax.Array:
    """The tensor of an array that nobody else will write to."""
    return _cast(x, x.dtype)


def _from_other(x: Any, dtype: str | None) -> jax.Array:
    if isinstance(x, Variable):
        return convert(x.value, dtype)
    if isinstance(x, KerasTensor):
        return x.__jax_array__()  # raises: a symbolic tensor has no value
    if dtype is not None and x.__class__ in _SCALARS:
        return _own(np.asarray(x).astype(native_dtype(dtype)))
    if hasattr(x, "__jax_array__"):
        return convert(x.__jax_array__(), dtype)
    if is_foreign(x):
        return _from_numpy(array_of(x), dtype)
    if isinstance(x, (list, tuple)) and any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(x)):
        stacked = jnp.asarray(x)  # tracers among the elements are allowed here
        return stacked if dtype is None else cast(stacked, dtype)
    return _from_numpy(as_array(x), dtype)


def to_numpy(x: Any) -> np.ndarray:
    """The values on the host; read-only where JAX shares its memory."""
    return np.asarray(x)
