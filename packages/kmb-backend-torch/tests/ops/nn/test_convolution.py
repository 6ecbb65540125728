import itertools

import numpy as np
import pytest
import torch

from kmb_core import ops
from kmb_core.backend import Variable

RANDOM = np.random.default_rng(0)


def padded(x, window, strides, dilation, value):
    """What "same" adds, from its definition: ceil(size / stride) windows, the odd element behind."""
    amounts = [(0, 0)]
    for size, k, s, d in zip(x.shape[1:-1], window, strides, dilation, strict=True):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        amounts.append((total // 2, total - total // 2))
    return np.pad(x, [*amounts, (0, 0)], constant_values=value)


def windows(x, window, strides, dilation):
    """(position, patch of shape (batch, *window, channels)) for each window of channels-last data."""
    spatial = x.shape[1:-1]
    extents = [(k - 1) * d + 1 for k, d in zip(window, dilation, strict=True)]
    counts = [(n - e) // s + 1 for n, e, s in zip(spatial, extents, strides, strict=True)]
    for position in itertools.product(*map(range, counts)):
        cut = tuple(slice(p * s, p * s + e, d) for p, s, e, d in zip(position, strides, extents, dilation, strict=True))
        yield counts, position, x[(slice(None), *cut)]


def convolved(x, kernel, strides, padding, dilation):
    *window, group, filters = kernel.shape
    groups = x.shape[-1] // group
    if padding == "same":
        x = padded(x, window, strides, dilation, 0)
    out = None
    for counts, position, patch in windows(x, window, strides, dilation):
        if out is None:
            out = np.zeros((x.shape[0], *counts, filters))
        for g in range(groups):
            chosen = slice(g * filters // groups, (g + 1) * filters // groups)
            part = patch[..., g * group : (g + 1) * group].reshape(len(x), -1)
            out[(slice(None), *position, chosen)] = part @ kernel[..., chosen].reshape(part.shape[1], -1)
    return out


CASES = [
    ((2, 9, 3), (3, 3, 4), 1, "valid", 1),
    ((2, 9, 3), (4, 3, 4), 2, "same", 1),
    ((2, 7, 8, 3), (3, 3, 3, 4), 1, "same", 1),
    ((2, 7, 8, 3), (2, 3, 3, 4), 1, "same", 1),
    ((2, 7, 8, 4), (3, 2, 2, 6), (2, 3), "same", 1),
    ((2, 7, 8, 3), (3, 3, 3, 4), 1, "same", (2, 1)),
    ((2, 7, 8, 4), (1, 1, 4, 5), 2, "valid", 1),
    ((1, 5, 4, 6, 2), (2, 3, 2, 2, 3), 1, "same", 1),
    ((1, 5, 4, 6, 2), (2, 2, 2, 2, 3), 2, "valid", 1),
]


def per_axis(value, rank):
    return (value,) * rank if isinstance(value, int) else value


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("shape", "kernel_shape", "strides", "padding", "dilation"), CASES)
def test_convolution_is_the_sum_over_windows(shape, kernel_shape, strides, padding, dilation, data_format):
    x, kernel = RANDOM.normal(size=shape), RANDOM.normal(size=kernel_shape)
    rank = len(shape) - 2
    expected = convolved(x, kernel, per_axis(strides, rank), padding, per_axis(dilation, rank))
    given = x if data_format == "channels_last" else np.moveaxis(x, -1, 1)
    found = ops.conv(torch.from_numpy(given.copy()), torch.from_numpy(kernel), strides, padding, data_format, dilation)
    found = found if data_format == "channels_last" else torch.moveaxis(found, 1, -1)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("shape", "window", "strides"),
    [
        ((2, 7, 3), 2, 2),
        ((2, 7, 8, 3), (3, 2), 2),
        ((2, 7, 8, 3), 3, 1),
        ((2, 6, 6, 1), 2, None),
        ((1, 5, 4, 6, 2), 2, 2),
    ],
)
def test_pooling_takes_maxima_and_averages_of_what_is_not_padding(shape, window, strides, padding):
    x = RANDOM.normal(size=shape)
    rank = len(shape) - 2
    size = per_axis(window, rank)
    steps = size if strides is None else per_axis(strides, rank)
    wide = padded(x, size, steps, (1,) * rank, np.nan) if padding == "same" else x
    patches = list(windows(wide, size, steps, (1,) * rank))
    largest, average = (np.zeros((shape[0], *patches[0][0], shape[-1])) for _ in range(2))
    axes = tuple(range(1, rank + 1))
    for _, position, patch in patches:
        largest[(slice(None), *position)] = np.nanmax(patch, axes)
        average[(slice(None), *position)] = np.nanmean(patch, axes)
    given = torch.from_numpy(x)
    np.testing.assert_allclose(ops.max_pool(given, window, strides, padding).numpy(), largest)
    np.testing.assert_allclose(ops.average_pool(given, window, strides, padding).numpy(), average)


def test_integers_are_pooled_with_padding_below_every_value():
    x = torch.full((1, 3, 3, 1), -7, dtype=torch.int32)
    assert ops.max_pool(x, 2, 2, "same").unique().tolist() == [-7]


def test_no_copy_is_made_in_the_layout_of_images_forward_or_backward():
    kernel = Variable(RANDOM.normal(size=(3, 3, 4, 8)).astype("float32"))
    x = torch.randn(2, 8, 8, 4, requires_grad=True)
    y = ops.max_pool(ops.relu(ops.conv(x, kernel.value, padding="same")), 2)
    assert y.is_contiguous()
    y.sum().backward()
    assert x.grad.is_contiguous()
    assert kernel.value.grad.stride() == kernel.value.stride()


def test_channels_that_do_not_fit_are_explained():
    with pytest.raises(ValueError, match="3 channels do not divide into groups of 2"):
        ops.conv(torch.ones(1, 5, 5, 3), torch.ones(2, 2, 2, 4))
