"""Filters: a weighted mean, or a difference, of each pixel and those around it. Outside of an image all is 0."""

import math
from collections.abc import Sequence
from typing import Any

from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, multiply, subtract
from kmb_core.ops.declaration import composite
from kmb_core.ops.image import weights
from kmb_core.ops.image.layout import IMAGE, as_dtype, image_axes, working_dtype
from kmb_core.ops.image.lines import mapped
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import pad, stack
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Floating, Tensor, TensorLike


@composite(saved_module=IMAGE)
def gaussian_blur(
    images: TensorLike,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
) -> Tensor:
    """Images smoothed by a window of Gaussian weights.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis.
        kernel_size: height and width of the window. The middle of an even one lies half a pixel behind.
        sigma: standard deviation of the weights along height and width, in pixels.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        The shape and dtype of `images`; integers are rounded. What lies outside of an image counts as 0.

    Raises:
        ShapeError: for another number of axes, or a window that is no two positive integers. ValueError: for a sigma
            that is no two positive numbers.

    Example:
        >>> from kmb_core import ops
        >>> dot = ops.image.pad_images(ops.ones((1, 1, 1)), 1, 1, 1, 1)
        >>> round(float(ops.image.gaussian_blur(dot)[1, 1, 0]), 4)
        0.2042
    """
    op = "ops.image.gaussian_blur"
    axes = image_axes(images, data_format, op)
    kernel, spreads = window_of(kernel_size, sigma, op)
    if isinstance(images, KerasTensor):
        return rules.same(images)
    dtype, sizes = working_dtype(images), shape_of(images)
    result = as_dtype(images, dtype)
    native = current_backend().kernels.get("image_blur")
    lines = [weights.bell(width, spread) for width, spread in zip(kernel, spreads, strict=True)] if native else ()
    found = None if native is None else native(result, axes, *lines)
    if found is not None:
        return as_dtype(found, dtype_of(images))
    for axis, width, spread in zip((axes.rows, axes.columns), kernel, spreads, strict=True):
        line = weights.gaussian(sizes[axis], sizes[axis], width, spread, (width - 1) // 2, dtype)
        result = mapped(result, axis, line)
    return as_dtype(result, dtype_of(images))


def window_of(kernel_size: Any, sigma: Any, op: str) -> tuple[tuple[int, int], tuple[float, float]]:
    """Two positive integers and two positive numbers.

    Raises:
        ShapeError: for another `kernel_size`. ValueError: for another `sigma`.
    """
    sizes, spreads = (tuple(x) if isinstance(x, (tuple, list)) else () for x in (kernel_size, sigma))
    if len(sizes) != 2 or any(not isinstance(size, int) or size < 1 for size in sizes):
        what = f"{op}: kernel_size is two positive integers, got {kernel_size!r}"
        raise ShapeError(message(what, None, "Give (height, width)."))
    if len(spreads) != 2 or not all(isinstance(spread, (int, float)) and 0 < spread < math.inf for spread in spreads):
        raise ValueError(f"{op}: sigma is two positive numbers, got {sigma!r}")
    return (sizes[0], sizes[1]), (float(spreads[0]), float(spreads[1]))


@composite(saved_module=IMAGE)
def sobel_edges(images: Floating, data_format: str | None = None) -> Tensor:
    """How quickly images change downwards and to the right: differences smoothed across.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first".
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        The shape of `images` and an axis for (dy, dx), in the floating dtype. What lies outside of an image counts
        as 0.

    Raises:
        ShapeError: for another number of axes.

    Source: I. Sobel and G. Feldman, "A 3x3 Isotropic Gradient Operator for Image Processing", 1968.

    Example:
        >>> from kmb_core import ops
        >>> slope = ops.broadcast_to(ops.reshape(ops.arange(3, dtype="float32"), (1, 1, 3, 1)), (1, 3, 3, 1))
        >>> [float(v) for v in ops.image.sobel_edges(slope)[0, 1, 1, 0]]
        [0.0, 8.0]
    """
    op = "ops.image.sobel_edges"
    axes = image_axes(images, data_format, op)
    known = static_shape(images)
    if len(known) != 4:
        what = f"{op}: expected a batch with 4 axes, got shape {tuple(known)}"
        raise ShapeError(message(what, None, "See ops.expand_dims."))
    if isinstance(images, KerasTensor):
        return rules.shaped(images, (*known, 2))
    wide = pad(images, [(1, 1) if axis in (axes.rows, axes.columns) else (0, 0) for axis in range(4)])
    down = _difference(_smoothed(wide, axes.columns), axes.rows)
    across = _difference(_smoothed(wide, axes.rows), axes.columns)
    return stack([down, across], -1)


def _neighbours(x: Tensor, axis: int) -> tuple[Tensor, Tensor, Tensor]:
    """Before, at and behind each element but the outermost."""
    spans = (slice(0, -2), slice(1, -1), slice(2, None))
    before, at, behind = (get_item(x, (*[slice(None)] * axis, span)) for span in spans)
    return before, at, behind


def _smoothed(x: Tensor, axis: int) -> Tensor:
    before, at, behind = _neighbours(x, axis)
    return add(add(before, behind), multiply(at, 2.0))


def _difference(x: Tensor, axis: int) -> Tensor:
    before, _, behind = _neighbours(x, axis)
    return subtract(behind, before)
