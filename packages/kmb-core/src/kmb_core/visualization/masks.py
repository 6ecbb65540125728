"""Segmentation masks drawn on images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.visualization.pixels import as_batch, as_bytes, laid_out


def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Mapping[int, Any] | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray:
    """Images with a colour over each pixel that belongs to a class.

    Args:
        images: `(batch, height, width, channels)`, or with channels first; values from 0 to 255, 1, 3 or 4 channels.
        segmentation_masks: integers `(batch, height, width)`, with or without an axis of one channel: each pixel's
            class.
        num_classes: how many classes there are; the greatest number + 1 when None.
        color_mapping: {class: (red, green, blue)}, from 0 to 255; classes that it lacks are not drawn. A palette when
            None, in which class 0 is black.
        alpha: how much of the colour, from 0 to 1.
        blend: whether the image shines through; False for colours alone.
        ignore_index: a class that is not drawn; 0 where that is the background.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        A uint8 array of the shape of `images`; images of one channel become three.

    Raises:
        ShapeError: for other shapes. DTypeError: for masks that are no integers. ValueError: for an alpha outside of 0
            to 1.

    Example:
        >>> import numpy as np
        >>> from kmb_core import visualization
        >>> masks = np.array([[[0, 1]]])
        >>> drawn = visualization.draw_segmentation_masks(
        ...     np.full((1, 1, 2, 3), 100), masks, color_mapping={1: (200, 0, 100)}, alpha=0.5)
        >>> drawn[0, 0].tolist()
        [[100, 100, 100], [150, 50, 100]]
    """
    pictures, first = as_batch(images, data_format, "draw_segmentation_masks")
    classes = _classes(segmentation_masks, pictures.shape, first)
    if not 0 <= alpha <= 1:
        raise ValueError(f"draw_segmentation_masks: alpha is from 0 to 1, got {alpha!r}")
    count = int(classes.max(initial=-1)) + 1 if num_classes is None else int(num_classes)
    colors = palette(count) if color_mapping is None else color_mapping
    pixels = as_bytes(pictures).astype("float32")
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, -1)
    share = np.float32(alpha if blend else 1.0)
    for number, color in colors.items():
        if number != ignore_index and number >= 0:
            painted = classes == number
            own = pixels[painted][:, :3]
            pixels[painted, :3] = own * (1 - share) + np.asarray(color, "float32") * share
    return laid_out(np.clip(np.round(pixels, 3), 0, 255).astype("uint8"), first)


def palette(count: int) -> dict[int, tuple[int, int, int]]:
    """Colours for classes from 0, the same as Keras takes; black for 0.

    Example:
        >>> from kmb_core.visualization.masks import palette
        >>> palette(3)
        {0: (0, 0, 0), 1: (1, 127, 31), 2: (2, 254, 62)}
    """
    return {number: (number % 255, number * 127 % 255, number * 31 % 255) for number in range(count)}


def _classes(masks: Any, shape: tuple[int, ...], first: bool) -> np.ndarray:
    classes = np.asarray(convert_to_numpy(masks))
    if classes.dtype.kind not in "iu":
        what = f"draw_segmentation_masks: expected masks of integers, got {classes.dtype}"
        raise DTypeError(message(what, None, "Probabilities become classes by argmax."))
    if classes.ndim == 4:
        axis = 1 if first else -1
        classes = classes.squeeze(axis) if classes.shape[axis] == 1 else classes
    if classes.shape != shape[:3]:
        what = f"draw_segmentation_masks: expected masks {shape[:3]} or with one channel, got {np.shape(masks)}"
        raise ShapeError(message(what, f"The images are {shape}.", None))
    return classes
