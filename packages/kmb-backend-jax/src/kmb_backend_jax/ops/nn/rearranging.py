"""Blocks of images, depth and space: each op's steps compiled into one. `fold` pads, because XLA fuses that."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.kernel import kernel
from kmb_core.backend import image_data_format
from kmb_core.ops.nn import rearranging as declared

Two = int | Sequence[int]

_BLOCKS, _DEPTH = ("kernel_size", "dilation", "padding", "stride"), ("block_size", "data_format")


@cache
def _compiled(op: str, static: tuple[str, ...]) -> Any:
    """An op as it is declared, compiled into one; it is declared when this module is there."""
    return kernel(getattr(declared, op).op.body, static=static)


def unfold(x: jax.Array, kernel_size: Two, dilation: Two = 1, padding: Two = 0, stride: Two = 1) -> jax.Array:
    """Strided slices, one for each element of a block."""
    return _compiled("unfold", _BLOCKS)(x, *map(_hashable, (kernel_size, dilation, padding, stride)))


def _hashable(size: Any) -> Any:
    return tuple(size) if isinstance(size, (list, tuple)) else size


def fold(
    x: jax.Array, output_size: Two, kernel_size: Two, dilation: Two = 1, padding: Two = 0, stride: Two = 1
) -> jax.Array:
    """The sum of all parts, each spread and moved to its place."""
    kernel_sizes, dilations, borders, strides = declared.sizes_of(kernel_size, dilation, padding, stride, "ops.fold")
    output = declared.output_sizes(output_size)
    counts = declared.block_counts(output, kernel_sizes, dilations, borders, strides, "ops.fold")
    declared.folded_shape(x.shape, kernel_sizes, counts)
    return _fold(x, output, kernel_sizes, dilations, borders, strides, tuple(counts))


@kernel(static=("output", "kernel_sizes", "dilations", "borders", "strides", "counts"))
def _fold(
    x: jax.Array,
    output: tuple[int, ...],
    kernel_sizes: tuple[int, ...],
    dilations: tuple[int, ...],
    borders: tuple[int, ...],
    strides: tuple[int, ...],
    counts: tuple[int, ...],
) -> jax.Array:
    elements = kernel_sizes[0] * kernel_sizes[1]
    parts = x.reshape(x.shape[0], x.shape[1] // elements, elements, *counts)
    canvas = jnp.zeros((), parts.dtype)
    for number, at in enumerate(declared.offsets(kernel_sizes, dilations)):
        spread = [
            # Where the part begins, what is left behind it, and the gaps of a step in it; negative: cut off.
            (first - border, size + border - first - ((count - 1) * step + 1), step - 1)
            for first, border, size, count, step in zip(at, borders, output, counts, strides, strict=True)
        ]
        part = lax.pad(parts[:, :, number], jnp.zeros((), parts.dtype), [(0, 0, 0), (0, 0, 0), *spread])
        canvas = canvas | part if parts.dtype == bool else canvas + part
    return canvas


def depth_to_space(x: jax.Array, block_size: int, data_format: str | None = "channels_last") -> jax.Array:
    """Reshaped, transposed, reshaped."""
    return _compiled("depth_to_space", _DEPTH)(x, block_size, data_format or image_data_format())


def space_to_depth(x: jax.Array, block_size: int, data_format: str | None = "channels_last") -> jax.Array:
    """Reshaped, transposed, reshaped."""
    return _compiled("space_to_depth", _DEPTH)(x, block_size, data_format or image_data_format())
