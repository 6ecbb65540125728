"""Activations that are worth a shorter way than the core's bodies."""

from typing import Any

import numpy as np

from kmb_backend_numpy.ops.nn.precision import in_float32

Axis = int | tuple[int, ...] | None


def relu(x: Any) -> Any:
    """The larger of x and 0; integers for booleans, not as wide as NumPy's."""
    return np.maximum(x, 0) if x.dtype != np.bool_ else x.astype(np.int32)


@in_float32
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)); where exp overflows the quotient is 0, as it should be."""
    with np.errstate(over="ignore"):
        return 1 / (np.exp(-x) + 1)


@in_float32
def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    with np.errstate(over="ignore"):
        return x / (np.exp(-x) + 1)


@in_float32
def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _need_axes(x: Any, axis: Axis) -> None:
    if axis is not None and not x.ndim:  # NumPy's reductions let -1 and 0 pass for a scalar
        raise ValueError("a scalar has no axis")  # the declaration says it in full


@in_float32
def softmax(x: Any, axis: Axis = -1) -> Any:
    """Exponentials divided by their sum."""
    _need_axes(x, axis)
    exponentials = np.exp(x - x.max(axis, keepdims=True))
    exponentials /= exponentials.sum(axis, keepdims=True)
    return exponentials


@in_float32
def log_softmax(x: Any, axis: Axis = -1) -> Any:
    """The logarithm of softmax."""
    _need_axes(x, axis)
    shifted = x - x.max(axis, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis, keepdims=True))
    return shifted
