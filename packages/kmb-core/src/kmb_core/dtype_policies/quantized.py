"""Policies of quantized layers: how the weights are stored, and the policy that the layer had before.

A name reads `<mode>_from_<source>`, and a mode may carry numbers: "int4/128_from_mixed_bfloat16".
"""

from typing import Any

from kmb_core.dtype_policies.policy import DTypePolicy
from kmb_core.errors import DTypeError

MODES = ("int8", "int4", "float8", "gptq", "awq")


class QuantizedDTypePolicy(DTypePolicy):
    """The dtypes of a quantized layer.

    Args:
        mode: "int8", "int4" or "float8".
        source_name: the policy before quantization; None is the default policy of the process.

    Raises:
        DTypeError: where the mode or the source policy is unknown.

    Example:
        >>> policy = QuantizedDTypePolicy("int8", "mixed_bfloat16")
        >>> policy.name, policy.quantization_mode, policy.compute_dtype
        ('int8_from_mixed_bfloat16', 'int8', 'bfloat16')
    """

    module = "keras.dtype_policies"

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        super().__init__(source_name)
        self.source_name = self._name
        self._full_mode = mode
        self._quantization_mode, *numbers = str(mode).split("/")
        if self._quantization_mode not in MODES:
            raise DTypeError(f"{type(self).__name__}: expected a mode out of {', '.join(MODES)}; got {mode!r:.60}.")
        self._read_numbers(numbers)
        self._name = f"{mode}_from_{self.source_name}"

    def _read_numbers(self, numbers: list[str]) -> None:
        if numbers or self._quantization_mode in ("gptq", "awq"):
            what = f"{type(self).__name__}: expected a mode such as 'int8', got {self._full_mode!r:.60}."
            raise DTypeError(f"{what}\nThe modes 'gptq/...', 'awq/...' and 'int4/...' have policies of their own.")

    @property
    def quantization_mode(self) -> str:
        """How the layer is quantized."""
        return self._quantization_mode

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this policy again."""
        return {"mode": self._full_mode, "source_name": self.source_name}


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """The dtypes of a layer that multiplies in 8-bit floats with delayed scaling.

    Args:
        mode: "float8".
        source_name: the policy before quantization; None is the default policy of the process.
        amax_history_length: how many steps the largest magnitudes are remembered, from which the scale is made.
    """

    default_amax_history_length = 1024

    def __init__(
        self, mode: str, source_name: str | None = None, amax_history_length: int = default_amax_history_length
    ) -> None:
        super().__init__(mode, source_name)
        if type(amax_history_length) is not int or amax_history_length < 1:
            raise DTypeError(f"amax_history_length: expected a whole number above 0, got {amax_history_length!r:.60}.")
        self._amax_history_length = amax_history_length

    def _read_numbers(self, numbers: list[str]) -> None:
        _checked_mode(self, "float8", numbers, 0)

    @property
    def amax_history_length(self) -> int:
        """How many steps the largest magnitudes are remembered."""
        return self._amax_history_length

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this policy again."""
        return {**super().get_config(), "amax_history_length": self.amax_history_length}


class Int4DTypePolicy(QuantizedDTypePolicy):
    """The dtypes of a layer with 4-bit weights that share a scale within blocks.

    Args:
        mode: "int4/<block size>"; -1 is one block for each output channel.
        source_name: the policy before quantization; None is the default policy of the process.
    """

    def _read_numbers(self, numbers: list[str]) -> None:
        (self.block_size,) = _checked_mode(self, "int4", numbers, 1)
        _check_size(self, self.block_size)
        self.mode = "int4"


class GPTQDTypePolicy(QuantizedDTypePolicy):
    """The dtypes of a layer quantized by GPTQ (Frantar et al. 2022, arXiv:2210.17323).

    Args:
        mode: "gptq/<weight bits>/<group size>", with 2, 3, 4 or 8 bits; -1 is one group for the whole weight.
        source_name: the policy before quantization; None is the default policy of the process.
    """

    def _read_numbers(self, numbers: list[str]) -> None:
        self.mode = "gptq"
        self.weight_bits, self.group_size = _checked_mode(self, "gptq", numbers, 2)
        _check_bits(self, self.weight_bits, (2, 3, 4, 8))
        _check_size(self, self.group_size)


class AWQDTypePolicy(QuantizedDTypePolicy):
    """The dtypes of a layer quantized by AWQ (Lin et al. 2023, arXiv:2306.00978).

    Args:
        mode: "awq/4/<group size>"; -1 is one group for the whole weight.
        source_name: the policy before quantization; None is the default policy of the process.
    """

    def _read_numbers(self, numbers: list[str]) -> None:
        self.mode = "awq"
        self.weight_bits, self.group_size = _checked_mode(self, "awq", numbers, 2)
        _check_bits(self, self.weight_bits, (4,))
        _check_size(self, self.group_size)


def _checked_mode(policy: QuantizedDTypePolicy, family: str, numbers: list[str], count: int) -> list[int]:
    try:
        if policy.quantization_mode == family and len(numbers) == count:
            return [int(number) for number in numbers]
    except ValueError:
        pass  # reported below, with the form that was expected
    form = "/".join([family, "<block size>"] if count == 1 else [family, "<weight bits>", "<group size>"][: count + 1])
    raise DTypeError(f"{type(policy).__name__}: expected a mode {form!r}, got {policy._full_mode!r:.60}.")


def _check_bits(policy: QuantizedDTypePolicy, bits: int, supported: tuple[int, ...]) -> None:
    if bits not in supported:
        wanted = ", ".join(map(str, supported))
        raise DTypeError(f"{type(policy).__name__}: expected weights of {wanted} bits, got {policy._full_mode!r:.60}.")


def _check_size(policy: QuantizedDTypePolicy, size: int) -> None:
    if size < 1 and size != -1:
        wanted = "a block or group size of -1 (all) or above 0"
        raise DTypeError(f"{type(policy).__name__}: expected {wanted}, got {policy._full_mode!r:.60}.")
