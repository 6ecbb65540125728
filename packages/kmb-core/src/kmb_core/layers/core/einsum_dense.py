"""EinsumDense: a dense layer between axes that an equation names."""

from typing import Any

from kmb_core import activations, constraints, initializers, quantizers, regularizers
from kmb_core.backend import dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.layers.core.einsum_plan import Equation, Projection, parse, projection
from kmb_core.layers.quantization.int8 import quantized
from kmb_core.layers.quantization.quantizable import Quantizable
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.arithmetic import add
from kmb_core.ops.manipulation import expand_dims, reshape, squeeze, transpose
from kmb_core.ops.nn.integer_projection import integer_dense
from kmb_core.ops.nn.projection import dense
from kmb_core.ops.products import einsum
from kmb_core.ops.tensors import shape as sizes_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class EinsumDense(Quantizable):
    """`activation(einsum(equation, inputs, kernel) + bias)`: one matrix product wherever the equation is one.

    Args:
        equation: "inputs,kernel->outputs", a letter for each axis, the batch first: "abc,cd->abd". "..." at the same
            end of inputs and outputs stands for axes that stay.
        output_shape: the outputs' sizes after the batch, or one int; None for a size of the inputs. With "..." in
            front, the sizes of the letters only.
        activation: name or function; none when None.
        bias_axes: the letters of the outputs that the bias has; None for no bias.
        kernel_initializer, bias_initializer: names, objects or functions.
        kernel_regularizer, bias_regularizer: added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        lora_rank, lora_alpha, gptq_unpacked_column_size, quantization_config: low-rank adaptation and quantization.

    Input and output: as in the equation, the output in the compute dtype.

    Raises:
        ShapeError: for an equation of another form, or shapes that do not fit.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 4), bias_axes="de")
        >>> tuple(layer(kmb_core.ops.ones((5, 7, 3))).shape)
        (5, 7, 2, 4)
    """

    _unsaved_arguments = frozenset({"output_shape", "gptq_unpacked_column_size"})
    quantization_modes = ("int8", "float8", "int4", "gptq", "awq")

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.gptq_unpacked_column_size = gptq_unpacked_column_size
        self.quantization_config = quantizers.get(quantization_config)
        self._init_low_rank(lora_rank, lora_alpha)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        fitted = self._fitted = parse(self.equation, tuple(input_shape), self.partial_output_shape, self._where())
        if not self._keeps_weights():
            self.quantized_build(fitted.shape(fitted.kernel), self.quantization_mode)
        else:
            self._kernel = self.add_weight(
                name="kernel",
                shape=fitted.shape(fitted.kernel),
                initializer=self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
        self.bias = None
        if self.bias_axes is not None:
            self.bias = self.add_weight(
                name="bias",
                shape=self._bias_shape(fitted),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self._text = fitted.text
        self._projection = projection(fitted)
        self._rank = len(fitted.inputs)
        self._activate = None if self.activation is activations.linear else self.activation
        self._joins_bias = self._bias_is_of_columns()
        if self.quantization_mode is not None and self._mode is None:
            self.quantized_build(fitted.shape(fitted.kernel), self.quantization_mode)
        self._build_low_rank()

    def _bias_shape(self, fitted: Any) -> tuple[int, ...]:
        strange = [letter for letter in self.bias_axes or () if letter not in fitted.outputs]
        if strange or not self.bias_axes:
            raise ShapeError(
                f"{self._where()}: bias_axes {self.bias_axes!r}: no axes of the outputs {fitted.outputs!r}"
            )
        shape = fitted.bias_shape(self.bias_axes)
        if None in shape:
            what = f"{self._where()}: the bias would have shape {shape}"
            raise ShapeError(message(what, "Sizes of bias_axes have to be known.", "Give them in output_shape."))
        return shape

    def _bias_is_of_columns(self) -> bool:
        """Whether the bias has one element for each column of the matrix product, in their order."""
        plan = self._projection
        return plan is not None and self.bias is not None and plan.output_order is None and self.bias.shape == plan.new

    @property
    def kernel(self) -> Any:
        """The kernel: the variable, or with LoRA the adapted one."""
        if not self.built and "_kernel" not in self.__dict__:
            raise AttributeError(f"{self._where()}: no kernel before the layer is built")
        if self._mode is not None:
            return self._mode.readable(self, self.quantizable_weights()[0])
        return self._adapted() if self.lora_enabled else self._kernel

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The outputs for the inputs."""
        if self._mode is not None:
            return self.quantized_call(inputs, training)
        kernel = self._adapted() if self.lora_enabled else self._kernel.value
        bias = None if self.bias is None else self.bias.value
        if self._projection is None or len(inputs.shape) != self._rank:
            outputs = einsum(self._equation_for(inputs), inputs, kernel)
        else:
            joined = bias if self._joins_bias else None
            outputs = _projected(self._projection, inputs, kernel, joined)
            bias = None if self._joins_bias else bias
        outputs = outputs if bias is None else add(outputs, bias)
        return outputs if self._activate is None else self._activate(outputs)

    def _equation_for(self, inputs: Any) -> str:
        if len(inputs.shape) == self._rank:
            return self._text
        return parse(self.equation, tuple(inputs.shape), self.partial_output_shape, self._where()).text

    # Quantization ------------------------------------------------------------------------------------------------

    def quantizable_weights(self) -> tuple[QuantizableWeight, ...]:
        """The kernel: products sum over the letters that the outputs lack; its scale has a place for each output's."""
        fitted = self.__dict__.get("_fitted")
        if fitted is None:
            return (QuantizableWeight("kernel", "_kernel", (0, 0), (0,), (0, 1), (1, 0)),)
        kernel, outputs = fitted.kernel, fitted.outputs
        summed = tuple(axis for axis, letter in enumerate(kernel) if letter not in outputs)
        kept = tuple(kernel.index(letter) for letter in outputs if letter in kernel)
        scale_shape = tuple(fitted.sizes[letter] if letter in kernel else 1 for letter in outputs)
        shape, order = fitted.shape(kernel), (*summed, *kept)
        return (QuantizableWeight("kernel", "_kernel", shape, summed, order, scale_shape, lies_flat=True),)

    def quantized_build(self, kernel_shape: Any, mode: str, config: Any = None) -> None:
        """Make the kernel's variables in a mode.

        Args:
            kernel_shape: as the equation says.
            mode: of quantization.
            config: of the mode; the layer's own when None.
        """
        self._quantized_build(mode, config)

    def quantized_call(self, inputs: Any, training: bool | None = None) -> Any:
        """The outputs for the inputs, in the layer's mode."""
        assert self._mode is not None
        outputs = self._mode.outputs(self, self.quantizable_weights()[0], inputs, training)
        outputs = outputs if self.bias is None else add(outputs, self._mode.bias(self, self.bias))
        return outputs if self._activate is None else self._activate(outputs)

    def project(self, inputs: Any, value: Any, weight: QuantizableWeight) -> Any:
        """The sums of products that the equation says, in integers for integers."""
        if self._projection is None or len(inputs.shape) != self._rank:
            return einsum(self._equation_for(inputs), inputs, value)
        product = integer_dense if dtype_of(value) == "int8" else dense
        return _projected(self._projection, inputs, value, product=product)

    def project_back(self, upstream: Any, value: Any, weight: QuantizableWeight) -> Any:
        """The sums over the outputs' axes."""
        fitted = self._fitted_to(len(upstream.shape) - len(self._fitted.outputs))
        return einsum(f"{fitted.outputs},{fitted.kernel}->{fitted.inputs}", upstream, value)

    def quantized_inputs(self, inputs: Any, quantizer: Any, weight: QuantizableWeight) -> tuple[Any, Any]:
        """Inputs as integers with one scale for each sum, and this scale with a place for each of the outputs' axes."""
        fitted = self._fitted_to(len(inputs.shape) - self._rank)
        summed = tuple(axis for axis, letter in enumerate(fitted.inputs) if letter not in fitted.outputs)
        integers, scale = quantized(quantizer, inputs, summed)
        kept = "".join(letter for letter in fitted.inputs if letter in fitted.outputs)
        scale = squeeze(scale, summed)
        order = tuple(kept.index(letter) for letter in fitted.outputs if letter in kept)
        scale = transpose(scale, order) if order != tuple(range(len(order))) else scale
        missing = tuple(axis for axis, letter in enumerate(fitted.outputs) if letter not in kept)
        return integers, expand_dims(scale, missing) if missing else scale

    def summed_inputs(self, inputs: Any, weight: QuantizableWeight) -> Any:
        """Inputs as a matrix: the letters that are summed over, in the kernel's order, come last."""
        fitted = self._fitted_to(len(inputs.shape) - self._rank)
        summed = [letter for letter in fitted.kernel if letter not in fitted.outputs]
        order = [*(letter for letter in fitted.inputs if letter not in summed), *summed]
        return reshape(transpose(inputs, tuple(fitted.inputs.index(letter) for letter in order)), (-1, weight.rows))

    def _fitted_to(self, more_axes: int) -> Equation:
        """The equation for inputs with more axes than those that the layer was built on."""
        if not more_axes:
            return self._fitted
        rank = self._rank + more_axes
        # Only "..." stands for them: the sizes of the letters stay.
        named = self.equation.replace(" ", "").partition(",")[0].replace("...", "")
        sizes = [self._fitted.sizes[letter] for letter in named]
        free = [None] * (rank - len(named))
        shape = (*free, *sizes) if self.equation.strip().startswith("...") else (*sizes, *free)
        return parse(self.equation, shape, self.partial_output_shape, self._where())

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The sizes of the outputs' letters."""
        fitted = parse(self.equation, tuple(input_shape), self.partial_output_shape, self._where())
        return fitted.shape(fitted.outputs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config["output_shape"] = self.partial_output_shape
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config


def _projected(plan: Projection, inputs: Any, kernel: Any, bias: Any = None, product: Any = dense) -> Any:
    """The matrix product of inputs and kernel, and a bias of its columns."""
    if plan.input_order is not None:
        inputs = transpose(inputs, plan.input_order)
    if plan.kernel_order is not None:
        kernel = transpose(kernel, plan.kernel_order)
    sizes = sizes_of(inputs)[: plan.kept] if plan.joined or len(plan.new) != 1 else ()
    if plan.joined:
        inputs = reshape(inputs, (*sizes, plan.summed))
    if len(kernel.shape) != 2:
        kernel = reshape(kernel, plan.matrix)
        bias = None if bias is None else reshape(bias, (plan.matrix[1],))
    outputs = product(inputs, kernel) if bias is None else product(inputs, kernel, bias)
    if len(plan.new) != 1:
        outputs = reshape(outputs, (*sizes, *plan.new))
    return outputs if plan.output_order is None else transpose(outputs, plan.output_order)
