"""Decompositions: products give the matrix again, SciPy's conventions hold, bad matrices are refused alike."""

import numpy as np
import pytest
import scipy.linalg

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError

GENERATOR = np.random.default_rng(0)
SQUARE = GENERATOR.normal(size=(5, 5)).astype("float32")
DEFINITE = (SQUARE @ SQUARE.T + np.eye(5)).astype("float32")
ALL = (ops.cholesky, ops.lu_factor, ops.qr, ops.svd, ops.eigh, ops.eig, ops.inv, ops.det, ops.logdet, ops.pinv)
OF_SQUARES = (ops.cholesky, ops.eigh, ops.eig, ops.inv, ops.det, ops.logdet, ops.slogdet, ops.cholesky_inverse)


def arrays(results):
    return [ops.convert_to_numpy(result) for result in results]


def test_only_the_lower_triangle_of_a_symmetric_matrix_is_read():
    spoilt = DEFINITE + np.triu(np.full((5, 5), np.nan, "float32"), 1)
    lower = np.linalg.cholesky(DEFINITE.astype("float64"))
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cholesky(spoilt)), lower, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cholesky(spoilt, upper=True)), lower.T, rtol=1e-4, atol=1e-5)
    values, vectors = arrays(ops.eigh(spoilt))
    np.testing.assert_allclose((vectors * values) @ vectors.T, DEFINITE, atol=1e-4)


@pytest.mark.parametrize("matrix", [-np.eye(2), np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 1.0]])])
def test_a_matrix_that_is_not_positive_definite_has_no_factor(matrix):
    with pytest.raises(ValueError, match=r"ops\.cholesky: the matrix is not positive definite"):
        ops.cholesky(matrix.astype("float32"))


@pytest.mark.parametrize("shape", [(5, 5), (6, 4), (4, 6), (1, 3), (3, 1)])
@pytest.mark.parametrize("kind", ["float32", "complex64"])
def test_elimination_is_scipys(shape, kind):
    matrix = GENERATOR.normal(size=shape) + (1j * GENERATOR.normal(size=shape) if kind == "complex64" else 0)
    factors, pivots = arrays(ops.lu_factor(matrix.astype(kind)))
    expected = scipy.linalg.lu_factor(matrix)
    np.testing.assert_allclose(factors, expected[0], rtol=1e-4, atol=1e-5)
    assert pivots.dtype == "int32"
    assert pivots.tolist() == expected[1].tolist()


def test_a_singular_matrix_is_eliminated_too():
    matrix = np.array([[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]], "float32")
    factors, pivots = arrays(ops.lu_factor(matrix))
    assert factors.tolist() == [[[2, 4], [0.5, 0]], [[0, 0], [0, 0]], [[1, 0], [0, 1]]]
    assert pivots.tolist() == [[1, 1], [0, 1], [1, 1]]


@pytest.mark.parametrize("shape", [(2, 4, 3), (2, 3, 4), (3, 3), (2, 3, 0), (0, 2, 3)])
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_an_orthogonal_matrix_times_a_triangle_gives_the_matrix(shape, mode):
    matrix = GENERATOR.normal(size=shape).astype("float32")
    q, r = arrays(ops.qr(matrix, mode))
    np.testing.assert_allclose(q @ r, matrix, atol=1e-5)
    units = np.broadcast_to(np.eye(q.shape[-1]), (*shape[:-2], *q.shape[-1:] * 2))
    np.testing.assert_allclose(q.swapaxes(-1, -2) @ q, units, atol=1e-5)
    np.testing.assert_allclose(np.tril(r, -1), 0, atol=1e-6)


def test_singular_vectors_of_full_size_are_orthogonal():
    matrix = GENERATOR.normal(size=(2, 5, 3)).astype("float32")
    u, s, vh = arrays(ops.svd(matrix))
    assert (u.shape, s.shape, vh.shape) == ((2, 5, 5), (2, 3), (2, 3, 3))
    np.testing.assert_allclose(u.swapaxes(-1, -2) @ u, [np.eye(5)] * 2, atol=1e-5)
    np.testing.assert_allclose(u[..., :3] * s[:, None] @ vh, matrix, atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(ops.svd(matrix, compute_uv=False)), s, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", "float16", "bfloat16", "complex64"])
def test_eigenvalues_of_any_matrix_are_complex(dtype):
    values, vectors = ops.eig(ops.cast(np.array([[0, 1], [1, 1]]), dtype))
    assert dtype_of(values) == dtype_of(vectors) == "complex64"
    golden = (1 + 5**0.5) / 2
    np.testing.assert_allclose(sorted(ops.convert_to_numpy(values).real), [1 - golden, golden], rtol=1e-5)


@pytest.mark.parametrize("function", OF_SQUARES)
def test_a_matrix_that_is_not_square_is_refused(function):
    for shape in ((2, 3), (4, 2, 3), (3,)):
        with pytest.raises(ShapeError, match=rf"ops\.{function.__name__}: expected square matrices"):
            function(np.ones(shape, "float32"))
        with pytest.raises(ShapeError, match=rf"ops\.{function.__name__}: expected square matrices"):
            function(KerasTensor(shape))


@pytest.mark.parametrize("function", [ops.lu_factor, ops.qr, ops.svd, ops.pinv, ops.matrix_rank])
def test_a_vector_is_no_matrix(function):
    for given in (np.ones(3, "float32"), KerasTensor((3,))):
        with pytest.raises(ShapeError, match=rf"ops\.{function.__name__}: expected matrices"):
            function(given)


def test_another_mode_is_refused():
    for given in (SQUARE, KerasTensor((5, 5))):
        with pytest.raises(ValueError, match="reduced"):
            ops.qr(given, mode="r")


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_16_bits_stay_16_bits(function, dtype):
    first = function(ops.convert_to_tensor(DEFINITE, dtype))
    first = first[0] if isinstance(first, (tuple, list)) else first
    assert dtype_of(first) == ("complex64" if function is ops.eig else dtype)


def test_unknown_sizes_stay_unknown():
    x = KerasTensor((None, None, 3))
    assert [part.shape for part in ops.svd(x)] == [(None, None, None), (None, None), (None, 3, 3)]
    assert [part.shape for part in ops.svd(x, False)] == [(None, None, None), (None, None), (None, None, 3)]
    assert [part.shape for part in ops.qr(x, "complete")] == [(None, None, None), (None, None, 3)]
    assert [part.shape for part in ops.lu_factor(x)] == [(None, None, 3), (None, None)]
    assert ops.pinv(x).shape == (None, 3, None)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("function", "sizes"), [(ops.svd, (4, 4)), (ops.pinv, (3, 4)), (lambda x: ops.lstsq(x, x[:, 0]), (3,))]
)
def test_a_matrix_that_is_not_finite_is_refused_or_gives_something_and_never_hangs(function, sizes, value):
    matrix = GENERATOR.normal(size=(4, 3))
    matrix[1, 1] = value
    try:
        first = function(matrix)
    except Exception as error:
        found = type(error).__name__.lstrip("_")
    else:
        found = ops.shape(first[0] if isinstance(first, (list, tuple)) else first)
    assert found in ("LinAlgError", sizes)
