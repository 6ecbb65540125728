import numpy as np
import pytest

from kmb_core import activations, ops
from kmb_core.serialization import CustomObjectScope, register_keras_serializable, serialize_keras_object

X = np.array([-8.0, -1.0, 0.0, 1.0, 8.0], "float32")
NAMES = [name for name in activations.__all__ if name not in ("get", "serialize", "deserialize")]


def numpy(x):
    return ops.convert_to_numpy(x)


def test_relu_bends_at_the_threshold_and_is_cut_off():
    found = activations.relu(X, negative_slope=0.5, max_value=6.0, threshold=1.0)
    assert numpy(found).tolist() == [-4.5, -1.0, -0.5, 0.0, 6.0]
    assert numpy(activations.relu(X, threshold=-3.0)).tolist() == [0.0, -1.0, 0.0, 1.0, 8.0]
    assert numpy(activations.relu(X, max_value=6.0)).tolist() == [0.0, 0.0, 0.0, 1.0, 6.0]


def test_mish_and_exponential_follow_their_formulas():
    x = X[1:4].astype("float64")
    np.testing.assert_allclose(numpy(activations.mish(X[1:4])), x * np.tanh(np.log1p(np.exp(x))), rtol=1e-5)
    np.testing.assert_allclose(numpy(activations.exponential(X[1:4])), np.exp(x), rtol=1e-5)


def test_linear_gives_back_the_same_object():
    assert activations.linear(X) is X


def test_gelu_is_exact_by_default_here():
    assert numpy(activations.gelu(X)).tolist() == numpy(ops.gelu(X, approximate=False)).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_each_name_finds_its_function_and_is_saved_as_a_bare_name(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    saved = activations.serialize(function)
    assert saved == {"hard_swish": "hard_silu", "swish": "silu"}.get(name, name)
    assert activations.deserialize(saved) is function
    assert activations.deserialize(serialize_keras_object(function)) is function


def test_none_means_linear_and_callables_mean_themselves():
    assert activations.get(None) is activations.linear
    assert activations.get(np.sin) is np.sin


@pytest.mark.parametrize("identifier", ["nope", 3, "__class__", {"class_name": "function", "config": "eval"}, {}])
def test_what_is_unknown_is_refused(identifier):
    with pytest.raises(ValueError, match="activation"):
        activations.get(identifier)


def test_functions_of_ones_own_go_by_their_registered_name():
    @register_keras_serializable("tests")
    def twice(x):
        return x + x

    saved = activations.serialize(twice)
    assert saved["config"] == "tests>twice"
    assert activations.deserialize(saved) is twice
    assert activations.get("tests>twice") is twice
    assert activations.deserialize("thrice", custom_objects={"thrice": twice}) is twice
    with CustomObjectScope({"relu": twice}):
        assert activations.get("relu") is twice


def test_a_lambda_cannot_be_saved():
    with pytest.raises(ValueError, match="lambda"):
        activations.serialize(lambda x: x)
    with pytest.raises(ValueError, match="function"):
        activations.serialize("relu")
