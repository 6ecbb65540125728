"""How a layer is quantized: the mode, and what quantizes its weights and its inputs."""

from typing import Any

from kmb_core.errors import message
from kmb_core.quantizers.quantizer import AbsMaxQuantizer
from kmb_core.serialization import deserialize_keras_object, saved_as, serialize_keras_object


@saved_as("keras.quantizers")
class QuantizationConfig:
    """Base class of the configs of single modes.

    Args:
        weight_quantizer: quantizes weights; the mode's own when None.
        activation_quantizer: quantizes inputs; they stay floats when None.
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = None) -> None:
        self.weight_quantizer = self._checked(weight_quantizer, "weight_quantizer")
        self.activation_quantizer = self._checked(activation_quantizer, "activation_quantizer")

    def _checked(self, quantizer: Any, name: str) -> Any:
        if quantizer is None or (callable(quantizer) and hasattr(quantizer, "output_dtype")):
            return quantizer
        what = f"{type(self).__name__}: {name} is a Quantizer or None, got {quantizer!r:.60}"
        raise ValueError(message(what, None, "Make one, as in AbsMaxQuantizer(axis=0)."))

    @property
    def mode(self) -> str:
        """The mode of quantization.

        Raises:
            NotImplementedError: for the base class.
        """
        raise NotImplementedError(f"{type(self).__name__} has no mode: use the config of one, or define `mode`")

    def dtype_policy_string(self) -> str:
        """The mode as dtype policies write it; calibrated modes and blocks add numbers."""
        return self.mode

    def without_data(self) -> "QuantizationConfig":
        """What a layer keeps of the config once it is quantized: all but data and layers."""
        return self

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "weight_quantizer": serialize_keras_object(self.weight_quantizer),
            "activation_quantizer": serialize_keras_object(self.activation_quantizer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "QuantizationConfig":
        """A config from what `get_config` gave."""
        named = ("weight_quantizer", "activation_quantizer")
        return cls(**{k: deserialize_keras_object(v) if k in named else v for k, v in config.items()})

    @staticmethod
    def weight_quantizer_or_default(config: Any, default: Any) -> Any:
        """The config's quantizer of weights, or `default` where it has none or is None."""
        return default if config is None or config.weight_quantizer is None else config.weight_quantizer

    @staticmethod
    def activation_quantizer_or_default(config: Any, default: Any) -> Any:
        """The config's quantizer of inputs, None included; `default` where the config is None."""
        return default if config is None else config.activation_quantizer


def _fits(config: QuantizationConfig, low: int, high: int, exactly: bool = False) -> None:
    """Raise for a quantizer of weights whose integers the mode cannot store."""
    quantizer = config.weight_quantizer
    if quantizer is None:
        return
    where, found = type(config).__name__, getattr(quantizer, "value_range", (low, high))
    if quantizer.output_dtype != "int8":
        raise ValueError(f"{where}: weight_quantizer: expected output_dtype 'int8', got {quantizer.output_dtype!r}")
    if found[0] < low or found[1] > high or (exactly and tuple(found) != (low, high)):
        raise ValueError(f"{where}: weight_quantizer: expected value_range ({low}, {high}), got {tuple(found)}")


def _fits_bytes(config: QuantizationConfig) -> None:
    """Raise for a quantizer of inputs whose integers are no int8 though it says so."""
    quantizer = config.activation_quantizer
    low, high = getattr(quantizer, "value_range", (-128, 127))
    if quantizer is not None and quantizer.output_dtype == "int8" and (low < -128 or high > 127):
        raise ValueError(f"{type(config).__name__}: activation_quantizer: int8 holds -128 to 127, not {(low, high)}")


@saved_as("keras.quantizers")
class Int8QuantizationConfig(QuantizationConfig):
    """Weights and inputs in 8-bit integers.

    Args:
        weight_quantizer: of weights; one scale for each output channel when None.
        activation_quantizer: of inputs; "default" is one scale for each row, None leaves them in floats.

    Raises:
        ValueError: for quantizers whose integers do not fit.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.Int8QuantizationConfig().mode
        'int8'
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = "default") -> None:
        inputs = AbsMaxQuantizer() if activation_quantizer == "default" else activation_quantizer
        super().__init__(weight_quantizer, inputs)
        _fits(self, -128, 127)
        _fits_bytes(self)

    @property
    def mode(self) -> str:
        """The mode of quantization."""
        return "int8"


@saved_as("keras.quantizers")
class Int4QuantizationConfig(QuantizationConfig):
    """Weights in 4-bit integers, two in a byte.

    Args:
        weight_quantizer: of weights, with the range (-8, 7); the mode's own when None.
        activation_quantizer: of inputs; "default" and None leave them in floats.
        block_size: how many inputs share a scale and a zero point; -1 or None for one scale for each output channel.

    Raises:
        ValueError: for another block size, and for quantizers of your own together with blocks.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.Int4QuantizationConfig(block_size=64).dtype_policy_string()
        'int4/64'
    """

    def __init__(
        self, weight_quantizer: Any = None, activation_quantizer: Any = "default", block_size: int | None = 128
    ) -> None:
        inputs = None if activation_quantizer == "default" else activation_quantizer
        if block_size not in (None, -1) and (type(block_size) is not int or block_size < 1):
            raise ValueError(f"Int4QuantizationConfig: block_size is None, -1 or a positive int, got {block_size!r}")
        super().__init__(weight_quantizer, inputs)
        self.block_size = block_size
        if block_size not in (None, -1) and (weight_quantizer is not None or inputs is not None):
            what = f"Int4QuantizationConfig: blocks of {block_size} have no quantizers of your own"
            raise ValueError(message(what, None, "Pass block_size=-1, or leave the quantizers out."))
        _fits(self, -8, 7, exactly=True)
        _fits_bytes(self)

    @property
    def mode(self) -> str:
        """The mode of quantization."""
        return "int4"

    def dtype_policy_string(self) -> str:
        """The mode and the block size, -1 for none."""
        return f"int4/{-1 if self.block_size is None else self.block_size}"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {**super().get_config(), "block_size": self.block_size}


@saved_as("keras.quantizers")
class Float8QuantizationConfig(QuantizationConfig):
    """Products in 8-bit floats, with scales that follow the training.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.Float8QuantizationConfig().mode
        'float8'
    """

    def __init__(self) -> None:
        super().__init__()

    @property
    def mode(self) -> str:
        """The mode of quantization."""
        return "float8"

    def get_config(self) -> dict[str, Any]:
        """There are no arguments."""
        return {}
