"""Windows for spectra: constants, worked out by NumPy in float64 and rounded once to floatx."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, current_backend
from kmb_core.backend.state import state
from kmb_core.dtypes import floatx
from kmb_core.errors import message
from kmb_core.ops.declaration import composite
from kmb_core.ops.tensors import convert_to_numpy
from kmb_core.typing import Tensor


def _window(function: Callable[..., np.ndarray], op: str, length: Any, *parameters: Any) -> Tensor:
    if any(isinstance(value, KerasTensor) for value in (length, *parameters)):
        what = f"ops.{op}: a window's length and shape must be known, got a symbolic tensor"
        raise TypeError(message(what, None, "Give a Python number."))
    count = operator.index(length if isinstance(length, int) else convert_to_numpy(length).astype("int64").item())
    numbers = (value if isinstance(value, (int, float)) else float(convert_to_numpy(value)) for value in parameters)
    values = function(count, *numbers).astype("float64")
    if state.symbolic:
        return KerasTensor.like(values.shape, floatx())
    return current_backend().convert(values, floatx())


@composite
def bartlett(x: Any) -> Tensor:
    """Bartlett's window: a triangle that is 0 at both ends.

    Args:
        x: how many points; an integer.

    Returns:
        A tensor of shape (x,) in floatx; no points for 0 or less.

    Raises:
        TypeError: for a symbolic tensor.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.bartlett(5)[1]), 2)
        0.5
    """
    return _window(np.bartlett, "bartlett", x)


@composite
def blackman(x: Any) -> Tensor:
    """Blackman's window: a constant and two cosines, nearly 0 at both ends.

    Args:
        x: how many points; an integer.

    Returns:
        A tensor of shape (x,) in floatx; no points for 0 or less.

    Raises:
        TypeError: for a symbolic tensor.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.blackman(5)[1]), 2)
        0.34
    """
    return _window(np.blackman, "blackman", x)


@composite
def hamming(x: Any) -> Tensor:
    """Hamming's window: a raised cosine, 0.08 at both ends.

    Args:
        x: how many points; an integer.

    Returns:
        A tensor of shape (x,) in floatx; no points for 0 or less.

    Raises:
        TypeError: for a symbolic tensor.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.hamming(5)[0]), 2)
        0.08
    """
    return _window(np.hamming, "hamming", x)


@composite
def hanning(x: Any) -> Tensor:
    """Hann's window: a raised cosine that is 0 at both ends.

    Args:
        x: how many points; an integer.

    Returns:
        A tensor of shape (x,) in floatx; no points for 0 or less.

    Raises:
        TypeError: for a symbolic tensor.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.hanning(5)[1]), 2)
        0.5
    """
    return _window(np.hanning, "hanning", x)


@composite
def kaiser(x: Any, beta: Any) -> Tensor:
    """Kaiser's window: Bessel's function i0 over a half circle.

    Args:
        x: how many points; an integer.
        beta: how narrow; 0 gives a rectangle.

    Returns:
        A tensor of shape (x,) in floatx; no points for 0 or less.

    Raises:
        TypeError: for a symbolic tensor.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.kaiser(3, 0.0)]
        [1.0, 1.0, 1.0]
    """
    return _window(np.kaiser, "kaiser", x, beta)
