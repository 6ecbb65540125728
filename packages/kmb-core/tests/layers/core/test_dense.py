"""Dense against NumPy."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops


@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 3), (0, 3), (2, 1, 1, 3)])
def test_it_is_a_product_and_a_sum_on_the_last_axis(shape, array, numpy):
    layer, x = layers.Dense(5, bias_initializer="random_normal"), array(*shape)
    y = layer(x)
    kernel, bias = layer.get_weights()
    assert tuple(y.shape) == (*shape[:-1], 5)
    np.testing.assert_allclose(numpy(y), x @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_the_activation_is_applied(array, numpy):
    layer, x = layers.Dense(5, activation="tanh", use_bias=False), array(2, 3)
    np.testing.assert_allclose(numpy(layer(x)), np.tanh(x @ layer.get_weights()[0]), rtol=1e-4, atol=1e-5)


def test_integers_are_taken(numpy):
    layer = layers.Dense(1, kernel_initializer="ones")
    np.testing.assert_allclose(numpy(layer(np.array([[1, 2]]))), [[3.0]])


@pytest.mark.parametrize("units", [0, -1, 2.5, None, True, "3"])
def test_units_are_a_positive_int(units):
    with pytest.raises(ValueError, match="units"):
        layers.Dense(units)


def test_an_unknown_last_size_is_refused():
    with pytest.raises(ValueError, match="known size"):
        layers.Dense(2)(kmb_core.Input((None,)))


def test_low_rank_adaptation_starts_from_the_same_outputs(array, numpy):
    layer, x = layers.Dense(4), array(2, 7)
    before = numpy(layer(x))
    layer.enable_lora(2)
    np.testing.assert_allclose(numpy(layer(x)), before, rtol=1e-5, atol=1e-6)
    assert [(v.name, v.shape, v.trainable) for v in layer.variables] == [
        ("kernel", (7, 4), False),
        ("bias", (4,), True),
        ("lora_kernel_a", (7, 2), True),
        ("lora_kernel_b", (2, 4), True),
    ]
    assert layer.lora_kernel_a.path == "dense/lora_kernel_a"


def test_low_rank_adaptation_adds_the_scaled_product(array, numpy):
    layer, x = layers.Dense(4, lora_rank=2, lora_alpha=6), array(2, 7)
    layer.build((None, 7))
    layer.lora_kernel_b.assign(array(2, 4))
    kernel, bias, a, b = (v.numpy() for v in layer.variables)
    np.testing.assert_allclose(numpy(layer(x)), x @ (kernel + 3.0 * a @ b) + bias, rtol=1e-3, atol=1e-4)


def test_a_file_holds_the_adapted_kernel(array, numpy):
    layer, x = layers.Dense(4, lora_rank=2), array(2, 7)
    layer.build((None, 7))
    layer.lora_kernel_b.assign(array(2, 4))
    expected, store = numpy(layer(x)), {}
    layer.save_own_variables(store)
    assert list(store) == ["0", "1"]
    store = {key: np.asarray(ops.convert_to_numpy(value)) for key, value in store.items()}
    for target in (layers.Dense(4), layers.Dense(4, lora_rank=3)):
        target.build((None, 7))
        target.load_own_variables(store)
        np.testing.assert_allclose(numpy(target(x)), expected, rtol=1e-4, atol=1e-5)


def test_low_rank_adaptation_is_refused_where_it_makes_no_sense():
    with pytest.raises(ValueError, match="built"):
        layers.Dense(2).enable_lora(1)
    layer = layers.Dense(2, lora_rank=1)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="already"):
        layer.enable_lora(1)
    with pytest.raises(ValueError, match="kernel_constraint"):
        layers.Dense(2, kernel_constraint="non_neg", lora_rank=1).build((None, 3))


def test_the_config_tells_of_the_adaptation_only_where_there_is_one():
    assert "lora_rank" not in layers.Dense(2).get_config()
    layer = layers.Dense(2, lora_rank=1, lora_alpha=4)
    layer.build((None, 3))
    config = layer.get_config()
    assert (config["lora_rank"], config["lora_alpha"]) == (1, 4)
