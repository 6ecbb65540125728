"""What an endpoint takes, from models of every kind and from what users give."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, tree
from kmb_core.errors import NotBuiltError, StructureError
from kmb_core.export.signatures import model_endpoint, symbolic


class Two(kmb_core.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, left, right, training=False):
        return self.dense(left) + right


class One(kmb_core.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs, mask=None):
        return self.dense(inputs["x"] if isinstance(inputs, dict) else inputs)


def spec(*shape, dtype="float32"):
    return kmb_core.InputSpec(shape=shape, dtype=dtype)


def leaves(model, given=None):
    return [(x.shape, x.dtype) for x in tree.flatten(model_endpoint(model, "serve", given, {}).signature)]


def test_a_functional_model_takes_what_its_inputs_say_in_their_structure():
    ids, weights = kmb_core.Input((None,), dtype="int32", name="ids"), kmb_core.Input((3,), name="weights")
    pooled = layers.GlobalAveragePooling1D()(layers.Embedding(5, 3)(ids))
    model = kmb_core.Model({"ids": ids, "weights": weights}, pooled * weights)
    (inputs,) = model_endpoint(model, "serve", None, {}).signature
    assert {key: (x.name, x.shape, x.dtype) for key, x in inputs.items()} == {
        "ids": ("ids", (None, None), "int32"),
        "weights": ("weights", (None, 3), "float32"),
    }


def test_a_class_takes_what_it_was_called_with_for_any_size_of_batch():
    model = One()
    model(np.ones((2, 3), "float32"))
    assert leaves(model) == [((None, 3), "float32")]


def test_a_class_with_two_arguments_has_an_endpoint_with_two():
    model = Two()
    model(np.ones((2, 3), "float32"), np.ones((2, 2), "float32"))
    assert leaves(model) == [((None, 3), "float32"), ((None, 2), "float32")]
    endpoint = model_endpoint(model, "serve", [spec(None, 3), spec(None, 2)], {})
    assert len(endpoint.signature) == 2
    x = kmb_core.ops.ones((1, 3)), kmb_core.ops.ones((1, 2))
    outputs = [kmb_core.ops.convert_to_numpy(function(*x)) for function in (endpoint.function, model)]
    np.testing.assert_array_equal(*outputs)


def test_a_class_that_was_never_called_is_built_by_the_signature():
    model = Two()
    assert leaves(model, [spec(None, 3), spec(None, 2)]) == [((None, 3), "float32"), ((None, 2), "float32")]
    assert model.dense.kernel.shape == (3, 2)


def test_a_class_that_was_never_called_and_no_signature_is_an_error():
    with pytest.raises(NotBuiltError, match="the shapes of its inputs are not known"):
        model_endpoint(One(), "serve", None, {})


@pytest.mark.parametrize("given", [spec(None, 3), [spec(None, 3)], {"x": spec(None, 3)}, [{"x": spec(None, 3)}]])
def test_a_signature_may_be_bare_or_in_a_list_of_arguments(given):
    assert leaves(One(), given) == [((None, 3), "float32")]


def test_a_list_of_inputs_is_one_argument_of_a_functional_model():
    inputs = [kmb_core.Input((3,)), kmb_core.Input((3,))]
    model = kmb_core.Model(inputs, layers.Add()(inputs))
    for given in ([spec(2, 3), spec(2, 3)], [[spec(2, 3), spec(2, 3)]]):
        (argument,) = model_endpoint(model, "serve", given, {}).signature
        assert [x.shape for x in argument] == [(2, 3), (2, 3)]


def test_arrays_and_symbolic_tensors_say_what_they_are():
    given = [np.zeros((2, 3), "int64"), kmb_core.KerasTensor((None, 4), "bool", name="flags")]
    assert [(x.shape, x.dtype, x.name) for x in symbolic(given, "here")][1] == ((None, 4), "bool", "flags")
    assert symbolic(given, "here")[0].dtype == "int64"


@pytest.mark.parametrize("given", [kmb_core.InputSpec(ndim=2), "text", [3]])
def test_what_has_no_shape_is_no_signature(given):
    with pytest.raises(StructureError, match="expected KerasTensors or InputSpecs with a shape"):
        symbolic(given, "here")
