"""Layers in training: an LSTM, a GRU, a convnet with batch normalization and a transformer block.

Forward pass in training mode and the gradients of all weights, over the same written by hand (`native_layers.py`):
torch.nn modules; JAX and TensorFlow compiled, as our side is. Keras runs the same layers with the same weights.
"""

import measure
import native_layers
import numpy as np

GENERATOR = np.random.default_rng(0)
SEQUENCES = GENERATOR.normal(size=(32, 50, 64)).astype("float32")
IMAGES = GENERATOR.normal(size=(16, 32, 32, 3)).astype("float32")
WORDS = GENERATOR.normal(size=(8, 64, 256)).astype("float32")
UNITS, FILTERS, REPEATS = 128, (32, 64, 64), 3


def lstm(library):
    inputs = library.Input(SEQUENCES.shape[1:], batch_size=len(SEQUENCES))
    return library.Model(inputs, library.layers.LSTM(UNITS, return_sequences=True)(inputs)), SEQUENCES


def gru(library):
    inputs = library.Input(SEQUENCES.shape[1:], batch_size=len(SEQUENCES))
    return library.Model(inputs, library.layers.GRU(UNITS, return_sequences=True)(inputs)), SEQUENCES


def convnet(library):
    layers = library.layers
    x = inputs = library.Input(IMAGES.shape[1:], batch_size=len(IMAGES))
    for filters in FILTERS:
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return library.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x))), IMAGES


def transformer(library):
    layers, width = library.layers, WORDS.shape[-1]
    inputs = library.Input(WORDS.shape[1:], batch_size=len(WORDS))
    x = layers.LayerNormalization(epsilon=native_layers.EPSILON)(inputs)
    attended = layers.MultiHeadAttention(native_layers.HEADS, width // native_layers.HEADS)(x, x)
    x = attended = layers.Add()([inputs, attended])
    x = layers.LayerNormalization(epsilon=native_layers.EPSILON)(x)
    x = layers.Dense(width)(layers.Dense(4 * width, activation="gelu")(x))
    return library.Model(inputs, layers.Add()([attended, x])), WORDS


def figure(library, backend):
    framework = getattr(native_layers, backend.capitalize())
    ratios = {}
    for block in (lstm, gru, convnet, transformer):
        model, x = block(library)
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
