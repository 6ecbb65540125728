"""Cases of quantized layers: layers that were built, given weights and quantized."""

from typing import Any

import numpy as np

from kmb_core import Layer, layers
from kmb_core.conformance.layer_cases.catalogue import Catalogue
from kmb_core.conformance.layer_check import Given, LayerCase, given_of
from kmb_core.quantizers import GPTQConfig, Int4QuantizationConfig, QuantizationConfig

CASES = Catalogue()


def _quantized(layer: Layer, shape: tuple[int, ...], mode: str, config: QuantizationConfig | None) -> Layer:
    layer.build(shape)
    generator = np.random.default_rng(7)
    for weight in layer.weights:
        weight.assign(generator.uniform(-1.0, 1.0, weight.shape).astype("float32"))
    layer.quantize(mode, config=config)
    return layer


def _add(
    name: str, inputs: Any, mode: str, config: QuantizationConfig | None = None, options: Any = None, **arguments: Any
) -> None:
    given = given_of(inputs)

    def make() -> Layer:
        return _quantized(getattr(layers, name)(**arguments), given.shape, mode, config)

    # Its config holds the quantized policy: in another dtype it would be another layer.
    settings = {"other_dtypes": False, **(options or {})}
    CASES.cases.append(LayerCase(f"{name}({mode}) {len(CASES.cases)}", make, given, **settings))


_BLOCKS = Int4QuantizationConfig(block_size=2)
_INTEGERS = Given((2, 3), "int32", 0, 5)
_EAGER = {"compiled": False}  # one case of a kind of product is compiled
_add("Dense", (2, 3), "int8", units=4, activation="tanh")
_add("Dense", (2, 5, 3), "int4", _BLOCKS, {"unknown": (0, 1)}, units=3)
# Files hold the sum of both, quantized anew.
_add("Dense", (2, 3), "int8", None, {"saved": False, **_EAGER}, units=4, lora_rank=2)
# Its state learns in training only, which `trains` does not know; compilers leave out the rounding of its bias.
_add("Dense", (2, 3), "float8", None, {"differentiable": False, **_EAGER}, units=4)
_add("Dense", (2, 3), "gptq", GPTQConfig(None, None, group_size=2), _EAGER, units=3)
_add("EinsumDense", (2, 5, 3), "int8", equation="abc,cde->abde", output_shape=(None, 2, 4), bias_axes="de")
_add("EinsumDense", (2, 5, 3), "int4", _BLOCKS, _EAGER, equation="abc,dc->abd", output_shape=(None, 4))
_add("Embedding", _INTEGERS, "int8", None, _EAGER, input_dim=5, output_dim=4)
_add("Embedding", _INTEGERS, "int4", _BLOCKS, input_dim=5, output_dim=3, mask_zero=True)
_add(
    "ReversibleEmbedding",
    (2, 3, 4),
    "int8",
    None,
    {"keywords": {"reverse": True}, "saved": False, **_EAGER},
    input_dim=5,
    output_dim=4,
    tie_weights=False,
)
