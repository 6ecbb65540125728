"""The models that are measured, built with either library."""

from __future__ import annotations

import numpy as np
from native import EPSILON, LEARNING_RATE


def mlp(library, widths):
    """A functional MLP: `widths` from the input to the logits, ReLU between."""
    inputs = outputs = library.Input((widths[0],))
    for width in widths[1:-1]:
        outputs = library.layers.Dense(width, activation="relu")(outputs)
    return library.Model(inputs, library.layers.Dense(widths[-1])(outputs))


def compiled_mlp(library, widths):
    model = mlp(library, widths)
    loss = library.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=library.optimizers.Adam(LEARNING_RATE, epsilon=EPSILON), loss=loss)
    return model


def classification(count, width, classes, seed=0):
    """Random images `(count, width)` float32 and labels `(count,)` int64: learnable or not, the work is the same."""
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((count, width)).astype("float32")
    return x, generator.integers(0, classes, count).astype("int64")


def arrays(model):
    return [np.array(weight) for weight in model.get_weights()]
