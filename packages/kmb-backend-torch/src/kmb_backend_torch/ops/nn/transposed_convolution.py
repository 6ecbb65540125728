"""Transposed convolution on permuted views, as in `convolution`.

torch leaves out as much in front as at the end, and adds less than a stride at the end. What "same" leaves out besides
is cut off the result as a view; what else is to be added are zeros.
"""

import torch
from torch.nn import functional

from kmb_backend_torch.ops.nn.convolution import CHANNELS_LAST, CHANNELS_SECOND, Sizes, Tensor, is_channels_last, sizes
from kmb_core.shapes import transposed_cut

_TRANSPOSED = {1: torch.conv_transpose1d, 2: torch.conv_transpose2d, 3: torch.conv_transpose3d}
_KERNEL = {1: (2, 1, 0), 2: (3, 2, 0, 1), 3: (4, 3, 0, 1, 2)}


def conv_transpose(
    inputs: Tensor,
    kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """The gradient of a convolution with a kernel of shape (*window, out channels, in channels)."""
    rank = inputs.ndim - 2
    steps, rates = sizes(strides, rank), sizes(dilation_rate, rank)
    cuts = _cuts(kernel.shape[:rank], steps, rates, padding, output_padding)
    last = is_channels_last(data_format)
    x = inputs.permute(CHANNELS_SECOND[rank + 2]) if last else inputs
    if output_padding is not None or 0 in x.shape[2:]:
        counts = _counts(x.shape[2:], kernel.shape, steps, rates, cuts)
        if 0 in counts or 0 in x.shape[2:]:  # torch's kernel refuses these
            if kernel.ndim != x.ndim or x.shape[1] != kernel.shape[-1]:
                raise ValueError("the kernel does not fit")  # the declaration says it in full
            filters = kernel.shape[-2]
            shape = (len(x), *counts, filters) if last else (len(x), filters, *counts)
            return x.new_zeros(shape) + x.flatten()[:0].sum() + kernel.flatten()[:0].sum()  # for the gradients
    both = [max(cut, 0) // 2 for cut in cuts]
    more = [max(-cut, 0) for cut in cuts]
    given = [m if m < max(s, r) else 0 for m, s, r in zip(more, steps, rates, strict=True)]
    weight = kernel.permute(_KERNEL[rank])
    if x.shape[1] == 1:  # or torch 2.13 refuses the gradient: "grad_weight needs to be contiguous"
        weight = weight.contiguous()
    out = _TRANSPOSED[rank](x, weight, None, steps, both, given, 1, rates)
    for axis, cut in enumerate(cuts, 2):
        if cut > 0 and cut % 2:
            out = out.narrow(axis, 0, out.shape[axis] - 1)
    if given != more:
        out = functional.pad(out, [n for m, g in zip(more[::-1], given[::-1], strict=True) for n in (0, m - g)])
    return out.permute(CHANNELS_LAST[rank + 2]) if last else out


def _cuts(
    window: tuple[int, ...], steps: tuple[int, ...], rates: tuple[int, ...], padding: str, output_padding: Sizes | None
) -> list[int]:
    """How many sums are left out along each axis; what the kernel does not look at is checked here."""
    rank = len(window)
    more = (None,) * rank if output_padding is None else sizes(output_padding, rank)
    if padding not in ("same", "valid") or any(m is not None and m < 0 for m in more):
        raise ValueError(f"padding {padding!r} with output padding {output_padding!r} does not exist")
    return [
        transposed_cut((width - 1) * rate + 1, step, padding, m)
        for width, rate, step, m in zip(window, rates, steps, more, strict=True)
    ]


def _counts(
    spatial: tuple[int, ...], window: tuple[int, ...], steps: tuple[int, ...], rates: tuple[int, ...], cuts: list[int]
) -> list[int]:
    return [
        max((size - 1) * step + (width - 1) * rate + 1 - cut, 0)
        for size, width, step, rate, cut in zip(spatial, window, steps, rates, cuts, strict=False)
    ]
