import numpy as np
import pytest
import torch

import kmb_core


class Documented(kmb_core.Model):
    """Steps in the style that Keras documents for this framework."""

    def train_step(self, data):
        x, y = data
        self.zero_grad()
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        loss.backward()
        trainable_weights = list(self.trainable_weights)
        gradients = [v.value.grad for v in trainable_weights]
        with torch.no_grad():
            self.optimizer.apply(gradients, trainable_weights)
        return self.updated(loss, y, y_pred)

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        return self.updated(self.compute_loss(y=y, y_pred=y_pred), y, y_pred)

    def updated(self, loss, y, y_pred):
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


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
