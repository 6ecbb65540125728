"""Quantizable: the part of a layer that stores its weights in fewer bits.

A layer says which weights it has (`quantizable_weights`) and how it multiplies with one (`project`); modes do the rest:
the variables, their values, and the product. Its `build` calls `quantized_build` where the dtype policy names a mode,
and its `call` hands over to `quantized_call` where `_mode` is set.
"""

from collections.abc import Callable
from typing import Any

from kmb_core import dtype_policies, quantizers
from kmb_core.backend import Variable, convert_to_numpy, use_backend
from kmb_core.backend.memory import assign_from
from kmb_core.errors import CapabilityError, CheckpointError, NotBuiltError, message
from kmb_core.layers.core.low_rank import LowRank
from kmb_core.layers.quantization.int8 import quantized
from kmb_core.layers.quantization.mode import Mode
from kmb_core.layers.quantization.modes import mode_named
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.layers.specialization import public_class
from kmb_core.ops.arithmetic import add
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import reshape
from kmb_core.quantizers import QuantizationConfig


class Quantizable(LowRank):
    """Base class of layers that can be quantized.

    Subclasses define `quantizable_weights`, `project` and `project_back`, and list their modes.

    Attributes:
        quantization_modes: names of the modes that the layer can be in.
        quantization_config: how it is quantized; None for the mode's defaults.
    """

    quantization_modes: tuple[str, ...] = ()
    quantization_config: Any = None
    _mode: Mode | None = None
    _bias_in_files = True  # whether files have a place for a bias

    # What a layer says ---------------------------------------------------------------------------------------------

    def quantizable_weights(self) -> tuple[QuantizableWeight, ...]:
        """The weights, as the layer would have them in floats; asked once it knows its shapes."""
        raise NotImplementedError

    def project(self, inputs: Any, value: Any, weight: QuantizableWeight) -> Any:
        """The product of inputs and a weight's values, in floats or in integers, without bias."""
        raise NotImplementedError

    def project_back(self, upstream: Any, value: Any, weight: QuantizableWeight) -> Any:
        """The derivative of `project` for its inputs."""
        raise NotImplementedError

    def quantized_inputs(self, inputs: Any, quantizer: Any, weight: QuantizableWeight) -> tuple[Any, Any]:
        """Inputs as integers, and their scale as it broadcasts with outputs; here products sum over the last axis."""
        return quantized(quantizer, inputs, (-1,))

    def summed_inputs(self, inputs: Any, weight: QuantizableWeight) -> Any:
        """Inputs as a matrix, `(count, rows)`: what products with the weight's matrix sum over; here the last axis."""
        return reshape(inputs, (-1, weight.rows))

    # Becoming quantized --------------------------------------------------------------------------------------------

    def quantize(self, mode: str | None = None, type_check: bool = True, config: Any = None) -> None:
        """Store the weights in fewer bits.

        Args:
            mode: "int8", "int4", "float8", or with a config of theirs "gptq" and "awq", which are calibrated by
                `Model.quantize`; here they round to the nearest value.
            type_check: whether a subclass that says nothing about its weights is refused.
            config: a config of the mode; its defaults when None.

        Raises:
            NotBuiltError: when the layer has no weights yet.
            ValueError: for an unknown mode or config, or when it is quantized already.
            NotImplementedError: when the layer cannot be in the mode.
        """
        config = checked_config(mode, config, self)
        if type_check and "quantizable_weights" not in vars(public_class(self)):
            what = f"{self._where()}: {public_class(self).__name__} does not say how it is quantized"
            raise CapabilityError(message(what, None, "Define quantizable_weights in it, or pass type_check=False."))
        if self._mode is not None:
            raise ValueError(f"{self._where()}: quantized already, with dtype policy {self.dtype_policy.name!r}")
        if not self.built:
            what = f"{self._where()}: quantize needs a built layer"
            raise NotBuiltError(message(what, "It has no weights.", "Call it on data, or build(input_shape), first."))
        found = mode_named(config.mode, self)
        if self.lora_enabled and not found.low_rank:
            raise CapabilityError(f"{self._where()}: mode {found.name!r} and LoRA exclude each other")
        self._become(found, config, lambda weight, value: found.values(self, weight, value))

    def quantize_with_values(
        self, config: QuantizationConfig, values_of: Callable[[QuantizableWeight, Any], Any]
    ) -> None:
        """Become quantized with values that somebody else found: {attribute: value} for a weight and its floats."""
        if self._mode is not None:
            raise ValueError(f"{self._where()}: quantized already, with dtype policy {self.dtype_policy.name!r}")
        self._become(mode_named(config.mode, self), config, values_of)

    def _become(
        self, mode: Mode, config: QuantizationConfig, values_of: Callable[[QuantizableWeight, Any], Any]
    ) -> None:
        with use_backend(self._backend):
            self._set_policy(f"{config.dtype_policy_string()}_from_{self.dtype_policy.name}")
            self.quantization_config = config.without_data()
            self._mode = mode
            for weight in self.quantizable_weights():
                self._replace(mode, weight, values_of)
            self._plan_calls()

    def _replace(
        self, mode: Mode, weight: QuantizableWeight, values_of: Callable[[QuantizableWeight, Any], Any]
    ) -> None:
        """Variables of the mode in place of a weight in floats."""
        values = values_of(weight, getattr(self, weight.attribute).value)
        if not mode.keeps_weight:
            delattr(self, weight.attribute)
        mode.build(self, weight)
        for attribute, value in values.items():
            getattr(self, attribute).assign(value)

    def _set_policy(self, name: str) -> None:
        policy = dtype_policies.get(name)
        if isinstance(self._dtype_policy, dtype_policies.DTypePolicyMap):
            self._dtype_policy[self.path] = policy
        else:
            self._dtype_policy = policy

    def _quantized_build(self, mode: str, config: Any) -> None:
        """Make the variables of a mode, with zeros for values: a file or `quantize` fills them."""
        self.quantization_config = self.quantization_config if config is None else checked_config(mode, config, self)
        self._mode = mode_named(mode, self)
        for weight in self.quantizable_weights():
            self._mode.build(self, weight)

    def _keeps_weights(self) -> bool:
        """Whether `build` has to make weights in floats: where nothing is quantized, or the mode keeps them."""
        mode = self.quantization_mode
        return mode is None or mode_named(mode, self).keeps_weight

    # Low-rank adaptation -------------------------------------------------------------------------------------------

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the weight matrix, quantized or not, and train two thin ones beside it.

        Args:
            rank: their common size.
            lora_alpha: factor of their product, over the rank; the rank when None.
            a_initializer, b_initializer: of the two.

        Raises:
            ValueError: before the layer is built, for a second time, or together with a constraint.
            NotImplementedError: in a mode that cannot be adapted.
        """
        if self._mode is not None and not self._mode.low_rank:
            raise CapabilityError(f"{self._where()}: mode {self._mode.name!r} and LoRA exclude each other")
        super().enable_lora(rank, lora_alpha, a_initializer, b_initializer)

    def _adapted_shape(self) -> tuple[int, ...]:
        return super()._adapted_shape() if self._mode is None else self.quantizable_weights()[0].shape

    def _adapted(self) -> Any:
        if self._mode is None:
            return super()._adapted()
        weight = self.quantizable_weights()[0]
        return self.with_low_rank(self._mode.value(self, weight), weight)

    def adapts(self, weight: QuantizableWeight) -> bool:
        """Whether LoRA is learned beside this weight."""
        return self.lora_enabled and weight.name == self._adapted_weight

    def with_low_rank(self, value: Any, weight: QuantizableWeight) -> Any:
        """A weight's value with what was learned beside it."""
        return add(value, cast(self.low_rank_product(), self.compute_dtype)) if self.adapts(weight) else value

    # Files ---------------------------------------------------------------------------------------------------------

    @property
    def variable_serialization_spec(self) -> dict[str | None, list[str]]:
        """The attributes that files hold, in order, for each mode; None is the mode of a layer in floats."""
        weights = self.quantizable_weights()
        spec: dict[str | None, list[str]] = {None: [w.name for w in weights]}
        if self._bias_in_files:
            spec[None].append("bias")
        for name in self.quantization_modes:
            spec[name] = self._file_order(mode_named(name, self), weights, public=True)
        return spec

    def _file_order(self, mode: Mode, weights: tuple[QuantizableWeight, ...], public: bool = False) -> list[str]:
        named: list[str] = []
        for weight in weights:
            main = mode.main(weight)
            main = weight.name if public and main == weight.attribute else main
            bias = ["bias"] if self._bias_in_files else []
            named += [*bias, main] if mode.bias_first else [main, *bias]
            named += mode.extras(weight)
        return named

    def _saved_attributes(self) -> list[str]:
        """The attributes that a file of this layer holds."""
        assert self._mode is not None
        named = self._file_order(self._mode, self.quantizable_weights())
        return [name for name in named if self.__dict__.get(name) is not None]

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own variables into a mapping under "0", "1", …; with LoRA the adapted weight."""
        if self._mode is None:
            super().save_own_variables(store)
            return
        merged = self._merged() if self.lora_enabled else {}
        for index, name in enumerate(self._saved_attributes()):
            store[str(index)] = merged.get(name, self.__dict__[name])

    def _merged(self) -> dict[str, Any]:
        """The quantized weight with what LoRA learned."""
        assert self._mode is not None
        weight = self.quantizable_weights()[0]
        value = cast(self.with_low_rank(self._mode.value(self, weight), weight), self.variable_dtype)
        return {name: convert_to_numpy(value) for name, value in self._mode.values(self, weight, value).items()}

    def load_own_variables(self, store: Any) -> None:
        """Take them back; the product of the thin matrices starts from zero.

        Raises:
            ValueError: when the number differs.
        """
        if self._mode is None:
            super().load_own_variables(store)
            return
        named = self._saved_attributes()
        if len(store.keys()) != len(named):
            what = (
                f"{self._where()}: {len(named)} variables in mode {self._mode.name!r}, {len(store.keys())} in the file"
            )
            raise CheckpointError(message(what, f"It has {', '.join(named)}.", None))
        for index, name in enumerate(named):
            assign_from(self.__dict__[name], store, str(index))
        self._forget_low_rank()

    def unadapted(self) -> dict[str, Variable]:
        """By name, the variables of which a file holds what they are together with the thin matrices."""
        if self._mode is None:
            return super().unadapted()
        weight = self.quantizable_weights()[0]
        held = {name: self.__dict__.get(name) for name in (self._mode.main(weight), *self._mode.extras(weight))}
        return {name: variable for name, variable in held.items() if variable is not None}


def checked_config(mode: str | None, config: Any, layer: Any) -> QuantizationConfig:
    """The config of a call of `quantize`.

    Raises:
        ValueError: when mode and config say nothing, different things, or something unknown.
    """
    where = layer._where()
    config = quantizers.deserialize(config) if isinstance(config, dict) else config
    if config is not None and not isinstance(config, QuantizationConfig):
        raise ValueError(f"{where}: quantize: config is a QuantizationConfig, got {config!r:.60}")
    if config is not None:
        if mode is not None and mode != config.mode:
            raise ValueError(f"{where}: quantize: mode {mode!r} and a config of mode {config.mode!r}")
        return config
    if mode is None:
        raise ValueError(message(f"{where}: quantize: neither mode nor config is given", None, "Pass mode='int8'."))
    return default_config(mode, where)


_DEFAULTS = {
    "int8": quantizers.Int8QuantizationConfig,
    "int4": quantizers.Int4QuantizationConfig,
    "float8": quantizers.Float8QuantizationConfig,
}
MODES = (*_DEFAULTS, "gptq", "awq")


def default_config(mode: str, where: str) -> QuantizationConfig:
    """The config of a mode that is given none.

    Raises:
        ValueError: for an unknown mode, and for one that needs data.
    """
    if mode in _DEFAULTS:
        return _DEFAULTS[mode]()
    if mode in MODES:
        needed = {"gptq": "GPTQConfig", "awq": "AWQConfig"}[mode]
        raise ValueError(f"{where}: quantize: mode {mode!r} needs data: pass config=quantizers.{needed}(...)")
    raise ValueError(f"{where}: quantize: mode is one of {', '.join(MODES)}; got {mode!r}")
