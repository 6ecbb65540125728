"""Transposed convolution: XLA's convolution dilates its left side without storing the zeros."""

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.kernel import kernel as compiled
from kmb_backend_jax.ops.nn.convolution import SPATIAL, Sizes, is_channels_first, per_axis
from kmb_core.shapes import transposed_cut

_PADDINGS = {"valid": "valid", "same": "same"}


def conv_transpose(
    inputs: jax.Array,
    kernel: jax.Array,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> jax.Array:
    """The gradient of a correlation with a kernel (*window, filters, channels)."""
    rank = inputs.ndim - 2
    steps, dilations = per_axis(strides, rank), per_axis(dilation_rate, rank)
    more = (None,) * rank if output_padding is None else per_axis(output_padding, rank)
    if any(m is not None and m < 0 for m in more):
        raise ValueError(f"output padding is not negative, got {output_padding}")
    extents = [(width - 1) * rate + 1 for width, rate in zip(kernel.shape, dilations, strict=False)]
    cuts = tuple(
        transposed_cut(e, step, _PADDINGS[padding], m) for e, step, m in zip(extents, steps, more, strict=True)
    )
    return _conv_transpose(inputs, kernel, steps, cuts, is_channels_first(data_format), dilations)


@compiled(static=("strides", "cuts", "channels_first", "dilations"))
def _conv_transpose(
    inputs: jax.Array,
    kernel: jax.Array,
    strides: tuple[int, ...],
    cuts: tuple[int, ...],
    channels_first: bool,
    dilations: tuple[int, ...],
) -> jax.Array:
    rank, axes = len(strides), SPATIAL[len(strides)]
    layout = f"NC{axes}" if channels_first else f"N{axes}C"
    spatial = inputs.shape[2:] if channels_first else inputs.shape[1:-1]
    extents = [(width - 1) * rate + 1 for width, rate in zip(kernel.shape, dilations, strict=False)]
    if 0 in inputs.shape:
        if kernel.ndim != rank + 2 or kernel.shape[-1] != inputs.shape[1 if channels_first else -1]:
            raise ValueError("the kernel does not fit")  # the declaration says it in full
        counts = [
            max((n - 1) * step + e - cut, 0) for n, step, e, cut in zip(spatial, strides, extents, cuts, strict=True)
        ]
        filters, batch = kernel.shape[-2], inputs.shape[0]
        return jnp.zeros((batch, filters, *counts) if channels_first else (batch, *counts, filters), inputs.dtype)
    fronts = [max(cut, 0) // 2 for cut in cuts]
    around = [(e - 1 - f, e - 1 - cut + f) for e, cut, f in zip(extents, cuts, fronts, strict=True)]
    return lax.conv_general_dilated(
        inputs,
        lax.rev(kernel, tuple(range(rank))),
        (1,) * rank,
        around,
        lhs_dilation=strides,
        rhs_dilation=dilations,
        dimension_numbers=(layout, f"{axes}OI", layout),
    )
