"""SimpleRNN: the simple recurrent layer over a sequence."""

from typing import Any

from kmb_core import activations
from kmb_core.layers.rnn.base_sequence import BaseSequence
from kmb_core.layers.rnn.simple_rnn_cell import SimpleRNNCell
from kmb_core.ops.rnn import simple_rnn
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class SimpleRNN(BaseSequence):
    """`h ← activation(x @ kernel + bias + h @ recurrent_kernel)` for each step of a sequence.

    With the default activations the whole sequence is one fused kernel, dropout of the inputs included; other
    activations and dropout of the state are a loop over the cell.

    Args:
        units: size of the output and of the state.
        activation: name or function; none when None.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: names, objects or functions.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: added to the loss.
        activity_regularizer: of the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for inputs and state, the same elements for all steps of a sequence.
        seed: makes dropout repeatable.
        return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask: see `RNN`.

    Input: `(batch, time, features)`, and initial states (h). Output: `(batch, units)`, or `(batch, time, units)`
    with `return_sequences`; a tuple of it and h with `return_state`.

    Raises:
        ValueError: for units that are no positive int.

    Source: Elman, "Finding Structure in Time", 1990.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.SimpleRNN(4)(kmb_core.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    _unsaved_arguments = frozenset({"cell", "seed"})  # Keras does not write the seed of this layer

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units=units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="simple_rnn_cell",
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
        self._expect_sequences()

    def _fuses(self) -> bool:
        return self.cell.activation is activations.tanh

    def _fused(self, sequences: Any, states: Any, weights: tuple[Any, ...], mask: Any, options: dict[str, bool]) -> Any:
        return simple_rnn(sequences, *states, *weights, mask, **options)
