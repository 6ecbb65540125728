"""A sequence through an LSTM of 128 units, batch 32, 50 steps: forward and the gradients of the weights.

The native side is torch.nn.LSTM; a `lax.scan` and a `tf.while_loop` written by hand, compiled. On JAX and TensorFlow
our side is compiled in the same way. Keras runs its layer with the same weights.
"""

import measure
import numpy as np

BATCH, TIME, FEATURES, UNITS = 32, 50, 64, 128
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
ZEROS = np.zeros((BATCH, UNITS), "float32")
SHAPES = ((FEATURES, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,))
WEIGHTS = [(GENERATOR.normal(size=shape) / 10).astype("float32") for shape in SHAPES]
REPEATS = 5


def figure(library, backend):
    sequence = kmb_sequence() if library.__name__ == "kmb_core" else keras_sequence(library)
    ours, other = {"torch": Torch, "jax": Jax, "tensorflow": Tensorflow}[backend]().sides(sequence)
    for mine, theirs in zip(ours(), other(), strict=True):
        measure.refuse_if_different(mine, theirs, 2e-3)
    return measure.compare_times(lambda: repeated(ours), lambda: repeated(other))


def repeated(function):
    for _ in range(REPEATS):
        function()


def kmb_sequence():
    from kmb_core.ops.rnn import lstm

    return lambda x, h, weights: lstm(x, h, h, *weights)[1]


def keras_sequence(library):
    layer = library.layers.LSTM(UNITS, return_sequences=True)
    layer.build(X.shape)

    def sequence(x, h, weights):
        pairs = list(zip(layer.trainable_variables, weights, strict=True))
        with library.StatelessScope(state_mapping=pairs):
            return layer(x, initial_state=[h, h])

    return sequence


class Torch:
    def sides(self, sequence):
        import torch

        torch.set_num_threads(1)
        x, h = torch.from_numpy(X), torch.from_numpy(ZEROS)
        weights = [torch.nn.Parameter(torch.from_numpy(weight)) for weight in WEIGHTS]
        module = torch.nn.LSTM(FEATURES, UNITS, batch_first=True)
        with torch.no_grad():
            module.weight_ih_l0.copy_(weights[0].t())
            module.weight_hh_l0.copy_(weights[1].t())
            module.bias_ih_l0.copy_(weights[2])
            module.bias_hh_l0.zero_()
        own = [module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0]

        def ours():
            outputs = sequence(x, h, weights)
            return [outputs.detach(), *torch.autograd.grad(outputs.square().sum(), weights)]

        def native():
            outputs = module(x)[0]
            kernel, recurrent, bias = torch.autograd.grad(outputs.square().sum(), own)
            return [outputs.detach(), kernel.t(), recurrent.t(), bias]

        return ours, native


class Jax:
    def sides(self, sequence):
        import jax
        import jax.numpy as jnp

        def by_hand(x, h, weights):
            def step(carry, projected):
                i, f, g, o = jnp.split(projected + carry[0] @ weights[1], 4, -1)
                c = jax.nn.sigmoid(f) * carry[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
                h = jax.nn.sigmoid(o) * jnp.tanh(c)
                return (h, c), h

            projected = jnp.swapaxes(x, 0, 1) @ weights[0] + weights[2]
            return jnp.swapaxes(jax.lax.scan(step, (h, h), projected)[1], 0, 1)

        return [self.side(jax, function) for function in (sequence, by_hand)]

    @staticmethod
    def side(jax, function):
        def loss(weights, x, h):
            outputs = function(x, h, weights)
            return (outputs**2).sum(), outputs

        compiled = jax.jit(jax.value_and_grad(loss, has_aux=True))
        weights = [jax.numpy.asarray(weight) for weight in WEIGHTS]
        x, h = jax.numpy.asarray(X), jax.numpy.asarray(ZEROS)

        def run():
            (_, outputs), gradients = compiled(weights, x, h)
            return jax.block_until_ready([outputs, *gradients])

        return run


class Tensorflow:
    def sides(self, sequence):
        import tensorflow as tf

        def by_hand(x, h, weights):
            series = tf.TensorArray(tf.float32, TIME).unstack(tf.transpose(x, [1, 0, 2]) @ weights[0] + weights[2])

            def step(time, h, c, outputs):
                i, f, g, o = tf.split(series.read(time) + h @ weights[1], 4, -1)
                c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
                h = tf.sigmoid(o) * tf.tanh(c)
                return time + 1, h, c, outputs.write(time, h)

            start = (0, h, h, tf.TensorArray(tf.float32, TIME))
            *_, outputs = tf.while_loop(lambda time, *_: time < TIME, step, start, maximum_iterations=TIME)
            return tf.transpose(outputs.stack(), [1, 0, 2])

        return [self.side(tf, function) for function in (sequence, by_hand)]

    @staticmethod
    def side(tf, function):
        weights, x, h = [tf.constant(weight) for weight in WEIGHTS], tf.constant(X), tf.constant(ZEROS)

        @tf.function
        def run(weights, x, h):
            with tf.GradientTape() as tape:
                tape.watch(weights)
                outputs = function(x, h, weights)
                loss = tf.reduce_sum(tf.square(outputs))
            return [outputs, *tape.gradient(loss, weights)]

        return lambda: [part.numpy() for part in run(weights, x, h)]


if __name__ == "__main__":
    aim = "ratio at most 1.05 where the framework has a kernel of its own (torch)"
    measure.main("LSTM 64-128, 32 x 50 steps, time over native", aim, figure, measure.TRAINING_BACKENDS)
