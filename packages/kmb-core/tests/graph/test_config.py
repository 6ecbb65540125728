"""A graph as plain data and back: places of tensors, shared layers, starts in the middle, and what is damaged."""

import json

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.errors import CheckpointError
from kmb_core.graph.config import graph_from_config, graph_to_config


def config_of(model):
    return json.loads(json.dumps(graph_to_config(model._graph)))


def again(model):
    return kmb_core.Model(*graph_from_config(config_of(model)))


def calls_of(config, name):
    (entry,) = [layer for layer in config["layers"] if layer["name"] == name]
    return entry["inbound_nodes"]


def histories(call):
    return [argument["config"]["keras_history"] for argument in call["args"]]


@pytest.fixture
def x():
    return kmb_core.Input((3,), name="x")


def test_a_shared_layer_is_written_once_with_all_its_calls(x):
    y = kmb_core.Input((3,), name="y")
    shared = layers.Dense(2, name="shared")
    config = config_of(kmb_core.Model([x, y], layers.Add()([shared(x), shared(y)])))
    assert [histories(call) for call in calls_of(config, "shared")] == [[["x", 0, 0]], [["y", 0, 0]]]


def test_calls_outside_of_the_graph_are_not_counted(x):
    y = kmb_core.Input((3,), name="y")
    shared = layers.Dense(2, name="shared")
    shared(x)
    config = config_of(kmb_core.Model(y, shared(y)))
    assert [histories(call) for call in calls_of(config, "shared")] == [[["y", 0, 0]]]
    assert config["output_layers"] == ["shared", 0, 0]


@pytest.mark.parametrize("nest", [lambda a, b: [a, b], lambda a, b: {"p": a, "q": [b]}, lambda a, b: [[a], [b]]])
def test_nesting_of_inputs_and_outputs_is_kept(x, nest):
    y = kmb_core.Input((3,), name="y")
    inputs, outputs = graph_from_config(config_of(kmb_core.Model(nest(x, y), nest(x + 1, y * 2))))
    placeholder = nest(0, 0)
    assert kmb_core.tree.map_structure(lambda _: 0, inputs) == placeholder
    assert kmb_core.tree.map_structure(lambda _: 0, outputs) == placeholder


def test_an_unused_input_stays(x):
    unused = kmb_core.Input((2,), name="unused")
    model = kmb_core.Model([x, unused], x + 1)
    assert [layer.name for layer in model.layers] == ["x", "unused"]
    assert [t.shape for t in again(model).inputs] == [(None, 3), (None, 2)]


def test_a_model_that_starts_in_the_middle_gets_an_input_of_its_own(x):
    hidden = layers.Dense(4, name="hidden")(x)
    model = kmb_core.Model(hidden, layers.Dense(2, name="head")(hidden))
    config = config_of(model)
    assert [layer["name"] for layer in config["layers"]] == ["hidden_input", "head"]
    found = again(model)
    found.set_weights(model.get_weights())
    values = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(*(ops.convert_to_numpy(m(values)) for m in (model, found)))


def test_a_model_whose_calls_are_outputs_is_counted_from_its_making(x):
    inner_input = kmb_core.Input((3,))
    inner = kmb_core.Model(inner_input, layers.Dense(3)(inner_input), name="inner")
    chain = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(3)], name="chain")
    first = inner(x)
    model = kmb_core.Model(x, {"first": first, "second": inner(first), "chain": chain(first)})
    config = config_of(model)
    assert config["output_layers"] == {"first": ["inner", 1, 0], "second": ["inner", 2, 0], "chain": ["chain", 0, 0]}
    assert histories(calls_of(config, "chain")[0]) == [["inner", 0, 0]]
    found = again(model)
    found.set_weights(model.get_weights())
    values = np.ones((2, 3), "float32")
    for name, output in model(values).items():
        np.testing.assert_array_equal(ops.convert_to_numpy(found(values)[name]), ops.convert_to_numpy(output))


def test_masks_are_tensors_of_the_graph_and_come_back():
    words = kmb_core.Input((3,), dtype="int32", name="words")
    vectors = layers.Embedding(5, 2, mask_zero=True)(words)
    model = kmb_core.Model(words, layers.GlobalAveragePooling1D()(vectors))
    found = again(model)
    found.set_weights(model.get_weights())
    values = np.array([[1, 2, 0], [3, 0, 0]], "int32")
    np.testing.assert_array_equal(*(ops.convert_to_numpy(m(values)) for m in (model, found)))


def test_an_output_may_be_an_input(x):
    found = again(kmb_core.Model(x, [x, x + 1]))
    assert found.outputs[0] is found.inputs[0]


@pytest.mark.parametrize(("passed", "written"), [({}, False), ({"training": True}, True), ({"training": False}, False)])
def test_training_is_written_as_keras_writes_it_and_only_kept_where_it_was_passed(x, passed, written):
    config = config_of(kmb_core.Model(x, layers.Dropout(0.5, name="drop")(x, **passed)))
    assert calls_of(config, "drop")[0]["kwargs"] == {"training": written}
    _, output = graph_from_config(config)
    kwargs = output._history[0]._inbound_nodes[0].kwargs
    assert kwargs == ({"training": True} if written else {})


@pytest.mark.parametrize("key", [0, -1, slice(1, 3), (slice(None), 0), (..., None, 1), [0, 2], (slice(None), [0, 2])])
def test_every_kind_of_index_comes_back(key):
    model = kmb_core.Model(x := kmb_core.Input(batch_shape=(4, 3)), x[key])
    values = np.arange(12.0, dtype="float32").reshape(4, 3)
    np.testing.assert_array_equal(ops.convert_to_numpy(again(model)(values)), values[key])


def test_arrays_in_a_graph_come_back(x):
    model = kmb_core.Model(x, x * np.array([1, 2, 3], "float32") + 1.5)
    values = np.ones((1, 3), "float32")
    np.testing.assert_allclose(ops.convert_to_numpy(again(model)(values)), [[2.5, 3.5, 4.5]])


def test_a_graph_of_thousands_of_steps_needs_no_recursion(x):
    y = x
    for _ in range(3_000):
        y = y + 1
    found = again(kmb_core.Model(x, y))
    assert float(ops.convert_to_numpy(found(np.zeros((1, 3), "float32")))[0, 0]) == 3_000


def test_layers_may_stand_in_any_order(x):
    config = config_of(kmb_core.Model(x, layers.Dense(2, name="b")(layers.Dense(4, name="a")(x))))
    config["layers"].reverse()
    _, output = graph_from_config(config)
    assert output.shape == (None, 2)


def place(*history):
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 3], "dtype": "float32", "keras_history": history},
    }


@pytest.mark.parametrize(
    "args",
    [
        [place("b", 0, 0)],  # a circle of one
        [place("c", 0, 0)],  # a circle of two
        [place("nobody", 0, 0)],
        [place("x", 1, 0)],
        [place("x", 0, 9)],
        [place("x", -1, 0)],
        [place("x", "0", 0)],
        [place("x", True, 0)],
        [place()],
        [{"class_name": "__keras_tensor__", "config": None}],
    ],
)
def test_a_tensor_from_nowhere_is_refused(x, args):
    config = config_of(kmb_core.Model(x, layers.Dense(2, name="c")(layers.Dense(3, name="b")(x))))
    calls_of(config, "b")[0]["args"] = args
    with pytest.raises(CheckpointError, match="functional graph"):
        graph_from_config(config)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda entry: entry.update(class_name="Nothing"), "no op is known"),
        (lambda entry: entry["config"].update(surprise=1), "no argument surprise"),
        (lambda entry: entry.update(class_name=None), "no description"),
        (lambda entry: entry.update(config=[]), "no description"),
    ],
)
def test_a_damaged_op_is_refused(x, change, error):
    config = config_of(kmb_core.Model(x, ops.sum(x, axis=1)))
    change(config["layers"][1])
    with pytest.raises(CheckpointError, match=error):
        graph_from_config(config)
