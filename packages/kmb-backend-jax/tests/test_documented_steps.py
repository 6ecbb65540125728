import jax
import numpy as np
import pytest

import kmb_core


class Documented(kmb_core.Model):
    """Steps in the style that Keras documents for this framework."""

    def compute_loss_and_updates(self, trainable_variables, non_trainable_variables, x, y, training=False):
        y_pred, non_trainable_variables = self.stateless_call(
            trainable_variables, non_trainable_variables, x, training=training
        )
        return self.compute_loss(x, y, y_pred), (y_pred, non_trainable_variables)

    def train_step(self, state, data):
        trainable_variables, non_trainable_variables, optimizer_variables, metrics_variables = state
        x, y = data
        differentiated = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (loss, (y_pred, non_trainable_variables)), grads = differentiated(
            trainable_variables, non_trainable_variables, x, y, training=True
        )
        trainable_variables, optimizer_variables = self.optimizer.stateless_apply(
            optimizer_variables, grads, trainable_variables
        )
        logs, metrics_variables = self.updated(metrics_variables, loss, y, y_pred)
        return logs, (trainable_variables, non_trainable_variables, optimizer_variables, metrics_variables)

    def test_step(self, state, data):
        trainable_variables, non_trainable_variables, metrics_variables = state
        x, y = data
        loss, (y_pred, non_trainable_variables) = self.compute_loss_and_updates(
            trainable_variables, non_trainable_variables, x, y
        )
        logs, metrics_variables = self.updated(metrics_variables, loss, y, y_pred)
        return logs, (trainable_variables, non_trainable_variables, metrics_variables)

    def updated(self, metrics_variables, loss, y, y_pred):
        logs, new = {}, []
        for metric in self.metrics:
            own = metrics_variables[len(new) : len(new) + len(metric.variables)]
            seen = (loss,) if metric.name == "loss" else (y, y_pred)
            own = metric.stateless_update_state(own, *seen)
            logs[metric.name] = metric.stateless_result(own)
            new += own
        return logs, new


@pytest.mark.parametrize("options", [{}, {"run_eagerly": True}, {"steps_per_execution": 2}])
def test_the_documented_step_gives_what_the_default_one_gives(options):
    x = np.linspace(-1, 1, 32, dtype="float32").reshape(8, 4)
    y = x.sum(axis=1, keepdims=True)

    def history(cls, **options):
        inputs = kmb_core.Input((4,))
        model = cls(inputs, kmb_core.layers.Dense(1, kernel_initializer="ones")(inputs))
        model.compile("sgd", "mse", metrics=["mae"], **options)
        run = model.fit(x, y + 1, batch_size=2, epochs=2, shuffle=False, validation_data=(x, y), verbose=0)
        return run.history

    expected, found = history(kmb_core.Model), history(Documented, **options)
    assert list(found) == ["loss", "mae", "val_loss", "val_mae"]
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=1e-5)
