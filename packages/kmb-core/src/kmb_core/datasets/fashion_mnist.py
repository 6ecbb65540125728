"""Pieces of clothing: 70,000 grey images of 28 x 28 pixels in ten classes."""

import gzip
import os
import zlib
from typing import Any

import numpy as np

from kmb_core.datasets.stored import BASE
from kmb_core.errors import CheckpointError, message
from kmb_core.utils.downloads import get_file

_FOLDER = os.path.join("datasets", "fashion-mnist")


def load_data() -> Any:
    """The images and the classes, in two parts.

    Returns:
        ((x_train, y_train), (x_test, y_test)): uint8 `(60000, 28, 28)` and `(60000,)`; 10,000 in the second part. The
        classes are T-shirt, trousers, pullover, dress, coat, sandal, shirt, sneaker, bag and ankle boot.

    Source: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747; MIT licence.
    """
    parts = []
    for part in ("train", "t10k"):
        y, x = (_numbers(f"{part}-{name}-ubyte.gz") for name in ("labels-idx1", "images-idx3"))
        parts.append((x, y))
    return tuple(parts)


def _numbers(name: str) -> np.ndarray:
    path = get_file(name, origin=BASE + name, cache_subdir=_FOLDER)
    try:
        with gzip.open(path) as file:
            return idx(file.read())
    except (EOFError, OSError, ValueError, zlib.error) as error:
        what = f"{path} is damaged: {error}"
        raise CheckpointError(message(what, None, "Remove it, and it is downloaded again.")) from error


def idx(content: bytes) -> np.ndarray:
    """The array of bytes in a file of the IDX format.

    Args:
        content: two zeros, the kind (8 for bytes), the number of axes, the sizes as four bytes each, the numbers.

    Raises:
        ValueError: for anything else.

    Example:
        >>> idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])).tolist()
        [7, 9]
    """
    if content[:3] != b"\0\0\x08":
        raise ValueError("it does not begin as a file of bytes in IDX format does")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4).tolist()
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()
