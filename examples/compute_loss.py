"""A loss of one's own under `fit`, the same code on every backend: `compute_loss` adds a penalty to the compiled loss.

    python examples/compute_loss.py [BACKEND]

Certain predictions cost something, so the model stays modest. Exit status: 1 where the test accuracy is too low.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

import kmb_core

LEAST_ACCURACY = 0.9


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scikit-learn's 13 measurements of three kinds of wine: x_train, x_test, y_train, y_test."""
    x, y = load_wine(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    x_train, x_test, y_train, y_test = train_test_split(
        x.astype("float32"), y.astype("int32"), random_state=0, stratify=y
    )
    return x_train, x_test, y_train, y_test


class Modest(kmb_core.Model):
    """Pays for predictions of low entropy."""

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The compiled loss, less a part of the predictions' entropy."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        entropy = -kmb_core.ops.sum(y_pred * kmb_core.ops.log(y_pred + 1e-7), axis=-1)
        return loss - 0.1 * kmb_core.ops.mean(entropy)


def main() -> int:
    if len(sys.argv) > 1:
        kmb_core.config.set_backend(sys.argv[1])
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    inputs = kmb_core.Input((13,))
    hidden = kmb_core.layers.Dense(16, activation="relu")(inputs)
    model = Modest(inputs, kmb_core.layers.Dense(3, activation="softmax")(hidden))
    model.compile(kmb_core.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=30, verbose=0)
    return checked(model.evaluate(x_test, y_test, verbose=0)[1])


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
