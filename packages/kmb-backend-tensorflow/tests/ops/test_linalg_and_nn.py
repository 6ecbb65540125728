"""Products, convolution, pooling, losses and activations against NumPy, in eager mode and with unknown sizes."""

import itertools

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from kmb_core import ops
from kmb_core.errors import ShapeError
from kmb_core.ops.nn import activations, convolution, loss, normalization, projection

DTYPES = (
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
)
RANDOM = np.random.default_rng(0)


def unknown(function, *arrays):
    specification = [tf.TensorSpec([None] * a.ndim, tf.as_dtype(a.dtype)) for a in arrays]
    return tf.function(function, input_signature=specification, autograph=False)(*map(tf.constant, arrays))


@pytest.mark.parametrize("dtype", DTYPES)
def test_matrices_of_every_dtype_multiply(dtype):
    numpy_dtype = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    x, y = np.array([[1, 2, 3], [3, 2, 1]], numpy_dtype), np.array([[2, 1], [0, 1], [1, 5]], numpy_dtype)
    for result in (ops.matmul(tf.constant(x), tf.constant(y)), unknown(ops.matmul, x, y)):
        assert result.dtype.name == ("int32" if dtype == "int8" else dtype)  # sums of products of int8 are wider
        assert result.numpy().astype(int).tolist() == (x.astype(int) @ y.astype(int)).tolist()
    assert ops.einsum("ij,jk->ik", tf.constant(x), tf.constant(y)).numpy().astype(int).tolist() == [[5, 18], [7, 10]]


@pytest.mark.parametrize(
    ("left", "right"),
    [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)),
     ((5, 1, 2, 3), (6, 3, 4)), ((0, 2, 3), (3, 4)), ((2, 0), (0, 3)), ((2, 5, 0), (0, 3))],
)  # fmt: skip
def test_matmul_takes_the_shapes_of_numpy(left, right):
    x, y = RANDOM.normal(size=left), RANDOM.normal(size=right)
    expected = np.matmul(x, y)
    for result in (ops.matmul(tf.constant(x), tf.constant(y)), unknown(ops.matmul, x, y)):
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3), (3,), (0, 3), (2, 0, 3)])
def test_dense_is_a_product_plus_bias(shape):
    x, kernel, bias = RANDOM.normal(size=shape), RANDOM.normal(size=(3, 2)), RANDOM.normal(size=2)
    for result in (projection.dense(*map(tf.constant, (x, kernel, bias))), unknown(projection.dense, x, kernel, bias)):
        np.testing.assert_allclose(result, x @ kernel + bias, atol=1e-12)


# Convolution -----------------------------------------------------------------------------------------------------


def pads(size, reach, stride, padding):
    if padding == "valid":
        return (0, 0)
    total = max(0, (-(-size // stride) - 1) * stride + reach - size)
    return (total // 2, total - total // 2)


def convolve(x, kernel, strides, padding, dilations):
    """Cross-correlation, one output at a time; x has its channels last."""
    window, groups = kernel.shape[:-2], x.shape[-1] // kernel.shape[-2]
    reach = [(w - 1) * d + 1 for w, d in zip(window, dilations, strict=True)]
    margins = [pads(n, r, s, padding) for n, r, s in zip(x.shape[1:-1], reach, strides, strict=True)]
    x = np.pad(x, [(0, 0), *margins, (0, 0)])
    counts = [max(0, (n - r) // s + 1) for n, r, s in zip(x.shape[1:-1], reach, strides, strict=True)]
    result = np.zeros((x.shape[0], *counts, kernel.shape[-1]))
    per_group, filters = kernel.shape[-2], kernel.shape[-1] // groups
    for place in itertools.product(*map(range, counts)):
        cut = tuple(slice(p * s, p * s + r, d) for p, s, r, d in zip(place, strides, reach, dilations, strict=True))
        block = x[(slice(None), *cut)]
        for group in range(groups):
            channels, out = (
                slice(group * per_group, (group + 1) * per_group),
                slice(group * filters, (group + 1) * filters),
            )
            part = np.tensordot(block[..., channels], kernel[..., out], kernel.ndim - 1)
            result[(slice(None), *place, out)] = part
    return result


CONVOLUTIONS = (
    # spatial, window, channels, groups, filters, strides, padding, dilation
    ((9,), (3,), 2, 1, 4, 1, "valid", 1),
    ((9,), (4,), 2, 1, 4, 2, "same", 1),
    ((9,), (3,), 4, 2, 4, 1, "same", 2),
    ((7, 6), (3, 2), 3, 1, 5, 1, "same", 1),
    ((7, 6), (2, 3), 3, 1, 5, (2, 2), "same", 1),
    ((7, 6), (2, 3), 3, 1, 5, (2, 1), "valid", 1),
    ((7, 6), (2, 3), 4, 4, 8, 1, "same", (2, 1)),
    ((9, 9), (3, 3), 2, 1, 2, (2, 2), "same", (2, 2)),
    ((3, 3), (1, 1), 2, 1, 3, (2, 2), "same", 1),
    ((5, 4, 3), (2, 2, 2), 2, 1, 3, 1, "same", 1),
    ((5, 4, 5), (2, 2, 2), 2, 1, 3, (2, 2, 2), "same", 1),
    ((5, 5, 5), (2, 2, 2), 4, 2, 4, 1, "valid", 2),
)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolution_is_a_sum_over_windows(case, data_format):
    spatial, window, channels, groups, filters, strides, padding, dilation = case
    count = len(spatial)
    x = RANDOM.normal(size=(2, *spatial, channels))
    kernel = RANDOM.normal(size=(*window, channels // groups, filters))
    steps, rates = (v if isinstance(v, tuple) else (v,) * count for v in (strides, dilation))
    expected = convolve(x, kernel, steps, padding, rates)
    if data_format == "channels_first":
        x, expected = np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1)

    def conv(a, k):
        return convolution.conv(a, k, strides, padding, data_format, dilation)

    shape = [None if i in (0, 2) and data_format == "channels_first" else n for i, n in enumerate(x.shape)]
    graph = tf.function(
        conv, input_signature=[tf.TensorSpec(shape, tf.float64), tf.TensorSpec(kernel.shape, tf.float64)]
    )
    for result in (conv(tf.constant(x), tf.constant(kernel)), graph(x, kernel)):
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, atol=1e-10)


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_the_gradient_of_a_convolution_is_its_difference_quotient(case):
    spatial, window, channels, groups, filters, strides, padding, dilation = case
    x = tf.constant(RANDOM.normal(size=(1, *spatial, channels)))
    kernel = tf.constant(RANDOM.normal(size=(*window, channels // groups, filters)))
    weights = tf.constant(RANDOM.normal(size=convolution.conv(x, kernel, strides, padding, None, dilation).shape))

    def value(a, k):
        return tf.reduce_sum(convolution.conv(a, k, strides, padding, None, dilation) * weights)

    with tf.GradientTape() as tape:
        tape.watch([x, kernel])
        result = value(x, kernel)
    for gradient, direction in zip(tape.gradient(result, [x, kernel]), (x, kernel), strict=True):
        step = tf.constant(RANDOM.normal(size=direction.shape))
        moved = [(x + step, kernel) if direction is x else (x, kernel + step)][0]
        np.testing.assert_allclose(value(*moved) - result, tf.reduce_sum(gradient * step), rtol=1e-9)


def test_a_convolution_of_nothing_has_the_shape_of_nothing():
    kernel = tf.ones((3, 3, 2, 5))
    assert convolution.conv(tf.ones((0, 8, 8, 2)), kernel).shape == (0, 6, 6, 5)
    assert convolution.conv(tf.ones((0, 8, 8, 2)), kernel, 2, "same").shape == (0, 4, 4, 5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("spatial", "window", "strides"), [((7,), 2, None), ((7, 6), (3, 2), (2, 2)), ((5, 4, 5), 2, 1)]
)
def test_pooling_takes_windows_without_their_padding(spatial, window, strides, padding, data_format):
    x = RANDOM.normal(size=(2, *spatial, 3)) - 5
    count = len(spatial)
    windows = window if isinstance(window, tuple) else (window,) * count
    steps = windows if strides is None else strides if isinstance(strides, tuple) else (strides,) * count
    margins = [pads(n, w, s, padding) for n, w, s in zip(spatial, windows, steps, strict=True)]
    padded = np.pad(x, [(0, 0), *margins, (0, 0)], constant_values=np.nan)
    counts = [(n - w) // s + 1 for n, w, s in zip(padded.shape[1:-1], windows, steps, strict=True)]
    for name, join in (("max_pool", np.nanmax), ("average_pool", np.nanmean)):
        expected = np.zeros((2, *counts, 3))
        for place in itertools.product(*map(range, counts)):
            cut = tuple(slice(p * s, p * s + w) for p, s, w in zip(place, steps, windows, strict=True))
            expected[(slice(None), *place)] = join(padded[(slice(None), *cut)], axis=tuple(range(1, count + 1)))
        turned = (
            (x, expected) if data_format == "channels_last" else (np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1))
        )
        result = getattr(convolution, name)(tf.constant(turned[0]), window, strides, padding, data_format)
        assert result.dtype is tf.float64
        np.testing.assert_allclose(result, turned[1], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "float16", "bfloat16"])
def test_max_pool_keeps_its_dtype(dtype):
    x = tf.cast(tf.reshape(tf.range(16), (1, 4, 4, 1)), dtype)
    result = convolution.max_pool(x, 2)
    assert result.dtype.name == dtype
    assert tf.cast(result, tf.int32).numpy().ravel().tolist() == [5, 7, 13, 15]


# Activations, normalization and losses ---------------------------------------------------------------------------


def softmax(x, axis):
    exponentials = np.exp(x - x.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), (1, 2), None])
def test_softmax_along_any_axes(axis):
    x = RANDOM.normal(size=(2, 3, 4))
    for result in (activations.softmax(tf.constant(x), axis), unknown(lambda a: activations.softmax(a, axis), x)):
        np.testing.assert_allclose(result, softmax(x, axis), atol=1e-12)
    np.testing.assert_allclose(activations.log_softmax(tf.constant(x), axis), np.log(softmax(x, axis)), atol=1e-12)


def test_activations_follow_their_formulas():
    x = np.linspace(-4, 4, 33)
    sigmoid = 1 / (1 + np.exp(-x))
    formulas = {
        "relu": np.maximum(x, 0),
        "relu6": np.clip(x, 0, 6),
        "sigmoid": sigmoid,
        "silu": x * sigmoid,
        "log_sigmoid": np.log(sigmoid),
        "softplus": np.log1p(np.exp(x)),
        "softsign": x / (1 + np.abs(x)),
        "leaky_relu": np.where(x > 0, x, 0.2 * x),
        "elu": np.where(x > 0, x, np.expm1(x)),
        "selu": 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
        "gelu": x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    }
    for name, expected in formulas.items():
        np.testing.assert_allclose(getattr(activations, name)(tf.constant(x)), expected, atol=1e-7, err_msg=name)
    np.testing.assert_allclose(activations.elu(tf.constant(x), 0.5), np.where(x > 0, x, 0.5 * np.expm1(x)), atol=1e-12)


def test_moments_of_half_precision_do_not_overflow():
    mean, variance = normalization.moments(tf.constant([300.0, -300.0], tf.float16), 0)
    assert (float(mean), mean.dtype, variance.dtype) == (0.0, tf.float16, tf.float16)
    assert np.isinf(variance.numpy())  # 90000 is beyond float16
    mean, variance = normalization.moments(tf.fill([4096], tf.constant(100.0, tf.float16)), 0)
    assert (float(mean), float(variance)) == (100.0, 0.0)


def test_the_gradient_of_moments_is_its_difference_quotient():
    x, step = tf.constant(RANDOM.normal(size=(5, 3))), tf.constant(RANDOM.normal(size=(5, 3)) * 1e-6)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(normalization.moments(x, 0)[1] ** 2)
    moved = tf.reduce_sum(normalization.moments(x + step, 0)[1] ** 2)
    np.testing.assert_allclose(moved - value, tf.reduce_sum(tape.gradient(value, x) * step), rtol=1e-4)


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5)])
def test_cross_entropies_of_logits_and_probabilities(shape, axis):
    logits = RANDOM.normal(size=shape)
    probabilities = softmax(logits, axis)
    classes = shape[axis]
    labels = RANDOM.integers(0, classes, size=[n for i, n in enumerate(shape) if i != axis % len(shape)])
    target = np.moveaxis(np.eye(classes)[labels], -1, axis)
    expected = -(target * np.log(probabilities)).sum(axis)
    for given, from_logits in ((logits, True), (probabilities, False)):
        for result in (
            loss.categorical_crossentropy(tf.constant(target), tf.constant(given), from_logits, axis),
            loss.sparse_categorical_crossentropy(tf.constant(labels), tf.constant(given), from_logits, axis),
            loss.sparse_categorical_crossentropy(tf.expand_dims(labels, axis), tf.constant(given), from_logits, axis),
        ):
            assert result.shape == expected.shape
            np.testing.assert_allclose(result, expected, atol=1e-6)


def test_targets_of_another_shape_are_refused_with_both_shapes():
    with pytest.raises(ShapeError, match=r"categorical_crossentropy.*\(4, 1\).*\(4, 3\)"):
        loss.categorical_crossentropy(tf.ones((4, 1)), tf.ones((4, 3)), True)
    with pytest.raises(ShapeError, match="sparse_categorical_crossentropy"):
        loss.sparse_categorical_crossentropy(tf.ones((4, 3), tf.int32), tf.ones((4, 3)), True)


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "float32"])
@pytest.mark.parametrize("index_dtype", ["uint8", "int16", "int32", "uint32", "float32"])
def test_one_hot_leaves_out_what_is_no_class(dtype, index_dtype):
    result = loss.one_hot(tf.constant([0, 2, 7], index_dtype), 3, dtype=dtype)
    assert result.dtype.name == dtype
    assert result.numpy().astype(int).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]


def test_the_gradient_of_a_row_used_twice_is_a_sum():
    from kmb_core.backend import current_backend

    table = tf.constant(RANDOM.normal(size=(4, 2)))
    value, (gradient,) = current_backend().implementation.value_and_gradients(
        lambda t: tf.reduce_sum(projection.embed(t, tf.constant([1, 1, 3]))), [table]
    )
    assert gradient.numpy().tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]
    assert float(value) == pytest.approx(float(tf.reduce_sum(tf.gather(table, [1, 1, 3]))))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_boxes_of_every_dtype_are_pooled_exactly(padding, dtype):
    x = RANDOM.integers(-9, 9, size=(2, 5, 4, 3, 2))
    margins = [pads(n, 2, 2, padding) for n in x.shape[1:-1]]
    padded = np.pad(x.astype("float64"), [(0, 0), *margins, (0, 0)], constant_values=np.nan)
    counts = [(n - 2) // 2 + 1 for n in padded.shape[1:-1]]
    boxes = [padded[:, : 2 * counts[0], : 2 * counts[1], : 2 * counts[2]]]
    boxes = boxes[0].reshape(2, counts[0], 2, counts[1], 2, counts[2], 2, 2)
    result = convolution.max_pool(tf.cast(x, dtype), 2, padding=padding)
    assert (tf.cast(result, tf.float64).numpy() == np.nanmax(boxes, (2, 4, 6))).all()
    if dtype == "float64":
        average = convolution.average_pool(tf.cast(x, dtype), 2, padding=padding)
        np.testing.assert_allclose(average, np.nanmean(boxes, (2, 4, 6)), rtol=1e-14)
