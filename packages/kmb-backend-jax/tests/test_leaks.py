"""What JAX itself holds on to when a model is gone: neither its arrays nor what was compiled for it."""

import gc
import weakref

import jax
import numpy as np

import kmb_core as keras

X = np.ones((4, 3), "float32")
Y = np.ones((4, 1), "float32")


def used():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(X, Y, verbose=0)
    model.train_on_batch(X, Y)
    model.predict_on_batch(X)
    return model


def held():
    gc.collect()
    gc.collect()
    return len(jax.live_arrays()), len(jax.devices()[0].client.live_executables())


def test_arrays_and_compiled_steps_of_a_dropped_model_are_freed():
    used()
    before = held()
    model = used()
    steps = [weakref.ref(step) for step in model.trainer._steps.values()]
    assert held()[1] > before[1]
    del model
    assert held() == before
    assert [step() for step in steps] == [None] * 3


def test_compiling_anew_frees_the_steps_of_before():
    model = used()
    before = held()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(X, Y, verbose=0)
    model.train_on_batch(X, Y)
    model.predict_on_batch(X)
    assert held() == before
