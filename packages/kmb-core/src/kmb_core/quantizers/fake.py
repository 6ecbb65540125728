"""Fake quantization: rounded to what integers of some bits can hold, in floats, so that training can get used to it.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
2017, sections 3 and 3.1: the range is nudged so that zero is one of the values.
"""

from typing import Any

from kmb_core.backend import convert_to_tensor, dtype_of
from kmb_core.dtypes import is_float
from kmb_core.errors import DTypeError
from kmb_core.ops.arithmetic import add, clip, floor, maximum, minimum, multiply, negative, subtract, true_divide
from kmb_core.ops.arithmetic import round as nearest
from kmb_core.ops.comparison import equal, greater, less, logical_and, logical_not, where
from kmb_core.ops.creation import cast, zeros_like
from kmb_core.ops.manipulation import moveaxis
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import static_shape
from kmb_core.ops.transformations import with_gradient


def fake_quant_with_min_max_vars(
    inputs: Any, min_vals: Any, max_vals: Any, num_bits: int = 8, narrow_range: bool = False, axis: int | None = None
) -> Any:
    """Round to one of `2^num_bits` values between a minimum and a maximum.

    The gradient passes where an input lies in the range; what lies below and above goes to minimum and maximum.

    Args:
        inputs: a floating tensor.
        min_vals, max_vals: ends of the range: scalars, or with `axis` a value for each place on it.
        num_bits: bits of the integers that are imitated, 2 to 16.
        narrow_range: leave out the smallest integer.
        axis: the axis whose places have ranges of their own; None for one range.

    Returns:
        A tensor in the shape and dtype of the inputs.

    Raises:
        DTypeError: for inputs that are no floats.
        ValueError: for a number of bits outside 2 to 16.

    Example:
        >>> from kmb_core import quantizers
        >>> values = quantizers.fake_quant_with_min_max_vars([0.1, 0.4, 2.0], 0.0, 1.0, num_bits=2)
        >>> [round(float(v), 4) for v in values]
        [0.0, 0.3333, 1.0]
    """
    inputs = _tensor(inputs)
    kind = dtype_of(inputs)
    if not is_float(kind):
        raise DTypeError(f"fake_quant_with_min_max_vars: expected a floating tensor, got {kind}")
    if type(num_bits) is not int or not 2 <= num_bits <= 16:
        raise ValueError(f"fake_quant_with_min_max_vars: num_bits is an int from 2 to 16, got {num_bits!r}")
    exact = "float64" if kind == "float64" else "float32"
    x, low, high = (cast(_tensor(t), exact) for t in (inputs, min_vals, max_vals))
    steps = 2**num_bits - 1 - (1 if narrow_range else 0)
    x = x if axis is None else moveaxis(x, axis, -1)

    def rounded(x: Any, low: Any, high: Any) -> Any:
        bottom, top, scale = _nudged(low, high, steps, 1 if narrow_range else 0)
        same = equal(scale, 0.0)
        above_bottom = subtract(minimum(maximum(x, bottom), top), bottom)
        places = floor(add(true_divide(above_bottom, where(same, 1.0, scale)), 0.5))
        outputs = where(same, zeros_like(x), add(multiply(places, scale), bottom))
        return outputs, lambda upstream: _gradients(upstream, x, (low, bottom), (high, top))

    outputs = with_gradient(rounded, x, low, high)
    return cast(outputs if axis is None else moveaxis(outputs, -1, axis), kind)


def _nudged(low: Any, high: Any, steps: int, first: int) -> tuple[Any, Any, Any]:
    """Ends that make zero one of the values, and the distance of two values."""
    scale = true_divide(subtract(high, low), float(steps))
    last = float(first + steps)
    place_of_zero = subtract(float(first), true_divide(low, where(equal(scale, 0.0), 1.0, scale)))
    place_of_zero = clip(nearest(place_of_zero), float(first), last)
    bottom = multiply(negative(subtract(place_of_zero, float(first))), scale)
    return bottom, multiply(subtract(last, place_of_zero), scale), scale


def _gradients(upstream: Any, x: Any, lower: tuple[Any, Any], upper: tuple[Any, Any]) -> tuple[Any, Any, Any]:
    """The gradients of inputs, minimum and maximum."""
    below, above = less(x, lower[1]), greater(x, upper[1])
    nothing = zeros_like(upstream)
    inside = logical_and(logical_not(below), logical_not(above))
    ends = (where(below, upstream, nothing), where(above, upstream, nothing))
    summed = (_summed_to(part, end[0]) for part, end in zip(ends, (lower, upper), strict=True))
    return (where(inside, upstream, nothing), *summed)


def _summed_to(x: Any, like: Any) -> Any:
    """The sum over the axes along which `like` was broadcast: all, or all but the last."""
    rank, wanted = len(static_shape(x)), len(static_shape(like))
    axes = tuple(range(rank - wanted))
    return sum_of(x, axis=axes) if axes else x


def _tensor(x: Any) -> Any:
    return x if hasattr(x, "dtype") and not hasattr(x, "__array_interface__") else convert_to_tensor(x)
