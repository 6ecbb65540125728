"""The rules that op bodies are made of: shapes and dtypes that come out of tensors whose dtypes are promoted."""

import operator
from collections.abc import Sequence
from typing import Any

from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.dtypes import is_integer, standardize_dtype
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.shapes import broadcast_shapes, reduced_shape, standardize_shape

Symbolic = KerasTensor


def same(x: Symbolic) -> Symbolic:
    """The shape and dtype of x."""
    return KerasTensor.like(x.shape, x.dtype)


def typed(x: Symbolic, dtype: str | None) -> Symbolic:
    """The shape of x, another dtype (None: the same)."""
    return KerasTensor.like(x.shape, x.dtype if dtype is None else standardize_dtype(dtype))


def shaped(x: Symbolic, shape: Sequence[int | None]) -> Symbolic:
    """The dtype of x, another shape."""
    return KerasTensor.like(tuple(shape), x.dtype)


def broadcast(x1: Symbolic, x2: Symbolic, op: str, dtype: str | None = None) -> Symbolic:
    """The common shape; the dtype they share, or the one given."""
    return KerasTensor.like(broadcast_shapes(x1.shape, x2.shape, f"ops.{op}"), dtype or x1.dtype)


def reduced(x: Symbolic, axis: Any, keepdims: bool, op: str, dtype: str | None = None) -> Symbolic:
    """x with axes reduced."""
    return KerasTensor.like(reduced_shape(x.shape, axis, keepdims, f"ops.{op}"), dtype or x.dtype)


def refuse_bool(x: Symbolic, op: str) -> None:
    """Raise DTypeError for booleans."""
    if x.dtype == "bool":
        raise DTypeError(f"ops.{op}: expected numbers, got bool; cast first")


def need_integers(x: Symbolic, op: str) -> None:
    """Raise DTypeError for indices that are no integers."""
    if not is_integer(x.dtype):
        raise DTypeError(f"ops.{op}: expected indices of an integer dtype, got {x.dtype}")


def need_matrices(x: Symbolic, op: str) -> None:
    """Raise ShapeError for fewer than two axes."""
    if len(x.shape) < 2:
        raise ShapeError(f"ops.{op}: expected matrices of shape (..., rows, columns), got shape {x.shape}")


def need_square(x: Symbolic, op: str) -> None:
    """Raise ShapeError for matrices whose two sizes differ."""
    if len(x.shape) < 2 or not fits(x.shape[-1:], x.shape[-2:-1]):
        raise ShapeError(f"ops.{op}: expected square matrices of shape (..., size, size), got shape {x.shape}")


def sizes(shape: Any) -> tuple[int | None, ...]:
    """A shape given as an argument; sizes that are tensors (of a traced function) are unknown."""
    if isinstance(shape, int):
        shape = (shape,)
    if hasattr(shape, "shape") and not isinstance(shape, tuple):  # a tensor of sizes
        return (None,) * int(shape.shape[0])
    return standardize_shape([None if _is_traced(size) else size for size in shape])


def _is_traced(size: Any) -> bool:
    """Whether a size is a tensor of a traced function; a tensor with a value passes as an integer."""
    if not hasattr(size, "shape"):
        return False
    try:
        operator.index(size)
    except Exception:  # each framework has an error of its own for "no value while tracing"
        return True
    return False


def fits(given: Sequence[int | None], expected: Sequence[int | None]) -> bool:
    """Whether two shapes agree wherever both are known."""
    return len(given) == len(expected) and all(
        a is None or b is None or a == b for a, b in zip(given, expected, strict=True)
    )


def block(shape: Sequence[int | None], starts: Any, size: Any, op: str) -> tuple[int | None, ...]:
    """The size of a block in a tensor, -1 resolved; its place is checked where it is known."""
    known = isinstance(starts, (list, tuple))
    if len(size) != len(shape) or (known and len(starts) != len(shape)):
        what = f"ops.{op}: shape {tuple(shape)} needs a start and a size for each axis, got {starts} and {tuple(size)}"
        raise ShapeError(what)
    places = [start if isinstance(start, int) else None for start in starts] if known else [None] * len(shape)
    return tuple(_extent(whole, start, part, op) for whole, start, part in zip(shape, places, size, strict=True))


def _extent(whole: int | None, start: int | None, part: int | None, op: str) -> int | None:
    if (start or 0) < 0:
        raise ShapeError(f"ops.{op}: a block starts at 0 or later on an axis, got {start}")
    if whole is not None and part is not None and (start or 0) + max(part, 0) > whole:
        raise ShapeError(f"ops.{op}: a block of {part} from {start or 0} on does not lie in an axis of size {whole}")
    if part == -1:
        return None if whole is None or start is None else whole - start
    return part
