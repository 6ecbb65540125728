"""Steps of training against a reference worked out in NumPy: loss, gradients, and what an optimizer makes of them."""

import numpy as np
import pytest

from kmb_core import losses, ops, optimizers
from kmb_core.backend import current_backend
from kmb_core.conformance import perceptron
from kmb_core.plugins import Capability

pytestmark = pytest.mark.conformance("training", needs=Capability.GRADIENTS)

STEPS = 3
OPTIMIZERS = {
    "momentum": (
        lambda: optimizers.SGD(0.1, momentum=0.9),
        lambda: perceptron.momentum_steps(0.1, 0.9),
    ),
    "adam": (
        lambda: optimizers.Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-5),
        lambda: perceptron.adam_steps(0.01, 0.8, 0.9, 1e-5),
    ),
}


def close(weights, expected):
    for got, wanted in zip(weights, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("how", ["compiled", "eager"])
def test_weights_after_three_steps_are_those_of_the_reference(name, how):
    make, reference = OPTIMIZERS[name]
    model = perceptron.model()
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=make(), loss=loss, run_eagerly=how == "eager")
    x, y = perceptron.data()
    found = [float(model.train_on_batch(x, y, return_dict=True)["loss"]) for _ in range(STEPS)]
    expected, expected_losses = perceptron.trained(STEPS, reference())
    close(model.get_weights(), expected)
    means = np.cumsum(expected_losses) / np.arange(1, STEPS + 1)  # the metric runs on from batch to batch
    assert np.allclose(found, means, rtol=1e-5) or np.allclose(found, expected_losses, rtol=1e-5)
    assert int(model.optimizer.iterations) == STEPS


def test_gradients_of_a_stateless_call_are_those_of_the_reference():
    model = perceptron.model()
    x, y = perceptron.data()
    backend = current_backend()

    def loss(*values):
        logits, _ = model.stateless_call(list(values), [], x, training=True)
        return ops.mean(ops.sparse_categorical_crossentropy(y, logits, from_logits=True))

    values = [backend.convert(w, "float32") for w in perceptron.initial_weights()]
    value, found = backend.implementation.value_and_gradients(loss, values)
    weights = [w.astype("float64") for w in perceptron.initial_weights()]
    wide = x.astype("float64")
    assert abs(float(backend.to_numpy(value)) - perceptron.loss(weights, wide, y)) < 1e-5
    close([backend.to_numpy(g) for g in found], perceptron.gradients(weights, wide, y))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_stateless_apply_is_the_same_step_without_touching_the_variables(name):
    make, reference = OPTIMIZERS[name]
    model, optimizer = perceptron.model(), make()
    optimizer.build(model.trainable_variables)
    backend = current_backend()
    x, y = perceptron.data()
    weights = [w.astype("float64") for w in perceptron.initial_weights()]
    slopes = [backend.convert(g.astype("float32"), "float32") for g in perceptron.gradients(weights, x, y)]
    state = [backend.convert(np.array(v.numpy()), v.dtype) for v in optimizer.variables]
    values = [backend.convert(w, "float32") for w in perceptron.initial_weights()]
    updated, _ = optimizer.stateless_apply(state, slopes, values)
    close([backend.to_numpy(v) for v in updated], perceptron.trained(1, reference())[0])
    close(model.get_weights(), perceptron.initial_weights())


def test_weights_that_are_not_trainable_stay():
    model = perceptron.model()
    model.layers[0].trainable = False
    model.compile(optimizer="sgd", loss=losses.SparseCategoricalCrossentropy(from_logits=True))
    before = perceptron.initial_weights()
    model.train_on_batch(*perceptron.data())
    after = model.get_weights()
    close(after[:2], before[:2])
    assert np.abs(after[2] - before[2]).max() > 1e-4
