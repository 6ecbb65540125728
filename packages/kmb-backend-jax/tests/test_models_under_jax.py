"""Layers and models inside of JAX's transformations, and JAX's own functions inside of layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kmb_core as keras

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


@pytest.fixture
def model():
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, activation="tanh"),
            keras.layers.Dropout(0.5, seed=1),
            keras.layers.Dense(1),
        ]
    )


def test_a_model_is_the_same_compiled_and_eager(model):
    np.testing.assert_allclose(jax.jit(model)(X), model(X), atol=1e-6)


def test_a_model_is_mapped_over_further_axes(model):
    stacked = np.stack([X, 2 * X])
    np.testing.assert_allclose(jax.vmap(model)(stacked), [model(X), model(2 * X)], atol=1e-6)


def test_gradients_go_through_stateless_calls(model):
    trainable = [v.value for v in model.trainable_variables]
    fixed = [v.value for v in model.non_trainable_variables]

    @jax.jit
    @jax.grad
    def gradient(trainable):
        outputs, _ = model.stateless_call(trainable, fixed, X)
        return jnp.sum(outputs**2)

    kernel, bias = trainable[0], trainable[1]
    hidden = jnp.tanh(X @ kernel + bias)
    outputs = hidden @ trainable[2] + trainable[3]
    np.testing.assert_allclose(gradient(trainable)[2], hidden.T @ (2 * outputs), rtol=1e-5)


def test_a_stateless_call_hands_on_the_state_of_random_layers(model):
    trainable = [v.value for v in model.trainable_variables]
    call = jax.jit(lambda fixed: model.stateless_call(trainable, fixed, X, training=True))
    first, fixed = call([v.value for v in model.non_trainable_variables])
    second, _ = call(fixed)
    assert (first != second).any()
    assert model.non_trainable_variables[0].numpy().tolist()[1] == 0  # nothing was written to the model


def test_gradients_with_respect_to_inputs(model):
    gradient = jax.grad(lambda x: model(x).sum())(jnp.asarray(X))
    step = 1e-3 * np.eye(4, dtype="float32")[1]
    difference = (model(X + step) - model(X - step)).sum() / 2e-3
    assert float(gradient[:, 1].sum()) == pytest.approx(float(difference), rel=1e-2)


class Spectrum(keras.layers.Layer):
    """Made of functions that know nothing of symbolic tensors."""

    def call(self, x):
        return jnp.abs(jnp.fft.rfft(x, axis=-1))


def test_a_layer_of_jaxs_own_functions_works_in_a_functional_model():
    x = keras.Input((8,))
    model = keras.Model(x, Spectrum()(x))
    assert model.output_shape == (None, 5)
    data = np.random.default_rng(0).normal(size=(3, 8)).astype("float32")
    np.testing.assert_allclose(model.predict(data, verbose=0), np.abs(np.fft.rfft(data)), rtol=1e-4)


def test_training_in_half_precision_keeps_float32_weights():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, dtype="mixed_bfloat16"), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
    history = model.fit(X, X.sum(1, keepdims=True), epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]
    assert {v.value.dtype.name for v in model.trainable_variables} == {"float32"}


def test_recomputed_activations_give_the_same_gradients():
    with keras.RematScope("full"):
        remat = keras.layers.Dense(4, activation="tanh", kernel_initializer="ones")
    plain = keras.layers.Dense(4, activation="tanh", kernel_initializer="ones")
    gradients = [jax.grad(lambda x, layer=layer: layer(x).sum())(jnp.asarray(X)) for layer in (remat, plain)]
    np.testing.assert_allclose(*gradients, rtol=1e-5)


def test_training_takes_structures_and_weights_of_samples():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model({"a": a, "b": b}, keras.layers.Dense(1)(keras.layers.Concatenate()([a, b])))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    data = {"a": X.astype("float64"), "b": X}
    history = model.fit(data, X[:, :1], sample_weight=np.arange(5.0), epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert model.predict(data, verbose=0).shape == (5, 1)
