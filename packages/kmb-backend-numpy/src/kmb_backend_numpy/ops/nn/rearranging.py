"""Sums of blocks: one addition for each element of a block, in place."""

from collections.abc import Sequence

import numpy as np

from kmb_core.ops.nn import rearranging as declared

Two = int | Sequence[int]


def fold(
    x: np.ndarray, output_size: Two, kernel_size: Two, dilation: Two = 1, padding: Two = 0, stride: Two = 1
) -> np.ndarray:
    """Strided slices of the padded images, added to."""
    kernel, dilations, borders, strides = declared.sizes_of(kernel_size, dilation, padding, stride, "ops.fold")
    height, width = declared.output_sizes(output_size)
    counts = declared.block_counts((height, width), kernel, dilations, borders, strides, "ops.fold")
    batch, depth, _ = declared.folded_shape(x.shape, kernel, counts)
    parts = x.reshape(batch, depth // (kernel[0] * kernel[1]), kernel[0] * kernel[1], *counts)
    canvas = np.zeros((*parts.shape[:2], height + 2 * borders[0], width + 2 * borders[1]), x.dtype)
    ends = [(count - 1) * step + 1 for count, step in zip(counts, strides, strict=True)]
    for number, (top, left) in enumerate(declared.offsets(kernel, dilations)):
        canvas[:, :, top : top + ends[0] : strides[0], left : left + ends[1] : strides[1]] += parts[:, :, number]
    return canvas[:, :, borders[0] : borders[0] + height, borders[1] : borders[1] + width]
