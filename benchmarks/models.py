"""The models that are measured, built with either library."""

from __future__ import annotations

import native_layers
import numpy as np
from native_training import EPSILON, LEARNING_RATE

UNITS, FILTERS = 128, (32, 64, 64)


def mlp(library, widths):
    """A functional MLP: `widths` from the input to the logits, ReLU between."""
    inputs = outputs = library.Input((widths[0],))
    for width in widths[1:-1]:
        outputs = library.layers.Dense(width, activation="relu")(outputs)
    return library.Model(inputs, library.layers.Dense(widths[-1])(outputs))


def compiled_mlp(library, widths):
    return compiled(library, mlp(library, widths))


def compiled(library, model):
    """The model, ready to learn classes from logits with Adam."""
    loss = library.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=library.optimizers.Adam(LEARNING_RATE, epsilon=EPSILON), loss=loss)
    return model


def lstm(library, inputs, every_step=True):
    return library.layers.LSTM(UNITS, return_sequences=every_step)(inputs)


def gru(library, inputs):
    return library.layers.GRU(UNITS, return_sequences=True)(inputs)


def convnet(library, x):
    layers = library.layers
    for filters in FILTERS:
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return layers.Dense(10)(layers.GlobalAveragePooling2D()(x))


def transformer(library, inputs):
    layers, width = library.layers, inputs.shape[-1]
    x = layers.LayerNormalization(epsilon=native_layers.EPSILON)(inputs)
    attended = layers.MultiHeadAttention(native_layers.HEADS, width // native_layers.HEADS)(x, x)
    x = attended = layers.Add()([inputs, attended])
    x = layers.LayerNormalization(epsilon=native_layers.EPSILON)(x)
    x = layers.Dense(width)(layers.Dense(4 * width, activation="gelu")(x))
    return layers.Add()([attended, x])


def classifier(library, name, shape):
    """A block with a head of ten classes: the last step of an LSTM, the mean of a transformer's words."""
    inputs = library.Input(shape)
    if name == "cnn":
        return compiled(library, library.Model(inputs, convnet(library, inputs)))
    if name == "lstm":
        found = lstm(library, inputs, every_step=False)
    else:
        found = library.layers.GlobalAveragePooling1D()(transformer(library, inputs))
    return compiled(library, library.Model(inputs, library.layers.Dense(10)(found)))


def classification(count, width, classes, seed=0):
    """Random images `(count, width)` float32 and labels `(count,)` int64: learnable or not, the work is the same."""
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((count, width)).astype("float32")
    return x, generator.integers(0, classes, count).astype("int64")


def arrays(model):
    """What is trained, as arrays of its own."""
    return [np.array(weight.numpy()) for weight in model.trainable_variables]
