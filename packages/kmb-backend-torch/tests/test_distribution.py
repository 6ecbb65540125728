"""Two processes of torchrun train one model: what they get is what one process gets."""

import os
import subprocess
import sys

import pytest

from kmb_core.distribution import DataParallel, DeviceMesh, LayoutMap, ModelParallel, set_distribution
from kmb_core.errors import CapabilityError

# The last batch has one row, less than there are processes; weights of samples, metrics, validation.
PROGRAM = """
import numpy as np
import torch
import kmb_core
from kmb_core import layers
from kmb_core.distribution import DataParallel, distribution, initialize, list_devices, set_distribution
from kmb_core.errors import CapabilityError

torch.set_num_threads(1)
initialize()
rank = torch.distributed.get_rank()
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

alone = trained(made())
assert list_devices() == ["cpu:0", "cpu:1"], list_devices()
with DataParallel().scope():
    model = made()
    if rank:  # processes begin with the first one's weights and order of samples
        model.set_weights([weight + 1 for weight in model.get_weights()])
    same(trained(model), alone)
    assert "reduction 'sum'" in refused(made(kmb_core.losses.SparseCategoricalCrossentropy(reduction="sum")))
    assert "train_step" in refused(made(kind=Own))

set_distribution(DataParallel(auto_shard_dataset=False))  # each process brings its own rows, 20 and 13 of them
model = made()
own = slice(0, 20) if rank == 0 else slice(20, 33)
found = [model.train_on_batch(x[own], y[own]) for _ in range(3)]
set_distribution(None)
model = made()
same(found, [model.train_on_batch(x, y) for _ in range(3)])
torch.distributed.barrier()
print("done")
"""


def test_two_processes_train_like_one(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(program)]
    surroundings = os.environ | {"KMB_BACKEND": "torch", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("done") == 2, done.stdout


def test_more_devices_than_processes_and_split_weights_are_refused():
    with pytest.raises(ValueError, match="no device 'cpu:1'"):
        set_distribution(DataParallel(devices=["cpu:0", "cpu:1"]))
    with pytest.raises(CapabilityError, match="does not train under ModelParallel"):
        set_distribution(ModelParallel(layout_map=LayoutMap(DeviceMesh((1,), ("batch",), ["cpu:0"]))))
