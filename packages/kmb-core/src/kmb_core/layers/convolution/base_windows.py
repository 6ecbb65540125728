"""What transposed, depthwise and separable convolution layers of all ranks share."""

from typing import Any

from kmb_core import activations, constraints, initializers, regularizers
from kmb_core.backend import KerasTensor, SymbolicScope, Variable
from kmb_core.errors import ShapeError, message
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.nn.windows import PADDINGS, per_axis, split_channels
from kmb_core.settings import standardize_data_format


class BaseWindows(Layer):
    """A layer of windows, a bias and an activation; subclasses say which kernels there are and what is made of them.

    A subclass has `_kernel_shapes(channels)`, `_filters(channels)`, and `_convolved(inputs, *kernels)`.
    `_kernels` are the kernels' names in the order of the weights, each with the kind that its arguments begin with.
    """

    rank: int
    _kernels: tuple[tuple[str, str], ...] = (("kernel", "kernel"),)

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        activity_regularizer: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        where = self._where()
        self.kernel_size = per_axis(kernel_size, self.rank, "kernel_size", where)
        self.strides = per_axis(strides, self.rank, "strides", where)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in PADDINGS:
            raise ValueError(f"{where}: padding is one of {PADDINGS}, got {padding!r}")
        self.data_format = standardize_data_format(data_format)
        self.dilation_rate = per_axis(dilation_rate, self.rank, "dilation_rate", where)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._keep("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _keep(self, kind: str, initializer: Any, regularizer: Any, constraint: Any) -> None:
        """Keep how weights of a kind are made."""
        setattr(self, f"{kind}_initializer", initializers.get(initializer))
        setattr(self, f"{kind}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{kind}_constraint", constraints.get(constraint))

    def _check_count(self, name: str, count: Any) -> None:
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ValueError(f"{self._where()}: {name} is a positive int, got {count!r}")

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        channels = self._channels(input_shape)
        for (name, kind), shape in zip(self._kernels, self._kernel_shapes(channels), strict=True):
            setattr(self, name, self._weight(name, kind, shape))
        filters = self._filters(channels)
        self.bias = self._weight("bias", "bias", (filters,)) if self.use_bias else None
        first = self.data_format == "channels_first"
        self._bias_shape = (1, filters, *(1,) * self.rank) if first else None
        self._activate = None if self.activation is activations.linear else self.activation
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={1 if first else -1: channels})

    def _weight(self, name: str, kind: str, shape: tuple[int, ...]) -> Variable:
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
        )

    def _channels(self, input_shape: Any) -> int:
        """The number of the inputs' channels, which has to be known."""
        input_shape = tuple(input_shape)
        if len(input_shape) != self.rank + 2:
            raise ShapeError(f"{self._where()}: expected {self.rank + 2} axes, got shape {input_shape}")
        channels = split_channels(input_shape, self.data_format)[1]
        if channels is None:
            what = f"{self._where()}: expected a known number of channels, got shape {input_shape}"
            raise ShapeError(
                message(what, "The kernel's shape depends on it.", "Give it in the Input, or call on data.")
            )
        return channels

    def _kernel_shapes(self, channels: int) -> tuple[tuple[int, ...], ...]:
        raise NotImplementedError(f"{type(self).__name__} defines no _kernel_shapes")

    def _filters(self, channels: int) -> int:
        raise NotImplementedError(f"{type(self).__name__} defines no _filters")

    def _convolved(self, inputs: Any, *kernels: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no _convolved")

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        outputs = self._convolved(inputs, *[getattr(self, name).value for name, _ in self._kernels])
        if self.bias is not None:
            bias = self.bias.value
            outputs = add(outputs, bias if self._bias_shape is None else reshape(bias, self._bias_shape))
        return outputs if self._activate is None else self._activate(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with other spatial sizes and channels."""
        kernels = [KerasTensor(shape) for shape in self._kernel_shapes(self._channels(input_shape))]
        with SymbolicScope():
            return tuple(self._convolved(KerasTensor(tuple(input_shape)), *kernels).shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config
