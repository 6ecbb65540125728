"""Initial values that wait, as torch looks at them: each way to a parameter finds what was drawn."""

import io

import pytest
import torch

import kmb_core
from kmb_core import initializers, layers, ops


def built():
    inputs = kmb_core.Input((5,))
    dense = layers.Dense(4, kernel_initializer=initializers.GlorotUniform(seed=3))
    model = kmb_core.Model(inputs, dense(inputs))
    assert dense.kernel._waiting is not None
    return model


def expected():
    return torch.from_numpy(initializers.GlorotUniform(seed=3).sample((5, 4), "float32"))


def saved(model):
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize(
    "look",
    [
        lambda model: next(model.parameters()),
        lambda model: model.state_dict()["1.kernel"],
        lambda model: dict(model.named_parameters())["1.kernel"],
        lambda model: model.get_parameter("1.kernel"),
        lambda model: model.layers[1]._parameters["kernel"],
        lambda model: dict(model.layers[1]._parameters)["kernel"],
        lambda model: next(model.layers[1].children(), model.layers[1])._parameters.copy()["kernel"],
        lambda model: next(saved(model).parameters()),
        lambda model: next(model.double().parameters()).float(),
    ],
)
def test_whichever_way_torch_looks_at_a_parameter_it_has_its_value(look):
    torch.testing.assert_close(look(built()).detach(), expected())


def test_the_parameter_that_torch_saw_is_the_one_that_the_layer_uses():
    model = built()
    parameter = next(model.parameters())
    assert parameter is model.layers[1].kernel.value
    model(torch.ones(2, 5)).sum().backward()
    assert parameter.grad is not None


def test_a_state_dict_is_loaded_before_anything_was_read():
    model = built()
    model.load_state_dict({"1.kernel": torch.ones(5, 4), "1.bias": torch.zeros(4)})
    torch.testing.assert_close(model(torch.ones(2, 5)).detach(), torch.full((2, 4), 5.0))


def test_a_frozen_layer_has_parameters_without_gradients():
    model = built()
    model.trainable = False
    assert [parameter.requires_grad for parameter in model.parameters()] == [False, False]


def test_what_was_removed_before_it_was_read_stays_away():
    layer = built().layers[1]
    del layer.bias
    del layer._parameters["kernel"]
    assert list(layer.parameters()) == []


@pytest.mark.parametrize("fullgraph", [True, False])
def test_a_compiled_function_may_be_the_first_to_read(fullgraph):
    model = built()
    compiled = torch.compile(lambda x: model(x), fullgraph=fullgraph, backend="eager")
    torch.testing.assert_close(compiled(torch.ones(2, 5)).detach(), torch.ones(2, 5) @ expected())


def test_a_compiled_function_may_read_a_variable_alone():
    kernel = built().layers[1].kernel
    compiled = torch.compile(lambda x: ops.matmul(x, kernel), backend="eager")
    torch.testing.assert_close(compiled(torch.ones(2, 5)).detach(), torch.ones(2, 5) @ expected())


def test_a_value_first_read_in_inference_mode_can_be_trained():
    model = built()
    with torch.inference_mode():
        model(torch.ones(2, 5))
    model(torch.ones(2, 5)).sum().backward()
    assert model.layers[1].kernel.value.grad is not None
