"""Tensors from sizes, numbers and other tensors: constants, ranges, triangles; conversions between dtypes."""

from typing import Any

from kmb_core.backend import KerasTensor, Variable, current_backend, dtype_of
from kmb_core.dtypes import is_float, standardize_dtype
from kmb_core.errors import ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, floor, multiply, subtract
from kmb_core.ops.comparison import equal, greater_equal, where
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.inference import default_dtype
from kmb_core.ops.manipulation import broadcast_to, expand_dims, reshape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.plugins import Capability
from kmb_core.shapes import normalize_axis
from kmb_core.typing import Floating, Tensor, TensorLike


@primitive(saved_module="keras.src.ops.core")
def cast(x: TensorLike, dtype: Any) -> Tensor:
    """A tensor in another dtype.

    Args:
        x: tensor of any shape and dtype.
        dtype: name. Floats become integers by dropping the fraction; what is not zero becomes True.

    Returns:
        The same shape; the same tensor when it has the dtype already.

    Raises:
        DTypeError: for an unknown dtype.

    Example:
        >>> from kmb_core import ops
        >>> int(ops.cast(1.7, "int32"))
        1
    """
    return rules.typed(x, dtype)


@primitive(saved_module="keras.src.ops.core")
def stop_gradient(variable: TensorLike) -> Tensor:
    """The same values, through which no gradient flows.

    Args:
        variable: tensor of any shape and dtype.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.stop_gradient(2.0))
        2.0
    """
    return rules.same(variable)


@composite(saved="ConvertToTensor", saved_module="keras.src.ops.core")
def converted(x: TensorLike, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Tensor:
    """What `convert_to_tensor` records in a graph: a symbolic tensor, cast where a dtype is given.

    Args:
        x: tensor of any shape and dtype.
        dtype: name; that of x when None.
        sparse, ragged: kept for the saved form.

    Returns:
        The same shape.

    Example:
        >>> from kmb_core.ops.creation import converted
        >>> int(converted(1.7, "int32"))
        1
    """
    return rules.same(x) if dtype is None and isinstance(x, KerasTensor) else cast(x, dtype or dtype_of(x))


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Tensor:
    """A tensor of the current backend from anything that it can be made of.

    Args:
        x: tensor, variable, NumPy array, number, or nested lists of numbers.
        dtype: name. None: that of x; Python integers become int32, floats floatx.
        sparse, ragged: whether a tensor that is sparse or ragged stays so; False makes it dense. True needs a backend
            that has such tensors, and leaves dense ones as they are.

    Returns:
        A tensor; x itself when it is one of the dtype.

    Raises:
        DTypeError: for an unknown dtype. CapabilityError: when a sparse or ragged tensor may stay, and there are none.

    Example:
        >>> from kmb_core import ops
        >>> ops.convert_to_tensor([[1, 2]]).shape[1]
        2
    """
    for kept, capability in ((sparse, Capability.SPARSE), (ragged, Capability.RAGGED)):
        if kept:
            what = f"ops.convert_to_tensor({capability.value}=True)"
            current_backend().require(capability, what, f"Use {capability.value}=None.")
    if isinstance(x, KerasTensor):
        return converted(x, dtype)
    if isinstance(x, Variable):
        x = x.value
    here = current_backend()
    if here.is_tensor(x):
        if x.__class__ in here.sparse_types and (sparse is False or ragged is False):
            x = here.convert(x)
        return x if dtype is None else here.cast(x, standardize_dtype(dtype))
    return here.convert(x, default_dtype(x) if dtype is None else standardize_dtype(dtype))


@primitive
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """A tensor of one value.

    Args:
        shape: sizes.
        fill_value: a number, or a tensor that broadcasts to `shape`.
        dtype: name; floatx when None.

    Returns:
        A tensor of the given shape and dtype.

    Raises:
        ShapeError: for sizes that are negative or no integers.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.full((2,), 3)]
        [3.0, 3.0]
    """
    return KerasTensor.like(rules.sizes(shape), standardize_dtype(dtype))


@composite
def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of zeros.

    Args:
        shape: sizes.
        dtype: name; floatx when None.

    Returns:
        A tensor of the given shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.zeros((2,))[0])
        0.0
    """
    return full(shape, 0, dtype)


@composite
def ones(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of ones.

    Args:
        shape: sizes.
        dtype: name; floatx when None.

    Returns:
        A tensor of the given shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.ones((2,))[0])
        1.0
    """
    return full(shape, 1, dtype)


@composite
def empty(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor whose values are to be overwritten; on most backends they are zeros.

    Args:
        shape: sizes.
        dtype: name; floatx when None.

    Returns:
        A tensor of the given shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.empty((2, 3)))
        (2, 3)
    """
    return full(shape, 0, dtype)


@composite
def zeros_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """Zeros in the shape of a tensor.

    Args:
        x: tensor of any shape and dtype.
        dtype: name; that of x when None.

    Returns:
        The same shape.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.zeros_like([1.0, 2.0])[1])
        0.0
    """
    return full(shape_of(x), 0, dtype or dtype_of(x))


@composite
def ones_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """Ones in the shape of a tensor.

    Args:
        x: tensor of any shape and dtype.
        dtype: name; that of x when None.

    Returns:
        The same shape.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.ones_like([1.0, 2.0])[1])
        1.0
    """
    return full(shape_of(x), 1, dtype or dtype_of(x))


@composite
def full_like(x: TensorLike, fill_value: TensorLike, dtype: Any = None) -> Tensor:
    """One value in the shape of a tensor.

    Args:
        x: tensor of any shape and dtype.
        fill_value: a number, or a tensor that broadcasts to the shape of x.
        dtype: name; that of x when None.

    Returns:
        The same shape.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.full_like([1.0, 2.0], 3)[1])
        3.0
    """
    return broadcast_to(cast(fill_value, dtype or dtype_of(x)), shape_of(x))


@primitive
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Evenly spaced numbers: `start, start + step, ...`, all below `stop`.

    Args:
        start: the first number; the limit, with a start of 0, when `stop` is None.
        stop: the limit, which is not included.
        step: the distance; 1 when None. A negative one counts down.
        dtype: name. None: int32 for integers, floatx for floats.

    Returns:
        A tensor with one axis.

    Raises:
        ValueError: for a step of 0.

    Example:
        >>> from kmb_core import ops
        >>> [int(v) for v in ops.arange(1, 7, 2)]
        [1, 3, 5]
    """
    bounds = (0, start, step) if stop is None else (start, stop, step)
    first, last, distance = (1 if bound is None and i == 2 else bound for i, bound in enumerate(bounds))
    known = all(isinstance(bound, (int, float)) for bound in (first, last, distance))
    if known and distance == 0:
        raise ValueError("ops.arange: step is 0")
    if dtype is None:
        whole = all(isinstance(bound, int) or bound is None for bound in (start, stop, step))
        dtype = "int32" if whole else None
    # -(-a // b) rounds up
    count = max(0, int(-((first - last) // distance))) if known else None
    return KerasTensor.like((count,), standardize_dtype(dtype))


@composite
def linspace(
    start: Floating,
    stop: Floating,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """A number of evenly spaced values from `start` to `stop`.

    Args:
        start, stop: numbers or tensors; their shapes broadcast.
        num: how many.
        endpoint: whether `stop` is the last one; else it is the one that would follow.
        retstep: whether the distance is returned too.
        dtype: name; floatx, or the dtype of the tensors, when None. Integers are rounded down.
        axis: where the new axis comes in the result.

    Returns:
        A tensor with `num` values along a new axis; with `retstep` a tuple of it and the distance.

    Raises:
        ValueError: for a negative `num`. ShapeError: for an axis out of range.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.linspace(0.0, 1.0, 3)]
        [0.0, 0.5, 1.0]
    """
    if num < 0:
        raise ValueError(f"ops.linspace: num is not negative, got {num}")
    distance = subtract(stop, start)
    rank = len(distance.shape)
    axis = normalize_axis(axis, rank + 1, "ops.linspace")
    intervals = max(num - 1 if endpoint else num, 1)
    place = multiply(arange(num, dtype=dtype_of(distance)), 1 / intervals)
    place = reshape(place, (num,) + (1,) * (rank - axis))
    # added to zeros, a Python number goes straight to the dtype of the other; on its own it would become floatx first
    wide = (expand_dims(add(zeros_like(distance), x), axis) for x in (start, stop))
    # start·(1 - place) + stop·place meets `stop` exactly, which start + place·distance may not
    first, last = wide
    values = add(multiply(first, subtract(1.0, place)), multiply(last, place))
    if dtype is not None and not is_float(dtype):
        values = floor(values)
    values = cast(values, dtype or dtype_of(distance))
    return (values, multiply(distance, 1 / intervals)) if retstep else values


@composite
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """A matrix with ones on a diagonal and zeros elsewhere.

    Args:
        N: rows.
        M: columns; as many as rows when None.
        k: which diagonal; positive ones lie above the main one.
        dtype: name; floatx when None.

    Returns:
        A tensor of shape (N, M).

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.eye(2)[0]]
        [1.0, 0.0]
    """
    rows, columns = _grid(N, N if M is None else M)
    return cast(equal(add(rows, k), columns), standardize_dtype(dtype))


@composite
def identity(n: int, dtype: Any = None) -> Tensor:
    """The identity matrix.

    Args:
        n: rows and columns.
        dtype: name; floatx when None.

    Returns:
        A tensor of shape (n, n).

    Example:
        >>> from kmb_core import ops
        >>> float(ops.identity(3)[1, 1])
        1.0
    """
    return eye(n, dtype=dtype)


@composite
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """A matrix with ones on and below a diagonal and zeros above.

    Args:
        N: rows.
        M: columns; as many as rows when None.
        k: which diagonal; positive ones lie above the main one.
        dtype: name; floatx when None.

    Returns:
        A tensor of shape (N, M).

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.tri(2)[0]]
        [1.0, 0.0]
    """
    rows, columns = _grid(N, N if M is None else M)
    return cast(greater_equal(add(rows, k), columns), standardize_dtype(dtype))


@composite
def tril(x: TensorLike, k: int = 0) -> Tensor:
    """Matrices with the elements above a diagonal set to zero.

    Args:
        x: tensor of shape (..., rows, columns).
        k: the last diagonal that is kept; positive ones lie above the main one.

    Returns:
        The same shape and dtype.

    Raises:
        ShapeError: for fewer than two axes.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.tril([[1.0, 2.0], [3.0, 4.0]])[0]]
        [1.0, 0.0]
    """
    rows, columns = _grid(*_matrix_sizes(x, "tril"))
    return where(greater_equal(add(rows, k), columns), x, full((), 0, dtype_of(x)))


@composite
def triu(x: TensorLike, k: int = 0) -> Tensor:
    """Matrices with the elements below a diagonal set to zero.

    Args:
        x: tensor of shape (..., rows, columns).
        k: the first diagonal that is kept; positive ones lie above the main one.

    Returns:
        The same shape and dtype.

    Raises:
        ShapeError: for fewer than two axes.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.triu([[1.0, 2.0], [3.0, 4.0]])[1]]
        [0.0, 4.0]
    """
    rows, columns = _grid(*_matrix_sizes(x, "triu"))
    return where(greater_equal(columns, add(rows, k)), x, full((), 0, dtype_of(x)))


def _grid(rows: Any, columns: Any) -> tuple[Tensor, Tensor]:
    """Row numbers of shape (rows, 1) and column numbers of shape (1, columns)."""
    return expand_dims(arange(rows, dtype="int32"), 1), expand_dims(arange(columns, dtype="int32"), 0)


def _matrix_sizes(x: Any, op: str) -> tuple[Any, Any]:
    sizes = shape_of(x)
    if len(sizes) < 2:
        raise ShapeError(f"ops.{op}: expected shape (..., rows, columns), got {sizes}")
    return sizes[-2], sizes[-1]
