"""Statistics and normalisation. Half-precision inputs are normalised in float32: their sums would lose the mean."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.kernel import kernel
from kmb_core.backend import epsilon as default_epsilon
from kmb_core.plugins.contract import DECLARED
from kmb_core.shapes import normalize_axis

_HALVES = ("float16", "bfloat16")


def _wide(x: jax.Array) -> jax.Array:
    return x.astype(jnp.float32) if x.dtype.name in _HALVES else x


@kernel(static=("axes", "keepdims"))
def _moments(x: jax.Array, axes: Any, keepdims: bool) -> tuple[jax.Array, jax.Array]:
    wide = _wide(x)
    mean = jnp.mean(wide, axes, keepdims=True)
    variance = jnp.mean(jnp.square(wide - mean), axes, keepdims=keepdims)
    mean = mean if keepdims else jnp.squeeze(mean, axes)
    return mean.astype(x.dtype), variance.astype(x.dtype)


def moments(
    x: jax.Array, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> tuple[jax.Array, jax.Array]:
    """Mean and variance; under jit, of the whole batch wherever it lies, so `synchronized` needs nothing more."""
    return _moments(x, axes if isinstance(axes, int) or axes is None else tuple(axes), keepdims)


@kernel(static=("axis",))
def batch_normalization(
    x: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    axis: int,
    offset: jax.Array | None = None,
    scale: jax.Array | None = None,
    epsilon: float = 1e-3,
) -> jax.Array:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, along one axis."""
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    if any(p is not None and p.shape != x.shape[axis : axis + 1 or None] for p in (mean, variance, offset, scale)):
        raise ValueError("the parameters' shapes do not fit")  # the declaration says it in full
    factor = lax.rsqrt(_wide(variance) + epsilon)
    if scale is not None:
        factor = factor * scale
    result = (x - mean.reshape(shape)) * factor.reshape(shape)
    if offset is not None:
        result = result + offset.reshape(shape)
    return result.astype(x.dtype)


@kernel(static=("axis",))
def normalize_batch(
    x: jax.Array,
    axis: int,
    offset: jax.Array | None = None,
    scale: jax.Array | None = None,
    epsilon: float = 1e-3,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """`batch_normalization` with the statistics of x.

    Both are sums of differences from one of the values: XLA makes them in one pass (two, were the mean needed first),
    and no digits are lost where a mean is large against the deviation, as in sums of squares. The outputs are x times
    one number plus another, as in torch's kernel; with the differences in x's place XLA works them out several times.
    """
    axis = normalize_axis(axis, x.ndim, "ops.normalize_batch")
    if not x.size or any(p is not None and p.shape != (x.shape[axis],) for p in (offset, scale)):
        return DECLARED["normalize_batch"].body(x, axis, offset, scale, epsilon)
    wide, others = _wide(x), tuple(i for i in range(x.ndim) if i != axis)
    shape = [1] * x.ndim
    shape[axis] = -1
    first = tuple(slice(None) if i == axis else 0 for i in range(x.ndim))
    start = lax.stop_gradient(wide[first])
    moved = wide - start.reshape(shape)
    mean = jnp.mean(moved, others)
    variance = jnp.maximum(jnp.mean(jnp.square(moved), others) - jnp.square(mean), 0)
    mean = mean + start
    factor = lax.rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    rest = -mean * factor if offset is None else offset - mean * factor
    outputs = wide * factor.reshape(shape) + rest.reshape(shape)
    mean, variance = lax.stop_gradient((mean, variance))
    return outputs.astype(x.dtype), mean.astype(x.dtype), variance.astype(x.dtype)


@kernel(static=("axis",))
def _layer_normalization(
    x: jax.Array, gamma: jax.Array | None, beta: jax.Array | None, axis: Any, epsilon: float
) -> jax.Array:
    wide = _wide(x)
    mean = jnp.mean(wide, axis, keepdims=True)
    centred = wide - mean
    variance = jnp.mean(jnp.square(centred), axis, keepdims=True)
    result = centred * lax.rsqrt(variance + epsilon)
    shape = _parameter_shape(x, axis)
    if gamma is not None:
        result = result * gamma.reshape(shape)
    if beta is not None:
        result = result + beta.reshape(shape)
    return result.astype(x.dtype)


def _parameter_shape(x: jax.Array, axis: Any) -> tuple[int, ...]:
    axes = {a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)}
    return tuple(size if i in axes else 1 for i, size in enumerate(x.shape))


def layer_normalization(
    x: jax.Array,
    gamma: jax.Array | None = None,
    beta: jax.Array | None = None,
    axis: Any = -1,
    epsilon: float | None = None,
    rms_scaling: bool = False,
) -> jax.Array:
    """x with mean 0 and variance 1 along axes, scaled by gamma and moved by beta."""
    axis = axis if isinstance(axis, int) else tuple(axis)
    if rms_scaling:
        return _old_rms_scaling(x, gamma, axis, default_epsilon() if epsilon is None else epsilon)
    return _layer_normalization(x, gamma, beta, axis, default_epsilon() if epsilon is None else epsilon)


@kernel(static=("axis",))
def _old_rms_scaling(x: jax.Array, gamma: jax.Array | None, axis: Any, epsilon: float) -> jax.Array:
    wide = _wide(x)
    result = wide * lax.rsqrt(jnp.var(wide, axis, keepdims=True) + epsilon)
    if gamma is not None:
        result = result * gamma.reshape(_parameter_shape(x, axis))
    return result.astype(x.dtype)


@kernel(static=("axis",))
def _rms_normalization(x: jax.Array, scale: jax.Array | None, axis: Any, epsilon: float) -> jax.Array:
    wide = _wide(x)
    result = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axis, keepdims=True) + epsilon)
    if scale is not None:
        result = result * scale.reshape(_parameter_shape(x, axis))
    return result.astype(x.dtype)


def rms_normalization(
    x: jax.Array, scale: jax.Array | None = None, axis: Any = -1, epsilon: float | None = None
) -> jax.Array:
    """x divided by the root of its mean square."""
    axis = axis if isinstance(axis, int) else tuple(axis)
    return _rms_normalization(x, scale, axis, default_epsilon() if epsilon is None else epsilon)
