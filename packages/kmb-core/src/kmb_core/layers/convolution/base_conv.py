"""What convolution layers of all ranks share.

The kernel is `(*kernel_size, channels / groups, filters)` for either data format; the op finds the groups from it.
"""

from typing import Any

from kmb_core import activations, constraints, initializers, regularizers
from kmb_core.errors import ShapeError, message
from kmb_core.layers.core.low_rank import LowRank
from kmb_core.layers.input_spec import InputSpec
from kmb_core.ops.arithmetic import add
from kmb_core.ops.manipulation import pad, reshape
from kmb_core.ops.nn.convolution import biased_conv, conv
from kmb_core.ops.nn.windows import join_channels, per_axis, split_channels, window_count
from kmb_core.settings import standardize_data_format


class BaseConv(LowRank):
    """A convolution layer of any rank; see `Conv2D` for the arguments."""

    rank: int
    _paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        where = self._where()
        self.filters = filters
        self.kernel_size = per_axis(kernel_size, self.rank, "kernel_size", where)
        self.strides = per_axis(strides, self.rank, "strides", where)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        self.data_format = standardize_data_format(data_format)
        self.dilation_rate = per_axis(dilation_rate, self.rank, "dilation_rate", where)
        self.groups = groups
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._check_arguments(where)
        self._init_low_rank(lora_rank, lora_alpha)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _check_arguments(self, where: str) -> None:
        for name, count in (("filters", self.filters), ("groups", self.groups)):
            if not isinstance(count, int) or isinstance(count, bool) or count < 1:
                raise ValueError(f"{where}: {name} is a positive int, got {count!r}")
        if self.filters % self.groups:
            raise ValueError(f"{where}: {self.filters} filters do not divide into {self.groups} groups")
        if self.padding not in self._paddings:
            raise ValueError(f"{where}: padding is one of {self._paddings}, got {self.padding!r}")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            what = f"{where}: strides {self.strides} and dilation_rate {self.dilation_rate} exclude each other"
            raise ValueError(message(what, "No framework has a kernel for both.", None))
        if self.padding == "causal" and self.data_format == "channels_first" and self.rank != 1:
            raise ValueError(f"{where}: causal padding is for one spatial axis")

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        channels = self._channels(input_shape)
        self._kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        first = self.data_format == "channels_first"
        self._bias_shape = (1, self.filters, *(1,) * self.rank) if first else None
        self._activate = None if self.activation is activations.linear else self.activation
        self._in_front = self._causal_padding()
        own = type(self).convolution_op is not BaseConv.convolution_op
        has_kernel = "biased_conv" in self._backend.overridden  # else two calls cost less than the composite's
        self._in_one = has_kernel and self.bias is not None and self._in_front is None and not own
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={1 if first else -1: channels})
        self._build_low_rank()

    def _channels(self, input_shape: Any) -> int:
        """The number of the inputs' channels, which has to be known and to divide into the groups."""
        channels = split_channels(tuple(input_shape), self.data_format)[1]
        if channels is None:
            what = f"{self._where()}: expected a known number of channels, got shape {tuple(input_shape)}"
            raise ShapeError(
                message(what, "The kernel's shape depends on it.", "Give it in the Input, or call on data.")
            )
        if channels % self.groups:
            what = f"{self._where()}: {channels} channels do not divide into {self.groups} groups"
            raise ShapeError(message(what, f"The inputs are {tuple(input_shape)}, {self.data_format}.", None))
        return channels

    def _causal_padding(self) -> Any:
        """What a causal convolution puts in front of its inputs; None for others."""
        if self.padding != "causal":
            return None
        amount = (self.dilation_rate[0] * (self.kernel_size[0] - 1), 0)
        return ((0, 0), (0, 0), amount) if self.data_format == "channels_first" else ((0, 0), amount, (0, 0))

    @property
    def kernel(self) -> Any:
        """The kernel: the variable, or with LoRA the adapted one."""
        return self._adapted() if self.lora_enabled else self._kernel

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution without bias and activation; subclasses may change it (weight standardization).

        Args:
            inputs: as in `call`.
            kernel: `(*kernel_size, channels / groups, filters)`.

        Returns:
            The convolution, with filters for channels.
        """
        if self._in_front is not None:
            return conv(
                pad(inputs, self._in_front), kernel, self.strides, "valid", self.data_format, self.dilation_rate
            )
        return conv(inputs, kernel, self.strides, self.padding, self.data_format, self.dilation_rate)

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        kernel = self._adapted() if self.lora_enabled else self._kernel.value
        if self._in_one:
            outputs = biased_conv(
                inputs, kernel, self.bias.value, self.strides, self.padding, self.data_format, self.dilation_rate
            )
        else:
            outputs = self.convolution_op(inputs, kernel)
            if self.bias is not None:
                bias = self.bias.value
                outputs = add(outputs, bias if self._bias_shape is None else reshape(bias, self._bias_shape))
        activate = self._activate
        return outputs if activate is None else activate(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with other spatial sizes, and filters for channels."""
        input_shape = tuple(input_shape)
        if len(input_shape) != self.rank + 2:
            raise ShapeError(f"{self._where()}: expected {self.rank + 2} axes, got shape {input_shape}")
        self._channels(input_shape)
        spatial, _ = split_channels(input_shape, self.data_format)
        # Causal padding gives as many windows as "same" does: all of it stands in front.
        padding = "same" if self.padding == "causal" else self.padding
        axes = zip(spatial, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        counts = [window_count(*axis, padding, self._where()) for axis in axes]
        return join_channels(input_shape[0], counts, self.filters, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config
