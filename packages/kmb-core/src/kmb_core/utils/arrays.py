"""Small functions on arrays of labels and features."""

from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy, current_backend


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """One-hot rows for class numbers.

    Args:
        x: integers from 0, of any shape (a last axis of size 1 is dropped).
        num_classes: size of the new last axis; the greatest number + 1 when None.

    Returns:
        floatx array `(*shape, num_classes)`; a tensor when x is one.

    Raises:
        ValueError: for a number outside of 0 … num_classes - 1.

    Example:
        >>> import kmb_core
        >>> kmb_core.utils.to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    backend = current_backend()
    numbers = np.asarray(convert_to_numpy(x), dtype="int64")
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    count = num_classes or (int(numbers.max()) + 1 if numbers.size else 0)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        raise ValueError(f"to_categorical: numbers lie in {numbers.min()} … {numbers.max()}, expected 0 … {count - 1}")
    rows = np.eye(count, dtype="float32")[numbers]
    return backend.convert(rows) if backend.is_tensor(x) and not isinstance(x, np.ndarray) else rows


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """x divided by its norm along an axis; where the norm is 0, x itself.

    Args:
        x: numbers of any shape.
        axis: the axis.
        order: which p-norm.

    Returns:
        An array, or a tensor when x is one.

    Example:
        >>> import kmb_core
        >>> [round(float(v), 3) for v in kmb_core.utils.normalize([[3.0, 4.0]])[0]]
        [0.6, 0.8]
    """
    backend = current_backend()
    array = np.atleast_1d(convert_to_numpy(x))
    norm = np.atleast_1d(np.linalg.norm(array, order, axis))
    norm[norm == 0] = 1
    result = array / np.expand_dims(norm, axis)
    return backend.convert(result) if backend.is_tensor(x) and not isinstance(x, np.ndarray) else result
