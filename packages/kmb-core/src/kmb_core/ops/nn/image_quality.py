"""How close one image comes to another."""

import math

from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import multiply, square, subtract
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import log10
from kmb_core.ops.reduction import mean
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Floating, Tensor


@composite(saved="PSNR", saved_module="keras.src.ops.nn")
def psnr(x1: Floating, x2: Floating, max_val: float) -> Tensor:
    """The ratio of a signal's peak to the noise in it, in decibels: `20 log10(max_val) - 10 log10(mean((x1 - x2)²))`.

    Args:
        x1, x2: tensors of the same shape; integers and booleans are taken as floatx.
        max_val: the largest number that the signal can be, 255 for images of 8 bits.

    Returns:
        A scalar over all elements in the promoted dtype; infinity where both are equal.

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.psnr([0.0, 100.0], [10.0, 90.0], 255)), 2)
        28.13
    """
    a, b = static_shape(x1), static_shape(x2)
    if not rules.fits(a, b):
        raise ShapeError(f"ops.psnr: expected tensors of one shape, got {a} and {b}")
    if isinstance(x1, KerasTensor):
        return rules.shaped(x1, ())
    noise = mean(square(subtract(x1, x2)))
    return subtract(20 * math.log10(max_val), multiply(log10(noise), 10.0))
