"""Text as layers get it: strings, bytes, arrays, nested lists, columns of tables, tensors of strings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError, DTypeError, ShapeError, message
from kmb_core.layers.preprocessing.surroundings import owner

_TEXT = frozenset({str, bytes, np.str_, np.bytes_})


@dataclass(frozen=True)
class Items:
    """Texts or numbers on the host, flat, and how they were nested.

    Attributes:
        values: all of them in order.
        shape: sizes; with `lengths` the last one is None.
        lengths: for rows of different lengths: how many values each has.
    """

    values: list[Any]
    shape: tuple[int | None, ...]
    lengths: np.ndarray | None = None


def read(x: Any, where: str) -> Items:
    """Texts, from whatever holds them.

    Args:
        x: see above; rows of different lengths where they are lists in a list, or a ragged tensor.
        where: the layer, for errors.

    Raises:
        DTypeError: where there is something else than text.
    """
    items = nested(x)
    if isinstance(x, np.ndarray) and x.dtype.kind in "US":
        return items  # an array of text holds nothing else
    kinds = set(map(type, items.values))
    if not kinds <= _TEXT:
        names = ", ".join(sorted("None" if kind is type(None) else kind.__name__ for kind in kinds - _TEXT))
        cause = "A missing value is no text." if kinds & {type(None), float} else None
        raise DTypeError(message(f"{where}: expected text, got {names}", cause, "Turn it into str first."))
    return items


def nested(x: Any) -> Items:
    """The values of anything nested, and its shape."""
    if isinstance(x, (str, bytes)):
        return Items([x], ())
    if hasattr(x, "to_list") and hasattr(x, "row_splits"):
        return _from_lists(x.to_list())
    if isinstance(x, (list, tuple)):
        return _from_lists(x)
    backend = None if isinstance(x, np.ndarray) else owner(x)
    array = np.asarray(x) if backend is None else backend.to_numpy(x)
    if array.dtype.kind == "O" and array.ndim == 1 and len(array) and isinstance(array[0], (list, tuple, np.ndarray)):
        return _from_lists(array.tolist())
    return Items(array.ravel().tolist(), array.shape)


def _from_lists(x: Sequence[Any]) -> Items:
    values: list[Any] = list(x)
    shape: list[int | None] = [len(values)]
    lengths = None
    while values and isinstance(values[0], (list, tuple, np.ndarray)):
        if lengths is not None:
            raise ShapeError("text: only the last axis may have rows of different lengths")
        sizes = np.fromiter(map(len, values), np.int64, len(values))
        values = [item for row in values for item in row]
        if (sizes == sizes[0]).all():
            shape.append(int(sizes[0]))
        else:
            lengths = sizes
            shape.append(None)
    if values and (hasattr(values[0], "shape") and not isinstance(values[0], np.generic)):
        parts = [nested(value) for value in values]
        return Items([item for part in parts for item in part.values], (*shape, *parts[0].shape), lengths)
    return Items(values, tuple(shape), lengths)


def encoded(values: Iterable[Any], encoding: str = "utf-8") -> list[bytes]:
    """Texts as bytes."""
    return [value if isinstance(value, bytes) else value.encode(encoding) for value in values]


def decoded(values: Iterable[Any], encoding: str = "utf-8") -> list[str]:
    """Texts as str."""
    return [value.decode(encoding) if isinstance(value, bytes) else str(value) for value in values]


def padded(values: np.ndarray, lengths: np.ndarray, width: int | None = None, fill: Any = 0) -> np.ndarray:
    """Rows of different lengths as a matrix, filled up on the right, or cut off where they are longer than `width`."""
    longest = int(lengths.max(initial=0))
    result = np.full((len(lengths), longest), fill, values.dtype)
    result[np.arange(longest) < lengths[:, None]] = values
    if width is None or width == longest:
        return result
    if width < longest:
        return np.ascontiguousarray(result[:, :width])
    return np.pad(result, ((0, 0), (0, width - longest)), constant_values=fill)


def traced(x: Any) -> bool:
    """Whether x is a tensor of the current backend without a value."""
    backend = current_backend()
    return backend.is_tensor(x) and backend.implementation.is_traced(x)


def on_host(function: Any, inputs: Any, dtype: str, shape: Any, where: str) -> Any:
    """Let the graph that is being traced call a function of arrays.

    Args:
        function: from arrays to an array of `dtype`.
        inputs: the graph's tensors.
        dtype, shape: of the result; None for sizes that are not known.
        where: the layer, for errors.

    Raises:
        CapabilityError: where the current backend's graphs hold no text.
    """
    backend = current_backend()
    kernel = backend.kernels.get("host_call")
    if kernel is None:
        what = f"{where}: the {backend.name} backend cannot work on text or hashes in compiled code"
        raise CapabilityError(message(what, None, "Call the layer on the data before it goes to the model."))
    return kernel(function, list(inputs), dtype, shape)
