"""From canonical names to JAX's dtypes and back.

JAX narrows 64-bit dtypes to 32 bits unless `jax_enable_x64` is set; asking for them is answered the same way, without
the warning that `jnp` gives at every call.
"""

from typing import Any

import jax
import numpy as np

from kmb_core.dtypes import numpy_dtype, standardize_dtype

FLOATING = tuple(numpy_dtype(name) for name in ("float16", "bfloat16", "float32", "float64"))
INTEGERS = tuple(
    numpy_dtype(name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
)
FLOATS = frozenset(FLOATING)
INEXACT = FLOATS | {np.dtype("complex64"), np.dtype("complex128")}

_NARROW = {
    np.dtype("int64"): np.dtype("int32"),
    np.dtype("uint64"): np.dtype("uint32"),
    np.dtype("float64"): np.dtype("float32"),
    np.dtype("complex128"): np.dtype("complex64"),
}


def native_dtype(dtype: Any) -> np.dtype:
    """The NumPy dtype that JAX uses for a dtype, floatx for None: 64 bits only where JAX allows them."""
    native = numpy_dtype(dtype)
    if native in _NARROW and not jax.config.jax_enable_x64:
        return _NARROW[native]
    return native


def dtype_name(x: Any) -> str:
    """The canonical name of a tensor's dtype."""
    return standardize_dtype(x.dtype)
