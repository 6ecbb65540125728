"""Handwritten digits: 70,000 grey images of 28 x 28 pixels."""

from typing import Any

from kmb_core.datasets.stored import BASE, npz
from kmb_core.utils.downloads import get_file

HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> Any:
    """The images and the digits, in two parts.

    Args:
        path: name of the file in the cache.

    Returns:
        ((x_train, y_train), (x_test, y_test)): uint8 `(60000, 28, 28)` and `(60000,)`; 10,000 in the second part.

    Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits"; CC BY-SA 3.0.
    """
    file = get_file(path, origin=BASE + "mnist.npz", file_hash=HASH)
    x_train, y_train, x_test, y_test = npz(file, "x_train", "y_train", "x_test", "y_test")
    return (x_train, y_train), (x_test, y_test)
