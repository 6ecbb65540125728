"""Layers in training: an LSTM, a GRU, a convnet with batch normalization and a transformer block.

Forward pass in training mode and the gradients of all weights, over the same written by hand (`native_layers.py`):
torch.nn modules; JAX and TensorFlow compiled, as our side is. Keras runs the same layers with the same weights.
"""

import measure
import models
import native_layers
import numpy as np

GENERATOR = np.random.default_rng(0)
SEQUENCES = GENERATOR.normal(size=(32, 50, 64)).astype("float32")
IMAGES = GENERATOR.normal(size=(16, 32, 32, 3)).astype("float32")
WORDS = GENERATOR.normal(size=(8, 64, 256)).astype("float32")
REPEATS = 3
BLOCKS = {models.lstm: SEQUENCES, models.gru: SEQUENCES, models.convnet: IMAGES, models.transformer: WORDS}


def figure(library, backend):
    framework = getattr(native_layers, backend.capitalize())
    ratios = {}
    for block, x in BLOCKS.items():
        inputs = library.Input(x.shape[1:], batch_size=len(x))
        model = library.Model(inputs, block(library, inputs))
        side = framework(x)
        ours = side.ours(model)
        native = side.native(block.__name__, [library.ops.convert_to_numpy(w) for w in model.trainable_variables])
        refuse_if_different(ours(), native())
        times = measure.compare_times(lambda run=ours: repeated(run), lambda run=native: repeated(run))
        ratios[block.__name__] = times["ratio"]
    return ratios


def refuse_if_different(ours, native):
    """The same outputs, and gradients of the same length: their layouts differ."""
    measure.refuse_if_different(on_host(ours[0]), on_host(native[0]), 2e-3)
    mine, theirs = (np.sqrt(sum(np.square(on_host(g)).sum() for g in side[1])) for side in (ours, native))
    measure.refuse_if_different(mine / theirs, 1.0, 1e-3)


def on_host(x):
    return np.asarray(x, "float64")


def repeated(function):
    for _ in range(REPEATS):
        function()


if __name__ == "__main__":
    aim = "at most 1.05 where the framework has such a layer of its own, never above Keras"
    measure.main("Layers in training, time over native", aim, figure, measure.TRAINING_BACKENDS)
