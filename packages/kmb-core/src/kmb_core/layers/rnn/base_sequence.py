"""What SimpleRNN, LSTM and GRU share: a cell of their own, whose arguments they show, and the fused loop.

The fused op says the maths of the default activations. Dropout of inputs is the same for all steps of a sequence, so it
is one product in front of the loop; dropout of the state is not, and takes the loop over the cell.
"""

from typing import Any

from kmb_core import regularizers
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.rnn.rnn import RNN
from kmb_core.ops.manipulation import expand_dims


def of_cell(name: str) -> property:
    """A property that reads an attribute of the layer's cell."""
    return property(lambda self: getattr(self.cell, name), doc=f"The cell's {name.replace('_', ' ')}.")


class BaseSequence(RNN):
    """A recurrent layer with a cell of its own."""

    _unsaved_arguments = frozenset({"cell", "use_cudnn"})
    use_cudnn: Any = "auto"

    units = of_cell("units")
    activation = of_cell("activation")
    use_bias = of_cell("use_bias")
    kernel_initializer = of_cell("kernel_initializer")
    recurrent_initializer = of_cell("recurrent_initializer")
    bias_initializer = of_cell("bias_initializer")
    kernel_regularizer = of_cell("kernel_regularizer")
    recurrent_regularizer = of_cell("recurrent_regularizer")
    bias_regularizer = of_cell("bias_regularizer")
    kernel_constraint = of_cell("kernel_constraint")
    recurrent_constraint = of_cell("recurrent_constraint")
    bias_constraint = of_cell("bias_constraint")
    dropout = of_cell("dropout")
    recurrent_dropout = of_cell("recurrent_dropout")
    seed = of_cell("seed")

    def _expect_sequences(self) -> None:
        self.input_spec = InputSpec(ndim=3)

    def _fuses(self) -> bool:
        """Whether the cell's activations are those of the fused op."""
        raise NotImplementedError

    def _fused(self, sequences: Any, states: Any, weights: tuple[Any, ...], mask: Any, options: dict[str, bool]) -> Any:
        """The fused op: last output, all outputs, and the states one by one."""
        raise NotImplementedError

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool | None = False) -> Any:
        """Run over all steps; see `RNN.inner_loop`."""
        cell = self.cell
        if self.use_cudnn is False or (training and cell.recurrent_dropout > 0) or not self._fuses():
            return super().inner_loop(sequences, initial_state, mask, training=training)
        if training and cell.dropout > 0:
            sequences = sequences * expand_dims(cell.get_dropout_mask(sequences[:, 0]), 1)
        bias = None if cell.bias is None else cell.bias.value
        weights = (cell.kernel.value, cell.recurrent_kernel.value, bias)
        last, outputs, *states = self._fused(sequences, initial_state, weights, mask, self._loop_options())
        return last, outputs, states

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from what `get_config` gave."""
        return super().from_config(config)
