"""The trainer's contract: fit, evaluate and predict, their numbers equal to those worked out in NumPy."""

import numpy as np
import pytest

from kmb_core import Input, Sequential, layers, losses, metrics, optimizers
from kmb_core.conformance import perceptron
from kmb_core.errors import CapabilityError
from kmb_core.plugins import Capability

inference = pytest.mark.conformance("inference")
training = pytest.mark.conformance("training", needs=Capability.GRADIENTS)


def compiled(**options):
    model = perceptron.model()
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=optimizers.SGD(0.1), loss=loss, metrics=["accuracy"], **options)
    return model


def expected(weights, x, y):
    """Loss and accuracy of the whole data."""
    logits = perceptron.forward(weights, x)[1]
    return perceptron.loss(weights, x, y), float((logits.argmax(-1) == y).mean())


def weights():
    return [w.astype("float64") for w in perceptron.initial_weights()]


@inference
def test_predict_gives_the_outputs_of_all_batches_in_order():
    x, _ = perceptron.data()
    outputs = compiled().predict(x, batch_size=4, verbose=0)
    assert isinstance(outputs, np.ndarray)
    np.testing.assert_allclose(outputs, perceptron.forward(weights(), x)[1], rtol=1e-5, atol=1e-5)


@inference
def test_evaluate_weighs_batches_by_their_size():
    x, y = perceptron.data()
    loss, accuracy = expected(weights(), x, y)
    logs = compiled().evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    assert abs(logs["loss"] - loss) < 1e-5
    assert abs(logs["accuracy"] - accuracy) < 1e-6


@inference
def test_sample_weights_weigh_the_loss():
    x, y = perceptron.data()
    weight = np.array([1, 0, 2, 0, 1, 0], "float32")
    logits = perceptron.forward(weights(), x)[1]
    each = -np.log(perceptron.softmax(logits)[np.arange(len(y)), y])
    logs = compiled().evaluate(x, y, sample_weight=weight, batch_size=6, verbose=0, return_dict=True)
    assert abs(logs["loss"] - (each * weight).sum() / 6) < 1e-5


@inference
def test_test_on_batch_and_predict_on_batch_take_one_batch():
    x, y = perceptron.data()
    model = compiled()
    np.testing.assert_allclose(model.predict_on_batch(x), perceptron.forward(weights(), x)[1], rtol=1e-5, atol=1e-5)
    assert abs(model.test_on_batch(x, y, return_dict=True)["loss"] - expected(weights(), x, y)[0]) < 1e-5


@inference
def test_a_metric_sums_up_over_updates():
    metric = metrics.MeanSquaredError()
    metric.update_state(np.array([[1.0], [2.0]], "float32"), np.array([[1.5], [2.0]], "float32"))
    metric.update_state(np.array([[0.0]], "float32"), np.array([[1.0]], "float32"))
    assert abs(float(metric.result()) - (0.25 + 0 + 1) / 3) < 1e-6
    metric.reset_state()
    assert float(metric.result()) == 0.0


@training
@pytest.mark.parametrize("how", ["compiled", "eager", "many"])
def test_fit_makes_the_steps_of_the_reference(how):
    x, y = perceptron.data()
    options = {"compiled": {}, "eager": {"run_eagerly": True}, "many": {"steps_per_execution": 2}}[how]
    model = compiled(**options)
    history = model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0).history
    reference, step, losses_of_batches = weights(), perceptron.momentum_steps(0.1, 0.0), []
    for _ in range(2):
        for start in range(0, 6, 2):
            part = x[start : start + 2].astype("float64"), y[start : start + 2]
            losses_of_batches.append(perceptron.loss(reference, *part))
            step(reference, perceptron.gradients(reference, *part))
    for got, wanted in zip(model.get_weights(), reference, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
    means = np.reshape(losses_of_batches, (2, 3)).mean(1)
    np.testing.assert_allclose(history["loss"], means, rtol=1e-4)


@training
def test_fit_reports_the_validation_data_as_evaluate_does():
    x, y = perceptron.data()
    model = compiled()
    history = model.fit(x, y, batch_size=4, validation_data=(x, y), verbose=0).history
    logs = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    assert abs(history["val_loss"][-1] - logs["loss"]) < 1e-6
    assert abs(history["val_accuracy"][-1] - logs["accuracy"]) < 1e-6


@training
def test_the_losses_of_layers_end_with_their_step():
    x, y = perceptron.data()
    layer = layers.Dense(3, kernel_regularizer="l2", activity_regularizer="l2")
    model = Sequential([Input((x.shape[1],)), layer])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    for run in (model.train_on_batch, model.test_on_batch):
        run(x, y)
        assert all(float(loss) > 0 for loss in model.losses)
    for run in (model.fit, model.evaluate):
        run(x, y, verbose=0)
        assert len(model.losses) == 1
    model(x)
    assert all(float(loss) > 0 for loss in model.losses)
    assert len(model.losses) == 2


@training
def test_training_makes_the_loss_small():
    x, y = perceptron.data()
    model = perceptron.model()
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=optimizers.Adam(0.05), loss=loss, metrics=["accuracy"])
    history = model.fit(x, y, epochs=60, batch_size=6, verbose=0).history
    assert history["loss"][-1] < 0.3 * history["loss"][0]
    assert history["accuracy"][-1] == 1.0


@inference
def test_fit_trains_or_says_before_it_starts_why_it_cannot(capabilities):
    model = compiled()
    x, y = perceptron.data()
    if capabilities(Capability.GRADIENTS):
        assert len(model.fit(x, y, epochs=2, verbose=0).history["loss"]) == 2
        return
    with pytest.raises(CapabilityError):
        model.fit(x, y, verbose=0)
    for got, wanted in zip(model.get_weights(), perceptron.initial_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)
