"""Rows of `ops.nn.loss`."""

import numpy as np

from kmb_core.conformance.row import Table, fixed, integers, numbers, probabilities
from kmb_core.conformance.rows.activations import log_softmax, sigmoid

TABLE = Table()

EPSILON = 1e-7  # the configured one, which no case changes
SMOOTH = {"gradients": True, "tolerance": 4e-6, "low_tolerance": 0.1}


def binary(target, output, from_logits=False):
    """By the definition."""
    p = sigmoid(output) if from_logits else np.clip(output, EPSILON, 1 - EPSILON)
    return -(target * np.log(p) + (1 - target) * np.log(1 - p))


def log_probabilities(output, from_logits, axis):
    """Of logits by softmax, of probabilities after division by their sum."""
    if from_logits:
        return log_softmax(output, axis)
    return np.log(np.clip(output / output.sum(axis, keepdims=True), EPSILON, 1 - EPSILON))


def categorical(target, output, from_logits=False, axis=-1):
    """By the definition."""
    return -(target * log_probabilities(output, from_logits, axis)).sum(axis)


def sparse(target, output, from_logits=False, axis=-1):
    """The logarithm at the place."""
    target = target if target.ndim == output.ndim else np.expand_dims(target, axis)
    return -np.take_along_axis(log_probabilities(output, from_logits, axis), target, axis).squeeze(axis)


TABLE.add("binary_crossentropy", binary, probabilities(2, 3), probabilities(2, 3), **SMOOTH)
TABLE.add("binary_crossentropy", binary, probabilities(2, 3), numbers(2, 3), True, **SMOOTH)
TABLE.add("binary_crossentropy", binary, fixed([1.0, 0.0]), fixed([0.5, 1.0]), dtypes=("int32",), tolerance=3e-2)
TABLE.add("categorical_crossentropy", categorical, probabilities(2, 3), probabilities(2, 3), **SMOOTH)
TABLE.add("categorical_crossentropy", categorical, probabilities(2, 3), numbers(2, 3), True, **SMOOTH)
TABLE.add("categorical_crossentropy", categorical, numbers(2, 3, 2), numbers(2, 3, 2), True, 1, **SMOOTH)
TABLE.add("sparse_categorical_crossentropy", sparse, integers(4, high=3), probabilities(4, 3), **SMOOTH)
TABLE.add("sparse_categorical_crossentropy", sparse, integers(4, high=3), numbers(4, 3), True, **SMOOTH)
TABLE.add("sparse_categorical_crossentropy", sparse, integers(4, 1, high=3), numbers(4, 3), True, **SMOOTH)
TABLE.add("sparse_categorical_crossentropy", sparse, integers(2, 2, high=3), numbers(2, 3, 2), True, 1, **SMOOTH)


def one_hot(x, num_classes, axis=-1, dtype=None):
    """Each class compared; what is none gives zeros."""
    hot = x[..., None] == np.arange(num_classes)
    return np.moveaxis(hot, -1, axis).astype(dtype or "float32")


def multi_hot(x, num_classes, axis=-1, dtype=None):
    """Whether a sample names the class."""
    return one_hot(x, num_classes).any(-2).astype(dtype or "float32")


TABLE.add("one_hot", one_hot, fixed([[0, 2, -1], [1, 3, 7]], "int32"), 4, dtypes=("float32",))
TABLE.add("one_hot", one_hot, fixed([0, 2, 1], "int32"), 3, 0, "int32", dtypes=("float32",))
TABLE.add("one_hot", one_hot, fixed(1, "int32"), 3, dtype="bool", dtypes=("float32",))
TABLE.add("one_hot", one_hot, fixed([1, 0], "uint8"), 3, dtypes=("float32",))
TABLE.add("multi_hot", multi_hot, fixed([[0, 2, -1], [1, 1, 7]], "int32"), 4, dtypes=("float32",))
TABLE.add("multi_hot", multi_hot, fixed([0, 2], "int32"), 4, dtype="int32", dtypes=("float32",))
