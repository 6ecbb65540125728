from itertools import product

import numpy as np
import pytest

from kmb_core import KerasTensor, ops
from kmb_core.errors import ShapeError

GENERATOR = np.random.default_rng(0)
SIZES = (7, 6, 5)


def placed(shape, window, stride, dilation, padding):
    """For each place of the output, and of the window: the index into the input, or None in the padding."""
    axes = []
    for size in shape:
        extent = (window - 1) * dilation + 1
        count = -(-size // stride) if padding == "same" else (size - extent) // stride + 1
        front = max((count - 1) * stride + extent - size, 0) // 2 if padding == "same" else 0
        places = [[o * stride + w * dilation - front for w in range(window)] for o in range(count)]
        axes.append([[i if 0 <= i < size else None for i in place] for place in places])
    return axes


def by_loops(x, axes, reduce):
    counts = [len(axis) for axis in axes]
    result = np.empty(counts, object)
    for place in product(*map(range, counts)):
        window = [axis[i] for axis, i in zip(axes, place, strict=True)]
        elements = zip(product(*[range(len(w)) for w in window]), product(*window), strict=True)
        result[place] = reduce([(inside, x[indices]) for inside, indices in elements if None not in indices])
    return result


def convolved(x, kernel, stride, dilation, padding):
    groups = x.shape[-1] // kernel.shape[-2]
    each = kernel.shape[-1] // groups
    axes = placed(x.shape[1:-1], kernel.shape[0], stride, dilation, padding)
    samples = []
    for sample in x:

        def reduce(elements):
            total = np.zeros(kernel.shape[-1])
            for inside, channels in elements:
                for g in range(groups):
                    of_group = channels.reshape(groups, -1)[g]
                    total[g * each : (g + 1) * each] += of_group @ kernel[inside][:, g * each : (g + 1) * each]
            return total

        found = by_loops(sample, axes, reduce)
        samples.append(np.stack(list(found.ravel())).reshape(*found.shape, -1))
    return np.stack(samples)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_convolution_equals_loops_over_windows(rank, padding, stride, dilation, groups):
    x = GENERATOR.normal(size=(2, *SIZES[:rank], 4)).astype("float32")
    kernel = GENERATOR.normal(size=(*(2,) * rank, 4 // groups, 8)).astype("float32")
    expected = convolved(x, kernel, stride, dilation, padding)
    found = ops.conv(x, kernel, stride, padding, "channels_last", dilation)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-4, atol=1e-4)
    first = ops.conv(np.moveaxis(x, -1, 1), kernel, stride, padding, "channels_first", dilation)
    np.testing.assert_allclose(ops.convert_to_numpy(first), np.moveaxis(expected, -1, 1), rtol=1e-4, atol=1e-4)
    symbolic = ops.conv(KerasTensor((None, *x.shape[1:])), kernel, stride, padding, "channels_last", dilation)
    assert symbolic.shape == (None, *expected.shape[1:])


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("window", "stride"), [(1, 1), (2, None), (3, 1), (3, 2), (2, 3)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_pooling_equals_loops_over_windows(rank, padding, window, stride, data_format):
    x = GENERATOR.normal(size=(2, *SIZES[:rank], 3)).astype("float32")
    axes = placed(x.shape[1:-1], window, stride or window, 1, padding)
    given = np.moveaxis(x, -1, 1) if data_format == "channels_first" else x
    for pool, combine in ((ops.max_pool, np.max), (ops.average_pool, np.mean)):
        windows = [by_loops(s, axes, lambda e, c=combine: c([values for _, values in e], axis=0)) for s in x]
        expected = np.stack([np.stack(list(w.ravel())).reshape(*w.shape, -1) for w in windows])
        found = ops.convert_to_numpy(pool(given, window, stride, padding, data_format))
        found = np.moveaxis(found, 1, -1) if data_format == "channels_first" else found
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        symbolic = pool(KerasTensor((None, *given.shape[1:])), window, stride, padding, data_format)
        first = data_format == "channels_first"
        assert symbolic.shape[1:] == ((3, *expected.shape[1:-1]) if first else expected.shape[1:])


def test_an_even_window_pads_at_the_end():
    found = ops.conv(np.ones((1, 3, 1), "float32"), np.ones((2, 1, 1), "float32"), padding="same")
    assert ops.convert_to_numpy(found).ravel().tolist() == [2.0, 2.0, 1.0]


def test_strides_may_differ_by_axis():
    x = np.arange(24.0, dtype="float32").reshape(1, 4, 6, 1)
    found = ops.convert_to_numpy(ops.conv(x, np.ones((1, 1, 1, 1), "float32"), strides=(2, 3)))
    assert found[0, :, :, 0].tolist() == x[0, ::2, ::3, 0].tolist()


def test_unknown_sizes_stay_unknown():
    x = KerasTensor((None, None, 8, 3))
    assert ops.conv(x, KerasTensor((3, 3, 3, 5)), strides=2, padding="same").shape == (None, None, 4, 5)
    assert ops.max_pool(x, 2).shape == (None, None, 4, 3)


def test_an_empty_batch_gives_an_empty_batch():
    x, kernel = np.zeros((0, 4, 4, 3), "float32"), np.zeros((3, 3, 3, 2), "float32")
    assert tuple(ops.conv(x, kernel).shape) == (0, 2, 2, 2)


@pytest.mark.parametrize(
    ("x", "kernel", "more"),
    [
        ((1, 5, 5, 3), (3, 3, 2, 4), {}),
        ((1, 2, 2, 3), (3, 3, 3, 4), {}),
        ((1, 5, 5, 3), (3, 3, 4), {}),
        ((5, 5), (3, 3, 3, 4), {}),
        ((1, 5, 5, 3), (3, 3, 3, 4), {"padding": "full"}),
        ((1, 5, 5, 3), (3, 3, 3, 4), {"strides": (1, 1, 1)}),
    ],
)
def test_what_does_not_fit_is_refused_in_the_same_words_everywhere(x, kernel, more):
    with pytest.raises(ShapeError, match=r"ops\.conv") as eager:
        ops.conv(np.ones(x, "float32"), np.ones(kernel, "float32"), **more)
    with pytest.raises(ShapeError) as symbolic:
        ops.conv(KerasTensor(x), KerasTensor(kernel), **more)
    assert str(eager.value) == str(symbolic.value)


def depthwise(x, kernel, *config):
    """One convolution for each channel, with that channel alone."""
    channels = [convolved(x[..., [c]], kernel[..., [c], :], *config) for c in range(x.shape[-1])]
    return np.concatenate(channels, -1)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolution_takes_each_channel_by_itself(rank, padding, stride, dilation, multiplier):
    x = GENERATOR.normal(size=(2, *SIZES[:rank], 3)).astype("float32")
    kernel = GENERATOR.normal(size=(*(2,) * rank, 3, multiplier)).astype("float32")
    expected = depthwise(x, kernel, stride, dilation, padding)
    found = ops.depthwise_conv(x, kernel, stride, padding, "channels_last", dilation)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-4, atol=1e-4)
    first = ops.depthwise_conv(np.moveaxis(x, -1, 1), kernel, stride, padding, "channels_first", dilation)
    np.testing.assert_allclose(ops.convert_to_numpy(first), np.moveaxis(expected, -1, 1), rtol=1e-4, atol=1e-4)
    symbolic = ops.depthwise_conv(KerasTensor((None, *x.shape[1:])), kernel, stride, padding, None, dilation)
    assert symbolic.shape == (None, *expected.shape[1:])
    point = GENERATOR.normal(size=(*(1,) * rank, 3 * multiplier, 5)).astype("float32")
    mixed = ops.separable_conv(x, kernel, point, stride, padding, "channels_last", dilation)
    wanted = expected @ point.reshape(point.shape[-2:])
    np.testing.assert_allclose(ops.convert_to_numpy(mixed), wanted, rtol=1e-4, atol=1e-4)
    shape = ops.separable_conv(KerasTensor((None, *x.shape[1:])), kernel, point, stride, padding, None, dilation).shape
    assert shape == (None, *wanted.shape[1:])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [(1, 2), (2, 3), (4, 2)])
def test_strides_of_a_depthwise_convolution_may_differ_by_axis(padding, strides):
    x = GENERATOR.normal(size=(2, 7, 6, 3)).astype("float32")
    kernel = GENERATOR.normal(size=(3, 2, 3, 2)).astype("float32")
    grouped = ops.conv(x, kernel.reshape(3, 2, 1, 6), strides, padding)
    found = ops.depthwise_conv(x, kernel, strides, padding)
    np.testing.assert_allclose(ops.convert_to_numpy(found), ops.convert_to_numpy(grouped), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_same_padding_makes_nothing_of_an_axis_without_elements(rank, data_format):
    first = data_format == "channels_first"
    x = np.zeros((2, 4, 0, *(5, 6)[: rank - 1]) if first else (2, 0, *(5, 6)[: rank - 1], 4), "float32")
    kernel, each = np.ones((*(3,) * rank, 4, 2), "float32"), np.ones((*(3,) * rank, 4, 1), "float32")
    config = (2, "same", data_format)

    def sizes(tensor):
        shape = tuple(tensor.shape)
        return (shape[1], shape[2:]) if first else (shape[-1], shape[1:-1])

    expected = (0, 3, 3)[:rank]
    assert sizes(ops.conv(x, kernel, *config)) == (2, expected)
    assert sizes(ops.depthwise_conv(x, each, *config)) == (4, expected)
    assert sizes(ops.max_pool(x, 3, *config)) == (4, expected)
    assert sizes(ops.average_pool(x, 3, *config)) == (4, expected)


def test_pools_of_an_empty_batch_are_empty():
    x = np.zeros((0, 4, 4, 3), "float32")
    assert tuple(ops.max_pool(x, 2).shape) == (0, 2, 2, 3)
    assert tuple(ops.average_pool(x, 2, padding="same").shape) == (0, 2, 2, 3)
    assert tuple(ops.depthwise_conv(x, np.ones((3, 3, 3, 2), "float32")).shape) == (0, 2, 2, 6)


def test_integers_become_floats_under_a_kernel_and_stay_integers_under_maxima():
    x = np.arange(4, dtype="int32").reshape(1, 4, 1)
    assert "float32" in str(ops.conv(x, np.ones((2, 1, 1), "int32")).dtype)
    assert "float32" in str(ops.depthwise_conv(x, np.ones((2, 1, 1), "int32")).dtype)
    assert "float32" in str(ops.average_pool(x, 2).dtype)
    assert "int32" in str(ops.max_pool(x, 2).dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_16_bit_floats_give_16_bit_floats(dtype, rank):
    x = ops.cast(GENERATOR.normal(size=(1, *SIZES[:rank], 2)), dtype)
    kernel = ops.cast(GENERATOR.normal(size=(*(2,) * rank, 2, 3)), dtype)
    point = ops.cast(GENERATOR.normal(size=(*(1,) * rank, 6, 2)), dtype)
    wide = [ops.cast(tensor, "float32") for tensor in (x, kernel, point)]

    def results(x, kernel, point):
        yield ops.conv(x, kernel, 2, "same")
        yield ops.conv(x, kernel, dilation_rate=2)
        yield ops.depthwise_conv(x, kernel)
        yield ops.separable_conv(x, kernel, point)
        yield ops.conv_transpose(x, ops.swapaxes(kernel, -1, -2), 2, "same")
        yield ops.max_pool(x, 2)
        yield ops.average_pool(x, 2, padding="same")

    for found, exact in zip(results(x, kernel, point), results(*wide), strict=True):
        assert dtype in str(found.dtype)
        got = ops.convert_to_numpy(ops.cast(found, "float32"))
        np.testing.assert_allclose(got, ops.convert_to_numpy(exact), rtol=0.05, atol=0.15)


@pytest.mark.parametrize(
    ("name", "kernels", "more", "words"),
    [
        ("depthwise_conv", [(3, 3, 2, 1)], {}, "3 channels, got one for 2"),
        ("depthwise_conv", [(3, 3, 6, 1)], {}, "3 channels, got one for 6"),
        ("depthwise_conv", [(3, 3, 1)], {}, "kernel of 4 axes"),
        ("depthwise_conv", [(7, 3, 3, 1)], {}, "a window of 7 does not fit"),
        ("depthwise_conv", [(3, 3, 3, 1)], {"padding": "causal"}, "padding is one of"),
        ("depthwise_conv", [(3, 3, 3, 1)], {"strides": (1,)}, "strides is"),
        ("separable_conv", [(3, 3, 2, 1), (1, 1, 2, 4)], {}, "3 channels, got one for 2"),
        ("separable_conv", [(3, 3, 3, 2), (1, 1, 3, 4)], {}, "6 channels, got one for 3"),
        ("separable_conv", [(3, 3, 3, 1), (3, 3, 3, 4)], {}, "a window of ones"),
        ("separable_conv", [(3, 3, 3, 1), (1, 3, 4)], {}, "kernel of 4 axes"),
        ("separable_conv", [(3, 3, 3, 1), (1, 1, 3, 4)], {"dilation_rate": (2, 2, 2)}, "dilation_rate is"),
        ("conv", [(3, 3, 3, 4)], {"strides": (1,)}, "strides is"),
        ("conv", [(3, 3, 3, 4)], {"strides": 0}, "strides is"),
        ("conv", [(3, 3, 3, 4)], {"dilation_rate": 0}, "dilation_rate is"),
        ("conv", [(3, 3, 3, 4)], {"data_format": "NHWC"}, "data_format is one of"),
        ("conv", [(3, 3, 3, 4)], {"padding": "causal"}, "padding is one of"),
    ],
)
def test_kernels_that_do_not_fit_are_refused_in_the_same_words_everywhere(name, kernels, more, words):
    op, shape = getattr(ops, name), (1, 5, 5, 3)
    with pytest.raises(ShapeError, match=rf"ops\.{name}: .*{words}") as eager:
        op(np.ones(shape, "float32"), *[np.ones(kernel, "float32") for kernel in kernels], **more)
    with pytest.raises(ShapeError) as symbolic:
        op(KerasTensor(shape), *[KerasTensor(kernel) for kernel in kernels], **more)
    assert str(eager.value) == str(symbolic.value)


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
@pytest.mark.parametrize(
    ("pool_size", "more", "words"),
    [
        ((2,), {}, "pool_size is"),
        (0, {}, "pool_size is"),
        (2, {"strides": (1,)}, "strides is"),
        (2, {"strides": 0}, "strides is"),
        (2, {"padding": "full"}, "padding is one of"),
        (2, {"data_format": "NHWC"}, "data_format is one of"),
        (6, {}, "a window of 6 does not fit"),
    ],
)
def test_windows_that_do_not_fit_are_refused_in_the_same_words_everywhere(name, pool_size, more, words):
    pool = getattr(ops, name)
    with pytest.raises(ShapeError, match=rf"ops\.{name}: .*{words}") as eager:
        pool(np.ones((1, 5, 5, 3), "float32"), pool_size, **more)
    with pytest.raises(ShapeError) as symbolic:
        pool(KerasTensor((1, 5, 5, 3)), pool_size, **more)
    assert str(eager.value) == str(symbolic.value)
