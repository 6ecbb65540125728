"""What CIFAR-10 and CIFAR-100 have in common: archives of pickled batches."""

import os

import numpy as np

from kmb_core import settings
from kmb_core.datasets.stored import unpickled
from kmb_core.errors import CheckpointError, message
from kmb_core.utils.downloads import get_file

BASE = "https://www.cs.toronto.edu/~kriz/"


def batches(archive: str, file_hash: str, folder: str, names: list[str], labels: str) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of some batches.

    Args:
        archive: name of the file at its address.
        file_hash: its SHA-256.
        folder: in the archive.
        names: of the batches in it.
        labels: the batch's entry.

    Returns:
        uint8 images `(count, 32, 32, 3)`, with channels_first `(count, 3, 32, 32)`, and uint8 labels `(count, 1)`.
    """
    name = f"{folder}-target"
    path = get_file(name, origin=BASE + archive, extract=True, file_hash=file_hash)
    found = [_batch(os.path.join(path, folder, batch), labels) for batch in names]
    x, y = (np.concatenate(parts) for parts in zip(*found, strict=True))
    x = x.reshape(-1, 3, 32, 32)
    if settings.image_data_format() == "channels_last":
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    return x, y.astype("uint8").reshape(-1, 1)


def _batch(path: str, labels: str) -> tuple[np.ndarray, np.ndarray]:
    with open(path, "rb") as file:
        entries = unpickled(file, encoding="bytes")
    try:
        return entries[b"data"], np.asarray(entries[labels.encode()])
    except (KeyError, TypeError) as error:
        raise CheckpointError(message(f"{path} is no batch with data and {labels}")) from error
