"""Images through TensorFlow's own interpolation and convolution, where these compute what the core's formulas say.

Only what XLA compiles too: a model with images inside may be compiled as a whole, and `ScaleAndTranslate` and
`ImageProjectiveTransformV3`, which would serve the other interpolations and transforms, have no kernel there. Bicubic
interpolation reads its weights from a table of 1024 and is off by 5e-4.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.raw import raw_op

Axes = tuple[int, int, int]  # rows, columns, channels

_resize_bilinear, _depthwise = raw_op("ResizeBilinear"), raw_op("DepthwiseConv2dNative")


def image_resize(x: Any, axes: Axes, size: tuple[int, int], interpolation: str, antialias: bool) -> Any:
    """An image or a batch in another size; None where TensorFlow has no such interpolation.

    Args:
        x: float32 or float64, 3 axes or 4.
        axes: where rows, columns and channels lie.
        size: height and width of the result.
        interpolation, antialias: as for `ops.image.resize`.
    """
    if interpolation != "bilinear" or antialias or x.dtype != tf.float32 or 0 in x.shape:
        return None
    found = _resize_bilinear(
        images=_channels_last(x, axes), size=tf.constant(size, tf.int32), half_pixel_centers=True, align_corners=False
    )
    return _laid_out(found, axes, len(x.shape))


def image_blur(x: Any, axes: Axes, down: Sequence[float], across: Sequence[float]) -> Any:
    """Weighted means of each pixel and those above and below it, then of those beside it; outside all is 0."""
    channels = x.shape[axes[2]]
    if channels is None or 0 in x.shape:
        return None
    images = _channels_last(x, axes)
    for weights, window in ((down, (len(down), 1)), (across, (1, len(across)))):
        kernel = tf.tile(tf.reshape(tf.constant(weights, x.dtype), (*window, 1, 1)), (1, 1, channels, 1))
        images = _depthwise(input=images, filter=kernel, strides=[1, 1, 1, 1], padding="SAME")
    return _laid_out(images, axes, len(x.shape))


def _channels_last(x: Any, axes: Axes) -> Any:
    batch = x if len(x.shape) == 4 else x[None]
    return batch if axes[2] > axes[0] else tf.transpose(batch, (0, 2, 3, 1))


def _laid_out(x: Any, axes: Axes, rank: int) -> Any:
    batch = x if axes[2] > axes[0] else tf.transpose(x, (0, 3, 1, 2))
    return batch if rank == 4 else batch[0]
