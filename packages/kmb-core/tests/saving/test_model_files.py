"""Whole models to files and back."""

import json
import os
import threading
import zipfile

import numpy as np
import pytest

import kmb_core
from kmb_core.errors import CapabilityError, CheckpointError, FileAccessError, SecurityError, UnknownObjectError
from kmb_core.saving import archive, atomic, load_model, register_keras_serializable, save_model


def values(x):
    return [np.asarray(kmb_core.ops.convert_to_numpy(leaf)) for leaf in kmb_core.tree.flatten(x)]


def assert_same_function(a, b, x):
    for left, right in zip(values(a(x)), values(b(x)), strict=True):
        np.testing.assert_array_equal(left, right)


def changed(path, change):
    """The file with its config changed by a function."""
    with zipfile.ZipFile(path) as stored:
        members = {name: stored.read(name) for name in stored.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as stored:
        for name, content in members.items():
            stored.writestr(name, content)


@register_keras_serializable("files")
class Scaled(kmb_core.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.inner = kmb_core.layers.Dense(3)

    def build(self, input_shape):
        self.shift = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="shift")

    def call(self, x, training=False):
        return self.inner(x * self.factor + self.shift)


@register_keras_serializable("files")
class Small(kmb_core.Model):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.scaled = Scaled()
        self.head = kmb_core.layers.Dense(units)

    def call(self, x):
        return self.head(self.scaled(x))

    def get_config(self):
        return {"name": self.name, "units": self.units}


def test_a_functional_model_comes_back(saved, model, x):
    found = load_model(saved)
    assert_same_function(found, model, x)
    assert [layer.name for layer in found.layers] == [layer.name for layer in model.layers]
    assert found.built


def test_a_sequential_model_comes_back(tmp_path, x):
    model = kmb_core.Sequential([kmb_core.Input((3,)), Scaled(3.0), kmb_core.layers.Dropout(0.5)])
    model.save(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert isinstance(found, kmb_core.Sequential)
    assert found.layers[0].factor == 3.0
    assert_same_function(found, model, x)


def test_a_subclassed_model_comes_back(tmp_path, x):
    model = Small(4)
    model(x)
    model.save(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert isinstance(found, Small)
    assert_same_function(found, model, x)


def test_a_model_without_weights_comes_back(tmp_path, x):
    inputs = kmb_core.Input((3,))
    model = kmb_core.Model(inputs, kmb_core.ops.sum(inputs * 2, axis=-1))
    model.save(tmp_path / "m.keras")
    assert_same_function(load_model(tmp_path / "m.keras"), model, x)


def test_frozen_layers_stay_frozen(tmp_path, model):
    model.get_layer("hidden").trainable = False
    model.save(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert len(found.trainable_weights) == 2
    assert not found.get_layer("hidden").trainable


def test_a_compiled_model_comes_back_compiled_with_the_optimizers_state(tmp_path, model):
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    model.optimizer.build(model.trainable_variables)
    for index, variable in enumerate(model.optimizer.variables):
        variable.assign(np.full(variable.shape, index + 1))
    model.save(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert found.compiled
    assert found.loss == "mse"
    for a, b in zip(found.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_compile_false_leaves_it_uncompiled(tmp_path, model):
    model.compile(optimizer="adam", loss="mse")
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "m.keras")
    assert not load_model(tmp_path / "m.keras", compile=False).compiled
    assert load_model(tmp_path / "m.keras").compiled  # and only there


def test_a_model_that_was_compiled_but_never_trained_comes_back_quietly(tmp_path, model, recwarn):
    model.compile(optimizer="adam", loss="mse")
    model.save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras").compiled
    assert [str(w.message) for w in recwarn] == []


def test_an_optimizer_that_does_not_fit_starts_afresh_with_a_warning(tmp_path, model):
    model.compile(optimizer="adam", loss="mse")
    model.optimizer.build(model.trainable_variables)
    model.save_weights(tmp_path / "m.weights.h5")
    other = kmb_core.models.clone_model(model)
    other.compile(optimizer="sgd", loss="mse")
    other.optimizer.build(other.trainable_variables)
    with pytest.warns(UserWarning, match="starts afresh"):
        other.load_weights(tmp_path / "m.weights.h5")
    for a, b in zip(other.weights, model.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_an_unknown_class_is_named_with_the_file_and_what_to_do(tmp_path, x):
    class Private(Scaled):
        pass

    model = kmb_core.Sequential([kmb_core.Input((3,)), Private()])
    model.save(tmp_path / "m.keras")
    with pytest.raises(UnknownObjectError) as caught:
        load_model(tmp_path / "m.keras")
    text = " ".join(str(caught.value).split())
    assert "m.keras" in text
    assert "config.json" in text
    assert "Private" in text
    assert "register_keras_serializable" in text
    found = load_model(tmp_path / "m.keras", custom_objects={"Private": Private})
    assert_same_function(found, model, x)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(saved, model, x, monkeypatch):
    content = saved.read_bytes()
    monkeypatch.setattr(type(model.layers[-1]), "save_own_variables", lambda self, store: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.save(saved)
    monkeypatch.undo()
    assert saved.read_bytes() == content
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_what_cannot_be_described_is_refused_before_anything_is_written(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(2, activation=lambda x: x)])
    with pytest.raises(ValueError, match="lambda"):
        model.save(tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_folder_is_named(tmp_path, model, monkeypatch):
    def refuse(*args, **kwargs):  # what the system says to everybody but root
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic.os, "open", refuse)
    with pytest.raises(FileAccessError, match="Permission denied") as caught:
        model.save(tmp_path / "m.keras")
    assert isinstance(caught.value, OSError)
    assert "read-only" in str(caught.value)


def test_an_existing_file_is_kept_if_asked(saved, model):
    with pytest.raises(FileAccessError, match=r"exists\s+already"):
        save_model(model, saved, overwrite=False)


@pytest.mark.parametrize("name", ["m", "m.h5", "m.hdf5", "m.weights.h5", "m.tf", "m.keras.zip"])
def test_another_ending_is_refused_with_the_right_one(tmp_path, model, name):
    with pytest.raises(ValueError, match=r"ends in\s+\.keras"):
        model.save(tmp_path / name)
    with pytest.raises(ValueError, match=r"ends in\s+\.keras"):
        load_model(tmp_path / name)


def test_what_is_not_written_is_said_so(tmp_path, model):
    with pytest.raises(CapabilityError, match="zipped=False"):
        save_model(model, tmp_path / "m.keras", zipped=False)
    with pytest.raises(ValueError, match="unexpected arguments include_optimizer"):
        save_model(model, tmp_path / "m.keras", include_optimizer=False)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.clear(),
        lambda c: c.update(class_name=3),
        lambda c: c.update(config=None),
        lambda c: c["config"].pop("layers"),
        lambda c: c["config"].update(layers=3),
        lambda c: c["config"]["layers"].append(3),
        lambda c: c["config"]["layers"].append(c["config"]["layers"][0]),
        lambda c: c["config"]["layers"].pop(),
        lambda c: c["config"]["layers"].pop(0),
        lambda c: c["config"].update(input_layers=3),
        lambda c: c["config"].update(output_layers=["head", 5, 0]),
        lambda c: c["config"].update(output_layers=[["head", "0", 0]]),
        lambda c: c["config"]["layers"][1].update(inbound_nodes=3),
        lambda c: c["config"]["layers"][1].update(inbound_nodes=[{"args": [], "kwargs": {}}]),
        lambda c: c["config"]["layers"][1]["inbound_nodes"][0].pop("args"),
        lambda c: c["config"]["layers"][1]["inbound_nodes"][0].update(args=[{"class_name": "__keras_tensor__"}]),
        lambda c: c["config"]["layers"][1]["inbound_nodes"].append(
            {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["head", 0, 0]}}], "kwargs": {}}
        ),
        lambda c: c["config"]["layers"][1]["config"].update(units=-1),
        lambda c: c["config"]["layers"][1]["config"].update(units="many"),
        lambda c: c["config"]["layers"][1]["config"].update(surprise=1),
        lambda c: c["config"]["layers"][1]["config"].update(kernel_initializer="/etc/passwd"),
        lambda c: c["config"]["layers"][1]["config"].update(dtype="float31"),
        lambda c: c["config"]["layers"][0]["config"].update(batch_shape="x"),
        lambda c: c.update(module="keras.initializers", class_name="Zeros", config={}),
        lambda c: c.update(compile_config={"optimizer": "adam", "surprise": 1}),
        lambda c: c.update(compile_config=7),
    ],
)
def test_a_changed_config_is_refused_and_says_where(saved, change):
    changed(saved, change)
    with pytest.raises((CheckpointError, SecurityError)) as caught:
        load_model(saved)
    assert "model.keras" in str(caught.value)


def test_a_lambda_in_a_file_is_refused_even_without_safe_mode(saved):
    def plant(config):
        code = {"class_name": "__lambda__", "config": {"value": "4wAAAAA=", "defaults": None, "closure": None}}
        config["config"]["layers"][1]["config"]["activation"] = code

    changed(saved, plant)
    with pytest.raises((SecurityError, CheckpointError)):
        load_model(saved, safe_mode=False)


def test_a_config_of_other_sizes_than_the_weights_is_refused_with_the_table(saved):
    changed(saved, lambda c: c["config"]["layers"][2]["config"].update(units=5))
    with pytest.raises(CheckpointError, match="mismatched  layers/dense_1/vars/0"):
        load_model(saved)


@pytest.mark.parametrize("layer", ["Dense", "Embedding"])
def test_a_config_of_a_few_bytes_cannot_fill_the_memory(saved, layer):
    sizes = {"Dense": {"units": 1 << 40}, "Embedding": {"input_dim": 1 << 40, "output_dim": 8}}[layer]

    def plant(config):
        entry = config["config"]["layers"][1]
        entry["class_name"] = layer
        entry["config"] = {"name": entry["config"]["name"], **sizes}

    changed(saved, plant)
    with pytest.raises(CheckpointError, match=r"more\s+than\s+the\s+file\s+has\s+weights\s+for"):
        load_model(saved)
    assert kmb_core.Variable(np.zeros(3)).shape == (3,)  # and the limit is gone
    kmb_core.layers.Dense(1 << 13).build((None, 1 << 12))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_weights_that_do_not_fit_into_memory_go_by_way_of_the_disk(saved, model, x, monkeypatch, compression):
    monkeypatch.setattr(archive, "IN_MEMORY", 100)
    model.save(saved)
    with zipfile.ZipFile(saved) as stored:
        members = {name: stored.read(name) for name in stored.namelist()}
    with zipfile.ZipFile(saved, "w", compression) as rewritten:
        for name, content in members.items():
            rewritten.writestr(name, content)
    assert_same_function(load_model(saved), model, x)
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_models_are_saved_and_loaded_in_threads_at_once(tmp_path, model, x):
    failures = []

    def work(index):
        try:
            for _ in range(5):
                path = tmp_path / f"{index}.keras"
                model.save(path)
                assert_same_function(load_model(path), model, x)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_two_saves_to_one_path_leave_one_whole_file(tmp_path, model, x):
    threads = [threading.Thread(target=model.save, args=(tmp_path / "m.keras",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]
    assert_same_function(load_model(tmp_path / "m.keras"), model, x)


class Vocabulary(kmb_core.Layer):
    """A layer with a file of its own beside its variables."""

    words = ("a", "b")

    def call(self, x):
        return x

    def save_assets(self, folder):
        with open(os.path.join(folder, "words.txt"), "w") as file:
            file.write(" ".join(self.words))

    def load_assets(self, folder):
        with open(os.path.join(folder, "words.txt")) as file:
            self.words = tuple(file.read().split())


def test_assets_of_layers_travel_with_the_model(tmp_path):
    layer = Vocabulary(name="v")
    layer.words = ("x", "y", "z")
    model = kmb_core.Sequential([kmb_core.Input((3,)), layer])
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as stored:
        assert stored.namelist()[-1] == "assets/layers/vocabulary/words.txt"
    found = load_model(tmp_path / "m.keras", custom_objects={"Vocabulary": Vocabulary})
    assert found.layers[0].words == ("x", "y", "z")


@pytest.mark.mixed
def test_a_file_saved_on_one_backend_loads_on_all_in_one_process(tmp_path, x):
    names = sorted(kmb_core.plugins.installed_backends())
    results = {}
    for name in names:
        with kmb_core.use_backend(name):
            if not results:
                model = kmb_core.Sequential([kmb_core.Input((3,)), Scaled(3.0), kmb_core.layers.Dense(2)])
                model.compile(optimizer="adam", loss="mse")
                model.optimizer.build(model.trainable_variables)
                model.save(tmp_path / "m.keras")
            found = load_model(tmp_path / "m.keras")
            assert found._backend.name == name
            results[name] = values(found(x))[0]
    assert len(results) > 1
    for result in results.values():
        np.testing.assert_allclose(result, results[names[0]], atol=1e-6)
