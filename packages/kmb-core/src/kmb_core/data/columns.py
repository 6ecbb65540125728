"""What may stand as one array of the input, and how rows are read from it.

A column is worked out once: the checks, the conversion and the choice of reader are done when the adapter is made,
so that a batch costs one call for each array. Types of other libraries are recognised by the name of the module
that defines them; nothing is imported for it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from kmb_core import settings
from kmb_core.backend.foreign import array_of
from kmb_core.data.leaves import array_of_table, is_foreign_tensor, is_table, module_root
from kmb_core.data.structure import Leaf
from kmb_core.errors import DTypeError, ShapeError, StructureError, message

Reader = Callable[[Any], Any]

# Above this size a conversion to the default float type is made batch by batch: a second copy would be felt.
_CONVERT_AT_ONCE = 256 * 2**20


def rows_of(leaf: Leaf, backend: Any = None) -> Any:
    """Turn one leaf into something whose first axis can be sliced.

    Args:
        leaf: a NumPy array, a tensor of any framework, a table, a SciPy matrix, or a list of plain numbers.
        backend: whose tensors stay as they are; those of others become arrays. None leaves all of them.

    Returns:
        A NumPy array of the default float type where it held floats, or the object itself where it can be sliced.

    Raises:
        StructureError: where the leaf is None or nothing that holds rows.
        ShapeError: where it is a scalar.
        DTypeError: where it is a NumPy array of arbitrary Python objects.

    Example:
        >>> rows_of(Leaf("x", [[1, 2], [3, 4]])).shape
        (2, 2)
    """
    value = leaf.value
    if value is None:
        raise StructureError(
            message(
                f"{leaf.path} is None; expected an array.",
                "An entry of the data was left out, or a function returned nothing.",
                "Drop the entry, or give an array with one row per sample.",
            )
        )
    value = _sliceable(leaf, backend)
    if len(value.shape) == 0:
        raise ShapeError(
            message(
                f"{leaf.path} is a scalar; expected an array whose first axis runs over the samples.",
                remedy="For a single sample add an axis: array[None].",
            )
        )
    return _checked_array(value, leaf.path) if isinstance(value, np.ndarray) else value


def _sliceable(leaf: Leaf, backend: Any) -> Any:
    value = leaf.value
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, list | int | float | complex | str | bytes | np.generic):
        return _array_of_list(leaf)
    if is_table(value):
        return array_of_table(value)
    if hasattr(value, "tocsr"):
        return value.tocsr()
    if is_foreign_tensor(value, backend) or hasattr(value, "dense_shape") or hasattr(value, "to_tensor"):
        return array_of(value)
    if getattr(value, "is_sparse", False):  # it stays on its device, but cannot be sliced
        return value.to_dense()
    if hasattr(value, "shape") and hasattr(value, "dtype") and hasattr(value, "__getitem__"):
        return value
    if hasattr(value, "__array__"):
        return np.asarray(value)
    raise StructureError(
        message(
            f"{leaf.path} is of type {type(value).__module__}.{type(value).__qualname__}; expected an array.",
            "No adapter of the current backend takes this type, and it cannot be sliced.",
            "Give NumPy arrays, tensors, a generator of batches or a PyDataset.",
        )
    )


def _array_of_list(leaf: Leaf) -> np.ndarray:
    try:
        return np.asarray(leaf.value)
    except ValueError as error:
        raise ShapeError(
            message(
                f"{leaf.path} is a list whose rows differ in length.",
                "Sequences of unequal length do not make an array.",
                "Pad them to one length first.",
            )
        ) from error


def _checked_array(array: np.ndarray, path: str) -> np.ndarray:
    if array.dtype == object and array.size and not isinstance(array.flat[0], str | bytes):
        raise DTypeError(
            message(
                f"{path} is a NumPy array of Python objects ({type(array.flat[0]).__name__}); expected numbers.",
                "It was built from rows of unequal length, or from columns of mixed types.",
                "Pad the rows, or convert with array.astype('float32').",
            )
        )
    if array.dtype != _target_dtype(array) and array.nbytes <= _CONVERT_AT_ONCE:
        return array.astype(_target_dtype(array))
    return array


def _target_dtype(array: Any) -> Any:
    # An 8-bit or bfloat16 default float is no NumPy type; there the layers convert.
    wanted = settings.floatx()
    is_float = array.dtype.kind == "f"
    return np.dtype(wanted) if is_float and wanted in ("float16", "float32", "float64") else array.dtype


def reader(rows: Any, shuffled: bool) -> Reader:
    """Choose how rows are read: a function of a slice, or of an index array when shuffled.

    Args:
        rows: what `rows_of` gave.
        shuffled: True where the reader will be handed index arrays.

    Returns:
        A function from a slice (or an int64 index array) to those rows. A slice of an array is a view.

    Example:
        >>> import numpy
        >>> reader(numpy.arange(5), shuffled=False)(slice(1, 3)).tolist()
        [1, 2]
    """
    if isinstance(rows, np.ndarray):
        return _array_reader(rows, shuffled)
    if hasattr(rows, "tocsr"):
        dtype = _target_dtype(rows)
        return lambda chosen: rows[chosen].toarray().astype(dtype, copy=False)
    if not shuffled:
        return rows.__getitem__
    if module_root(rows) == "h5py":
        return lambda chosen: _read_sorted(rows, chosen)
    return rows.__getitem__ if _takes_index_arrays(rows) else _array_reader(np.asarray(rows), shuffled)


def _array_reader(array: np.ndarray, shuffled: bool) -> Reader:
    dtype = _target_dtype(array)
    if dtype != array.dtype:
        return lambda chosen: array[chosen].astype(dtype)
    return (lambda chosen: array.take(chosen, 0)) if shuffled else array.__getitem__


def _read_sorted(rows: Any, chosen: np.ndarray) -> np.ndarray:
    # HDF5 reads rows in increasing order only.
    order = np.argsort(chosen)
    found = rows[chosen[order]]
    return found[np.argsort(order)]


def _takes_index_arrays(rows: Any) -> bool:
    try:
        return rows[np.array([0])].shape[0] == 1
    except Exception:  # each framework has its own error for "cannot be indexed so"
        return False
