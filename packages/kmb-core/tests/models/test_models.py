"""Models: functional, sequential, subclassed."""

import pickle
import sys

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.backend.masks import in_use
from kmb_core.errors import ShapeError, StructureError


def numbers(x):
    return ops.convert_to_numpy(x)


def data(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def branched():
    a, b = kmb_core.Input((4,), name="a"), kmb_core.Input((3,), name="b")
    joined = layers.Concatenate()([layers.Dense(5, activation="relu")(a), b])
    return kmb_core.Model([a, b], {"score": layers.Dense(1, name="score")(joined), "joined": joined})


class Residual(kmb_core.Model):
    def __init__(self, units, depth=2, **kwargs):
        super().__init__(**kwargs)
        self.units, self.depth = units, depth
        self.blocks = [layers.Dense(units) for _ in range(depth)]
        self.heads = {"out": layers.Dense(1)}
        self.drop = layers.Dropout(0.5)

    def call(self, inputs, training=None):
        x = inputs
        for block in self.blocks:
            x = x + self.drop(block(x), training=training)
        return self.heads["out"](x)


def test_model_of_symbolic_tensors_is_functional_and_knows_its_shapes():
    model = branched()
    assert isinstance(model, kmb_core.Model)
    assert model.input_shape == [(None, 4), (None, 3)]
    assert model.output_shape == {"score": (None, 1), "joined": (None, 8)}
    assert model.input_names == ["a", "b"]


def test_inputs_may_be_a_list_a_tuple_or_a_dict_by_name():
    model = branched()
    a, b = data(2, 4), data(2, 3)
    first = numbers(model([a, b])["score"])
    np.testing.assert_array_equal(first, numbers(model((a, b))["score"]))
    np.testing.assert_array_equal(first, numbers(model({"b": b, "a": a})["score"]))


def test_a_missing_input_is_named():
    with pytest.raises(StructureError, match="'b'"):
        branched()({"a": data(2, 4)})


def test_a_wrong_number_of_inputs_is_refused():
    with pytest.raises((StructureError, ShapeError), match="expected 2 inputs, got 1"):
        branched()([data(2, 4)])


def test_a_wrong_shape_names_model_expected_and_got():
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(1)], name="scorer")
    with pytest.raises(ShapeError, match=r"'scorer'.*expected.*got shape \(2, 5\)"):
        model(data(2, 5))


def test_a_last_axis_of_one_may_be_missing():
    model = kmb_core.Sequential([kmb_core.Input((1,)), layers.Dense(1)])
    assert tuple(model(data(6)).shape) == (6, 1)


def test_a_shared_layer_has_one_set_of_weights_and_is_listed_once():
    dense = layers.Dense(3)
    x, y = kmb_core.Input((3,)), kmb_core.Input((3,))
    model = kmb_core.Model([x, y], layers.Add()([dense(x), dense(y)]))
    assert len(model.weights) == 2
    assert model.layers.count(dense) == 1
    a = data(2, 3)
    np.testing.assert_allclose(numbers(model([a, a])), 2 * numbers(dense(a)), rtol=1e-6)


def test_a_model_is_a_layer_of_another_model():
    inner = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2)], name="inner")
    x = kmb_core.Input((3,))
    outer = kmb_core.Model(x, layers.Dense(1)(inner(x)))
    assert inner in outer.layers
    assert len(outer.weights) == 4
    assert tuple(outer(data(2, 3)).shape) == (2, 1)


def test_integers_for_a_float_input_are_converted():
    model = kmb_core.Sequential([kmb_core.Input((2,)), layers.Dense(1, kernel_initializer="ones")])
    np.testing.assert_array_equal(numbers(model(np.array([[1, 2]]))), [[3.0]])


def test_sequential_builds_at_its_first_call_when_no_input_is_given():
    model = kmb_core.Sequential([layers.Dense(4), layers.Dense(2)])
    assert not model.built
    assert model.weights == []
    assert tuple(model(data(3, 5)).shape) == (3, 2)
    assert model.built
    assert [w.shape for w in model.weights] == [(5, 4), (4,), (4, 2), (2,)]


def test_sequential_grows_and_shrinks():
    model = kmb_core.Sequential([kmb_core.Input((4,))])
    model.add(layers.Dense(3))
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    model.pop()
    assert model.output_shape == (None, 3)
    assert tuple(model(data(1, 4)).shape) == (1, 3)


def test_sequential_refuses_two_layers_of_one_name():
    with pytest.raises(ValueError, match="two layers are called"):
        kmb_core.Sequential([layers.Dense(1, name="x"), layers.Dense(1, name="x")])


def test_sequential_refuses_what_is_no_layer():
    with pytest.raises(ValueError, match="expected a layer"):
        kmb_core.Sequential(["dense"])


def test_a_subclassed_model_finds_layers_in_lists_and_dicts():
    model = Residual(4)
    model(data(2, 4))
    assert len(model.weights) == 6
    assert len(model.layers) == 4


def test_a_layer_appended_after_the_first_call_belongs_to_the_model():
    model = Residual(4)
    model(data(2, 4))
    late = layers.Dense(4)
    late.build((None, 4))
    model.blocks.append(late)
    assert any(late.kernel is weight for weight in model.weights)


def test_a_subclassed_model_can_be_built_from_a_shape():
    model = Residual(4)
    model.build((None, 4))
    assert model.built
    assert len(model.weights) == 6


def test_training_reaches_the_inner_layers():
    model = Residual(64)
    x = np.ones((4, 64), "float32")
    calm = numbers(model(x, training=False))
    np.testing.assert_array_equal(calm, numbers(model(x)))
    assert not np.array_equal(calm, numbers(model(x, training=True)))


def test_a_functional_model_hands_training_to_its_layers():
    x = kmb_core.Input((64,))
    model = kmb_core.Model(x, layers.Dropout(0.5)(x))
    ones = np.ones((2, 64), "float32")
    np.testing.assert_array_equal(numbers(model(ones)), ones)
    assert (numbers(model(ones, training=True)) == 0).any()


def test_explicit_training_in_the_graph_stays():
    x = kmb_core.Input((64,))
    model = kmb_core.Model(x, layers.Dropout(0.5)(x, training=True))
    assert (numbers(model(np.ones((2, 64), "float32"))) == 0).any()


def test_a_subclass_may_be_functional():
    class Named(kmb_core.Model):
        def describe(self):
            return f"{self.name}: {self.output_shape}"

    x = kmb_core.Input((3,))
    model = Named(x, layers.Dense(2)(x), name="mine")
    assert model.describe() == "mine: (None, 2)"
    assert tuple(model(data(1, 3)).shape) == (1, 2)


def test_get_layer_by_name_and_index():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2, name="head")])
    assert model.get_layer("head") is model.get_layer(index=0)
    with pytest.raises(ValueError, match="there are: head"):
        model.get_layer("tail")


def test_a_clone_has_the_same_architecture_and_weights_of_its_own():
    model = branched()
    clone = kmb_core.models.clone_model(model)
    assert [w.shape for w in clone.weights] == [w.shape for w in model.weights]
    assert not {id(w) for w in clone.weights} & {id(w) for w in model.weights}
    clone.set_weights(model.get_weights())
    batch = [data(2, 4), data(2, 3)]
    np.testing.assert_array_equal(numbers(clone(batch)["score"]), numbers(model(batch)["score"]))


def test_json_gives_the_architecture_back():
    model = branched()
    again = kmb_core.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    batch = [data(2, 4), data(2, 3)]
    np.testing.assert_allclose(numbers(again(batch)["score"]), numbers(model(batch)["score"]), rtol=1e-6)


def test_models_are_pickled_with_their_weights():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2)])
    again = pickle.loads(pickle.dumps(model))
    x = data(2, 3)
    np.testing.assert_array_equal(numbers(again(x)), numbers(model(x)))


def test_stateless_call_gives_what_the_call_gives_and_changes_nothing():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(4), layers.BatchNormalization()])
    x = data(8, 3)
    before = model.get_weights()
    outputs, updated = model.stateless_call(
        [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables], x, training=True
    )
    for old, variable in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())
    assert any(
        not np.array_equal(numbers(new), v.numpy())
        for new, v in zip(updated, model.non_trainable_variables, strict=True)
    )
    np.testing.assert_allclose(numbers(outputs), numbers(model(x, training=True)), rtol=1e-5, atol=1e-6)


def test_summary_fits_narrow_terminals_and_unbuilt_models():
    lines = []
    branched().summary(line_length=40, print_fn=lambda text: lines.extend(text.splitlines()))
    assert max(map(len, lines)) <= 40
    assert any("Total params" in line for line in lines)
    kmb_core.Sequential([layers.Dense(2)]).summary(print_fn=lines.append)
    assert "unbuilt" in lines[-1]


def calls(function, *arguments):
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return count - 1


def test_a_call_of_a_small_model_stays_within_its_budget_of_python_calls(monkeypatch):
    monkeypatch.setattr(in_use, "any", False)  # a process that has made a mask looks for one on each input
    model = kmb_core.Sequential([kmb_core.Input((8,)), *[layers.Dense(8, activation="relu") for _ in range(3)]])
    x = ops.convert_to_tensor(data(1, 8))
    model(x)
    kernels = [layer.kernel.value for layer in model.layers]
    biases = [layer.bias.value for layer in model.layers]

    def raw():
        h = x
        for kernel, bias in zip(kernels, biases, strict=True):
            h = ops.relu(ops.add(ops.matmul(h, kernel), bias))
        return h

    raw()
    assert calls(model, x) <= calls(raw) + 90


def test_a_deep_functional_model_stays_within_its_budget(monkeypatch):
    monkeypatch.setattr(in_use, "any", False)
    x = h = kmb_core.Input((8,))
    for _ in range(100):
        h = layers.Dense(8)(h)
    model = kmb_core.Model(x, h)
    batch = ops.convert_to_tensor(data(1, 8))
    model(batch)
    kernel, bias = model.layers[1].kernel.value, model.layers[1].bias.value
    raw = calls(lambda: ops.add(ops.matmul(batch, kernel), bias))
    assert calls(model, batch) / 100 <= raw + 20
