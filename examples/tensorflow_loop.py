"""A training loop of TensorFlow's own: tf.data, a GradientTape in a tf.function that XLA compiles, an optimizer of kmb.

    python examples/tensorflow_loop.py

Exit status: 1 where the test accuracy is too low.
"""

from __future__ import annotations

import sys

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kmb_core

LEAST_ACCURACY = 0.95


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scikit-learn's 8 × 8 digits, as rows of 64 pixels: x_train, x_test, y_train, y_test."""
    x, y = load_digits(return_X_y=True)
    x = x / 16
    x_train, x_test, y_train, y_test = train_test_split(
        x.astype("float32"), y.astype("int32"), random_state=0, stratify=y
    )
    return x_train, x_test, y_train, y_test


def main() -> int:
    kmb_core.config.set_backend("tensorflow")
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    model = kmb_core.Sequential(
        [kmb_core.Input((64,)), kmb_core.layers.Dense(64, activation="relu"), kmb_core.layers.Dense(10)]
    )
    optimizer = kmb_core.optimizers.Adam(3e-3)
    optimizer.build(model.trainable_variables)  # outside of the function, which may make no variables

    @tf.function(jit_compile=True)
    def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x, training=True))
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    samples = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(2000, seed=0).batch(64)
    for epoch in range(20):
        for x, y in samples:
            loss = step(x, y)
        if epoch % 5 == 4:
            print(f"Epoch {epoch + 1}: the last loss is {float(loss):.4f}")
    return checked(float(np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test)))


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
