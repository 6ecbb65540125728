"""Images as files, as Pillow's objects and as arrays."""

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from kmb_core import settings
from kmb_core._optional import optional
from kmb_core.backend import convert_to_numpy
from kmb_core.errors import ShapeError, message

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_KEPT_MODES = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}  # 16-bit grey levels stay
_FILTERS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow(purpose: str) -> Any:
    """Pillow's module `Image`, imported when an image is read or written."""
    return optional("PIL.Image", "pillow", "images", purpose)


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """A Pillow image from the numbers of its pixels.

    Args:
        x: array or tensor `(height, width, channels)`, or `(channels, height, width)` with channels_first; 1 channel
            is grey, 3 are red, green and blue, a fourth is opacity.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        scale: bring the numbers to 0 … 255, whatever their range; False takes them as they are.
        dtype: dtype to compute in; floatx when None.

    Returns:
        A `PIL.Image.Image`: grey (16 bits where unscaled numbers exceed 255), RGB or RGBA.

    Raises:
        ShapeError: for another number of axes or channels.
        ImportError: when Pillow is not installed.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> image = kmb_core.utils.array_to_img(np.ones((4, 6, 3)))
        >>> image.size
        (6, 4)
    """
    image_class = pillow("array_to_img")
    pixels = _channels_last(np.array(convert_to_numpy(x)), settings.standardize_data_format(data_format))
    pixels = pixels.astype(settings.floatx() if dtype is None else dtype)
    if scale:
        pixels = _stretched(pixels)
    if pixels.shape[2] != 1:
        return image_class.fromarray(pixels.astype("uint8"))
    wide = pixels.size and pixels.max() > 255
    return image_class.fromarray(pixels[:, :, 0].astype("int32" if wide else "uint8"))


def _channels_last(pixels: np.ndarray, data_format: str) -> np.ndarray:
    if pixels.ndim != 3:
        what = f"array_to_img: expected one image of 3 axes, got shape {pixels.shape}"
        raise ShapeError(message(what, None, "For a batch, convert one image after the other."))
    if data_format == "channels_first":
        pixels = pixels.transpose(1, 2, 0)
    if pixels.shape[2] not in (1, 3, 4):
        what = f"array_to_img: expected 1, 3 or 4 channels, got {pixels.shape[2]}"
        raise ShapeError(message(what, "The channels stand on another axis?", "Give data_format."))
    return pixels


def _stretched(pixels: np.ndarray) -> np.ndarray:
    """Numbers brought to 0 … 255; those of an even surface become 0."""
    if not pixels.size:
        return pixels
    pixels = pixels.astype(np.result_type(pixels.dtype, "float32"))
    pixels = pixels - pixels.min()
    greatest = pixels.max()
    return pixels / greatest * 255 if greatest else pixels


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """The numbers of an image's pixels.

    Args:
        img: a Pillow image, or an array `(height, width)` or of three axes.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dtype: dtype of the result; floatx when None.

    Returns:
        Array `(height, width, channels)`, or `(channels, height, width)` with channels_first.

    Raises:
        ShapeError: for another number of axes.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> kmb_core.utils.img_to_array(np.zeros((4, 6))).shape
        (4, 6, 1)
    """
    data_format = settings.standardize_data_format(data_format)
    pixels = np.asarray(img).astype(settings.floatx() if dtype is None else dtype)
    if pixels.ndim not in (2, 3):
        raise ShapeError(f"img_to_array: expected an image of 2 or 3 axes, got shape {pixels.shape}")
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    return pixels.transpose(2, 0, 1) if data_format == "channels_first" else pixels


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Read an image file.

    Args:
        path: a path, or a stream of bytes (`io.BytesIO`, an open binary file).
        color_mode: "grayscale", "rgb" or "rgba". Grey levels of 16 bits are kept.
        target_size: (height, width) to bring it to; None leaves it.
        interpolation: Pillow's filter: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: cut the largest middle part of the target's shape out first, rather than distort.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        ValueError: for another colour mode or filter.
        TypeError: for a path that is none.
        OSError: when the file cannot be read, or is no image.
        ImportError: when Pillow is not installed.
    """
    image_class = pillow("load_img")
    if color_mode not in MODES:
        raise ValueError(f"load_img: color_mode is one of {', '.join(map(repr, MODES))}, got {color_mode!r}")
    if interpolation not in _FILTERS:
        raise ValueError(f"load_img: interpolation is one of {', '.join(_FILTERS)}; got {interpolation!r}")
    with image_class.open(_bytes_of(path)) as image:
        image.load()
        if image.mode not in _KEPT_MODES[color_mode]:
            image = image.convert(MODES[color_mode])
        else:
            image = image.copy()
    return image if target_size is None else _resized(image, target_size, interpolation, keep_aspect_ratio)


def _bytes_of(path: Any) -> Any:
    if isinstance(path, io.BytesIO) or hasattr(path, "read"):
        return path
    if isinstance(path, str | os.PathLike):
        return io.BytesIO(Path(path).read_bytes())
    if isinstance(path, bytes):
        return io.BytesIO(Path(os.fsdecode(path)).read_bytes())
    raise TypeError(f"load_img: expected a path or a stream of bytes, got {type(path).__name__}")


def _resized(image: Any, target_size: Any, interpolation: str, keep_aspect_ratio: bool) -> Any:
    height, width = map(int, target_size)
    chosen = pillow("load_img").Resampling[interpolation.upper()]
    box = middle_box(image.size[1], image.size[0], height, width) if keep_aspect_ratio else None
    if image.size == (width, height) and box is None:
        return image
    return image.resize((width, height), chosen, box=None if box is None else (box[1], box[0], box[3], box[2]))


def middle_box(height: int, width: int, target_height: int, target_width: int) -> tuple[int, int, int, int]:
    """The largest box in the middle of an image that has the shape of the target.

    Args:
        height, width: the image's size.
        target_height, target_width: the size that it is brought to.

    Returns:
        (top, left, bottom, right).

    Example:
        >>> middle_box(4, 10, 2, 2)
        (0, 3, 4, 7)
    """
    box_height = min(height, int(width * target_height / target_width))
    box_width = min(width, int(height * target_width / target_height))
    top, left = (height - box_height) // 2, (width - box_width) // 2
    return top, left, top + box_height, left + box_width


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as an image file.

    Args:
        path: a path, or a stream of bytes to write to (then `file_format` is needed).
        x: array of one image, see `array_to_img`.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        file_format: such as "png" or "jpeg"; that of the name's ending when None.
        scale: bring the numbers to 0 … 255.
        **kwargs: options of Pillow's `Image.save`.

    Raises:
        ShapeError: for another number of axes or channels.
        ValueError: for an unknown format.
        ImportError: when Pillow is not installed.
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and _is_jpeg(path, file_format):
        warnings.warn("save_img: JPEG holds no opacity; the image is saved as RGB. PNG keeps it.", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format="jpeg" if file_format == "jpg" else file_format, **kwargs)


def _is_jpeg(path: Any, file_format: str | None) -> bool:
    named = file_format if file_format is not None else Path(str(path)).suffix.lstrip(".")
    return named.lower() in ("jpg", "jpeg", "jfif")
