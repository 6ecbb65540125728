"""Configs and variables of built-in layers: the keys, names, paths, shapes and order that Keras 3.15.1 writes."""

import json

import pytest

import kmb_core
from kmb_core import layers

CONV = (
    "filters kernel_size strides padding data_format dilation_rate groups activation use_bias "
    "kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer "
    "kernel_constraint bias_constraint"
)
POOL = "pool_size padding strides data_format"
NORMALIZED = (
    "axis epsilon center scale beta_initializer gamma_initializer beta_regularizer gamma_regularizer "
    "beta_constraint gamma_constraint"
)

# name: (arguments, keys of the config beside name, trainable and dtype)
CONFIGS = {
    "Activation": ({"activation": "relu"}, "activation"),
    "ActivityRegularization": ({}, "l1 l2"),
    "Add": ({}, ""),
    "Average": ({}, ""),
    "AveragePooling1D": ({"pool_size": 2}, POOL),
    "AveragePooling2D": ({"pool_size": 2}, POOL),
    "AveragePooling3D": ({"pool_size": 2}, POOL),
    "BatchNormalization": (
        {},
        "momentum moving_mean_initializer moving_variance_initializer synchronized renorm renorm_clipping "
        f"renorm_momentum {NORMALIZED}",
    ),
    "Concatenate": ({}, "axis"),
    "Conv1D": ({"filters": 4, "kernel_size": 3}, CONV),
    "Conv2D": ({"filters": 4, "kernel_size": 3}, CONV),
    "Conv3D": ({"filters": 4, "kernel_size": 3}, CONV),
    "Dense": (
        {"units": 4},
        "units activation use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer "
        "kernel_constraint bias_constraint quantization_config",
    ),
    "Dropout": ({"rate": 0.5}, "rate seed noise_shape"),
    "ELU": ({}, "alpha"),
    "Embedding": (
        {"input_dim": 5, "output_dim": 4},
        "input_dim output_dim embeddings_initializer embeddings_regularizer activity_regularizer "
        "embeddings_constraint mask_zero quantization_config",
    ),
    "Flatten": ({}, "data_format"),
    "GaussianDropout": ({"rate": 0.5}, "rate seed"),
    "GaussianNoise": ({"stddev": 0.5}, "stddev seed"),
    "GlobalAveragePooling2D": ({}, "data_format keepdims"),
    "GlobalMaxPooling1D": ({}, "data_format keepdims"),
    "Identity": ({}, ""),
    "LayerNormalization": ({}, f"rms_scaling {NORMALIZED}"),
    "LeakyReLU": ({}, "negative_slope"),
    "Masking": ({}, "mask_value"),
    "MaxPooling1D": ({}, POOL),
    "MaxPooling2D": ({}, POOL),
    "MaxPooling3D": ({}, POOL),
    "Maximum": ({}, ""),
    "Minimum": ({}, ""),
    "Multiply": ({}, ""),
    "PReLU": ({}, "alpha_initializer alpha_regularizer alpha_constraint shared_axes"),
    "Permute": ({"dims": (2, 1)}, "dims"),
    "RMSNormalization": ({}, "axis epsilon"),
    "ReLU": ({}, "max_value negative_slope threshold"),
    "RepeatVector": ({"n": 3}, "n"),
    "Reshape": ({"target_shape": (2, 2)}, "target_shape"),
    "Softmax": ({}, "axis"),
    "Subtract": ({}, ""),
    "UnitNormalization": ({}, "axis"),
}

# name: (arguments, input shape, [(path, shape)])
VARIABLES = {
    "BatchNormalization": (
        {},
        (None, 7),
        [(f"batch_normalization/{name}", (7,)) for name in ("gamma", "beta", "moving_mean", "moving_variance")],
    ),
    "Conv1D": ({"filters": 4, "kernel_size": 3}, (None, 9, 7), [("conv1d/kernel", (3, 7, 4)), ("conv1d/bias", (4,))]),
    "Conv2D": (
        {"filters": 4, "kernel_size": 3},
        (None, 12, 12, 3),
        [("conv2d/kernel", (3, 3, 3, 4)), ("conv2d/bias", (4,))],
    ),
    "Conv3D": (
        {"filters": 4, "kernel_size": 3},
        (None, 12, 12, 12, 3),
        [("conv3d/kernel", (3, 3, 3, 3, 4)), ("conv3d/bias", (4,))],
    ),
    "Dense": ({"units": 4}, (None, 7), [("dense/kernel", (7, 4)), ("dense/bias", (4,))]),
    "Dropout": ({"rate": 0.5}, (None, 7), [("seed_generator/seed_generator_state", (2,))]),
    "Embedding": ({"input_dim": 5, "output_dim": 4}, (None, 9), [("embedding/embeddings", (5, 4))]),
    "LayerNormalization": ({}, (None, 7), [("layer_normalization/gamma", (7,)), ("layer_normalization/beta", (7,))]),
    "PReLU": ({}, (None, 7), [("p_re_lu/alpha", (7,))]),
    "RMSNormalization": ({}, (None, 7), [("rms_normalization/scale", (7,))]),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_config_has_the_keys_of_files(name):
    arguments, keys = CONFIGS[name]
    config = getattr(layers, name)(**arguments).get_config()
    assert set(config) == {"name", "trainable", "dtype", *keys.split()}
    json.dumps(kmb_core.saving.serialize_keras_object(config))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_spatial_dropout_has_no_trainable_and_its_own_keys(rank):
    config = getattr(layers, f"SpatialDropout{rank}D")(0.5).get_config()
    assert set(config) == {"name", "dtype", "rate", "seed"} | ({"data_format"} if rank > 1 else set())


def test_an_input_says_its_batch_shape():
    config = layers.InputLayer(shape=(4,)).get_config()
    assert config == {
        "batch_shape": (None, 4),
        "dtype": "float32",
        "sparse": False,
        "ragged": False,
        "name": "input_layer",
        "optional": False,
    }


@pytest.mark.parametrize("name", CONFIGS)
def test_a_layer_comes_back_equal_from_its_saved_form(name):
    layer = getattr(layers, name)(**CONFIGS[name][0])
    entry = json.loads(json.dumps(kmb_core.saving.serialize_keras_object(layer)))
    assert (entry["module"], entry["class_name"]) == ("keras.layers", name)
    other = kmb_core.saving.deserialize_keras_object(entry)
    assert kmb_core.saving.serialize_keras_object(other) == entry
    assert other.get_config() == layer.get_config()


def test_a_wrapper_comes_back_with_the_layer_inside():
    entry = json.loads(json.dumps(kmb_core.saving.serialize_keras_object(layers.Wrapper(layers.Dense(4)))))
    other = kmb_core.saving.deserialize_keras_object(entry)
    assert (type(other.layer).__name__, other.layer.units) == ("Dense", 4)


@pytest.mark.parametrize("name", VARIABLES)
def test_variables_have_the_order_paths_and_shapes_of_files(name):
    arguments, shape, expected = VARIABLES[name]
    layer = getattr(layers, name)(**arguments)
    layer.build(shape)
    assert [(v.path, v.shape) for v in layer.variables] == expected


def test_every_public_layer_has_one_of_its_names_in_files():
    names = {}
    for name in layers.__all__:
        found = getattr(layers, name)
        if isinstance(found, type) and found not in (layers.InputSpec, kmb_core.Layer):
            names.setdefault(found, []).append(name)
    for found, public in names.items():
        module, saved = found.__dict__["__saved_as__"]
        assert module == "keras.layers"
        assert saved in public
