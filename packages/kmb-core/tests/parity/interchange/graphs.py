"""Functional models that either library makes: what a graph can consist of, and a case to train each on."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

X = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
IMAGES = np.random.default_rng(1).random((4, 6, 6, 2)).astype("float32")


@dataclass
class Graph:
    """A model that was compiled, with what it is trained on."""

    model: Any
    x: Any
    y: Any
    custom_objects: dict[str, Any] | None = field(default=None)


def compiled(library, inputs, outputs, x, *, loss="mse", **options):
    """Targets of the outputs' shapes, and a step of an optimizer that has a state."""
    model = library.Model(inputs, outputs)
    model.compile(library.optimizers.Adam(0.01), loss, **options)
    given = library.tree.map_structure(lambda values: values[:2], x)
    y = library.tree.map_structure(
        lambda out: np.full((len(first_of(x)), *out.shape[1:]), 0.5, "float32"), model(given)
    )
    return Graph(model, x, y)


def first_of(structure):
    while not isinstance(structure, np.ndarray):
        structure = next(iter(structure.values() if isinstance(structure, dict) else structure))
    return structure


# Raw ops ---------------------------------------------------------------------------------------------------------


def ops_with_positions(library):
    layers, ops = library.layers, library.ops
    inputs = library.Input((6,))
    x = layers.Dense(6)(inputs)
    x = ops.reshape(ops.tanh(x) * 2.0 - inputs / 3.0, (-1, 2, 3))
    x = ops.concatenate([x, ops.flip(x, 1)], 2)
    x = ops.einsum("bij,bkj->bik", x, ops.softmax(x, -1))
    first, second = ops.split(ops.transpose(x, (0, 2, 1)), 2, 1)
    x = ops.squeeze(ops.maximum(first, second), 1)[..., 1:3]
    return compiled(library, inputs, layers.Dense(2)(x), X)


def ops_with_keywords(library):
    layers, ops = library.layers, library.ops
    inputs = library.Input((6,))
    x = layers.Dense(6)(inputs)
    x = ops.clip(x=x, x_min=-2.0, x_max=2.0)
    x = ops.where(condition=ops.greater(x, 0.0), x1=x, x2=ops.leaky_relu(x, negative_slope=0.3))
    x = ops.stack(x=[x, ops.roll(x, shift=2, axis=1)], axis=-1)
    x = ops.pad(x, pad_width=((0, 0), (1, 0), (0, 0)), mode="constant", constant_values=0.5)
    x = ops.mean(x, axis=[1, 2], keepdims=False) + ops.max(x, axis=(1, 2), initial=0.1)
    x = ops.expand_dims(x, axis=-1) + ops.sum(inputs, axis=-1, keepdims=True)
    return compiled(library, inputs, layers.Dense(2)(x), X)


def ops_with_constants(library):
    layers, ops = library.layers, library.ops
    inputs = library.Input((6,))
    x = layers.Dense(3)(inputs) + np.array([0.5, -1.0, 2.0], "float32")
    x = ops.matmul(x, np.arange(6, dtype="float32").reshape(3, 2)) * ops.convert_to_tensor([0.1, 0.2])
    x = 1.0 - ops.take(x, np.array([1, 0, 1]), axis=-1) / 2
    x = ops.where(np.array([True, False, True]), x, 0.25)
    return compiled(library, inputs, layers.Dense(2)(x), X)


def ops_of_families(library):
    layers, ops = library.layers, library.ops
    inputs = library.Input((6, 6, 2))
    x = layers.Conv2D(3, 2, padding="same")(inputs)
    x = ops.image.resize(x, (4, 4), interpolation="bilinear")
    x = ops.nn.max_pool(ops.nn.gelu(x, approximate=False), 2, strides=2, padding="valid")
    x = ops.numpy.moveaxis(x, -1, 1)
    x = ops.linalg.det(x) + ops.numpy.mean(x, axis=(2, 3))
    return compiled(library, inputs, layers.Dense(2)(ops.normalize(x, axis=-1)), IMAGES)


# Layers ----------------------------------------------------------------------------------------------------------


def shared_layers(library):
    """Two towers of the same layers, one of which is called a third time on what it gave."""
    layers = library.layers
    left, right = library.Input((6,), name="left"), library.Input((6,), name="right")
    first, second = layers.Dense(4, activation="tanh"), layers.Dense(4)
    a, b = second(first(left)), second(first(right))
    x = layers.Subtract()([a, second(b)])
    outputs = layers.Dense(1)(layers.Concatenate()([x, a, layers.Dot(axes=1)([a, b])]))
    return compiled(library, [left, right], outputs, [X, X[::-1].copy()])


def keyword_tensors(library):
    """Layers whose tensors come by name, in lists, and as masks; some arguments are no tensors."""
    layers, ops = library.layers, library.ops
    inputs = library.Input((6,))
    x = layers.Reshape((3, 2))(inputs)
    x = layers.Masking()(x)
    x, *state = layers.LSTM(4, return_sequences=True, return_state=True)(x)
    y = layers.GRU(4, return_sequences=True)(x, initial_state=state[0])
    mask = ops.ones((1, 3, 3), "bool")
    z = layers.MultiHeadAttention(2, 2)(x, value=y, key=x, attention_mask=mask, use_causal_mask=True)
    z = layers.BatchNormalization(trainable=False)(layers.Add()([x, z]), training=False)
    return compiled(library, inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(z)), X)


def nested_models(library):
    """A chain in a graph in a graph in a chain; the innermost graph is called twice."""
    layers = library.layers
    deepest_input = library.Input((4,))
    deepest_layers = [library.Input((4,)), layers.Dense(4, use_bias=False), layers.BatchNormalization()]
    chain = library.Sequential(deepest_layers, name="chain")
    deepest = library.Model(deepest_input, chain(deepest_input) * 0.5, name="deepest")
    middle_input = library.Input((6,))
    narrow = layers.Dense(4)(middle_input)
    middle = library.Model(middle_input, [narrow, deepest(deepest(narrow))], name="middle")
    inputs = library.Input((6,))
    narrow, deep = middle(inputs)
    whole = library.Model(inputs, layers.Average()([narrow, deep]), name="whole")
    outer = library.Sequential([library.Input((6,)), layers.Dense(6), whole, layers.Dense(2)], name="outer")
    outer.compile(library.optimizers.Adam(0.01), "mse")
    return Graph(outer, X, np.full((8, 2), 0.5, "float32"))


def many_inputs_and_outputs(library):
    """Dicts of inputs and outputs, with a loss, a weight and metrics for each output."""
    layers = library.layers
    inputs = {"words": library.Input((3,), dtype="int32", name="words"), "numbers": library.Input((6,), name="numbers")}
    words = layers.GlobalAveragePooling1D()(layers.Embedding(9, 4, mask_zero=True)(inputs["words"]))
    x = layers.Concatenate()([words, layers.Dense(4, activation="relu")(inputs["numbers"])])
    outputs = {
        "price": layers.Dense(1, name="price")(x),
        "kind": layers.Dense(3, activation="softmax", name="kind")(x),
    }
    model = library.Model(inputs, outputs)
    model.compile(
        library.optimizers.SGD(0.05, momentum=0.9),
        {"price": "mae", "kind": library.losses.SparseCategoricalCrossentropy()},
        loss_weights={"price": 0.5, "kind": 2.0},
        metrics={"kind": ["accuracy"], "price": [library.metrics.RootMeanSquaredError(name="rms")]},
    )
    words = np.arange(24).reshape(8, 3).astype("int32") % 9
    y = {"price": X[:, :1], "kind": np.arange(8, dtype="int32") % 3}
    return Graph(model, {"words": words, "numbers": X}, y)


def nested_structures(library):
    """A layer of one's own that takes and gives a structure, whose parts other nodes take."""
    layers = library.layers

    @library.saving.register_keras_serializable("interchange")
    class Crossed(layers.Layer):
        def __init__(self, units, **options):
            super().__init__(**options)
            self.units = units
            self.heads = {"low": layers.Dense(units), "high": [layers.Dense(units)]}

        def call(self, parts, scale=1.0):
            low, high = parts["low"], parts["pair"][1]
            return {"sum": self.heads["low"](low) * scale, "rest": [self.heads["high"][0](high), parts["pair"][0]]}

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    inputs = [library.Input((6,), name="a"), {"b": library.Input((6,), name="b")}]
    crossed = Crossed(3)({"low": inputs[0], "pair": [inputs[1]["b"], inputs[0] * 2.0]}, scale=0.5)
    outputs = [layers.Dense(2)(crossed["sum"]), layers.Dense(2)(library.ops.concatenate(crossed["rest"], axis=-1))]
    return compiled(library, inputs, outputs, [X, {"b": X[::-1].copy()}], loss=["mse", "mae"])


# Objects of one's own ----------------------------------------------------------------------------------------------


def registered_objects(library):
    """One of each kind, under the same names on both sides."""
    ops, register = library.ops, library.saving.register_keras_serializable

    @register("interchange")
    class Scaled(library.layers.Layer):
        def __init__(self, start=None, **options):
            super().__init__(**options)
            self.start = library.initializers.get(start)

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer=self.start, name="scale")
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

        def call(self, x):
            return x * self.scale + self.calls

        def get_config(self):
            return {**super().get_config(), "start": library.initializers.serialize(self.start)}

    @register("interchange")
    class Rising(library.initializers.Initializer):
        def __init__(self, step=0.1):
            self.step = step

        def __call__(self, shape, dtype=None, **options):
            return ops.arange(shape[-1], dtype=dtype) * self.step + ops.zeros(shape, dtype)

        def get_config(self):
            return {"step": self.step}

    @register("interchange")
    class Fourth(library.regularizers.Regularizer):
        def __init__(self, rate=0.01):
            self.rate = rate

        def __call__(self, x):
            return self.rate * ops.sum(ops.square(ops.square(x)))

        def get_config(self):
            return {"rate": self.rate}

    @register("interchange")
    class AtMost(library.constraints.Constraint):
        def __init__(self, most=0.3):
            self.most = most

        def __call__(self, w):
            return ops.clip(w, -self.most, self.most)

        def get_config(self):
            return {"most": self.most}

    @register("interchange")
    def bent(x):
        return ops.where(x > 0, x, 0.2 * x)

    @register("interchange")
    class Quartic(library.losses.Loss):
        def __init__(self, factor=1.0, name="quartic", **options):
            super().__init__(name=name, **options)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * ops.mean((y_true - y_pred) ** 4, axis=-1)

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    @register("interchange")
    class Largest(library.metrics.Metric):
        def __init__(self, name="largest", **options):
            super().__init__(name=name, **options)
            self.found = self.add_variable((), "zeros", name="found")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.found.assign(ops.maximum(self.found, ops.max(ops.abs(y_pred))))

        def result(self):
            return self.found.value

    @register("interchange")
    class Halving(library.optimizers.schedules.LearningRateSchedule):
        def __init__(self, start=0.1):
            self.start = start

        def __call__(self, step):
            return self.start * 0.5 ** ops.cast(step, "float32")

        def get_config(self):
            return {"start": self.start}

    inputs = library.Input((6,))
    options = {"kernel_regularizer": Fourth(), "kernel_constraint": AtMost(), "bias_initializer": Rising(0.2)}
    x = library.layers.Dense(4, activation=bent, **options)(Scaled(Rising(0.3))(inputs))
    model = library.Model(inputs, library.layers.Activation(bent)(library.layers.Dense(2)(x)))
    optimizer = library.optimizers.SGD(Halving(0.01), momentum=0.9)
    model.compile(optimizer, Quartic(0.5), metrics=[Largest()])
    return Graph(model, X, X[:, :2])


def objects_at_hand(library):
    """A layer and a function that are registered nowhere: they are named when the file is read."""

    class Doubled(library.layers.Layer):
        def call(self, x):
            return x * 2.0

    def leaning(x):
        return x - 0.5 * library.ops.abs(x)

    inputs = library.Input((6,))
    outputs = library.layers.Dense(2, activation=leaning)(Doubled()(library.layers.Dense(4)(inputs)))
    graph = compiled(library, inputs, outputs, X)
    graph.custom_objects = {"Doubled": Doubled, "leaning": leaning}
    return graph


OPS = (ops_with_positions, ops_with_keywords, ops_with_constants, ops_of_families)
LAYERS = (shared_layers, keyword_tensors, nested_models, many_inputs_and_outputs, nested_structures)
GRAPHS = {make.__name__: make for make in (*OPS, *LAYERS, registered_objects, objects_at_hand)}
