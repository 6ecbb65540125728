"""Adaptive pooling: the declared composites, compiled as a whole instead of op by op."""

import jax

from kmb_backend_jax.kernel import kernel as compiled
from kmb_backend_jax.ops.nn.convolution import Sizes, is_channels_first, per_axis
from kmb_core.ops.nn import adaptive_pooling as declared


def adaptive_average_pool(inputs: jax.Array, output_size: Sizes, data_format: str | None = None) -> jax.Array:
    """The mean of each of so many windows."""
    counts = per_axis(output_size, inputs.ndim - 2)
    return _average_pool(inputs, counts, is_channels_first(data_format))


def adaptive_max_pool(inputs: jax.Array, output_size: Sizes, data_format: str | None = None) -> jax.Array:
    """The largest element of each of so many windows."""
    return _max_pool(inputs, per_axis(output_size, inputs.ndim - 2), is_channels_first(data_format))


@compiled(static=("counts", "channels_first"))
def _average_pool(inputs: jax.Array, counts: tuple[int, ...], channels_first: bool) -> jax.Array:
    return declared.adaptive_average_pool.op.body(inputs, counts, _FORMATS[channels_first])  # type: ignore[attr-defined]  # every declared op has its declaration


@compiled(static=("counts", "channels_first"))
def _max_pool(inputs: jax.Array, counts: tuple[int, ...], channels_first: bool) -> jax.Array:
    return declared.adaptive_max_pool.op.body(inputs, counts, _FORMATS[channels_first])  # type: ignore[attr-defined]  # every declared op has its declaration


_FORMATS = {True: "channels_first", False: "channels_last"}
