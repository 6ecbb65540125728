"""Arrays and training over eight virtual devices, in processes of their own: the number is fixed when JAX starts."""

import os
import subprocess
import sys

FLAGS = "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0"  # half of the compiler's time

PROGRAM = """
import jax, numpy as np
from kmb_core.distribution import DeviceMesh, TensorLayout, distribute_tensor, get_device_count, list_devices
assert list_devices("cpu") == [f"cpu:{index}" for index in range(8)] and get_device_count("gpu") == 0
mesh = DeviceMesh((2, 4), ("batch", "model"))
values = np.arange(32, dtype="float32").reshape(4, 8)
layout = TensorLayout(["batch", "model"], mesh)
placed = distribute_tensor(jax.numpy.asarray(values), layout)
assert {shard.data.shape for shard in placed.addressable_shards} == {(2, 2)}, placed.sharding
assert len(placed.sharding.device_set) == 8
np.testing.assert_array_equal(np.asarray(placed), values)
traced = jax.jit(lambda x: distribute_tensor(x * 2, layout))(values)
assert {shard.data.shape for shard in traced.addressable_shards} == {(2, 2)}, traced.sharding
np.testing.assert_array_equal(np.asarray(traced), values * 2)
for names, words in ((["cpu:0", "cpu:9"], "no device 'cpu:9'"), (["moon:0", "cpu:1"], "no device 'moon:0'")):
    try:
        DeviceMesh((2,), ("batch",), names).backend_mesh
    except ValueError as error:
        assert words in str(error), error
    else:
        raise AssertionError(names)
print("laid out")
"""


# Rows that eight devices can share evenly and a smaller last batch that they cannot; weights set before and after.
TRAINING = """
import numpy as np
import kmb_core
from kmb_core import layers
from kmb_core.distribution import DataParallel, DeviceMesh, LayoutMap, ModelParallel, list_devices, set_distribution

random = np.random.default_rng(0)
x = random.normal(size=(38, 6)).astype("float32")
y = (x.sum(axis=1) > 0).astype("int32")
weights = np.linspace(0.5, 2, 38).astype("float32")

def made():
    kmb_core.utils.set_random_seed(1)
    model = kmb_core.Sequential([kmb_core.Input((6,)), layers.Dense(16, activation="relu", name="first")])
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(8, name="second"))
    model.add(layers.Dense(2))
    loss = kmb_core.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kmb_core.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model

def trained(distribution):
    set_distribution(distribution)
    model = made()
    given = {"sample_weight": weights, "validation_data": (x[:20], y[:20])}
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0, shuffle=False, **given).history
    results = [*history.values(), model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)]
    results += [variable.numpy() for variable in model.variables]
    set_distribution(None)
    return model, results

def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)

"""

RESULTS = """
_, alone = trained(None)
model, found = trained(DataParallel(devices=list_devices()))
same(found, alone)
assert len(model.layers[0].kernel.value.sharding.device_set) == 8

mesh = DeviceMesh((4, 2), ["batch", "model"], list_devices())
layout = LayoutMap(mesh)
layout["first/kernel"], layout["first/bias"], layout["second/kernel"] = (None, "model"), ("model",), ("model", None)
model, found = trained(ModelParallel(layout_map=layout, batch_dim_name="batch"))
same(found, alone)
assert {shard.data.shape for shard in model.layers[0].kernel.value.addressable_shards} == {(6, 8)}
momenta = [variable for variable in model.optimizer.variables if variable.path.endswith("first_kernel_momentum")]
assert [shard.data.shape for shard in momenta[0].value.addressable_shards] == [(6, 8)] * 8
print("trained")
"""

# One program for full batches and one for the smaller last ones; a model outlives the distribution it trained under.
FOLLOWING = """
import logging
import jax
from kmb_core.distribution import DataParallel, set_distribution

compiled = []

class Listener(logging.Handler):
    def emit(self, record):
        if record.getMessage().startswith("Finished XLA compilation of jit(step)"):
            compiled.append(record.getMessage())

jax.config.update("jax_log_compiles", True)
logging.getLogger("jax").addHandler(Listener())
logging.getLogger("jax").propagate = False

def fitted(model):
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0, shuffle=False).history
    return [*history.values(), *model.get_weights(), model.train_on_batch(x[:16], y[:16])]

alone, model = made(), made()
expected = [fitted(alone) for _ in range(4)]
same(fitted(model), expected[0])
set_distribution(DataParallel())
compiled.clear()
same(fitted(model), expected[1])
same(fitted(model), expected[2])
assert len(compiled) == 3, compiled
assert len(model.layers[0].kernel.value.sharding.device_set) == 8
set_distribution(None)
same(fitted(model), expected[3])
print("followed")
"""


def test_arrays_are_split_over_eight_devices_and_keep_their_values():
    assert run(PROGRAM) == "laid out"


def test_training_over_eight_devices_gives_what_one_device_gives():
    assert run(TRAINING + RESULTS) == "trained"


def test_a_model_follows_a_distribution_and_its_steps_are_compiled_once():
    assert run(TRAINING + FOLLOWING) == "followed"


def run(program):
    surroundings = os.environ | {"XLA_FLAGS": FLAGS, "JAX_PLATFORMS": "cpu"}
    surroundings["KMB_BACKEND"] = "jax"
    done = subprocess.run(
        [sys.executable, "-c", program], env=surroundings, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
