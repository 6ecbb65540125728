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
