"""A dataset cut in two."""

import random
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import convert_to_numpy, is_tensor, use_backend
from kmb_core.data.dataset import PyDataset
from kmb_core.data.formats import delivered
from kmb_core.data.loader import BatchLoader
from kmb_core.data.samples import ArraySamples, ArraySpec, ChosenSamples, Samples, as_tuple, spec_of
from kmb_core.errors import DTypeError, ShapeError, message


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Two datasets from one: its first elements and its last ones.

    Args:
        dataset: an array or tensor of samples, a list or tuple of those that are read side by side, a dict of them, a
            `PyDataset`, a dataset of any framework, or another iterable (which is read into memory).
        left_size: number of elements of the first part, or its share between 0 and 1; all that the second part leaves
            when None.
        right_size: likewise of the second part.
        shuffle: whether the elements are mixed first.
        seed: seed of that order.
        preferred_backend: backend whose dataset is given; the current one when None.

    Returns:
        Two datasets whose elements are those of `dataset`: `tf.data.Dataset`s on the TensorFlow backend, `BatchLoader`s
        on all others. Those of arrays are single samples: `.batch(32)` makes batches of them.

    Raises:
        ValueError: for sizes that do not fit, or an empty part.
        TypeError: for something that holds no elements, or sizes that are no numbers.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> left, right = kmb_core.utils.split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), [int(x) for x in right]
        (8, [8, 9])
    """
    samples = _samples(dataset)
    left, right = _sizes(left_size, right_size, len(samples))
    order = list(range(len(samples)))
    if shuffle:
        random.Random(random.getrandbits(64) if seed is None else seed).shuffle(order)
    parts = (ChosenSamples(samples, order[:left]), ChosenSamples(samples, order[len(order) - right :]))
    with nullcontext() if preferred_backend is None else use_backend(preferred_backend):
        first, second = (delivered(BatchLoader(part, None, workers=1)) for part in parts)
    return first, second


# What is split -----------------------------------------------------------------------------------------------------


def _samples(dataset: Any) -> Samples:
    if _is_array(dataset):
        return ArraySamples((_rows(dataset),))
    if isinstance(dataset, tuple | list | Mapping) and dataset:
        return _of_arrays(dataset)
    if isinstance(dataset, PyDataset) or _is_sequence(dataset):
        return Elements(dataset, range(len(dataset)))
    if isinstance(dataset, Iterable) and not isinstance(dataset, str | bytes | Mapping):
        elements = [tree.map_structure(_rows, element) for element in dataset]
        return Elements(elements, range(len(elements)))
    what = f"split_dataset: expected arrays or a dataset, got {type(dataset).__name__}"
    raise TypeError(message(what, None, "Give an array, a tuple of arrays, a PyDataset, or a framework's dataset."))


class Elements(ChosenSamples):
    """Elements of a dataset, which may be batches: the last one is often shorter."""

    def spec(self) -> tuple:
        """Sizes that are not those of the first element in the last one, too, are None."""
        return tree.map_structure(_common, *(tree.map_structure(spec_of, self[place]) for place in (0, -1)))


def _common(first: ArraySpec, last: ArraySpec) -> ArraySpec:
    same = zip(first.shape, last.shape, strict=True)
    return ArraySpec(tuple(a if a == b else None for a, b in same), first.dtype)


def _is_array(x: Any) -> bool:
    return (isinstance(x, np.ndarray) or is_tensor(x)) and len(x.shape) > 0


def _rows(x: Any) -> Any:
    """A tensor of any framework as an array; texts and numbers as they are."""
    if isinstance(x, np.ndarray | str | bytes | int | float):
        return x
    return convert_to_numpy(x) if is_tensor(x) else np.asarray(x)


def _is_sequence(dataset: Any) -> bool:
    """Whether elements can be had by number, as from torch's map-style datasets."""
    return hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")


def _of_arrays(dataset: Any) -> Samples:
    parts = tree.flatten(dataset)
    for place, part in enumerate(parts):
        if not _is_array(part):
            what = f"split_dataset: part {place} is of type {type(part).__name__}, expected an array with rows"
            raise DTypeError(message(what, None, "For a list of numbers: numpy.asarray(numbers)."))
    lengths = [len(part) for part in parts]
    if len(set(lengths)) > 1:
        raise ShapeError(message(f"split_dataset: the arrays differ in length: {lengths}"))
    arrays = tree.map_structure(_rows, dataset)
    return ArraySamples(as_tuple(tuple(arrays) if isinstance(arrays, list) else arrays))


# Sizes -------------------------------------------------------------------------------------------------------------


def _sizes(left_size: Any, right_size: Any, length: int) -> tuple[int, int]:
    if left_size is None and right_size is None:
        raise ValueError("split_dataset: give left_size, right_size or both")
    left, right = _count("left_size", left_size, length), _count("right_size", right_size, length)
    left = length - right if left is None and right is not None else left
    right = length - left if right is None and left is not None else right
    assert left is not None
    assert right is not None
    if left + right > length:
        what = f"split_dataset: left_size={left_size} and right_size={right_size} are more than {length} elements"
        raise ShapeError(message(what))
    if not left or not right:
        what = f"split_dataset: of {length} elements left_size={left_size}, right_size={right_size} leave a part empty"
        raise ShapeError(message(what, None, "Give other sizes, or more data."))
    return left, right


def _count(name: str, size: Any, length: int) -> int | None:
    if size is None:
        return None
    whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
    if not whole and not isinstance(size, float | np.floating):
        raise TypeError(f"split_dataset: {name} is a whole number or a share between 0 and 1, got {size!r}")
    if not 0 < size < (length if whole else 1):
        what = f"split_dataset: {name}={size} for {length} elements"
        raise ShapeError(message(what, f"It is a number from 1 to {length - 1}, or a share between 0 and 1."))
    return int(size) if whole else round(size * length)
