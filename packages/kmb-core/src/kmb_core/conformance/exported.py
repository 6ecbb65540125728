"""Models for the tests of exporters, with inputs, and the comparison of what an artifact gives with predictions."""

from typing import Any

import numpy as np

import kmb_core
from kmb_core import layers, tree


def inputs_of(model: Any, batch: int, length: int = 6) -> Any:
    """Arrays like a model's inputs; whole numbers where it looks them up.

    Args:
        model: a functional model.
        batch: how many samples.
        length: what stands for open sizes.
    """
    generator = np.random.default_rng(0)

    def one(x: Any) -> np.ndarray:
        shape = [batch, *(length if size is None else size for size in x.shape[1:])]
        if x.dtype == "int32":
            return generator.integers(0, 7, shape).astype("int32")
        return generator.normal(size=shape).astype("float32")

    return tree.map_structure(one, model.input)


def assert_same(outputs: Any, expected: Any) -> None:
    """Compare two structures of arrays, leaf by leaf."""
    for ours, theirs in zip(tree.flatten(outputs), tree.flatten(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def mlp() -> Any:
    """Dense layers behind a normalization."""
    return kmb_core.Sequential(
        [
            kmb_core.Input((4,)),
            layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 9.0, 16.0]),
            layers.Dense(8, activation="gelu"),
            layers.Dropout(0.5),
            layers.Dense(2, activation="softmax"),
        ]
    )


def convolutions() -> Any:
    """A small network for images."""
    stack = [layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(6.0), layers.MaxPooling2D()]
    return kmb_core.Sequential([kmb_core.Input((8, 8, 3)), *stack, layers.GlobalAveragePooling2D(), layers.Dense(2)])


def recurrence(length: int | None = None) -> Any:
    """Recurrent layers behind a convolution, for sequences of any length or of a fixed one."""
    x = kmb_core.Input((length, 3))
    h = layers.LSTM(4, return_sequences=True)(layers.Conv1D(4, 2)(x))
    return kmb_core.Model(x, layers.GRU(2)(h))


def attention() -> Any:
    """A block of a transformer on whole numbers, of which 0 is masked."""
    ids = kmb_core.Input((5,), dtype="int32", name="ids")
    h = layers.Embedding(7, 8, mask_zero=True)(ids)
    h = layers.LayerNormalization()(h + layers.MultiHeadAttention(2, 4)(h, h))
    return kmb_core.Model(ids, layers.Dense(3)(layers.GlobalAveragePooling1D()(h)))


def dicts() -> Any:
    """Inputs and outputs in dicts, whose keys are neither the names of tensors nor sorted."""
    left, right = kmb_core.Input((4,), name="left"), kmb_core.Input((3,), name="right")
    h = layers.Concatenate()([layers.Dense(3)(right), left])
    outputs = {"sum": layers.Dense(1)(h), "parts": [h, layers.Dense(2)(h)]}
    return kmb_core.Model({"second": left, "first": right}, outputs)


def lists() -> Any:
    """Inputs and outputs in lists."""
    inputs = [kmb_core.Input((4,)), kmb_core.Input((4,))]
    return kmb_core.Model(inputs, [layers.Add()(inputs), layers.Dense(1)(inputs[1])])
