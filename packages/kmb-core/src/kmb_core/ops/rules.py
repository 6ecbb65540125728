"""The rules that op bodies are made of: what shape and dtype comes out, from symbolic tensors whose dtypes are promoted."""

from collections.abc import Sequence
from typing import Any

from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import DTypeError
from kmb_core.shapes import broadcast_shapes, reduced_shape

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
