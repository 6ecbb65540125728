"""Dense: the fully connected layer."""

from typing import Any

from kmb_core import activations, constraints, initializers, quantizers, regularizers
from kmb_core.backend import dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.layers.quantization.quantizable import Quantizable
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.arithmetic import add
from kmb_core.ops.manipulation import transpose
from kmb_core.ops.nn.integer_projection import integer_dense
from kmb_core.ops.nn.projection import dense
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Dense(Quantizable):
    """`activation(inputs @ kernel + bias)`, on the last axis.

    Args:
        units: size of the output's last axis.
        activation: name or function; none when None.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer: names, objects or functions.
        kernel_regularizer, bias_regularizer: added to the loss.
        activity_regularizer: of the output.
        kernel_constraint, bias_constraint: applied after each update.
        lora_rank, lora_alpha, quantization_config: low-rank adaptation and quantization.

    Input: `(..., input_dim)`. Output: `(..., units)`, in the compute dtype.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Dense(4)(kmb_core.ops.ones((2, 3))).shape)
        (2, 4)
    """

    quantization_modes = ("int8", "float8", "int4", "gptq", "awq")

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if not isinstance(units, int) or isinstance(units, bool) or units <= 0:
            raise ValueError(f"Dense {self.name!r}: units is a positive int, got {units!r}")
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._init_low_rank(lora_rank, lora_alpha)
        self.quantization_config = quantizers.get(quantization_config)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        features = last_size(self, input_shape)
        self._kernel_shape = (features, self.units)
        if not self._keeps_weights():
            self.quantized_build(self._kernel_shape, self.quantization_mode)
        else:
            self._kernel = self.add_weight(
                name="kernel",
                shape=self._kernel_shape,
                initializer=self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self._activate = None if self.activation is activations.linear else self.activation
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        if self.quantization_mode is not None and self._mode is None:
            self.quantized_build(self._kernel_shape, self.quantization_mode)
        self._build_low_rank()

    @property
    def kernel(self) -> Any:
        """The kernel, `(input_dim, units)`: the variable, or with LoRA the adapted matrix."""
        if not self.built and "_kernel" not in self.__dict__:
            raise AttributeError(f"{self._where()}: no kernel before the layer is built")
        if self._mode is not None:
            return self._mode.readable(self, self.quantizable_weights()[0])
        return self._adapted() if self.lora_enabled else self._kernel

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The outputs for the inputs."""
        if self._mode is not None:
            return self.quantized_call(inputs, training)
        bias = self.bias
        kernel = self._adapted() if self.lora_enabled else self._kernel.value
        outputs = dense(inputs, kernel, None if bias is None else bias.value)
        activate = self._activate
        return outputs if activate is None else activate(outputs)

    # Quantization ------------------------------------------------------------------------------------------------

    def quantizable_weights(self) -> tuple[QuantizableWeight, ...]:
        """The kernel: products sum over its first axis."""
        shape = self.__dict__.get("_kernel_shape", (0, self.units))
        return (QuantizableWeight("kernel", "_kernel", shape, (0,), (0, 1), (self.units,)),)

    def quantized_build(self, kernel_shape: Any, mode: str, config: Any = None) -> None:
        """Make the kernel's variables in a mode.

        Args:
            kernel_shape: `(input_dim, units)`.
            mode: of quantization.
            config: of the mode; the layer's own when None.
        """
        self._kernel_shape = tuple(kernel_shape)
        self._quantized_build(mode, config)

    def quantized_call(self, inputs: Any, training: bool | None = None) -> Any:
        """The outputs for the inputs, in the layer's mode."""
        assert self._mode is not None
        outputs = self._mode.outputs(self, self.quantizable_weights()[0], inputs, training)
        outputs = outputs if self.bias is None else add(outputs, self._mode.bias(self, self.bias))
        return outputs if self._activate is None else self._activate(outputs)

    def project(self, inputs: Any, value: Any, weight: QuantizableWeight) -> Any:
        """The matrix product, in integers for integers."""
        return integer_dense(inputs, value) if dtype_of(value) == "int8" else dense(inputs, value)

    def project_back(self, upstream: Any, value: Any, weight: QuantizableWeight) -> Any:
        """The matrix product with the transposed kernel."""
        return dense(upstream, transpose(value))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with `units` for the last size."""
        return (*input_shape[:-1], self.units)


def last_size(layer: Layer, input_shape: Any) -> int:
    """The size of the inputs' last axis, which has to be known."""
    size = input_shape[-1] if input_shape else None
    if size is None:
        what = f"{layer._where()}: expected a last axis of known size, got shape {tuple(input_shape)}"
        raise ShapeError(message(what, "The weights' shapes depend on it.", "Give it in the Input, or call on data."))
    return size
