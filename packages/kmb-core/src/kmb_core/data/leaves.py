"""What stands in a batch of a stream, as the step takes it: NumPy arrays and the backend's own tensors.

Those pass untouched, and stay on their device. Tables, sparse matrices, lists of numbers and tensors of other
frameworks become arrays, batch by batch, so that a step never meets what its framework does not know.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend.foreign import array_of
from kmb_core.data.structure import Leaf, holds_numbers, take_apart
from kmb_core.errors import StructureError, message

_TABLES = frozenset({"pandas", "polars", "pyarrow"})


def module_root(value: Any) -> str:
    """Give the package that defines the type of `value`, without importing it.

    Args:
        value: any object.

    Returns:
        The first part of its type's module name.

    Example:
        >>> import numpy
        >>> module_root(numpy.zeros(2))
        'numpy'
    """
    return type(value).__module__.partition(".")[0]


def is_table(value: Any) -> bool:
    """Whether it is a table or column of pandas, polars or pyarrow."""
    return module_root(value) in _TABLES


def array_of_table(value: Any) -> np.ndarray:
    """A table as an array `(rows, columns)`; a single column has one.

    Args:
        value: a table or column of pandas, polars or pyarrow.
    """
    array = value.to_numpy() if hasattr(value, "to_numpy") and module_root(value) != "pyarrow" else np.asarray(value)
    return array[:, None] if array.ndim == 1 else array


def is_foreign_tensor(value: Any, backend: Any) -> bool:
    """Whether it is a tensor of a framework other than the backend's; False where the backend is not known."""
    if backend is None or isinstance(value, np.ndarray | np.generic) or backend.is_tensor(value):
        return False
    return hasattr(value, "__dlpack__") or hasattr(value, "dense_shape") or hasattr(value, "to_tensor")


def own_tensors(part: Any, backend: Any) -> Any:
    """Arrays and the backend's own tensors as they are, nested; tensors of other frameworks as arrays.

    Args:
        part: x, y or sample_weight of one batch.
        backend: whose tensors pass as they are.
    """
    if part is None or part.__class__ is np.ndarray or part.__class__ in backend.native:
        return part
    return tree.map_structure(lambda leaf: array_of(leaf) if is_foreign_tensor(leaf, backend) else leaf, part)


def batch_reader(source: Any, backend: Any) -> Callable[[Any], tuple]:
    """A function that makes of an item of a stream a batch for the step.

    Args:
        source: the stream, for messages; what collates samples itself may give lists, and datasets may give x alone.
        backend: whose tensors pass as they are; None lets tensors of any framework pass.

    Returns:
        A function from an item to `(x,)`, `(x, y)` or `(x, y, sample_weight)`. It raises StructureError for an item
        that is none of them.
    """
    name = type(source).__name__
    plain = frozenset({np.ndarray, *(backend.native if backend is not None else ())})
    collates = hasattr(source, "collate_fn")
    lenient = collates or hasattr(source, "element_spec") or module_root(source) == "grain"

    def read(item: Any) -> tuple:
        if item.__class__ is not tuple or not 0 < len(item) < 4:
            item = _as_batch(item, name, collates, lenient)
        for part in item:
            if part.__class__ not in plain:
                return tuple([_converted(part, plain, backend) for part in item])
        return item

    return read


def _as_batch(item: Any, name: str, collates: bool, lenient: bool) -> tuple:
    if collates and isinstance(item, list):  # torch makes lists of tuples
        item = tuple(item)
    if lenient and not isinstance(item, tuple):
        return (item,)
    return checked_batch(item, name if name.startswith("the ") else f"the {name}")


def _converted(part: Any, plain: frozenset[type], backend: Any) -> Any:
    if part is None or part.__class__ in plain:
        return part
    if isinstance(part, Mapping) and all(value.__class__ in plain for value in part.values()):
        return part
    if isinstance(part, list | tuple) and all(value.__class__ in plain for value in part):
        return part
    leaves, rebuild = take_apart(part, "x")
    return rebuild([_array(leaf, backend) for leaf in leaves])


def _array(leaf: Leaf, backend: Any) -> Any:
    value = leaf.value
    if isinstance(value, list) and holds_numbers(value):
        return np.asarray(value)
    if is_table(value):
        return array_of_table(value)
    if hasattr(value, "tocsr"):
        return value.toarray()
    return array_of(value) if is_foreign_tensor(value, backend) else value


def checked_batch(batch: Any, where: str) -> tuple:
    """Let a batch through if it is a tuple of one to three parts.

    Args:
        batch: what a generator gave.
        where: the source, for the error message.

    Returns:
        The batch.

    Raises:
        StructureError: where it is anything else.

    Example:
        >>> checked_batch(("x", "y"), "the generator")
        ('x', 'y')
    """
    if isinstance(batch, tuple) and 0 < len(batch) < 4:
        return batch
    got = f"a tuple of {len(batch)}" if isinstance(batch, tuple) else type(batch).__name__
    raise StructureError(
        message(
            f"A batch of {where} must be a tuple (x,), (x, y) or (x, y, sample_weight), got {got}.",
            "A list counts as one structure of inputs, never as x and y.",
            "Yield a tuple; for inputs alone: (x,).",
        )
    )
