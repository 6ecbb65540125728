"""Adaptive pooling: the declared composites, compiled as a whole instead of op by op."""

import jax

from kmb_backend_jax.kernel import kernel as compiled
from kmb_backend_jax.ops.nn.convolution import Sizes, is_channels_first, per_axis
from kmb_core.ops.nn import adaptive_pooling as declared


def adaptive_average_pool(inputs: jax.Array, output_size: Sizes, data_format: str | None = None) -> jax.Array:
    """The mean of each of so many windows."""
    return _average_pool(inputs, _counts(inputs, output_size), is_channels_first(data_format))


def adaptive_max_pool(inputs: jax.Array, output_size: Sizes, data_format: str | None = None) -> jax.Array:
    """The largest element of each of so many windows."""
    return _max_pool(inputs, _counts(inputs, output_size), is_channels_first(data_format))


def _counts(inputs: jax.Array, output_size: Sizes) -> tuple[int, ...]:
    counts = per_axis(output_size, inputs.ndim - 2)
    if any(not isinstance(count, int) or count < 1 for count in counts):
        raise ValueError(f"no windows: {output_size}")  # the core says it in its own words
    return counts


@compiled(static=("counts", "channels_first"))
def _average_pool(inputs: jax.Array, counts: tuple[int, ...], channels_first: bool) -> jax.Array:
    return declared.adaptive_average_pool.op.body(inputs, counts, _FORMATS[channels_first])  # type: ignore[attr-defined]  # every declared op has its declaration


@compiled(static=("counts", "channels_first"))
def _max_pool(inputs: jax.Array, counts: tuple[int, ...], channels_first: bool) -> jax.Array:
    return declared.adaptive_max_pool.op.body(inputs, counts, _FORMATS[channels_first])  # type: ignore[attr-defined]  # every declared op has its declaration


_FORMATS = {True: "channels_first", False: "channels_last"}
