"""What torch holds on to when a model is gone: neither its modules nor its tensors, compiled steps included."""

import gc

import numpy as np
import pytest
import torch

import kmb_core as keras

X = np.ones((4, 3), "float32")
Y = np.ones((4, 1), "float32")


def used(jit_compile=False):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
    model.fit(X, Y, verbose=0)
    model.train_on_batch(X, Y)
    model.predict_on_batch(X)
    return model


def held():
    gc.collect()
    gc.collect()
    kinds = [type(thing) for thing in gc.get_objects()]
    return sum(issubclass(kind, torch.nn.Module) for kind in kinds), sum(issubclass(k, torch.Tensor) for k in kinds)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_modules_and_tensors_of_a_dropped_model_are_freed(jit_compile):
    used(jit_compile)
    before = held()
    model = used(jit_compile)
    assert all(now > then for now, then in zip(held(), before, strict=True))
    del model
    assert held() == before
