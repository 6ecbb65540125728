"""The same maths written by hand in each framework, as its own users write it: the limit that we measure against.

`weights` is always a flat list of arrays, kernel and bias in turn. A `Trainer` keeps its weights on the device between
epochs, takes NumPy batches, and returns the mean loss.
"""

from __future__ import annotations

import numpy as np

LEARNING_RATE = 1e-3
# Adam's epsilon stands in three places in three frameworks; where it is negligible, the maths is the same.
EPSILON = 1e-10


def pairs(weights):
    return list(zip(weights[::2], weights[1::2], strict=True))


def batches(x, y, size):
    return [(x[start : start + size], y[start : start + size]) for start in range(0, len(x), size)]


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

    def trainer(self, weights, size):
        import optax

        jax, jnp = self.jax, self.jnp
        optimizer = optax.adam(LEARNING_RATE, eps=EPSILON)

        def loss(layers, x, y):
            return optax.softmax_cross_entropy_with_integer_labels(self.apply(layers, x, jnp), y).mean()

        def step(layers, state, total, x, y):
            value, gradients = jax.value_and_grad(loss)(layers, x, y)
            updates, state = optimizer.update(gradients, state)
            return optax.apply_updates(layers, updates), state, total + value

        compiled = jax.jit(step, donate_argnums=(0, 1, 2))
        layers = pairs([self.tensor(weight) for weight in weights])
        state = [layers, optimizer.init(layers)]

        def epoch(x, y):
            total, parts = jnp.zeros(()), batches(x, y, size)
            for part in parts:
                state[0], state[1], total = compiled(*state, total, *part)
            return float(total) / len(parts)

        return epoch


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

    def trainer(self, weights, size):
        torch = self.torch
        layers = []
        for kernel, bias in pairs(weights):
            linear = torch.nn.Linear(*kernel.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.as_tensor(kernel.T.copy()))
                linear.bias.copy_(torch.as_tensor(bias))
            layers += [linear, torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, eps=EPSILON)

        def epoch(x, y):
            total, parts = torch.zeros(()), batches(x, y, size)
            for images, labels in parts:
                optimizer.zero_grad()
                logits = model(torch.from_numpy(images))
                loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
                loss.backward()
                optimizer.step()
                total += loss.detach()
            return float(total) / len(parts)

        return epoch


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

    def trainer(self, weights, size):
        tf = self.tf
        variables = [tf.Variable(weight) for weight in weights]
        first = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        second = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        powers, total = [tf.Variable(0.9), tf.Variable(0.999)], tf.Variable(0.0)

        @tf.function(reduce_retracing=True)
        def step(x, y):
            with tf.GradientTape() as tape:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, self.apply(pairs(variables), x))
                loss = tf.reduce_mean(losses)
            for variable, m, v, gradient in zip(variables, first, second, tape.gradient(loss, variables), strict=True):
                handles = {"var": variable.handle, "m": m.handle, "v": v.handle, "grad": gradient}
                decay = {"beta1_power": powers[0], "beta2_power": powers[1], "beta1": 0.9, "beta2": 0.999}
                tf.raw_ops.ResourceApplyAdam(**handles, **decay, lr=LEARNING_RATE, epsilon=EPSILON)
            powers[0].assign(powers[0] * 0.9)
            powers[1].assign(powers[1] * 0.999)
            total.assign_add(loss)

        def epoch(x, y):
            total.assign(0.0)
            parts = batches(x, y, size)
            for images, labels in parts:
                step(tf.constant(images), tf.constant(labels))
            return float(total) / len(parts)

        return epoch


def native(backend: str):
    """The hand-written side for a backend."""
    return {"numpy": Numpy, "jax": Jax, "torch": Torch, "tensorflow": Tensorflow}[backend]()
