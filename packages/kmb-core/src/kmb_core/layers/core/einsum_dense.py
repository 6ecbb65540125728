"""EinsumDense: a dense layer between axes that an equation names."""

from typing import Any

from kmb_core import activations, constraints, initializers, regularizers
from kmb_core.errors import ShapeError, message
from kmb_core.layers.core.einsum_plan import Projection, parse, projection
from kmb_core.layers.core.low_rank import LowRank
from kmb_core.ops.arithmetic import add
from kmb_core.ops.manipulation import reshape, transpose
from kmb_core.ops.nn.projection import dense
from kmb_core.ops.products import einsum
from kmb_core.ops.tensors import shape as sizes_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class EinsumDense(LowRank):
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
        self.quantization_config = quantization_config
        self._init_low_rank(lora_rank, lora_alpha)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        fitted = parse(self.equation, tuple(input_shape), self.partial_output_shape, self._where())
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
        return self._adapted() if self.lora_enabled else self._kernel

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The outputs for the inputs."""
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


def _projected(plan: Projection, inputs: Any, kernel: Any, bias: Any) -> Any:
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
    outputs = dense(inputs, kernel, bias)
    if len(plan.new) != 1:
        outputs = reshape(outputs, (*sizes, *plan.new))
    return outputs if plan.output_order is None else transpose(outputs, plan.output_order)
