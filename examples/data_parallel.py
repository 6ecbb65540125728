"""One model on several devices: `fit` under a distribution, with the same lines on JAX, torch and TensorFlow.

    python examples/data_parallel.py --backend jax
    python examples/data_parallel.py --backend tensorflow
    torchrun --nproc-per-node 2 examples/data_parallel.py --backend torch

JAX and TensorFlow get virtual devices of the processor here; on a machine with GPUs leave `virtual_devices` out. Exit
status: 1 where the test accuracy is too low, or the weights differ from those that one device learns.
"""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kmb_core
from kmb_core.distribution import DataParallel, initialize, list_devices

LEAST_ACCURACY = 0.95


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scikit-learn's 8 × 8 digits, as rows of 64 pixels: x_train, x_test, y_train, y_test."""
    x, y = load_digits(return_X_y=True)
    x = x / 16
    x_train, x_test, y_train, y_test = train_test_split(
        x.astype("float32"), y.astype("int32"), random_state=0, stratify=y
    )
    return x_train, x_test, y_train, y_test


def virtual_devices(backend: str) -> None:
    """Let the processor look like several devices; before the framework starts."""
    if backend == "jax":
        os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
    elif backend == "tensorflow":
        import tensorflow as tf

        (processor,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="jax", choices=("jax", "tensorflow", "torch"))
    backend = parser.parse_args().backend
    virtual_devices(backend)
    kmb_core.config.set_backend(backend)
    if backend == "torch":
        initialize()  # with the addresses that torchrun has left
    x_train, x_test, y_train, y_test = data()
    alone = trained(x_train, y_train)
    with DataParallel().scope():
        print(f"{backend} trains on {list_devices()}")
        together = trained(x_train, y_train)
        _, accuracy = together.evaluate(x_test, y_test, verbose=0)
    pairs = zip(together.get_weights(), alone.get_weights(), strict=True)
    if not all(np.allclose(one, other, atol=1e-3) for one, other in pairs):
        print("The weights differ from those that one device learns", file=sys.stderr)
        return 1
    return checked(accuracy)


def trained(x: np.ndarray, y: np.ndarray) -> kmb_core.Model:
    """A model after a few epochs; made and trained under whatever distribution is set."""
    kmb_core.utils.set_random_seed(0)
    layers = kmb_core.layers
    model = kmb_core.Sequential([kmb_core.Input((64,)), layers.Dense(64, activation="tanh"), layers.Dense(10)])
    loss = kmb_core.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kmb_core.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=10, verbose=0)
    return model


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
