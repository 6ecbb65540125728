"""Pooling layers against windows written out in NumPy."""

import itertools

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend.masks import set_mask
from kmb_core.ops import convert_to_tensor

CLASSES = {
    ("max", 1): layers.MaxPooling1D,
    ("max", 2): layers.MaxPooling2D,
    ("max", 3): layers.MaxPooling3D,
    ("average", 1): layers.AveragePooling1D,
    ("average", 2): layers.AveragePooling2D,
    ("average", 3): layers.AveragePooling3D,
}
GLOBAL = {
    ("max", 1): layers.GlobalMaxPooling1D,
    ("max", 2): layers.GlobalMaxPooling2D,
    ("max", 3): layers.GlobalMaxPooling3D,
    ("average", 1): layers.GlobalAveragePooling1D,
    ("average", 2): layers.GlobalAveragePooling2D,
    ("average", 3): layers.GlobalAveragePooling3D,
}


def pooled(x, mode, window, strides, padding):
    """Channels last; padding is NaN, which nanmax and nanmean pass over."""
    widths = [(0, 0)]
    for size, w, s in zip(x.shape[1:-1], window, strides, strict=True):
        total = max((-(-size // s) - 1) * s + w - size, 0) if padding == "same" else 0
        widths.append((total // 2, total - total // 2))
    x = np.pad(x.astype("float64"), [*widths, (0, 0)], constant_values=np.nan)
    counts = [(size - w) // s + 1 for size, w, s in zip(x.shape[1:-1], window, strides, strict=True)]
    out = np.empty((x.shape[0], *counts, x.shape[-1]))
    reduce = np.nanmax if mode == "max" else np.nanmean
    axes = tuple(range(1, x.ndim - 1))
    for place in itertools.product(*map(range, counts)):
        picks = tuple(slice(p * s, p * s + w) for p, s, w in zip(place, strides, window, strict=True))
        out[(slice(None), *place)] = reduce(x[(slice(None), *picks)], axes)
    return out


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "strides"), [(2, None), (3, 2), (3, 1), (2, 3)])
@pytest.mark.parametrize(("mode", "rank"), CLASSES)
def test_it_equals_the_windows_written_out(mode, rank, size, strides, padding, data_format, array, numpy):
    layer = CLASSES[mode, rank](size, strides, padding, data_format)
    x = array(2, *(7, 6, 5)[:rank], 3)
    first = data_format == "channels_first"
    given = np.moveaxis(x, -1, 1) if first else x
    y = numpy(layer(given))
    expected = pooled(x, mode, layer.pool_size, layer.strides, padding)
    np.testing.assert_allclose(np.moveaxis(y, 1, -1) if first else y, expected, rtol=1e-5, atol=1e-6)
    assert layer(kmb_core.Input(given.shape[1:])).shape == (None, *y.shape[1:])


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(("mode", "rank"), GLOBAL)
def test_global_pooling_reduces_the_spatial_axes(mode, rank, keepdims, data_format, array, numpy):
    layer, x = GLOBAL[mode, rank](data_format=data_format, keepdims=keepdims), array(2, *(4, 3, 5)[:rank], 3)
    axes = tuple(range(1, rank + 1)) if data_format == "channels_last" else tuple(range(2, rank + 2))
    expected = (np.max if mode == "max" else np.mean)(x, axes, keepdims=keepdims)
    if data_format == "channels_first":
        x = array(2, 3, *(4, 3, 5)[:rank])
        expected = (np.max if mode == "max" else np.mean)(x, axes, keepdims=keepdims)
    np.testing.assert_allclose(numpy(layer(x)), expected, rtol=1e-5, atol=1e-6)
    assert layer(kmb_core.Input(x.shape[1:])).shape == (None, *expected.shape[1:])


def test_masked_steps_do_not_count(numpy):
    x = convert_to_tensor(np.array([[[1.0], [3.0], [100.0]]], "float32"))
    set_mask(x, convert_to_tensor(np.array([[True, True, False]])))
    np.testing.assert_allclose(numpy(layers.GlobalAveragePooling1D()(x)), [[2.0]])


def test_integers_keep_their_dtype_in_max_pooling(numpy):
    x = np.array([[[1], [-3], [-2], [-4]]], "int32")
    y = numpy(layers.MaxPooling1D(3, padding="same", strides=2)(x))
    assert y.dtype == np.int32
    np.testing.assert_array_equal(y[0, :, 0], [1, -2])


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"pool_size": 0}, "pool_size"),
        ({"strides": -1}, "strides"),
        ({"padding": "causal"}, "padding"),
        ({"data_format": "x"}, "channels"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, word):
    with pytest.raises(ValueError, match=word):
        layers.MaxPooling2D(**arguments)


def test_inputs_that_do_not_fit_are_refused(array):
    with pytest.raises(ValueError, match="does not fit"):
        layers.MaxPooling2D(3)(array(1, 2, 2, 3))
    with pytest.raises(ValueError, match="expected 4 axes"):
        layers.MaxPooling2D(3)(array(2, 2, 3))
