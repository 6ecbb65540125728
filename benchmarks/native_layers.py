"""The blocks of time_layers.py written by hand in each framework, from the weights that the library's model has.

`Torch`, `Jax` and `Tensorflow` each have `ours(model)` and `native(block, weights)`: functions of no arguments that run
one forward pass in training mode and the gradients of all weights, and return the outputs and the gradients.
"""

from __future__ import annotations

import numpy as np

MOMENTUM = 0.99
EPSILON = 1e-3
HEADS = 8


class Torch:
    def __init__(self, x):
        import torch

        torch.set_num_threads(1)
        self.torch, self.x = torch, torch.from_numpy(x)

    def ours(self, model):
        weights = [variable.value for variable in model.trainable_variables]
        return self._step(lambda: model(self.x, training=True), weights)

    def native(self, block, weights):
        torch = self.torch
        module, inputs = getattr(self, block)([torch.from_numpy(weight) for weight in weights])
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]

        def outputs():
            found = module(inputs)
            return found[0] if isinstance(found, tuple) else found

        return self._step(outputs, parameters)

    def _step(self, forward, weights):
        def run():
            outputs = forward()
            gradients = self.torch.autograd.grad(outputs.square().sum(), weights, allow_unused=True)
            return outputs.detach(), [gradient for gradient in gradients if gradient is not None]

        return run

    def lstm(self, weights):
        kernel, recurrent, bias = weights
        module = self._recurrent(self.torch.nn.LSTM, kernel, recurrent, bias, self.torch.zeros_like(bias))
        module.bias_hh_l0.requires_grad_(False)  # Keras' LSTM has one bias
        return module, self.x

    def gru(self, weights):
        reset_first = [self._reset_first(weight) for weight in weights]
        kernel, recurrent, bias = reset_first
        return self._recurrent(self.torch.nn.GRU, kernel, recurrent, bias[0], bias[1]), self.x

    def _reset_first(self, weight):
        update, reset, new = weight.chunk(3, -1)  # torch has the reset gate first
        return self.torch.cat([reset, update, new], -1)

    def _recurrent(self, cls, kernel, recurrent, bias, recurrent_bias):
        module = cls(kernel.shape[0], recurrent.shape[0], batch_first=True)
        with self.torch.no_grad():
            module.weight_ih_l0.copy_(kernel.t())
            module.weight_hh_l0.copy_(recurrent.t())
            module.bias_ih_l0.copy_(bias)
            module.bias_hh_l0.copy_(recurrent_bias)
        return module

    def convnet(self, weights):
        nn, layers = self.torch.nn, []
        for kernel in [weight for weight in weights if weight.ndim == 4]:
            width, _, before, after = kernel.shape
            convolution = nn.Conv2d(before, after, width, padding="same", bias=False)
            convolution.weight.data.copy_(kernel.permute(3, 2, 0, 1))
            layers += [convolution, nn.BatchNorm2d(after, EPSILON, 1 - MOMENTUM), nn.ReLU()]
        dense = nn.Linear(*weights[-2].shape)
        dense.weight.data.copy_(weights[-2].t())
        dense.bias.data.copy_(weights[-1])
        module = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), dense)
        return module, self.x.permute(0, 3, 1, 2).contiguous()

    def transformer(self, weights):
        torch, width = self.torch, self.x.shape[-1]
        query, key, value = (weights[i].reshape(width, width).t() for i in (2, 4, 6))
        module = torch.nn.TransformerEncoderLayer(
            width, HEADS, weights[12].shape[1], 0.0, "gelu", EPSILON, batch_first=True, norm_first=True
        )
        attention, first, second = module.self_attn, module.linear1, module.linear2
        with torch.no_grad():
            attention.in_proj_weight.copy_(torch.cat([query, key, value]))
            attention.in_proj_bias.copy_(torch.cat([weights[i].reshape(-1) for i in (3, 5, 7)]))
            attention.out_proj.weight.copy_(weights[8].reshape(width, width).t())
            attention.out_proj.bias.copy_(weights[9])
            for layer, kernel, bias in ((first, *weights[12:14]), (second, *weights[14:16])):
                layer.weight.copy_(kernel.t())
                layer.bias.copy_(bias)
        return module, self.x


class Jax:
    def __init__(self, x):
        import jax

        self.jax, self.np, self.x = jax, jax.numpy, jax.numpy.asarray(x)

    def ours(self, model):
        trainable = [variable.value for variable in model.trainable_variables]
        rest = [variable.value for variable in model.non_trainable_variables]

        def forward(weights, state, x):
            return model.stateless_call(weights, state, x, training=True)

        return self._step(forward, trainable, rest)

    def native(self, block, weights):
        asarray = self.np.asarray
        state = [asarray(part) for part in statistics(block, weights)]
        return self._step(getattr(self, block), [asarray(weight) for weight in weights], state)

    def _step(self, forward, weights, state):
        def loss(weights, state, x):
            outputs, state = forward(weights, state, x)
            return (outputs**2).sum(), (outputs, state)

        compiled = self.jax.jit(self.jax.value_and_grad(loss, has_aux=True))

        def run():
            (_, (outputs, _)), gradients = compiled(weights, state, self.x)
            return self.jax.block_until_ready((outputs, gradients))

        return run

    def lstm(self, weights, state, x):
        jnp, sigmoid = self.np, self.jax.nn.sigmoid
        kernel, recurrent, bias = weights

        def step(carry, projected):
            i, f, g, o = jnp.split(projected + carry[0] @ recurrent, 4, -1)
            c = sigmoid(f) * carry[1] + sigmoid(i) * jnp.tanh(g)
            h = sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((x.shape[0], recurrent.shape[0]))
        projected = jnp.swapaxes(x, 0, 1) @ kernel + bias
        return jnp.swapaxes(self.jax.lax.scan(step, (zeros, zeros), projected)[1], 0, 1), state

    def gru(self, weights, state, x):
        jnp, sigmoid = self.np, self.jax.nn.sigmoid
        kernel, recurrent, bias = weights

        def step(h, projected):
            z, r, new = jnp.split(projected, 3, -1)
            own_z, own_r, own_new = jnp.split(h @ recurrent + bias[1], 3, -1)
            z = sigmoid(z + own_z)
            h = z * h + (1 - z) * jnp.tanh(new + sigmoid(r + own_r) * own_new)
            return h, h

        zeros = jnp.zeros((x.shape[0], recurrent.shape[0]))
        projected = jnp.swapaxes(x, 0, 1) @ kernel + bias[0]
        return jnp.swapaxes(self.jax.lax.scan(step, zeros, projected)[1], 0, 1), state

    def convnet(self, weights, state, x):
        jnp, lax, moved = self.np, self.jax.lax, []
        groups = [weights[i : i + 3] for i in range(0, len(weights) - 2, 3)]
        for index, (kernel, gamma, beta) in enumerate(groups):
            x = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            x = jnp.maximum((x - mean) * (lax.rsqrt(variance + EPSILON) * gamma) + beta, 0)
            for old, new in zip(state[2 * index : 2 * index + 2], (mean, variance), strict=True):
                moved.append(old * MOMENTUM + new * (1 - MOMENTUM))
        return x.mean((1, 2)) @ weights[-2] + weights[-1], moved

    def transformer(self, weights, state, x):
        jnp, nn = self.np, self.jax.nn

        def normalized(x, gamma, beta):
            inverse = self.jax.lax.rsqrt(x.var(-1, keepdims=True) + EPSILON)
            return (x - x.mean(-1, keepdims=True)) * inverse * gamma + beta

        y = normalized(x, *weights[:2])
        query, key, value = (jnp.einsum("btd,dhk->bthk", y, weights[i]) + weights[i + 1] for i in (2, 4, 6))
        x = x + jnp.einsum("bthk,hkd->btd", nn.dot_product_attention(query, key, value), weights[8]) + weights[9]
        y = nn.gelu(normalized(x, *weights[10:12]) @ weights[12] + weights[13], approximate=False)
        return x + y @ weights[14] + weights[15], state


class Tensorflow:
    def __init__(self, x):
        import tensorflow as tf

        self.tf, self.x = tf, tf.constant(x)

    def ours(self, model):
        weights = [variable.value for variable in model.trainable_variables]
        return self._step(lambda x: model(x, training=True), weights)

    def native(self, block, weights):
        tf = self.tf
        weights = [tf.Variable(weight) for weight in weights]
        state = [tf.Variable(part) for part in statistics(block, [weight.numpy() for weight in weights])]
        return self._step(lambda x: getattr(self, block)(weights, state, x), weights)

    def _step(self, forward, weights):
        tf = self.tf

        @tf.function
        def run(x):
            with tf.GradientTape() as tape:
                outputs = forward(x)
                loss = tf.reduce_sum(tf.square(outputs))
            return outputs, [g for g in tape.gradient(loss, weights) if g is not None]

        return lambda: run(self.x)

    def lstm(self, weights, state, x):
        tf, (kernel, recurrent, bias) = self.tf, weights

        def step(projected, h, c):
            i, f, g, o = tf.split(projected + h @ recurrent, 4, -1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            return h, c

        return self._loop(step, tf.transpose(x, [1, 0, 2]) @ kernel + bias, recurrent.shape[0], 2)

    def gru(self, weights, state, x):
        tf, (kernel, recurrent, bias) = self.tf, weights

        def step(projected, h):
            z, r, new = tf.split(projected, 3, -1)
            own_z, own_r, own_new = tf.split(h @ recurrent + bias[1], 3, -1)
            z = tf.sigmoid(z + own_z)
            return (z * h + (1 - z) * tf.tanh(new + tf.sigmoid(r + own_r) * own_new),)

        return self._loop(step, tf.transpose(x, [1, 0, 2]) @ kernel + bias[0], recurrent.shape[0], 1)

    def _loop(self, step, projected, units, states):
        tf, (time, batch) = self.tf, projected.shape[:2]
        series = tf.TensorArray(tf.float32, time).unstack(projected)

        def body(index, outputs, *states):
            states = step(series.read(index), *states)
            return (index + 1, outputs.write(index, states[0]), *states)

        start = (0, tf.TensorArray(tf.float32, time), *[tf.zeros((batch, units))] * states)
        outputs = tf.while_loop(lambda index, *_: index < time, body, start, maximum_iterations=time)[1]
        return tf.transpose(outputs.stack(), [1, 0, 2])

    def convnet(self, weights, state, x):
        tf = self.tf
        groups = [weights[i : i + 3] for i in range(0, len(weights) - 2, 3)]
        for index, (kernel, gamma, beta) in enumerate(groups):
            x = tf.nn.conv2d(x, kernel, 1, "SAME")
            x, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=x, scale=gamma, offset=beta, mean=[], variance=[], epsilon=EPSILON, is_training=True
            )
            x = tf.nn.relu(x)
            for old, new in zip(state[2 * index : 2 * index + 2], (mean, variance), strict=True):
                old.assign_add((new - old) * (1 - MOMENTUM))
        return tf.reduce_mean(x, (1, 2)) @ weights[-2] + weights[-1]

    def transformer(self, weights, state, x):
        tf = self.tf

        def normalized(x, gamma, beta):
            mean, variance = tf.nn.moments(x, -1, keepdims=True)
            return tf.nn.batch_normalization(x, mean, variance, beta, gamma, EPSILON)

        y = normalized(x, *weights[:2])
        query, key, value = (tf.einsum("btd,dhk->bthk", y, weights[i]) + weights[i + 1] for i in (2, 4, 6))
        scores = tf.nn.softmax(tf.einsum("bthk,bshk->bhts", query, key) * query.shape[-1] ** -0.5)
        x += tf.einsum("bthk,hkd->btd", tf.einsum("bhts,bshk->bthk", scores, value), weights[8]) + weights[9]
        y = tf.nn.gelu(normalized(x, *weights[10:12]) @ weights[12] + weights[13])
        return x + y @ weights[14] + weights[15]


def statistics(block, weights):
    """Moving means and variances of a convnet's normalizations, as they begin."""
    if block != "convnet":
        return []
    return [start(len(gamma), "float32") for gamma in weights[1:-2:3] for start in (np.zeros, np.ones)]
