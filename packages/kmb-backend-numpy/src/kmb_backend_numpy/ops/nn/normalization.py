"""Normalization in as few passes as it takes; the core's bodies say what it is."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kmb_backend_numpy.ops.nn.precision import in_float32
from kmb_core.backend import epsilon as default_epsilon

Axes = int | Sequence[int]


@in_float32
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 0.001,
) -> Any:
    """Shift and scale with one statistic for each index of an axis."""
    sizes = (x.shape[axis],)
    if any(given is not None and given.shape != sizes for given in (mean, variance, offset, scale)):
        raise ValueError(f"statistics have shape {sizes}")
    shape = [1] * x.ndim
    shape[axis] = -1
    factor = 1 / np.sqrt(_wide(variance) + epsilon)
    if scale is not None:
        factor = factor * _wide(scale)
    result = x - _wide(mean).reshape(shape)
    result *= factor.reshape(shape)
    if offset is not None:
        result += _wide(offset).reshape(shape)
    return result


@in_float32
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Axes = -1, epsilon: float | None = None, **kwargs: Any
) -> Any:
    """Shift and scale to mean 0 and variance 1 along axes."""
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise TypeError(f"unexpected arguments {sorted(kwargs)}")
    axes = _normalized(axis, x.ndim)
    shifted = x - x.mean(axes, keepdims=True)
    factor = _inverse_root(shifted, axes, epsilon)
    result = x if rms_scaling else shifted
    result = np.multiply(result, factor, out=shifted)
    if gamma is not None:
        result *= _along(gamma, x, axes)
    if beta is not None and not rms_scaling:
        result += _along(beta, x, axes)
    return result


@in_float32
def rms_normalization(x: Any, scale: Any = None, axis: Axes = -1, epsilon: float | None = None) -> Any:
    """Divide by the root of the mean square along axes."""
    axes = _normalized(axis, x.ndim)
    result = x * _inverse_root(x, axes, epsilon)
    if scale is not None:
        result *= _along(scale, x, axes)
    return result


def _inverse_root(x: Any, axes: tuple[int, ...], epsilon: float | None) -> Any:
    mean_square = np.square(x).mean(axes, keepdims=True)
    return 1 / np.sqrt(mean_square + (default_epsilon() if epsilon is None else epsilon))


def _normalized(axis: Axes, rank: int) -> tuple[int, ...]:
    axes = (axis,) if isinstance(axis, int) else axis
    return tuple(sorted(range(rank)[a] for a in axes))


def _along(parameter: Any, x: Any, axes: tuple[int, ...]) -> Any:
    sizes = tuple(x.shape[axis] for axis in axes)
    if parameter.shape != sizes:
        raise ValueError(f"expected a parameter of shape {sizes}, got {parameter.shape}")
    return _wide(parameter).reshape([size if i in axes else 1 for i, size in enumerate(x.shape)])


def _wide(x: Any) -> Any:
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x
