import math

import numpy as np
import pytest
from scipy import special

from kmb_core import KerasTensor, ops
from kmb_core.errors import ShapeError

X = np.array([-100.0, -6.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 100.0], "float32")

EXPECTED = {
    "relu": lambda x: np.where(x > 0, x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * np.expm1(np.minimum(x, 0))),
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "sigmoid": special.expit,
    "log_sigmoid": special.log_expit,
    "silu": lambda x: x * special.expit(x),
    "softplus": lambda x: np.logaddexp(x, 0),
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_shrink": lambda x: np.where(abs(x) > 0.5, x, 0),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x)),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
}


def numpy(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("name", EXPECTED)
def test_values_are_those_of_the_definition(name):
    expected = EXPECTED[name](X.astype("float64"))
    np.testing.assert_allclose(numpy(getattr(ops, name)(X)), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_floating_dtypes_stay(name, dtype):
    x = ops.convert_to_tensor(X[2:8], dtype)
    result = getattr(ops, name)(x)
    assert getattr(ops, name)(KerasTensor((None,), dtype)).dtype == dtype
    np.testing.assert_allclose(
        numpy(ops.cast(result, "float32")), EXPECTED[name](X[2:8].astype("float64")), rtol=0.02, atol=0.02
    )


@pytest.mark.parametrize("approximate", [True, False])
def test_gelu_is_x_times_the_normal_distribution_function(approximate):
    expected = X * special.ndtr(X)
    np.testing.assert_allclose(numpy(ops.gelu(X, approximate)), expected, atol=1e-3 if approximate else 1e-5)


def test_threshold_keeps_what_exceeds_it():
    assert numpy(ops.threshold(X, 0.5, -7.0)).tolist() == np.where(X > 0.5, X, -7).tolist()


@pytest.mark.parametrize("axis", [-1, 0, (0, 1), None])
def test_softmax_sums_to_one_and_log_softmax_is_its_logarithm(axis):
    x = np.array([[1000.0, 1001.0], [-5.0, 3.0], [0.0, 0.0]], "float32")
    np.testing.assert_allclose(numpy(ops.softmax(x, axis)), special.softmax(x, axis), atol=1e-6)
    np.testing.assert_allclose(numpy(ops.log_softmax(x, axis)), special.log_softmax(x, axis), rtol=1e-6, atol=1e-6)


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    x = np.array([[0.1, 0.2, 0.3, 0.35], [1.0, 0.5, -2.0, 3.0], [0.0, 0.0, 0.0, 0.0], [-9.0, 1.0, 1.5, 1.2]], "float32")
    found = numpy(ops.sparsemax(x))
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)
    assert (found >= 0).all()
    # the projection p of x is the point with (x - p) . (corner - p) <= 0 for each corner of the simplex
    for row, point in zip(x, found, strict=True):
        assert ((np.eye(4) - point) @ (row - point) <= 1e-5).all()


def test_sparsemax_works_along_other_axes():
    x = np.arange(6.0, dtype="float32").reshape(2, 3) / 4
    np.testing.assert_allclose(numpy(ops.sparsemax(x, 0)), numpy(ops.sparsemax(x.T)).T, atol=1e-6)


def test_glu_gates_one_half_with_the_other():
    x = np.array([[1.0, -2.0, 0.0, 1.0]], "float32")
    np.testing.assert_allclose(numpy(ops.glu(x)), [[0.5, -2.0 / (1 + math.exp(-1))]], rtol=1e-6)
    assert ops.glu(KerasTensor((None, 6, 3)), axis=1).shape == (None, 3, 3)


def test_glu_refuses_an_odd_axis():
    with pytest.raises(ShapeError):
        ops.glu(np.ones((2, 3), "float32"))


def test_integers_stay_in_relu_and_become_floats_in_sigmoid():
    assert numpy(ops.relu([-1, 2])).dtype == np.int32
    assert numpy(ops.sigmoid([0])).tolist() == [0.5]


@pytest.mark.parametrize("name", [*EXPECTED, "softmax", "log_softmax"])
def test_empty_tensors_give_empty_tensors(name):
    assert numpy(getattr(ops, name)(np.zeros((0, 3), "float32"))).shape == (0, 3)


def test_functions_of_symbolic_tensors_are_recorded_under_their_saved_names():
    y = ops.relu6(KerasTensor((None, 3)))
    operation = y._history[0]
    assert (operation.op.class_name, operation.op.saved_module) == ("Relu6", "keras.src.ops.nn")
