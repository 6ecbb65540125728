"""8-bit floats with delayed scaling: the scale of a step comes from the largest magnitudes of the steps before.

Source: Micikevicius et al., "FP8 Formats for Deep Learning", 2022 (arXiv:2209.05433).
"""

from typing import Any

from kmb_core.backend import convert_to_tensor, dtype_of
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import DTypeError
from kmb_core.ops.arithmetic import absolute, clip, multiply, true_divide
from kmb_core.ops.comparison import greater, isfinite, logical_and, where
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import concatenate, reshape
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.tensors import static_shape

LARGEST = {"float8_e4m3fn": 448.0, "float8_e5m2": 57344.0}


def compute_float8_scale(amax: Any, scale: Any, dtype_max: float, margin: int = 0) -> Any:
    """The scale with which a magnitude just fits into an 8-bit float: `amax / dtype_max * 2^margin`.

    Args:
        amax: largest magnitude seen, a scalar.
        scale: the scale to keep where `amax` is zero or not finite.
        dtype_max: largest value of the 8-bit float: 448 (e4m3fn) or 57344 (e5m2).
        margin: how many powers of two stay free.

    Returns:
        The new scale, by which values are divided.

    Example:
        >>> from kmb_core import quantizers
        >>> float(quantizers.compute_float8_scale(896.0, 1.0, 448.0))
        2.0
    """
    amax, scale = _tensor(amax), _tensor(scale)
    usable = logical_and(greater(amax, 0.0), isfinite(amax))
    return where(usable, multiply(true_divide(amax, dtype_max), 2.0**margin), scale)


def compute_float8_amax_history(x: Any, amax_history: Any) -> Any:
    """The magnitudes of the last steps with that of this one in front; the oldest falls out.

    Args:
        x: any floating tensor.
        amax_history: `(length,)`: that of the last step first, then the oldest ones in order.

    Returns:
        The history rolled by one, `max |x|` in its first place.

    Example:
        >>> from kmb_core import quantizers
        >>> [float(a) for a in quantizers.compute_float8_amax_history([-5.0, 2.0], [1.0, 2.0, 3.0])]
        [5.0, 3.0, 1.0]
    """
    history = _tensor(amax_history)
    newest = cast(largest(absolute(_tensor(x))), dtype_of(history))
    newest = reshape(newest, (1,))
    # Rolled to the left by one, then the first place is taken: the second of the history falls out.
    return concatenate([newest, history[2:], history[:1]]) if static_shape(history)[0] != 1 else newest


def quantize_and_dequantize(inputs: Any, scale: Any, quantized_dtype: str, compute_dtype: str) -> Any:
    """What is left of a tensor once it was an 8-bit float.

    Args:
        inputs: a floating tensor.
        scale: what it is divided by before and multiplied by after.
        quantized_dtype: "float8_e4m3fn" or "float8_e5m2".
        compute_dtype: dtype of the computation and of the result.

    Returns:
        A tensor in the compute dtype; what lies beyond the 8-bit range is its end.

    Raises:
        DTypeError: for another quantized dtype.

    Example:
        >>> from kmb_core import quantizers
        >>> float(quantizers.quantize_and_dequantize(1000.0, 1.0, "float8_e4m3fn", "float32"))
        448.0
    """
    name = standardize_dtype(quantized_dtype)
    if name not in LARGEST:
        raise DTypeError(f"quantize_and_dequantize: expected one of {', '.join(LARGEST)}, got {quantized_dtype!r}")
    scale = cast(_tensor(scale), compute_dtype)
    scaled = true_divide(cast(_tensor(inputs), compute_dtype), scale)
    end = LARGEST[name]
    return multiply(cast(cast(clip(scaled, -end, end), name), compute_dtype), scale)


def _tensor(x: Any) -> Any:
    return x if hasattr(x, "dtype") and not hasattr(x, "__array_interface__") else convert_to_tensor(x)
