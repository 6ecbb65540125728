"""Diagonals, turns and products of matrices: NumPy's, also where nothing is left; what does not fit is refused."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import KerasTensor
from kmb_core.errors import DTypeError, ShapeError

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")


@pytest.mark.parametrize("k", [0, 1, -2, 5, -5])
def test_diagonals_far_out_are_empty(k):
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.diag(X[0], k)), np.diag(X[0], k))
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.diag(X[0, 0], k)), np.diag(X[0, 0], k))
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.diagonal(X, k, -1, 0)), np.diagonal(X, k, -1, 0))
    assert ops.diagonal(KerasTensor(X.shape), k, -1, 0).shape == np.diagonal(X, k, -1, 0).shape


@pytest.mark.parametrize("turns", range(-3, 6))
def test_quarter_turns_are_numpys(turns):
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.rot90(X, turns, (2, 0))), np.rot90(X, turns, (2, 0)))


def test_vectors_in_a_plane_stand_in_space_where_the_other_does():
    flat, tall = X[0, :, :2], X[0, :, 1:]
    padded = np.concatenate([flat, np.zeros((3, 1), "float32")], 1)
    np.testing.assert_allclose(
        ops.convert_to_numpy(ops.cross(flat, tall)), np.cross(padded, tall), rtol=1e-5, atol=1e-6
    )
    assert tuple(ops.cross(flat, flat).shape) == ops.cross(KerasTensor((3, 2)), KerasTensor((3, 2))).shape == (3,)


def test_unknown_sizes_stay_unknown():
    assert ops.diag(KerasTensor((None,))).shape == (None, None)
    assert ops.kron(KerasTensor((None, 2)), KerasTensor((3,))).shape == (None, 6)
    assert ops.cross(KerasTensor((None, 3)), KerasTensor((4, 1, 3))).shape == (4, None, 3)
    assert ops.vander(KerasTensor((None,)), 3).shape == (None, 3)
    assert [part.shape for part in ops.slogdet(KerasTensor((None, 3, 3)))] == [(None,), (None,)]


def test_what_is_no_matrix_is_refused():
    with pytest.raises(ShapeError, match="diag"):
        ops.diag(X)
    with pytest.raises(ShapeError, match="slogdet"):
        ops.slogdet(X)
    with pytest.raises(ShapeError, match="components"):
        ops.cross(X, X)
    with pytest.raises(DTypeError, match="bool"):
        ops.cross(ops.ones((3,), "bool"), ops.ones((3,), "bool"))
    with pytest.raises(ShapeError, match="both axes"):
        ops.rot90(X, 1, (0, -3))


def test_a_singular_matrix_has_no_sign_and_no_size():
    sign, size = ops.slogdet(np.zeros((2, 2), "float32"))
    assert (float(sign), float(size)) == (0.0, -np.inf)
