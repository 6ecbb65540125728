"""Quantizers: floating values as integers of few bits or as 8-bit floats, and how layers do it."""

from kmb_core.quantizers.absolute_maximum import abs_max_quantize, abs_max_quantize_grouped_with_zero_point
from kmb_core.quantizers.calibrated import AWQConfig, GPTQConfig
from kmb_core.quantizers.configs import (
    Float8QuantizationConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)
from kmb_core.quantizers.fake import fake_quant_with_min_max_vars
from kmb_core.quantizers.float8 import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from kmb_core.quantizers.identifiers import deserialize, get, serialize
from kmb_core.quantizers.packing import pack_int4, unpack_int4
from kmb_core.quantizers.quantizer import AbsMaxQuantizer, Quantizer

__all__ = [
    "AWQConfig",
    "AbsMaxQuantizer",
    "Float8QuantizationConfig",
    "GPTQConfig",
    "Int4QuantizationConfig",
    "Int8QuantizationConfig",
    "QuantizationConfig",
    "Quantizer",
    "abs_max_quantize",
    "abs_max_quantize_grouped_with_zero_point",
    "compute_float8_amax_history",
    "compute_float8_scale",
    "deserialize",
    "fake_quant_with_min_max_vars",
    "get",
    "pack_int4",
    "quantize_and_dequantize",
    "serialize",
    "unpack_int4",
]
