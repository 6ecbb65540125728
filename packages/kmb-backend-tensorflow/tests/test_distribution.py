"""One model on two logical devices: what it learns is what it learns on one. In a process that starts with two."""

import os
import subprocess
import sys

import pytest

from kmb_core.distribution import DataParallel, DeviceMesh, LayoutMap, ModelParallel, list_devices, set_distribution
from kmb_core.errors import CapabilityError

# The last batch has one row, less than there are devices; weights of samples, metrics, validation.
PROGRAM = """
import numpy as np
import tensorflow as tf
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
import kmb_core
from kmb_core import layers
from kmb_core.distribution import DataParallel, list_devices, set_distribution
from kmb_core.errors import CapabilityError

random = np.random.default_rng(0)
x = random.normal(size=(33, 6)).astype("float32")
y = (x.sum(axis=1) > 0).astype("int32")
weights = np.linspace(0.5, 2, 33).astype("float32")

def made(loss="sparse_categorical_crossentropy", kind=kmb_core.Sequential, **options):
    kmb_core.utils.set_random_seed(1)
    model = kind([kmb_core.Input((6,)), layers.Dense(8, use_bias=False, kernel_regularizer="l2")])
    model.add(layers.BatchNormalization(synchronized=True))
    model.add(layers.Dense(8, activation="relu", activity_regularizer=kmb_core.regularizers.L2(0.01)))
    model.add(layers.Dense(2, activation="softmax"))
    optimizer = kmb_core.optimizers.Adam(0.01, clipnorm=0.5)
    model.compile(optimizer, loss, metrics=["accuracy"], weighted_metrics=["accuracy"], **options)
    return model

def trained(model):
    kmb_core.utils.set_random_seed(2)
    given = {"sample_weight": weights, "validation_data": (x[:19], y[:19])}
    history = model.fit(x, y, batch_size=16, epochs=3, verbose=0, **given).history
    results = [*history.values(), model.train_on_batch(x[:5], y[:5]), model.evaluate(x, y, batch_size=16, verbose=0)]
    results += [model.predict(x, batch_size=16, verbose=0), model.predict_on_batch(x[:1]), *model.get_weights()]
    return [np.asarray(result) for result in results]

def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)

def refused(model):
    try:
        model.fit(x, y, verbose=0)
    except CapabilityError as error:
        return str(error)
    raise AssertionError("it trained")

class Own(kmb_core.Sequential):
    def train_step(self, data):
        return super().train_step(data)

other = made()
alone = trained(other)
assert list_devices() == ["cpu:0", "cpu:1"], list_devices()
early = made()
with DataParallel().scope():
    model = made()
    same(trained(model), alone)
    copies = model.layers[0].kernel.value.values
    assert [copy.device[-5:] for copy in copies] == ["CPU:0", "CPU:1"], copies
    for variable in (*model.variables, *model.optimizer.variables):
        np.testing.assert_array_equal(*[copy.numpy() for copy in variable.value.values])
    found = early.train_on_batch(x, y)  # made before the distribution was set
    assert "reduction 'sum'" in refused(made(kmb_core.losses.SparseCategoricalCrossentropy(reduction="sum")))
    assert "train_step" in refused(made(kind=Own))
    assert "jit_compile" in refused(made(jit_compile=True))
same([found, model.train_on_batch(x, y)], [made().train_on_batch(x, y), other.train_on_batch(x, y)])  # without it
print("done")
"""


def test_two_devices_train_like_one():
    surroundings = os.environ | {"KMB_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip().endswith("done"), done.stdout + done.stderr


def test_missing_devices_and_split_weights_are_refused():
    count = len(list_devices("cpu"))
    with pytest.raises(ValueError, match=f"no device 'cpu:{count}'"):
        set_distribution(DataParallel(devices=["cpu:0", f"cpu:{count}"]))
    with pytest.raises(CapabilityError, match="does not train under ModelParallel"):
        set_distribution(ModelParallel(layout_map=LayoutMap(DeviceMesh((1,), ("batch",), ["cpu:0"]))))
