import numpy as np
import pytest

from kmb_core import KerasTensor, ops
from kmb_core.errors import ShapeError

X = np.random.default_rng(0).normal(3.0, 2.0, (2, 3, 4)).astype("float32")


def numpy(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("axes", [[0], [0, 2], [-1], 1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_moments_are_mean_and_variance(axes, keepdims):
    mean, variance = ops.moments(X, axes, keepdims)
    axes = tuple(np.atleast_1d(axes))
    np.testing.assert_allclose(numpy(mean), X.mean(axes, keepdims=keepdims), rtol=1e-5)
    np.testing.assert_allclose(numpy(variance), X.var(axes, keepdims=keepdims), rtol=1e-5)


def test_moments_of_float16_do_not_overflow():
    x = ops.convert_to_tensor(np.array([400.0, -400.0], "float16"))
    mean, variance = ops.moments(ops.cast(x, "bfloat16"), [0])
    assert float(numpy(ops.cast(mean, "float32"))) == 0.0
    assert float(numpy(ops.cast(variance, "float32"))) == pytest.approx(160000, rel=0.01)
    mean, variance = ops.moments(ops.convert_to_tensor(np.array([300.0, 100.0], "float16")), [0])
    assert (float(mean), float(variance)) == (200.0, 10000.0)


@pytest.mark.parametrize("axis", [1, -1])
def test_batch_normalization_follows_its_formula(axis):
    size = X.shape[axis]
    mean, variance, offset, scale = np.random.default_rng(1).uniform(0.5, 2, (4, size)).astype("float32")
    shape = [1, 1, 1]
    shape[axis] = size
    m, v, o, s = (p.reshape(shape) for p in (mean, variance, offset, scale))
    found = ops.batch_normalization(X, mean, variance, axis, offset, scale, epsilon=0.1)
    np.testing.assert_allclose(numpy(found), (X - m) / np.sqrt(v + 0.1) * s + o, rtol=1e-5, atol=1e-5)
    plain = ops.batch_normalization(X, mean, variance, axis)
    np.testing.assert_allclose(numpy(plain), (X - m) / np.sqrt(v + 0.001), rtol=1e-5, atol=1e-5)


def test_batch_normalization_keeps_the_digits_of_small_deviations():
    x = np.array([[10000.0], [10001.0]], "float32")
    found = ops.batch_normalization(x, [10000.5], [0.25], -1, epsilon=0.0)
    assert numpy(found).ravel().tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), [0, 2]])
def test_layer_normalization_follows_its_formula(axis):
    axes = tuple(np.atleast_1d(axis))
    sizes = [X.shape[a] for a in axes]
    gamma, beta = np.random.default_rng(1).normal(size=(2, *sizes)).astype("float32")
    shape = [X.shape[i] if i in {a % 3 for a in axes} else 1 for i in range(3)]
    expected = (X - X.mean(axes, keepdims=True)) / np.sqrt(X.var(axes, keepdims=True) + 1e-3)
    expected = expected * gamma.reshape(shape) + beta.reshape(shape)
    found = ops.layer_normalization(X, gamma, beta, axis, epsilon=1e-3)
    np.testing.assert_allclose(numpy(found), expected, rtol=1e-4, atol=1e-5)
    root = np.sqrt((X**2).mean(axes, keepdims=True) + 1e-3)
    found = ops.rms_normalization(X, gamma, axis, epsilon=1e-3)
    np.testing.assert_allclose(numpy(found), X / root * gamma.reshape(shape), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_normalized_vectors_have_norm_one(order, axis):
    norms = np.linalg.norm(numpy(ops.normalize(X, axis, order)), order, axis)
    np.testing.assert_allclose(norms, 1, rtol=1e-5)


def test_normalize_leaves_zeros_alone():
    assert numpy(ops.normalize([0.0, 0.0])).tolist() == [0.0, 0.0]


def test_parameters_of_the_wrong_size_are_refused():
    with pytest.raises(ShapeError):
        ops.batch_normalization(X, np.ones(3, "float32"), np.ones(4, "float32"), -1)
    with pytest.raises(ShapeError):
        ops.batch_normalization(X, np.ones(1, "float32"), np.ones(1, "float32"), -1)
    with pytest.raises(ShapeError):
        ops.layer_normalization(X, np.ones(3, "float32"))
    with pytest.raises(ShapeError):
        ops.layer_normalization(KerasTensor((None, 4)), np.ones(3, "float32"))
    with pytest.raises(ValueError, match="order"):
        ops.normalize(X, order=0)


def test_symbolic_shapes_stay_with_unknown_sizes():
    x = KerasTensor((None, None, 4))
    assert ops.layer_normalization(x, KerasTensor((4,))).shape == x.shape
    assert ops.normalize(x).shape == x.shape
    assert [m.shape for m in ops.moments(x, [1])] == [(None, 4), (None, 4)]
