"""Quantizing a whole model: layer by layer, or block by block with data for the modes that calibrate."""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy, convert_to_tensor
from kmb_core.errors import NotBuiltError, message
from kmb_core.layers.layer import Layer
from kmb_core.layers.quantization.calibration import awq, gptq
from kmb_core.layers.quantization.quantizable import Quantizable, checked_config
from kmb_core.layers.quantization.samples import samples
from kmb_core.layers.quantization.statistics import InputStatistics, recorded
from kmb_core.layers.quantization.weight import QuantizableWeight

CALIBRATED = ("gptq", "awq")


def quantize_model(model: Any, mode: str | None, config: Any, filters: Any, type_check: bool) -> None:
    """Quantize the layers of a model; see `Model.quantize`."""
    config = checked_config(mode, config, model)
    wanted = _filter(filters, model)
    if not model.built:
        raise NotBuiltError(f"{model._where()}: quantize needs a built model: call it on data once")
    if config.mode in CALIBRATED:
        done = _calibrated(model, config, wanted)
    else:
        done = 0
        for layer in model._flatten_layers(include_self=False):
            if wanted(layer) and _can(layer, config.mode):
                layer.quantize(config.mode, type_check=type_check, config=config)
                done += 1
    if not done:
        what = f"{model._where()}: quantize({config.mode!r}) found no layer that it can quantize"
        warnings.warn(message(what, "None can be in this mode, or none passes the filters.", None), stacklevel=4)
    model.trainer.rebuild()


def _can(layer: Any, mode: str) -> bool:
    """Whether a layer can become quantized in a mode: one of ours says so, one that only defines `quantize` may."""
    if isinstance(layer, Quantizable):
        return mode in layer.quantization_modes
    return isinstance(layer, Layer) and layer._defines("quantize") and not hasattr(layer, "layers")


def _filter(filters: Any, model: Any) -> Callable[[Any], bool]:
    if filters is None:
        return lambda layer: True
    if callable(filters):
        return lambda layer: bool(filters(layer))
    patterns = [filters] if isinstance(filters, str) else filters
    if not isinstance(patterns, Sequence) or not all(isinstance(pattern, str) for pattern in patterns):
        what = f"{model._where()}: quantize: filters is a pattern, a list of patterns, or a function of the layer"
        raise ValueError(f"{what}; got {filters!r:.60}")
    return lambda layer: any(re.search(pattern, layer.name) for pattern in patterns)


# With data ---------------------------------------------------------------------------------------------------------


def _calibrated(model: Any, config: Any, wanted: Callable[[Any], bool]) -> int:
    """Block after block: see what its layers get, quantize them, and go on with what the quantized block gives."""
    in_front, blocks = _structure(model, config)
    states: list[Any] = samples(config, model._where())
    for layer in in_front:
        states = _run(layer, states)
    done = 0
    for block in blocks:
        layers = [
            layer
            for layer in block._flatten_layers()
            if isinstance(layer, Quantizable) and config.mode in layer.quantization_modes and wanted(layer)
        ]
        with recorded(layers) as statistics:
            _run(block, states)
        for layer in layers:
            _quantize_with(layer, statistics[id(layer)], config)
        done += len(layers)
        states = _run(block, states)
    return done


def _structure(model: Any, config: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """The layers in front of the blocks, and the blocks."""
    structure = config.quantization_layer_structure or model.get_quantization_layer_structure(config.mode)
    keys = ("pre_block_layers", "sequential_blocks")
    if not isinstance(structure, Mapping) or any(key not in structure for key in keys):
        what = f"{model._where()}: mode {config.mode!r} needs to know the model's blocks"
        cause = f"A structure is a dict with {' and '.join(keys)}, got {structure!r:.40}."
        remedy = "Pass quantization_layer_structure= to the config, or define get_quantization_layer_structure."
        raise ValueError(message(what, cause, remedy))
    return structure[keys[0]], structure[keys[1]]


def _run(layer: Any, states: list[Any]) -> list[np.ndarray]:
    """A layer's outputs for each sample, on the host: so nothing is kept for gradients, and the device stays free."""
    return [convert_to_numpy(layer(convert_to_tensor(state))) for state in states]


def _quantize_with(layer: Quantizable, statistics: InputStatistics, config: Any) -> None:
    def values(weight: QuantizableWeight, value: Any) -> Any:
        matrix = convert_to_numpy(weight.matrix(value)).astype("float64")
        mode: Any = layer._mode
        if config.mode == "gptq":
            return mode.from_integers(layer, weight, *gptq(matrix, statistics, config))
        integers, grid, scales = awq(matrix, statistics, config)
        return {**mode.from_integers(layer, weight, integers, grid), "awq_scales": scales}

    layer.quantize_with_values(config, values)
