"""Models written once and built by either library: run as a script under Keras, imported by the tests under kmb.

As a script: `python zoo.py save FOLDER` writes every model and its predictions; `python zoo.py load FOLDER` reads what
lies there and writes its own predictions.
"""

import json
import sys
from pathlib import Path

import numpy as np

X = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")


def sequential(library):
    layers = library.layers
    return library.Sequential([library.Input((6,)), layers.Dense(5, activation="relu", name="first"), layers.Dense(2)])


def branches(library):
    """A shared layer, raw ops, operators, slices, a nested model, inputs and outputs in nested structures."""
    layers, ops = library.layers, library.ops
    left, right = library.Input((6,), name="left"), library.Input((6,), name="right")
    shared = layers.Dense(4, name="shared")
    a, b = shared(left), shared(right)
    inner_input = library.Input((4,))
    inner = library.Model(inner_input, layers.Dense(3, activation="tanh")(inner_input), name="inner")
    stack = library.Sequential([library.Input((4,)), layers.Dense(3)], name="stack")
    joined = layers.Concatenate()([inner(a), stack(b)])
    mixed = ops.concatenate([a, b], axis=-1)[:, 1:5] * 2.0 + 1.0
    summed = ops.sum(ops.reshape(joined, (-1, 2, 3)), axis=[1, 2], keepdims=True)
    dropped = layers.Dropout(0.5)(a, training=False)
    normed = layers.LayerNormalization()(layers.Add()([dropped, b]))
    return library.Model({"left": left, "right": right}, [joined, {"mixed": mixed, "summed": summed}, normed])


def convolutions(library):
    layers = library.layers
    inputs = library.Input((6,))
    x = layers.Reshape((3, 2, 1))(inputs)
    x = layers.BatchNormalization()(layers.Conv2D(3, 2, padding="same", use_bias=False)(x))
    x = layers.Activation("relu")(layers.AveragePooling2D((2, 1))(x))
    return library.Model(inputs, layers.Dense(2, kernel_regularizer="l2")(layers.Flatten()(x)))


def subclassed(library):
    """Attributes, a list, a dict, nested lists and private ones, which all have places of their own."""

    @library.saving.register_keras_serializable("zoo")
    class Block(library.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.zed = library.layers.Dense(units)
            self.Alpha = library.layers.Dense(units)
            self._private = library.layers.Dense(units)
            self.table = {"b": library.layers.Dense(units), "a": [library.layers.Dense(units)]}
            self.pair = (library.layers.Dense(units), [library.layers.Dense(units)], [library.layers.Dense(units)])

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
            self.count = self.add_weight(shape=(1,), initializer="ones", trainable=False, name="count")

        def call(self, x):
            x = x * self.scale + self.count
            parts = [self.zed, self.Alpha, self._private, self.table["b"], self.table["a"][0]]
            for layer in [*parts, self.pair[0], self.pair[1][0], self.pair[2][0]]:
                x = layer(x)
            return x

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    @library.saving.register_keras_serializable("zoo")
    class Whole(library.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.block = Block(units)
            self.zz = library.layers.Dense(units)
            self._hidden = library.layers.Dense(2)
            self.heads = [library.layers.Dense(units), library.layers.Dense(units)]

        def call(self, x):
            x = self.block(x)
            for head in self.heads:
                x = head(x)
            return self._hidden(self.zz(x))

        def get_config(self):
            return {"name": self.name, "units": self.units}

    model = Whole()
    model(X)
    return model


def compiled(library, optimizer="adam"):
    """A model whose optimizer has a state as after some steps; made without training, which not every backend can."""
    model = sequential(library)
    model.compile(optimizer=optimizer, loss="mse", metrics=["mae"])
    model.optimizer.build(model.trainable_variables)
    random = np.random.default_rng(5)
    for variable in model.optimizer.variables[2:]:
        variable.assign(random.uniform(size=variable.shape).astype("float32"))
    model.optimizer.variables[0].assign(3)
    return model


BUILDERS = {f.__name__: f for f in (sequential, branches, convolutions, subclassed)}
COMPILED = {"adam": "adam", "momentum": {"class_name": "SGD", "config": {"learning_rate": 0.1, "momentum": 0.9}}}


def inputs_of(name):
    return {"left": X, "right": X[::-1].copy()} if name == "branches" else X


def predictions(library, model, name):
    outputs = library.tree.flatten(model(inputs_of(name)))
    return [np.asarray(library.ops.convert_to_numpy(x)) for x in outputs]


def built(library, name):
    """A model whose weights and statistics are not those that it starts with."""
    if name in COMPILED:
        optimizer = COMPILED[name]
        return compiled(library, optimizer if isinstance(optimizer, str) else library.optimizers.get(optimizer))
    model = BUILDERS[name](library)
    random = np.random.default_rng(len(name))
    model.set_weights([random.uniform(0.1, 1.0, size=w.shape).astype("float32") for w in model.weights])
    return model


def state_of(model):
    return [np.asarray(v) for v in model.optimizer.variables]


def write(folder, name, arrays):
    np.savez(folder / f"{name}.npz", *arrays)


def read(folder, name):
    with np.load(folder / f"{name}.npz") as file:
        return [file[key] for key in file.files]


def save(library, folder, names):
    for name in names:
        model = built(library, name)
        model.save(folder / f"{name}.keras")
        model.save_weights(folder / f"{name}.weights.h5")
        write(folder, name, predictions(library, model, name) + (state_of(model) if name in COMPILED else []))


def load(library, folder, names):
    for name in names:
        if name == "subclassed":
            subclassed(library)  # registers its classes
        model = library.saving.load_model(folder / f"{name}.keras")
        found = predictions(library, model, name) + (state_of(model) if name in COMPILED else [])
        if name in BUILDERS:
            other = BUILDERS[name](library)
            other.load_weights(folder / f"{name}.weights.h5")
            found += predictions(library, other, name)
        write(folder, f"{name}-read", found)


if __name__ == "__main__":
    import keras

    action, folder, names = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
    {"save": save, "load": load}[action](keras, folder, names)
