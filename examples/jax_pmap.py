"""A loop over devices of JAX's own: `jax.pmap` over the stateless API, gradients averaged by `lax.pmean`, optax.

    python examples/jax_pmap.py

The processor looks like eight devices. Exit status: 1 where the test accuracy is too low, or the devices end with
different weights.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"  # before JAX starts

import jax
import numpy as np
import optax
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
    kmb_core.config.set_backend("jax")
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    model = kmb_core.Sequential(
        [kmb_core.Input((64,)), kmb_core.layers.Dense(64, activation="relu"), kmb_core.layers.Dense(10)]
    )
    optimizer = optax.adam(3e-3)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        logits, _ = model.stateless_call(weights, [], x, training=True)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    @partial(jax.pmap, axis_name="devices")
    def step(weights: Any, state: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
        value, gradients = jax.lax.pmean(jax.value_and_grad(loss)(weights, x, y), "devices")
        updates, state = optimizer.update(gradients, state, weights)
        return optax.apply_updates(weights, updates), state, value

    devices = jax.local_device_count()
    weights = [variable.value for variable in model.trainable_variables]
    weights, state = jax.tree.map(lambda x: np.stack([x] * devices), (weights, optimizer.init(weights)))
    order = np.random.default_rng(0)
    for epoch in range(20):
        rows = order.permutation(len(x_train))[: len(x_train) // BATCH * BATCH]
        for chosen in rows.reshape(-1, devices, BATCH // devices):  # the first axis is that of the devices
            weights, state, value = step(weights, state, x_train[chosen], y_train[chosen])
            value.block_until_ready()  # virtual devices share threads, and steps would wait for each other's for ever
        if epoch % 5 == 4:
            print(f"Epoch {epoch + 1}: the last loss is {float(value[0]):.4f}")
    for variable, copies in zip(model.trainable_variables, weights, strict=True):
        if not (np.asarray(copies) == np.asarray(copies[:1])).all():
            print(f"The devices have different values of {variable.path}", file=sys.stderr)
            return 1
        variable.assign(np.asarray(copies[0]))
    return checked(float(np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test)))


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
