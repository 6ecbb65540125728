"""Convolution layers against a sum written out in NumPy."""

import itertools

import numpy as np
import pytest

import kmb_core
from kmb_core import layers

CLASSES = {1: layers.Conv1D, 2: layers.Conv2D, 3: layers.Conv3D}


def convolved(x, kernel, strides, padding, dilation):
    """Channels last; one window at a time."""
    rank = x.ndim - 2
    window = kernel.shape[:rank]
    extents = [(k - 1) * d + 1 for k, d in zip(window, dilation, strict=True)]
    widths = [(0, 0)]
    for size, stride, extent in zip(x.shape[1:-1], strides, extents, strict=True):
        total = max((-(-size // stride) - 1) * stride + extent - size, 0) if padding == "same" else 0
        total, front = (extent - 1, extent - 1) if padding == "causal" else (total, total // 2)
        widths.append((front, total - front))
    x = np.pad(x, [*widths, (0, 0)])
    counts = [(size - e) // s + 1 for size, e, s in zip(x.shape[1:-1], extents, strides, strict=True)]
    groups = x.shape[-1] // kernel.shape[-2]
    out = np.zeros((x.shape[0], *counts, kernel.shape[-1]))
    per = kernel.shape[-1] // groups
    for place in itertools.product(*map(range, counts)):
        picks = tuple(slice(p * s, p * s + e, d) for p, s, e, d in zip(place, strides, extents, dilation, strict=True))
        part = x[(slice(None), *picks)]
        for group in range(groups):
            channels = slice(group * kernel.shape[-2], (group + 1) * kernel.shape[-2])
            filters = slice(group * per, (group + 1) * per)
            axes = list(range(1, rank + 2)), list(range(rank + 1))
            out[(slice(None), *place, filters)] = np.tensordot(part[..., channels], kernel[..., filters], axes)
    return out


CASES = [
    (1, {"kernel_size": 3}),
    (1, {"kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
    (1, {"kernel_size": 3, "padding": "causal", "strides": 2}),
    (1, {"kernel_size": 4, "padding": "same", "strides": 3}),
    (2, {"kernel_size": 3}),
    (2, {"kernel_size": (2, 3), "padding": "same"}),
    (2, {"kernel_size": 3, "padding": "same", "strides": 2}),
    (2, {"kernel_size": (2, 4), "strides": (2, 1), "padding": "same"}),
    (2, {"kernel_size": 2, "dilation_rate": (2, 1)}),
    (2, {"kernel_size": 3, "groups": 3, "padding": "same"}),
    (2, {"kernel_size": 1, "use_bias": False}),
    (3, {"kernel_size": 2, "padding": "same"}),
    (3, {"kernel_size": (1, 2, 3), "strides": (1, 2, 1)}),
]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("rank", "arguments"), CASES)
def test_it_equals_the_sum_written_out(rank, arguments, data_format, array, numpy):
    layer = CLASSES[rank](6, data_format=data_format, bias_initializer="random_normal", **arguments)
    x = array(2, *(7, 6, 5)[:rank], 3)
    first = data_format == "channels_first"
    y = numpy(layer(np.moveaxis(x, -1, 1) if first else x))
    expected = convolved(x, layer.get_weights()[0], layer.strides, layer.padding, layer.dilation_rate)
    if layer.use_bias:
        expected = expected + layer.get_weights()[1]
    np.testing.assert_allclose(np.moveaxis(y, 1, -1) if first else y, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("rank", "arguments"), CASES)
def test_the_symbolic_shape_is_the_real_one(rank, arguments, data_format, array):
    sizes = (*(7, 6, 5)[:rank], 3) if data_format == "channels_last" else (3, *(7, 6, 5)[:rank])
    layer = CLASSES[rank](6, data_format=data_format, **arguments)
    assert layer.compute_output_shape((None, *sizes)) == layer(kmb_core.Input(sizes)).shape
    assert layer.compute_output_shape((2, *sizes)) == tuple(layer(array(2, *sizes)).shape)


def test_unknown_sizes_stay_unknown():
    assert layers.Conv2D(4, 3)(kmb_core.Input((None, 8, 3))).shape == (None, None, 6, 4)


def test_the_kernel_has_the_channels_of_a_group():
    layer = layers.Conv2D(6, 3, groups=3)
    layer.build((None, 12, 12, 3))
    assert [(v.path, v.shape) for v in layer.weights] == [("conv2d/kernel", (3, 3, 1, 6)), ("conv2d/bias", (6,))]


def test_the_activation_is_applied(array, numpy):
    assert numpy(layers.Conv2D(4, 3, activation="relu")(array(2, 5, 5, 3))).min() == 0


def test_a_subclass_may_change_the_convolution(array, numpy):
    class Standardized(layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return super().convolution_op(inputs, kernel * 0.0)

    np.testing.assert_array_equal(numpy(Standardized(4, 3)(array(2, 5, 5, 3))), 0)


def test_low_rank_adaptation_adds_the_product(array, numpy):
    layer, x = layers.Conv2D(4, 3, lora_rank=2), array(2, 5, 5, 3)
    layer.build(x.shape)
    layer.lora_kernel_b.assign(array(2, 4))
    kernel, _, a, b = (v.numpy() for v in layer.variables)
    expected = convolved(x, kernel + a @ b, (1, 1), "valid", (1, 1))
    np.testing.assert_allclose(numpy(layer(x)), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"filters": 0, "kernel_size": 3}, "filters"),
        ({"filters": 4, "kernel_size": 0}, "kernel_size"),
        ({"filters": 4, "kernel_size": (3, 3, 3)}, "kernel_size"),
        ({"filters": 4, "kernel_size": 3, "strides": 0}, "strides"),
        ({"filters": 4, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "dilation_rate"),
        ({"filters": 4, "kernel_size": 3, "groups": 3}, "groups"),
        ({"filters": 4, "kernel_size": 3, "groups": 0}, "groups"),
        ({"filters": 4, "kernel_size": 3, "padding": "causal"}, "padding"),
        ({"filters": 4, "kernel_size": 3, "padding": "full"}, "padding"),
        ({"filters": 4, "kernel_size": 3, "data_format": "NHWC"}, "channels_last"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, word):
    with pytest.raises(ValueError, match=word):
        layers.Conv2D(**arguments)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((2, 2, 2, 3), "does not fit"),
        ((2, 5, 3), "expected 4 axes"),
        ((2, 5, 5, 5), "3 groups"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(shape, words, array):
    with pytest.raises(ValueError, match=words):
        layers.Conv2D(6, 3, groups=3)(array(*shape))


def test_other_channels_than_at_first_are_refused_with_the_layers_path(array):
    layer = layers.Conv2D(4, 3, name="stem")
    layer(array(2, 5, 5, 3))
    with pytest.raises(ValueError, match="Conv2D 'stem': expected axis -1 to have size 3"):
        layer(array(2, 5, 5, 4))
