"""`fit` of five models over a native loop with the same maths: CPU time, side by side.

An MLP 784-512-512-10 (batch 128), a convnet with batch normalization (16 images of 32 x 32), an LSTM of 128 units
(32 sequences of 50 steps), a transformer block (8 texts of 64 words), and an MLP 16-16-4 (batch 32), whose step costs
next to nothing. torch runs eagerly on both sides, JAX and TensorFlow compiled.
"""

import measure
import native_training
import numpy as np
from models import arrays, classifier, compiled_mlp

SHAPES = {"mlp": (784,), "cnn": (32, 32, 3), "lstm": (50, 64), "transformer": (64, 256), "tiny": (16,)}
BATCHES = {"mlp": 128, "cnn": 16, "lstm": 32, "transformer": 8, "tiny": 32}
STEPS = {"mlp": 40, "cnn": 8, "lstm": 16, "transformer": 16, "tiny": 400}
WIDTHS = {"mlp": (784, 512, 512, 10), "tiny": (16, 16, 4)}


def figure(library, backend):
    return {name: measured(library, backend, name)["ratio"] for name in SHAPES}


def measured(library, backend, name):
    """One model's times; both sides begin with the same weights and must report the same loss."""
    size = BATCHES[name]
    x, y = data(name)
    model = built(library, name)
    weights = arrays(model)
    epoch = native_training.native(backend, x[:size]).trainer(name, weights, size)

    def fit(x, y):
        return model.fit(x, y, batch_size=size, epochs=1, verbose=0, shuffle=False).history["loss"][0]

    few = (x[: 3 * size], y[: 3 * size])
    measure.refuse_if_different(fit(*few), epoch(*few), 1e-3)
    return measure.compare_times(lambda: fit(x, y), lambda: epoch(x, y))


def data(name):
    generator, count = np.random.default_rng(0), BATCHES[name] * STEPS[name]
    classes = WIDTHS[name][-1] if name in WIDTHS else 10
    x = generator.standard_normal((count, *SHAPES[name])).astype("float32")
    return x, generator.integers(0, classes, count).astype("int64")


def built(library, name):
    if name in WIDTHS:
        return compiled_mlp(library, WIDTHS[name])
    return classifier(library, name, SHAPES[name])


if __name__ == "__main__":
    aim = "torch and TensorFlow at most 1.03, JAX 1.02, the tiny one 1.2; never above Keras"
    measure.main("fit, time over native", aim, figure, measure.TRAINING_BACKENDS)
