"""What `adapt` reads: batches as NumPy arrays, whatever the data comes in.

Arrays and tensors of any framework are one batch. Everything that is iterated gives its batches in turn: a dataset of a
framework, a data loader, a generator, a `PyDataset`.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from kmb_core.errors import StructureError, message
from kmb_core.layers.preprocessing.surroundings import owner


def is_stream(data: Any) -> bool:
    """Whether the data is iterated for batches, and is no batch itself."""
    if isinstance(data, (list, tuple, str, bytes)) or hasattr(data, "__array__") or hasattr(data, "shape"):
        return False
    return isinstance(data, Iterable) or _is_indexed(data)


def batches(data: Any, where: str, steps: int | None = None) -> Iterator[Any]:
    """The batches of a stream, or the data itself as the only one.

    Args:
        data: see above.
        where: the layer, for errors.
        steps: how many batches are read; None for all.

    Raises:
        StructureError: where a batch is a tuple of inputs and targets.
        ValueError: where steps is no positive number.
    """
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 1):
        raise ValueError(f"{where}: adapt: steps is a positive whole number, got {steps!r}")
    if not is_stream(data):
        yield data
        return
    for batch in islice(_iterated(data), steps):
        if isinstance(batch, (tuple, dict)):
            what = f"{where}: adapt: expected batches of inputs alone, got a {type(batch).__name__} of {len(batch)}"
            raise StructureError(message(what, "The data holds targets too.", "Map it to its inputs first."))
        yield batch


def has_batches_of_rows(data: Any) -> bool:
    """Whether a stream's elements have a batch axis; a dataset that says how they look may say no."""
    spec = getattr(data, "element_spec", None)
    shape = getattr(spec, "shape", None)
    return shape is None or getattr(shape, "rank", len(shape)) != 1


def as_array(x: Any) -> np.ndarray:
    """A batch of numbers on the host."""
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, (list, tuple)) and x and not isinstance(x[0], (int, float, str, list, tuple)):
        return np.stack([as_array(item) for item in x])
    backend = owner(x)
    return np.asarray(x) if backend is None else backend.to_numpy(x)


def _is_indexed(data: Any) -> bool:
    return hasattr(data, "num_batches") and hasattr(data, "__getitem__")


def _iterated(data: Any) -> Iterator[Any]:
    if _is_indexed(data) and data.num_batches is not None:
        return (_inputs(data[index]) for index in range(data.num_batches))
    return iter(data)


def _inputs(batch: Any) -> Any:
    """A batch of inputs alone may be written as a tuple of one."""
    return batch[0] if isinstance(batch, tuple) and len(batch) == 1 else batch
