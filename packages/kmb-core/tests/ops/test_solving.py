"""Linear equations: vectors and matrices as right-hand sides, singular matrices, rank, what does not fit."""

import numpy as np
import pytest
import scipy.linalg

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError

GENERATOR = np.random.default_rng(0)
A = (GENERATOR.normal(size=(3, 3)) + 3 * np.eye(3)).astype("float32")
B = GENERATOR.normal(size=(3, 2)).astype("float32")
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]], "float32")


def array(result):
    return ops.convert_to_numpy(result)


def test_solutions_are_scipys():
    np.testing.assert_allclose(array(ops.solve(A, B)), scipy.linalg.solve(A, B), rtol=1e-4)
    for lower in (False, True):
        expected = scipy.linalg.solve_triangular(A, B[:, 0], lower=lower)
        np.testing.assert_allclose(array(ops.solve_triangular(A, B[:, 0], lower=lower)), expected, rtol=1e-4)
    np.testing.assert_allclose(array(ops.lstsq(A[:, :2], B)), scipy.linalg.lstsq(A[:, :2], B)[0], rtol=1e-4)
    np.testing.assert_allclose(array(ops.pinv(A[:, :2])), scipy.linalg.pinv(A[:, :2]), rtol=1e-4)


def test_the_other_triangle_is_not_read():
    spoilt = np.tril(A) + np.triu(np.full((3, 3), np.nan, "float32"), 1)
    expected = scipy.linalg.solve_triangular(np.tril(A), B, lower=True)
    np.testing.assert_allclose(array(ops.solve_triangular(spoilt, B, lower=True)), expected, rtol=1e-4)
    factor = np.tril(A)
    np.testing.assert_allclose(array(ops.cholesky_inverse(spoilt)), np.linalg.inv(factor @ factor.T), rtol=1e-3)


@pytest.mark.parametrize("function", [ops.inv, lambda a: ops.solve(a, np.ones(2, "float32"))])
@pytest.mark.parametrize("matrix", [SINGULAR, np.zeros((2, 2), "float32")])
def test_a_singular_matrix_has_no_inverse(function, matrix):
    with pytest.raises(ValueError, match="the matrix is singular"):
        function(matrix)
    with pytest.raises(ValueError, match="the matrix is singular"):
        function(np.stack([np.eye(2, dtype="float32"), matrix]))


def test_a_vector_for_each_matrix_is_told_from_one_matrix_for_all():
    many = np.stack([A, 2 * A])
    vectors = GENERATOR.normal(size=(2, 3)).astype("float32")
    expected = np.stack([np.linalg.solve(a, b) for a, b in zip(many, vectors, strict=True)])
    np.testing.assert_allclose(array(ops.solve(many, vectors)), expected, rtol=1e-4)
    np.testing.assert_allclose(array(ops.solve(many, B)), np.stack([np.linalg.solve(a, B) for a in many]), rtol=1e-4)
    np.testing.assert_allclose(array(ops.solve(A, np.stack([B, B]))), [np.linalg.solve(A, B)] * 2, rtol=1e-4)


@pytest.mark.parametrize("op", ["solve", "solve_triangular", "lstsq"])
@pytest.mark.parametrize("shapes", [((3, 3), (4,)), ((3, 3), (4, 2)), ((2, 3, 3), (5, 3, 1)), ((3, 3), ())])
def test_right_hand_sides_that_do_not_fit_are_refused(op, shapes):
    a, b = shapes
    with pytest.raises(ShapeError, match=rf"ops\.{op}"):
        getattr(ops, op)(np.ones(a, "float32") + 3 * np.eye(3, dtype="float32"), np.ones(b, "float32"))
    with pytest.raises(ShapeError, match=rf"ops\.{op}"):
        getattr(ops, op)(KerasTensor(a), KerasTensor(b))


def test_a_system_that_is_not_square_is_for_least_squares():
    with pytest.raises(ShapeError, match=r"ops\.solve: expected square"):
        ops.solve(A[:, :2], B)
    with pytest.raises(ShapeError, match=r"ops\.solve_triangular: expected square"):
        ops.solve_triangular(A[:, :2], B)
    assert tuple(ops.lstsq(A[:, :2], B).shape) == (2, 2)


def test_of_many_best_solutions_the_shortest_is_given():
    b = np.array([1.0, 2.0], "float32")
    np.testing.assert_allclose(array(ops.lstsq(SINGULAR, b)), [0.2, 0.4], rtol=1e-4)
    stretched = np.diag([3.0, 0.5]).astype("float32")
    np.testing.assert_allclose(array(ops.lstsq(stretched, b, rcond=0.25)), [1 / 3, 0], rtol=1e-5)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "float16", "bfloat16", "float32"])
def test_dtypes_are_promoted_to_floats(dtype):
    a, b = ops.cast(np.eye(3), dtype), ops.cast(np.ones(3), "int32")
    expected = dtype if "float" in dtype else "float32"
    assert dtype_of(ops.solve(a, b)) == dtype_of(ops.lstsq(a, b)) == expected
    assert dtype_of(ops.solve_triangular(a, b)) == dtype_of(ops.inv(a)) == dtype_of(ops.pinv(a)) == expected
    assert dtype_of(ops.matrix_rank(a)) == "int32"


def test_rank_counts_what_is_not_about_zero():
    stacked = np.stack([SINGULAR, np.eye(2), np.zeros((2, 2))]).astype("float32")
    assert array(ops.matrix_rank(stacked)).tolist() == [1, 2, 0]
    assert int(ops.matrix_rank(np.diag([10.0, 4.0, 0.5]).astype("float32"), tol=1.0)) == 2
    assert array(ops.matrix_rank(np.ones((2, 0, 3), "float32"))).tolist() == [0, 0]


def test_inverses_of_as_many_matrices_as_they_have_rows_are_no_vectors():
    cubes = np.stack([A, 2 * A, 3 * A])
    np.testing.assert_allclose(array(ops.inv(cubes)), np.linalg.inv(cubes), rtol=1e-3, atol=1e-5)
    factor = np.tril(cubes)
    expected = np.linalg.inv(factor @ factor.swapaxes(-1, -2))
    np.testing.assert_allclose(array(ops.cholesky_inverse(cubes)), expected, rtol=1e-3, atol=1e-5)
