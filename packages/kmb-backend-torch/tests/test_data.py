import multiprocessing
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import kmb_core
from kmb_backend_torch.data import DataLoaderAdapter
from kmb_core.data import read_ahead
from kmb_core.data.prefetch import WorkerError

X, Y = torch.arange(20.0).reshape(10, 2), torch.arange(10.0).reshape(10, 1)


def linear():
    model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(1)])
    model.compile(optimizer=kmb_core.optimizers.SGD(1e-3), loss="mse")
    return model


def test_a_data_loader_is_read_anew_for_each_epoch():
    adapter = DataLoaderAdapter(DataLoader(TensorDataset(X, Y), batch_size=4))
    assert (adapter.num_batches, adapter.batch_size) == (3, 4)
    for _ in range(2):
        assert [tuple(x.shape) for x, _ in adapter.batches()] == [(4, 2), (4, 2), (2, 2)]


def test_a_model_is_fitted_evaluated_and_asked_with_data_loaders():
    model, loader = linear(), DataLoader(TensorDataset(X, Y), batch_size=5, shuffle=True)
    losses = model.fit(loader, epochs=4, verbose=0, validation_data=loader).history["loss"]
    assert losses[-1] < losses[0]
    assert np.isfinite(model.evaluate(loader, verbose=0))
    assert model.predict(DataLoader(X, batch_size=3), verbose=0).shape == (10, 1)


def test_a_dataset_of_unknown_length_has_no_number_of_batches():
    class Stream(IterableDataset):
        def __iter__(self):
            yield from zip(X, Y, strict=True)

    adapter = DataLoaderAdapter(DataLoader(Stream(), batch_size=4))
    assert adapter.num_batches is None
    assert len(list(adapter.batches())) == 3
    linear().fit(DataLoader(Stream(), batch_size=4), verbose=0)


def test_torch_datasets_are_split_and_loaders_are_torch_datasets():
    left, right = kmb_core.utils.split_dataset(TensorDataset(X, Y), 0.6)
    assert (len(left), len(right)) == (6, 4)
    np.testing.assert_array_equal(right[0][0], X[6])
    batches = list(DataLoader(left, batch_size=4))
    assert [tuple(x.shape) for x, _ in batches] == [(4, 2), (2, 2)]
    linear().fit(left.batch(3), verbose=0)


def test_a_loader_of_the_core_trains_a_model_of_this_backend_in_spite_of_torch_tensors_in_it():
    first, _ = kmb_core.utils.split_dataset((X, Y), 8)
    history = linear().fit(first.batch(4), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2


class Waiting(Dataset):
    """Rows of X and Y, with the threads that read them."""

    def __init__(self):
        self.threads = set()

    def __len__(self):
        return 10

    def __getitem__(self, index):
        self.threads.add(threading.current_thread().name)
        return X[index] + torch.rand(()), Y[index]


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_a_loader_is_read_ahead_unless_it_draws_what_the_steps_draw(monkeypatch, noise):
    monkeypatch.setattr(read_ahead, "SLOW", 0.0)

    class Drawing(kmb_core.layers.Layer):
        def call(self, x):
            return x + torch.rand(()) if noise else x

    def trained(depth):
        kmb_core.config.set_read_ahead(depth)
        kmb_core.utils.set_random_seed(1)
        model = kmb_core.Sequential([kmb_core.Input((2,)), Drawing(), kmb_core.layers.Dense(1)])
        model.compile(optimizer=kmb_core.optimizers.SGD(1e-3), loss="mse")
        data = Waiting()
        history = model.fit(DataLoader(data, batch_size=1, shuffle=True), epochs=2, verbose=0).history["loss"]
        assert ("kmb-read-ahead" in data.threads) == bool(depth and not noise)
        return history, model.get_weights()[0].tolist(), torch.rand(()).item()

    try:
        assert trained(2) == trained(0)
    finally:
        kmb_core.config.set_read_ahead(2)


KILLED = """
import os, signal, torch, kmb_core

class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 40
    def __getitem__(self, index):
        if index == 23:
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.ones(2), torch.ones(1)

model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(1)])
model.compile("sgd", "mse")
try:
    model.fit(torch.utils.data.DataLoader(Rows(), batch_size=4, num_workers=2), verbose=0)
except RuntimeError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_of_a_loader_that_is_killed_ends_the_training_with_an_error():
    command = [sys.executable, "-c", KILLED]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert re.search(
        r"worker (\(pid.*\)|process) .*(killed by signal|exited unexpectedly|died before)", finished.stdout
    )


class Reset:
    """Stands for a loader whose iterator loses the connection to its workers."""

    num_workers, batch_size = 1, 4

    def __init__(self, *workers):
        self._workers = workers

    def __len__(self):
        return 1

    def __iter__(self):
        return self

    def __next__(self):
        raise ConnectionResetError("reset by peer")


def test_a_batch_that_a_dying_worker_was_handing_over_is_told_apart_from_an_error_of_the_data():
    dead = multiprocessing.get_context("spawn").Process(target=int)
    dead.start()
    with pytest.raises(WorkerError, match="A worker process of the DataLoader died before its batch was ready"):
        list(DataLoaderAdapter(Reset(dead)).batches())
    with pytest.raises(ConnectionResetError):
        list(DataLoaderAdapter(Reset()).batches())
