"""A file that one backend wrote in the middle of a training, read by another: the next ten steps are the same."""

import itertools

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.plugins import Capability

pytestmark = pytest.mark.mixed

TRAINING = [
    name
    for name in sorted(kmb_core.plugins.installed_backends())
    if kmb_core.plugins.load_backend(name).supports(Capability.GRADIENTS)
]
RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(6, 8)).astype("float32")
IMAGES = RANDOM.normal(size=(6, 7, 7, 2)).astype("float32")
TOKENS = RANDOM.integers(0, 12, size=(6, 5)).astype("int32")
TARGETS = RANDOM.normal(size=(6, 2)).astype("float32")


def convolutions():
    parts = [layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(), layers.GlobalAveragePooling2D()]
    model = kmb_core.Sequential([kmb_core.Input((7, 7, 2)), *parts, layers.Dense(2)])
    model.compile(kmb_core.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "mse", metrics=["mae"])
    return model, IMAGES


def attention():
    inputs = kmb_core.Input((5,), dtype="int32")
    hidden = layers.Embedding(12, 8, mask_zero=True)(inputs)
    hidden = layers.LayerNormalization()(hidden + layers.MultiHeadAttention(2, 4)(hidden, hidden))
    model = kmb_core.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(hidden)))
    schedule = kmb_core.optimizers.schedules.CosineDecay(0.01, 50, warmup_steps=3, warmup_target=0.02)
    model.compile(kmb_core.optimizers.AdamW(schedule, weight_decay=0.01, global_clipnorm=1.0), "mse")
    return model, TOKENS


def recurrence():
    inputs = kmb_core.Input((4, 2))
    hidden = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(inputs)
    model = kmb_core.Model(inputs, layers.Dense(2)(layers.GRU(4)(hidden)))
    model.compile(kmb_core.optimizers.RMSprop(0.01, centered=True), "mse")
    return model, ROWS.reshape(6, 4, 2)


def averaged():
    model = kmb_core.Sequential([kmb_core.Input((8,)), layers.Dense(6, activation="tanh"), layers.Dense(2)])
    model.compile(kmb_core.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4), "mse")
    return model, ROWS


def accumulated():
    model = kmb_core.Sequential([kmb_core.Input((8,)), layers.Dense(6, activation="tanh"), layers.Dense(2)])
    model.compile(kmb_core.optimizers.Adam(0.02, gradient_accumulation_steps=3), "mse")
    return model, ROWS


def adapted():
    """LoRA: what trains is a small product beside the frozen kernel."""
    model = kmb_core.Sequential([kmb_core.Input((8,)), layers.Dense(6, activation="tanh"), layers.Dense(2)])
    model.layers[0].enable_lora(2)
    model.compile(kmb_core.optimizers.Lion(0.01), "mse")
    return model, ROWS


def quantized():
    """LoRA on a kernel of int8."""
    model = kmb_core.Sequential([kmb_core.Input((8,)), layers.Dense(6, activation="tanh"), layers.Dense(2)])
    model.layers[0].quantize("int8")
    model.layers[0].enable_lora(2)
    model.compile(kmb_core.optimizers.Adam(0.02), "mse")
    return model, ROWS


def steps(model, x, count):
    return [model.train_on_batch(x, TARGETS, return_dict=True) for _ in range(count)]


@pytest.mark.parametrize("made", [convolutions, attention, recurrence, averaged, accumulated, adapted, quantized])
@pytest.mark.parametrize("source", TRAINING)
def test_the_next_ten_steps_are_the_same_wherever_a_file_is_read(source, made, tmp_path):
    with kmb_core.use_backend(source):
        kmb_core.utils.set_random_seed(3)
        model, x = made()
    steps(model, x, 5)
    model.save(tmp_path / "model.keras")
    expected = steps(model, x, 10)
    for target in TRAINING:
        with kmb_core.use_backend(target):
            loaded = kmb_core.saving.load_model(tmp_path / "model.keras")
        for found, wanted in zip(steps(loaded, x, 10), expected, strict=True):
            assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5), target
        for ours, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4, err_msg=target)


def test_more_than_one_backend_trains_here():
    assert len(list(itertools.combinations(TRAINING, 2))) > 0
