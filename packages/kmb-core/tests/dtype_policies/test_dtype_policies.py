import json

import numpy as np
import pytest

from kmb_core import dtype_policies as policies
from kmb_core.config import set_floatx
from kmb_core.errors import DTypeError
from kmb_core.settings.store import settings


@pytest.fixture(autouse=True)
def _default_policy():
    yield
    settings.dtype_policy = None
    set_floatx("float32")


@pytest.mark.parametrize(
    ("name", "compute", "variable"),
    [
        ("float32", "float32", "float32"),
        ("float64", "float64", "float64"),
        ("mixed_float16", "float16", "float32"),
        ("mixed_bfloat16", "bfloat16", "float32"),
        ("bool", "bool", "bool"),
        ("string", "string", "string"),
        (None, "float32", "float32"),
    ],
)
def test_a_policy_names_two_dtypes(name, compute, variable):
    policy = policies.DTypePolicy(name)
    assert (policy.compute_dtype, policy.variable_dtype) == (compute, variable)
    assert policy.quantization_mode is None


@pytest.mark.parametrize("name", ["", "mixed_float32", "nope", "int8_from_float32", 3])
def test_an_unknown_policy_is_refused(name):
    with pytest.raises(DTypeError, match="expected a"):
        policies.DTypePolicy(name)


@pytest.mark.parametrize(
    ("name", "cls", "mode", "compute"),
    [
        ("int8_from_float32", "QuantizedDTypePolicy", "int8", "float32"),
        ("int4_from_mixed_bfloat16", "QuantizedDTypePolicy", "int4", "bfloat16"),
        ("float8_from_mixed_bfloat16", "QuantizedFloat8DTypePolicy", "float8", "bfloat16"),
        ("int4/128_from_float32", "Int4DTypePolicy", "int4", "float32"),
        ("int4/-1_from_float32", "Int4DTypePolicy", "int4", "float32"),
        ("gptq/3/-1_from_float32", "GPTQDTypePolicy", "gptq", "float32"),
        ("awq/4/128_from_float16", "AWQDTypePolicy", "awq", "float16"),
    ],
)
def test_a_quantized_policy_is_found_by_name_and_saved_and_loaded(name, cls, mode, compute):
    policy = policies.get(name)
    assert (type(policy).__name__, policy.name) == (cls, name)
    assert (policy.quantization_mode, policy.compute_dtype) == (mode, compute)
    saved = json.loads(json.dumps(policies.serialize(policy)))
    assert (saved["module"], saved["class_name"], saved["registered_name"]) == ("keras.dtype_policies", cls, None)
    assert policies.deserialize(saved) == policy


def test_modes_carry_their_numbers():
    gptq, int4 = policies.GPTQDTypePolicy("gptq/8/64"), policies.Int4DTypePolicy("int4/32", "float16")
    assert (gptq.mode, gptq.weight_bits, gptq.group_size) == ("gptq", 8, 64)
    assert (int4.mode, int4.block_size) == ("int4", 32)
    assert gptq.get_config() == {"mode": "gptq/8/64", "source_name": "float32"}


@pytest.mark.parametrize(
    "name",
    ["int9_from_float32", "int8_from_nope", "int8/3_from_float32", "int4/0_from_float32", "int4/x_from_float32",
     "gptq/4_from_float32", "gptq/5/128_from_float32", "gptq/4/0_from_float32", "awq/8/128_from_float32",
     "float8/1_from_float32"],
)  # fmt: skip
def test_a_mode_that_does_not_exist_is_refused(name):
    with pytest.raises(DTypeError, match="expected"):
        policies.get(name)


@pytest.mark.parametrize("length", [0, -1, 1.5, None, True])
def test_a_history_has_a_length(length):
    with pytest.raises(DTypeError, match="amax_history_length"):
        policies.QuantizedFloat8DTypePolicy("float8", amax_history_length=length)


def test_the_saved_form_is_that_of_keras():
    assert policies.serialize(policies.DTypePolicy("mixed_float16")) == {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": "mixed_float16"},
        "registered_name": None,
    }
    assert policies.serialize("float32") == "float32"
    assert policies.deserialize(None) is None


@pytest.mark.parametrize("config", [{"class_name": "os.system", "config": {}}, {}, 3])
def test_a_foreign_config_is_refused(config):
    with pytest.raises(DTypeError):
        policies.deserialize(config)


def test_policies_come_from_dtypes_too():
    assert policies.get(np.dtype("float16")).name == "float16"
    assert policies.get(float).name == "float32"
    policy = policies.DTypePolicy("float16")
    assert policies.get(policy) is policy
    with pytest.raises(DTypeError):
        policies.get(3)


def test_equality_is_that_of_class_and_config():
    assert policies.DTypePolicy("float16") == policies.DTypePolicy("float16")
    assert policies.DTypePolicy("float16") != policies.DTypePolicy("float32")
    assert policies.DTypePolicy("float16") != "float16"
    assert policies.DTypePolicy("float16") != policies.FloatDTypePolicy("float16")
    assert len({policies.DTypePolicy("float16"), policies.DTypePolicy("float16")}) == 1


def test_the_policy_of_the_process_follows_floatx_until_it_is_set():
    set_floatx("float64")
    assert policies.current_policy().name == policies.get(None).name == "float64"
    policies.set_current_policy("mixed_bfloat16")
    assert policies.get(None).name == policies.DTypePolicy().name == "mixed_bfloat16"
    policies.set_current_policy("int8_from_mixed_float16")
    assert policies.DTypePolicy().name == "mixed_float16"
    with pytest.raises(DTypeError, match="got None"):
        policies.set_current_policy(None)


def test_a_map_gives_the_policy_of_a_path():
    table = policies.DTypePolicyMap("float32", {"m/a": "float16", "m/b.*": "mixed_bfloat16"})
    assert [table[path].name for path in ("m/a", "m/b/c", "m/a/x", "x/m/a")] == [
        "float16", "mixed_bfloat16", "float32", "float32",
    ]  # fmt: skip
    assert (len(table), list(table), "m/a" in table, "m/a/x" in table) == (2, ["m/a", "m/b.*"], True, False)
    assert (table.name, table.compute_dtype, table.quantization_mode) == ("map_float32", "float32", None)
    del table["m/a"]
    assert table["m/a"].name == "float32"


def test_a_map_refuses_what_is_ambiguous_doubled_or_no_policy():
    table = policies.DTypePolicyMap(policy_map={"a.*": "float16", ".*b": "float64"})
    with pytest.raises(ValueError, match="more than one"):
        table["ab"]
    with pytest.raises(ValueError, match="already"):
        table["a.*"] = "float32"
    with pytest.raises(DTypeError, match="expected a policy"):
        table["c"] = 3
    with pytest.raises(KeyError):
        del table["zzz"]
    with pytest.raises(TypeError, match="dict"):
        policies.DTypePolicyMap(policy_map=3)


def test_a_path_that_is_no_regular_expression_stands_for_itself():
    table = policies.DTypePolicyMap(policy_map={"dense[": "float16"})
    assert table["dense["].name == "float16"
    assert table["dense"].name == "float32"


def test_a_map_is_saved_and_loaded():
    table = policies.DTypePolicyMap("mixed_float16", {"a": policies.get("int8_from_float32"), "b": "float64"})
    again = policies.deserialize(json.loads(json.dumps(policies.serialize(table))))
    assert again == table
    assert again["a"].quantization_mode == "int8"


def test_a_map_may_be_the_policy_of_the_process():
    policies.set_current_policy(policies.DTypePolicyMap("float16"))
    assert policies.DTypePolicy().name == "float16"
    assert policies.DTypePolicyMap().default_policy.name == "float16"


def test_inputs_are_cast_only_where_they_are_floating_and_wanted():
    from kmb_core.backend import convert_to_tensor, dtype_of, is_tensor

    policy = policies.DTypePolicy("float16")
    floating, whole = (convert_to_tensor(np.ones(2, dtype)) for dtype in ("float32", "int32"))
    assert dtype_of(policy.convert_input(floating, True, "float16")) == "float16"
    assert policy.convert_input(floating, False, "float16") is floating
    assert policy.convert_input(whole, True, "float16") is whole
    array = policy.convert_input(np.ones(2, "float32"), True, "float16")
    assert is_tensor(array)
    assert dtype_of(array) == "float16"
    assert [policy.convert_input(x, True, "float16") for x in (3, 1.5, "s", None)] == [3, 1.5, "s", None]
