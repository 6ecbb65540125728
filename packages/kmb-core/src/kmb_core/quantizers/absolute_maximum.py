"""Integers that stand for floating values by a scale: symmetric, or with a zero point for each block of rows."""

from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy, convert_to_tensor, dtype_of
from kmb_core.dtypes import floatx, is_float
from kmb_core.errors import ShapeError
from kmb_core.ops.arithmetic import absolute, add, clip, multiply, negative, subtract, true_divide
from kmb_core.ops.arithmetic import round as nearest
from kmb_core.ops.comparison import equal, where
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import pad, repeat, reshape
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.reduction import min as smallest
from kmb_core.ops.tensors import static_shape


def checked_range(value_range: Any, where: str) -> tuple[Any, Any]:
    """A range of integers as a pair.

    Raises:
        ValueError: when it is none.
    """
    pair = tuple(value_range) if isinstance(value_range, (tuple, list)) else ()
    if len(pair) != 2 or not pair[0] < pair[1]:
        raise ValueError(f"{where}: value_range is (smallest, largest), got {value_range!r}")
    return pair


def floating(x: Any) -> Any:
    """A tensor of x; integers become `floatx`."""
    x = convert_to_tensor(x) if not hasattr(x, "dtype") or isinstance(x, np.ndarray) else x
    return x if is_float(dtype_of(x)) else cast(x, floatx())


def abs_max_quantize(
    inputs: Any,
    axis: Any,
    value_range: Any = (-127, 127),
    dtype: str = "int8",
    epsilon: float = 1e-7,
    to_numpy: bool = False,
) -> tuple[Any, Any]:
    """Quantize symmetrically: the largest magnitude becomes the end of the range.

    `scale = largest integer / (max |x| + epsilon)`, `integers = round(x * scale)`.

    Args:
        inputs: a floating tensor.
        axis: the axis or axes that share a scale; None for one scale of all.
        value_range: smallest and largest integer.
        dtype: dtype of the integers.
        epsilon: added to the largest magnitude, so that zeros stay zeros.
        to_numpy: compute with NumPy on the host, where memory of the device is short.

    Returns:
        The integers in the inputs' shape, and the scale in their dtype with a size of 1 for each axis that shares it.

    Raises:
        ValueError: for a range that is none.

    Example:
        >>> from kmb_core import quantizers
        >>> integers, scale = quantizers.abs_max_quantize([[1.0, -4.0]], axis=-1)
        >>> [int(i) for i in integers[0]]
        [32, -127]
    """
    low, high = checked_range(value_range, "abs_max_quantize")
    if to_numpy:
        return _on_the_host(inputs, axis, low, high, dtype, epsilon)
    x = floating(inputs)
    scale = true_divide(high, add(largest(absolute(x), axis=axis, keepdims=True), epsilon))
    return cast(clip(nearest(multiply(x, scale)), low, high), dtype), cast(scale, dtype_of(x))


def _on_the_host(inputs: Any, axis: Any, low: float, high: float, dtype: str, epsilon: float) -> tuple[Any, Any]:
    """The same with NumPy; 16-bit floats are computed in 32 bits."""
    kind = dtype_of(floating(inputs))
    x = convert_to_numpy(inputs)
    x = x if x.dtype in (np.float32, np.float64) else x.astype("float32")
    axes = tuple(axis) if isinstance(axis, list) else axis
    scale = np.divide(high, np.max(np.abs(x), axis=axes, keepdims=True) + epsilon).astype(x.dtype)
    integers = np.clip(np.round(x * scale), low, high)
    return cast(convert_to_tensor(integers), dtype), cast(convert_to_tensor(scale), kind)


def abs_max_quantize_grouped_with_zero_point(
    inputs: Any,
    block_size: int,
    value_range: Any = (-8, 7),
    dtype: str = "int8",
    epsilon: float = 1e-7,
    to_numpy: bool = False,
) -> tuple[Any, Any, Any]:
    """Quantize a matrix with a scale and a zero point for each block of rows and each column.

    `scale = (max - min + epsilon) / (largest - smallest integer)`, `zero = round(-min / scale) + smallest integer`,
    `integers = round(x / scale) + zero`, all within the range of integers. So `x ≈ (integers - zero) * scale`.

    Args:
        inputs: a floating tensor, `(rows, columns)`; zeros fill up the last block.
        block_size: rows of a block; -1 for all.
        value_range: smallest and largest integer.
        dtype: dtype of the integers.
        epsilon: added to the width of the values.
        to_numpy: compute with NumPy on the host; here the result's tensors are the same.

    Returns:
        The integers `(rows, columns)`, the scale and the zero point `(blocks, columns)`; the latter is
        int8 where its range fits, else of `dtype`.

    Raises:
        ShapeError: for a tensor that is no matrix of known size.
        ValueError: for a block size that is none.

    Example:
        >>> from kmb_core import quantizers
        >>> quantize = quantizers.abs_max_quantize_grouped_with_zero_point
        >>> integers, scale, zero = quantize([[0.0], [15.0]], block_size=2)
        >>> [int(i) for i in integers[:, 0]], round(float(scale[0, 0]), 3), int(zero[0, 0])
        ([-8, 7], 1.0, -8)
    """
    low, high = checked_range(value_range, "abs_max_quantize_grouped_with_zero_point")
    x = floating(convert_to_numpy(inputs) if to_numpy else inputs)
    blocks, rows, block = _blocks(x, block_size)
    scale, zero = _scale_and_zero(blocks, low, high, epsilon)
    integers = add(nearest(true_divide(x, repeat(scale, block, axis=0)[:rows])), repeat(zero, block, axis=0)[:rows])
    return cast(clip(integers, low, high), dtype), scale, cast(zero, "int8" if low >= -128 and high <= 127 else dtype)


def _blocks(x: Any, block_size: int) -> tuple[Any, int, int]:
    """The rows in blocks, `(blocks, block, columns)`, how many rows there are, and how many are in a block."""
    shape = static_shape(x)
    where = "abs_max_quantize_grouped_with_zero_point"
    if len(shape) != 2 or None in shape:
        raise ShapeError(f"{where}: expected a matrix of known size, got shape {shape}")
    if type(block_size) is not int or (block_size < 1 and block_size != -1):
        raise ValueError(f"{where}: block_size is -1 or a positive int, got {block_size!r}")
    rows, columns = shape
    block = rows if block_size == -1 else block_size
    count = -(-rows // block)
    missing = count * block - rows
    padded = pad(x, ((0, missing), (0, 0))) if missing else x
    return reshape(padded, (count, block, columns)), rows, block


def _scale_and_zero(blocks: Any, low: float, high: float, epsilon: float) -> tuple[Any, Any]:
    smallest_value, largest_value = smallest(blocks, axis=1), largest(blocks, axis=1)
    same = equal(smallest_value, largest_value)  # a block of one value needs a width of its own
    smallest_value = where(same, subtract(smallest_value, 1.0), smallest_value)
    largest_value = where(same, add(largest_value, 1.0), largest_value)
    scale = true_divide(add(subtract(largest_value, smallest_value), epsilon), high - low)
    zero = clip(add(nearest(negative(true_divide(smallest_value, scale))), low), low, high)
    return scale, zero
