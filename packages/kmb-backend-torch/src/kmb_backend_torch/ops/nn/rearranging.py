"""Blocks of images: torch's fold and unfold, which know floats only; pixel shuffling for channels that come first."""

from collections.abc import Sequence

import torch
from torch.nn import functional

from kmb_core.ops.nn import rearranging as declared

Tensor = torch.Tensor
Two = int | Sequence[int]
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def unfold(x: Tensor, kernel_size: Two, dilation: Two = 1, padding: Two = 0, stride: Two = 1) -> Tensor:
    """torch's im2col; of images of other dtypes, or of none, as the op is declared."""
    if x.dtype not in _FLOATS or x.ndim != 4 or x.numel() == 0:
        return declared.unfold.op.body(x, kernel_size, dilation, padding, stride)
    return functional.unfold(x, kernel_size, dilation, padding, stride)


def fold(x: Tensor, output_size: Two, kernel_size: Two, dilation: Two = 1, padding: Two = 0, stride: Two = 1) -> Tensor:
    """torch's col2im; of columns of other dtypes, or of none, as the op is declared."""
    if x.dtype not in _FLOATS or x.ndim != 3 or x.numel() == 0:
        return declared.fold.op.body(x, output_size, kernel_size, dilation, padding, stride)
    return functional.fold(x, output_size, kernel_size, dilation, padding, stride)


def depth_to_space(x: Tensor, block_size: int, data_format: str | None = "channels_last") -> Tensor:
    """torch's pixel_shuffle where channels come first."""
    if data_format != "channels_first" or block_size < 2 or x.ndim != 4:
        return declared.depth_to_space.op.body(x, block_size, data_format)
    return functional.pixel_shuffle(x, block_size)


def space_to_depth(x: Tensor, block_size: int, data_format: str | None = "channels_last") -> Tensor:
    """torch's pixel_unshuffle where channels come first."""
    if data_format != "channels_first" or block_size < 2 or x.ndim != 4 or not x.numel():  # which it would not reshape
        return declared.space_to_depth.op.body(x, block_size, data_format)
    return functional.pixel_unshuffle(x, block_size)
