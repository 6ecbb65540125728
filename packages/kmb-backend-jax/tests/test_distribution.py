"""Arrays over eight virtual devices, in a process of their own: the number of devices is fixed when JAX starts."""

import os
import subprocess
import sys

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


def test_arrays_are_split_over_eight_devices_and_keep_their_values():
    surroundings = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    surroundings["KMB_BACKEND"] = "jax"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=surroundings, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == "laid out", done.stderr
