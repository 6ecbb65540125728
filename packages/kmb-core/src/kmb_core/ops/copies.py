"""Tensors like others, and how large tensors are."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.ops.creation import cast, full
from kmb_core.ops.declaration import composite
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor, TensorLike


@composite
def array(x: TensorLike, dtype: Any = None) -> Tensor:
    """A tensor from anything that it can be made of.

    Args:
        x: tensor, array, number, or nested lists of numbers.
        dtype: name; that of x when None. Python integers become int32, floats floatx.

    Returns:
        A tensor.

    Raises:
        DTypeError: for an unknown dtype.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.array([[1, 2]]))
        (1, 2)
    """
    return x if dtype is None else cast(x, dtype)


@composite
def copy(x: TensorLike) -> Tensor:
    """A tensor with the same values, which stays as it is when x is overwritten.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.copy(2.0))
        2.0
    """
    return x  # backends whose tensors can be overwritten have a function of their own


@composite
def empty_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """A tensor in the shape of another, whose values are to be overwritten; on most backends they are zeros.

    Args:
        x: tensor of any shape and dtype.
        dtype: name; that of x when None.

    Returns:
        The same shape.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.empty_like(ops.ones((2, 3))))
        (2, 3)
    """
    return full(shape_of(x), 0, dtype or dtype_of(x))


@composite(saved="Ndim")
def axis_count(x: TensorLike) -> Tensor:
    """What `ndim` records in a graph: the number of axes as a tensor.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        An int32 scalar.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.ops.copies import axis_count
        >>> int(axis_count(ops.ones((2, 3))))
        2
    """
    return full((), len(static_shape(x)), "int32")


@composite(saved="Size")
def element_count(x: TensorLike) -> Tensor:
    """What `size` records in a graph: the number of elements as a tensor.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        An int32 scalar.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.ops.copies import element_count
        >>> int(element_count(ops.ones((2, 3))))
        6
    """
    if isinstance(x, KerasTensor):
        return KerasTensor.like((), "int32")
    return cast(_product(x), "int32")


def _product(x: Any) -> Any:
    count: Any = 1
    for size in shape_of(x):
        count = count * size
    return count


def ndim(x: Any) -> Any:
    """The number of axes.

    Args:
        x: tensor, array, number or nested lists.

    Returns:
        An int; of a symbolic tensor a symbolic int32 scalar.

    Example:
        >>> from kmb_core import ops
        >>> ops.ndim(ops.ones((2, 3)))
        2
    """
    return axis_count(x) if isinstance(x, KerasTensor) else len(static_shape(x))


def size(x: Any) -> Any:
    """The number of elements.

    Args:
        x: tensor, array, number or nested lists.

    Returns:
        An int; a scalar tensor where a traced function does not know it; of a symbolic tensor a symbolic int32 scalar.

    Example:
        >>> from kmb_core import ops
        >>> ops.size(ops.ones((2, 3)))
        6
    """
    return element_count(x) if isinstance(x, KerasTensor) else _product(x)
