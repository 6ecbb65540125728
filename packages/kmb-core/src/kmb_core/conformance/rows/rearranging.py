"""Rows of `ops.nn.rearranging`."""

import numpy as np

from kmb_core.conformance.row import ANY, Table, numbers

TABLE = Table()

SOME = {"gradients": True, "low_tolerance": 0.1}
EVERY = {**SOME, "dtypes": (*ANY, "int8", "uint8")}


def two(value):
    """One number for each axis."""
    return (value, value) if isinstance(value, int) else tuple(value)


def blocks(height, width, kernel, dilation, padding, stride):
    """For each block, in the order of reading, the places of its elements in the padded image."""
    sizes = [n + 2 * p for n, p in zip((height, width), padding, strict=True)]
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    starts = [range(0, n - e + 1, s) for n, e, s in zip(sizes, extents, stride, strict=True)]
    for top in starts[0]:
        for left in starts[1]:
            yield [(top + i * dilation[0], left + j * dilation[1]) for i, j in np.ndindex(*kernel)]


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Block by block."""
    settings = [two(value) for value in (kernel_size, dilation, padding, stride)]
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in settings[2])])
    columns = [[padded[:, :, row, column] for row, column in b] for b in blocks(*x.shape[2:], *settings)]
    columns = np.asarray(columns, x.dtype).transpose(2, 3, 1, 0)  # (batch, channels, elements, blocks)
    return columns.reshape(x.shape[0], x.shape[1] * columns.shape[2], columns.shape[3])


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Element by element."""
    settings = [two(value) for value in (kernel_size, dilation, padding, stride)]
    height, width = two(output_size)
    top, left = settings[2]
    kernel = settings[0][0] * settings[0][1]
    parts = x.reshape(x.shape[0], x.shape[1] // kernel, kernel, x.shape[2])
    canvas = np.zeros((*parts.shape[:2], height + 2 * top, width + 2 * left), x.dtype)
    for number, block in enumerate(blocks(height, width, *settings)):
        for element, (row, column) in enumerate(block):
            canvas[:, :, row, column] += parts[:, :, element, number]
    return canvas[:, :, top : top + height, left : left + width]


TABLE.add("unfold", unfold, numbers(2, 3, 4, 5), 2, **EVERY)
TABLE.add("unfold", unfold, numbers(1, 2, 5, 6), (2, 3), dilation=(2, 1), padding=(1, 2), stride=(2, 3), **SOME)
TABLE.add("unfold", unfold, numbers(1, 1, 4, 4), [1, 2], padding=1, stride=2, **SOME)
TABLE.add("unfold", unfold, numbers(2, 1, 3, 3), 3, **SOME)
TABLE.add("unfold", unfold, numbers(0, 2, 3, 3), 2)
TABLE.add("fold", fold, numbers(2, 8, 9), 4, 2, **EVERY)
TABLE.add("fold", fold, numbers(1, 12, 9), (5, 6), (2, 3), (2, 1), (1, 2), (2, 3), **SOME)
TABLE.add("fold", fold, numbers(2, 8, 4), (4, 4), 2, stride=2, **SOME)
TABLE.add("fold", fold, numbers(1, 4, 4), [5, 4], [2, 2], stride=[3, 2], **SOME)
TABLE.add("fold", fold, numbers(0, 4, 4), 3, 2)


def depth_to_space(x, size, data_format="channels_last"):
    """Pixel by pixel."""
    first = data_format == "channels_first"
    x = np.moveaxis(x, 1, -1) if first else x
    fewer = x.shape[-1] // size**2
    result = np.zeros((x.shape[0], x.shape[1] * size, x.shape[2] * size, fewer), x.dtype)
    for row, column in np.ndindex(size, size):
        offset = row * size + column
        channels = slice(offset, None, size**2) if first else slice(offset * fewer, (offset + 1) * fewer)
        result[:, row::size, column::size] = x[..., channels]
    return np.moveaxis(result, -1, 1) if first else result


def space_to_depth(x, size, data_format="channels_last"):
    """Channel by channel."""
    first = data_format == "channels_first"
    x = np.moveaxis(x, 1, -1) if first else x
    parts = [x[:, row::size, column::size] for row, column in np.ndindex(size, size)]
    result = np.stack(parts, -1 if first else -2)
    result = result.reshape(*result.shape[:3], x.shape[-1] * size**2)
    return np.moveaxis(result, -1, 1) if first else result


TABLE.add("depth_to_space", depth_to_space, numbers(2, 2, 3, 8), 2, **EVERY)
TABLE.add("depth_to_space", depth_to_space, numbers(2, 8, 1, 2), 2, "channels_first", **EVERY)
TABLE.add("depth_to_space", depth_to_space, numbers(1, 2, 1, 9), 3, **SOME)
TABLE.add("depth_to_space", depth_to_space, numbers(1, 18, 1, 2), 3, data_format="channels_first", **SOME)
TABLE.add("depth_to_space", depth_to_space, numbers(0, 2, 2, 4), 2)
TABLE.add("space_to_depth", space_to_depth, numbers(2, 4, 6, 2), 2, **EVERY)
TABLE.add("space_to_depth", space_to_depth, numbers(2, 2, 4, 2), 2, "channels_first", **EVERY)
TABLE.add("space_to_depth", space_to_depth, numbers(1, 3, 6, 1), 3, **SOME)
TABLE.add("space_to_depth", space_to_depth, numbers(1, 2, 3, 6), 3, data_format="channels_first", **SOME)
TABLE.add("space_to_depth", space_to_depth, numbers(0, 2, 2, 1), 2)
