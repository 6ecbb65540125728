"""Images seen through a linear or projective map of the plane.

Both ops say for each pixel of the result where to read, in coordinates `(x, y)` = (column, row), and read there.
"""

from typing import Any

from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, multiply, subtract, true_divide
from kmb_core.ops.comparison import equal, where
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.declaration import composite
from kmb_core.ops.image.layout import IMAGE, check_choice, image_axes, working_dtype
from kmb_core.ops.image.sampling import FILL_MODES, ORDERS, sampled
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import moveaxis, reshape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor, TensorLike

HORIZON = 1e-6  # stands for 0 in a denominator


@composite(saved_module=IMAGE)
def affine_transform(
    images: TensorLike,
    transform: TensorLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images through a map of the plane, given by eight numbers.

    With `[a0, a1, a2, b0, b1, b2, c0, c1]` the result has at `(x, y)` what the image has at
    `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`, where `k = c0 x + c1 y + 1`.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis.
        transform: `(batch, 8)`, or `(8,)` for the same map for all.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        fill_value: the constant k.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        The shape and dtype of `images`; interpolated integers are rounded.

    Raises:
        ShapeError: when the shapes do not fit. ValueError: for an unknown mode.

    Example:
        >>> from kmb_core import ops
        >>> row = ops.reshape(ops.convert_to_tensor([1.0, 2.0, 3.0]), (1, 3, 1))
        >>> moved = ops.image.affine_transform(row, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0])
        >>> [float(v) for v in ops.ravel(moved)]
        [2.0, 3.0, 0.0]
    """
    op = "ops.image.affine_transform"
    check_choice(interpolation, tuple(ORDERS), "interpolation", op)
    check_choice(fill_mode, FILL_MODES, "fill_mode", op)
    image_axes(images, data_format, op)
    _check_batch(images, transform, (8,), "transform", op)
    if isinstance(images, KerasTensor) or isinstance(transform, KerasTensor):
        return rules.same(images)
    dtype = working_dtype(images, transform)
    rows = reshape(cast(transform, dtype), (-1, 8, 1, 1))
    a0, a1, a2, b0, b1, b2, c0, c1 = (get_item(rows, (slice(None), place)) for place in range(8))

    def places(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        k = _divisor(_linear(c0, c1, x, y, 1.0))
        return true_divide(_linear(a0, a1, x, y, a2), k), true_divide(_linear(b0, b1, x, y, b2), k)

    return warped(images, places, dtype, interpolation, fill_mode, fill_value, data_format)


@composite(saved_module=IMAGE)
def perspective_transform(
    images: TensorLike,
    start_points: TensorLike,
    end_points: TensorLike,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images as they look when four of their points go to four other places.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis.
        start_points: `(batch, 4, 2)`, or `(4, 2)` for the same points in all: `(x, y)` of points of the images, no
            three of them on a line.
        end_points: likewise, where these points lie in the result.
        interpolation: "nearest" or "bilinear".
        fill_value: what lies outside of the images.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        The shape and dtype of `images`; interpolated integers are rounded.

    Raises:
        ShapeError: when the shapes do not fit. ValueError: for an unknown interpolation.

    Source: P. Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3: a square's map to
    each of the two quadrangles; both leave their first point in the origin, so the inverse is that of a 2 x 2 matrix.

    Example:
        >>> from kmb_core import ops
        >>> row = ops.reshape(ops.convert_to_tensor([1.0, 2.0, 3.0]), (1, 3, 1))
        >>> start = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]]
        >>> end = [[1.0, 0.0], [3.0, 0.0], [1.0, 2.0], [3.0, 2.0]]
        >>> [float(v) for v in ops.ravel(ops.image.perspective_transform(row, start, end))]
        [0.0, 1.0, 2.0]
    """
    op = "ops.image.perspective_transform"
    check_choice(interpolation, tuple(ORDERS), "interpolation", op)
    image_axes(images, data_format, op)
    for points, name in ((start_points, "start_points"), (end_points, "end_points")):
        _check_batch(images, points, (4, 2), name, op)
    if any(isinstance(x, KerasTensor) for x in (images, start_points, end_points)):
        return rules.same(images)
    dtype = working_dtype(images, start_points, end_points)
    start, end = (reshape(cast(points, dtype), (-1, 4, 2, 1, 1)) for points in (start_points, end_points))
    return warped(images, homography(start, end), dtype, interpolation, "constant", fill_value, data_format)


def _check_batch(images: Any, given: Any, single: tuple[int, ...], name: str, op: str) -> None:
    """One entry for each image, or one for all of them."""
    shape, pictures = static_shape(given), static_shape(images)
    batch = pictures[0] if len(pictures) == 4 else 1
    several = len(shape) == len(single) + 1
    wrong_batch = several and None not in (shape[0], batch) and shape[0] not in (1, batch)
    if wrong_batch or not rules.fits(shape[several:], single):
        expected = f"{single}" if len(pictures) == 3 else f"{single} or {(batch, *single)}"
        what = f"{op}: expected {name} of shape {expected}, got {tuple(shape)}"
        raise ShapeError(message(what, f"images have shape {tuple(pictures)}.", None))


def _linear(a: Tensor, b: Tensor, x: Tensor, y: Tensor, c: Any) -> Tensor:
    return add(add(multiply(a, x), multiply(b, y)), c)


def _divisor(k: Tensor) -> Tensor:
    """The places on the horizon lie far outside, but not infinitely far."""
    return where(equal(k, 0.0), HORIZON, k)


def homography(start: Tensor, end: Tensor) -> Any:
    """The map from the places of `end` to those of `start`, each `(batch, 4, 2, 1, 1)`, as a function of x and y."""
    (a, b, c, d), (g, h) = _square_to(start)
    (p, q, r, s), (u, v) = _square_to(end)
    area = subtract(multiply(p, s), multiply(q, r))
    first = [get_item(points, (slice(None), 0, axis)) for points in (start, end) for axis in (0, 1)]

    def places(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        x, y = subtract(x, first[2]), subtract(y, first[3])
        across = true_divide(subtract(multiply(s, x), multiply(q, y)), area)  # on the square, but for a factor
        down = true_divide(subtract(multiply(p, y), multiply(r, x)), area)
        k = _divisor(_linear(subtract(g, u), subtract(h, v), across, down, 1.0))
        return (
            add(true_divide(add(multiply(a, across), multiply(b, down)), k), first[0]),
            add(true_divide(add(multiply(c, across), multiply(d, down)), k), first[1]),
        )

    return places


def _square_to(points: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """((a, b, c, d), (g, h)): the square's (u, v) goes to (a u + b v, c u + d v) / (g u + h v + 1).

    Places are seen from the first point. The corners (1, 0), (0, 1), (1, 1) go to the second, third and fourth one.
    """
    origin = get_item(points, (slice(None), slice(0, 1)))
    moved = subtract(points, origin)
    (x1, y1), (x2, y2), (x3, y3) = (
        [get_item(moved, (slice(None), corner, axis)) for axis in (0, 1)] for corner in (1, 2, 3)
    )
    e1, f1, e2, f2 = subtract(x1, x3), subtract(y1, y3), subtract(x2, x3), subtract(y2, y3)
    e3, f3 = subtract(subtract(x3, x1), x2), subtract(subtract(y3, y1), y2)
    area = subtract(multiply(e1, f2), multiply(e2, f1))
    g = true_divide(subtract(multiply(e3, f2), multiply(e2, f3)), area)
    h = true_divide(subtract(multiply(e1, f3), multiply(e3, f1)), area)
    along, across = add(g, 1.0), add(h, 1.0)
    return (multiply(x1, along), multiply(x2, across), multiply(y1, along), multiply(y2, across)), (g, h)


def warped(
    images: Tensor,
    places: Any,
    dtype: str,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
    data_format: str | None,
) -> Tensor:
    """Images read at other places.

    `places` gets the columns `(1, 1, width)` and rows `(1, height, 1)` of the result and gives those to read at,
    `(batch or 1, height, width)`.
    """
    axes = image_axes(images, data_format, "ops.image")
    last = len(static_shape(images)) - 1
    pictures = moveaxis(images, axes.channels, last) if axes.channels != last else images
    sizes = shape_of(pictures)
    batch, (height, width, channels) = (sizes[0] if last == 3 else 1), sizes[-3:]
    x, y = places(_count(width, dtype, (1, 1, width)), _count(height, dtype, (1, height, 1)))
    start = multiply(reshape(arange(batch, dtype="int32"), (batch, 1, 1)), height * width)
    elements = reshape(pictures, (batch * height * width, channels))
    result = sampled(elements, (height, width), (y, x), start, ORDERS[interpolation], fill_mode, fill_value)
    result = reshape(result, sizes)
    return moveaxis(result, last, axes.channels) if axes.channels != last else result


def _count(size: Any, dtype: str, shape: tuple[Any, ...]) -> Tensor:
    return reshape(cast(arange(size, dtype="int32"), dtype), shape)
