"""Layers: built on the first call; called eagerly, symbolically and statelessly; masks; the backend's own class."""

import copy
import pickle

import numpy as np
import pytest

from kmb_core import Input, Layer, Model, layers, ops
from kmb_core.backend import KerasTensor, current_backend
from kmb_core.plugins import Capability

pytestmark = pytest.mark.conformance("inference")

X = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")


def numpy(x):
    return current_backend().to_numpy(x)


class Scaled(Layer):
    """Multiplies by a weight, and counts its calls."""

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, inputs):
        self.calls.assign_add(1.0)
        return inputs * self.factor


def test_dense_is_a_product_and_a_sum():
    layer = layers.Dense(4, activation="relu")
    y = layer(X)
    kernel, bias = layer.get_weights()
    assert (kernel.shape, bias.shape) == ((3, 4), (4,))
    np.testing.assert_allclose(numpy(y), np.maximum(X.astype("float64") @ kernel + bias, 0), rtol=1e-5, atol=1e-6)


def test_a_layer_gives_the_backends_own_tensors():
    assert current_backend().is_tensor(layers.Dense(2)(X))


def test_a_layer_is_one_of_the_backends_own_class():
    native = current_backend().layer_class
    layer = layers.Dense(2)
    assert isinstance(layer, Layer)
    assert native is None or isinstance(layer, native)


def test_a_symbolic_call_has_the_shape_and_dtype_of_an_eager_one():
    layer = layers.Dense(4)
    symbolic = layer(KerasTensor((None, 3)))
    assert (symbolic.shape, symbolic.dtype) == ((None, 4), "float32")
    assert tuple(layer(X).shape) == (2, 4)


def test_stateless_call_leaves_the_layer_as_it_was():
    layer = Scaled()
    layer.build((None, 3))
    convert = current_backend().convert
    doubled = convert(np.full(3, 2.0, "float32"), "float32")
    counted = convert(np.array(5.0, "float32"), "float32")
    y, (calls,) = layer.stateless_call([doubled], [counted], X)
    np.testing.assert_allclose(numpy(y), 2 * X, rtol=1e-6)
    assert float(numpy(calls)) == 6.0
    assert float(layer.calls) == 0.0
    np.testing.assert_array_equal(layer.factor.numpy(), np.ones(3))


@pytest.mark.conformance("inference", needs=Capability.JIT)
def test_stateless_call_compiles():
    layer = Scaled()
    layer.build((None, 3))
    backend = current_backend()
    compiled = backend.implementation.compiled(lambda factor, calls, x: layer.stateless_call([factor], [calls], x))
    values = [backend.convert(v, "float32") for v in (np.full(3, 2.0, "float32"), np.array(5.0, "float32"), X)]
    y, updated = compiled(*values)
    np.testing.assert_allclose(numpy(y), 2 * X, rtol=1e-6)
    assert float(numpy(updated[0])) == 6.0


def test_masks_travel_from_layer_to_layer():
    table = layers.Embedding(5, 2, mask_zero=True)
    numbers = np.array([[1, 0, 3]], "int32")
    assert numpy(table.compute_mask(numbers)).tolist() == [[True, False, True]]
    seen = []

    class Seeing(Layer):
        def call(self, inputs, mask=None):
            seen.append(mask)
            return inputs

    Seeing()(layers.Activation("relu")(table(numbers)))
    assert numpy(seen[0]).tolist() == [[True, False, True]]


@pytest.mark.parametrize("training", [True, False])
def test_training_reaches_inner_layers(training):
    class Outer(Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dropout(0.5, seed=1)

        def call(self, inputs, training=False):
            return self.inner(inputs)

    y = numpy(Outer()(np.ones((20, 20), "float32"), training=training))
    assert ((y == 0).any()) is np.bool_(training)


def test_batch_normalization_moves_its_statistics_in_training_only():
    layer = layers.BatchNormalization(momentum=0.5)
    x = X * 3 + 1
    layer(x, training=False)
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0, 0.0]
    y = numpy(layer(x, training=True))
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.5 * x.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.5 + 0.5 * x.var(0), rtol=1e-4)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)


def test_mixed_precision_computes_in_16_bits_and_keeps_weights_in_32():
    layer = layers.Dense(4, dtype="mixed_bfloat16")
    y = layer(X)
    assert current_backend().dtype_name(y) == "bfloat16"
    assert layer.kernel.dtype == "float32"
    np.testing.assert_allclose(numpy(y).astype("float64"), X @ layer.kernel.numpy(), atol=0.05)


def through_pickle(layer):
    return pickle.loads(pickle.dumps(layer))  # noqa: S301 - bytes that were made a moment ago


@pytest.mark.parametrize("duplicate", [copy.deepcopy, through_pickle], ids=["copy", "pickle"])
def test_a_duplicate_of_a_layer_computes_the_same_with_weights_of_its_own(duplicate):
    layer = layers.Dense(4)
    y = numpy(layer(X))
    other = duplicate(layer)
    np.testing.assert_array_equal(numpy(other(X)), y)
    layer.kernel.assign(np.zeros((3, 4), "float32"))
    np.testing.assert_array_equal(numpy(other(X)), y)


def test_a_functional_model_computes_what_its_layers_do():
    inputs = Input((3,))
    hidden = layers.Dense(4, activation="tanh")
    joined = layers.Concatenate()([hidden(inputs), ops.exp(inputs)])
    model = Model(inputs, joined)
    assert model.output_shape == (None, 7)
    kernel, bias = hidden.get_weights()
    expected = np.concatenate([np.tanh(X @ kernel + bias), np.exp(X)], -1)
    np.testing.assert_allclose(numpy(model(X)), expected, rtol=1e-5, atol=1e-6)


CONVOLUTIONAL = {
    "same": lambda: layers.Conv2D(3, 3, strides=2, padding="same"),
    "valid": lambda: layers.Conv2D(3, 2, dilation_rate=2),
    "pooled": lambda: layers.AveragePooling2D(2, padding="same"),
    "largest": lambda: layers.MaxPooling2D(3, strides=2, padding="same"),
    "global": lambda: layers.GlobalAveragePooling2D(),
}


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_layers_over_images_have_the_inferred_shape(name):
    images = np.random.default_rng(0).normal(size=(2, 5, 6, 2)).astype("float32")
    layer = CONVOLUTIONAL[name]()
    symbolic = layer(KerasTensor((None, 5, 6, 2)))
    y = layer(images)
    assert tuple(y.shape) == (2, *symbolic.shape[1:])
    assert np.isfinite(numpy(y)).all()
