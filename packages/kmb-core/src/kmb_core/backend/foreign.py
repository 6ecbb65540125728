"""Tensors of other frameworks as arrays, told by what they can do, so that no framework is imported for it.

NumPy's own protocol refuses some that have a value all the same: with a gradient, on another device, conjugated on
paper only, sparse, ragged, and of dtypes that NumPy does not know.
"""

from typing import Any

import numpy as np

from kmb_core.dtypes import numpy_dtype
from kmb_core.errors import DTypeError, KmbError, message


def is_foreign(x: Any) -> bool:
    """Whether x is a tensor of some kind, and neither an array nor a NumPy scalar."""
    return hasattr(x, "dtype") and not isinstance(x, (np.ndarray, np.generic))


def as_array(x: Any) -> np.ndarray:
    """`np.asarray`, also of lists of tensors that NumPy does not take."""
    try:
        return np.asarray(x)
    except (TypeError, RuntimeError):
        if not isinstance(x, (list, tuple)):
            raise
    return array_of(x)


def array_of(x: Any) -> np.ndarray:
    """The values of another framework's tensor, or of lists of such, on the host; sparse and ragged ones dense.

    Raises:
        DTypeError: for a tensor without values: one that is being traced, or a key.
    """
    try:
        return _array_of(x)
    except KmbError:
        raise
    except Exception as error:
        if not is_foreign(x):
            raise
        what = f"{type(x).__module__}.{type(x).__name__} of dtype {x.dtype} cannot become an array"
        cause = f"It may have no value yet, because a function is being traced: {str(error).partition(chr(10))[0]}"
        remedy = "Run the code under kmb_core.use_backend(...) with the tensor's own framework, or pass values."
        raise DTypeError(message(what, cause, remedy)) from error


def _array_of(x: Any) -> np.ndarray:
    if isinstance(x, (list, tuple)):
        return np.asarray([_array_of(item) for item in x])
    if hasattr(x, "detach"):
        return _detached(x)
    if hasattr(x, "dense_shape"):
        return _summed(x)
    for densify in ("to_tensor", "toarray", "todense"):
        if hasattr(x, densify):
            return np.asarray(getattr(x, densify)())
    return np.asarray(x)


def _detached(x: Any) -> np.ndarray:
    """Without its gradient, on the host, with its bits as they count; what NumPy has no dtype for goes by float32."""
    x = x.detach().cpu().to_dense().resolve_conj().resolve_neg()
    dtype = numpy_dtype(str(x.dtype).rpartition(".")[2])
    return x.numpy() if dtype.isbuiltin == 1 else x.float().numpy().astype(dtype)


def _summed(x: Any) -> np.ndarray:
    """Zeros with the values put in, those of one place summed; the indices say whole rows or single elements."""
    values, indices = np.asarray(x.values), np.asarray(x.indices)
    dense = np.zeros(np.asarray(x.dense_shape), values.dtype)
    np.add.at(dense, indices if indices.ndim == 1 else tuple(indices.T), values)
    return dense
