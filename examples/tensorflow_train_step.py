"""A training step of one's own under `fit`, in TensorFlow's style: a GradientTape, then the optimizer's update.

    python examples/tensorflow_train_step.py

It trains on pairs of samples that are mixed ("mixup"). Exit status: 1 where the test accuracy is too low.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import tensorflow as tf
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

    def train_step(self, data: Any) -> dict[str, Any]:
        """Update the weights with a batch of mixed samples; returns the logs."""
        x, y = data
        x, y = 0.7 * x + 0.3 * tf.roll(x, 1, 0), 0.7 * y + 0.3 * tf.roll(y, 1, 0)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


def main() -> int:
    kmb_core.config.set_backend("tensorflow")
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
