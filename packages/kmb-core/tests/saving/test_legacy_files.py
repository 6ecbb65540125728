"""`.h5` files in the layout before Keras 3: written here by hand, array by array, as Keras 2 and 3 lay them out."""

import json
import warnings

import h5py
import numpy as np
import pytest

import kmb_core
from kmb_core.errors import CheckpointError, SecurityError, UnknownObjectError
from kmb_core.saving import load_model, load_weights, register_keras_serializable
from kmb_core.saving.conversion import convert_file
from kmb_core.saving.inspection import inspect_file

KERNEL = np.arange(12, dtype="float32").reshape(3, 4) / 10
HEAD = np.arange(8, dtype="float32").reshape(4, 2) / 5
X = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
EXPECTED = np.maximum(X @ KERNEL + 1, 0) @ HEAD + 2

WEIGHTS = {
    "input": {},
    "hidden": {"hidden/kernel:0": KERNEL, "hidden/bias:0": np.ones(4, "float32")},
    "head": {"head/kernel:0": HEAD, "head/bias:0": np.full(2, 2, "float32")},
}


def dense(name, units, *sources, **more):
    config = {"name": name, "trainable": True, "dtype": "float32", "units": units, "use_bias": True, **more}
    config["kernel_initializer"] = {"class_name": "GlorotUniform", "config": {"seed": None}}
    calls = [[[source, 0, 0, {}] for source in sources]] if sources else []
    return {"class_name": "Dense", "config": config, "name": name, "inbound_nodes": calls}


def functional():
    """A graph as Keras 2 describes it."""
    start = {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False, "ragged": False, "name": "input"}
    first = {"class_name": "InputLayer", "config": start, "name": "input", "inbound_nodes": []}
    layers = [first, dense("hidden", 4, "input", activation="relu"), dense("head", 2, "hidden")]
    ends = {"input_layers": [["input", 0, 0]], "output_layers": [["head", 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "small", "layers": layers, **ends}}


def write_group(group, arrays):
    group.attrs["weight_names"] = np.array([name.encode() for name in arrays] or [], dtype="S40")
    for name, array in arrays.items():
        group.create_dataset(name, data=array)


def write(path, config=None, training=None, optimizer=None, weights=WEIGHTS, pieces=False):
    """A file as Keras 2 writes it; of weights alone without a config."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        root = file
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
            root = file.create_group("model_weights")
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
        if optimizer is not None:
            write_group(file.create_group("optimizer_weights"), optimizer)
        names = np.array([name.encode() for name in weights])
        for i, part in enumerate([names[:1], names[1:]] if pieces else [names]):
            root.attrs[f"layer_names{i}" if pieces else "layer_names"] = part
        for name, arrays in weights.items():
            write_group(root.create_group(name), arrays)
    return path


def small():
    layers = kmb_core.layers
    hidden = layers.Dense(4, activation="relu", name="hidden")
    return kmb_core.Sequential([kmb_core.Input((3,)), hidden, layers.Dense(2, name="head")])


@pytest.mark.parametrize("name", ["m.h5", "m.hdf5"])
def test_a_graph_and_its_weights_are_read(tmp_path, name):
    model = load_model(write(tmp_path / name, functional()))
    assert [layer.name for layer in model.layers] == ["input", "hidden", "head"]
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), EXPECTED, atol=1e-5)
    assert not model.compiled


def test_names_in_pieces_are_put_together(tmp_path):
    model = load_model(write(tmp_path / "m.h5", functional(), pieces=True))
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), EXPECTED, atol=1e-5)


def test_a_chain_whose_first_layer_states_the_shape(tmp_path):
    layers = [dense("hidden", 4, activation="relu", batch_input_shape=[None, 3]), dense("head", 2)]
    config = {"class_name": "Sequential", "config": {"name": "chain", "layers": layers}}
    model = load_model(write(tmp_path / "m.h5", config))
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), EXPECTED, atol=1e-5)


def test_sums_and_shared_layers_keep_their_calls(tmp_path):
    config = functional()
    layers = config["config"]["layers"]
    layers[1]["inbound_nodes"].append([["input", 0, 0, {}]])
    add = {"class_name": "Add", "config": {"name": "add", "trainable": True}, "name": "add"}
    add["inbound_nodes"] = [[["hidden", 0, 0, {}], ["hidden", 1, 0, {}]]]
    layers.insert(2, add)
    layers[3]["inbound_nodes"] = [[["add", 0, 0, {}]]]
    model = load_model(write(tmp_path / "m.h5", config))
    expected = 2 * np.maximum(X @ KERNEL + 1, 0) @ HEAD + 2
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), expected, atol=1e-5)


def test_ops_in_the_graph_are_told_from_layers_of_the_same_name(tmp_path):
    config = functional()
    layers = config["config"]["layers"]
    place = {"class_name": "__keras_tensor__", "config": {"keras_history": ["hidden", 0, 0]}}
    calls = [{"args": [place, 1.0], "kwargs": {}}]
    layers.insert(2, {"class_name": "Add", "config": {"name": "add"}, "name": "add", "inbound_nodes": calls})
    layers[3]["inbound_nodes"] = [[["add", 0, 0, {}]]]
    model = load_model(write(tmp_path / "m.h5", config))
    expected = EXPECTED + HEAD.sum(0)
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), expected, atol=1e-5)


TRAINING = {
    "loss": {"class_name": "MeanSquaredError", "config": {"reduction": "auto", "name": "mse"}},
    "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "m", "fn": "mean_absolute_error"}}]],
    "weighted_metrics": None,
    "loss_weights": None,
    "optimizer_config": {
        "class_name": "Adam",
        "config": {"name": "Adam", "learning_rate": 0.5, "jit_compile": False, "is_legacy_optimizer": False},
    },
}


def adam_state():
    """The state after 7 steps: each moment is filled with a number of its own."""
    shapes = [(3, 4), (4,), (4, 2), (2,)]
    moments = [np.full(shape, i + kind / 2, "float32") for i, shape in enumerate(shapes) for kind in (0, 1)]
    values = [np.array(7, "int64"), np.array(0.5, "float32"), *moments]
    return {f"adam/{i}": value for i, value in enumerate(values)}


def test_the_compilation_and_the_optimizers_state_are_read(tmp_path):
    model = load_model(write(tmp_path / "m.h5", functional(), TRAINING, adam_state()))
    assert type(model.optimizer).__name__ == "Adam"
    assert int(model.optimizer.iterations) == 7
    for variable, value in zip(model.optimizer.variables, adam_state().values(), strict=True):
        np.testing.assert_array_equal(kmb_core.ops.convert_to_numpy(variable), value)
    loss = model.evaluate(X, EXPECTED + 1, verbose=0)
    np.testing.assert_allclose(loss, [1, 1], rtol=1e-4)


def test_state_of_another_layout_starts_afresh_with_a_warning(tmp_path):
    write(tmp_path / "m.h5", functional(), TRAINING, {"iter": np.array(3, "int64"), "m": KERNEL})
    with pytest.warns(UserWarning, match="state starts afresh"):
        model = load_model(tmp_path / "m.h5")
    assert int(model.optimizer.iterations) == 0


def test_without_compilation_nothing_of_it_is_read(tmp_path):
    broken = {**TRAINING, "loss": {"class_name": "NoSuchLoss", "config": {}}}
    assert not load_model(write(tmp_path / "m.h5", functional(), broken), compile=False).compiled
    with pytest.raises(CheckpointError, match=r"training_config.*|NoSuchLoss"):
        load_model(tmp_path / "m.h5")


def test_classes_of_ones_own_are_named_or_registered(tmp_path):
    class Doubled(kmb_core.layers.Dense):
        pass

    config = functional()
    config["config"]["layers"][2]["class_name"] = "mine>Doubled"
    write(tmp_path / "m.h5", config)
    with pytest.raises(UnknownObjectError, match="Doubled"):
        load_model(tmp_path / "m.h5")
    model = load_model(tmp_path / "m.h5", custom_objects={"mine>Doubled": Doubled})
    assert type(model.layers[2]).__name__ == "Doubled"
    register_keras_serializable("mine")(Doubled)
    assert type(load_model(tmp_path / "m.h5").layers[2]).__name__ == "Doubled"


@pytest.mark.parametrize("function", [["4wEAAAA=", None, None], "relu", {"class_name": "__lambda__", "config": {}}])
def test_lambda_layers_are_refused(tmp_path, function):
    config = functional()
    config["config"]["layers"][1].update(class_name="Lambda", config={"name": "hidden", "function": function})
    write(tmp_path / "m.h5", config)
    with pytest.raises(SecurityError, match=r"m\.h5.*Lambda"):
        load_model(tmp_path / "m.h5", safe_mode=False)


# Weights ---------------------------------------------------------------------------------------------------------


def test_weights_are_read_in_the_order_of_the_layers(tmp_path):
    model = small()
    model.load_weights(write(tmp_path / "w.h5"))
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), EXPECTED, atol=1e-5)


def test_a_file_of_a_whole_model_gives_its_weights(tmp_path):
    model = small()
    load_weights(model, write(tmp_path / "m.h5", functional()))
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), EXPECTED, atol=1e-5)


def test_variables_that_are_not_trained_come_after_the_others(tmp_path):
    inner = kmb_core.Sequential(
        [kmb_core.Input((2,)), *(kmb_core.layers.BatchNormalization(name=f"b{i}") for i in range(2))], name="inner"
    )
    model = kmb_core.Sequential([kmb_core.Input((2,)), inner])
    trained = [f"b{i}/{name}" for i in range(2) for name in ("gamma", "beta")]
    others = [f"b{i}/{name}" for i in range(2) for name in ("moving_mean", "moving_variance")]
    arrays = {name: np.full(2, i, "float32") for i, name in enumerate(trained + others)}
    model.load_weights(write(tmp_path / "w.h5", weights={"inner": arrays}))
    last = inner.layers[1]
    found = [kmb_core.ops.convert_to_numpy(v)[0] for v in (last.gamma, last.beta, last.moving_mean)]
    assert found == [2, 3, 6]


def test_by_name_sets_the_layers_that_have_one(tmp_path):
    layers = kmb_core.layers
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(2, name="head"), layers.Dense(5, name="new")])
    before = model.layers[1].get_weights()
    model.load_weights(write(tmp_path / "w.h5"), by_name=True)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], HEAD)
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], before[0])


def test_a_mismatch_is_an_error_and_nothing_was_changed(tmp_path):
    layers = kmb_core.layers
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(4, name="hidden"), layers.Dense(3, name="head")])
    before = model.get_weights()
    write(tmp_path / "w.h5")
    for options in ({}, {"by_name": True}):
        with pytest.raises(CheckpointError, match=r"head/kernel:0 of shape \(4, 2\)"):
            model.load_weights(tmp_path / "w.h5", **options)
    for found, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, old)
    with pytest.warns(UserWarning, match="keep their values"):
        model.load_weights(tmp_path / "w.h5", by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(model.get_weights()[0], KERNEL)
    np.testing.assert_array_equal(model.get_weights()[2], before[2])


def test_another_number_of_layers_is_an_error(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(4, name="hidden")])
    with pytest.raises(CheckpointError, match="2 layers with weights, the model has 1"):
        model.load_weights(write(tmp_path / "w.h5"))


def test_skipping_needs_names_and_names_need_an_old_file(tmp_path):
    model = small()
    with pytest.raises(ValueError, match="by_name=True"):
        model.load_weights(write(tmp_path / "w.h5"), skip_mismatch=True)
    model.save_weights(tmp_path / "new.weights.h5")
    with pytest.raises(ValueError, match="by_name=True is for"):
        model.load_weights(tmp_path / "new.weights.h5", by_name=True)


# Files that are damaged, or made to do harm ----------------------------------------------------------------------


def test_weights_alone_are_no_model(tmp_path):
    with pytest.raises(CheckpointError, match="weights alone"):
        load_model(write(tmp_path / "w.h5"))


@pytest.mark.parametrize("text", ["{", "[]", "1"])
def test_a_description_that_is_none_is_refused(tmp_path, text):
    write(tmp_path / "m.h5", functional())
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        file.attrs["model_config"] = text
    with pytest.raises(CheckpointError, match="model_config"):
        load_model(tmp_path / "m.h5")


def test_a_listed_layer_or_array_that_is_missing(tmp_path):
    write(tmp_path / "m.h5", functional())
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        del file["model_weights/head/head/bias:0"]
    with pytest.raises(CheckpointError, match="are not there"):
        load_model(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        del file["model_weights/head"]
    with pytest.raises(CheckpointError, match="'head' is listed"):
        load_model(tmp_path / "m.h5")


def test_names_that_lead_out_of_their_group_are_not_there(tmp_path):
    write(tmp_path / "m.h5", functional())
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        names = np.array([b"../hidden/hidden/kernel:0", b"head/bias:0"])
        file["model_weights/head"].attrs["weight_names"] = names
    with pytest.raises(CheckpointError, match="are not there"):
        load_model(tmp_path / "m.h5")


def test_links_are_refused(tmp_path):
    write(tmp_path / "m.h5", functional())
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        file["model_weights/other"] = h5py.ExternalLink("elsewhere.h5", "/a")
    with pytest.raises(SecurityError, match="link"):
        load_model(tmp_path / "m.h5")


def test_texts_that_would_fill_the_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("kmb_core.saving.legacy_hdf5.texts_are_small", lambda source: False)
    with pytest.raises(SecurityError, match="attributes"):
        load_model(write(tmp_path / "m.h5", functional()))


def test_a_good_file_is_read_without_a_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_model(write(tmp_path / "m.h5", functional(), TRAINING, adam_state()))


# Looked into and converted -------------------------------------------------------------------------------------------


def test_what_is_in_it_is_told_without_making_it(tmp_path):
    report = inspect_file(write(tmp_path / "m.h5", functional(), TRAINING, adam_state()))
    assert (report.kind, report.written_by) == ("model or weights (HDF5 as before Keras 3)", "Keras 2.15.0")
    assert (report.model, report.compiled) == ("Functional 'small'", "optimizer Adam, loss MeanSquaredError")
    assert [row.name for row in report.layers] == ["input", "hidden", "head"]
    assert [row.shape for row in report.arrays if row.path.startswith("hidden")] == [(4,), (3, 4)]
    assert report.unusual == []


def test_weights_alone_are_listed_and_a_lambda_is_unusual(tmp_path):
    assert inspect_file(write(tmp_path / "w.h5")).parameters == 12 + 4 + 8 + 2
    config = functional()
    config["config"]["layers"][1].update(class_name="Lambda", config={"name": "hidden", "function": "relu"})
    (unusual,) = inspect_file(write(tmp_path / "m.h5", config)).unusual
    assert "Lambda" in unusual


@pytest.mark.parametrize("target", ["new.keras", "new.weights.h5", "new.safetensors"])
def test_a_whole_model_becomes_a_file_of_today(tmp_path, target):
    found = convert_file(write(tmp_path / "m.h5", functional()), tmp_path / target)
    assert (found.arrays, found.bytes) == (4, 4 * (12 + 4 + 8 + 2))
    if target.endswith(".keras"):
        model = load_model(tmp_path / target)
    else:
        model = load_model(tmp_path / "m.h5")
        for variable in model.weights:
            variable.assign(0 * variable.value)
        model.load_weights(tmp_path / target)
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), EXPECTED, atol=1e-5)


def test_weights_alone_need_an_architecture_to_be_converted(tmp_path):
    write(tmp_path / "w.h5")
    with pytest.raises(CheckpointError, match="no model"):
        convert_file(tmp_path / "w.h5", tmp_path / "new.keras")
    small().save(tmp_path / "small.keras")
    convert_file(tmp_path / "w.h5", tmp_path / "new.keras", model=tmp_path / "small.keras")
    model = load_model(tmp_path / "new.keras")
    np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(model(X)), EXPECTED, atol=1e-5)
