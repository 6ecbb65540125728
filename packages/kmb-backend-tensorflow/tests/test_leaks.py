"""What TensorFlow itself holds on to when a model is gone: neither its variables nor the graphs of its steps."""

import gc

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

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
    kinds = [type(thing) for thing in gc.get_objects()]
    graphs = sum(issubclass(kind, tf.Graph) for kind in kinds)
    values = sum(issubclass(kind, (tf.Variable, tf.Tensor, tf.types.experimental.ConcreteFunction)) for kind in kinds)
    return graphs, values, len(context.context().list_function_names())


def test_variables_and_graphs_of_a_dropped_model_are_freed():
    used()
    before = held()
    model = used()
    assert all(now > then for now, then in zip(held(), before, strict=True))
    del model
    assert held() == before
