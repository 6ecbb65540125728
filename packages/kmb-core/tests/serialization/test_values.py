"""Plain data and back, in the forms that Keras writes."""

import json

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kmb_core
from kmb_core import activations, initializers, regularizers
from kmb_core.errors import CheckpointError, SecurityError
from kmb_core.saving import deserialize_keras_object, serialize_keras_object


def by_way_of_json(value):
    return deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(value))))


# What Keras 3.15.1 was seen to write for each value.
AS_KERAS_WRITES = [
    (b"ab", {"class_name": "__bytes__", "config": {"value": "ab"}}),
    (slice(0, 2), {"class_name": "__slice__", "config": {"start": 0, "stop": 2, "step": None}}),
    (..., {"class_name": "__ellipsis__", "config": {}}),
    (np.float32(2.0), 2.0),
    (np.array([1, 2], "int32"), {"class_name": "__numpy__", "config": {"value": [1, 2], "dtype": "int32"}}),
    (
        activations.swish,
        {"module": "builtins", "class_name": "function", "config": "silu", "registered_name": "function"},
    ),
    (int, {"module": "builtins", "class_name": "type", "config": "int", "registered_name": "type"}),
    (
        initializers.Zeros(),
        {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": None},
    ),
    (
        kmb_core.DTypePolicy("mixed_float16"),
        {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}, "registered_name": None},
    ),
]


@pytest.mark.parametrize(("value", "expected"), AS_KERAS_WRITES)
def test_a_value_is_written_as_keras_writes_it(value, expected):
    assert serialize_keras_object(value) == expected


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(plain)
def test_plain_data_comes_back_as_it_was(value):
    assert by_way_of_json(value) == value


@settings(deadline=None)
@given(st.tuples(*[st.none() | st.integers(-5, 5)] * 3))
def test_a_slice_comes_back(parts):
    assert by_way_of_json(slice(*parts)) == slice(*parts)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint32", "int64", "float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (2, 3)])
def test_an_array_comes_back_with_shape_and_dtype(dtype, shape):
    array = (
        np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    )
    found = by_way_of_json(array)
    assert (found.shape[-1:] or ()) == (array.shape[-1:] or ()) or array.size == 0
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found.reshape(shape), array)


def test_a_tensor_comes_back_as_a_tensor():
    tensor = kmb_core.ops.convert_to_tensor([1.0, 2.0])
    found = deserialize_keras_object({"class_name": "__tensor__", "config": {"value": [1.0, 2.0], "dtype": "float32"}})
    assert kmb_core.ops.is_tensor(found)
    np.testing.assert_array_equal(kmb_core.ops.convert_to_numpy(found), kmb_core.ops.convert_to_numpy(tensor))


def test_a_symbolic_tensor_comes_back_with_shape_and_dtype():
    found = by_way_of_json(kmb_core.KerasTensor((None, 3), dtype="int32"))
    assert (found.shape, found.dtype) == ((None, 3), "int32")


@pytest.mark.parametrize("function", [activations.relu, activations.hard_swish])
def test_a_built_in_function_comes_back_itself(function):
    assert by_way_of_json(function) is function


def test_objects_are_found_at_any_depth():
    found = by_way_of_json({"a": [regularizers.L2(0.5), {"b": (1, slice(2))}]})
    assert found["a"][0].l2 == 0.5
    assert found["a"][1]["b"] == [1, slice(2)]


def test_what_is_an_object_already_is_left_alone():
    layer = kmb_core.layers.Dense(2)
    assert deserialize_keras_object(layer) is layer


def test_a_shared_object_is_made_once():
    entry = {**serialize_keras_object(regularizers.L2(0.5)), "shared_object_id": 7}
    first, second = deserialize_keras_object([entry, entry])
    assert first is second
    assert deserialize_keras_object(entry) is not first


def test_the_same_id_of_another_class_is_another_object():
    l1, l2 = (
        {**serialize_keras_object(r), "shared_object_id": 7} for r in (regularizers.L1(0.5), regularizers.L2(0.5))
    )
    assert [type(x).__name__ for x in deserialize_keras_object([l1, l2])] == ["L1", "L2"]


def test_an_old_description_without_a_module_is_understood():
    assert deserialize_keras_object({"class_name": "L2", "config": {"l2": 0.5}}).l2 == 0.5


@pytest.mark.parametrize("safe_mode", [True, False])
def test_a_lambda_is_never_run(safe_mode):
    with pytest.raises(SecurityError, match="bytecode of a lambda") as caught:
        deserialize_keras_object({"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}, safe_mode=safe_mode)
    assert "register_keras_serializable" in str(caught.value)


def test_a_lambda_is_not_written():
    with pytest.raises(ValueError, match="a lambda cannot be saved"):
        serialize_keras_object(lambda x: x)


def test_an_object_that_cannot_be_described_is_refused():
    with pytest.raises(ValueError, match="object has no get_config"):
        serialize_keras_object([object()])


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "__numpy__", "config": 3},
        {"class_name": "__numpy__", "config": {"value": [[1], [2, 3]], "dtype": "int32"}},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
        {"class_name": "__tensor__", "config": {"value": ["x"], "dtype": "float32"}},
        {"class_name": "__slice__", "config": {}},
        {"class_name": "__bytes__", "config": {"value": 3}},
        {"class_name": "__keras_tensor__", "config": {"shape": "x", "dtype": "float32"}},
        {"module": "keras.layers", "class_name": "Dense", "config": 5, "registered_name": None},
        {"module": "keras.layers", "class_name": "Dense", "config": None, "registered_name": None},
    ],
)
def test_what_does_not_fit_its_class_is_refused_as_such(config):
    with pytest.raises(CheckpointError):
        deserialize_keras_object(config)


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: {"a": x}])
def test_depth_is_limited_without_a_crash(wrap):
    value = 1
    for _ in range(5_000):
        value = wrap(value)
    with pytest.raises(CheckpointError, match="nested deeper than 64"):
        deserialize_keras_object(value)
    assert deserialize_keras_object([[1]]) == [[1]]  # the count starts again after a failure
