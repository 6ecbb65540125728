"""Weights find their places; what does not fit is listed before anything changes."""

import h5py
import numpy as np
import pytest

import kmb_core
from kmb_core.errors import CheckpointError
from kmb_core.saving import load_weights, save_weights
from kmb_core.saving.places import places


def paths(root):
    return [path for path, _ in places(root)]


def dense(units=2):
    layer = kmb_core.layers.Dense(units)
    layer.build((None, 3))
    return layer


def sequential(*sizes, name="stack"):
    return kmb_core.Sequential([kmb_core.Input((3,)), *(kmb_core.layers.Dense(size) for size in sizes)], name=name)


class Parts(kmb_core.Layer):
    """A layer with the attributes that it is given."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


def test_attributes_come_by_name_and_private_ones_last():
    assert paths(Parts(zed=dense(), _a=dense(), Big=dense(), a=dense())) == ["", "Big", "a", "zed", "_a"]


def test_what_lies_in_containers_is_counted_by_class():
    parts = Parts(xs=[dense(), kmb_core.layers.Flatten(), dense(), None, 3, [dense()], {"k": dense()}, (dense(),)])
    assert paths(parts)[1:] == [
        "xs/dense",
        "xs/flatten",
        "xs/dense_1",
        "xs/container/dense",
        "xs/container_1/dense",
        "xs/container_2/dense",
    ]


def test_each_object_has_the_place_where_it_is_first_met():
    shared = dense()
    assert paths(Parts(b=shared, a=shared, c=[shared, dense()])) == ["", "a", "c/dense_1"]


def test_seed_generators_and_metrics_have_no_place():
    parts = Parts(rng=kmb_core.random.SeedGenerator(1), m=kmb_core.metrics.Mean(), drop=kmb_core.layers.Dropout(0.5))
    assert paths(parts) == ["", "drop"]


def test_a_model_that_holds_itself_in_a_circle_ends():
    a, b = Parts(), Parts()
    object.__setattr__(a, "other", b)
    object.__setattr__(b, "other", a)
    assert paths(a) == ["", "other"]


def test_deeply_nested_layers_need_no_recursion():
    inner = dense()
    for _ in range(2_000):
        inner = Parts(inner=inner)
    assert len(places(inner)) == 2_001


def test_sequential_models_put_their_layers_first():
    model = sequential(2, 3)
    model.extra = dense()
    assert paths(model) == ["", "layers/dense", "layers/dense_1", "extra"]


def test_weights_come_back(tmp_path, model):
    expected = [w.numpy() + 1 for w in model.weights]
    model.set_weights(expected)
    save_weights(model, tmp_path / "w.weights.h5")
    model.set_weights([0 * w for w in expected])
    load_weights(model, tmp_path / "w.weights.h5")
    for weight, value in zip(model.weights, expected, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def test_weights_are_read_from_a_whole_model_too(saved, model):
    expected = [w.numpy() for w in model.weights]
    model.set_weights([0 * w for w in expected])
    model.load_weights(saved)
    for weight, value in zip(model.weights, expected, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "mixed_bfloat16"])
def test_weights_of_small_dtypes_come_back(tmp_path, dtype):
    def made():
        return kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(2, dtype=dtype)])

    first, second = made(), made()
    save_weights(first, tmp_path / "w.weights.h5")
    load_weights(second, tmp_path / "w.weights.h5")
    for a, b in zip(first.weights, second.weights, strict=True):
        assert a.numpy().tobytes() == b.numpy().tobytes()


def test_counters_of_another_width_are_accepted(tmp_path):
    counting = Parts()
    counting.count = counting.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)
    counting.built = True
    save_weights(counting, tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5", "a") as file:
        del file["vars/0"]
        file["vars/0"] = np.int64(7)
    load_weights(counting, tmp_path / "w.weights.h5")
    assert int(counting.count) == 7


def snapshot(model):
    return [w.numpy().tobytes() for w in model.weights]


def test_all_that_does_not_fit_is_listed_at_once_and_nothing_is_changed(tmp_path):
    save_weights(sequential(2, 4), tmp_path / "w.weights.h5")
    model = sequential(2, 5, 6)
    before = snapshot(model)
    with pytest.raises(CheckpointError) as caught:
        load_weights(model, tmp_path / "w.weights.h5")
    text = str(caught.value)
    assert "2 missing, 2 mismatched" in " ".join(text.split())
    for row in ["missing     layers/dense_2/vars/0  (5, 6)", "mismatched  layers/dense_1/vars/0  (2, 5)"]:
        assert row in text
    assert "(2, 4) float32 in the file" in text
    assert snapshot(model) == before


def test_what_the_model_lacks_is_listed(tmp_path):
    save_weights(sequential(2, 4), tmp_path / "w.weights.h5")
    with pytest.raises(CheckpointError, match="unexpected  layers/dense_1/vars/0"):
        load_weights(sequential(2), tmp_path / "w.weights.h5")


def test_skip_mismatch_loads_what_fits_and_warns(tmp_path):
    source = sequential(2, 4)
    save_weights(source, tmp_path / "w.weights.h5")
    model = sequential(2, 5)
    second = snapshot(model.layers[1])
    with pytest.warns(UserWarning, match="mismatched  layers/dense_1"):
        load_weights(model, tmp_path / "w.weights.h5", skip_mismatch=True)
    assert snapshot(model.layers[0]) == snapshot(source.layers[0])
    assert snapshot(model.layers[1]) == second


def test_strict_false_accepts_missing_and_unexpected_but_no_other_shape(tmp_path):
    save_weights(sequential(2, 4), tmp_path / "w.weights.h5")
    longer = sequential(2, 4, 5)
    load_weights(longer, tmp_path / "w.weights.h5", strict=False)
    load_weights(sequential(2), tmp_path / "w.weights.h5", strict=False)
    with pytest.raises(CheckpointError, match="mismatched"):
        load_weights(sequential(3, 4), tmp_path / "w.weights.h5", strict=False)


def test_a_model_that_is_not_built_is_named_as_the_cause(tmp_path):
    save_weights(sequential(2), tmp_path / "w.weights.h5")
    unbuilt = kmb_core.Sequential([kmb_core.layers.Dense(2)])
    with pytest.raises(CheckpointError, match="not built"):
        load_weights(unbuilt, tmp_path / "w.weights.h5")
    with pytest.raises(CheckpointError, match="not built"):
        save_weights(unbuilt, tmp_path / "u.weights.h5")
    assert not (tmp_path / "u.weights.h5").exists()


def test_a_long_table_is_cut(tmp_path):
    save_weights(sequential(2), tmp_path / "w.weights.h5")
    with pytest.raises(CheckpointError, match="and 20 more"):
        load_weights(sequential(*[2] * 31), tmp_path / "w.weights.h5")


class Own(kmb_core.Layer):
    """A layer that says itself what it saves."""

    def build(self, input_shape):
        self.table = self.add_weight(shape=(2,), initializer="zeros")

    def call(self, x):
        return x

    def save_own_variables(self, store):
        store["doubled"] = self.table.numpy() * 2

    def load_own_variables(self, store):
        self.table.assign(store["doubled"] / 2)


def test_a_layer_may_say_itself_what_it_saves(tmp_path):
    layer = Own()
    layer.build((None, 3))
    layer.table.assign([1.0, 2.0])
    save_weights(layer, tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5") as file:
        assert file["vars/doubled"][()].tolist() == [2.0, 4.0]
    layer.table.assign([0.0, 0.0])
    load_weights(layer, tmp_path / "w.weights.h5")
    assert layer.table.numpy().tolist() == [1.0, 2.0]


def test_what_such_a_layer_cannot_read_is_a_checkpoint_error(tmp_path):
    layer = Own()
    layer.build((None, 3))
    with h5py.File(tmp_path / "w.weights.h5", "w") as file:
        file["vars/other"] = np.ones(3)
    with pytest.raises(CheckpointError, match=r"refuses\s+its\s+weights"):
        load_weights(layer, tmp_path / "w.weights.h5")


@pytest.mark.parametrize("name", ["w.h5", "w", "w.hdf5", "w.weights", "w.ckpt"])
def test_another_ending_is_refused_with_the_right_one(tmp_path, model, name):
    for action in (save_weights, load_weights):
        with pytest.raises(ValueError, match=r"ends in\s+\.weights\.h5"):
            action(model, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def adapted(units=3):
    model = kmb_core.Sequential([kmb_core.Input((4,)), kmb_core.layers.Dense(units, name="thin")])
    model.layers[0].enable_lora(2)
    model.layers[0].lora_kernel_b.assign(np.random.default_rng(0).normal(size=(2, units)))
    return model


@pytest.mark.parametrize("mode", [None, "int8", "int4"])
def test_an_adapted_layer_comes_back_to_the_bit(mode, tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((4,)), kmb_core.layers.Dense(6), kmb_core.layers.Embedding(5, 4)])
    for layer in model.layers:
        if mode is not None:
            layer.quantize(mode)
        layer.enable_lora(2)
        layer._low_rank[1].assign(np.random.default_rng(0).normal(size=layer._low_rank[1].shape))
    model.save(tmp_path / "model.keras")
    loaded = kmb_core.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.weights) == len(model.weights)
    for found, wanted in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_file_of_an_adapted_layer_loads_into_a_plain_one(tmp_path):
    model, plain = adapted(), kmb_core.Sequential([kmb_core.Input((4,)), kmb_core.layers.Dense(3)])
    model.save_weights(tmp_path / "thin.weights.h5")
    plain.load_weights(tmp_path / "thin.weights.h5")
    x = np.ones((2, 4), "float32")
    np.testing.assert_allclose(plain.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)


def test_a_file_of_a_plain_layer_loads_into_an_adapted_one_that_can_still_learn(tmp_path):
    model, plain = adapted(), kmb_core.Sequential([kmb_core.Input((4,)), kmb_core.layers.Dense(3)])
    plain.save_weights(tmp_path / "plain.weights.h5")
    model.load_weights(tmp_path / "plain.weights.h5")
    x = np.ones((2, 4), "float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), plain.predict(x, verbose=0), rtol=1e-5)
    assert np.asarray(model.layers[0].lora_kernel_a).any()


def test_a_group_of_that_name_elsewhere_is_still_unexpected(tmp_path):
    model, plain = adapted(), kmb_core.Sequential([kmb_core.Input((4,)), kmb_core.layers.Dense(3)])
    model.save_weights(tmp_path / "thin.weights.h5")
    with h5py.File(tmp_path / "thin.weights.h5", "a") as file:
        file.move("layers/dense/low_rank", "low_rank")
    with pytest.raises(kmb_core.errors.CheckpointError, match="low_rank"):
        plain.load_weights(tmp_path / "thin.weights.h5")
