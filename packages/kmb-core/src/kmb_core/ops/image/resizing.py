"""Resizing images, and scaling and moving tensors along some of their axes.

Everywhere the centre of an element lies at its number and a half ("half-pixel centers"), so that a picture does not
move when it is resized. "nearest" is worked out in whole numbers: floats would leave a place on the border of two
elements to the rounding of a framework.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import floor_divide
from kmb_core.ops.arithmetic import maximum as larger
from kmb_core.ops.arithmetic import minimum as smaller
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.declaration import composite
from kmb_core.ops.image import weights
from kmb_core.ops.image.layout import IMAGE, Axes, as_dtype, bordered, check_choice, image_axes, replaced, working_dtype
from kmb_core.ops.image.lines import mapped
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import normalize_axes
from kmb_core.typing import Operand, Tensor, TensorLike

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")
METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "bilinear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "bicubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


@composite(saved_module=IMAGE)
def resize(
    images: TensorLike,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Images in another size.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis.
        size: `(height, width)` of the result.
        interpolation: "nearest", "bilinear", "bicubic" (Keys, a = -1/2), "lanczos3", "lanczos5", or "area", the mean
            over what a new pixel covers.
        antialias: whether the kernel is widened where the image gets smaller, so that every pixel counts. Without
            effect on "nearest" and "area".
        crop_to_aspect_ratio: whether the largest window of the target's aspect ratio is cut from the middle first.
        pad_to_aspect_ratio: whether a border that gives the target's aspect ratio is put around the images first.
        fill_mode: what the border holds: "constant".
        fill_value: the number in the border.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Images of the new size, in the dtype of `images`; integers are rounded, and kept in their range.

    Raises:
        ShapeError: for another number of axes, or a `size` that is no two positive integers. ValueError: for an
            unknown mode, or for both cropping and padding.

    Example:
        >>> from kmb_core import ops
        >>> line = ops.reshape(ops.convert_to_tensor([0.0, 4.0]), (1, 2, 1))
        >>> [float(v) for v in ops.ravel(ops.image.resize(line, (1, 4)))]
        [0.0, 1.0, 3.0, 4.0]
    """
    check_choice(interpolation, INTERPOLATIONS, "interpolation", "ops.image.resize")
    check_choice(fill_mode, ("constant",), "fill_mode", "ops.image.resize")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("ops.image.resize: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other")
    height, width = _target(size)
    axes = image_axes(images, data_format, "ops.image.resize")
    known = static_shape(images)
    if 0 in (known[axes.rows], known[axes.columns]):
        raise ShapeError(f"ops.image.resize: images of shape {tuple(known)} have no pixels")
    if isinstance(images, KerasTensor):
        return rules.shaped(images, replaced(images.shape, {axes.rows: height, axes.columns: width}))
    if crop_to_aspect_ratio:
        images = _cropped(images, axes, height, width)
    elif pad_to_aspect_ratio:
        images = _padded(images, axes, height, width, fill_value)
    return _resized(images, axes, height, width, interpolation, antialias)


def _target(size: Any) -> tuple[int, int]:
    sizes = tuple(size) if isinstance(size, (tuple, list)) else ()
    if len(sizes) != 2 or any(not hasattr(number, "__index__") or number < 1 for number in sizes):
        raise ShapeError(f"ops.image.resize: size is (height, width), two positive integers, got {size!r}")
    return int(sizes[0]), int(sizes[1])


def _least(first: Any, second: Any) -> Any:
    return min(first, second) if isinstance(first, int) and isinstance(second, int) else smaller(first, second)


def _most(first: Any, second: Any) -> Any:
    return max(first, second) if isinstance(first, int) and isinstance(second, int) else larger(first, second)


def _cropped(images: Tensor, axes: Axes, height: int, width: int) -> Tensor:
    """The largest window of that aspect ratio, from the middle."""
    sizes = shape_of(images)
    rows, columns = sizes[axes.rows], sizes[axes.columns]
    kept = {axes.rows: _least(rows, columns * height // width), axes.columns: _least(columns, rows * width // height)}
    kept = {axis: _most(count, 1) for axis, count in kept.items()}
    key = [slice(None)] * len(sizes)
    for axis, count in kept.items():
        start = (sizes[axis] - count) // 2
        key[axis] = slice(start, start + count)
    return get_item(images, tuple(key))


def _padded(images: Tensor, axes: Axes, height: int, width: int, fill_value: float) -> Tensor:
    """The images in a frame of that aspect ratio, as wide on one side as on the other: an odd pixel is left out."""
    sizes = shape_of(images)
    rows, columns = sizes[axes.rows], sizes[axes.columns]
    wanted = {axes.rows: _most(rows, columns * height // width), axes.columns: _most(columns, rows * width // height)}
    return bordered(images, {axis: ((count - sizes[axis]) // 2,) * 2 for axis, count in wanted.items()}, fill_value)


def _resized(images: Tensor, axes: Axes, height: int, width: int, interpolation: str, antialias: bool) -> Tensor:
    sizes = shape_of(images)
    changed = [(axis, new) for axis, new in ((axes.rows, height), (axes.columns, width)) if _differs(sizes[axis], new)]
    changed.sort(key=lambda change: change[1] / sizes[change[0]] if isinstance(sizes[change[0]], int) else 1.0)
    if interpolation == "nearest":
        for axis, new in changed:
            images = take(images, _nearest(new, sizes[axis]), axis)
        return images
    dtype = working_dtype(images)
    result = as_dtype(images, dtype)
    kernel = current_backend().kernels.get("image_resize")
    if changed and kernel is not None and all(_is_exact(sizes[axis], new, dtype) for axis, new in changed):
        found = kernel(result, axes, (height, width), interpolation, antialias)
        if found is not None:
            return as_dtype(found, dtype_of(images))
    for axis, new in changed:  # what gets smaller first: the rest is less work then
        result = mapped(result, axis, _weights(new, sizes[axis], interpolation, antialias, dtype))
    return as_dtype(result, dtype_of(images))


def _is_exact(size: Any, new: int, dtype: str) -> bool:
    """Whether a kernel that works out places in the images' dtype reads where the formula does.

    In float32 it does for ratios like 2, 1/2 or 3/4; of 500 pixels made 224 the last are read up to 3e-5 beside.
    """
    return dtype == "float64" or not isinstance(size, int) or float(np.float32(size / new)) * new == size


def _differs(size: Any, new: int) -> bool:
    return not isinstance(size, int) or size != new


def _nearest(new: int, size: Any) -> Any:
    """floor((i + 1/2) * size / new)"""
    if isinstance(size, int):
        return ((np.arange(new, dtype="int64") * 2 + 1) * size // (2 * new)).astype("int32")
    twice = arange(new, dtype="int32") * 2 + 1
    return floor_divide(twice * cast(size, "int32"), 2 * new)


def _weights(new: int, size: Any, interpolation: str, antialias: bool, dtype: str) -> weights.Weights:
    if interpolation == "area":
        return weights.area(new, size, dtype)
    return weights.resampling(new, size, weights.scale_of(new, size, dtype), 0.0, interpolation, antialias, dtype)


@composite(saved_module=IMAGE)
def scale_and_translate(
    images: TensorLike,
    output_shape: Operand,
    scale: TensorLike,
    translation: TensorLike,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Tensor:
    """A tensor stretched and moved along some of its axes, on a grid of another size.

    What lies at x goes to `x * scale + translation`; the centre of an element lies at its number and a half.

    Args:
        images: tensor of any shape.
        output_shape: the shape of the result: as many sizes as `images` has axes, the same on all but `spatial_dims`.
        scale: `(axes,)`, positive: the factor for each of `spatial_dims`.
        translation: `(axes,)`: by how much it is moved, in elements of the result.
        spatial_dims: which axes.
        method: "linear" (also "bilinear", "trilinear", "triangle"), "cubic" (also "bicubic", "tricubic"; Keys,
            a = -1/2), "lanczos3" or "lanczos5".
        antialias: whether the kernel is widened where the scale is below 1, so that every element counts.

    Returns:
        A tensor of shape `output_shape`, in the dtype of `images`, 0 where nothing comes to lie; integers are rounded,
        and kept in their range.

    Raises:
        ShapeError: when shapes and axes do not fit. ValueError: for an unknown method.

    Example:
        >>> from kmb_core import ops
        >>> moved = ops.image.scale_and_translate([1.0, 2.0, 3.0], (3,), [1.0], [1.0], (0,), "linear")
        >>> [float(v) for v in moved]
        [0.0, 1.0, 2.0]
    """
    where = "ops.image.scale_and_translate"
    check_choice(method, tuple(METHODS), "method", where)
    known = static_shape(images)
    axes = _scaled_axes(spatial_dims, len(known), static_shape(scale), static_shape(translation))
    sizes = tuple(output_shape)
    if not rules.fits(replaced(sizes, dict.fromkeys(axes)), known):
        what = f"{where}: output_shape {sizes} does not fit images of shape {tuple(known)}"
        raise ShapeError(message(what, f"It may differ on spatial_dims {tuple(spatial_dims)} only.", None))
    if isinstance(images, KerasTensor):
        return rules.shaped(images, replaced(known, {axis: sizes[axis] for axis in axes}))
    dtype = working_dtype(images)
    result = as_dtype(images, dtype)
    for place, axis in enumerate(axes):
        factor, distance = (cast(get_item(x, place), dtype) for x in (scale, translation))
        line = weights.resampling(
            sizes[axis], shape_of(images)[axis], factor, distance, METHODS[method], antialias, dtype
        )
        result = mapped(result, axis, line)
    return as_dtype(result, dtype_of(images))


def _scaled_axes(spatial_dims: Any, rank: int, *shapes: Any) -> list[int]:
    where = "ops.image.scale_and_translate"
    dims = tuple(spatial_dims)
    normalize_axes(dims, rank, where)  # in range, and none twice
    for shape in shapes:
        if not rules.fits(shape, (len(dims),)):
            what = f"{where}: scale and translation are one number for each of spatial_dims {dims}, got shape {shape}"
            raise ShapeError(what)
    return [dim % rank for dim in dims]
