"""LSTM: long short-term memory over a sequence."""

from typing import Any

from kmb_core import activations
from kmb_core.layers.rnn.base_sequence import BaseSequence, of_cell
from kmb_core.layers.rnn.lstm_cell import LSTMCell
from kmb_core.ops.rnn import lstm
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class LSTM(BaseSequence):
    """Long short-term memory for each step of a sequence; see `LSTMCell`.

    With the default activations the whole sequence is one fused kernel, dropout of the inputs included; other
    activations and dropout of the state are a loop over the cell.

    Args:
        units: size of the output and of the state.
        activation: of the candidate and of the cell state on its way out.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: names, objects or functions.
        unit_forget_bias: whether the bias of the forget gate begins at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: added to the loss.
        activity_regularizer: of the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for inputs and state, the same elements for all steps of a sequence.
        seed: makes dropout repeatable.
        return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask: see `RNN`.
        use_cudnn: False for the loop over the cell in place of the fused kernel; they compute the same.

    Input: `(batch, time, features)`, and initial states (h and c). Output: `(batch, units)`, or `(batch, time, units)`
    with `return_sequences`; a tuple of it and h and c with `return_state`.

    Raises:
        ValueError: for units that are no positive int.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.LSTM(4)(kmb_core.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    recurrent_activation = of_cell("recurrent_activation")
    unit_forget_bias = of_cell("unit_forget_bias")

    def __init__(
        self,
        units: int,
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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        implementation = kwargs.pop("implementation", 2)
        cell = LSTMCell(
            units=units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            implementation=implementation,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="lstm_cell",
        )
        super().__init__(
            cell,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.use_cudnn = use_cudnn
        self._expect_sequences()

    def _fuses(self) -> bool:
        return self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid

    def _fused(self, sequences: Any, states: Any, weights: tuple[Any, ...], mask: Any, options: dict[str, bool]) -> Any:
        return lstm(sequences, *states, *weights, mask, **options)
