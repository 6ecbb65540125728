"""Transposed convolution: what takes a gradient back through a convolution, used to make inputs larger.

Each element of the inputs is spread over a window of the outputs. The body says the same as a convolution: zeros
between the elements, the window reversed. Every framework has a kernel that visits no zeros.
"""

from collections.abc import Sequence

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.ops import rules
from kmb_core.ops.creation import zeros
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import expand_dims, flip, pad, reshape, swapaxes
from kmb_core.ops.nn import windows
from kmb_core.ops.nn.convolution import NN, conv
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape, transposed_cut
from kmb_core.typing import Floating, Tensor

Sizes = int | Sequence[int]
Axis = tuple[int | None, int, int, int]  # size, extent of the window, stride, elements that are left out

WHERE = "ops.conv_transpose"
LAYOUT = "(*window, filters, channels)"


@composite(saved_module=NN)
def conv_transpose(
    inputs: Floating,
    kernel: Floating,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Transposed convolution over 1, 2 or 3 spatial axes: `y[i * stride + j * dilation] += x[i] @ kernel[j].T`.

    Along an axis of `size` elements, with `extent = (window - 1) * dilation + 1`, there are `(size - 1) * stride +
    extent` sums. Without `output_padding`, "valid" gives these, and zeros up to `size * stride` where the stride is the
    longer, and "same" gives `size * stride` of them. With it, "valid" gives all sums and so many zeros more, "same"
    leaves out `extent // 2` on both sides and gives so many elements more at the end. Where "same" leaves out an odd
    number, the odd one is left out at the end.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` for "channels_first".
        kernel: `(*window, filters, channels)` in either case.
        strides: steps between the windows in the outputs.
        padding: "valid" or "same".
        output_padding: elements that are added at the end of each axis, or None for the sizes above.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dilation_rate: steps between the elements of a window.

    Returns:
        Like `inputs`, with filters for channels, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes do not fit.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.

    Example:
        >>> from kmb_core import ops
        >>> y = ops.conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], strides=2)
        >>> [float(v) for v in ops.reshape(y, (-1,))]
        [1.0, 10.0, 2.0, 20.0]
    """
    sizes = static_shape(inputs)
    last = windows.chosen_format(data_format, WHERE) == "channels_last"
    axes = _axes(sizes, static_shape(kernel), strides, padding, output_padding, last, dilation_rate)
    shape = _shape(sizes, axes, static_shape(kernel)[-2], last)
    if isinstance(inputs, KerasTensor):
        return rules.shaped(inputs, shape)
    if 0 in sizes or 0 in shape:
        return zeros((shape_of(inputs)[0], *shape[1:]), dtype_of(inputs))
    start, around = (1 if last else 2), [(0, 0)] * len(sizes)
    for place, (_, extent, stride, cut) in enumerate(axes, start):
        inputs = _spread(inputs, place, stride)
        front = max(cut, 0) // 2
        around[place] = (extent - 1 - front, extent - 1 - cut + front)
    reverse = swapaxes(flip(kernel, tuple(range(len(axes)))), -1, -2)
    layout = "channels_last" if last else "channels_first"
    return conv(pad(inputs, around), reverse, 1, "valid", layout, dilation_rate)


def _axes(
    inputs: Shape,
    kernel: Shape,
    strides: Sizes,
    padding: str,
    output_padding: Sizes | None,
    last: bool,
    dilation_rate: Sizes,
) -> list[Axis]:
    """What has to be known of each spatial axis; the arguments are checked."""
    windows.check_padding(padding, WHERE)
    rank = windows.spatial_rank(inputs, WHERE)
    *window, _, depth = windows.kernel_shape(inputs, kernel, LAYOUT, WHERE)
    spatial, channels = windows.split_channels(inputs, "channels_last" if last else "channels_first")
    windows.check_depth(channels, depth, WHERE)
    steps = windows.per_axis(strides, rank, "strides", WHERE)
    dilations = windows.per_axis(dilation_rate, rank, "dilation_rate", WHERE)
    more: Sequence[int | None] = (None,) * rank
    if output_padding is not None:
        more = windows.per_axis(output_padding, rank, "output_padding", WHERE, least=0)
    extents = [(width - 1) * rate + 1 for width, rate in zip(window, dilations, strict=True)]  # type: ignore[operator]  # the sizes of a kernel are known
    cuts = [transposed_cut(e, step, padding, m) for e, step, m in zip(extents, steps, more, strict=True)]
    return list(zip(spatial, extents, steps, cuts, strict=True))


def _shape(inputs: Shape, axes: Sequence[Axis], filters: int | None, last: bool) -> Shape:
    counts = [
        None if size is None else max((size - 1) * stride + extent - cut, 0) for size, extent, stride, cut in axes
    ]
    return (inputs[0], *counts, filters) if last else (inputs[0], filters, *counts)


def _spread(x: Tensor, axis: int, stride: int) -> Tensor:
    """x with `stride - 1` zeros between the elements of an axis."""
    if stride == 1:
        return x
    sizes = shape_of(x)
    between = [(0, stride - 1) if place == axis + 1 else (0, 0) for place in range(len(sizes) + 1)]
    wide = pad(expand_dims(x, axis + 1), between)
    wide = reshape(wide, (*sizes[:axis], sizes[axis] * stride, *sizes[axis + 1 :]))
    return get_item(wide, (*[slice(None)] * axis, slice(None, 1 - stride)))
