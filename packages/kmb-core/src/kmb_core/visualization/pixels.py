"""Images as bytes on the host, channels last."""

from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy
from kmb_core.errors import ShapeError, message
from kmb_core.settings import standardize_data_format


def as_batch(images: Any, data_format: str | None, where: str) -> tuple[np.ndarray, bool]:
    """A batch of images as an array with channels last.

    Args:
        images: `(batch, height, width, channels)`, or with channels first.
        data_format: which of the two; the configured one when None.
        where: which function.

    Returns:
        The array, and whether channels came first.

    Raises:
        ShapeError: for another number of axes or channels.
    """
    first = standardize_data_format(data_format) == "channels_first"
    array = np.asarray(convert_to_numpy(images))
    if array.ndim != 4:
        what = f"{where}: expected a batch of images with 4 axes, got shape {array.shape}"
        raise ShapeError(message(what, None, "One image becomes a batch by images[None]."))
    array = np.moveaxis(array, 1, -1) if first else array
    if array.shape[-1] not in (1, 3, 4):
        raise ShapeError(f"{where}: expected 1, 3 or 4 channels, got shape {array.shape}, data_format {data_format!r}")
    return array, first


def as_bytes(images: np.ndarray, value_range: Any = (0, 255)) -> np.ndarray:
    """Pixels from a range of values to 0 … 255, fractions cut off."""
    if images.dtype == np.uint8 and tuple(value_range) == (0, 255):
        return images
    low, high = value_range
    if high <= low:
        raise ValueError(f"value_range is the lowest and the highest value of a pixel, got {value_range!r}")
    scaled = (images.astype("float64") - low) * (255.0 / (high - low))
    return np.clip(np.round(scaled, 6), 0, 255).astype("uint8")


def laid_out(images: np.ndarray, first: bool) -> np.ndarray:
    """Images with channels last as they were given."""
    return np.ascontiguousarray(np.moveaxis(images, -1, 1)) if first else images
