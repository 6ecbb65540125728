import sys
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kmb_core as keras
from kmb_backend_jax.session import Session
from kmb_backend_jax.steps import LostUpdateError

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(64, 4)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5], [3.0]]) + 0.3).astype("float32")


def linear(**options):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="only")])
    model.set_weights([np.full((4, 1), 0.1, "float32"), np.zeros(1, "float32")])
    model.compile(**({"optimizer": keras.optimizers.SGD(0.1), "loss": "mse"} | options))
    return model


def native_losses(steps, batch_size=16):
    """The same training by hand."""

    @jax.jit
    def step(weights, x, y):
        loss, (kernel, bias) = jax.value_and_grad(lambda w: jnp.mean((x @ w[0] + w[1] - y) ** 2))(weights)
        return loss, (weights[0] - 0.1 * kernel, weights[1] - 0.1 * bias)

    weights, losses = (jnp.full((4, 1), 0.1), jnp.zeros(1)), []
    for i in range(steps):
        part = slice(i * batch_size % 64, i * batch_size % 64 + batch_size)
        loss, weights = step(weights, X[part], Y[part])
        losses.append(float(loss))
    return losses, weights


def fit(model, **options):
    return model.fit(X, Y, **({"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0} | options)).history


def calls(function):
    count = 0

    def count_call(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(count_call)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count - 2


@pytest.mark.parametrize(
    "options", [{}, {"run_eagerly": True}, {"jit_compile": False}, {"jit_compile": True}, {"steps_per_execution": 3}]
)
def test_training_is_the_training_that_one_would_write_by_hand(options):
    model = linear(**options)
    history = fit(model)
    losses, (kernel, bias) = native_losses(8)
    np.testing.assert_allclose(history["loss"], [np.mean(losses[:4]), np.mean(losses[4:])], rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[1], bias, rtol=1e-5)
    assert int(model.optimizer.iterations.numpy()) == 8


def test_nothing_is_written_back_while_nobody_reads(monkeypatch):
    returned = []
    real = Session.write_back
    monkeypatch.setattr(Session, "write_back", lambda self: returned.append(self.lent) or real(self))
    model = linear()
    model.train_on_batch(X, Y)
    returned.clear()
    fit(model, validation_data=(X, Y))
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    assert not any(returned)
    model.get_weights()
    assert returned == [True]


def test_weights_that_a_callback_took_stay_what_they_were():
    taken = []

    class Take(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            value = self.model.trainable_variables[0].value
            taken.append((value, np.array(value)))

    fit(linear(), callbacks=[Take()])
    assert len(taken) == 8
    for value, copy in taken:
        np.testing.assert_array_equal(value, copy)
    assert (taken[0][1] != taken[-1][1]).any()


def test_what_a_callback_assigns_is_trained_on():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.optimizer.learning_rate = 0.0

    model = linear()
    fit(model, callbacks=[Stop()])
    _, (kernel, _) = native_losses(1)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-6)


def test_logs_of_earlier_steps_can_be_read_late():
    model, kept = linear(), []

    class Keep(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            kept.append(logs)

    fit(model, epochs=1, callbacks=[Keep()])
    losses, _ = native_losses(4)
    running = np.cumsum(losses) / np.arange(1, 5)
    np.testing.assert_allclose([logs["loss"] for logs in kept], running, rtol=1e-5)


class Documented(keras.Model):
    """A step of one's own, in the way that Keras documents for JAX."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="zeros")
        self.error = keras.metrics.Mean(name="error")

    def call(self, x):
        return self.dense(x)

    def compute_and_more(self, trainable, non_trainable, x, y):
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x)
        return self.compute_loss(x, y, y_pred), (y_pred, non_trainable)

    def train_step(self, state, data):
        trainable, non_trainable, optimizer_variables, metrics_variables = state
        x, y = data
        differentiated = jax.value_and_grad(self.compute_and_more, has_aux=True)
        (loss, (_, non_trainable)), gradients = differentiated(trainable, non_trainable, x, y)
        trainable, optimizer_variables = self.optimizer.stateless_apply(optimizer_variables, gradients, trainable)
        logs, updated = {}, []
        for metric in self.metrics:
            own = metrics_variables[len(updated) : len(updated) + len(metric.variables)]
            own = metric.stateless_update_state(own, loss)
            logs[metric.name] = metric.stateless_result(own)
            updated += own
        return logs, (trainable, non_trainable, optimizer_variables, updated)

    def predict_step(self, state, data):
        outputs, non_trainable = super().predict_step(state, data)
        return -outputs, non_trainable


def test_a_step_of_ones_own_is_compiled_and_trains():
    model = Documented()
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    history = fit(model, epochs=20)
    assert history["error"] == pytest.approx(history["loss"])
    assert history["loss"][-1] < 0.01 * history["loss"][0]
    np.testing.assert_allclose(model.predict(X, verbose=0), -np.asarray(model(X)), rtol=1e-4, atol=1e-5)


def test_super_steps_can_be_extended():
    class Extended(Documented):
        def train_step(self, state, data):
            logs, state = keras.Model.train_step(self, state, data)
            return {**logs, "twice": 2 * logs["loss"]}, state

        def test_step(self, state, data):
            logs, state = super().test_step(state, data)
            return {**logs, "thrice": 3 * logs["loss"]}, state

    model = Extended()
    model.compile(optimizer="sgd", loss="mse")
    history = fit(model, epochs=1, validation_data=(X, Y))
    assert history["twice"][0] == pytest.approx(2 * history["loss"][0])
    assert history["val_thrice"][0] == pytest.approx(3 * history["val_loss"][0])


def test_a_step_that_loses_a_variable_is_told_so():
    class Forgetful(Documented):
        def train_step(self, state, data):
            return {}, (state[0][:1], *state[1:])

    model = Forgetful()
    model.compile(optimizer="sgd", loss="mse")
    with pytest.raises(ValueError, match="2 trainable_variables and returned 1"):
        fit(model)
    assert len(model.get_weights()) == 2


def test_one_value_for_two_variables_survives_the_next_step():
    class Shadow(keras.layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(), initializer="ones")
            self.shadow = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.second_shadow = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.shadow.assign(self.kernel)
            self.second_shadow.assign(self.kernel)
            return x * self.kernel

    model = keras.Sequential([keras.Input((4,)), Shadow(), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    fit(model)
    layer = model.layers[0]
    assert float(layer.shadow.numpy()) == float(layer.second_shadow.numpy()) != 0.0


def test_a_variable_that_the_model_does_not_know_is_named():
    stray = keras.Variable(0.0, name="stray_counter", trainable=False)

    class Straying(keras.layers.Layer):
        def call(self, x):
            stray.assign(stray + 1.0)
            return x

    # Layers track variables in their attributes; this one is in none.
    model = keras.Sequential([keras.Input((4,)), Straying(), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    with pytest.raises(LostUpdateError, match="stray_counter"):
        fit(model)


def test_random_layers_draw_anew_at_each_step_and_repeat_with_the_seed():
    def losses():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5, seed=3), keras.layers.Dense(1)])
        model.set_weights([np.ones((4, 1), "float32"), np.zeros(1, "float32")])
        model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
        return [float(model.train_on_batch(X, Y)) for _ in range(3)]

    first = losses()
    assert len(set(first)) == 3
    assert losses() == first


def test_moving_statistics_are_part_of_the_state():
    model = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(momentum=0.0), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.train_on_batch(X, Y)
    np.testing.assert_allclose(model.layers[0].moving_mean.numpy(), X.mean(0), atol=1e-5)
    np.testing.assert_allclose(model.layers[0].moving_variance.numpy(), X.var(0), rtol=1e-3)


def test_frozen_layers_stay_and_thaw_after_the_next_compile():
    model = linear()
    fit(model)
    model.layers[0].trainable = False
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    before = model.get_weights()[0]
    fit(model)
    np.testing.assert_array_equal(model.get_weights()[0], before)
    model.layers[0].trainable = True
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    fit(model)
    assert (model.get_weights()[0] != before).any()


def test_evaluation_before_training_does_not_disturb_it():
    model = linear(metrics=["mae"])
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    history = fit(model)
    losses, _ = native_losses(8)
    np.testing.assert_allclose(history["loss"][-1], np.mean(losses[4:]), rtol=1e-5)


def test_a_smaller_last_batch_is_its_own_shape():
    model = linear(steps_per_execution=3)
    model.fit(X[:50], Y[:50], batch_size=16, epochs=1, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations.numpy()) == 4


def test_two_models_that_share_a_layer_train_in_turn():
    shared = keras.layers.Dense(1)
    models = []
    for _ in range(2):
        x = keras.Input((4,))
        model = keras.Model(x, shared(x))
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
        models.append(model)
    shared.set_weights([np.full((4, 1), 0.1, "float32"), np.zeros(1, "float32")])
    for i in range(8):
        part = slice(i * 16 % 64, i * 16 % 64 + 16)
        models[i % 2].train_on_batch(X[part], Y[part])
    _, (kernel, _) = native_losses(8)
    np.testing.assert_allclose(shared.get_weights()[0], kernel, rtol=1e-5)


def test_models_train_in_threads_of_their_own():
    histories = {}

    def run(name):
        with keras.use_backend("jax"):
            histories[name] = fit(linear())["loss"]

    threads = [threading.Thread(target=run, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    losses, _ = native_losses(8)
    for name in range(3):
        np.testing.assert_allclose(histories[name][-1], np.mean(losses[4:]), rtol=1e-5)


def test_the_choice_of_compiling_is_said_once(caplog):
    with caplog.at_level("INFO", logger="kmb_backend_jax"):
        model = linear()
        fit(model)
        fit(model)
    assert [record.message for record in caplog.records].count(caplog.records[0].message) == 1
    assert "jax.jit" in caplog.records[0].message
    assert model.jit_compile is True


def test_a_step_costs_few_python_calls():
    model = linear(metrics=["mae"])

    def one_epoch(batches):
        return calls(lambda: model.fit(X[: 2 * batches], Y[: 2 * batches], batch_size=2, verbose=0, shuffle=False))

    for _ in range(2):  # the second is the first to reset the metrics in their place
        one_epoch(28)
    short, long = one_epoch(4), one_epoch(28)
    assert 0 < (long - short) / 24 <= 120


def test_a_prediction_costs_few_python_calls():
    model = linear()
    model.predict_on_batch(X)
    model.predict_on_batch(X)
    assert calls(lambda: model.predict_on_batch(X)) <= 100


def test_a_step_does_not_cost_more_python_for_more_variables():
    def cost(depth):
        layers = [keras.layers.Dense(4) for _ in range(depth)]
        model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        trainer, batch = model.trainer, (X, Y)
        model.train_on_batch(X, Y)
        trainer.run_train(batch)
        return calls(lambda: trainer.run_train(batch))

    assert cost(1) == cost(6) <= 10
