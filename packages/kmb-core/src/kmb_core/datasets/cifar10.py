"""60,000 colour images of 32 x 32 pixels in ten classes."""

from typing import Any

from kmb_core.datasets.cifar import batches

HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> Any:
    """The images and the classes, in two parts.

    Returns:
        ((x_train, y_train), (x_test, y_test)): uint8 `(50000, 32, 32, 3)`, in the configured data format, and
        `(50000, 1)`; 10,000 in the second part. The classes are airplane, automobile, bird, cat, deer, dog, frog,
        horse, ship and truck.

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    training = [f"data_batch_{number}" for number in range(1, 6)]
    options = ("cifar-10-python.tar.gz", HASH, "cifar-10-batches-py")
    return batches(*options, training, "labels"), batches(*options, ["test_batch"], "labels")
