"""Joining and cutting tensors of few axes; places in grids."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError

X = np.arange(24, dtype="float32").reshape(2, 3, 4)


@pytest.mark.parametrize("rank", range(4))
@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack"])
def test_tensors_of_any_rank_are_stacked_as_numpy_does(name, rank):
    part = X[(0,) * (3 - rank)]
    expected = getattr(np, name)([part, part])
    np.testing.assert_array_equal(ops.convert_to_numpy(getattr(ops, name)([part, part])), expected)
    assert getattr(ops, name)([KerasTensor(part.shape)] * 2).shape == expected.shape


@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_pieces_may_differ_by_one_and_may_be_empty(pieces):
    found = ops.array_split(X, pieces, 2)
    for part, expected in zip(found, np.array_split(X, pieces, 2), strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(part), expected)
    assert [part.shape for part in ops.array_split(KerasTensor((2, 3, 4)), pieces, 2)] == [p.shape for p in found]


def test_a_tensor_without_the_axis_cannot_be_cut_along_it():
    for name, x in (("hsplit", X[0, 0, 0]), ("vsplit", X[0, 0]), ("dsplit", X[0])):
        with pytest.raises(ShapeError, match=name):
            getattr(ops, name)(x, 1)
    with pytest.raises(ValueError, match="piece"):
        ops.array_split(X, 0)


@pytest.mark.parametrize("indexing", ["xy", "ij"])
def test_grids_are_numpys_and_keep_each_dtype(indexing):
    lines = (np.arange(2, dtype="float32"), np.arange(3, dtype="int32"), np.ones((2, 2), "float32"))
    found = ops.meshgrid(*lines, indexing=indexing)
    for part, expected in zip(found, np.meshgrid(*lines, indexing=indexing), strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(part), expected)
    symbolic = ops.meshgrid(*(KerasTensor(line.shape, str(line.dtype)) for line in lines), indexing=indexing)
    assert [(part.shape, part.dtype) for part in symbolic] == [
        (tuple(part.shape), str(line.dtype)) for part, line in zip(found, lines, strict=True)
    ]


def test_places_in_a_grid_are_found_from_both_ends():
    places = ops.unravel_index(np.array([5, -1], "int32"), (3, 4))
    assert [ops.convert_to_numpy(place).tolist() for place in places] == [[1, 2], [1, 3]]
