"""A vision model's maths in each framework's own calls, from the model's graph and weights: what one writes by hand.

`program(model)` is a list of steps; `Torch`, `Jax` and `Tensorflow` each have a function for every kind of step.
Nothing of kmb or Keras runs in them. Images and features have their channels last in memory.
"""

from __future__ import annotations

import numpy as np

IMAGE_AXES = (1, 2)


def program(model):
    """[(kind, name, numbers of its inputs, config)], in the order in which it is computed."""
    numbers, steps = {}, []

    def number_of(tensor):
        if id(tensor) not in numbers:  # of an op between layers: a sum or a product with a number
            operation, index, _ = getattr(tensor, "_history", None) or tensor._keras_history
            arguments = operation._inbound_nodes[index].arguments
            operand, number = getattr(arguments, "args", arguments)
            source = number_of(operand)
            steps.append((f"scalar_{operation.name.rstrip('_0123456789')}", operation.name, [source], number))
            numbers[id(tensor)] = len(steps) - 1
        return numbers[id(tensor)]

    for layer in model.layers:
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        sources = [] if kind_of(layer) == "InputLayer" else [number_of(tensor) for tensor in inputs]
        steps.append((kind_of(layer), layer.name, sources, layer.get_config()))
        numbers[id(layer.output)] = len(steps) - 1
    return steps


def kind_of(layer):
    return type(layer).__name__


def weights_of(model):
    """{layer: [arrays]}; statistics of batch normalization are the last two."""
    return {layer.name: [np.asarray(w) for w in layer.get_weights()] for layer in model.layers if layer.weights}


class Framework:
    """Runs a program on weights; `state` collects new statistics of normalizations in training."""

    def run(self, steps, weights, x, training=False, state=None):
        found = []
        for kind, name, sources, config in steps:
            inputs = [found[number] for number in sources]
            if kind == "InputLayer":
                found.append(x)
            elif kind == "BatchNormalization":
                found.append(self.normalized(inputs[0], weights[name], config, training, state, name))
            elif kind in ("Add", "Multiply", "Concatenate"):
                found.append(getattr(self, kind.lower())(inputs))
            elif kind == "Dropout":
                found.append(inputs[0])
            else:
                found.append(getattr(self, kind)(inputs[0], weights.get(name), config))
        return found[-1]

    def add(self, inputs):
        return inputs[0] + inputs[1]

    def multiply(self, inputs):
        return inputs[0] * inputs[1]

    def scalar_add(self, x, weights, number):
        return x + number

    def scalar_multiply(self, x, weights, number):
        return x * number

    def Flatten(self, x, weights, config):  # (1, 1, channels)
        return x.reshape(len(x), -1)

    def Rescaling(self, x, weights, config):
        return x * self.constant(config["scale"]) + self.constant(config["offset"])

    def Normalization(self, x, weights, config):
        return x  # the statistics of a model without published weights are 0 and 1

    def Activation(self, x, weights, config):
        return self.activated(x, config["activation"])

    def ReLU(self, x, weights, config):
        return self.relu6(x) if config["max_value"] == 6 else self.activated(x, "relu")

    def relu6(self, x):
        return self.clipped(x, 6.0)

    def HardSigmoid(self, x, weights, config):
        return self.activated(x, "hard_sigmoid")

    def activated(self, x, name):
        name = name if isinstance(name, str) else name["config"]
        if name in ("hard_silu", "hard_swish"):
            return x * self.clipped(x + 3.0, 6.0) / 6.0
        if name == "hard_sigmoid":
            return self.clipped(x + 3.0, 6.0) / 6.0
        return x if name == "linear" else getattr(self, name)(x)

    def swish(self, x):
        return self.silu(x)


def gaps(size, window, stride):
    """What "same" padding puts before and behind."""
    missing = max((-(-size // stride) - 1) * stride + window - size, 0)
    return missing // 2, missing - missing // 2


class Torch(Framework):
    """On tensors (batch, channels, height, width) whose memory has the channels last."""

    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch, self.functional = torch, torch.nn.functional

    def prepared(self, steps, weights):
        """Weights in the forms and memory orders that torch wants."""
        kinds = {name: kind for kind, name, _, _ in steps}
        return {name: [self._prepared(kinds[name], array) for array in arrays] for name, arrays in weights.items()}

    def _prepared(self, kind, array):
        tensor = self.torch.from_numpy(array.copy())
        if tensor.ndim != 4:
            return tensor.t().contiguous() if tensor.ndim == 2 else tensor
        order = (2, 3, 0, 1) if kind == "DepthwiseConv2D" else (3, 2, 0, 1)
        return tensor.permute(order).contiguous(memory_format=self.torch.channels_last)

    def images(self, x):
        return self.torch.from_numpy(x).permute(0, 3, 1, 2)

    def constant(self, value):
        return self.torch.tensor(value).reshape(-1, 1, 1) if isinstance(value, list) else value

    def Conv2D(self, x, weights, config, groups=None):
        stride, kernel = config["strides"], weights[0]
        x = self._padded(x, kernel.shape[2:], stride) if config["padding"] == "same" and max(stride) > 1 else x
        padding = (
            tuple(side // 2 for side in kernel.shape[2:]) if config["padding"] == "same" and max(stride) == 1 else 0
        )
        bias = weights[1] if len(weights) > 1 else None
        x = self.functional.conv2d(
            x, kernel, bias, stride, padding, config["dilation_rate"], groups or config["groups"]
        )
        return self.activated(x, config["activation"])

    def DepthwiseConv2D(self, x, weights, config):
        return self.Conv2D(x, weights, config, groups=x.shape[1])

    def _padded(self, x, window, stride):
        top, bottom = gaps(x.shape[2], window[0], stride[0])
        left, right = gaps(x.shape[3], window[1], stride[1])
        return self.functional.pad(x, (left, right, top, bottom)) if top + bottom + left + right else x

    def ZeroPadding2D(self, x, weights, config):
        (top, bottom), (left, right) = config["padding"]
        return self.functional.pad(x, (left, right, top, bottom))

    def MaxPooling2D(self, x, weights, config):
        assert config["padding"] == "valid"
        return self.functional.max_pool2d(x, config["pool_size"], config["strides"])

    def GlobalAveragePooling2D(self, x, weights, config):
        return x.mean((2, 3), keepdim=config["keepdims"])

    def Reshape(self, x, weights, config):  # (1, 1, channels) behind a pooling
        return x[:, :, None, None]

    def Dense(self, x, weights, config):
        return self.activated(self.functional.linear(x, *weights), config["activation"])

    def normalized(self, x, weights, config, training, state, name):
        gamma, beta, mean, variance = weights
        share = 1 - config["momentum"]
        return self.functional.batch_norm(x, mean, variance, gamma, beta, training, share, config["epsilon"])

    def relu(self, x):
        return self.functional.relu(x)

    def silu(self, x):
        return self.functional.silu(x)

    def sigmoid(self, x):
        return self.torch.sigmoid(x)

    def softmax(self, x):
        return self.torch.softmax(x, -1)

    def clipped(self, x, top):
        return self.torch.clamp(x, 0.0, top)

    def predictor(self, model):
        """A function of an array to an array."""
        steps = program(model)
        weights = self.prepared(steps, weights_of(model))

        def predict(x):
            with self.torch.inference_mode():
                return self.run(steps, weights, self.images(x)).numpy()

        return predict

    def trainer(self, model, learning_rate, momentum):
        """A function that makes one step of SGD on arrays and gives the loss; the model gives logits."""
        steps = program(model)
        weights = self.prepared(steps, weights_of(model))
        learned = [w for kind, name, _, _ in steps for w in self._learned(kind, weights.get(name, ()))]
        for weight in learned:
            weight.requires_grad_()
        optimizer = self.torch.optim.SGD(learned, learning_rate, momentum=momentum)

        def train(x, y):
            optimizer.zero_grad()
            logits = self.run(steps, weights, self.images(x), training=True)
            loss = self.functional.cross_entropy(logits, self.torch.from_numpy(y).long())
            loss.backward()
            optimizer.step()
            return float(loss.detach())

        return train

    @staticmethod
    def _learned(kind, weights):
        return weights[:2] if kind == "BatchNormalization" else weights


class _Functional(Framework):
    """JAX and TensorFlow, whose functions are alike."""

    def ZeroPadding2D(self, x, weights, config):
        return self.np.pad(x, [(0, 0), *config["padding"], (0, 0)])

    def Dense(self, x, weights, config):
        return self.activated(x @ weights[0] + weights[1], config["activation"])

    def Reshape(self, x, weights, config):
        return x[:, None, None, :]

    def constant(self, value):
        return np.asarray(value, "float32")

    def normalized(self, x, weights, config, training, state, name):
        gamma, beta, mean, variance = weights
        if training:
            mean, variance = self.moments(x)
            share = config["momentum"]
            state[name] = [old * share + new * (1 - share) for old, new in zip(weights[2:], (mean, variance))]
        scale = gamma * self.rsqrt(variance + config["epsilon"])
        return x * scale + (beta - mean * scale)


class Jax(_Functional):
    def __init__(self):
        import jax

        self.jax, self.np, self.nn = jax, jax.numpy, jax.nn

    def Conv2D(self, x, weights, config, groups=None):
        kernel = weights[0]
        if groups is not None:
            kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
        x = self.jax.lax.conv_general_dilated(
            x,
            kernel,
            config["strides"],
            config["padding"].upper(),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups or config["groups"],
        )
        x = x + weights[1] if len(weights) > 1 else x
        return self.activated(x, config["activation"])

    def DepthwiseConv2D(self, x, weights, config):
        return self.Conv2D(x, weights, config, groups=x.shape[-1])

    def MaxPooling2D(self, x, weights, config):
        window, strides = (1, *config["pool_size"], 1), (1, *config["strides"], 1)
        return self.jax.lax.reduce_window(x, -np.inf, self.jax.lax.max, window, strides, config["padding"].upper())

    def GlobalAveragePooling2D(self, x, weights, config):
        return x.mean(IMAGE_AXES, keepdims=config["keepdims"])

    def moments(self, x):
        return x.mean((0, 1, 2)), x.var((0, 1, 2))

    def rsqrt(self, x):
        return self.jax.lax.rsqrt(x)

    def clipped(self, x, top):
        return self.np.clip(x, 0, top)

    def __getattr__(self, name):  # relu, silu, sigmoid, softmax
        return getattr(self.nn, name)

    def predictor(self, model):
        steps, weights = program(model), weights_of(model)
        weights = self.jax.device_put(weights)
        predict = self.jax.jit(lambda weights, x: self.run(steps, weights, x))
        return lambda x: np.asarray(predict(weights, x))

    def trainer(self, model, learning_rate, momentum):
        jax, steps = self.jax, program(model)
        norms = {name for kind, name, _, _ in steps if kind == "BatchNormalization"}
        every = jax.device_put(weights_of(model))
        learned = {name: arrays[:2] if name in norms else arrays for name, arrays in every.items()}
        fixed = {name: every[name][2:] for name in norms}
        velocity = jax.tree.map(jax.numpy.zeros_like, learned)

        def loss_of(learned, fixed, x, y):
            state = {}
            weights = {name: [*arrays, *fixed.get(name, ())] for name, arrays in learned.items()}
            logits = jax.nn.log_softmax(self.run(steps, weights, x, training=True, state=state))
            return -jax.numpy.take_along_axis(logits, y[:, None], 1).mean(), state

        def step(learned, fixed, velocity, x, y):
            (loss, fixed), gradients = jax.value_and_grad(loss_of, has_aux=True)(learned, fixed, x, y)
            velocity = jax.tree.map(lambda v, g: momentum * v - learning_rate * g, velocity, gradients)
            return jax.tree.map(jax.numpy.add, learned, velocity), fixed, velocity, loss

        step = jax.jit(step, donate_argnums=(0, 1, 2))
        held = [learned, fixed, velocity]

        def train(x, y):
            *held[:], loss = step(*held, x, y)
            return float(loss)

        return train


class Tensorflow(_Functional):
    def Flatten(self, x, weights, config):
        return self.tf.reshape(x, (-1, x.shape[-1]))

    def __init__(self):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.tf, self.np, self.nn = tf, tf, tf.nn

    def Conv2D(self, x, weights, config):
        x = self.tf.nn.conv2d(x, weights[0], config["strides"], config["padding"].upper())
        x = self.tf.nn.bias_add(x, weights[1]) if len(weights) > 1 else x
        return self.activated(x, config["activation"])

    def DepthwiseConv2D(self, x, weights, config):
        strides = (1, *config["strides"], 1)
        x = self.tf.nn.depthwise_conv2d(x, weights[0], strides, config["padding"].upper())
        return self.activated(x, config["activation"])

    def MaxPooling2D(self, x, weights, config):
        return self.tf.nn.max_pool2d(x, config["pool_size"], config["strides"], config["padding"].upper())

    def GlobalAveragePooling2D(self, x, weights, config):
        return self.tf.reduce_mean(x, IMAGE_AXES, keepdims=config["keepdims"])

    def normalized(self, x, weights, config, training, state, name):
        gamma, beta, mean, variance = weights
        if not training:
            found = self.tf.compat.v1.nn.fused_batch_norm(
                x, gamma, beta, mean, variance, config["epsilon"], is_training=False
            )
            return found[0]
        x, new_mean, new_variance = self.tf.compat.v1.nn.fused_batch_norm(
            x, gamma, beta, epsilon=config["epsilon"], is_training=True
        )
        share = config["momentum"]
        for old, new in ((mean, new_mean), (variance, new_variance)):
            old.assign(old * share + new * (1 - share))
        return x

    def clipped(self, x, top):
        return self.tf.clip_by_value(x, 0, top)

    def __getattr__(self, name):
        return getattr(self.nn, name)

    def predictor(self, model):
        tf, steps = self.tf, program(model)
        weights = {name: [tf.constant(array) for array in arrays] for name, arrays in weights_of(model).items()}
        predict = tf.function(lambda x: self.run(steps, weights, x))
        return lambda x: predict(tf.constant(x)).numpy()

    def trainer(self, model, learning_rate, momentum):
        tf, steps = self.tf, program(model)
        weights = {name: [tf.Variable(array) for array in arrays] for name, arrays in weights_of(model).items()}
        norms = {name for kind, name, _, _ in steps if kind == "BatchNormalization"}
        learned = [w for name, held in weights.items() for w in (held[:2] if name in norms else held)]
        velocity = [tf.Variable(tf.zeros_like(weight)) for weight in learned]

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                logits = self.run(steps, weights, x, training=True)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
            for weight, moved, gradient in zip(learned, velocity, tape.gradient(loss, learned)):
                moved.assign(momentum * moved - learning_rate * gradient)
                weight.assign_add(moved)
            return loss

        return lambda x, y: float(step(tf.constant(x), tf.constant(y)))
