"""Transposed convolution: the kernels that take a gradient back through a convolution.

They make what a convolution with "same" or "valid" padding could have had as inputs. Everything else is cut out of the
"valid" result, with zeros behind it where more is asked for.
"""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.ops.nn.convolution import has_gradient, in_channels_last, per_axis, raw_padding, spread
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import as_shape, dynamic_shape
from kmb_core.settings import standardize_data_format
from kmb_core.shapes import transposed_cut

_expand, _squeeze = raw_op("ExpandDims"), raw_op("Squeeze")
_plane, _volume = raw_op("Conv2DBackpropInput"), raw_op("Conv3DBackpropInputV2")


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """The gradient of a convolution with a kernel (*window, filters, channels)."""
    count = len(inputs.shape) - 2
    steps = per_axis(strides, count, "strides")
    rates = per_axis(dilation_rate, count, "dilation_rate")
    more = [None] * count if output_padding is None else per_axis(output_padding, count, "output_padding", 0)
    raw_padding(padding, "padding")

    def transposed(x: Any) -> Any:
        if len(kernel.shape) != count + 2 or kernel.shape[-1] != x.shape[-1]:
            raise ValueError("the kernel is for other inputs")  # the core says it in its own words
        extents = [(width - 1) * rate + 1 for width, rate in zip(kernel.shape, rates, strict=False)]
        cuts = [transposed_cut(e, step, padding, m) for e, step, m in zip(extents, steps, more, strict=True)]
        if 0 in x.shape:
            return tf.zeros(as_shape(_result(x, kernel, steps, extents, cuts)), x.dtype)
        if count > 1:
            return _transposed(x, kernel, steps, rates, extents, cuts)
        wide = _expand(x, 1), _expand(kernel, 0), [1, *steps], [1, *rates], [1, *extents], [0, *cuts]
        return _squeeze(_transposed(*wide), [1])

    return in_channels_last(transposed, inputs, standardize_data_format(data_format))


def _transposed(x: Any, kernel: Any, steps: list[int], rates: list[int], extents: list[int], cuts: list[int]) -> Any:
    if max(rates) > 1 and not has_gradient(x.dtype, len(rates), False, True):
        kernel, rates = spread(kernel, rates), [1] * len(rates)
    if all(cut == extent - step and cut >= 0 for cut, extent, step in zip(cuts, extents, steps, strict=True)):
        return _backwards(x, kernel, steps, rates, "SAME", _result(x, kernel, steps, extents, cuts))
    direct = all(-step < cut <= 0 for cut, step in zip(cuts, steps, strict=True))
    made = _result(x, kernel, steps, extents, cuts if direct else [0] * len(cuts))
    sums = _backwards(x, kernel, steps, rates, "VALID", made)
    return sums if direct else _cut_out(sums, cuts)


def _result(x: Any, kernel: Any, steps: list[int], extents: list[int], cuts: list[int]) -> tuple[Any, ...]:
    batch, *sizes, _ = dynamic_shape(x)
    axes = zip(sizes, steps, extents, cuts, strict=True)
    counts = [(size - 1) * step + extent - cut for size, step, extent, cut in axes]
    return (batch, *(max(n, 0) if isinstance(n, int) else n for n in counts), kernel.shape[-2])


def _backwards(x: Any, kernel: Any, steps: list[int], rates: list[int], padding: str, shape: tuple[Any, ...]) -> Any:
    function = _plane if len(steps) == 2 else _volume
    y = function(as_shape(shape), kernel, x, [1, *steps, 1], padding, dilations=[1, *rates, 1])
    y.set_shape([size if isinstance(size, int) else None for size in shape])
    return y


def _cut_out(sums: Any, cuts: list[int]) -> Any:
    """The sums without what is left out in front and at the end of each axis, or with zeros more at the end."""
    fronts = [max(cut, 0) // 2 for cut in cuts]
    ends = [max(cut, 0) - front for cut, front in zip(cuts, fronts, strict=True)]
    spans = [slice(front, -end if end else None) for front, end in zip(fronts, ends, strict=True)]
    return tf.pad(sums[(slice(None), *spans)], [[0, 0], *([0, max(-cut, 0)] for cut in cuts), [0, 0]])
