"""Convolution and pooling. XLA's own "SAME" puts the odd element of padding at the end, as the op asks for."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kmb_backend_jax.kernel import kernel as compiled
from kmb_core.backend import image_data_format

Sizes = int | Sequence[int]

SPATIAL = {1: "W", 2: "HW", 3: "DHW"}
_PADDINGS = {"valid": "VALID", "same": "SAME"}
_FIRST = {"channels_first": True, "channels_last": False}


def per_axis(value: Sizes, rank: int) -> tuple[int, ...]:
    """One number for each spatial axis."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def is_channels_first(data_format: str | None) -> bool:
    """Whether the channels stand before the spatial axes; None asks the configuration."""
    return _FIRST[data_format or image_data_format()]


def conv(
    inputs: jax.Array,
    kernel: jax.Array,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> jax.Array:
    """Correlation with a kernel (*window, channels / groups, filters)."""
    rank = inputs.ndim - 2
    strides, dilations = per_axis(strides, rank), per_axis(dilation_rate, rank)
    return _conv(inputs, kernel, strides, _PADDINGS[padding], is_channels_first(data_format), dilations)


@compiled(static=("strides", "padding", "channels_first", "dilations"))
def _conv(
    inputs: jax.Array,
    kernel: jax.Array,
    strides: tuple[int, ...],
    padding: str,
    channels_first: bool,
    dilations: tuple[int, ...],
) -> jax.Array:
    axes = SPATIAL[inputs.ndim - 2]
    layout = f"NC{axes}" if channels_first else f"N{axes}C"
    groups = inputs.shape[1 if channels_first else -1] // kernel.shape[-2]
    spatial = inputs.shape[2:] if channels_first else inputs.shape[1:-1]
    _check_fit(spatial, [(size - 1) * step + 1 for size, step in zip(kernel.shape, dilations, strict=False)], padding)
    return lax.conv_general_dilated(
        inputs,
        kernel,
        strides,
        padding,
        rhs_dilation=dilations,
        dimension_numbers=(layout, f"{axes}IO", layout),
        feature_group_count=groups,
    )


def depthwise_conv(
    inputs: jax.Array,
    kernel: jax.Array,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> jax.Array:
    """Correlation of each channel by itself, with a kernel (*window, channels, multiplier)."""
    rank = inputs.ndim - 2
    strides, dilations = per_axis(strides, rank), per_axis(dilation_rate, rank)
    return _depthwise(inputs, kernel, strides, _PADDINGS[padding], is_channels_first(data_format), dilations)


@compiled(static=("strides", "padding", "channels_first", "dilations"))
def _depthwise(
    inputs: jax.Array,
    kernel: jax.Array,
    strides: tuple[int, ...],
    padding: str,
    channels_first: bool,
    dilations: tuple[int, ...],
) -> jax.Array:
    *window, channels, multiplier = kernel.shape
    if channels != inputs.shape[1 if channels_first else -1]:
        raise ValueError(f"a kernel for {channels} channels does not fit inputs of shape {inputs.shape}")
    grouped = kernel.reshape(*window, 1, channels * multiplier)
    return _conv(inputs, grouped, strides, padding, channels_first, dilations)


def separable_conv(
    inputs: jax.Array,
    depthwise_kernel: jax.Array,
    pointwise_kernel: jax.Array,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> jax.Array:
    """A depthwise correlation, then one that mixes the channels."""
    deep = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    *window, channels, _ = pointwise_kernel.shape
    if channels != deep.shape[1 if is_channels_first(data_format) else -1] or any(size != 1 for size in window):
        raise ValueError(f"a pointwise kernel of shape {pointwise_kernel.shape} does not fit {deep.shape}")
    return conv(deep, pointwise_kernel, 1, "valid", data_format)


def _check_fit(sizes: Sequence[int], extents: Sequence[int], padding: str) -> None:
    """XLA makes an empty result where a window does not fit, and goes on."""
    if padding == "VALID" and any(size < extent and extent > 1 for size, extent in zip(sizes, extents, strict=True)):
        raise ValueError(f"a window of {tuple(extents)} does not fit in {tuple(sizes)} without padding")


def max_pool(
    inputs: jax.Array,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> jax.Array:
    """The largest element of each window."""
    return _max_pool(inputs, *_windows(inputs, pool_size, strides, data_format), _PADDINGS[padding])


def average_pool(
    inputs: jax.Array,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> jax.Array:
    """The mean of each window, padding left out."""
    return _average_pool(inputs, *_windows(inputs, pool_size, strides, data_format), _PADDINGS[padding])


def _windows(
    inputs: jax.Array, pool_size: Sizes, strides: Sizes | None, data_format: str | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Window and strides over all axes, those of batch and channels included."""
    rank = inputs.ndim - 2
    if not 1 <= rank <= 3:
        raise ValueError("not 1 to 3 spatial axes")  # the declaration says it in full
    window = per_axis(pool_size, rank)
    steps = window if strides is None else per_axis(strides, rank)
    if is_channels_first(data_format):
        return (1, 1, *window), (1, 1, *steps)
    return (1, *window, 1), (1, *steps, 1)


def _least(dtype: np.dtype) -> np.generic:
    """What no element of the dtype is below."""
    if dtype.kind == "b":
        return np.False_
    return dtype.type(-np.inf if jnp.issubdtype(dtype, jnp.floating) else np.iinfo(dtype).min)


@compiled(static=("window", "strides", "padding"))
def _max_pool(inputs: jax.Array, window: tuple[int, ...], strides: tuple[int, ...], padding: str) -> jax.Array:
    _check_fit(inputs.shape, window, padding)
    return lax.reduce_window(inputs, _least(inputs.dtype), lax.max, window, strides, padding)


@compiled(static=("window", "strides", "padding"))
def _average_pool(inputs: jax.Array, window: tuple[int, ...], strides: tuple[int, ...], padding: str) -> jax.Array:
    _check_fit(inputs.shape, window, padding)
    zero = inputs.dtype.type(0)
    sums = lax.reduce_window(inputs, zero, lax.add, window, strides, padding)
    if padding == "VALID":
        return sums / np.prod(window)
    ones = jnp.ones((1,) * inputs.ndim, inputs.dtype)
    spatial = [size if width > 1 else 1 for size, width in zip(inputs.shape, window, strict=True)]
    counts = lax.reduce_window(
        jnp.broadcast_to(ones, spatial), zero, lax.add, window, _strides_of_counts(window, strides), padding
    )
    return sums / counts


def _strides_of_counts(window: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...]:
    """A window of one element always counts one, whatever the stride: such axes are broadcast."""
    return tuple(step if width > 1 else 1 for step, width in zip(strides, window, strict=True))
