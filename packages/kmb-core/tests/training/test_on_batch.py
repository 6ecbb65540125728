"""train_on_batch and its siblings: single steps, and what may happen to the weights between them."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers

trains = pytest.mark.trains


@trains
def test_calls_are_steps_of_descent(linear, data, descent, assert_weights, pieces):
    model = linear()
    for x, y in pieces(4, *data):
        model.train_on_batch(x, y)
    assert_weights(model, descent(pieces(4, *data)))


@trains
def test_what_is_returned_is_of_the_batch_alone(linear, data):
    model = linear(kmb_core.optimizers.SGD(0.0), metrics=["mae"])
    x, y = data
    errors = np.abs(x.sum(1, keepdims=True) - y)
    for rows in (slice(0, 4), slice(4, 10)):
        logs = model.train_on_batch(x[rows], y[rows], return_dict=True)
        assert list(logs) == ["loss", "mae"]
        assert logs["mae"] == pytest.approx(errors[rows].mean(), rel=1e-5)
        assert logs["loss"] == pytest.approx((errors[rows] ** 2).mean(), rel=1e-5)


@trains
def test_sample_and_class_weights_count(linear, data, descent, assert_weights):
    x, y = data
    weights = np.arange(10, dtype="float32")
    model = linear()
    model.train_on_batch(x, y, sample_weight=weights)
    assert_weights(model, descent([(x, y, weights)]))
    classes = (np.arange(10) % 2).astype("float32")
    model = linear()
    model.train_on_batch(x, classes, class_weight={1: 2.0})
    assert_weights(model, descent([(x, classes[:, None], np.where(classes == 1, 2.0, 1.0))]))


@trains
def test_weights_set_between_steps_are_trained_on(linear, data, assert_weights):
    model = linear()
    model.train_on_batch(*data)
    model.set_weights([np.ones((3, 1)), np.zeros(1)])
    model.train_on_batch(*data)
    once = linear()
    once.train_on_batch(*data)
    assert_weights(model, once.get_weights())


@trains
def test_variables_read_and_assigned_between_steps_are_the_weights(linear, data, descent, assert_weights):
    model = linear()
    kernel = model.trainable_variables[0]
    for _ in range(3):
        model.train_on_batch(*data)
        kernel.assign(2.0 * kernel.numpy())
    reference = linear()
    for _ in range(3):
        reference.train_on_batch(*data)
        weights = reference.get_weights()
        reference.set_weights([2.0 * weights[0], weights[1]])
    assert_weights(model, reference.get_weights())


@trains
def test_training_and_testing_and_predicting_may_alternate(linear, data, descent, assert_weights):
    model = linear()
    x, y = data
    for step in range(3):
        model.train_on_batch(x, y)
        kernel, bias = descent([(x, y)] * (step + 1))
        np.testing.assert_allclose(model.predict_on_batch(x), x @ kernel + bias, rtol=1e-4, atol=1e-5)
        assert model.test_on_batch(x, y) == pytest.approx(((x @ kernel + bias - y) ** 2).mean(), rel=1e-4)
    assert_weights(model, (kernel, bias))


@trains
def test_a_learning_rate_set_between_steps_is_used(linear, data, descent, assert_weights):
    model = linear()
    model.optimizer.learning_rate = 0.0
    model.train_on_batch(*data)
    assert_weights(model, (np.ones((3, 1)), np.zeros(1)))
    model.optimizer.learning_rate = 0.1
    model.train_on_batch(*data)
    assert_weights(model, descent([data]))


@trains
def test_two_models_take_turns(linear, data, descent, assert_weights):
    first, second = linear(), linear()
    for _ in range(3):
        first.train_on_batch(*data)
        second.train_on_batch(*data)
    assert_weights(first, descent([data] * 3))
    assert_weights(second, descent([data] * 3))


@trains
def test_statistics_of_batches_move_in_training_only(data):
    x, _ = data
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.BatchNormalization(momentum=0.5, name="norm")])
    model.compile(kmb_core.optimizers.SGD(0.0), "mse")
    model.test_on_batch(x, x)
    mean, variance = model.get_layer("norm").get_weights()[2:]
    assert not mean.any()
    assert (variance == 1).all()
    for _ in range(2):
        model.train_on_batch(x, x)
    mean, variance = model.get_layer("norm").get_weights()[2:]
    np.testing.assert_allclose(mean, 0.75 * x.mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(variance, 0.25 + 0.75 * x.var(0), rtol=1e-4)


@trains
def test_the_function_of_an_iterator_trains(linear, data, descent, assert_weights):
    model = linear()
    model.train_on_batch(*data)
    train = model.make_train_function()
    train(iter([data]))
    assert_weights(model, descent([data] * 2))


def test_a_batch_can_be_tested_without_an_optimizer(linear, data):
    x, y = data
    model = linear(None)
    assert model.test_on_batch(x, y) == pytest.approx(((x.sum(1, keepdims=True) - y) ** 2).mean(), rel=1e-5)
    logs = model.test_on_batch(x, y, return_dict=True)
    assert list(logs) == ["loss"]


def test_a_batch_is_predicted_without_compilation():
    model = kmb_core.Sequential([layers.Dense(2, kernel_initializer="ones")])
    np.testing.assert_allclose(model.predict_on_batch(np.ones((1, 4), "float32")), [[4, 4]])
    assert isinstance(model.predict_on_batch(np.ones((5, 4), "float32")), np.ndarray)


SETTINGS = {
    "clipnorm": {"clipnorm": 0.5},
    "clipvalue": {"clipvalue": 0.2},
    "global_clipnorm": {"global_clipnorm": 0.5},
    "averages": {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
    "accumulation": {"gradient_accumulation_steps": 2},
}


def clipped(gradients, setting):
    if setting == "clipvalue":
        return [np.clip(g, -0.2, 0.2) for g in gradients]
    norms = [np.sqrt((g**2).sum()) for g in gradients]
    if setting == "global_clipnorm":
        norms = [np.sqrt(sum(n**2 for n in norms))] * 2
    return [g * 0.5 / max(n, 0.5) for g, n in zip(gradients, norms, strict=True)]


def three_steps(x, y, setting):
    """Kernel and bias after three steps of descent at rate 0.1, in NumPy."""
    weights, waiting = [np.ones((3, 1)), np.zeros(1)], []
    averages = [w.copy() for w in weights]
    for step in (1, 2, 3):
        error = x @ weights[0] + weights[1] - y
        gradients = [2 * x.T @ error / len(x), 2 * error.mean(0)]
        if setting == "accumulation":
            waiting.append(gradients)
            if step % 2:
                continue
            gradients = [sum(pair) / 2 for pair in zip(*waiting, strict=True)]
        elif setting != "averages":
            gradients = clipped(gradients, setting)
        weights = [w - 0.1 * g for w, g in zip(weights, gradients, strict=True)]
        if setting == "averages":
            averages = [w if step == 1 else 0.5 * a + 0.5 * w for a, w in zip(averages, weights, strict=True)]
            weights = [a.copy() for a in averages] if step == 2 else weights
    return weights


@trains
@pytest.mark.parametrize("setting", list(SETTINGS))
def test_settings_of_optimizers_count_inside_steps(linear, data, assert_weights, setting):
    model = linear(kmb_core.optimizers.SGD(0.1, **SETTINGS[setting]))
    for _ in range(3):
        model.train_on_batch(*data)
    assert_weights(model, three_steps(*data, setting))


class FromOne(kmb_core.metrics.Metric):
    """Counts batches, and begins with one."""

    def __init__(self):
        super().__init__(name="from_one")
        self.count = self.add_weight(initializer="ones", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign(self.count + 1)

    def result(self):
        return self.count.value

    def reset_state(self):
        self.count.assign(kmb_core.ops.ones(()))


@trains
def test_metrics_that_begin_with_something_else_than_zero_do_so_at_each_batch(linear, data):
    model = linear(metrics=[FromOne()])
    for _ in range(3):
        assert model.train_on_batch(*data, return_dict=True)["from_one"] == 2.0
    assert model.test_on_batch(*data, return_dict=True)["from_one"] == 2.0


@trains
def test_batches_alone_and_loops_take_turns(linear, data):
    model = linear(kmb_core.optimizers.SGD(0.0), metrics=["mae"])
    x, y = data
    whole = model.evaluate(x, y, batch_size=4, verbose=0)
    few = model.evaluate(x[:3], y[:3], verbose=0)
    for _ in range(2):
        assert model.train_on_batch(x[:3], y[:3]) == pytest.approx(few, rel=1e-5)
        history = model.fit(x, y, batch_size=4, verbose=0, shuffle=False).history
        assert [history[name][0] for name in ("loss", "mae")] == pytest.approx(whole, rel=1e-5)
        assert model.test_on_batch(x[:3], y[:3]) == pytest.approx(few, rel=1e-5)
        assert model.evaluate(x, y, batch_size=4, verbose=0) == pytest.approx(whole, rel=1e-5)


@trains
def test_metrics_compiled_anew_are_those_returned(linear, data):
    model = linear(metrics=["mae"])
    model.train_on_batch(*data)
    model.compile("sgd", "mse", metrics=["mse", "mae"])
    assert list(model.train_on_batch(*data, return_dict=True)) == ["loss", "mse", "mae"]
