"""Inputs that lack the last axis of size 1, or have it too much: the columns of a table."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.errors import ShapeError


def table_model():
    age, size = kmb_core.Input((1,), name="age"), kmb_core.Input((1,), name="size")
    joined = layers.Concatenate()([age, size])
    return kmb_core.Model({"age": age, "size": size}, layers.Dense(1)(joined))


def columns(*shape):
    numbers = np.random.default_rng(0)
    return {name: numbers.random(shape).astype("float32") for name in ("age", "size")}


def numbers(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("shape", [(5,), (5, 1, 1)])
def test_columns_fit_their_inputs(shape):
    model, data = table_model(), columns(*shape)
    expected = numbers(model({name: x.reshape(5, 1) for name, x in data.items()}))
    for outputs in (numbers(model(data)), model.predict(data, verbose=0), model.predict_on_batch(data)):
        np.testing.assert_allclose(outputs, expected, rtol=1e-6)


def test_columns_in_a_list():
    a, b = kmb_core.Input((1,)), kmb_core.Input((3,))
    model = kmb_core.Model([a, b], layers.Concatenate()([a, b]))
    assert tuple(model([np.ones(4, "float32"), np.ones((4, 3), "float32")]).shape) == (4, 4)


@pytest.mark.trains
def test_training_on_columns():
    model, data = table_model(), columns(16)
    model.compile("sgd", "mse")
    losses = model.fit(data, data["age"] + data["size"], epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert np.isfinite(model.evaluate(data, data["age"], verbose=0))


def test_symbolic_columns():
    model = table_model()
    column = kmb_core.KerasTensor((7,))
    assert model({"age": column, "size": column}).shape == (7, 1)
    x = kmb_core.Input((1,))
    assert kmb_core.Model(x, layers.Dense(2)(x))(kmb_core.KerasTensor((7,))).shape == (7, 2)


def test_other_ranks_are_refused_by_the_input_s_name():
    with pytest.raises(ShapeError, match="'age'"):
        table_model()({"age": np.ones((4, 2, 2)), "size": np.ones((4, 1))})


def test_columns_of_text():
    """What a FeatureSpace asks of an inference model: raw columns, text among them."""
    data = {"color": np.array(["red", "blue", "red", "green"]), "age": np.array([30, 41, 52, 63])}
    features = {"color": "string_categorical", "age": "float_normalized"}
    space = kmb_core.utils.FeatureSpace(features, output_mode="concat")
    space.adapt(data)
    encoded = space.get_encoded_features()
    model = kmb_core.Model(space.get_inputs(), layers.Dense(1)(encoded))
    expected = kmb_core.Model(encoded, model.layers[-1].output).predict(numbers(space(data)), verbose=0)
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-5)


def test_an_error_inside_a_model_that_takes_text_is_not_hidden():
    class Fails(layers.Layer):
        def call(self, inputs):
            if not isinstance(inputs, kmb_core.KerasTensor):
                raise RuntimeError("mine")
            return inputs

    text = kmb_core.Input((1,), dtype="string")
    model = kmb_core.Model(text, Fails()(layers.StringLookup(vocabulary=["a", "b"])(text)))
    with pytest.raises(RuntimeError, match="mine"):
        model(np.array([["a"], ["b"]]))
