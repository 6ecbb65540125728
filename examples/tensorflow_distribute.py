"""A loop of tf.distribute's own: layers, a loss and an optimizer of kmb inside `MirroredStrategy.run`.

    python examples/tensorflow_distribute.py

The processor looks like two devices. Each replica works on its part of a batch, and TensorFlow sums the gradients. Exit
status: 1 where the test accuracy is too low, or the replicas end with different weights.
"""

from __future__ import annotations

import sys

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kmb_core

LEAST_ACCURACY = 0.95
BATCH = 64


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scikit-learn's 8 × 8 digits, as rows of 64 pixels: x_train, x_test, y_train, y_test."""
    x, y = load_digits(return_X_y=True)
    x = x / 16
    x_train, x_test, y_train, y_test = train_test_split(
        x.astype("float32"), y.astype("int32"), random_state=0, stratify=y
    )
    return x_train, x_test, y_train, y_test


def main() -> int:
    (processor,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    kmb_core.config.set_backend("tensorflow")
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
    with strategy.scope():  # variables that are made here have a copy on each device
        model = kmb_core.Sequential(
            [kmb_core.Input((64,)), kmb_core.layers.Dense(64, activation="relu"), kmb_core.layers.Dense(10)]
        )
        optimizer = kmb_core.optimizers.Adam(3e-3)
        optimizer.build(model.trainable_variables)

    def replica_step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x, training=True))
            loss = tf.reduce_sum(losses) / BATCH  # of the whole batch: the replicas' losses add up to its mean
        gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
        context = tf.distribute.get_replica_context()
        optimizer.apply(context.all_reduce("SUM", gradients), model.trainable_variables)
        return loss

    @tf.function
    def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return strategy.reduce("SUM", strategy.run(replica_step, args=(x, y)), axis=None)

    samples = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(2000, seed=0)
    batches = strategy.experimental_distribute_dataset(samples.batch(BATCH, drop_remainder=True))
    for epoch in range(20):
        for x, y in batches:
            loss = step(x, y)
        if epoch % 5 == 4:
            print(f"Epoch {epoch + 1}: the last loss is {float(loss):.4f}")
    for variable in model.trainable_variables:
        first, second = strategy.experimental_local_results(variable.value)
        if not np.array_equal(first, second):
            print(f"The replicas have different values of {variable.path}", file=sys.stderr)
            return 1
    return checked(float(np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test)))


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
