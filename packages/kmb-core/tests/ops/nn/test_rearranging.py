"""Blocks of images, depth and space: against NumPy's windows, adjoint to each other, errors."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from kmb_core import ops
from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


def windows(x, kernel, dilation, padding, stride):
    """NumPy's windows, dilated and strided, as columns."""
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    views = sliding_window_view(x, extents, (2, 3))
    views = views[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    return views.transpose(0, 1, 4, 5, 2, 3).reshape(x.shape[0], -1, views.shape[2] * views.shape[3])


@settings(deadline=None, max_examples=25)
@given(kernel=PAIRS, dilation=PAIRS, stride=PAIRS, padding=st.tuples(st.integers(0, 2), st.integers(0, 2)))
def test_blocks_are_numpys_windows_and_fold_is_the_adjoint(kernel, dilation, stride, padding):
    sizes = (5, 6)
    fits = [n + 2 * p > (k - 1) * d for n, p, k, d in zip(sizes, padding, kernel, dilation, strict=True)]
    assume(all(fits))
    x = drawn(2, 2, *sizes)
    columns = array(ops.unfold(x, kernel, dilation, padding, stride))
    np.testing.assert_array_equal(columns, windows(x, kernel, dilation, padding, stride))
    weights = drawn(*columns.shape, seed=1)
    folded = array(ops.fold(weights, sizes, kernel, dilation, padding, stride))
    np.testing.assert_allclose((columns * weights).sum(), (x * folded).sum(), rtol=1e-3, atol=1e-3)


def test_blocks_that_do_not_overlap_come_back_as_they_were():
    x = np.arange(2 * 3 * 4 * 6, dtype="int32").reshape(2, 3, 4, 6)
    columns = ops.unfold(x, (2, 3), stride=(2, 3))
    np.testing.assert_array_equal(array(ops.fold(columns, (4, 6), (2, 3), stride=(2, 3))), x)


@settings(deadline=None, max_examples=20)
@given(block=st.integers(2, 3), first=st.booleans(), height=st.integers(1, 3), width=st.integers(1, 3))
def test_depth_to_space_undoes_space_to_depth(block, first, height, width):
    data_format = "channels_first" if first else "channels_last"
    spatial = (height * block, width * block)
    x = drawn(2, 3, *spatial) if first else drawn(2, *spatial, 3)
    deep = ops.space_to_depth(x, block, data_format)
    assert tuple(deep.shape)[1 if first else 3] == 3 * block**2
    np.testing.assert_array_equal(array(ops.depth_to_space(deep, block, data_format)), x)


def test_the_format_decides_which_channels_share_a_block():
    x = np.arange(8, dtype="float32")
    last = array(ops.depth_to_space(x.reshape(1, 1, 1, 8), 2))
    assert last[0, :, :, 0].tolist() == [[0, 2], [4, 6]]
    first = array(ops.depth_to_space(x.reshape(1, 8, 1, 1), 2, "channels_first"))
    assert first[0, 0].tolist() == [[0, 1], [2, 3]]


def test_unknown_sizes_stay_unknown():
    x = KerasTensor((None, 3, None, 8))
    assert ops.unfold(x, 2, stride=2).shape == (None, 12, None)
    assert ops.unfold(KerasTensor((None, 3, 4, 8)), 2, stride=2).shape == (None, 12, 8)
    assert ops.fold(KerasTensor((None, 12, None)), (4, 8), 2, stride=2).shape == (None, 3, 4, 8)
    assert ops.depth_to_space(KerasTensor((None, None, 2, 8)), 2).shape == (None, None, 4, 2)
    assert ops.space_to_depth(KerasTensor((None, 2, None, 6)), 2).shape == (None, 1, None, 24)


WRONG = {
    "no batch": lambda x: ops.unfold(x[0], 2),
    "a block that does not fit": lambda x: ops.unfold(x, 5),
    "a negative border": lambda x: ops.unfold(x, 2, padding=-1),
    "three sizes for two axes": lambda x: ops.unfold(x, (1, 1, 1)),
    "no stride": lambda x: ops.unfold(x, 2, stride=0),
    "columns that do not divide": lambda x: ops.fold(x[:, :3, 0], 2, 2),
    "another number of blocks": lambda x: ops.fold(x[0], 4, 2),
    "images for columns": lambda x: ops.fold(x, 4, 2),
    "blocks of one": lambda x: ops.depth_to_space(x, 1),
    "channels that do not divide": lambda x: ops.depth_to_space(x, 3),
    "heights that do not divide": lambda x: ops.space_to_depth(x, 3),
    "another format": lambda x: ops.space_to_depth(x, 2, "channels_middle"),
    "three axes": lambda x: ops.space_to_depth(x[0], 2),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_a_shape_error(call):
    with pytest.raises(ShapeError, match=r"^ops\."):
        call(ops.convert_to_tensor(drawn(2, 4, 4, 4)))
