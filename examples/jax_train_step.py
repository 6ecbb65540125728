"""A training step of one's own under `fit`, in JAX's style: a pure function of a state and a batch.

    python examples/jax_train_step.py

It trains on pairs of samples that are mixed ("mixup"). Exit status: 1 where the test accuracy is too low.
"""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kmb_core

LEAST_ACCURACY = 0.93


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scikit-learn's 8 × 8 digits, as rows of 64 pixels: x_train, x_test, y_train, y_test."""
    x, y = load_digits(return_X_y=True)
    x = x / 16
    x_train, x_test, y_train, y_test = train_test_split(
        x.astype("float32"), y.astype("int32"), random_state=0, stratify=y
    )
    return x_train, x_test, y_train, y_test


class Mixed(kmb_core.Model):
    """Trains on the means of samples and their neighbours in the batch."""

    def loss_and_outputs(self, weights: Any, rest: Any, x: Any, y: Any) -> tuple[Any, tuple[Any, Any]]:
        """The loss to differentiate, and what else the forward pass gives."""
        y_pred, rest = self.stateless_call(weights, rest, x, training=True)
        return self.compute_loss(x, y, y_pred), (y_pred, rest)

    def train_step(self, state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        """Update the weights with a batch of mixed samples; returns the logs."""
        weights, rest, optimizer_state, metrics = state
        x, y = data
        x, y = 0.7 * x + 0.3 * jnp.roll(x, 1, axis=0), 0.7 * y + 0.3 * jnp.roll(y, 1, axis=0)
        differentiated = jax.value_and_grad(self.loss_and_outputs, has_aux=True)
        (loss, (y_pred, rest)), gradients = differentiated(weights, rest, x, y)
        weights, optimizer_state = self.optimizer.stateless_apply(optimizer_state, gradients, weights)
        logs, new = {}, []
        for metric in self.metrics:
            own = metrics[len(new) : len(new) + len(metric.variables)]
            seen = (loss,) if metric.name == "loss" else (y, y_pred)
            own = metric.stateless_update_state(own, *seen)
            logs[metric.name] = metric.stateless_result(own)
            new += own
        return logs, (weights, rest, optimizer_state, new)


def main() -> int:
    kmb_core.config.set_backend("jax")
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    inputs = kmb_core.Input((64,))
    hidden = kmb_core.layers.Dense(64, activation="relu")(inputs)
    model = Mixed(inputs, kmb_core.layers.Dense(10, activation="softmax")(hidden))
    model.compile(kmb_core.optimizers.Adam(3e-3), "categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, np.eye(10, dtype="float32")[y_train], batch_size=64, epochs=20, verbose=2)
    return checked(float(np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test)))


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
