"""GPTQ and AWQ: outputs differ less than after rounding to the nearest, and models are walked in blocks."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops, quantizers
from kmb_core.layers.quantization.calibration import awq, gptq
from kmb_core.layers.quantization.rounding import group_ranges
from kmb_core.layers.quantization.statistics import InputStatistics


@pytest.fixture
def problem(random):
    """A weight, and inputs that depend on one another and differ in size."""
    inputs = random.normal(size=(200, 24)) @ random.normal(size=(24, 24)) * np.exp(random.normal(size=24))
    statistics = InputStatistics(24)
    statistics.add(inputs)
    return random.normal(size=(24, 6)), inputs, statistics


def error(inputs, matrix, value):
    return float(np.mean((inputs @ (matrix - value)) ** 2))


def nearest(matrix, config):
    grid = group_ranges(matrix, config.weight_bits, config.group_size)
    return grid.values(grid.integers(matrix))


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("options", [{}, {"activation_order": True}, {"group_size": -1}, {"symmetric": True}])
def test_gptq_loses_less_than_rounding_to_the_nearest(problem, bits, options):
    matrix, inputs, statistics = problem
    config = quantizers.GPTQConfig(None, None, weight_bits=bits, **{"group_size": 8, **options})
    integers, grid = gptq(matrix, statistics, config)
    assert integers.min() >= 0
    assert integers.max() <= 2**bits - 1
    assert (integers == np.round(integers)).all()
    found = error(inputs, matrix, grid.values(integers))
    assert found < 0.7 * error(inputs, matrix, nearest(matrix, config)) or "symmetric" in options
    np.testing.assert_allclose(statistics.error(matrix - grid.values(integers)), 6 * found, rtol=1e-6)


def test_gptq_of_two_rows_hands_the_error_on_as_least_squares_does():
    """For two inputs: what the second row has to be, once the first was rounded, has a closed form."""
    inputs = np.array([[1.0, 0.5], [0.0, 1.0], [1.0, 1.0]])
    statistics = InputStatistics(2)
    statistics.add(inputs)
    matrix = np.array([[0.36], [0.8]])
    config = quantizers.GPTQConfig(None, None, weight_bits=4, group_size=1, hessian_damping=0.0)
    integers, grid = gptq(matrix, statistics, config)
    value = grid.values(integers)
    rest = inputs[:, :1] @ (matrix[:1] - value[:1]) + inputs[:, 1:] @ matrix[1:]
    best = np.linalg.lstsq(inputs[:, 1:], rest, rcond=None)[0]
    np.testing.assert_allclose(value[1], best[0], atol=1e-6)  # a group of one weight holds it exactly


def test_awq_loses_no_more_than_rounding_to_the_nearest(problem):
    matrix, inputs, statistics = problem
    config = quantizers.AWQConfig(None, None, group_size=8)
    integers, grid, scales = awq(matrix, statistics, config)
    found = error(inputs, matrix, grid.values(integers) / scales[:, None])
    assert found < 0.9 * error(inputs, matrix, nearest(matrix, config))


class Block(kmb_core.Layer):
    """Two layers that share an input, and a residual."""

    def __init__(self, **options):
        super().__init__(**options)
        self.up, self.down = layers.Dense(24, "relu"), layers.Dense(8)
        self.heads = layers.EinsumDense("abc,dec->abde", (None, 2, 4))

    def build(self, shape):
        self.up.build(shape)
        self.down.build((*shape[:-1], 24))
        self.heads.build(shape)

    def call(self, x):
        return x + self.down(self.up(x)) + ops.reshape(self.heads(x), (-1, 6, 8))


def small_model():
    tokens = kmb_core.Input((6,), dtype="int32")
    parts = [layers.Embedding(11, 8), Block(), Block(), layers.Dense(3, name="head")]
    outputs = tokens
    for part in parts:
        outputs = part(outputs)
    model = kmb_core.Model(tokens, outputs)
    generator = np.random.default_rng(5)
    for weight in model.weights:
        weight.assign((generator.normal(size=weight.shape) * 0.4).astype("float32"))
    return model, parts


def structure(parts):
    return {"pre_block_layers": parts[:1], "sequential_blocks": parts[1:3]}


class Tokenizer:
    """Letters to numbers."""

    def tokenize(self, text):
        return [ord(letter) - ord("a") for letter in text]


TEXTS = ["abcdefghijk"[i:] + "abcdefghijk"[:i] for i in range(11)] + ["bad", "face", "cabbage", "jig"]


@pytest.mark.parametrize("make", [quantizers.GPTQConfig, quantizers.AWQConfig])
def test_a_model_is_calibrated_block_by_block_and_saved(make, numpy, tmp_path):
    model, parts = small_model()
    x = np.random.default_rng(1).integers(0, 11, (20, 6)).astype("int32")
    wanted = numpy(model(x))
    options = {"sequence_length": 6, "group_size": 4, "quantization_layer_structure": structure(parts)}
    model.quantize(config=make(TEXTS, Tokenizer(), **options))
    calibrated = numpy(model(x))
    assert all(layer.quantization_mode == make(None, None).mode for layer in (parts[1].up, parts[2].heads))
    assert parts[3].quantization_mode is None
    assert parts[0].quantization_mode is None

    rounded, others = small_model()
    for block in others[1:3]:
        for layer in (block.up, block.down, block.heads):
            layer.quantize(config=make(None, None, **options))
    assert np.mean((calibrated - wanted) ** 2) < np.mean((numpy(rounded(x)) - wanted) ** 2)

    model.save_weights(tmp_path / "model.weights.h5")
    rounded.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(numpy(rounded(x)), calibrated, atol=1e-5)


def test_calibration_needs_data_and_a_structure():
    model, parts = small_model()
    with pytest.raises(ValueError, match="pre_block_layers"):
        model.quantize(config=quantizers.GPTQConfig(TEXTS, Tokenizer()))
    config = quantizers.AWQConfig(None, None, quantization_layer_structure=structure(parts))
    with pytest.raises(ValueError, match="needs data"):
        model.quantize(config=config)
    config = quantizers.GPTQConfig(TEXTS, None, quantization_layer_structure=structure(parts))
    with pytest.raises(ValueError, match="tokenizer"):
        model.quantize(config=config)
    assert all(layer.quantization_mode is None for layer in model._flatten_layers())
