"""Training loops written by hand in each framework, for the models of time_fit.py.

`Torch`, `Jax` and `Tensorflow` each have `trainer(model, weights, size)`: a function of NumPy arrays that trains for
one epoch with Adam and gives the mean loss. The weights stay on the device between epochs. What a model computes is
written in `native_layers.py`; here it gets a head.
"""

from __future__ import annotations

import native_layers
from native import pairs

LEARNING_RATE = 1e-3
# Adam's epsilon stands in three places in three frameworks; where it is negligible, the maths is the same.
EPSILON = 1e-10


class Torch(native_layers.Torch):
    def trainer(self, name, weights, size, compiled=None):
        torch = self.torch
        module = getattr(self, f"{name}_logits")([torch.from_numpy(weight) for weight in weights])
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        optimizer = torch.optim.Adam(parameters, LEARNING_RATE, eps=EPSILON)

        def loss_of(x, y):
            return torch.nn.functional.cross_entropy(module(x), y)

        loss_of = compiled(loss_of) if compiled else loss_of

        def epoch(x, y):
            total, parts = torch.zeros(()), batches(x, y, size)
            for part in parts:
                optimizer.zero_grad()
                loss = loss_of(*map(torch.from_numpy, part))
                loss.backward()
                optimizer.step()
                total += loss.detach()
            return float(total) / len(parts)

        return epoch

    def mlp_logits(self, weights):
        layers = []
        for kernel, bias in pairs(weights):
            layers += [self.linear(kernel, bias), self.torch.nn.ReLU()]
        return self.torch.nn.Sequential(*layers[:-1])

    tiny_logits = mlp_logits

    def cnn_logits(self, weights):
        module, _ = self.convnet(weights)
        permuted = self._module(lambda inner, x: inner(x.permute(0, 3, 1, 2)), module)
        return permuted.to(memory_format=self.torch.channels_last)

    def lstm_logits(self, weights):
        module, _ = self.lstm(weights[:3])
        return self._module(lambda inner, head, x: head(inner(x)[0][:, -1]), module, self.linear(*weights[3:]))

    def transformer_logits(self, weights):
        module, _ = self.transformer(weights[:-2])
        return self._module(lambda inner, head, x: head(inner(x).mean(1)), module, self.linear(*weights[-2:]))

    def linear(self, kernel, bias):
        linear = self.torch.nn.Linear(*kernel.shape)
        linear.weight.data.copy_(kernel.t())
        linear.bias.data.copy_(bias)
        return linear

    def _module(self, forward, *inner):
        class Module(self.torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = torch.nn.ModuleList(inner)

            def forward(self, x):
                return forward(*self.inner, x)

        torch = self.torch
        return Module()


class _Functional:
    """The models as functions of weights, state and inputs; JAX and TensorFlow write them alike."""

    def mlp_logits(self, weights, state, x):
        layers = pairs(weights)
        for kernel, bias in layers[:-1]:
            x = self.relu(x @ kernel + bias)
        kernel, bias = layers[-1]
        return x @ kernel + bias, state

    tiny_logits = mlp_logits

    def cnn_logits(self, weights, state, x):
        return self.both(self.convnet(weights, state, x), state)

    def lstm_logits(self, weights, state, x):
        outputs, state = self.both(self.lstm(weights[:3], state, x), state)
        return outputs[:, -1] @ weights[3] + weights[4], state

    def transformer_logits(self, weights, state, x):
        outputs, state = self.both(self.transformer(weights[:-2], state, x), state)
        return self.mean(outputs) @ weights[-2] + weights[-1], state


class Jax(_Functional, native_layers.Jax):
    def both(self, found, state):
        return found

    def relu(self, x):
        return self.np.maximum(x, 0)

    def mean(self, x):
        return x.mean(1)

    def trainer(self, name, weights, size):
        import optax

        jax, optimizer = self.jax, optax.adam(LEARNING_RATE, eps=EPSILON)
        logits = getattr(self, f"{name}_logits")

        def loss(weights, state, x, y):
            found, state = logits(weights, state, x)
            return optax.softmax_cross_entropy_with_integer_labels(found, y).mean(), state

        def step(weights, state, moments, total, x, y):
            (value, state), gradients = jax.value_and_grad(loss, has_aux=True)(weights, state, x, y)
            updates, moments = optimizer.update(gradients, moments)
            return optax.apply_updates(weights, updates), state, moments, total + value

        step = jax.jit(step, donate_argnums=(0, 1, 2, 3))
        weights = [self.np.array(weight) for weight in weights]
        held = [weights, [self.np.array(part) for part in statistics(name, weights)], optimizer.init(weights)]

        def epoch(x, y):
            total, parts = self.np.zeros(()), batches(x, y, size)
            for part in parts:
                *held[:], total = step(*held, total, *part)
            return float(total) / len(parts)

        return epoch


class Tensorflow(_Functional, native_layers.Tensorflow):
    def both(self, found, state):
        return found, state

    def relu(self, x):
        return self.tf.nn.relu(x)

    def mean(self, x):
        return self.tf.reduce_mean(x, 1)

    def trainer(self, name, weights, size):
        tf = self.tf
        state = [tf.Variable(part) for part in statistics(name, weights)]
        weights = [tf.Variable(weight) for weight in weights]
        logits = getattr(self, f"{name}_logits")
        adam, total = self._adam(weights), tf.Variable(0.0)

        @tf.function(reduce_retracing=True)
        def step(x, y):
            with tf.GradientTape() as tape:
                found, _ = logits(weights, state, x)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, found))
            adam(tape.gradient(loss, weights))
            total.assign_add(loss)

        def epoch(x, y):
            total.assign(0.0)
            parts = batches(x, y, size)
            for part in parts:
                step(*map(tf.constant, part))
            return float(total) / len(parts)

        return epoch

    def _adam(self, weights):
        tf, moments = self.tf, []
        for weight in weights:
            moments.append([tf.Variable(tf.zeros_like(weight)) for _ in range(2)])
        powers = [tf.Variable(0.9), tf.Variable(0.999)]

        def update(gradients):
            decay = {"beta1_power": powers[0], "beta2_power": powers[1], "beta1": 0.9, "beta2": 0.999}
            for weight, (m, v), gradient in zip(weights, moments, gradients, strict=True):
                handles = {"var": weight.handle, "m": m.handle, "v": v.handle, "grad": gradient}
                tf.raw_ops.ResourceApplyAdam(**handles, **decay, lr=LEARNING_RATE, epsilon=EPSILON)
            powers[0].assign(powers[0] * 0.9)
            powers[1].assign(powers[1] * 0.999)

        return update


def batches(x, y, size):
    return [(x[start : start + size], y[start : start + size]) for start in range(0, len(x), size)]


def statistics(name, weights):
    return native_layers.statistics("convnet" if name == "cnn" else name, weights)


def native(backend: str, x):
    """The hand-written side for a backend, and for inputs of this shape."""
    return {"jax": Jax, "torch": Torch, "tensorflow": Tensorflow}[backend](x)
