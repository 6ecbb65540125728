"""ConvLSTMCell: one step of long short-term memory whose products are convolutions."""

from typing import Any

from kmb_core import activations
from kmb_core.errors import ShapeError, message
from kmb_core.layers.rnn.base_cell import BaseCell
from kmb_core.layers.rnn.lstm_cell import advanced, forgetful
from kmb_core.ops.arithmetic import add
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.nn.convolution import conv
from kmb_core.ops.nn.windows import join_channels, per_axis, split_channels, window_count
from kmb_core.settings import standardize_data_format


class ConvLSTMCell(BaseCell):
    """One step: the inputs are convolved with strides and padding, the state with as many windows as it has places."""

    _gates = 4

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._init_cell(
            filters,
            activation,
            use_bias,
            (kernel_initializer, recurrent_initializer, bias_initializer),
            (kernel_regularizer, recurrent_regularizer, bias_regularizer),
            (kernel_constraint, recurrent_constraint, bias_constraint),
        )
        where = self._where()
        self.rank = rank
        self.filters = filters
        self.kernel_size = per_axis(kernel_size, rank, "kernel_size", where)
        self.strides = per_axis(strides, rank, "strides", where)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        self.data_format = standardize_data_format(data_format)
        self.dilation_rate = per_axis(dilation_rate, rank, "dilation_rate", where)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [-1, -1]  # it follows from the inputs
        self._init_dropout(dropout, recurrent_dropout, seed)
        if self.padding not in ("valid", "same"):
            raise ValueError(f"{where}: padding is 'valid' or 'same', got {padding!r}")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{where}: strides {self.strides} and dilation_rate {self.dilation_rate} exclude each other"
            )

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        channels = split_channels(tuple(input_shape), self.data_format)[1]
        if channels is None:
            what = f"{self._where()}: expected a known number of channels, got shape {tuple(input_shape)}"
            raise ShapeError(message(what, "The kernel's shape depends on it.", None))
        wide = 4 * self.filters
        kernel, recurrent = (*self.kernel_size, channels, wide), (*self.kernel_size, self.filters, wide)
        self._add_weights(kernel, recurrent, (wide,))

    def _first_bias(self) -> Any:
        return forgetful(self.bias_initializer, self.filters) if self.unit_forget_bias else self.bias_initializer

    def state_shape(self, step_shape: Any) -> tuple[Any, ...]:
        """The shape of h, c and the output for inputs of one step."""
        spatial, _ = split_channels(tuple(step_shape), self.data_format)
        axes = zip(spatial, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        counts = [window_count(*axis, self.padding, self._where()) for axis in axes]
        return join_channels(step_shape[0], counts, self.filters, self.data_format)

    def projected(self, inputs: Any) -> Any:
        """What the inputs of one step, or of many in one batch, add to the four gates."""
        sums = conv(inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate)
        if self.bias is None:
            return sums
        bias = self.bias.value
        first = self.data_format == "channels_first"
        return add(sums, reshape(bias, (1, 4 * self.filters, *(1,) * self.rank)) if first else bias)

    def advance(self, projected: Any, states: Any, training: bool | None = False) -> tuple[Any, list[Any]]:
        """The output and the new states, from the inputs' part of the gates."""
        hidden, cell = states
        if training and self.recurrent_dropout > 0:
            hidden = hidden * self.get_recurrent_dropout_mask(hidden)
        sums = add(projected, conv(hidden, self.recurrent_kernel, 1, "same", self.data_format))
        axis = 1 if self.data_format == "channels_first" else -1
        return advanced(sums, cell, self.activation, self.recurrent_activation, axis)

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> tuple[Any, list[Any]]:
        """The output of one step, and the list of the new h and c."""
        if training and self.dropout > 0:
            inputs = inputs * self.get_dropout_mask(inputs)
        return self.advance(self.projected(inputs), states, training)
