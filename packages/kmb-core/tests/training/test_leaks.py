"""What is left when a model is gone, and after many calls on one model: as much as after the first."""

import collections
import gc
import threading
import weakref

import numpy as np
import pytest

import kmb_core
from kmb_core.backend import KerasTensor, Node, current_backend
from kmb_core.data import ArrayAdapter, GeneratorAdapter, PyDatasetAdapter
from kmb_core.plugins import Capability
from kmb_core.training.callbacks import Callback, CallbackList
from kmb_core.training.trainer import Trainer

OURS = (
    kmb_core.Layer,
    kmb_core.Variable,
    kmb_core.Optimizer,
    kmb_core.Metric,
    kmb_core.Loss,
    KerasTensor,
    Node,
    Trainer,
    Callback,
    CallbackList,
    ArrayAdapter,
    GeneratorAdapter,
    PyDatasetAdapter,
)


def alive():
    """How many of our objects, and of the framework's tensors and arrays, there are."""
    gc.collect()
    gc.collect()  # what a finalizer let go of
    tensors = (np.ndarray, *current_backend().native)
    kinds = [type(thing) for thing in gc.get_objects()]
    counts = collections.Counter(kind.__name__ for kind in kinds if issubclass(kind, OURS))
    return {**counts, "tensors": sum(issubclass(kind, tensors) for kind in kinds)}


@pytest.fixture
def data():
    """One batch, so that one shape is compiled."""
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    return x, x.sum(1, keepdims=True)


def made():
    """A model with every kind of state: weights, statistics, a random seed, metrics and an optimizer's moments."""
    inputs = kmb_core.Input((3,))
    hidden = kmb_core.layers.BatchNormalization()(kmb_core.layers.Dense(4, activation="relu")(inputs))
    model = kmb_core.Model(inputs, kmb_core.layers.Dense(1)(kmb_core.layers.Dropout(0.5)(hidden)))
    compiled(model)
    return model


def compiled(model):
    model.compile(kmb_core.optimizers.SGD(0.1, momentum=0.9), "mse", metrics=["mae"])


def used(model, x, y):
    if current_backend().supports(Capability.GRADIENTS):
        model.fit(x, y, verbose=0, validation_data=(x, y))
    else:
        model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0, callbacks=[Callback()])
    return model


def test_models_built_used_and_dropped_leave_nothing(data):
    used(made(), *data)
    before = alive()
    used(made(), *data)
    assert alive() == before


def test_a_model_keeps_no_more_with_every_use_and_every_compile(data):
    model = used(made(), *data)
    before = alive()
    for _ in range(5):
        used(model, *data)
    assert alive() == before
    former = weakref.ref(model.optimizer), weakref.ref(model.metrics[1])
    compiled(model)
    used(model, *data)
    assert alive() == before
    assert [reference() for reference in former] == [None, None]


def test_what_reads_datasets_and_generators_is_freed_with_its_threads(data):
    class Batches(kmb_core.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return data

    model = made()

    def once():
        model.evaluate(Batches(workers=2), verbose=0)
        model.evaluate(iter([data, data]), verbose=0)

    once()
    before, threads = alive(), threading.active_count()
    once()
    assert (alive(), threading.active_count()) == (before, threads)
