"""SimpleRNNCell: one step of the simple recurrent layer."""

from typing import Any

from kmb_core.layers.rnn.base_cell import BaseCell, with_states
from kmb_core.ops.nn.projection import dense
from kmb_core.ops.products import matmul
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class SimpleRNNCell(BaseCell):
    """One step: `activation(inputs @ kernel + bias + state @ recurrent_kernel)`, which is output and new state.

    Args:
        units: size of the output and of the state.
        activation: name or function; none when None.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: names, objects or functions.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for inputs and state, the same elements for all steps of a sequence.
        seed: makes dropout repeatable.

    Input: `(batch, features)` and a state `(batch, units)`. Output: `(batch, units)` and a list of the new state.

    Raises:
        ValueError: for units that are no positive int.

    Source: Elman, "Finding Structure in Time", 1990.

    Example:
        >>> import kmb_core
        >>> cell = kmb_core.layers.SimpleRNNCell(4)
        >>> output, states = cell(kmb_core.ops.ones((2, 3)), cell.get_initial_state(2))
        >>> tuple(output.shape)
        (2, 4)
    """

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
            units,
            activation,
            use_bias,
            (kernel_initializer, recurrent_initializer, bias_initializer),
            (kernel_regularizer, recurrent_regularizer, bias_regularizer),
            (kernel_constraint, recurrent_constraint, bias_constraint),
        )
        self._init_dropout(dropout, recurrent_dropout, seed)

    def call(self, sequence: Any, states: Any, training: bool | None = False) -> tuple[Any, list[Any]]:
        """The output of one step, and the list of its new state."""
        inputs, state = self._dropped(sequence, with_states(states)[0], training)
        output = dense(inputs, self.kernel, self.bias) + matmul(state, self.recurrent_kernel)
        output = self.activation(output)
        return output, [output]
