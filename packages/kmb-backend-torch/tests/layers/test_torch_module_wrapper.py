import copy
import io
import json
import os
import pickle

import numpy as np
import pytest
import torch

import kmb_core
from kmb_core import layers
from kmb_core.errors import BackendError, CheckpointError, SecurityError, ShapeError

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")


def net(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.Tanh(), torch.nn.Linear(6, 1))


def wrapped(module):
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.TorchModuleWrapper(module)])
    model.compile(optimizer="sgd", loss="mse")
    return model


@kmb_core.saving.register_keras_serializable("tests")
class Scaled(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.factor = torch.nn.Parameter(torch.ones(size))

    def forward(self, x):
        return x * self.factor

    def get_config(self):
        return {"size": self.size}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Executes:
    """A pickle of it makes a file when it is opened."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_the_outputs_are_the_modules():
    module = net().eval()
    np.testing.assert_array_equal(
        layers.TorchModuleWrapper(module)(torch.from_numpy(X)).detach(), module(torch.from_numpy(X)).detach()
    )


def test_parameters_and_buffers_are_the_layers_variables_under_their_names():
    layer = layers.TorchModuleWrapper(net(), name="net")
    trained = [v.path for v in layer.trainable_variables]
    assert trained == ["net/0.weight", "net/0.bias", "net/1.weight", "net/1.bias", "net/3.weight", "net/3.bias"]
    assert [v.name for v in layer.non_trainable_variables] == [
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    ]
    assert layer.count_params() == sum(p.numel() for p in net().parameters()) + 13


def test_fit_trains_a_wrapped_module_as_a_loop_of_torch_does():
    model, twin = wrapped(net()), net()
    history = model.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0).history["loss"]
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.01)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(twin(torch.from_numpy(X)), torch.from_numpy(Y))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    np.testing.assert_allclose(history, losses, rtol=1e-5)
    np.testing.assert_allclose(
        model.predict(X, verbose=0), twin.eval()(torch.from_numpy(X)).detach(), rtol=1e-4, atol=1e-6
    )


def test_a_frozen_layer_keeps_its_weights():
    model = wrapped(net())
    model.layers[0].trainable = False
    before = model.layers[0].module[0].weight.detach().clone()
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    torch.testing.assert_close(model.layers[0].module[0].weight, before)


def test_for_torch_it_is_a_submodule_like_any_other():
    layer = layers.TorchModuleWrapper(net())
    assert list(layer.state_dict()) == [f"module.{key}" for key in net().state_dict()]
    outer = torch.nn.Sequential(layer)
    assert len(list(outer.parameters())) == len(list(net().parameters()))
    outer.double()
    assert {v.dtype for v in layer.trainable_variables} == {"float64"}
    assert layer.trainable_variables[0]._value is layer.module[0].weight


def test_training_sets_the_mode_of_the_module_inside():
    layer = layers.TorchModuleWrapper(torch.nn.Dropout(0.5))
    ones = torch.ones(64, 8)
    assert (layer(ones, training=False) == 1).all()
    assert (layer(ones, training=True) == 0).any()


def test_symbolic_shapes_come_from_the_module():
    layer = layers.TorchModuleWrapper(torch.nn.Conv2d(3, 5, 2))
    before = layer.module.weight.detach().clone()
    assert layer(kmb_core.Input((3, 8, 8))).shape == (None, 5, 7, 7)
    assert layer.compute_output_shape((2, 3, 4, 4)) == (2, 5, 3, 3)
    torch.testing.assert_close(layer.module.weight, before)


def test_tracing_shapes_leaves_the_statistics_alone():
    layer = layers.TorchModuleWrapper(torch.nn.BatchNorm1d(4))
    layer(kmb_core.Input((4,)))
    assert int(layer.module.num_batches_tracked) == 0
    assert (layer.module.running_mean == 0).all()


def test_a_shape_that_is_given_is_not_traced():
    layer = layers.TorchModuleWrapper(torch.nn.Linear(4, 2), output_shape=(None, 2))
    assert layer(kmb_core.Input((4,))).shape == (None, 2)


def test_an_input_that_the_module_refuses_is_named():
    with pytest.raises(ShapeError, match=r"TorchModuleWrapper 'last'.*\n.*Linear does not take the inputs"):
        layers.TorchModuleWrapper(torch.nn.Linear(4, 2), name="last")(kmb_core.Input((3,)))


def test_lazy_modules_get_their_parameters_at_the_first_call():
    layer = layers.TorchModuleWrapper(torch.nn.LazyLinear(3))
    assert layer.variables == []
    assert layer(kmb_core.Input((4,))).shape == (None, 3)
    assert [v.shape for v in layer.trainable_variables] == [(3, 4), (3,)]
    assert wrapped(torch.nn.LazyLinear(1)).fit(X, Y, verbose=0)


def test_a_layer_of_the_core_inside_a_wrapped_module_is_trained():
    model = wrapped(torch.nn.Sequential(layers.Dense(3), torch.nn.ReLU(), layers.Dense(1)))
    assert len(model.trainable_variables) == 4
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    assert all((a != b).any() for a, b in zip(before[::2], model.get_weights()[::2], strict=True))


def test_under_mixed_precision_the_module_computes_in_the_low_precision():
    layer = layers.TorchModuleWrapper(torch.nn.Linear(4, 2), dtype="mixed_bfloat16")
    assert layer(torch.ones(2, 4)).dtype is torch.bfloat16
    assert layer.trainable_variables[0].dtype == "float32"


def test_a_module_of_float64_is_given_float64():
    assert layers.TorchModuleWrapper(torch.nn.Linear(4, 2).double())(X.astype("float64")).dtype is torch.float64


def test_a_compiled_step_gives_what_an_eager_one_gives():
    eager, jitted = wrapped(torch.nn.Linear(4, 1)), wrapped(torch.nn.Linear(4, 1))
    jitted.set_weights(eager.get_weights())
    jitted.compile("sgd", "mse", jit_compile=True)
    for model in (eager, jitted):
        model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
    np.testing.assert_allclose(jitted.get_weights()[0], eager.get_weights()[0], rtol=1e-5)


def test_copies_have_weights_of_their_own():
    layer = layers.TorchModuleWrapper(net())
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert other.trainable_variables[0]._value is other.module[0].weight
        assert other.module[0].weight is not layer.module[0].weight
        assert list(other.state_dict()) == list(layer.state_dict())
        assert len(other.variables) == len(layer.variables)


# Files ---------------------------------------------------------------------------------------------------------------


def test_weights_are_stored_under_the_names_of_the_state_dict(tmp_path):
    import h5py

    first, second = wrapped(net(0)), wrapped(net(1))
    first.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5") as file:
        stored = set(file["layers/torch_module_wrapper/vars"])
    assert stored == set(net().state_dict())
    second.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(second.predict(X, verbose=0), first.predict(X, verbose=0))


def test_weights_of_another_module_are_refused(tmp_path):
    wrapped(net()).save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(CheckpointError, match=r"lacks \['bias', 'weight'\]"):
        wrapped(torch.nn.Linear(4, 1)).load_weights(tmp_path / "w.weights.h5")


def test_a_module_of_a_registered_class_is_saved_without_code(tmp_path):
    model = wrapped(Scaled(4))
    model.fit(X, X, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = kmb_core.models.load_model(tmp_path / "m.keras")
    assert isinstance(loaded.layers[0].module, Scaled)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_no_pickle_is_written_unless_it_is_asked_for(tmp_path):
    with pytest.raises(CheckpointError, match="no registered class"):
        wrapped(net()).save(tmp_path / "m.keras")
    assert not (tmp_path / "m.keras").exists()


def test_a_pickle_in_a_file_does_not_run_when_it_is_opened(tmp_path):
    layer = layers.TorchModuleWrapper(torch.nn.Linear(4, 1), store_pickle=True)
    model = kmb_core.Sequential([kmb_core.Input((4,)), layer])
    layer.module.harm = Executes(str(tmp_path / "made"))
    model.save(tmp_path / "m.keras")
    for options in ({}, {"safe_mode": False}):
        with pytest.raises(SecurityError, match="pickled module"):
            kmb_core.models.load_model(tmp_path / "m.keras", **options)
    assert not (tmp_path / "made").exists()


def test_a_pickle_as_keras_writes_it_does_not_run_either(tmp_path):
    import base64

    buffer = io.BytesIO()
    torch.save(Executes(str(tmp_path / "made")), buffer)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    for module in (encoded, {"class_name": "__bytes__", "config": {"value": encoded}}):
        config = {"class_name": "TorchModuleWrapper", "module": "keras.layers", "registered_name": None}
        config["config"] = {"module": module, "name": "net"}
        with pytest.raises(SecurityError, match="'net': the file holds a pickled module"):
            kmb_core.saving.deserialize_keras_object(json.loads(json.dumps(config)), safe_mode=False)
    assert not (tmp_path / "made").exists()


def test_whoever_trusts_a_description_may_unpickle_it():
    layer = layers.TorchModuleWrapper(torch.nn.Linear(4, 1), store_pickle=True)
    config = json.loads(json.dumps(layer.get_config()))
    other = layers.TorchModuleWrapper.from_config(config, safe_mode=False)
    torch.testing.assert_close(other.module.weight, layer.module.weight)


def test_only_modules_are_wrapped():
    with pytest.raises(TypeError, match=r"expected a torch\.nn\.Module, got function"):
        layers.TorchModuleWrapper(lambda x: x)


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(kmb_core.backend.current_backend(), "name", "other")
    with pytest.raises(BackendError, match="cannot run on the other backend"):
        layers.TorchModuleWrapper(torch.nn.Linear(2, 2))


# Modules that are attributes of a layer ------------------------------------------------------------------------------


class Mixed(kmb_core.Model):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(4, 6)
        self.norms = [torch.nn.BatchNorm1d(6)]
        self.scale = torch.nn.Parameter(torch.ones(6))
        self.last = layers.Dense(1)

    def call(self, x):
        return self.last(torch.relu(self.norms[0](self.first(x))) * self.scale)


def test_modules_that_are_attributes_of_a_model_are_trained_with_it():
    model = Mixed()
    model.compile("sgd", "mse")
    model(X)
    assert [v.name for v in model.trainable_variables] == [
        "first.weight", "first.bias", "norms.0.weight", "norms.0.bias", "scale", "kernel", "bias",
    ]  # fmt: skip
    before = {v.name: v.numpy() for v in model.weights}
    model.fit(X, Y, verbose=0)
    kept = [v.name for v in model.weights if (v.numpy() == before[v.name]).all()]
    assert set(kept) <= {"first.bias"}  # what a norm takes away again


def test_such_modules_stay_the_users_own():
    model = Mixed()
    assert type(model.first) is torch.nn.Linear
    assert "first.weight" in model.state_dict()
    assert "norms.0.running_mean" in model.state_dict()
    assert len(list(model.parameters())) == 5


def test_a_module_that_is_replaced_is_trained_no_more():
    model = Mixed()
    model.first = torch.nn.Linear(4, 6, bias=False)
    names = [v.name for v in model.trainable_variables]
    assert names.count("first.weight") == 1
    assert "first.bias" not in names
    del model.first
    assert "first.weight" not in [v.name for v in model.trainable_variables]


def test_a_copy_of_such_a_model_trains_its_own_modules():
    model = Mixed()
    model(X)
    other = copy.deepcopy(model)
    assert [v.name for v in other.variables] == [v.name for v in model.variables]
    assert other.trainable_variables[0]._value is other.first.weight
    assert other.first.weight is not model.first.weight


def test_a_lazy_module_as_an_attribute_says_that_it_has_to_be_wrapped():
    class Lazy(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.LazyLinear(3)

    with pytest.warns(UserWarning, match=r"Lazy\.inner: LazyLinear makes its parameters at its first call"):
        Lazy()
