"""Steps, losses and metrics that a user's class overrides, in the style that the current framework asks for.

A backend with stateless steps hands `train_step` a state and a batch and takes logs and a new state; the others hand it
the batch and take logs. Which it is, the capability says.
"""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.backend import current_backend
from kmb_core.plugins import Capability, Degree

trains = pytest.mark.trains
STATELESS = current_backend().info.supports(Capability.STATELESS_STEPS).degree is Degree.FULL


def built(cls, **options):
    model = cls()
    model.compile(kmb_core.optimizers.SGD(0.1), "mse", **options)
    return model


class Linear(kmb_core.Model):
    def __init__(self):
        super().__init__(name="linear")
        self.head = layers.Dense(1, kernel_initializer="ones")

    def call(self, x):
        return self.head(x)


class Extended(Linear):
    """Doubles the targets before the default steps, and adds a log."""

    def train_step(self, *args):
        *state, (x, y) = args
        result = super().train_step(*state, (x, 2 * y))
        return (dict(result[0], extra=1.5), result[1]) if STATELESS else dict(result, extra=1.5)

    def test_step(self, *args):
        *state, (x, y) = args
        return super().test_step(*state, (x, 2 * y))

    def predict_step(self, *args):
        result = super().predict_step(*args)
        return (result[0] + 100.0, result[1]) if STATELESS else result + 100.0


@trains
@pytest.mark.parametrize("options", [{}, {"run_eagerly": True}, {"steps_per_execution": 2}])
def test_a_step_around_the_default_one_trains(data, descent, assert_weights, pieces, options):
    x, y = data
    model = built(Extended, metrics=["mae"], **options)
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    assert_weights(model, descent(pieces(4, x, 2 * y) * 2))
    assert list(history) == ["loss", "mae", "extra"]
    assert history["extra"] == [1.5, 1.5]


@pytest.mark.parametrize("options", [{}, {"run_eagerly": True}, {"steps_per_execution": 2}])
def test_a_test_step_around_the_default_one_evaluates(data, options):
    x, y = data
    model = built(Extended, metrics=["mae"], **options)
    loss, mae = model.evaluate(x, y, batch_size=5, verbose=0)
    errors = x.sum(1, keepdims=True) - 2 * y
    assert loss == pytest.approx((errors**2).mean(), rel=1e-5)
    assert mae == pytest.approx(np.abs(errors).mean(), rel=1e-5)


def test_a_predict_step_around_the_default_one_predicts(data):
    x, _ = data
    np.testing.assert_allclose(
        built(Extended).predict(x, batch_size=4, verbose=0), x.sum(1, keepdims=True) + 100, rtol=1e-5
    )


class OwnMetric(Linear):
    """Overrides compute_loss, compute_metrics and metrics."""

    def __init__(self):
        super().__init__()
        self.tracker = kmb_core.metrics.Mean(name="tracked")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = 3.0 * ops.mean(ops.square(y_pred - y))
        self.tracker.update_state(loss)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return dict(super().compute_metrics(x, y, y_pred, sample_weight), constant=0.5)


@trains
def test_an_own_loss_is_minimised_and_own_metrics_are_logged(data, descent, assert_weights, pieces):
    model = OwnMetric()
    model.compile(kmb_core.optimizers.SGD(0.1 / 3))
    history = model.fit(*data, batch_size=5, shuffle=False, verbose=0).history
    assert_weights(model, descent(pieces(5, *data)))
    assert list(history) == ["loss", "tracked", "constant"]
    assert history["tracked"] == pytest.approx(history["loss"], rel=1e-5)
    assert history["constant"] == [0.5]


def test_an_own_loss_is_evaluated(data):
    x, y = data
    model = OwnMetric()
    model.compile(None)
    logs = model.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)
    expected = 3 * ((x.sum(1, keepdims=True) - y) ** 2).mean()
    assert logs == {
        "loss": pytest.approx(expected, rel=1e-5),
        "tracked": pytest.approx(expected, rel=1e-5),
        "constant": 0.5,
    }


class LossFromSuper(Linear):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, sample_weight, training) + 10.0 * ops.mean(x * 0 + 1)


def test_an_own_loss_may_start_from_the_default_one(data):
    x, y = data
    expected = ((x.sum(1, keepdims=True) - y) ** 2).mean() + 10
    assert built(LossFromSuper).evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-5)


@trains
def test_added_losses_and_regularizers_are_minimised(data):
    """d/dw of mean((w x)^2) + 0.1 w^2 + 0.5 mean(w x), at w = 1, in NumPy."""
    x = data[0][:, :1]

    class Adding(kmb_core.Layer):
        def call(self, x):
            self.add_loss(0.5 * ops.mean(x))
            return x

    dense = layers.Dense(1, use_bias=False, kernel_initializer="ones", kernel_regularizer=kmb_core.regularizers.L2(0.1))
    model = kmb_core.Sequential([kmb_core.Input((1,)), dense, Adding()])
    model.compile(kmb_core.optimizers.SGD(0.1), "mse")
    history = model.fit(x, 0 * x, batch_size=10, shuffle=False, verbose=0).history
    gradient = 2 * (x**2).mean() + 0.2 + 0.5 * x.mean()
    np.testing.assert_allclose(model.get_weights()[0], [[1 - 0.1 * gradient]], rtol=1e-5)
    assert history["loss"][0] == pytest.approx((x**2).mean() + 0.1 + 0.5 * x.mean(), rel=1e-5)


@trains
def test_a_model_without_targets_trains_on_its_added_losses(data):
    class Adding(Linear):
        def call(self, x):
            outputs = self.head(x)
            self.add_loss(ops.mean(ops.square(outputs)))
            return outputs

    model = Adding()
    model.compile(kmb_core.optimizers.SGD(0.1))
    x = data[0]
    losses = model.fit(x, batch_size=10, epochs=2, shuffle=False, verbose=0).history["loss"]
    assert losses[0] == pytest.approx((x.sum(1) ** 2).mean(), rel=1e-5)
    assert losses[1] < losses[0]
    assert model.losses == [] or len(model.losses) == 1


@trains
def test_metrics_of_layers_are_updated_in_training(data):
    class Counting(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.seen = kmb_core.metrics.Mean(name="mean_input")

        def call(self, x):
            self.seen.update_state(x)
            return x

    model = kmb_core.Sequential([kmb_core.Input((3,)), Counting(), layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(*data, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    assert list(history) == ["loss", "mean_input"]
    np.testing.assert_allclose(history["mean_input"], [data[0].mean()] * 2, rtol=1e-4)


@trains
def test_a_step_may_set_weights_itself(data):
    x, y = data

    class ByHand(Linear):
        def train_step(self, *args):
            if not STATELESS:
                (batch,) = args
                result = super().train_step(batch)
                self.head.bias.assign(ops.ones((1,)))
                return result
            state, batch = args
            logs, (trainable, *rest) = super().train_step(state, batch)
            return logs, ([trainable[0], ops.ones((1,))], *rest)

    model = built(ByHand)
    model.fit(x, y, batch_size=5, epochs=2, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[1], [1.0])
    assert np.abs(model.get_weights()[0] - 1).max() > 0


@trains
@pytest.mark.parametrize("style", ["list", "dict"])
def test_nested_inputs_and_outputs_train_with_losses_of_their_own(data, style, descent):
    x, y = data
    inputs = {"left": kmb_core.Input((3,), name="left"), "right": kmb_core.Input((3,), name="right")}
    heads = [
        layers.Dense(1, kernel_initializer="ones", name="one")(inputs["left"]),
        layers.Dense(1, kernel_initializer="ones", name="two")(inputs["right"]),
    ]
    as_dict = style == "dict"
    model = kmb_core.Model(inputs, dict(zip(("one", "two"), heads, strict=True)) if as_dict else heads)
    losses = {"one": "mse", "two": "mse"} if as_dict else ["mse", "mse"]
    weights = {"one": 1.0, "two": 0.5} if as_dict else [1.0, 0.5]
    model.compile(
        kmb_core.optimizers.SGD(0.1), losses, loss_weights=weights, metrics=[["mae"], []] if not as_dict else None
    )
    targets = {"one": y, "two": -y} if as_dict else [y, -y]
    history = model.fit({"left": x, "right": x}, targets, batch_size=10, shuffle=False, verbose=0).history
    assert {"loss", "one_loss", "two_loss"} <= set(history)
    assert next(iter(history)) == "loss"
    kernel, _ = descent([(x, y)])
    np.testing.assert_allclose(model.get_layer("one").get_weights()[0], kernel, rtol=1e-4)
    kernel, _ = descent([(x, -y)], rate=0.05)
    np.testing.assert_allclose(model.get_layer("two").get_weights()[0], kernel, rtol=1e-4)
    assert history["loss"][0] == pytest.approx(history["one_loss"][0] + 0.5 * history["two_loss"][0], rel=1e-5)


# Styles of `compute_loss` and `metrics` that Keras documents ---------------------------------------------------------


class OwnLoss(Linear):
    """A loss without the argument `training`, as older code has it."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return ops.mean(ops.abs(y - y_pred))


class OwnTracker(Linear):
    """Lists one metric, of its own, in place of all others."""

    def __init__(self):
        super().__init__()
        self.tracker = kmb_core.metrics.Mean(name="tracked")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = ops.mean(ops.square(y - y_pred)) + 1.0
        self.tracker.update_state(loss)
        return loss

    def reset_metrics(self):
        self.tracker.reset_state()

    @property
    def metrics(self):
        return [self.tracker]


@trains
def test_a_loss_of_ones_own_need_not_take_training(data):
    x, y = data
    model = built(OwnLoss)
    before = np.abs(y - model.predict(x, verbose=0)).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(before, rel=1e-5)
    assert model.fit(x, y, epochs=3, verbose=0).history["loss"][-1] < before


@trains
@pytest.mark.parametrize("options", [{}, {"metrics": ["mae"]}])
def test_a_model_may_list_metrics_of_its_own_alone(data, options):
    x, y = data
    model = built(OwnTracker, **options)
    loss = np.square(y - model.predict(x, verbose=0)).mean() + 1.0
    assert model.evaluate(x, y, verbose=0, return_dict=True) == {"tracked": pytest.approx(loss, rel=1e-5)}
    assert list(model.fit(x, y, epochs=2, verbose=0).history) == ["tracked"]


# Steps in the style of another framework -----------------------------------------------------------------------------


def unfitting(step):
    """A class whose `step` takes what no backend of this kind gives."""
    if STATELESS:
        return type("Unfitting", (Linear,), {step: lambda self, data: {}})
    return type("Unfitting", (Linear,), {step: lambda self, state, data: {}})


@pytest.mark.parametrize("step", ["train_step", pytest.param("test_step", marks=trains)])
def test_a_step_in_another_style_is_refused_before_anything_happens(data, step):
    model = built(unfitting(step))
    begun = []
    callback = kmb_core.callbacks.LambdaCallback(on_train_begin=begun.append)
    own, given = ("data", "state, data") if STATELESS else ("state, data", "data")
    with pytest.raises(TypeError) as caught:
        model.fit(*data, callbacks=[callback], verbose=0)
    first, _, last = str(caught.value).splitlines()
    backend = current_backend().name
    assert first == f"model 'linear': {step} takes ({own}), but the {backend} backend calls it with ({given})"
    assert f"`def {step}(self, {given})`" in last
    assert begun == []


def test_so_are_steps_of_evaluation_and_prediction(data):
    x, y = data
    with pytest.raises(TypeError, match="predict_step takes"):
        unfitting("predict_step")().predict(x, verbose=0)
    model = unfitting("test_step")()
    model.compile(loss="mse")
    with pytest.raises(TypeError, match="test_step takes"):
        model.evaluate(x, y, verbose=0)
    assert model.predict(x, verbose=0).shape == (len(x), 1)  # where the step is not called it does no harm
