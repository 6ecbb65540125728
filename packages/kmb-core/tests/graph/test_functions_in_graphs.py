"""Ops that call functions, in the graph of a model: run, written and read back; what cannot be named is refused."""

import json

import numpy as np
import pytest

import kmb_core
from kmb_core import ops
from kmb_core.errors import SecurityError, UnknownObjectError
from kmb_core.graph.config import graph_from_config, graph_to_config
from kmb_core.saving import register_keras_serializable

X = np.arange(6, dtype="float32").reshape(2, 3) - 2


@register_keras_serializable("functions_in_graphs")
def running_sum(carry, row):
    return carry + row, carry


@register_keras_serializable("functions_in_graphs")
def is_small(x):
    return ops.sum(ops.abs(x)) < 100.0


@register_keras_serializable("functions_in_graphs")
def doubled(x):
    return x * 2


@register_keras_serializable("functions_in_graphs")
def plus(number, x):
    return x + ops.cast(number, "float32")


def straight_through(x):
    return ops.round(x), lambda upstream: upstream


def unregistered(x):
    return x * 3


def config_of(model):
    return json.loads(json.dumps(graph_to_config(model._graph)))


def again(model):
    return kmb_core.Model(*graph_from_config(config_of(model)))


def while_small(x):
    while np.abs(x).sum() < 100:
        x = x * 2
    return x


CASES = {
    "map": (lambda x: ops.map(ops.square, x), lambda x: x**2),
    "vectorized_map": (lambda x: ops.vectorized_map(ops.square, x), lambda x: x**2),
    "associative_scan": (lambda x: ops.associative_scan(ops.add, x, axis=1), lambda x: x.cumsum(1)),
    "switch": (lambda x: ops.switch(ops.cast(x[0, 0], "int32"), [ops.square, ops.abs], x), lambda x: x**2),
    "while_loop": (lambda x: ops.while_loop(is_small, doubled, x), while_small),
    "fori_loop": (lambda x: ops.fori_loop(0, 4, plus, x), lambda x: x + 6),
    "scan": (
        lambda x: ops.scan(running_sum, ops.sum(x, 0), x, reverse=True)[1],
        lambda x: np.stack([x.sum(0) + x[1], x.sum(0)]),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_model_runs_and_is_read_back(case):
    build, expected = CASES[case]
    x = kmb_core.Input((3,))
    model = kmb_core.Model(x, build(x))
    for version in (model, again(model)):
        found = ops.convert_to_numpy(version(ops.convert_to_tensor(X)))
        np.testing.assert_allclose(found, expected(X), rtol=1e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_branch_of_a_model_is_both_and_a_choice(sign):
    x, y = kmb_core.Input((3,)), kmb_core.Input((3,))
    output = ops.cond(ops.sum(x) > 0, lambda: {"a": x * y, "b": 1.0}, lambda: {"a": x + y, "b": ops.sum(y)})
    model = kmb_core.Model([x, y], output)
    left = (X + 3) * sign
    expected = (left * X, 1.0) if sign > 0 else (left + X, X.sum())
    for version in (model, again(model)):
        found = version([ops.convert_to_tensor(left), ops.convert_to_tensor(X)])
        np.testing.assert_allclose(ops.convert_to_numpy(found["a"]), expected[0])
        np.testing.assert_allclose(ops.convert_to_numpy(found["b"]), expected[1])


def test_a_function_with_its_own_gradient_stands_in_a_model():
    x = kmb_core.Input((3,))
    model = kmb_core.Model(x, ops.custom_gradient(straight_through)(x * 1.4))
    np.testing.assert_array_equal(ops.convert_to_numpy(model(ops.convert_to_tensor(X))), np.round(X * 1.4))


def node_of(model, class_name):
    (entry,) = [layer for layer in config_of(model)["layers"] if layer["class_name"] == class_name]
    return entry


def test_functions_are_written_as_keras_writes_them():
    x = kmb_core.Input((3,), name="x")
    square = {"module": "builtins", "class_name": "function", "config": "square", "registered_name": "function"}
    entry = node_of(kmb_core.Model(x, ops.map(ops.square, x)), "Map")
    assert (entry["module"], entry["registered_name"]) == ("keras.src.ops.core", "Map")
    assert list(entry["config"]) == ["name"]
    (call,) = entry["inbound_nodes"]
    assert call["args"][0] == square
    assert call["args"][1]["config"]["keras_history"] == ["x", 0, 0]
    entry = node_of(kmb_core.Model(x, ops.vectorized_map(ops.square, x)), "VectorizedMap")
    assert entry["config"]["function"] == square
    (call,) = entry["inbound_nodes"]
    assert [a["config"]["keras_history"] for a in call["args"]] == [["x", 0, 0]]
    entry = node_of(kmb_core.Model(x, ops.scan(running_sum, ops.sum(x, 0), x)), "Scan")
    assert {k: v for k, v in entry["config"].items() if k != "name"} == {"length": None, "reverse": False, "unroll": 1}
    assert entry["inbound_nodes"][0]["args"][0]["config"] == "functions_in_graphs>running_sum"


def test_a_lambda_cannot_be_written():
    x = kmb_core.Input((3,))
    model = kmb_core.Model(x, ops.map(lambda row: row * 2, x))
    with pytest.raises(ValueError, match="a lambda cannot be saved"):
        config_of(model)


def test_a_function_that_nobody_registered_is_not_found():
    x = kmb_core.Input((3,))
    config = config_of(kmb_core.Model(x, ops.map(unregistered, x)))
    with pytest.raises(UnknownObjectError, match="unregistered"):
        graph_from_config(config)
    found = kmb_core.Model(*graph_from_config(config, {"unregistered": unregistered}))
    np.testing.assert_allclose(ops.convert_to_numpy(found(ops.convert_to_tensor(X))), X * 3)


def test_bytecode_in_a_file_is_refused():
    x = kmb_core.Input((3,))
    config = config_of(kmb_core.Model(x, ops.map(ops.square, x)))
    (entry,) = [layer for layer in config["layers"] if layer["class_name"] == "Map"]
    entry["inbound_nodes"][0]["args"][0] = {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}
    with pytest.raises(SecurityError, match="bytecode"):
        graph_from_config(config)
