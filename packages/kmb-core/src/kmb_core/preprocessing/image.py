"""What users call `keras.preprocessing.image`."""

from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy, convert_to_tensor
from kmb_core.errors import ShapeError, message
from kmb_core.ops.image import resize
from kmb_core.utils.images import array_to_img, img_to_array, load_img, save_img

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs: Any,
) -> Any:
    """Images in another size, cut rather than distorted: the largest middle part of the target's shape is resized.

    Args:
        x: image `(height, width, channels)` or images `(batch, height, width, channels)`; with channels_first the
            channels stand before the height.
        size: (height, width).
        interpolation: of `ops.image.resize`: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area".
        data_format: "channels_last" or "channels_first".
        **kwargs: `backend_module`, taken for compatibility and not used.

    Returns:
        A NumPy array when x is one, else a tensor; of the dtype of x.

    Raises:
        ValueError: when `size` is not a pair.
        ShapeError: for another number of axes.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> kmb_core.preprocessing.image.smart_resize(np.zeros((4, 6, 3)), (2, 2)).shape
        (2, 2, 3)
    """
    kwargs.pop("backend_module", None)
    if kwargs:
        raise TypeError(f"smart_resize: unexpected arguments {', '.join(sorted(kwargs))}")
    if len(size) != 2:
        raise ValueError(f"smart_resize: size is (height, width), got {size}")
    images = convert_to_tensor(x)
    if len(images.shape) not in (3, 4):
        what = f"smart_resize: expected an image of 3 axes or a batch of them, got shape {tuple(images.shape)}"
        raise ShapeError(message(what, None, "Add the axis of the channels."))
    resized = resize(images, tuple(size), interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return convert_to_numpy(resized) if isinstance(x, np.ndarray) else resized
