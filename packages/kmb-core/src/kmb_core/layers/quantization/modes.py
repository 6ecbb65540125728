"""The built-in modes, known by name once this module is imported: the first layer that is quantized does it."""

from kmb_core.layers.quantization.float8 import Float8
from kmb_core.layers.quantization.groups import Awq, Gptq
from kmb_core.layers.quantization.int4 import Int4
from kmb_core.layers.quantization.int8 import Int8
from kmb_core.layers.quantization.mode import mode_named

__all__ = ["Awq", "Float8", "Gptq", "Int4", "Int8", "mode_named"]
