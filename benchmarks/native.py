"""The same maths written by hand in each framework, as its own users write it: the limit that we measure against.

`weights` is always a flat list of arrays, kernel and bias in turn. Training loops are in `native_training.py`.
"""

from __future__ import annotations

import numpy as np


def pairs(weights):
    return list(zip(weights[::2], weights[1::2], strict=True))


class Numpy:
    def tensor(self, array):
        return np.asarray(array)

    def add(self, x, y):
        return np.add(x, y)

    def forward(self, weights):
        layers = pairs(weights)

        def forward(x):
            for kernel, bias in layers[:-1]:
                x = np.maximum(np.matmul(x, kernel) + bias, 0)
            kernel, bias = layers[-1]
            return np.matmul(x, kernel) + bias

        return forward

    def predict(self, weights):
        return self.forward(weights)


class Jax:
    def __init__(self):
        import jax

        self.jax, self.jnp = jax, jax.numpy

    def tensor(self, array):
        return self.jnp.asarray(array)

    def add(self, x, y):
        return self.jnp.add(x, y)

    def forward(self, weights):
        jnp, layers = self.jnp, pairs([self.tensor(weight) for weight in weights])
        return lambda x: self.apply(layers, x, jnp)

    @staticmethod
    def apply(layers, x, jnp):
        for kernel, bias in layers[:-1]:
            x = jnp.maximum(jnp.matmul(x, kernel) + bias, 0)
        kernel, bias = layers[-1]
        return jnp.matmul(x, kernel) + bias

    def predict(self, weights):
        layers = pairs([self.tensor(weight) for weight in weights])
        compiled = self.jax.jit(lambda layers, x: self.apply(layers, x, self.jnp))
        return lambda x: np.asarray(compiled(layers, x))


class Torch:
    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch = torch

    def tensor(self, array):
        return self.torch.as_tensor(np.array(array))

    def add(self, x, y):
        return self.torch.add(x, y)

    def forward(self, weights):
        layers, torch = pairs([self.tensor(weight) for weight in weights]), self.torch

        def forward(x):
            for kernel, bias in layers[:-1]:
                x = torch.relu(torch.addmm(bias, x, kernel))
            kernel, bias = layers[-1]
            return torch.addmm(bias, x, kernel)

        return forward

    def predict(self, weights):
        torch, forward = self.torch, self.forward(weights)

        def predict(x):
            with torch.no_grad():
                return forward(torch.from_numpy(x)).numpy()

        return predict


class Tensorflow:
    def __init__(self):
        import tensorflow

        self.tf = tensorflow

    def tensor(self, array):
        return self.tf.constant(array)

    def add(self, x, y):
        return self.tf.add(x, y)

    def forward(self, weights):
        layers = pairs([self.tensor(weight) for weight in weights])
        return lambda x: self.apply(layers, x)

    def apply(self, layers, x):
        for kernel, bias in layers[:-1]:
            x = self.tf.nn.relu(self.tf.matmul(x, kernel) + bias)
        kernel, bias = layers[-1]
        return self.tf.matmul(x, kernel) + bias

    def predict(self, weights):
        compiled = self.tf.function(self.forward(weights), reduce_retracing=True)
        return lambda x: compiled(self.tf.constant(x)).numpy()


def native(backend: str):
    """The hand-written side for a backend."""
    return {"numpy": Numpy, "jax": Jax, "torch": Torch, "tensorflow": Tensorflow}[backend]()
