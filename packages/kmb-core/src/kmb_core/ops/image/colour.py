"""Colours: between red, green, blue and hue, saturation, value; and grey."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import absolute, add, clip, maximum, minimum, multiply, subtract, true_divide
from kmb_core.ops.comparison import equal, greater, less, where
from kmb_core.ops.creation import cast
from kmb_core.ops.declaration import composite
from kmb_core.ops.image.layout import IMAGE, check_floating, image_axes, replaced, working_dtype
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import concatenate
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor, TensorLike

GREY = (0.2989, 0.587, 0.114)  # how bright red, green and blue look: ITU-R BT.601, rounded as image libraries do


@composite(saved="RGBToHSV", saved_module=IMAGE)
def rgb_to_hsv(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Hue, saturation and value of colours.

    Args:
        images: `(batch, height, width, 3)`, or `(batch, 3, height, width)` for "channels_first"; or one image, without
            the batch axis. Of a floating dtype, from 0 to 1.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        The same shape and dtype, from 0 to 1. Hue is 0 for red and for grey, 1/3 for green, 2/3 for blue.

    Raises:
        ShapeError: for another number of axes or channels. DTypeError: for integers.

    Source: A. R. Smith, "Color Gamut Transform Pairs", 1978.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.image.rgb_to_hsv([[[0.5, 0.0, 0.0]]])[0, 0]]
        [0.0, 1.0, 0.5]
    """
    axis, (red, green, blue) = _colours(images, data_format, "ops.image.rgb_to_hsv")
    if isinstance(images, KerasTensor):
        return rules.same(images)
    value = maximum(maximum(red, green), blue)
    spread = subtract(value, minimum(minimum(red, green), blue))
    saturation = where(greater(value, 0.0), true_divide(spread, where(greater(value, 0.0), value, 1.0)), 0.0)
    coloured = greater(spread, 0.0)
    sixth = true_divide(1.0 / 6.0, where(coloured, spread, 1.0))
    from_red = multiply(subtract(green, blue), sixth)
    from_green = add(multiply(subtract(blue, red), sixth), 2.0 / 6.0)
    from_blue = add(multiply(subtract(red, green), sixth), 4.0 / 6.0)
    hue = where(equal(value, red), from_red, where(equal(value, green), from_green, from_blue))
    hue = where(coloured, add(hue, cast(less(hue, 0.0), dtype_of(hue))), 0.0)
    return concatenate([hue, saturation, value], axis)


@composite(saved="HSVToRGB", saved_module=IMAGE)
def hsv_to_rgb(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Colours from hue, saturation and value.

    Args:
        images: `(batch, height, width, 3)`, or `(batch, 3, height, width)` for "channels_first"; or one image, without
            the batch axis. Of a floating dtype, from 0 to 1.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        The same shape and dtype, from 0 to 1.

    Raises:
        ShapeError: for another number of axes or channels. DTypeError: for integers.

    Source: A. R. Smith, "Color Gamut Transform Pairs", 1978; each colour is a trapezium over the circle of hues.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.image.hsv_to_rgb([[[0.0, 1.0, 0.5]]])[0, 0]]
        [0.5, 0.0, 0.0]
    """
    axis, (hue, saturation, value) = _colours(images, data_format, "ops.image.hsv_to_rgb")
    if isinstance(images, KerasTensor):
        return rules.same(images)
    place = multiply(hue, 6.0)
    red = subtract(absolute(subtract(place, 3.0)), 1.0)
    green = subtract(2.0, absolute(subtract(place, 2.0)))
    blue = subtract(2.0, absolute(subtract(place, 4.0)))
    grey = subtract(1.0, saturation)
    pure = (add(grey, multiply(saturation, clip(colour, 0.0, 1.0))) for colour in (red, green, blue))
    return concatenate([multiply(colour, value) for colour in pure], axis)


@composite(saved="RGBToGrayscale", saved_module=IMAGE)
def rgb_to_grayscale(images: TensorLike, data_format: str | None = None) -> Tensor:
    """How bright colours are: `0.2989 red + 0.587 green + 0.114 blue`.

    Args:
        images: `(batch, height, width, 3)`, or `(batch, 3, height, width)` for "channels_first"; or one image, without
            the batch axis. With one channel they are grey already.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        The shape with one channel, in the dtype of `images`; integers lose their fraction.

    Raises:
        ShapeError: for another number of axes or channels.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.image.rgb_to_grayscale([[[1.0, 1.0, 0.0]]])[0, 0, 0]), 4)
        0.8859
    """
    op = "ops.image.rgb_to_grayscale"
    axis = image_axes(images, data_format, op).channels
    known = static_shape(images)
    if known[axis] not in (1, 3, None):
        raise ShapeError(f"{op}: expected 3 channels or 1, got {known[axis]} in images of shape {tuple(known)}")
    if isinstance(images, KerasTensor):
        return rules.shaped(images, replaced(known, {axis: 1}))
    if known[axis] == 1:
        return images
    dtype = working_dtype(images)
    parts = [multiply(cast(part, dtype), share) for part, share in zip(_channels(images, axis), GREY, strict=True)]
    return cast(add(add(parts[0], parts[1]), parts[2]), dtype_of(images))


def _colours(images: Any, data_format: str | None, op: str) -> tuple[int, Any]:
    """The axis of channels, and the three of them."""
    axis = image_axes(images, data_format, op).channels
    check_floating(images, op)
    known = static_shape(images)
    if known[axis] not in (3, None):
        what = f"{op}: expected 3 channels on axis {axis}, got {known[axis]} in images of shape {tuple(known)}"
        raise ShapeError(message(what, "The data format is another one, perhaps.", None))
    return axis, _channels(images, axis)


def _channels(images: Any, axis: int) -> list[Any]:
    """The three channels, each with its axis."""
    if isinstance(images, KerasTensor):
        return [images] * 3
    return [get_item(images, (*[slice(None)] * axis, slice(place, place + 1))) for place in range(3)]
