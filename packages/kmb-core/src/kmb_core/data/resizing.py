"""Images resized with NumPy alone, where no backend may run: in the threads and processes that read files.

Half-pixel centres and no antialiasing, as `ops.image.resize` has it: each axis is a weighted sum of a few neighbours,
and rows and columns are resized one after the other.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(b: float, c: float) -> Callable[[np.ndarray], np.ndarray]:
    """The family of Mitchell and Netravali (SIGGRAPH 1988, equation 8)."""

    def kernel(x: np.ndarray) -> np.ndarray:
        x = np.abs(x)
        near = ((12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b) / 6
        far = ((-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c) / 6
        return np.where(x < 1, near, np.where(x < 2, far, 0.0))

    return kernel


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


def _gaussian(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < 1.5, np.exp(-(x**2) / (2 * 0.5**2)), 0.0)


# By name: a kernel and its radius
_KERNELS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (_cubic(0.0, 0.5), 2.0),
    "mitchellcubic": (_cubic(1 / 3, 1 / 3), 2.0),
    "lanczos3": (_lanczos(3), 3.0),
    "lanczos5": (_lanczos(5), 5.0),
    "gaussian": (_gaussian, 1.5),
}
INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


def resized(image: np.ndarray, height: int, width: int, interpolation: str = "bilinear") -> np.ndarray:
    """An image in another size.

    Args:
        image: `(height, width, channels)`, of any dtype.
        height, width: the new size.
        interpolation: one of `INTERPOLATIONS`.

    Returns:
        float32 array `(height, width, channels)`.

    Example:
        >>> resized(np.array([[[0.0], [4.0]]]), 1, 4)[0, :, 0].tolist()
        [0.0, 1.0, 3.0, 4.0]
    """
    rows = _along_rows(image, height, interpolation)
    return np.ascontiguousarray(_along_rows(rows.swapaxes(0, 1), width, interpolation).swapaxes(0, 1))


def _along_rows(image: np.ndarray, count: int, interpolation: str) -> np.ndarray:
    if image.shape[0] == count and interpolation not in ("gaussian", "mitchellcubic"):  # these two always blur
        return image.astype("float32", copy=False)
    places, weights = _taps(image.shape[0], count, interpolation)
    result = image[places[0]].astype("float32")
    result *= weights[0][:, None, None]
    for place, weight in zip(places[1:], weights[1:], strict=True):
        result += image[place] * weight[:, None, None]
    return result


@lru_cache(maxsize=1024)
def _taps(size: int, count: int, interpolation: str) -> tuple[np.ndarray, np.ndarray]:
    """Which old rows each new row is made of, and their shares: two arrays `(taps, count)`."""
    scale = size / count
    if interpolation == "nearest":
        nearest = (2 * np.arange(count) + 1) * size // (2 * count)  # in whole numbers: no border is left to rounding
        return nearest[None], np.ones((1, count), "float32")
    if interpolation == "area":
        return _covered(size, count, scale)
    kernel, radius = _KERNELS[interpolation]
    centre = (np.arange(count) + 0.5) * scale
    first = np.floor(centre - 0.5 - radius).astype(int)
    places = first + np.arange(int(2 * radius) + 2)[:, None]
    weights = kernel(places + 0.5 - centre) * ((places >= 0) & (places < size))
    return _finished(places, weights, size)


def _covered(size: int, count: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    start = np.arange(count) * scale
    places = np.floor(start).astype(int) + np.arange(int(np.ceil(scale)) + 1)[:, None]
    weights = np.minimum(places + 1, start + scale) - np.maximum(places, start)
    return _finished(places, np.maximum(weights, 0.0) * (places < size), size)


def _finished(places: np.ndarray, weights: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    used = np.any(weights != 0, axis=1)
    weights = weights[used] / weights.sum(axis=0)
    return places[used].clip(0, size - 1), weights.astype("float32")


def cropped(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The largest window in the middle of an image that has the shape of the target.

    Args:
        image: `(height, width, channels)`.
        height, width: the target's size.

    Returns:
        A view.

    Example:
        >>> cropped(np.zeros((4, 10, 3)), 2, 2).shape
        (4, 4, 3)
    """
    rows, columns = image.shape[:2]
    kept_rows = max(1, min(rows, columns * height // width))
    kept_columns = max(1, min(columns, rows * width // height))
    top, left = (rows - kept_rows) // 2, (columns - kept_columns) // 2
    return image[top : top + kept_rows, left : left + kept_columns]


def padded(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """An image with a border of zeros that gives it the shape of the target.

    Args:
        image: `(height, width, channels)`.
        height, width: the target's size.

    Returns:
        The image in the middle of a larger one, the border as wide on one side as on the other.

    Example:
        >>> padded(np.ones((4, 10, 3)), 2, 2).shape
        (10, 10, 3)
    """
    rows, columns = image.shape[:2]
    above = max(0, columns * height // width - rows) // 2
    beside = max(0, rows * width // height - columns) // 2
    return np.pad(image, ((above, above), (beside, beside), (0, 0)))
