"""What JAX adds to the ops: transformations, the price of a call, derivatives at bends, indices outside."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate2d

from kmb_core import ops
from kmb_core.config import set_floatx
from kmb_core.errors import ShapeError

X = np.array([[0.5, -1.5, 2.0], [-0.25, 3.0, 0.0]], "float32")

UNARY = ["relu", "gelu", "softmax", "exp", "mean", "sum", "cumsum", "sort", "square", "log_softmax", "silu", "flip"]


def calls(function):
    """Python and C calls that one call of `function` makes, itself not counted."""
    count = 0

    def count_call(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    function()
    function()
    sys.setprofile(count_call)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count - 2  # the function itself, and setprofile


@pytest.mark.parametrize("name", UNARY)
def test_an_op_gives_the_same_eagerly_compiled_and_mapped(name):
    op = getattr(ops, name)
    by_row = [np.asarray(op(row)) for row in jnp.asarray(X)]
    np.testing.assert_allclose(jax.vmap(op)(X), by_row, rtol=1e-6)
    np.testing.assert_allclose(jax.jit(op)(X), op(jnp.asarray(X)), rtol=1e-6)


@pytest.mark.parametrize("name", ["relu", "gelu", "softmax", "logsumexp", "var", "erf"])
def test_gradients_are_those_of_finite_differences(name):
    op = getattr(ops, name)

    def scalar(x):
        return ops.sum(op(x) * jnp.arange(1.0, 4.0))

    with jax.enable_x64(True):
        x = jnp.asarray(X[0], "float64")
        steps = [jnp.eye(3)[i] * 1e-5 for i in range(3)]
        expected = [(scalar(x + step) - scalar(x - step)) / 2e-5 for step in steps]
        np.testing.assert_allclose(jax.grad(scalar)(x), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ops.add(x, x),
        lambda x: ops.multiply(x, 2.0),
        lambda x: ops.relu(x),
        lambda x: ops.matmul(x, x),
        lambda x: ops.sum(x, 0),
        lambda x: ops.exp(x),
        lambda x: ops.softmax(x),
    ],
)
def test_an_eager_op_makes_at_most_six_calls(call):
    x = jnp.ones((3, 3))
    assert calls(lambda: call(x)) <= 6


def test_an_op_leaves_no_trace_of_itself_in_a_compiled_function():
    text = str(jax.make_jaxpr(lambda x: ops.sum(ops.maximum(x, 0.0) * 2.0))(X))
    assert "pjit" not in text
    assert "jit" not in text.replace("jaxpr", "")


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("relu6", 0.0), ("leaky_relu", 0.2), ("elu", 1.0)])
def test_derivatives_at_the_bend_are_those_from_one_side(name, slope):
    assert float(jax.grad(getattr(ops, name))(0.0)) == pytest.approx(slope)


def test_nan_goes_through_a_rectifier():
    assert np.isnan(ops.relu(jnp.array([np.nan]))[0])


def test_a_derivative_through_an_unused_branch_is_finite():
    assert jax.grad(lambda x: ops.sum(ops.softplus(x)))(jnp.array([-1000.0, 1000.0])).tolist() == [0.0, 1.0]


def test_the_cardinal_sine_is_not_a_number_at_infinity():
    x = jnp.array([np.inf, -np.inf, np.nan, 0.5, 0.0])
    for sinc in (ops.sinc, jax.jit(ops.sinc)):
        np.testing.assert_allclose(sinc(x), [np.nan, np.nan, np.nan, 2 / np.pi, 1.0], rtol=1e-6)
    assert ops.sinc(x.astype("bfloat16")).dtype == "bfloat16"


def test_the_cardinal_sine_bends_at_zero():
    second = jax.vmap(jax.grad(jax.grad(ops.sinc)))
    np.testing.assert_allclose(second(jnp.array([0.0, 1.0])), [-(np.pi**2) / 3, 2.0], rtol=1e-5)


def test_averages_of_integers_follow_floatx():
    integers = jnp.array([1, 2])
    assert ops.mean(integers).dtype == "float32"
    set_floatx("bfloat16")
    try:
        assert ops.mean(integers).dtype == "bfloat16"
        assert ops.zeros((2,)).dtype == "bfloat16"
    finally:
        set_floatx("float32")
    assert ops.mean(integers).dtype == "float32"


def test_rows_outside_of_a_table_are_not_a_number():
    taken = ops.take(jnp.array([1.0, 2.0]), jnp.array([0, -1, 5]))
    assert taken[:2].tolist() == [1.0, 2.0]
    assert np.isnan(taken[2])


def test_axes_and_shapes_may_be_lists():
    x = jnp.ones((2, 3))
    assert float(ops.sum(x, axis=[0, 1])) == 6.0
    assert ops.reshape(x, [3, -1]).shape == (3, 2)
    assert ops.transpose(x, [1, 0]).shape == (3, 2)
    assert ops.broadcast_to(x, [4, 2, 3]).shape == (4, 2, 3)
    assert ops.pad(x, [[1, 0], [0, 2]]).shape == (3, 5)


def test_a_block_that_sticks_out_is_refused_instead_of_moved():
    with pytest.raises(ShapeError):
        ops.slice(jnp.arange(5), [3], [4])
    with pytest.raises(ShapeError):
        ops.slice_update(jnp.arange(5), [4], jnp.zeros(2, "int32"))


def test_a_block_may_start_where_a_traced_value_says():
    start = jax.jit(lambda i: ops.slice(jnp.arange(10), [i], [2]))
    assert start(3).tolist() == [3, 4]
    written = jax.jit(lambda i: ops.slice_update(jnp.zeros(4), [i], jnp.ones(2)))
    assert written(1).tolist() == [0.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("reduction", [None, "add", "max", "min", "mul"])
def test_updates_are_scattered_under_a_trace(reduction):
    x = jnp.array([1.0, 2.0, 3.0])
    eager = ops.scatter_update(x, jnp.array([[0], [2]]), jnp.array([5.0, 2.0]), reduction)
    traced = jax.jit(lambda x: ops.scatter_update(x, jnp.array([[0], [2]]), jnp.array([5.0, 2.0]), reduction))(x)
    expected = {None: [5, 2, 2], "add": [6, 2, 5], "max": [5, 2, 3], "min": [1, 2, 2], "mul": [5, 2, 6]}[reduction]
    assert eager.tolist() == traced.tolist() == expected


@pytest.mark.parametrize("size", [5, 6])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_padding_of_a_convolution_is_uneven_at_the_end(size, stride, data_format):
    generator = np.random.default_rng(0)
    image, kernel = generator.normal(size=(size, size)), generator.normal(size=(2, 3))
    count = -(-size // stride)
    extra = [max((count - 1) * stride + window - size, 0) for window in kernel.shape]
    padded = np.pad(image, [(e // 2, e - e // 2) for e in extra])
    expected = correlate2d(padded, kernel, "valid")[::stride, ::stride][:count, :count]
    shape = (1, 1, size, size) if data_format == "channels_first" else (1, size, size, 1)
    result = ops.conv(
        image.astype("float32").reshape(shape),
        kernel.astype("float32")[..., None, None],
        strides=stride,
        padding="same",
        data_format=data_format,
    )
    np.testing.assert_allclose(np.asarray(result).reshape(count, count), expected, atol=1e-5)


def test_groups_are_counted_from_the_kernel():
    x = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
    kernel = np.random.default_rng(1).normal(size=(3, 2, 6)).astype("float32")
    halves = [ops.conv(x[..., i : i + 2], kernel[..., j : j + 3]) for i, j in ((0, 0), (2, 3))]
    np.testing.assert_allclose(ops.conv(x, kernel), np.concatenate(halves, -1), atol=1e-5)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "float16"])
def test_the_largest_of_a_window_is_found_in_every_dtype(dtype):
    x = np.array([0, 1, 1, 0, 0, 0]).astype(dtype).reshape(1, 6, 1)
    assert np.asarray(ops.max_pool(x, 2)).ravel().astype(int).tolist() == [1, 1, 0]


def test_the_mean_of_a_window_leaves_padding_out_in_its_gradient_too():
    gradient = jax.grad(lambda x: ops.sum(ops.average_pool(x, 2, padding="same")))(jnp.ones((1, 3, 1)))
    assert gradient.ravel().tolist() == [0.5, 0.5, 1.0]
