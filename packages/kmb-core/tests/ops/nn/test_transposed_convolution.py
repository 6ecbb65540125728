"""Transposed convolution against its definition, against the convolution that it is the transpose of, and Keras."""

from itertools import product

import numpy as np
import pytest

from kmb_core import KerasTensor, ops
from kmb_core.errors import ShapeError

GENERATOR = np.random.default_rng(0)
# Of one axis: size, window, stride, dilation, padding, output_padding → the size of the outputs, worked out by hand.
SIZES = [
    ((4, 3, 1, 1, "valid", None), 6),
    ((4, 3, 2, 1, "valid", None), 9),
    ((4, 2, 3, 1, "valid", None), 12),
    ((4, 3, 2, 1, "valid", 1), 10),
    ((4, 3, 2, 2, "valid", None), 11),
    ((4, 3, 1, 1, "same", None), 4),
    ((4, 3, 2, 1, "same", None), 8),
    ((4, 2, 3, 1, "same", None), 12),
    ((4, 3, 2, 1, "same", 0), 7),
    ((4, 3, 2, 1, "same", 1), 8),
    ((4, 4, 1, 1, "same", 0), 3),
    ((4, 3, 1, 2, "same", 0), 4),
    ((0, 3, 2, 1, "same", None), 0),
    ((1, 2, 1, 1, "same", 0), 0),
]


def array(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def transposed(x, kernel, strides, padding, output_padding, dilations):
    """Every element added to its window; then the middle, or more zeros at the end."""
    *window, filters, _ = kernel.shape
    extents = [(k - 1) * d + 1 for k, d in zip(window, dilations, strict=True)]
    whole = [(n - 1) * s + e for n, s, e in zip(x.shape[1:-1], strides, extents, strict=True)]
    sums = np.zeros((len(x), *whole, filters))
    for element in product(*map(range, x.shape[1:-1])):
        spans = [slice(i * s, i * s + e, d) for i, s, e, d in zip(element, strides, extents, dilations, strict=True)]
        sums[(slice(None), *spans)] += np.einsum("bc,...fc->b...f", x[(slice(None), *element)], kernel)
    for axis, (n, s, e) in enumerate(zip(x.shape[1:-1], strides, extents, strict=True), 1):
        if output_padding is None:
            wanted = n * s if padding == "same" else max(whole[axis - 1], n * s)
        else:
            wanted = whole[axis - 1] - (e // 2 * 2 if padding == "same" else 0) + output_padding[axis - 1]
        front = max(whole[axis - 1] - wanted, 0) // 2
        sums = np.moveaxis(sums, axis, 0)
        more = np.zeros((max(wanted - len(sums), 0), *sums.shape[1:]))
        sums = np.moveaxis(np.concatenate([sums, more])[front : front + wanted], 0, axis)
    return sums


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("output_padding", [None, 0, 1, 2])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize(("rank", "window"), [(1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (3, 2)])
def test_each_element_is_spread_over_a_window(rank, window, stride, dilation, output_padding, padding, data_format):
    x = GENERATOR.normal(size=(2, *(4, 3, 2)[:rank], 2)).astype("float32")
    kernel = GENERATOR.normal(size=(*(window,) * rank, 3, 2)).astype("float32")
    more = None if output_padding is None else (output_padding,) * rank
    expected = transposed(x, kernel, (stride,) * rank, padding, more, (dilation,) * rank)
    first = data_format == "channels_first"
    given = np.moveaxis(x, -1, 1) if first else x
    config = (stride, padding, output_padding, data_format, dilation)
    found = ops.conv_transpose(given, kernel, *config)
    symbolic = ops.conv_transpose(KerasTensor(given.shape), kernel, *config)
    assert symbolic.shape == tuple(found.shape)
    found = np.moveaxis(array(found), 1, -1) if first else array(found)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("call", "expected"), SIZES)
def test_sizes_are_the_documented_ones(call, expected):
    size, window, stride, dilation, padding, output_padding = call
    config = (stride, padding, output_padding, "channels_last", dilation)
    kernel = np.ones((window, 3, 2), "float32")
    assert tuple(ops.conv_transpose(np.ones((2, size, 2), "float32"), kernel, *config).shape) == (2, expected, 3)
    assert ops.conv_transpose(KerasTensor((None, size, 2)), kernel, *config).shape == (None, expected, 3)
    assert ops.conv_transpose(KerasTensor((None, None, 2)), kernel, *config).shape == (None, None, 3)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2, (2, 1), (1, 3)])
def test_it_is_the_transpose_of_a_convolution(padding, strides):
    x = GENERATOR.normal(size=(2, 4, 3, 2)).astype("float32")
    kernel = GENERATOR.normal(size=(3, 3, 5, 2)).astype("float32")
    larger = array(ops.conv_transpose(x, kernel, strides, padding))
    y = GENERATOR.normal(size=larger.shape).astype("float32")
    smaller = array(ops.conv(y, kernel, strides, padding))
    assert smaller.shape == x.shape
    np.testing.assert_allclose((larger * y).sum(), (smaller * x).sum(), rtol=1e-4)


def test_axes_have_settings_of_their_own():
    x = GENERATOR.normal(size=(1, 3, 4, 2)).astype("float32")
    kernel = GENERATOR.normal(size=(2, 5, 1, 2)).astype("float32")
    found = array(ops.conv_transpose(x, kernel, (3, 1), "same", (0, 2), "channels_last", (1, 2)))
    np.testing.assert_allclose(found, transposed(x, kernel, (3, 1), "same", (0, 2), (1, 2)), rtol=1e-4, atol=1e-5)


def test_an_empty_batch_gives_an_empty_batch():
    x, kernel = np.zeros((0, 4, 4, 3), "float32"), np.zeros((3, 3, 2, 3), "float32")
    assert tuple(ops.conv_transpose(x, kernel, 2, "same").shape) == (0, 8, 8, 2)
    assert tuple(ops.conv_transpose(x, kernel, 2, "same", 0).shape) == (0, 7, 7, 2)


def test_integers_become_floats():
    found = ops.conv_transpose(np.ones((1, 2, 1), "int32"), np.ones((2, 1, 1), "int32"))
    assert "float32" in str(found.dtype)
    assert array(found).ravel().tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("x", "kernel", "more", "words"),
    [
        ((1, 5, 5, 3), (3, 3, 4, 2), {}, "3 channels, got one for 2"),
        ((1, 5, 5, 3), (3, 4, 3), {}, "kernel of 4 axes"),
        ((5, 5), (3, 3, 3, 4), {}, "1 to 3 spatial axes"),
        ((1, 5, 5, 3), (3, 3, 4, 3), {"padding": "causal"}, "padding is one of"),
        ((1, 5, 5, 3), (3, 3, 4, 3), {"data_format": "NHWC"}, "data_format is one of"),
        ((1, 5, 5, 3), (3, 3, 4, 3), {"strides": (1, 1, 1)}, "strides is"),
        ((1, 5, 5, 3), (3, 3, 4, 3), {"strides": (2,)}, "strides is"),
        ((1, 5, 5, 3), (3, 3, 4, 3), {"strides": 0}, "strides is"),
        ((1, 5, 5, 3), (3, 3, 4, 3), {"dilation_rate": 0}, "dilation_rate is"),
        ((1, 5, 5, 3), (3, 3, 4, 3), {"output_padding": -1}, "output_padding is"),
        ((1, 5, 5, 3), (3, 3, 4, 3), {"output_padding": (1, 1, 1)}, "output_padding is"),
    ],
)
def test_what_does_not_fit_is_refused_in_the_same_words_everywhere(x, kernel, more, words):
    with pytest.raises(ShapeError, match=rf"ops\.conv_transpose: .*{words}") as eager:
        ops.conv_transpose(np.ones(x, "float32"), np.ones(kernel, "float32"), **more)
    with pytest.raises(ShapeError) as symbolic:
        ops.conv_transpose(KerasTensor(x), KerasTensor(kernel), **more)
    assert str(eager.value) == str(symbolic.value)
