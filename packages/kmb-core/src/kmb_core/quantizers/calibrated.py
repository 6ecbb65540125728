"""Configs of the modes that look at data: GPTQ and AWQ."""

from typing import Any

from kmb_core.quantizers.configs import QuantizationConfig
from kmb_core.serialization import saved_as


def _check_count(config: QuantizationConfig, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        if type(value) is not int or value < 1:
            raise ValueError(f"{type(config).__name__}: {name} is a positive int, got {value!r}")


def _check_choice(config: QuantizationConfig, bits: tuple[int, ...]) -> None:
    where = type(config).__name__
    if config.weight_bits not in bits:
        raise ValueError(f"{where}: weight_bits is one of {bits}, got {config.weight_bits!r}")
    size = config.group_size
    if type(size) is not int or (size < 1 and size != -1):
        raise ValueError(f"{where}: group_size is -1 (all) or a positive int, got {size!r}")


class _Calibrated(QuantizationConfig):
    """What both have: data, and the layers that it is run through."""

    _mode: str
    _arguments: tuple[str, ...]
    weight_bits: int
    group_size: int

    @property
    def mode(self) -> str:
        """The mode of quantization."""
        return self._mode

    def dtype_policy_string(self) -> str:
        """The mode, the bits and the group size."""
        return f"{self._mode}/{self.weight_bits}/{self.group_size}"

    def without_data(self) -> QuantizationConfig:
        """What a layer keeps of the config once it is quantized: all but data and layers."""
        return type(self).from_config({**self.get_config(), "quantization_layer_structure": None})

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; data and tokenizer are left out."""
        return {"dataset": None, "tokenizer": None, **{name: getattr(self, name) for name in self._arguments}}


@saved_as("keras.quantizers")
class GPTQConfig(_Calibrated):
    """Weights are rounded one after the other, and those that follow make up for the error.

    Args:
        dataset: samples to calibrate with: texts, or arrays of token numbers.
        tokenizer: turns a text into token numbers: an object with `tokenize`, or a function.
        weight_bits: 2, 3, 4 or 8.
        num_samples: how many samples are used.
        per_channel: a scale for each output channel; else one for all.
        sequence_length: tokens of a sample; longer texts are cut, shorter ones are repeated.
        hessian_damping: added to the diagonal of the Hessian, as a share of its mean; 0 to 1.
        group_size: how many inputs share a scale; -1 for all.
        symmetric: whether the zero point is the middle of the range.
        activation_order: whether the inputs that matter most come first.
        quantization_layer_structure: {"pre_block_layers": layers in front, "sequential_blocks": blocks in order}; what
            the model's `get_quantization_layer_structure` gives when None.

    Raises:
        ValueError: for values outside these ranges.

    Source: Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", 2022.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.GPTQConfig(["some text"], str.split, group_size=64).dtype_policy_string()
        'gptq/4/64'
    """

    _mode = "gptq"
    _arguments = (
        "weight_bits",
        "num_samples",
        "per_channel",
        "sequence_length",
        "hessian_damping",
        "group_size",
        "symmetric",
        "activation_order",
        "quantization_layer_structure",
    )

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        per_channel: bool = True,
        sequence_length: int = 512,
        hessian_damping: float = 0.01,
        group_size: int = 128,
        symmetric: bool = False,
        activation_order: bool = False,
        quantization_layer_structure: Any = None,
    ) -> None:
        super().__init__()
        self.dataset = dataset
        self.tokenizer = tokenizer
        self.weight_bits = weight_bits
        self.num_samples = num_samples
        self.per_channel = per_channel
        self.sequence_length = sequence_length
        self.hessian_damping = hessian_damping
        self.group_size = group_size
        self.symmetric = symmetric
        self.activation_order = activation_order
        self.quantization_layer_structure = quantization_layer_structure
        _check_choice(self, (2, 3, 4, 8))
        _check_count(self, "num_samples", "sequence_length")
        if not 0 <= hessian_damping <= 1:
            raise ValueError(f"GPTQConfig: hessian_damping lies between 0 and 1, got {hessian_damping!r}")


@saved_as("keras.quantizers")
class AWQConfig(_Calibrated):
    """Inputs that matter are scaled up before rounding, so that their weights keep more of their precision.

    Args:
        dataset, tokenizer, num_samples, sequence_length: see `GPTQConfig`.
        weight_bits: 4.
        group_size: how many inputs share a scale; -1 for all.
        num_grid_points: how many exponents between 0 and 1 are tried.
        quantization_layer_structure: see `GPTQConfig`.

    Raises:
        ValueError: for values outside these ranges.

    Source: Lin et al., "AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration", 2023.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.AWQConfig(["some text"], str.split).dtype_policy_string()
        'awq/4/128'
    """

    _mode = "awq"
    _arguments = (
        "weight_bits",
        "num_samples",
        "sequence_length",
        "group_size",
        "num_grid_points",
        "quantization_layer_structure",
    )

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        sequence_length: int = 512,
        group_size: int = 128,
        num_grid_points: int = 20,
        quantization_layer_structure: Any = None,
    ) -> None:
        super().__init__()
        self.dataset = dataset
        self.tokenizer = tokenizer
        self.weight_bits = weight_bits
        self.num_samples = num_samples
        self.sequence_length = sequence_length
        self.group_size = group_size
        self.num_grid_points = num_grid_points
        self.quantization_layer_structure = quantization_layer_structure
        _check_choice(self, (4,))
        _check_count(self, "num_samples", "sequence_length", "num_grid_points")
