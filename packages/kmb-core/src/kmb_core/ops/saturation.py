"""Casting without wrapping round: what a dtype cannot hold becomes the nearest number that it can."""

from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, convert_to_tensor, current_backend, dtype_of
from kmb_core.dtypes import FLOAT8_NAMES, is_complex, is_float, is_integer, numpy_dtype, standardize_dtype
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import maximum, minimum
from kmb_core.ops.comparison import greater, isnan, less, not_equal, where
from kmb_core.ops.complex_numbers import PART, imag, real, view_as_complex
from kmb_core.ops.creation import cast, zeros_like
from kmb_core.ops.declaration import composite
from kmb_core.ops.manipulation import stack
from kmb_core.typing import Tensor, TensorLike


@composite(saved_module="keras.src.ops.core")
def saturate_cast(x: TensorLike, dtype: Any) -> Tensor:
    """A tensor in another dtype, where numbers beyond the dtype's range become its smallest or largest one.

    Args:
        x: tensor of any shape and dtype.
        dtype: name. Floats become integers by dropping the fraction, and NaN becomes 0; positive numbers become True;
            of complex numbers the real part is taken. Infinities are beyond any range but that of a dtype as wide.

    Returns:
        The same shape, in the new dtype.

    Raises:
        DTypeError: for an unknown dtype.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.saturate_cast([-1.0, 1.5, 256.0], "uint8")]
        [0, 1, 255]
    """
    source, target = dtype_of(x), standardize_dtype(dtype)
    if isinstance(x, KerasTensor):
        return rules.typed(x, target)
    # Narrower where the framework has no 64 bits.
    target = standardize_dtype(current_backend().implementation.native_dtype(target))
    if source == target:
        return x
    if source == "bool":
        return _cast(x, target)
    if is_complex(source) and is_complex(target):
        return view_as_complex(stack([saturate_cast(part(x), PART[target]) for part in (real, imag)], -1))
    if is_complex(source):
        return saturate_cast(real(x), target)
    if is_complex(target):
        return cast(saturate_cast(x, PART[target]), target)
    return _limited(cast(x, "float32") if source in FLOAT8_NAMES else x, target)


def _limited(x: Tensor, target: str) -> Tensor:
    source = dtype_of(x)
    if target == "bool":
        return not_equal(x, 0) if source.startswith("uint") else greater(x, 0)
    low, high = _range(target)
    if is_float(source) and is_integer(target):
        x = where(isnan(x), zeros_like(x), x)
    lowest, highest = _within(low, source), _within(high, source)
    inside = x
    if lowest > _range(source)[0] or _is_infinite_beyond(source, target):
        inside = maximum(inside, lowest)
    if highest < _range(source)[1] or _is_infinite_beyond(source, target):
        inside = minimum(inside, highest)
    result = _cast(inside, target)
    if is_float(source) and highest != high:  # the dtype of x has no number so near to the limit
        result = where(greater(x, highest), _constant(high, target), result)
    if is_float(source) and lowest != low:
        result = where(less(x, lowest), _constant(low, target), result)
    return result


def _cast(x: Tensor, target: str) -> Tensor:
    """Whole numbers become 8-bit floats by way of float32: not every framework has the direct way."""
    whole = target in FLOAT8_NAMES and not is_float(dtype_of(x))
    return cast(cast(x, "float32") if whole else x, target)


def _constant(value: Any, dtype: str) -> Tensor:
    """A scalar, which may be too large for the framework to take it as a Python number."""
    return convert_to_tensor(np.asarray(value, numpy_dtype(dtype)))


def _is_infinite_beyond(source: str, target: str) -> bool:
    """Whether an infinity has to become a number."""
    return is_float(source) and (is_integer(target) or _range(target)[1] <= _range(source)[1])


def _range(dtype: str) -> tuple[Any, Any]:
    """The smallest and the largest number."""
    native = numpy_dtype(dtype)
    if is_integer(dtype):
        return int(np.iinfo(native).min), int(np.iinfo(native).max)
    if dtype in ("float16", "float32", "float64"):
        return float(np.finfo(native).min), float(np.finfo(native).max)
    import ml_dtypes

    return float(ml_dtypes.finfo(native).min), float(ml_dtypes.finfo(native).max)


def _within(limit: Any, dtype: str) -> Any:
    """The number of a dtype that comes closest to a limit from the inside."""
    low, high = _range(dtype)
    if is_integer(dtype):
        return int(min(max(limit, low), high))
    native = numpy_dtype(dtype)
    nearest = native.type(min(max(float(limit), low), high))
    if abs(int(float(nearest))) > abs(int(limit)):
        nearest = np.nextafter(nearest, native.type(0))
    return float(nearest)
