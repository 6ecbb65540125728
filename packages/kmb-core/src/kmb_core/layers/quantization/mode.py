"""A mode of quantization: how a weight is stored, and how a layer computes with it. Modes are found by name."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kmb_core.backend import Variable
from kmb_core.errors import CapabilityError, message
from kmb_core.ops.arithmetic import add
from kmb_core.ops.creation import cast
from kmb_core.ops.nn.projection import embed

if TYPE_CHECKING:
    from kmb_core.layers.quantization.quantizable import Quantizable
    from kmb_core.layers.quantization.weight import QuantizableWeight


class Mode:
    """What a mode does; it holds no state, layers have the variables.

    Attributes:
        name: of the mode: "int8".
        low_rank: whether LoRA can be added.
        keeps_weight: whether the float weight stays.
        bias_first: whether files hold the bias in front of the weight.
    """

    name: str
    low_rank = True
    keeps_weight = False
    bias_first = False

    def main(self, weight: "QuantizableWeight") -> str:
        """The attribute with the weight's values."""
        return weight.attribute

    def extras(self, weight: "QuantizableWeight") -> tuple[str, ...]:
        """The attributes beside it, in the order of files."""
        raise NotImplementedError

    def build(self, layer: "Quantizable", weight: "QuantizableWeight") -> None:
        """Make the variables of a weight, with zeros for values."""
        raise NotImplementedError

    def values(self, layer: "Quantizable", weight: "QuantizableWeight", value: Any) -> Mapping[str, Any]:
        """What the variables of a weight hold for floating values: {attribute: tensor}."""
        raise NotImplementedError

    def value(self, layer: "Quantizable", weight: "QuantizableWeight") -> Any:
        """The weight in floats of the compute dtype, as far as it can be had back."""
        raise NotImplementedError

    def rows(self, layer: "Quantizable", weight: "QuantizableWeight", indices: Any) -> Any:
        """Rows of a table, without making all of it."""
        return embed(self.value(layer, weight), indices)

    def outputs(self, layer: "Quantizable", weight: "QuantizableWeight", inputs: Any, training: bool | None) -> Any:
        """The layer's product of inputs and weight."""
        return layer.project(inputs, layer.with_low_rank(self.value(layer, weight), weight), weight)

    def bias(self, layer: "Quantizable", bias: Any) -> Any:
        """The values of a bias, as the outputs get them."""
        return bias.value

    def readable(self, layer: "Quantizable", weight: "QuantizableWeight") -> Any:
        """What the layer's public attribute of the weight gives."""
        return self.value(layer, weight)


def made(
    layer: "Quantizable", attribute: str, name: str, shape: tuple[int, ...], dtype: str, **options: Any
) -> Variable:
    """A fixed variable of a layer, read in its own dtype."""
    variable = layer.add_weight(
        name=name,
        shape=shape,
        initializer=options.pop("initializer", "zeros"),
        dtype=dtype,
        trainable=options.pop("trainable", False),
        autocast=False,
        **options,
    )
    setattr(layer, attribute, variable)
    return variable


def joined(layer: "Quantizable", outputs: Any, weight: "QuantizableWeight", inputs: Any) -> Any:
    """Outputs, and what LoRA adds to them, in the compute dtype."""
    outputs = cast(outputs, layer.compute_dtype)
    if not layer.adapts(weight):
        return outputs
    return add(outputs, layer.project(inputs, cast(layer.low_rank_product(), layer.compute_dtype), weight))


_MODES: dict[str, Mode] = {}


def add_mode(mode: Mode) -> Mode:
    """Make a mode known by its name; layers name those that they can be in."""
    _MODES[mode.name] = mode
    return mode


def mode_named(name: str, layer: "Quantizable") -> Mode:
    """The mode of a name.

    Raises:
        CapabilityError: when the layer cannot be in it.
        ValueError: when there is none.
    """
    if name not in _MODES:
        known = ", ".join(_MODES)
        raise ValueError(f"{layer._where()}: unknown mode of quantization {name!r}; known: {known}")
    if name not in layer.quantization_modes:
        what = f"{layer._where()}: cannot be quantized in mode {name!r}"
        raise CapabilityError(message(what, None, f"Its modes: {', '.join(layer.quantization_modes)}."))
    return _MODES[name]
