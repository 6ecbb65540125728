"""Single kernels as each framework's own users call them: what `time_kernels.py` measures beside.

Tensors are laid out as kmb takes them. `gradients(function)` is the framework's own way from a function of two tensors
to the gradients of its sum; `finish` waits for what was started.
"""

from __future__ import annotations

import numpy as np
from native import native

CHANNELS_SECOND, CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class Torch:
    """NHWC data is NCHW data in another memory format; a kernel is stored as torch wants it, and permuted for kmb."""

    def __init__(self):
        import torch

        self.torch, self.functional = torch, torch.nn.functional

    def conv_nhwc(self, x, kernel):
        weight = kernel.permute(3, 2, 0, 1)
        return self.functional.conv2d(x.permute(*CHANNELS_SECOND), weight, padding=1).permute(*CHANNELS_LAST)

    def conv_nchw(self, x, kernel):
        return self.functional.conv2d(x, kernel.permute(3, 2, 0, 1), padding=1)

    def layer_normalization(self, x, scale, shift):
        return self.functional.layer_norm(x, scale.shape, scale, shift, 1e-3)

    def softmax(self, x):
        return self.torch.softmax(x, -1)

    def take(self, table, indices):
        return self.functional.embedding(indices, table)

    def einsum(self, x, y):
        return self.torch.einsum("bthd,bshd->bhts", x, y)

    def attention(self, query, key, value):
        parts = [x.transpose(1, 2) for x in (query, key, value)]
        return self.functional.scaled_dot_product_attention(*parts).transpose(1, 2)

    def gradients(self, function):
        def backward(x, kernel):
            x, kernel = x.detach().requires_grad_(), kernel.detach().requires_grad_()
            return self.torch.autograd.grad(function(x, kernel).sum(), (x, kernel))

        return backward

    def finish(self, result):
        return result


class Jax:
    def __init__(self):
        import jax

        self.jax, self.jnp = jax, jax.numpy
        self.layer_normalization = jax.jit(self._layer_normalization)
        self.attention = jax.jit(jax.nn.dot_product_attention)
        self.softmax = jax.jit(jax.nn.softmax)
        self.conv_nhwc = jax.jit(lambda x, kernel: self._conv(x, kernel, "NHWC"))
        self.conv_nchw = jax.jit(lambda x, kernel: self._conv(x, kernel, "NCHW"))

    def _conv(self, x, kernel, layout):
        numbers = (layout, "HWIO", layout)
        return self.jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=numbers)

    def _layer_normalization(self, x, scale, shift):
        center = x.mean(-1, keepdims=True)
        variance = self.jnp.square(x - center).mean(-1, keepdims=True)
        return (x - center) * self.jax.lax.rsqrt(variance + 1e-3) * scale + shift

    def take(self, table, indices):
        return self.jnp.take(table, indices, axis=0)

    def einsum(self, x, y):
        return self.jnp.einsum("bthd,bshd->bhts", x, y)

    def gradients(self, function):
        return self.jax.jit(self.jax.grad(lambda x, kernel: function(x, kernel).sum(), (0, 1)))

    def finish(self, result):
        return self.jax.block_until_ready(result)


class Tensorflow:
    """On processors TensorFlow convolves NHWC data only; whoever has NCHW data transposes it."""

    def __init__(self):
        import tensorflow

        self.tf = tensorflow

    def conv_nhwc(self, x, kernel):
        return self.tf.nn.conv2d(x, kernel, 1, "SAME")

    def conv_nchw(self, x, kernel):
        transpose = self.tf.transpose
        return transpose(self.conv_nhwc(transpose(x, CHANNELS_LAST), kernel), CHANNELS_SECOND)

    def layer_normalization(self, x, scale, shift):
        center, variance = self.tf.nn.moments(x, [-1], keepdims=True)
        return self.tf.nn.batch_normalization(x, center, variance, shift, scale, 1e-3)

    def softmax(self, x):
        return self.tf.nn.softmax(x)

    def take(self, table, indices):
        return self.tf.gather(table, indices)

    def einsum(self, x, y):
        return self.tf.einsum("bthd,bshd->bhts", x, y)

    def attention(self, query, key, value):
        scores = self.tf.einsum("bthd,bshd->bhts", query, key) / query.shape[-1] ** 0.5
        return self.tf.einsum("bhts,bshd->bthd", self.tf.nn.softmax(scores), value)

    def gradients(self, function):
        def backward(x, kernel):
            with self.tf.GradientTape() as tape:
                tape.watch((x, kernel))
                total = self.tf.reduce_sum(function(x, kernel))
            return tape.gradient(total, (x, kernel))

        return backward

    def finish(self, result):
        return result


class Numpy:
    """NumPy has no convolution of images; the other kernels are the formulas."""

    def layer_normalization(self, x, scale, shift):
        centered = x - x.mean(-1, keepdims=True)
        variance = np.square(centered).mean(-1, keepdims=True)
        return centered / np.sqrt(variance + 1e-3) * scale + shift

    def softmax(self, x):
        powers = np.exp(x - x.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)

    def take(self, table, indices):
        return np.take(table, indices, axis=0)

    def einsum(self, x, y):
        return np.einsum("bthd,bshd->bhts", x, y, optimize=True)

    def attention(self, query, key, value):
        scores = self.einsum(query, key) / np.float32(query.shape[-1] ** 0.5)
        return np.einsum("bhts,bshd->bthd", self.softmax(scores), value, optimize=True)

    def finish(self, result):
        return result


def native_kernels(backend: str):
    """The framework's own kernels, and its tensors (`side.tensor`)."""
    side = native(backend)
    kernels = {"numpy": Numpy, "jax": Jax, "torch": Torch, "tensorflow": Tensorflow}[backend]()
    return kernels, side
