"""Train a small convnet on handwritten digits, save it, and load it on every other installed backend.

    python examples/digits.py [--backend NAME] [--epochs N] [--file digits.keras]

The data are scikit-learn's 1,797 scans of 8 × 8 pixels, part of its package: nothing is downloaded. Exit status: 1
where the test accuracy is below 0.97 or another backend's predictions differ by more than 1e-4, and 2 where the
chosen backend cannot train.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kmb_core

LEAST_ACCURACY = 0.97
LARGEST_DIFFERENCE = 1e-4


def main() -> int:
    options = parse_arguments()
    if options.backend:
        kmb_core.config.set_backend(options.backend)
    chosen = kmb_core.config.backend()
    print(f"Training on {chosen}")

    x_train, x_test, y_train, y_test = digits()
    kmb_core.utils.set_random_seed(7)
    model = convnet()
    try:
        history = model.fit(x_train, y_train, batch_size=64, epochs=options.epochs, validation_split=0.1)
    except kmb_core.errors.CapabilityError as error:
        print(f"{chosen} cannot train this model; choose another with --backend.\n{error}", file=sys.stderr)
        return 2
    print_history(history.history)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    model.save(options.file)
    print(f"Saved to {options.file}")

    wrong = [] if accuracy >= LEAST_ACCURACY else [f"The test accuracy is below {LEAST_ACCURACY}."]
    for name, difference in differences_elsewhere(chosen, options.file, x_test, model.predict(x_test, verbose=0)):
        print(f"Loaded on {name}: predictions differ by at most {difference:.1e}")
        if not difference <= LARGEST_DIFFERENCE:  # not `>`: a NaN is wrong too
            wrong.append(f"The predictions of {name} differ by more than {LARGEST_DIFFERENCE}.")
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    return int(bool(wrong))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a convnet on handwritten digits and compare all backends.")
    parser.add_argument("--backend", help="the backend that trains; without it, the one kmb chooses by default")
    parser.add_argument("--epochs", type=int, default=15, help="passes over the 1,437 training images")
    parser.add_argument("--file", default="digits.keras", help="where the trained model is saved")
    return parser.parse_args()


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images `(n, 8, 8, 1)` in [0, 1] and labels `(n,)`: x_train, x_test, y_train, y_test."""
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1).astype("float32") / 16
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels.astype("int32"), test_size=0.2, random_state=0, stratify=labels
    )
    return x_train, x_test, y_train, y_test


def convnet() -> kmb_core.Model:
    """Two convolutions and a classifier: 29,194 weights, compiled."""
    layers = kmb_core.layers
    model = kmb_core.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )
    model.compile(
        optimizer=kmb_core.optimizers.Adam(2e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def print_history(history: dict[str, list[float]]) -> None:
    print("epoch  " + "  ".join(f"{name:>13}" for name in history))
    for epoch, values in enumerate(zip(*history.values(), strict=True), start=1):
        print(f"{epoch:5}  " + "  ".join(f"{float(value):13.4f}" for value in values))


def differences_elsewhere(chosen: str, file: str, x: np.ndarray, expected: np.ndarray) -> Iterator[tuple[str, float]]:
    """Load the file on every other installed backend: its name, and its largest difference from `expected`."""
    for name in sorted(set(kmb_core.plugins.installed_backends()) - {chosen}):
        with kmb_core.use_backend(name):
            model = kmb_core.saving.load_model(file)
            yield name, float(np.abs(model.predict(x, verbose=0) - expected).max())


if __name__ == "__main__":
    sys.exit(main())
