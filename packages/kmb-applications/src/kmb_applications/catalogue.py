"""What there is to choose from: every model with its size, its arithmetic, and how fast it was here.

The figures of the models as they are by default (1000 classes, the size of the published weights) lie in `models.json`,
so that nothing is built to list them. `python -m kmb_applications.catalogue` writes that file anew.
"""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kmb_core.settings import measured

FILE = Path(__file__).with_name("models.json")


@dataclass(frozen=True)
class ModelSummary:
    """A model as it is by default.

    Args:
        name: of the function that makes it.
        input_shape: of one image, (height, width, channels).
        parameters: how many numbers it learns or keeps.
        multiply_adds: of its matrix products and convolutions, for one image.
        throughput: images per second in inference, by backend, as `kmb_core.benchmark` last measured it here.
    """

    name: str
    input_shape: tuple[int, int, int]
    parameters: int
    multiply_adds: int
    throughput: Mapping[str, float] = field(default_factory=dict)


def list_models() -> list[ModelSummary]:
    """All models of this package, by name; none is built.

    Returns:
        A list of `ModelSummary`. `throughput` is empty until `kmb_core.benchmark`, or `kmb bench`, has measured the
        model as it is by default.

    Example:
        >>> from kmb_core import applications
        >>> found = {model.name: model for model in applications.list_models()}
        >>> found["MobileNetV2"].input_shape, found["MobileNetV2"].parameters, found["MobileNetV2"].multiply_adds
        ((224, 224, 3), 3538984, 300774272)
    """
    return [
        ModelSummary(
            name,
            tuple(entry["input_shape"]),
            entry["parameters"],
            entry["multiply_adds"],
            measured.speeds(entry["fingerprint"], "inference"),
        )
        for name, entry in sorted(_entries().items())
    ]


@cache
def _entries() -> dict[str, dict[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def described(name: str) -> dict[str, Any]:
    """The figures of a model, from the model itself, which is built.

    Args:
        name: of the function that makes it.
    """
    from kmb_core import applications, saving, utils
    from kmb_core.saving.fingerprint import fingerprint

    utils.clear_session()  # automatic names, of which some are numbered, begin anew
    model = getattr(applications, name)(weights=None)
    if None in model.input_shape[1:]:  # of any size: that of the published weights stands for it
        utils.clear_session()
        model = getattr(applications, name)(weights=None, input_shape=(224, 224, 3))
    return {
        "input_shape": list(model.input_shape[1:]),
        "parameters": model.count_params(),
        "multiply_adds": multiply_adds(model),
        "fingerprint": fingerprint(saving.model_to_dict(model)),
    }


def multiply_adds(model: Any) -> int:
    """Multiplications, each with an addition, of a model's matrix products and convolutions for one sample.

    Each number of a kernel is used once at each place of the output; biases, normalizations, activations and pooling
    are not counted, as in the papers.

    Args:
        model: a functional model in which each layer is called once, with known sizes.

    Example:
        >>> import kmb_core
        >>> layers = [kmb_core.Input((8, 8, 3)), kmb_core.layers.Conv2D(4, 3), kmb_core.layers.Flatten()]
        >>> multiply_adds(kmb_core.Sequential([*layers, kmb_core.layers.Dense(2)])) == 6 * 6 * 4 * 27 + 6 * 6 * 4 * 2
        True
    """
    return sum(_places(layer) * _kernel_sizes(layer) for layer in model.layers if layer.weights)


def _places(layer: Any) -> int:
    shape = layer.output.shape[1:]
    if getattr(layer, "data_format", None) == "channels_first":
        return math.prod(shape[1:])
    return math.prod(shape[:-1])


def _kernel_sizes(layer: Any) -> int:
    return sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)


def write(names: Iterable[str]) -> None:
    """Write the file.

    Args:
        names: of the models.
    """
    entries = {}
    for name in sorted(names):
        entries[name] = described(name)
        gc.collect()  # the largest has 350 million parameters
    FILE.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    from kmb_applications import MODELS

    write(name for names in MODELS.values() for name in names)
