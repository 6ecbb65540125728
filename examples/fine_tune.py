"""Fine-tune an architecture of kmb-applications: what it learned on some classes serves for others.

    python examples/fine_tune.py [--backend NAME]

A MobileNet learns the digits 0 to 4 of scikit-learn's scans; nothing is downloaded, so these weights stand in for
published ones. The features of a layer in its middle are then frozen under a new head that learns the digits 5 to 9,
and at last features and head are trained together, with small steps. Exit status: 1 where an accuracy is too low.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import kmb_core
from kmb_core import applications, layers

SIDE = 32
LAYER = "conv_pw_5_relu"  # later layers know more of the digits that they were trained on, and less of others
IMAGES_OF_EACH = 130  # of the new digits, for training; the others test
LEAST_FROZEN, LEAST_TUNED = 0.5, 0.85


def main() -> int:
    parser = argparse.ArgumentParser(description="Fine-tune a MobileNet on digits that it has not seen.")
    parser.add_argument("--backend", help="the backend that trains; without it, the one kmb chooses by default")
    if backend := parser.parse_args().backend:
        kmb_core.config.set_backend(backend)
    kmb_core.utils.set_random_seed(0)
    images, labels = digits()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mobilenet.weights.h5"
        learned(images[labels < 5], labels[labels < 5]).save_weights(file)
        features = up_to_layer(mobilenet(weights=file))
    images, labels = images[labels >= 5], labels[labels >= 5] - 5
    train, test = split(labels)
    model = with_new_head(features)

    features.trainable = False
    fit(model, images[train], labels[train], epochs=10, rate=1e-2)
    frozen = model.evaluate(images[test], labels[test], verbose=0)[1]
    print(f"Only the head trained: test accuracy {frozen:.3f} (at least {LEAST_FROZEN} is wanted)")

    features.trainable = True
    fit(model, images[train], labels[train], epochs=8, rate=1e-3)
    tuned = model.evaluate(images[test], labels[test], verbose=0)[1]
    print(f"Everything trained:    test accuracy {tuned:.3f} (at least {LEAST_TUNED} is wanted)")
    return int(not (frozen >= LEAST_FROZEN and tuned >= LEAST_TUNED and tuned > frozen))


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images `(n, 32, 32, 3)` of values 0 to 255, as an architecture wants them, and labels `(n,)`."""
    scans, labels = load_digits(return_X_y=True)
    scans = scans.reshape(-1, 8, 8, 1).astype("float32") * (255 / 16)
    large = kmb_core.ops.image.resize(np.repeat(scans, 3, axis=-1), (SIDE, SIDE))
    return applications.mobilenet.preprocess_input(kmb_core.ops.convert_to_numpy(large)), labels.astype("int32")


def split(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of as many images of each class as train, and of all others."""
    train = np.concatenate([np.flatnonzero(labels == label)[:IMAGES_OF_EACH] for label in np.unique(labels)])
    return train, np.setdiff1d(np.arange(len(labels)), train)


def mobilenet(weights: Path | None) -> kmb_core.Model:
    return applications.MobileNet((SIDE, SIDE, 3), alpha=0.25, include_top=False, weights=weights, pooling="avg")


def learned(images: np.ndarray, labels: np.ndarray) -> kmb_core.Model:
    """A MobileNet without a top, trained to tell the digits 0 to 4 apart."""
    base = mobilenet(weights=None)
    model = kmb_core.Sequential([base, layers.Dense(5, activation="softmax")])
    fit(model, images, labels, epochs=12, rate=1e-3)
    return base


def up_to_layer(base: kmb_core.Model) -> kmb_core.Model:
    """From images to the means of the layer's channels."""
    means = layers.GlobalAveragePooling2D()(base.get_layer(LAYER).output)
    return kmb_core.Model(base.input, means, name="features")


def with_new_head(features: kmb_core.Model) -> kmb_core.Model:
    """The features, whose batch normalization keeps to what it has learned, and a classifier."""
    inputs = kmb_core.Input((SIDE, SIDE, 3))
    return kmb_core.Model(inputs, layers.Dense(5, activation="softmax")(features(inputs, training=False)))


def fit(model: kmb_core.Model, images: np.ndarray, labels: np.ndarray, epochs: int, rate: float) -> None:
    """Train; compiled anew, as is needed after `trainable` was set."""
    model.compile(kmb_core.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, batch_size=16, epochs=epochs, verbose=0)


if __name__ == "__main__":
    sys.exit(main())
