"""Quantizers and packing, against NumPy written out."""

import numpy as np
import pytest

import kmb_core
from kmb_core import ops, quantizers
from kmb_core.backend import current_backend
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.plugins import Capability


def array(x):
    return np.asarray(ops.convert_to_numpy(x))


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(7, 4)).astype("float32")


@pytest.mark.parametrize("axis", [0, -1, (0, 1)])
@pytest.mark.parametrize("on_the_host", [False, True])
def test_the_largest_magnitude_becomes_the_end_of_the_range(values, axis, on_the_host):
    integers, scale = quantizers.abs_max_quantize(values, axis, to_numpy=on_the_host)
    wanted = 127 / (np.abs(values).max(axis=axis, keepdims=True) + 1e-7)
    assert array(integers).dtype == "int8"
    assert scale.shape == wanted.shape
    np.testing.assert_allclose(array(scale), wanted, rtol=1e-6)
    assert np.abs(array(integers) / wanted - values).max() <= 0.5 / wanted.min() + 1e-6


def test_zeros_stay_zeros():
    integers, scale = quantizers.abs_max_quantize(np.zeros((2, 2), "float32"), 0)
    assert not array(integers).any()
    assert np.isfinite(array(scale)).all()


@pytest.mark.parametrize("block", [2, 3, 7, 50, -1])
def test_a_block_of_rows_has_a_scale_and_a_zero_point(values, block):
    integers, scale, zero = (array(t) for t in quantizers.abs_max_quantize_grouped_with_zero_point(values, block))
    size = 7 if block == -1 else block
    for start in range(0, 7, size):
        rows, group = values[start : start + size], start // size
        padded = np.vstack([rows, np.zeros((size - len(rows), 4), "float32")])
        width = (padded.max(0) - padded.min(0) + 1e-7) / 15
        np.testing.assert_allclose(scale[group], width, rtol=1e-5)
        inside = (padded.min(0) <= 0) & (padded.max(0) >= 0)  # a range without zero does not fit the zero points
        restored = (integers[start : start + size].astype("float32") - zero[group]) * scale[group]
        assert (np.abs(restored - rows) <= width * 1.01)[:, inside].all()
    assert integers.min() >= -8
    assert integers.max() <= 7
    assert zero.dtype == "int8"


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize(("dtype", "low"), [("int8", -8), ("uint8", 0)])
def test_packed_integers_come_back(axis, dtype, low):
    integers = np.random.default_rng(1).integers(low, low + 16, (5, 3)).astype(dtype)
    packed, shape, length = quantizers.pack_int4(integers, axis, dtype)
    assert tuple(packed.shape) == shape
    assert length == integers.shape[axis]
    np.testing.assert_array_equal(array(quantizers.unpack_int4(packed, length, axis, dtype)), integers)
    first = np.moveaxis(array(packed), axis, 0)[0].astype("int32") & 15
    np.testing.assert_array_equal(first, np.moveaxis(integers, axis, 0)[0].astype("int32") & 15)


def test_wrong_tensors_are_not_packed():
    with pytest.raises(DTypeError, match="int8"):
        quantizers.pack_int4(np.zeros((2, 2), "float32"))
    with pytest.raises(DTypeError, match="int32"):
        quantizers.pack_int4(np.zeros((2, 2), "int8"), dtype="int32")
    with pytest.raises(ShapeError, match="hold 3 or 4"):
        quantizers.unpack_int4(np.zeros((2, 2), "int8"), 5)
    with pytest.raises(ShapeError, match="matrix"):
        quantizers.abs_max_quantize_grouped_with_zero_point(np.zeros(3, "float32"), 2)


def test_a_scale_of_8_bit_floats_follows_the_history():
    history = np.array([1.0, 2.0, 3.0, 4.0], "float32")
    np.testing.assert_allclose(
        array(quantizers.compute_float8_amax_history(np.float32([-7, 2]), history)), [7, 3, 4, 1]
    )
    assert float(quantizers.compute_float8_scale(np.float32(896), np.float32(3), 448.0)) == 2.0
    assert float(quantizers.compute_float8_scale(np.float32(0), np.float32(3), 448.0)) == 3.0
    assert float(quantizers.compute_float8_scale(np.float32(np.inf), np.float32(3), 448.0)) == 3.0
    rounded = array(quantizers.quantize_and_dequantize(np.float32([1.1, -500, 17.0]), 1.0, "float8_e4m3fn", "float32"))
    np.testing.assert_allclose(rounded, [1.125, -448.0, 16.0])
    with pytest.raises(DTypeError, match="float8_e4m3fn"):
        quantizers.quantize_and_dequantize(1.0, 1.0, "float16", "float32")


def fake(x, low, high, bits, narrow):
    """Jacob et al. 2017, section 3, element by element."""
    first, last = int(narrow), 2**bits - 1
    scale = (high - low) / (last - first)
    zero = np.clip(np.round(first - low / scale), first, last)
    bottom, top = (first - zero) * scale, (last - zero) * scale
    return np.floor((np.clip(x, bottom, top) - bottom) / scale + 0.5) * scale + bottom


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.5), (0.0, 1.0), (0.5, 2.0), (-0.7, 1.3)])
@pytest.mark.parametrize("bits", [2, 8])
@pytest.mark.parametrize("narrow", [False, True])
def test_fake_quantization_gives_what_integers_can_hold(values, low, high, bits, narrow):
    found = quantizers.fake_quant_with_min_max_vars(values, low, high, bits, narrow)
    np.testing.assert_allclose(array(found), fake(values.astype("float64"), low, high, bits, narrow), atol=1e-5)


def test_fake_quantization_has_ranges_for_each_place_on_an_axis(values):
    high = np.arange(1, 8, dtype="float32") / 3 + 0.01
    found = array(quantizers.fake_quant_with_min_max_vars(values, -np.ones(7, "float32"), high, axis=0))
    for row in range(7):
        np.testing.assert_allclose(found[row], fake(values[row].astype("float64"), -1, high[row], 8, False), atol=1e-5)
    with pytest.raises(ValueError, match="2 to 16"):
        quantizers.fake_quant_with_min_max_vars(values, 0.0, 1.0, num_bits=1)


def test_gradients_pass_through_fake_quantization_within_the_range():
    backend = current_backend()
    if not backend.supports(Capability.GRADIENTS):
        return
    x = [backend.convert(np.float32(v), "float32") for v in ([-3.0, 0.2, 0.4, 9.0], -1.0, 1.0)]
    factors = np.float32([1, 10, 100, 1000])

    def total(x, low, high):
        return ops.sum(ops.multiply(quantizers.fake_quant_with_min_max_vars(x, low, high), factors))

    _, gradients = backend.implementation.value_and_gradients(total, x)
    np.testing.assert_allclose(array(gradients[0]), [0, 10, 100, 0])
    assert (float(gradients[1]), float(gradients[2])) == (1.0, 1000.0)


def test_quantizers_and_configs_come_back_from_what_they_write():
    for config in (
        quantizers.Int8QuantizationConfig(quantizers.AbsMaxQuantizer(0, (-100, 100)), None),
        quantizers.Int4QuantizationConfig(block_size=None),
        quantizers.Float8QuantizationConfig(),
        quantizers.GPTQConfig(["text"], str.split, weight_bits=3, group_size=-1),
        quantizers.AWQConfig(["text"], str.split, num_grid_points=5),
    ):
        written = quantizers.serialize(config)
        again = quantizers.deserialize(written)
        assert type(again) is type(config)
        assert quantizers.serialize(again) == written
    assert quantizers.get("abs_max_quantizer", axis=1).axis == (1,)
    assert kmb_core.Quantizer is quantizers.Quantizer


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: quantizers.Int4QuantizationConfig(block_size=0), "block_size"),
        (lambda: quantizers.Int4QuantizationConfig(quantizers.AbsMaxQuantizer(0, (-8, 7))), "quantizers of your own"),
        (lambda: quantizers.Int8QuantizationConfig(quantizers.AbsMaxQuantizer(0, output_dtype="float32")), "int8"),
        (lambda: quantizers.Int8QuantizationConfig(activation_quantizer=3), "activation_quantizer"),
        (lambda: quantizers.AbsMaxQuantizer(value_range=(7, -7)), "value_range"),
        (lambda: quantizers.GPTQConfig(None, None, weight_bits=5), "weight_bits"),
        (lambda: quantizers.GPTQConfig(None, None, hessian_damping=2), "hessian_damping"),
        (lambda: quantizers.AWQConfig(None, None, weight_bits=8), "weight_bits"),
        (lambda: quantizers.AWQConfig(None, None, num_grid_points=0), "num_grid_points"),
        (lambda: quantizers.GPTQConfig(None, None, group_size=0), "group_size"),
        (lambda: quantizers.get("nothing"), "quantizer"),
    ],
)
def test_wrong_arguments_are_named(make, what):
    with pytest.raises(ValueError, match=what):
        make()


def test_mixed_precision_has_the_older_names():
    names = kmb_core.mixed_precision
    assert names.Policy is kmb_core.DTypePolicy
    assert names.global_policy is names.dtype_policy
    assert names.set_global_policy is kmb_core.config.set_dtype_policy
    assert names.LossScaleOptimizer is kmb_core.optimizers.LossScaleOptimizer
