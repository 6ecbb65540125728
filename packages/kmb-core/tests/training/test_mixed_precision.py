"""Training under dtype policies: half precision computes, float32 remembers; float64 throughout."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend import current_backend, dtype_of
from kmb_core.plugins import Capability, Degree

trains = pytest.mark.trains


def tiny(policy, optimizer="sgd", **options):
    inputs = kmb_core.Input((3,), dtype="float32" if policy != "float64" else "float64")
    hidden = layers.Dense(4, activation="relu", kernel_initializer="ones", dtype=policy)(inputs)
    outputs = layers.Dense(1, kernel_initializer="ones", dtype=policy)(hidden)
    kmb_core.config.set_dtype_policy(policy)
    try:
        model = kmb_core.Model(inputs, outputs, name="tiny")
        model.compile(optimizer, "mse", **options)
    finally:
        kmb_core.config.set_dtype_policy("float32")
    return model


@trains
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_policies_train_on_float32_variables(data, policy):
    model = tiny(policy, kmb_core.optimizers.SGD(0.001))
    assert model.layers[1].compute_dtype == policy.removeprefix("mixed_")
    history = model.fit(*data, batch_size=5, epochs=4, shuffle=False, verbose=0).history
    reference = tiny("float32", kmb_core.optimizers.SGD(0.001))
    expected = reference.fit(*data, batch_size=5, epochs=4, shuffle=False, verbose=0).history
    assert {v.dtype for v in model.trainable_variables} == {"float32"}
    assert history["loss"][-1] < history["loss"][0]
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=0.05)
    for own, other in zip(model.get_weights(), reference.get_weights(), strict=True):
        assert own.dtype == np.float32
        np.testing.assert_allclose(own, other, rtol=0.05, atol=0.02)


@trains
def test_float16_scales_its_loss_and_reports_the_unscaled_one(data):
    model = tiny("mixed_float16", kmb_core.optimizers.SGD(0.0))
    assert isinstance(model.optimizer, kmb_core.optimizers.LossScaleOptimizer)
    x, y = (0.02 * part for part in data)
    loss = model.train_on_batch(x, y)
    expected = ((4 * np.maximum(x.sum(1, keepdims=True), 0) - y) ** 2).mean()
    assert loss == pytest.approx(expected, rel=0.01)
    assert float(model.optimizer.dynamic_scale.numpy()) == 32768.0
    assert int(model.optimizer.iterations) == 1


@trains
def test_steps_whose_gradients_overflow_are_left_out_and_halve_the_scale(data):
    model = tiny("mixed_float16")
    before = [weight.copy() for weight in model.get_weights()]
    x, y = data
    model.train_on_batch(1e4 * x, y)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert float(model.optimizer.dynamic_scale.numpy()) == 16384.0
    assert int(model.optimizer.iterations) == 0


def test_no_scaling_where_it_is_not_wanted():
    assert not isinstance(tiny("mixed_bfloat16").optimizer, kmb_core.optimizers.LossScaleOptimizer)
    assert not isinstance(
        tiny("mixed_float16", auto_scale_loss=False).optimizer, kmb_core.optimizers.LossScaleOptimizer
    )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_policies_predict_and_evaluate_in_half_precision(data, policy):
    x, y = data
    model = tiny(policy, None)
    half = policy.removeprefix("mixed_")
    assert dtype_of(model(x)) == half
    outputs = model.predict(x, verbose=0).astype("float32")
    expected = 4 * np.maximum(x.sum(1, keepdims=True), 0)
    np.testing.assert_allclose(outputs, expected, rtol=0.03, atol=0.05)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(((expected - y) ** 2).mean(), rel=0.05)


@trains
def test_float64_trains_in_float64_where_there_is_float64(data):
    x, y = (part.astype("float64") for part in data)
    floatx = kmb_core.config.floatx()
    kmb_core.config.set_floatx("float64")
    try:
        model = tiny("float64", kmb_core.optimizers.SGD(0.01))
        model.fit(x, y, batch_size=10, epochs=1, shuffle=False, verbose=0)
        kernel = model.layers[2].get_weights()[0]
        narrowed = current_backend().info.supports(Capability.FLOAT64).degree is not Degree.FULL
        assert kernel.dtype == ("float32" if narrowed and kernel.dtype == "float32" else "float64")
        hidden = np.maximum(x.sum(1, keepdims=True), 0).repeat(4, axis=1)
        error = hidden.sum(1, keepdims=True) - y
        expected = np.ones((4, 1)) - 0.01 * 2 * hidden.T @ error / 10
        np.testing.assert_allclose(kernel, expected, rtol=1e-12 if kernel.dtype == "float64" else 1e-5)
    finally:
        kmb_core.config.set_floatx(floatx)
