"""The NumPy side of the contract: tensors are arrays, and NumPy scalars where NumPy's own functions give them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import ml_dtypes
import numpy as np

from kmb_core.backend import Variable
from kmb_core.backend.foreign import array_of, as_array, is_foreign
from kmb_core.dtypes import numpy_dtype, standardize_dtype
from kmb_core.errors import CapabilityError, message
from kmb_core.plugins import mirrored

_SCALARS = (np.float16, np.float32, np.float64, np.bool_)
_SCALARS += (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)

tensor_types: tuple[type, ...] = (np.ndarray, *_SCALARS, ml_dtypes.bfloat16)
floating_dtypes = tuple(map(np.dtype, (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)))
# Not bfloat16: with a Python float, ml_dtypes' universal functions give float32.
scalar_dtypes = tuple(map(np.dtype, (np.float16, np.float32, np.float64)))
integer_dtypes = tuple(map(np.dtype, ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")))
promotes = False
layer_class = None
kernels: Mapping[str, Callable[..., Any]] = {}
ops_module = mirrored("kmb_backend_numpy")


class NumpyVariable(Variable):
    """A variable whose value is an array of its own: an assignment replaces it, so earlier reads stay as they were."""

    def _create(self, value: np.ndarray) -> np.ndarray:
        return np.array(value)

    def _placeholder(self) -> np.ndarray:
        return np.zeros(self._shape, numpy_dtype(self._dtype))  # which take no memory until somebody touches them

    def _adopt(self, value: np.ndarray) -> None:
        self._value = value

    def _write(self, value: np.ndarray) -> None:
        self._value = np.array(value)


variable_class = NumpyVariable


def is_tensor(x: Any) -> bool:
    """Arrays and NumPy's scalars."""
    return isinstance(x, (np.ndarray, np.generic))


def convert(x: Any, dtype: str | None = None) -> np.ndarray:
    """An array from anything that NumPy takes, and from tensors that it does not take."""
    if is_foreign(x):
        x = array_of(x)
    array = as_array(x) if dtype is None else _as_dtype(x, dtype)
    if array.dtype.kind == "O":
        raise TypeError(f"no array of numbers can be made of {type(x).__name__}")
    return array


def _as_dtype(x: Any, dtype: str) -> np.ndarray:
    try:
        return np.asarray(x, dtype=numpy_dtype(dtype))
    except (TypeError, RuntimeError):  # tensors in a list, of which NumPy refuses some
        return as_array(x).astype(numpy_dtype(dtype))


def to_numpy(x: Any) -> np.ndarray:
    """The array itself."""
    return np.asarray(x)


def cast(x: Any, dtype: str) -> np.ndarray:
    """The array in another dtype."""
    return np.asarray(x).astype(numpy_dtype(dtype), copy=False)


def dtype_name(x: Any) -> str:
    """Canonical name."""
    return standardize_dtype(x.dtype)


native_dtype = numpy_dtype


def static_shape(x: Any) -> tuple[int, ...]:
    """The shape."""
    return x.shape


def is_traced(x: Any) -> bool:
    """NumPy traces nothing."""
    return False


def outside_graph() -> AbstractContextManager[Any]:
    """There are no graphs."""
    return nullcontext()


def abstract_call(function: Callable[..., Any], arguments: Any) -> Any:
    """NumPy cannot trace: always refused."""
    raise CapabilityError(message("NumPy cannot trace a function", None, "Define compute_output_shape."))


def device_scope(name: str) -> AbstractContextManager[Any]:
    """The host is the only device."""
    if name.lower() not in ("cpu", "cpu:0"):
        raise CapabilityError(message(f"device {name!r}: the numpy backend computes on the cpu only"))
    return nullcontext()


def wide_float_scope() -> AbstractContextManager[Any]:
    """float64 is always there."""
    return nullcontext()


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """There is no compiler: the function itself."""
    return function


def synchronize(tensor: Any) -> None:
    """Nothing runs in the background."""


def framework_seed(seed: int) -> None:
    """Seed NumPy's global generator, which user code may draw from."""
    np.random.seed(seed % 2**32)
