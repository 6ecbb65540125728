"""A training loop of JAX's own: jax.grad and jax.jit over the stateless API, optax, vmap for single samples.

    python examples/jax_loop.py

Exit status: 1 where the test accuracy is too low, or the gradients of single samples do not add up to the batch's.
"""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
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
    kmb_core.config.set_backend("jax")
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    model = kmb_core.Sequential(
        [
            kmb_core.Input((64,)),
            kmb_core.layers.Dense(64, activation="relu"),
            kmb_core.layers.Dropout(0.1),
            kmb_core.layers.Dense(10),
        ]
    )
    optimizer = optax.adam(3e-3)

    def loss(weights: Any, rest: Any, x: Any, y: Any) -> tuple[Any, Any]:
        logits, rest = model.stateless_call(weights, rest, x, training=True)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), rest

    @jax.jit
    def step(weights: Any, rest: Any, state: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
        gradients, rest = jax.grad(loss, has_aux=True)(weights, rest, x, y)
        updates, state = optimizer.update(gradients, state, weights)
        return optax.apply_updates(weights, updates), rest, state

    weights = [v.value for v in model.trainable_variables]
    rest = [v.value for v in model.non_trainable_variables]  # the seed of the dropout
    state = optimizer.init(weights)
    order = np.random.default_rng(0)
    for _ in range(30):
        for rows in np.array_split(order.permutation(len(x_train)), 20):
            rows = rows[:67]  # of one size, so that one program serves all batches
            weights, rest, state = step(weights, rest, state, x_train[rows], y_train[rows])

    for variable, value in zip(model.trainable_variables, weights, strict=True):
        variable.assign(value)
    wrong = not gradients_add_up(model, weights, rest, x_test[:8], y_test[:8])
    accuracy = np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test)
    return checked(float(accuracy)) or int(wrong)


def gradients_add_up(model: kmb_core.Model, weights: Any, rest: Any, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether jax.vmap's gradients of single samples have the mean that jax.grad gives for the batch."""

    def loss(weights: Any, x: Any, y: Any) -> Any:
        logits, _ = model.stateless_call(weights, rest, x, training=False)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    single = jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))(weights, x[:, None], y[:, None])
    whole = jax.grad(loss)(weights, x, y)
    return all(bool(jnp.allclose(a.mean(axis=0), b, atol=1e-5)) for a, b in zip(single, whole, strict=True))


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
