"""Distances between points."""

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import absolute, square, subtract
from kmb_core.ops.comparison import equal, where
from kmb_core.ops.complex_numbers import PART
from kmb_core.ops.creation import ones_like, zeros_like
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import sqrt
from kmb_core.ops.manipulation import expand_dims
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import broadcast_shapes
from kmb_core.typing import Floating, Tensor


@composite(saved="CDist", saved_module="keras.src.ops.math")
def cdist(x: Floating, y: Floating) -> Tensor:
    """Euclidean distances between each point of one set and each of another.

    They are worked out from differences, not from products, which would cancel for points that lie close together. The
    gradient at distance 0 is 0.

    Args:
        x: tensor of shape (..., points, coordinates).
        y: tensor of shape (..., others, coordinates). Leading axes broadcast.

    Returns:
        A tensor of shape (..., points, others), in the promoted dtype, of complex numbers that of their parts;
        integers and booleans are taken as floatx.

    Raises:
        ShapeError: for fewer than two axes, or when the numbers of coordinates differ.

    Example:
        >>> from kmb_core import ops
        >>> ops.convert_to_numpy(ops.cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]])).tolist()
        [[5.0, 1.0]]
    """
    a, b = static_shape(x), static_shape(y)
    if min(len(a), len(b)) < 2 or not rules.fits(a[-1:], b[-1:]):
        raise ShapeError(f"ops.cdist: expected (..., points, coordinates) twice, got shapes {a} and {b}")
    if isinstance(x, KerasTensor):
        shape = (*broadcast_shapes(a[:-2], b[:-2], "ops.cdist"), a[-2], b[-2])
        return KerasTensor.like(shape, PART.get(x.dtype, x.dtype))
    dtype = dtype_of(x)
    differences = subtract(expand_dims(widened(x, dtype), -2), expand_dims(widened(y, dtype), -3))
    squares = sum_of(square(absolute(differences)), -1)
    apart = sqrt(where(equal(squares, 0), ones_like(squares), squares))
    return narrowed(where(equal(squares, 0), zeros_like(squares), apart), dtype)
