"""A training step under torch.compile is one graph, dropout, masks, recurrence and attention included."""

import numpy as np
import pytest
import torch

from kmb_core import Model, Sequential, layers, losses

CLASSES = 3


def perceptron():
    parts = [layers.Dense(8, "relu"), layers.Dropout(0.5), layers.GaussianNoise(0.1), layers.Dense(CLASSES)]
    return Sequential([layers.Input((6,)), *parts]), (6,)


def convolutions():
    parts = [layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(), layers.MaxPooling2D()]
    parts += [layers.SeparableConv2D(4, 3, padding="same"), layers.SpatialDropout2D(0.5)]
    return Sequential([layers.Input((8, 8, 3)), *parts, layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)]), (
        8,
        8,
        3,
    )


def recurrences():
    parts = [
        layers.Embedding(9, 4, mask_zero=True),
        layers.LSTM(4, return_sequences=True),
        layers.Bidirectional(layers.GRU(4)),
    ]
    return Sequential([layers.Input((5,), dtype="int32"), *parts, layers.Dense(CLASSES)]), (5,)


def attention():
    inputs = layers.Input((5, 8))
    x = layers.LayerNormalization()(inputs + layers.MultiHeadAttention(2, 4, dropout=0.1)(inputs, inputs))
    x = layers.GlobalAveragePooling1D()(x + layers.Dense(8, "gelu")(x))
    return Model(inputs, layers.Dense(CLASSES)(x)), (5, 8)


@pytest.mark.parametrize("make", [perceptron, convolutions, recurrences, attention])
def test_a_step_is_one_graph(make):
    model, shape = make()
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    x, y = np.ones((4, *shape), "int32" if make is recurrences else "float32"), np.arange(4) % CLASSES
    model.train_on_batch(x, y)
    with model.trainer.phase("train"):
        found = torch._dynamo.explain(model.trainer._plan._loss)(torch.from_numpy(x), torch.from_numpy(y), None, True)
    torch._dynamo.reset()
    assert found.graph_count == 1, [reason.reason for reason in found.break_reasons]
    assert found.graph_break_count == 0
