"""60,000 colour images of 32 x 32 pixels in a hundred classes, which belong to twenty coarse ones."""

from typing import Any

from kmb_core.datasets.cifar import batches

HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> Any:
    """The images and the classes, in two parts.

    Args:
        label_mode: "fine" for a hundred classes, "coarse" for twenty.

    Returns:
        ((x_train, y_train), (x_test, y_test)): uint8 `(50000, 32, 32, 3)`, in the configured data format, and
        `(50000, 1)`; 10,000 in the second part.

    Raises:
        ValueError: for another mode.

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"load_data: label_mode is 'fine' or 'coarse', got {label_mode!r}")
    options = ("cifar-100-python.tar.gz", HASH, "cifar-100-python")
    labels = f"{label_mode}_labels"
    return batches(*options, ["train"], labels), batches(*options, ["test"], labels)
